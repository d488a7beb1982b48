import assert from 'node:assert/strict'
import { CdrError, CdrReader, CdrWriter } from '../../../../tango/wire/cdr.ts'
import type { Codec } from '../../../../tango/wire/codec.ts'
import {
  atMost,
  double,
  enumeration,
  long,
  nothing,
  sequence,
  string,
  strings,
  struct,
  tuple,
  union,
} from '../../../../tango/wire/codec.ts'
import { clntIdent } from '../../../../tango/wire/tango-basic.ts'
import type { DevPipeDataElt } from '../../../../tango/wire/tango-idl.ts'
import { attrValUnion, devPipeDataElt } from '../../../../tango/wire/tango-idl.ts'
import { fromHex, toHex } from '../../../interop/golden.ts'

function encode<T>(codec: Codec<T>, value: T): string {
  const w = new CdrWriter()
  codec.encode(w, value)
  return toHex(w.written)
}
const decode = <T>(codec: Codec<T>, hex: string): T => codec.decode(new CdrReader(fromHex(hex)))
const isBad = (error: unknown): boolean => error instanceof CdrError && error.kind === 'bad'

describe('codec', () => {
  it('writes members of a struct in order, each with its own alignment', () => {
    const codec = struct({ name: string, value: double })
    const hex = encode(codec, { name: 'a', value: 1 })
    assert.equal(hex, '02000000' + '6100' + '0000' + '000000000000f03f')
    assert.deepEqual(decode(codec, hex), { name: 'a', value: 1 })
  })

  it('counts the least size of nested types', () => {
    assert.equal(struct({ a: long, b: struct({ c: double, d: string }) }).minSize, 16)
    assert.equal(union({ a: long, b: double }).minSize, 8)
    assert.equal(tuple([long, long]).minSize, 8)
  })

  it('checks the count of a sequence against the least size of its elements', () => {
    const codec = sequence(struct({ a: double, b: double }))
    assert.throws(() => decode(codec, `0200000000000000${'00'.repeat(20)}`), CdrError)
    assert.throws(() => decode(sequence(nothing), 'ffffffff'), CdrError)
  })

  it('refuses more elements than a request may have', () => {
    const w = new CdrWriter()
    w.strings(['a', 'b', 'c'])
    assert.deepEqual(atMost(3, strings).decode(new CdrReader(w.toBytes())), ['a', 'b', 'c'])
    assert.throws(() => atMost(2, strings).decode(new CdrReader(w.toBytes())), /3 elements where 2 are the limit/)
  })

  it('refuses labels and arms that do not exist', () => {
    const codec = enumeration(['A', 'B'])
    assert.equal(encode(codec, 'B'), '01000000')
    assert.throws(() => decode(codec, '02000000'), isBad)
    assert.throws(() => decode(attrValUnion, '0f00000000000000'), isBad)
    assert.throws(() => decode(clntIdent, '0200000000000000'), isBad)
  })

  it('tells the arms of a union apart by kind', () => {
    assert.equal(encode(attrValUnion, { kind: 'DEVICE_STATE', value: 'MOVING' }), '0c00000006000000')
    assert.equal(encode(attrValUnion, { kind: 'ATT_NO_DATA', value: undefined }), '0e00000001')
    assert.deepEqual(decode(attrValUnion, '0300000001000000' + 'ffffffffffffff7f'), {
      kind: 'ATT_LONG64',
      value: BigInt64Array.of(2n ** 63n - 1n),
    })
  })

  it('identifies Java clients by class and two halves of an id', () => {
    const java = { language: 'JAVA', mainClass: 'org.Main', uuid: [1n, 2n ** 64n - 1n] } as const
    assert.deepEqual(decode(clntIdent, encode(clntIdent, java)), java)
  })

  it('nests pipe blobs and refuses endless nesting', () => {
    const nested = (depth: number): DevPipeDataElt => ({
      name: `level ${depth}`,
      value: { kind: 'ATT_NO_DATA', value: undefined },
      innerBlob: depth === 0 ? [] : [nested(depth - 1)],
      innerBlobName: 'blob',
    })
    assert.deepEqual(decode(devPipeDataElt, encode(devPipeDataElt, nested(10))), nested(10))
    assert.throws(() => encode(devPipeDataElt, nested(100)), isBad)
  })
})
