import assert from 'node:assert/strict'
import * as native from '../../../../tango/wire/latin1.ts'

type Module = typeof native

/** The module as a browser loads it, without Node's Buffer. */
async function withoutBuffer(): Promise<Module> {
  const saved = Object.getOwnPropertyDescriptor(globalThis, 'Buffer')
  assert.ok(saved !== undefined)
  Reflect.deleteProperty(globalThis, 'Buffer')
  try {
    const url = new URL('../../../../tango/wire/latin1.js?browser', import.meta.url)
    const module: Module = await import(url.href)
    return module
  } finally {
    Object.defineProperty(globalThis, 'Buffer', saved)
  }
}

const allOctets = Uint8Array.from({ length: 256 }, (_, i) => i)
const allCharacters = String.fromCharCode(...allOctets)

for (const [name, load] of [
  ['with native routines', async () => native],
  ['without them', withoutBuffer],
] as const) {
  describe(`latin1 ${name}`, () => {
    it('maps every octet to the code point of the same number and back', async () => {
      const { latin1Bytes, latin1Decode } = await load()
      assert.equal(latin1Decode(allOctets, 0, 256), allCharacters)
      assert.deepEqual(latin1Bytes(allCharacters), allOctets)
      assert.equal(latin1Decode(allOctets, 65, 68), 'ABC')
    })

    it('handles long text', async () => {
      const { latin1Bytes, latin1Decode } = await load()
      const text = allCharacters.repeat(100)
      assert.equal(latin1Decode(latin1Bytes(text), 0, text.length), text)
    })

    it('writes ? for other characters, whatever the length', async () => {
      const { latin1Bytes, latin1Decode } = await load()
      for (const text of ['€', 'a long text about the price in €']) {
        const bytes = latin1Bytes(text)
        assert.equal(latin1Decode(bytes, 0, bytes.length), text.replace('€', '?'))
      }
    })

    it('reverses the octets of elements of any size, few and many', async () => {
      const { swapBytes } = await load()
      for (const size of [2, 4, 8]) {
        for (const count of [1, 3, 1000]) {
          const bytes = Uint8Array.from({ length: count * size }, (_, i) => i)
          const expected = Uint8Array.from(bytes, (_, i) => i - (i % size) + (size - 1 - (i % size)))
          swapBytes(bytes, size)
          assert.deepEqual(bytes, expected)
        }
      }
    })
  })
}
