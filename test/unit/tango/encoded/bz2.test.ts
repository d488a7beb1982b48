import assert from 'node:assert/strict'
import { decompressBz2 } from '../../../../tango/encoded/bz2.ts'
import { decodeEncoded } from '../../../../tango/encoded/decode.ts'
import { encodeJson } from '../../../../tango/encoded/json.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

// all made with bz2.compress of CPython 3.11
/** b'a' * 1000 + b'b' * 4 + b'c' * 5 + bytes(range(256)) * 8 */
const RUNS =
  '425a6839314159265359b23e1796000186ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff' +
  'ffffffc002bc00000930004c0004c0000000000000000000000000000000000000000000000000000000049800260002' +
  '60000000000000000000000000000000000000000000000000000000024c001300013000000000000000000000000000' +
  '0000000000000000000000000000002aaa5353d2698130d0026004c13004c2604d3000980231a640013000069a04c013' +
  '000000000260004c0098004d1ea6980430d0463e102042da60c4188c8f944687cc23623823a23c23e2403e7121122123' +
  '12410824a24c24e25025225425625825a3e812e12f1301311321331341351361371f489c09c89d09d89e0fa84f44f84f' +
  'c50050450850c5105147d628c28e2902923ec14a14b14c14d14e14f1f68a80fb854454854c55055455855c5605645685' +
  '6c5707de2ba2bc2be2c02c22c42c62c82ca3f01f88b30b38b408b810b0c2184608681150421e043c188216a16b16c16d' +
  '16e16f1701711721731741751f90bb0bb8bc0bc8bd0bd8be0be8bf0bf8c00c08c10c18c20c28c3088187112310312314' +
  '3163183f318d18e18f1901911921931941951fa0cb0cb8cc0cc8cd0cd8ce0ce8cf0cf8d00d08d10d18d20d28d30d38d4' +
  '0d48d50d58d60d68d70d78d80d88d90d98da0da8db0db8dc0dc8dd0dd8fd46f06f46f86fc70070470870c71071471871' +
  'c7207247ec39439639839a39c39e3a03a23a43a63f71d41d51d61d71d81d91da1db1dc1dd1de1df1fc0f00fe47f42222' +
  '8448fec7847f83c43c63c83ca3cc3ce3d03d23fd1ff0ffc7a87ac7b07b442408b19b1ee1ef1f01f1177245385090b23e' +
  '1796'
/** Two streams after each other: b'one ', b'two'. */
const TWO =
  '425a6839314159265359cfbaa0b4000001910040000201a000219a68334d0cbc5dc914e142433eea82d0425a68393141' +
  '59265359cddc8d9a0000008180000084802000219819846177245385090cddc8d9a0'
/** A protocol 2 pickle of a pyplot packet. */
const PLOT =
  '425a68393141592653591db3c0d4000035d7c07fe8004100080042abaffea242002000741aa646801a6801a0cd4da422' +
  '7a93d21a68d36a000000dad9663612b504a7ac0f42e04b200800048ce7a4a1ee890ce0976ceed21eea14082d2a0d6b01' +
  '388407951bf045c6514ceb062fd51640c46dd1b1c59f8bb9229c28480ed9e06a00'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

describe('decompressBz2', () => {
  it('expands runs, short repetitions and all byte values', () => {
    const expected = Buffer.concat([
      Buffer.from(`${'a'.repeat(1000)}bbbbccccc`),
      ...Array.from({ length: 8 }, () => Buffer.from(Array.from({ length: 256 }, (_none, i) => i))),
    ])
    assert.deepEqual(Buffer.from(decompressBz2(bytes(RUNS))), expected)
  })

  it('reads several streams and an empty one', () => {
    assert.equal(Buffer.from(decompressBz2(bytes(TWO))).toString(), 'one two')
    assert.equal(decompressBz2(bytes('425a683917724538509000000000')).length, 0)
  })

  it('notices every flipped bit', () => {
    const good = bytes(TWO)
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const bad = Uint8Array.from(good)
      bad[bit >> 3]! ^= 0x80 >> (bit & 7)
      try {
        // the last bits of a stream are padding, and the level in the header only sizes buffers
        assert.equal(Buffer.from(decompressBz2(bad)).toString(), 'one two')
      } catch (error) {
        assert.ok(error instanceof DevFailed, String(error))
      }
    }
  })

  it('gives a clean error when it is cut at any byte', () => {
    const good = bytes(RUNS)
    for (let end = 0; end < good.length; end += 1) {
      assert.throws(
        () => decompressBz2(good.subarray(0, end)),
        (error) => error instanceof DevFailed,
      )
    }
  })

  it('stops at the largest length that is allowed', () => {
    assert.throws(() => decompressBz2(bytes(RUNS), { maxLength: 999 }), /larger than 999/)
  })
})

describe('decodeEncoded', () => {
  it('peels format names from the left', () => {
    assert.deepEqual(decodeEncoded({ format: 'bz2_pickle', data: bytes(PLOT) }), {
      type: 'function',
      func_name: 'pyplot.plot',
      args: [[1, 2, 3]],
      kwargs: {},
    })
  })

  it('reads json under both names', () => {
    assert.deepEqual(decodeEncoded(encodeJson([Number.NaN])), [Number.NaN])
    assert.deepEqual(decodeEncoded(encodeJson({ a: 1 }, 'json')), { a: 1 })
  })

  it('takes an empty payload of any format as nothing', () => {
    assert.equal(decodeEncoded({ format: '', data: new Uint8Array(0) }), undefined)
    assert.equal(decodeEncoded({ format: 'bz2_pickle', data: new Uint8Array(0) }), undefined)
  })

  it('names a format that it does not know', () => {
    assert.throws(
      () => decodeEncoded({ format: 'videoimage', data: Uint8Array.of(1) }),
      (error) => error instanceof DevFailed && error.reason === 'API_NotSupported' && /videoimage/.test(error.message),
    )
  })
})
