import assert from 'node:assert/strict'
import { callXml, echoOf, type RawValue, readRequest } from '../../../macroserver/request.ts'
import { readXml, writeXml } from '../../../macroserver/request-xml.ts'

/** Lists as arrays, for comparison. */
function plain(value: RawValue): unknown {
  return typeof value === 'object' ? value.items.map(plain) : value
}

function valuesOf(...argument: string[]): unknown[] {
  return (readRequest(argument).calls[0]?.values ?? []).map(plain)
}

describe('readRequest', () => {
  it('reads a name and parameters as texts', () => {
    const request = readRequest(['ascan', 'mot01', '0', '1', '20', '0.01'])
    assert.equal(request.form, 'texts')
    assert.deepEqual(request.calls, [{ name: 'ascan', id: '', values: ['mot01', '0', '1', '20', '0.01'], hooks: [] }])
  })

  it('splits a request that is one line, with quotes', () => {
    assert.deepEqual(valuesOf('senv Title "a b" \'c d\''), ['Title', 'a b', 'c d'])
  })

  it('reads lists in brackets, in one text or in several', () => {
    const lists = [
      [
        ['mot01', '1'],
        ['mot02', '2'],
      ],
    ]
    assert.deepEqual(valuesOf('mv', '[[mot01 1] [mot02 2]]'), lists)
    assert.deepEqual(valuesOf('mv', '[[mot01', '1]', '[mot02', '2]]'), lists)
    assert.deepEqual(valuesOf('mv [[mot01 1][mot02 2]]'), lists)
  })

  it('keeps blanks inside a text and JSON lists as they are', () => {
    assert.deepEqual(valuesOf('senv', 'Title', 'a b'), ['Title', 'a b'])
    assert.deepEqual(valuesOf('senv', 'Numbers', '[1,2]'), ['Numbers', '[1,2]'])
  })

  it('refuses brackets that do not match and requests without a name', () => {
    assert.throws(() => readRequest(['mv [[mot01 1]']), /'\[' without its ']'/)
    assert.throws(() => readRequest(['mv mot01]']), /']' without its '\['/)
    assert.throws(() => readRequest(['  ']), /API_InvalidArgs/)
  })

  it('reads what Spock sends: sequences, ids, repetitions, parameters without a value', () => {
    const request = readRequest([
      '<?xml version="1.0"?>\n<!-- by hand --><sequence>\n  <macro name="mv" id="u1"><paramrepeat name="l"><repeat nr="1"><param name="m" value="mot01"/>' +
        '<param name="p" value="0.1"/></repeat></paramrepeat></macro>\n<macro name="ct" id="u2"><param name="t"/><param/></macro></sequence>',
    ])
    assert.equal(request.form, 'xml')
    assert.deepEqual(
      request.calls.map((c) => [c.name, c.id, c.values.map(plain)]),
      [
        ['mv', 'u1', [[['mot01', '0.1']]]],
        ['ct', 'u2', [undefined, undefined]],
      ],
    )
  })

  it('names nested macros as hooks', () => {
    const [call] = readRequest([
      '<macro name="ascan" id="h1"><param value="mot01"/><macro name="ct" id="h2"><hookPlace>pre-acq</hookPlace></macro></macro>',
    ]).calls
    assert.deepEqual(call?.hooks, ['ct'])
    assert.deepEqual(call?.values, ['mot01'])
  })

  it('decodes entities in values and refuses unknown ones', () => {
    assert.deepEqual(valuesOf('<macro name="x"><param value="&lt;a&gt; &amp; &quot;b&quot; &#233;&#x41;"/></macro>'), [
      '<a> & "b" éA',
    ])
    assert.throws(() => valuesOf('<macro name="x"><param value="&evil;"/></macro>'), /&evil;/)
  })

  it('says where XML is wrong, however it is cut', () => {
    const whole = '<sequence><macro name="mv" id="a"><param name="m" value="mot01"/></macro></sequence>'
    assert.equal(readRequest([whole]).calls.length, 1)
    for (let length = 1; length < whole.length; length++)
      assert.throws(() => readRequest([whole.slice(0, length)]), /API_InvalidArgs.*character \d+/, `cut at ${length}`)
  })

  it('is bounded in depth and length', () => {
    const deep = `${'<macro name="a">'.repeat(100)}${'</macro>'.repeat(100)}`
    assert.throws(() => readRequest([deep]), /nested too deeply/)
    assert.throws(() => readRequest([`<macro name="${'x'.repeat(1_000_001)}"/>`]), /too long/)
  })

  it('refuses elements that do not belong there', () => {
    assert.throws(() => readRequest(['<param/>']), /<macro> or a <sequence>/)
    assert.throws(() => readRequest(['<macro id="1"/>']), /needs the attribute name/)
    assert.throws(() => readRequest(['<macro name="a"><value/></macro>']), /unknown <value>/)
  })
})

describe('the echo of a request', () => {
  it('is the XML with an id for every macro', () => {
    const text = '<sequence><macro name="a"><param value="1"/></macro><macro name="b" id="mine"/></sequence>'
    const request = readRequest([text])
    assert.ok(request.document)
    assert.equal(
      echoOf(request.document, ['-1', 'mine']),
      '<sequence><macro name="a" id="-1"><param value="1"/></macro><macro name="b" id="mine"/></sequence>',
    )
  })

  it('of texts is a sequence with named parameters, as Sardana answers', () => {
    assert.equal(
      callXml('ct', '-6', [
        ['integ_time', '0.05'],
        ['countable_elem', undefined],
      ]),
      '<sequence><macro name="ct" id="-6"><param name="integ_time" value="0.05"/><param name="countable_elem"/></macro></sequence>',
    )
  })

  it('escapes what XML needs escaped', () => {
    const text = callXml('x', '1', [['p', 'a<b>&"c"\n']])
    assert.equal(readXml(text).children[0]?.children[0]?.attributes.get('value'), 'a<b>&"c"\n')
    assert.equal(writeXml(readXml(text)), text)
  })
})
