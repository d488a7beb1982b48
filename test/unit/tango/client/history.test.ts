import assert from 'node:assert/strict'
import { attributeRecords, commandRecords } from '../../../../tango/client/history.ts'
import type { TimeVal } from '../../../../tango/wire/tango-basic.ts'
import type { DevAttrHistory4, DevCmdHistory4 } from '../../../../tango/wire/tango-history.ts'

const dates = (count: number): TimeVal[] =>
  Array.from({ length: count }, (_none, i) => ({ sec: 100 + i, usec: 0, nsec: 0 }))
const dim = (dimX: number, dimY = 0) => ({ dimX, dimY })
const run = (start: number, nbElt: number) => ({ start, nbElt })
const failed = [{ reason: 'Box_Broken', severity: 'ERR', desc: 'x', origin: 'y' }] as const

describe('attributeRecords', () => {
  it('puts values, qualities and errors of a native history in their places', () => {
    // ten records of a spectrum as a native server sent them
    const history: DevAttrHistory4 = {
      name: 'odd',
      dates: dates(10),
      value: {
        type: 'DevVarDoubleArray',
        value: Float64Array.of(39, 39, 38, 38, 38, 36, 33, 33, 32, 31, 31, 30, 30, 30),
      },
      quals: ['VALID', 'WARNING', 'INVALID', 'VALID', 'INVALID', 'VALID', 'WARNING'],
      qualsArray: [run(9, 1), run(8, 1), run(7, 1), run(6, 1), run(5, 2), run(3, 3), run(0, 1)],
      rDims: [dim(2), dim(3), dim(0), dim(1), dim(0), dim(2), dim(1), dim(2), dim(3)],
      rDimsArray: [run(9, 1), run(8, 1), run(7, 1), run(6, 1), run(5, 2), run(3, 1), run(2, 1), run(1, 1), run(0, 1)],
      wDims: [dim(0)],
      wDimsArray: [run(9, 10)],
      errors: [failed],
      errorsArray: [run(5, 2)],
    }
    const records = attributeRecords(history, 'SPECTRUM')
    assert.deepEqual(
      records.map(({ reading, error }) =>
        error === undefined
          ? [reading?.quality, ...((reading?.value as Float64Array | undefined) ?? [])]
          : [error.reason],
      ),
      [
        ['WARNING', 30, 30, 30],
        ['VALID', 31, 31],
        ['VALID', 32],
        ['VALID', 33, 33],
        ['Box_Broken'],
        ['Box_Broken'],
        ['VALID', 36],
        ['INVALID'],
        ['WARNING', 38, 38, 38],
        ['VALID', 39, 39],
      ],
    )
    assert.deepEqual(
      records.map(({ time }) => time),
      dates(10).map(({ sec }) => sec),
    )
  })

  const scalars = (value: readonly number[], r: number, w: number): DevAttrHistory4 => ({
    name: 'x',
    dates: dates(2),
    value: { type: 'DevVarLongArray', value: Int32Array.from(value) },
    quals: ['VALID'],
    qualsArray: [run(1, 2)],
    rDims: [dim(r)],
    rDimsArray: [run(1, 2)],
    wDims: [dim(w)],
    wDimsArray: [run(1, 2)],
    errors: [],
    errorsArray: [],
  })

  it('splits read and set parts of each record', () => {
    assert.deepEqual(
      attributeRecords(scalars([3, 30, 2, 20], 1, 1), 'SCALAR').map(({ reading }) => [
        reading?.value,
        reading?.written,
      ]),
      [
        [2, 20],
        [3, 30],
      ],
    )
  })

  it('takes the one value of an attribute that is only written for both parts', () => {
    assert.deepEqual(
      attributeRecords(scalars([3, 2], 1, 1), 'SCALAR').map(({ reading }) => [reading?.value, reading?.written]),
      [
        [2, 2],
        [3, 3],
      ],
    )
  })

  it('refuses a history with fewer values than it says', () => {
    assert.throws(() => attributeRecords(scalars([3], 1, 0), 'SCALAR'), /API_NotSupported/)
  })
})

describe('commandRecords', () => {
  const history = (changes: Partial<DevCmdHistory4>): DevCmdHistory4 => ({
    dates: dates(3),
    value: { type: 'DevVarLongArray', value: Int32Array.of(3, 1) },
    dims: [dim(1), dim(0), dim(1)],
    dimsArray: [run(2, 1), run(1, 1), run(0, 1)],
    errors: [failed],
    errorsArray: [run(1, 1)],
    cmdType: 3,
    ...changes,
  })
  const shown = (records: ReturnType<typeof commandRecords>): unknown[] =>
    records.map(({ value, error }) => error?.reason ?? value)

  it('gives scalars for a scalar type, with failures in between', () => {
    assert.deepEqual(shown(commandRecords(history({}))), [1, 'Box_Broken', 3])
  })

  it('gives arrays for an array type', () => {
    const value = { type: 'DevVarLongArray', value: Int32Array.of(3, 3, 1) } as const
    assert.deepEqual(shown(commandRecords(history({ value, cmdType: 11, dims: [dim(2), dim(0), dim(1)] }))), [
      Int32Array.of(1),
      'Box_Broken',
      Int32Array.of(3, 3),
    ])
  })

  it('splits pairs by both dimensions', () => {
    const value = {
      type: 'DevVarLongStringArray',
      value: { lvalue: Int32Array.of(7, 8), svalue: ['c', 'a', 'b'] },
    } as const
    assert.deepEqual(shown(commandRecords(history({ value, cmdType: 17, dims: [dim(1, 0), dim(0), dim(2, 2)] }))), [
      { lvalue: Int32Array.of(7, 8), svalue: ['a', 'b'] },
      'Box_Broken',
      { lvalue: Int32Array.of(), svalue: ['c'] },
    ])
  })

  it('gives undefined for commands without result', () => {
    const value = { type: 'DevVoid', value: undefined } as const
    assert.deepEqual(shown(commandRecords(history({ value, cmdType: 0, errors: [], errorsArray: [] }))), [
      undefined,
      undefined,
      undefined,
    ])
  })
})
