import assert from 'node:assert/strict'
import type { AttributeSpec, Quality } from '#tango'
import { devFailed } from '#tango'
import { Attribute } from '../../../../tango/server/attribute.ts'
import { AttributeConfiguration } from '../../../../tango/server/attribute-config.ts'
import { attributeHistory, commandHistory, commandHistory2 } from '../../../../tango/server/history.ts'
import type { PollRecord } from '../../../../tango/server/polling.ts'

const spec: AttributeSpec = { type: 'DevDouble', format: 'spectrum', max: [10] }

function attribute(): Attribute {
  const host = { name: 'a/b/c', now: () => 100, monotonic: () => 0, logDefect: () => {} }
  return new Attribute(
    host,
    'alt',
    spec,
    new AttributeConfiguration('a/b/c', 'alt', spec, undefined, new Map(), new Map()),
    {},
  )
}

describe('attributeHistory', () => {
  it('gives dates oldest first, values newest first and runs named by their newest record', () => {
    const alt = attribute()
    const data = (quality: Quality, ...values: number[]): PollRecord => {
      const value = alt.value({ value: values, quality })
      return { time: 1, at: 1, neededMs: 0, value, errors: value.errList }
    }
    const failed = (): PollRecord => {
      const value = alt.failed(devFailed('R', 'no', { origin: 'o' }))
      return { time: 1, at: 1, neededMs: 0, value, errors: value.errList }
    }
    // the sequence that was seen from a native server: index 0 is the oldest
    const history = attributeHistory(alt, [
      data('WARNING', 30, 30, 30),
      data('VALID', 31, 31),
      data('VALID', 32),
      data('VALID', 33, 33),
      failed(),
      failed(),
      data('VALID', 36),
      data('INVALID', 37),
      data('WARNING', 38, 38, 38),
      data('VALID', 39, 39),
    ])
    assert.deepEqual(history.value, {
      type: 'DevVarDoubleArray',
      value: Float64Array.of(39, 39, 38, 38, 38, 36, 33, 33, 32, 31, 31, 30, 30, 30),
    })
    const pairs = (ranges: readonly { start: number; nbElt: number }[]): number[][] =>
      ranges.map((r) => [r.start, r.nbElt])
    assert.deepEqual(history.quals, ['VALID', 'WARNING', 'INVALID', 'VALID', 'INVALID', 'VALID', 'WARNING'])
    assert.deepEqual(pairs(history.qualsArray), [
      [9, 1],
      [8, 1],
      [7, 1],
      [6, 1],
      [5, 2],
      [3, 3],
      [0, 1],
    ])
    assert.deepEqual(
      history.rDims.map(({ dimX }) => dimX),
      [2, 3, 0, 1, 0, 2, 1, 2, 3],
    )
    assert.deepEqual(pairs(history.rDimsArray), [
      [9, 1],
      [8, 1],
      [7, 1],
      [6, 1],
      [5, 2],
      [3, 1],
      [2, 1],
      [1, 1],
      [0, 1],
    ])
    assert.deepEqual(pairs(history.wDimsArray), [[9, 10]])
    assert.deepEqual(pairs(history.errorsArray), [[5, 2]])
    assert.equal(history.errors[0]?.[0]?.reason, 'R')
    assert.equal(history.dates.length, 10)
  })
})

describe('commandHistory', () => {
  const records: PollRecord[] = [
    { time: 1.5, at: 0, neededMs: 0, result: { type: 'DevLong', value: 1 }, errors: [] },
    { time: 2.5, at: 0, neededMs: 0, errors: devFailed('R', 'no').errors },
    { time: 3.5, at: 0, neededMs: 0, result: { type: 'DevLong', value: 3 }, errors: [] },
  ]

  it('joins scalars to an array, newest first, and failures have no size', () => {
    const history = commandHistory('DevLong', records)
    assert.deepEqual(history.value, { type: 'DevVarLongArray', value: Int32Array.of(3, 1) })
    assert.deepEqual(history.dims, [
      { dimX: 1, dimY: 0 },
      { dimX: 0, dimY: 0 },
      { dimX: 1, dimY: 0 },
    ])
    assert.deepEqual(history.errorsArray, [{ start: 1, nbElt: 1 }])
    assert.equal(history.cmdType, 3)
    assert.deepEqual(history.dates[0], { sec: 1, usec: 500_000, nsec: 0 })
  })

  it('is a plain list, oldest first, for interface 2', () => {
    const history = commandHistory2(records)
    assert.deepEqual(
      history.map(({ cmdFailed }) => cmdFailed),
      [false, true, false],
    )
    assert.deepEqual(history[2]?.value, { type: 'DevLong', value: 3 })
  })
})
