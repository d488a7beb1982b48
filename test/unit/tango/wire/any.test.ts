import assert from 'node:assert/strict'
import type { AnyValue } from '../../../../tango/wire/any.ts'
import { any, decodeAnyType, VOID, valueCodec } from '../../../../tango/wire/any.ts'
import { CdrError, CdrReader, CdrWriter } from '../../../../tango/wire/cdr.ts'
import type { TypeCode } from '../../../../tango/wire/type-code.ts'
import { KIND, readTypeCode, writeTypeCode } from '../../../../tango/wire/type-code.ts'
import { fromHex, toHex } from '../../../interop/golden.ts'

const state = { format: 'F', data: Uint8Array.of(1, 2) }
const VALUES: readonly AnyValue[] = [
  { type: 'DevVoid', value: undefined },
  { type: 'DevBoolean', value: true },
  { type: 'DevShort', value: -5 },
  { type: 'DevLong', value: 70000 },
  { type: 'DevFloat', value: 1.5 },
  { type: 'DevDouble', value: Number.NaN },
  { type: 'DevUShort', value: 65535 },
  { type: 'DevULong', value: 4294967295 },
  { type: 'DevString', value: 'text' },
  { type: 'DevUChar', value: 255 },
  { type: 'DevLong64', value: -(2n ** 63n) },
  { type: 'DevULong64', value: 2n ** 64n - 1n },
  { type: 'DevState', value: 'UNKNOWN' },
  { type: 'DevEncoded', value: state },
  { type: 'DevVarCharArray', value: Uint8Array.of(1) },
  { type: 'DevVarShortArray', value: Int16Array.of(-1) },
  { type: 'DevVarLongArray', value: Int32Array.of(-1) },
  { type: 'DevVarFloatArray', value: Float32Array.of(0.5) },
  { type: 'DevVarDoubleArray', value: Float64Array.of(0.1) },
  { type: 'DevVarUShortArray', value: Uint16Array.of(9) },
  { type: 'DevVarULongArray', value: Uint32Array.of(9) },
  { type: 'DevVarLong64Array', value: BigInt64Array.of(-9n) },
  { type: 'DevVarULong64Array', value: BigUint64Array.of(9n) },
  { type: 'DevVarBooleanArray', value: [true, false] },
  { type: 'DevVarStringArray', value: ['a', ''] },
  { type: 'DevVarStateArray', value: ['ON', 'FAULT'] },
  { type: 'DevVarEncodedArray', value: [state, state] },
  { type: 'DevVarLongStringArray', value: { lvalue: Int32Array.of(1), svalue: ['x'] } },
  { type: 'DevVarDoubleStringArray', value: { dvalue: Float64Array.of(1), svalue: ['x'] } },
]

/** TypeCodes as omniORB sends them, little-endian. */
const TYPE_CODES: Readonly<Record<string, string>> = {
  DevVarStateArray:
    '150000002c010000010000001f00000049444c3a54616e676f2f446576566172537461746541727261793a312e30000011000000446576566172537461746541727261790000000013000000e40000000100000011000000d4000000010000001700000049444c3a54616e676f2f44657653746174653a312e300000090000004465765374617465000000000e000000030000004f4e0000040000004f46460006000000434c4f5345000000050000004f50454e0000000007000000494e534552540000080000004558545241435400070000004d4f56494e470000080000005354414e44425900060000004641554c5400000005000000494e4954000000000800000052554e4e494e470006000000414c41524d0000000800000044495341424c450008000000554e4b4e4f574e0000000000',
  DevEncoded:
    '0f000000f8000000010000001900000049444c3a54616e676f2f446576456e636f6465643a312e30000000000b000000446576456e636f6465640000020000000f000000656e636f6465645f666f726d617400001500000038000000010000001800000049444c3a54616e676f2f446576537472696e673a312e30000a000000446576537472696e6700000012000000000000000d000000656e636f6465645f64617461000000001500000050000000010000001e00000049444c3a54616e676f2f4465765661724368617241727261793a312e300000001000000044657656617243686172417272617900130000000c000000010000000a00000000000000',
  DevVarEncodedArray:
    '1500000054010000010000002100000049444c3a54616e676f2f446576566172456e636f64656441727261793a312e300000000013000000446576566172456e636f646564417272617900001300000008010000010000000f000000f8000000010000001900000049444c3a54616e676f2f446576456e636f6465643a312e30000000000b000000446576456e636f6465640000020000000f000000656e636f6465645f666f726d617400001500000038000000010000001800000049444c3a54616e676f2f446576537472696e673a312e30000a000000446576537472696e6700000012000000000000000d000000656e636f6465645f64617461000000001500000050000000010000001e00000049444c3a54616e676f2f4465765661724368617241727261793a312e300000001000000044657656617243686172417272617900130000000c000000010000000a0000000000000000000000',
  DevVarULong64Array:
    '1500000058000000010000002100000049444c3a54616e676f2f446576566172554c6f6e67363441727261793a312e300000000013000000446576566172554c6f6e67363441727261790000130000000c000000010000001800000000000000',
}

function encoded(value: AnyValue, littleEndian = true, offset = 0): Uint8Array {
  const w = new CdrWriter({ littleEndian })
  for (let i = 0; i < offset; i += 1) w.octet(0xaa)
  any.encode(w, value)
  return w.toBytes()
}

function typeOf(typeCode: TypeCode): string {
  const w = new CdrWriter()
  writeTypeCode(w, typeCode)
  return decodeAnyType(new CdrReader(w.toBytes()))
}

const sequence = (element: TypeCode): TypeCode => ({ kind: KIND.sequence, element })

describe('any', () => {
  for (const value of VALUES) {
    it(`carries ${value.type} in both byte orders from any offset`, () => {
      for (const littleEndian of [true, false]) {
        for (const offset of [0, 1, 4, 5]) {
          const bytes = encoded(value, littleEndian, offset)
          const r = new CdrReader(bytes, { littleEndian, offset, base: 0 })
          assert.deepEqual(any.decode(r), value)
          assert.equal(r.remaining, 0)
        }
      }
    })
  }

  for (const [type, hex] of Object.entries(TYPE_CODES)) {
    it(`writes the TypeCode of ${type} as omniORB does`, () => {
      const value = VALUES.find((candidate) => candidate.type === type)
      assert.ok(value !== undefined)
      assert.equal(toHex(encoded(value)).slice(0, hex.length), hex)
    })
  }

  it('writes DevEnum as a short and ConstDevString as a string', () => {
    assert.deepEqual(any.decode(new CdrReader(encoded({ type: 'DevEnum', value: 2 }))), { type: 'DevShort', value: 2 })
    assert.deepEqual(any.decode(new CdrReader(encoded({ type: 'ConstDevString', value: 's' }))), {
      type: 'DevString',
      value: 's',
    })
  })

  it('takes both void and null for nothing', () => {
    assert.deepEqual(any.decode(new CdrReader(fromHex('00000000'))), VOID)
    assert.deepEqual(any.decode(new CdrReader(fromHex('01000000'))), VOID)
  })

  it('knows bare sequences and foreign aliases by their structure', () => {
    assert.equal(typeOf(sequence({ kind: KIND.long })), 'DevVarLongArray')
    assert.equal(typeOf(sequence({ kind: KIND.string })), 'DevVarStringArray')
    const alias: TypeCode = {
      kind: KIND.alias,
      id: 'IDL:other:1.0',
      name: 'o',
      content: sequence({ kind: KIND.double }),
    }
    assert.equal(typeOf({ kind: KIND.alias, id: 'IDL:twice:1.0', name: 't', content: alias }), 'DevVarDoubleArray')
    const members = [
      { name: 'numbers', type: sequence({ kind: KIND.long }) },
      { name: 'texts', type: sequence({ kind: KIND.string }) },
    ]
    assert.equal(typeOf({ kind: KIND.struct, id: 'IDL:s:1.0', name: 's', members }), 'DevVarLongStringArray')
  })

  it('follows an indirection to a TypeCode that came before', () => {
    const w = new CdrWriter()
    w.ulong(KIND.struct)
    w.encapsulation(() => {
      w.string('IDL:s:1.0')
      w.string('s')
      w.ulong(2)
      w.string('a')
      w.align(4)
      const first = w.position
      writeTypeCode(w, sequence({ kind: KIND.long }))
      w.string('b')
      w.align(4)
      w.ulong(0xffffffff)
      w.long(first - w.position)
    })
    const { members } = readTypeCode(new CdrReader(w.toBytes()), () => false)
    assert.deepEqual(members, [
      { name: 'a', type: sequence({ kind: KIND.long }) },
      { name: 'b', type: sequence({ kind: KIND.long }) },
    ])
  })

  it('refuses cycles, forward references, deep nesting and unknown kinds instead of hanging', () => {
    const isBad = (error: unknown): boolean => error instanceof CdrError
    const cycle = new CdrWriter()
    cycle.ulong(KIND.alias)
    cycle.encapsulation(() => {
      cycle.string('IDL:r:1.0')
      cycle.string('r')
      cycle.align(4)
      cycle.ulong(0xffffffff)
      cycle.long(-cycle.position)
    })
    assert.throws(() => decodeAnyType(new CdrReader(cycle.toBytes())), isBad)
    assert.throws(() => decodeAnyType(new CdrReader(fromHex('ffffffff04000000'))), isBad)
    let deep: TypeCode = { kind: KIND.long }
    for (let i = 0; i < 40; i += 1) deep = sequence(deep)
    assert.throws(() => typeOf(deep), isBad)
    for (const kind of [12, 13, 14, 16, 20, 22, 25, 26, 32, 1000]) {
      assert.throws(
        () => decodeAnyType(new CdrReader(fromHex(`${kind.toString(16).padStart(8, '0')}`), { littleEndian: false })),
        isBad,
      )
    }
    assert.throws(() => typeOf({ kind: KIND.any }), isBad)
  })

  it('refuses TypeCodes whose indirections multiply, and long ones', () => {
    const isBad = (error: unknown): boolean => error instanceof CdrError && error.kind === 'bad'
    // each member repeats all members before it: 2 to the power of 60 in all
    const bomb = new CdrWriter()
    const nest = (w: CdrWriter): void => {
      w.ulong(KIND.struct)
      w.encapsulation(() => {
        w.string('IDL:s:1.0')
        w.string('s')
        w.ulong(60)
        let before = 0
        for (let i = 0; i < 60; i += 1) {
          w.string('m')
          w.align(4)
          const here = w.position
          if (i === 0) w.ulong(KIND.long)
          else {
            w.ulong(KIND.struct)
            w.encapsulation(() => {
              w.string('IDL:t:1.0')
              w.string('t')
              w.ulong(2)
              for (const name of ['x', 'y']) {
                w.string(name)
                w.align(4)
                w.ulong(0xffffffff)
                w.long(before - w.position)
              }
            })
          }
          before = here
        }
      })
    }
    nest(bomb)
    assert.throws(() => readTypeCode(new CdrReader(bomb.toBytes()), () => false), isBad)
    const long = new CdrWriter()
    long.ulong(KIND.alias)
    long.encapsulation(() => long.string(`IDL:${'x'.repeat(20_000)}:1.0`))
    assert.throws(() => readTypeCode(new CdrReader(long.toBytes()), () => false), /TypeCode of \d+ octets/)
  })

  it('offers the codec of a value without the any around it', () => {
    const w = new CdrWriter()
    valueCodec('DevVarLongArray').encode(w, Int32Array.of(1, 2))
    assert.equal(toHex(w.written), '020000000100000002000000')
  })
})
