import assert from 'node:assert/strict'
import { decodeJson, encodeJson, jsonText, parseJson } from '../../../../tango/encoded/json.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

describe('encodeJson', () => {
  it('writes compact UTF-8 under the name that Sardana clients expect', () => {
    const { format, data } = encodeJson({ name: 'é€', list: [1, 2.5, true, null] })
    assert.equal(format, 'utf8_json')
    assert.equal(Buffer.from(data).toString('utf8'), '{"name":"é€","list":[1,2.5,true,null]}')
  })

  it('writes the literals of Python for numbers that are not finite', () => {
    assert.equal(jsonText([Number.NaN, Infinity, -Infinity]), '[NaN,Infinity,-Infinity]')
  })

  it('writes typed arrays, maps, sets and bigints as lists, objects and digits', () => {
    assert.equal(jsonText(Float64Array.of(1, 2.5)), '[1,2.5]')
    assert.equal(jsonText(BigInt64Array.of(2n ** 62n)), '[4611686018427387904]')
    assert.equal(jsonText(new Map([['a', new Set([1])]])), '{"a":[1]}')
  })

  it('leaves out absent members and keeps absent list items as null', () => {
    assert.equal(jsonText({ a: undefined, b: [undefined] }), '{"b":[null]}')
  })

  it('refuses values that contain themselves', () => {
    const loop: unknown[] = []
    loop.push(loop)
    assert.throws(
      () => jsonText(loop),
      (error) => error instanceof DevFailed && error.reason === 'API_InvalidArgs',
    )
  })
})

describe('parseJson', () => {
  it('reads the literals of Python outside strings only', () => {
    const value = parseJson('{"a":NaN,"b":[-Infinity,Infinity],"c":"NaN, \\"Infinity","d":"x"}')
    assert.deepEqual(value, { a: Number.NaN, b: [-Infinity, Infinity], c: 'NaN, "Infinity', d: 'x' })
  })

  it('is not misled by the private characters it marks literals with', () => {
    assert.deepEqual(parseJson('["\u{e000}NaN",NaN]'), ['\u{e000}NaN', Number.NaN])
  })

  it('names the text that is no JSON', () => {
    assert.throws(() => parseJson('{"a":NaM}'), /not JSON: \{"a":NaM\}/)
    assert.throws(() => parseJson('NaN NaN'), /not JSON/)
  })
})

describe('decodeJson', () => {
  it('takes an empty payload as nothing', () => {
    assert.equal(decodeJson(new Uint8Array(0)), undefined)
  })

  it('refuses octets that are not UTF-8', () => {
    assert.throws(() => decodeJson(Uint8Array.of(0x22, 0xff, 0x22)), /not UTF-8/)
  })

  it('reads back what it wrote', () => {
    const value = { a: [1, -2.5e-300, 'ü\n"'], b: {}, c: null }
    assert.deepEqual(decodeJson(encodeJson(value).data), value)
  })
})
