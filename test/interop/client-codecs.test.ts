// Payloads of DevEncoded as CPython reads and writes them.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { decodeEncoded, encodeJson, encodePickle, PickleFloat, PickleTuple } from '#tango'
import { needPeers, PYTHON } from '../support/peers.ts'

/** Runs a Python expression on the octets `data` and gives what it prints. */
function python(expression: string, data: Uint8Array): string {
  const program = `import sys,pickle,json,bz2\ndata=sys.stdin.buffer.read()\nprint(${expression},end='')`
  return execFileSync(PYTHON, ['-c', program], { input: data, encoding: 'utf8', timeout: 10_000 })
}

describe('Payloads with CPython', () => {
  before(function () {
    needPeers(this, 'pytango')
  })

  it('reads our pickles as the plain values they are', () => {
    const value = {
      none: null,
      flags: [true, false],
      numbers: [0, -1, 2 ** 31, -(2 ** 40), 1.5, Number.NaN, 2n ** 80n, -(2n ** 63n)],
      float: new PickleFloat(2),
      tuple: new PickleTuple([1, 'x']),
      text: `é€😀${'x'.repeat(300)}`,
      bytes: Uint8Array.of(0, 255),
      array: Float64Array.of(1, 2.5),
      nested: { list: [[], {}] },
      set: new Set([1]),
    }
    assert.equal(
      python('repr(pickle.loads(data))', encodePickle(value).data),
      "{'none': None, 'flags': [True, False], 'numbers': [0, -1, 2147483648, -1099511627776, 1.5, nan, " +
        `1208925819614629174706176, -9223372036854775808], 'float': 2.0, 'tuple': (1, 'x'), 'text': '${value.text}', ` +
        "'bytes': b'\\x00\\xff', 'array': [1.0, 2.5], 'nested': {'list': [[], {}]}, 'set': {1}}",
    )
  })

  it('reads our JSON with its literals', () => {
    const value = { a: [Number.NaN, Infinity, -Infinity, 1.5], b: 'é"\n' }
    assert.equal(
      python('repr(json.loads(data))', encodeJson(value).data),
      "{'a': [nan, inf, -inf, 1.5], 'b': 'é\"\\n'}",
    )
  })

  it('writes pickles and compressed pickles that we read', () => {
    const source = 'dict(index=list(range(1000)), value=[i * 0.5 for i in range(1000)])'
    const expected = {
      index: Array.from({ length: 1000 }, (_none, i) => i),
      value: Array.from({ length: 1000 }, (_none, i) => i * 0.5),
    }
    for (const protocol of [0, 2, 5]) {
      const hex = python(`pickle.dumps(${source}, ${protocol}).hex()`, new Uint8Array(0))
      assert.deepEqual(decodeEncoded({ format: 'pickle', data: Buffer.from(hex, 'hex') }), expected)
      const packed = python(`bz2.compress(pickle.dumps(${source}, ${protocol})).hex()`, new Uint8Array(0))
      assert.deepEqual(decodeEncoded({ format: 'bz2_pickle', data: Buffer.from(packed, 'hex') }), expected)
    }
  })
})
