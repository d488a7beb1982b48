import assert from 'node:assert/strict'
import {
  type AttributeShape,
  fromValue3,
  timeOf,
  toReading,
  toValue1,
  toWritten,
} from '../../../../tango/client/attribute-values.ts'
import { toCommandArgument } from '../../../../tango/client/command-values.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'
import type { AttributeType, CommandType } from '../../../../tango/types/dev-types.ts'
import type { AttributeValue4, AttrValUnion } from '../../../../tango/wire/tango-idl.ts'

const NO_TIME = { sec: 0, usec: 0, nsec: 0 }

function wire(
  value: AttrValUnion,
  dims: readonly [number, number, number, number],
  format: AttributeValue4['dataFormat'],
): AttributeValue4 {
  const [rx, ry, wx, wy] = dims
  return {
    value,
    quality: 'VALID',
    dataFormat: format,
    time: { sec: 10, usec: 500_000, nsec: 0 },
    name: 'x',
    rDim: { dimX: rx, dimY: ry },
    wDim: { dimX: wx, dimY: wy },
    errList: [],
  }
}

function shape(
  type: AttributeType,
  format: AttributeShape['format'] = 'scalar',
  enumLabels: readonly string[] = [],
): AttributeShape {
  return { name: 'x', type, format, enumLabels }
}

function refused(action: () => unknown, reason: string, text: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof DevFailed, String(error))
    assert.equal(error.reason, reason)
    assert.match(error.message, text)
    return true
  })
}

describe('toReading', () => {
  it('splits the value and the set point of a scalar', () => {
    const reading = toReading(wire({ kind: 'ATT_DOUBLE', value: Float64Array.of(1.5, 2.5) }, [1, 0, 1, 0], 'SCALAR'))
    assert.deepEqual(reading, { name: 'x', value: 1.5, written: 2.5, quality: 'VALID', time: 10.5 })
  })

  it('takes the one element of a WRITE attribute for both', () => {
    const reading = toReading(wire({ kind: 'ATT_DOUBLE', value: Float64Array.of(7) }, [1, 0, 1, 0], 'SCALAR'))
    assert.deepEqual([reading.value, reading.written], [7, 7])
  })

  it('splits spectra of different lengths', () => {
    const reading = toReading(wire({ kind: 'ATT_LONG', value: Int32Array.of(1, 2, 3, 9) }, [3, 0, 1, 0], 'SPECTRUM'))
    assert.deepEqual(reading.value, Int32Array.of(1, 2, 3))
    assert.deepEqual(reading.written, Int32Array.of(9))
  })

  it('gives images their dimensions, also to strings', () => {
    const value = ['a', 'b', 'c', 'd', 'e', 'f', 'w']
    const reading = toReading(wire({ kind: 'ATT_STRING', value }, [3, 2, 1, 1], 'IMAGE'))
    assert.deepEqual(reading.value, { data: ['a', 'b', 'c', 'd', 'e', 'f'], width: 3, height: 2 })
    assert.deepEqual(reading.written, { data: ['w'], width: 1, height: 1 })
  })

  it('has no value when the quality is INVALID, and an empty array for an empty spectrum', () => {
    const invalid = toReading({
      ...wire({ kind: 'ATT_NO_DATA', value: undefined }, [0, 0, 0, 0], 'SCALAR'),
      quality: 'INVALID',
    })
    assert.deepEqual([invalid.value, invalid.written, invalid.quality], [undefined, undefined, 'INVALID'])
    const empty = toReading(wire({ kind: 'ATT_DOUBLE', value: new Float64Array(0) }, [0, 0, 0, 0], 'SPECTRUM'))
    assert.deepEqual(empty.value, new Float64Array(0))
  })

  it('reads State, which is no sequence', () => {
    assert.equal(toReading(wire({ kind: 'DEVICE_STATE', value: 'MOVING' }, [1, 0, 0, 0], 'SCALAR')).value, 'MOVING')
  })

  it('throws the errors of a failed attribute', () => {
    const errList = [{ reason: 'API_AttrNotFound', severity: 'ERR', desc: 'd', origin: 'o' }] as const
    refused(
      () => toReading({ ...wire({ kind: 'ATT_NO_DATA', value: undefined }, [0, 0, 0, 0], 'FMT_UNKNOWN'), errList }),
      'API_AttrNotFound',
      /d/,
    )
  })

  it('reads values of interface 3', () => {
    const value = fromValue3({
      ...wire({ kind: 'ATT_NO_DATA', value: undefined }, [2, 0, 0, 0], 'SCALAR'),
      value: { type: 'DevVarShortArray', value: Int16Array.of(1, 2) },
    })
    assert.deepEqual(toReading(value).value, Int16Array.of(1, 2))
  })
})

describe('toWritten', () => {
  const types: readonly (readonly [AttributeType, unknown, AttrValUnion])[] = [
    ['DevBoolean', true, { kind: 'ATT_BOOL', value: [true] }],
    ['DevShort', -5, { kind: 'ATT_SHORT', value: Int16Array.of(-5) }],
    ['DevLong', 7n, { kind: 'ATT_LONG', value: Int32Array.of(7) }],
    ['DevLong64', 7, { kind: 'ATT_LONG64', value: BigInt64Array.of(7n) }],
    ['DevFloat', 1.5, { kind: 'ATT_FLOAT', value: Float32Array.of(1.5) }],
    ['DevDouble', 2n, { kind: 'ATT_DOUBLE', value: Float64Array.of(2) }],
    ['DevUChar', 255, { kind: 'ATT_UCHAR', value: Uint8Array.of(255) }],
    ['DevUShort', 65535, { kind: 'ATT_USHORT', value: Uint16Array.of(65535) }],
    ['DevULong', 4e9, { kind: 'ATT_ULONG', value: Uint32Array.of(4e9) }],
    ['DevULong64', 2n ** 64n - 1n, { kind: 'ATT_ULONG64', value: BigUint64Array.of(2n ** 64n - 1n) }],
    ['DevString', 'é', { kind: 'ATT_STRING', value: ['é'] }],
    ['DevState', 'MOVING', { kind: 'ATT_STATE', value: ['MOVING'] }],
    [
      'DevEncoded',
      { format: 'f', data: Uint8Array.of(1) },
      { kind: 'ATT_ENCODED', value: [{ format: 'f', data: Uint8Array.of(1) }] },
    ],
    ['DevEnum', 'two', { kind: 'ATT_SHORT', value: Int16Array.of(1) }],
  ]
  for (const [type, input, union] of types) {
    it(`writes a ${type} and a list of them`, () => {
      const scalar = toWritten(shape(type, 'scalar', ['one', 'two']), input, 'a/b/c/x')
      assert.deepEqual(scalar.value, union)
      assert.deepEqual([scalar.name, scalar.wDim, scalar.dataFormat], ['x', { dimX: 1, dimY: 0 }, 'SCALAR'])
      const list = toWritten(shape(type, 'spectrum', ['one', 'two']), [input, input], 'a/b/c/x')
      assert.deepEqual(list.wDim, { dimX: 2, dimY: 0 })
      assert.equal(list.value.kind, union.kind)
    })
  }

  it('passes typed arrays of the right kind without a copy', () => {
    const data = Float64Array.of(1, 2)
    assert.equal(toWritten(shape('DevDouble', 'spectrum'), data, 'x').value.value, data)
  })

  it('takes images as data with dimensions or as rows', () => {
    const expected = { kind: 'ATT_LONG', value: Int32Array.of(1, 2, 3, 4, 5, 6) }
    const flat = toWritten(shape('DevLong', 'image'), { data: [1, 2, 3, 4, 5, 6], width: 3, height: 2 }, 'x')
    const rows = toWritten(shape('DevLong', 'image'), [[1, 2, 3], Int32Array.of(4, 5, 6)], 'x')
    assert.deepEqual([flat.value, flat.wDim], [expected, { dimX: 3, dimY: 2 }])
    assert.deepEqual([rows.value, rows.wDim], [expected, { dimX: 3, dimY: 2 }])
  })

  it('refuses images whose dimensions do not fit', () => {
    refused(
      () => toWritten(shape('DevLong', 'image'), { data: [1, 2, 3], width: 2, height: 2 }, 'a/b/c/x'),
      'API_AttrIncorrectDataNumber',
      /a\/b\/c\/x: 3 pixels are no image of 2 x 2/,
    )
    refused(() => toWritten(shape('DevLong', 'image'), [[1], [2, 3]], 'x'), 'API_IncompatibleAttrDataType', /rows/)
  })

  it('refuses what would be rounded, cut or guessed, and says what and where', () => {
    const bad: readonly (readonly [AttributeType, unknown, RegExp])[] = [
      ['DevShort', 1.5, /a\/b\/c\/x: 1.5 is no whole number/],
      ['DevShort', 40000, /outside the range of DevShort, -32768 to 32767/],
      ['DevUChar', -1, /range of DevUChar/],
      ['DevULong', Number.NaN, /no whole number/],
      ['DevLong64', 2 ** 60, /use a bigint/],
      ['DevULong64', -1n, /range of DevULong64/],
      ['DevDouble', '1', /'1' is no DevDouble/],
      ['DevBoolean', 2, /2 is no DevBoolean/],
      ['DevString', 1, /1 is no DevString/],
      ['DevString', '€', /U\+20AC cannot be sent/],
      ['DevString', 'a\0b', /U\+0000/],
      ['DevState', 'Moving', /none of the states/],
      ['DevEncoded', 'x', /no DevEncoded/],
      ['DevEnum', 'three', /none of the labels one, two/],
      ['DevDouble', undefined, /undefined is no DevDouble/],
    ]
    for (const [type, value, text] of bad) {
      refused(
        () => toWritten(shape(type, 'scalar', ['one', 'two']), value, 'a/b/c/x'),
        'API_IncompatibleAttrDataType',
        text,
      )
    }
    refused(
      () => toWritten(shape('DevLong', 'spectrum'), [1, 2, 'x'], 'x'),
      'API_IncompatibleAttrDataType',
      /element 2: 'x'/,
    )
    refused(
      () => toWritten(shape('DevLong', 'spectrum'), 5, 'x'),
      'API_IncompatibleAttrDataType',
      /5 is no list of DevLong/,
    )
    refused(() => toWritten(shape('DevString', 'spectrum'), 'abc', 'x'), 'API_IncompatibleAttrDataType', /no list/)
  })

  it('makes the any of interface 3', () => {
    const value = toValue1(toWritten(shape('DevDouble'), 1.5, 'x'))
    assert.deepEqual(value, {
      value: { type: 'DevVarDoubleArray', value: Float64Array.of(1.5) },
      quality: 'VALID',
      time: NO_TIME,
      name: 'x',
      dimX: 1,
      dimY: 0,
    })
  })
})

describe('toCommandArgument', () => {
  const good: readonly (readonly [CommandType, unknown, unknown])[] = [
    ['DevVoid', undefined, undefined],
    ['DevBoolean', 1, true],
    ['DevLong', 5n, 5],
    ['DevLong64', 5, 5n],
    ['ConstDevString', 'x', 'x'],
    ['DevVarDoubleArray', [1, 2n], Float64Array.of(1, 2)],
    ['DevVarCharArray', Buffer.from('a'), Buffer.from('a')],
    ['DevVarLong64Array', [1, 2n], BigInt64Array.of(1n, 2n)],
    ['DevVarStringArray', ['a'], ['a']],
    ['DevVarLongStringArray', { lvalue: [1], svalue: ['a'] }, { lvalue: Int32Array.of(1), svalue: ['a'] }],
    ['DevVarDoubleStringArray', { dvalue: [1.5] }, { dvalue: Float64Array.of(1.5), svalue: [] }],
  ]
  for (const [type, input, value] of good) {
    it(`converts ${String(JSON.stringify(input, (_key, v) => (typeof v === 'bigint' ? `${v}n` : v)))} to ${type}`, () => {
      assert.deepEqual(toCommandArgument(type, input, 'a/b/c/Cmd'), { type, value })
    })
  }

  it('refuses arguments of another type, and any argument where there is none', () => {
    refused(
      () => toCommandArgument('DevVoid', 1, 'a/b/c/Stop'),
      'API_IncompatibleCmdArgumentType',
      /a\/b\/c\/Stop: it takes no argument/,
    )
    refused(
      () => toCommandArgument('DevVarLongStringArray', [1], 'x'),
      'API_IncompatibleCmdArgumentType',
      /pair of arrays/,
    )
    refused(() => toCommandArgument('DevVarDoubleArray', 'x', 'x'), 'API_IncompatibleCmdArgumentType', /no list/)
    refused(
      () => toCommandArgument('DevString', undefined, 'x'),
      'API_IncompatibleCmdArgumentType',
      /undefined is no DevString/,
    )
  })
})

describe('timeOf', () => {
  it('adds micro- and nanoseconds', () => {
    assert.ok(Math.abs(timeOf({ sec: 1, usec: 2, nsec: 300 }) - 1.0000023) < 1e-12)
  })
})
