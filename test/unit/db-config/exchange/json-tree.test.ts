// JSON with places: what is read, and where a mistake is said to be.
import assert from 'node:assert/strict'
import { plain } from '../../../../db-config/config/tree.ts'
import { parseJson } from '../../../../db-config/exchange/json-tree.ts'

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    const values = [
      { a: [1, -2.5e3, 0], b: { c: 'x\n"\\\u00e9\u2028', d: true, e: false, f: null }, '': [] },
      [],
      'text',
      0.1,
    ]
    for (const value of values) {
      for (const text of [
        JSON.stringify(value),
        ` \t\r\n${JSON.stringify(value, undefined, 3)} \n`,
        `\ufeff${JSON.stringify(value)}`,
      ]) {
        assert.deepEqual(plain(parseJson(text, 'f')), value)
      }
    }
  })

  it('knows where each value stands', () => {
    const tree = parseJson('{\n  "a": [1,\n   {"b": 2}]\n}', 'f.json')
    assert.ok(tree.kind === 'map')
    const list = tree.entries[0]?.value
    assert.ok(list?.kind === 'list')
    assert.deepEqual(list.items[1]?.at, { file: 'f.json', line: 3, column: 4 })
  })

  for (const [text, place, what] of [
    ['{"a": 1,}', '1:9', /a name in double quotes/],
    ['{"a": 1 "b": 2}', '1:9', /a comma or }/],
    ['{"a" 1}', '1:6', /a colon/],
    ['[1 2]', '1:4', /a comma or \]/],
    ['{"a": 1,\n "a": 2}', '2:2', /"a" is there twice/],
    ['{"a": "x\n"}', '1:7', /no closing quote/],
    ['["\\x"]', '1:2', /wrong escape/],
    ['[01]', '1:2', /01 is no JSON value/],
    ['[NaN]', '1:2', /NaN is no JSON value/],
    ['', '1:1', /a value should stand here/],
    ['{} {}', '1:4', /behind the end/],
    ['['.repeat(200), '1:102', /nested too deeply/],
  ] as const) {
    it(`says what is wrong with ${text.slice(0, 20)} and where`, () => {
      assert.throws(
        () => parseJson(text, 'f.json'),
        (error: Error & { reason?: string }) => {
          assert.equal(error.reason, 'Exchange_Invalid')
          assert.match(error.message, new RegExp(`f\\.json:${place}: `))
          assert.match(error.message, what)
          return true
        },
      )
    })
  }
})
