import assert from 'node:assert/strict'
import { type ChangeCriteria, isChange } from '../../../../tango/events/change-detector.ts'
import type { AttributeValue5 } from '../../../../tango/wire/tango-idl.ts'

const NONE: ChangeCriteria = { abs: undefined, rel: undefined }
const abs = (down: number, up = down): ChangeCriteria => ({ abs: { down, up }, rel: undefined })
const rel = (percent: number): ChangeCriteria => ({ abs: undefined, rel: { down: percent, up: percent } })

function value(union: AttributeValue5['value'], more: Partial<AttributeValue5> = {}): AttributeValue5 {
  const length = typeof union.value === 'object' ? union.value.length : 1
  return {
    value: union,
    quality: 'VALID',
    dataFormat: 'SCALAR',
    dataType: 5,
    time: { sec: 0, usec: 0, nsec: 0 },
    name: 'a',
    rDim: { dimX: length, dimY: 0 },
    wDim: { dimX: 0, dimY: 0 },
    errList: [],
    ...more,
  }
}
const double = (...values: number[]): AttributeValue5 => value({ kind: 'ATT_DOUBLE', value: Float64Array.from(values) })

describe('isChange', () => {
  it('takes the first value always', () => {
    assert.equal(isChange(undefined, double(1), NONE), true)
  })

  it('never finds numbers changed without a criterion', () => {
    assert.equal(isChange(double(1), double(1e9), NONE), false)
  })

  it('compares with the absolute thresholds below and above, which count themselves', () => {
    assert.equal(isChange(double(10), double(10.4), abs(0.5)), false)
    assert.equal(isChange(double(10), double(10.5), abs(0.5)), true)
    assert.equal(isChange(double(10), double(9), abs(1, 3)), true)
    assert.equal(isChange(double(10), double(12), abs(1, 3)), false)
    // 0.3 - 0.2 is a little less than 0.1 in binary
    assert.equal(isChange(double(0.2), double(0.3), abs(0.1)), true)
  })

  it('compares with the relative threshold in percent of the last value', () => {
    assert.equal(isChange(double(200), double(209), rel(5)), false)
    assert.equal(isChange(double(200), double(210), rel(5)), true)
    assert.equal(isChange(double(-200), double(-190), rel(5)), true)
    assert.equal(isChange(double(0), double(1e-9), rel(99)), true)
    assert.equal(isChange(double(0), double(0), rel(1)), false)
  })

  it('sees one changed element of a spectrum, and a changed size', () => {
    assert.equal(isChange(double(1, 2, 3), double(1, 2, 9), abs(1)), true)
    assert.equal(isChange(double(1, 2, 3), double(1, 2, 3.5), abs(1)), false)
    assert.equal(isChange(double(1, 2), double(1, 2, 3), NONE), true)
  })

  it('ignores the set point behind the read part', () => {
    const before = { ...double(1, 5), rDim: { dimX: 1, dimY: 0 }, wDim: { dimX: 1, dimY: 0 } }
    const after = { ...double(1, 50), rDim: { dimX: 1, dimY: 0 }, wDim: { dimX: 1, dimY: 0 } }
    assert.equal(isChange(before, after, abs(0.1)), false)
  })

  it('sees NaN come and go, once each', () => {
    assert.equal(isChange(double(1), double(Number.NaN), abs(1)), true)
    assert.equal(isChange(double(Number.NaN), double(Number.NaN), abs(1)), false)
    assert.equal(isChange(double(Number.NaN), double(1), abs(1)), true)
  })

  it('takes every difference of strings, booleans, states, enumerations and encoded values', () => {
    const pairs: [AttributeValue5['value'], AttributeValue5['value']][] = [
      [
        { kind: 'ATT_STRING', value: ['a'] },
        { kind: 'ATT_STRING', value: ['b'] },
      ],
      [
        { kind: 'ATT_BOOL', value: [true] },
        { kind: 'ATT_BOOL', value: [false] },
      ],
      [
        { kind: 'DEVICE_STATE', value: 'ON' },
        { kind: 'DEVICE_STATE', value: 'MOVING' },
      ],
      [
        { kind: 'ATT_ENCODED', value: [{ format: 'x', data: Uint8Array.of(1) }] },
        { kind: 'ATT_ENCODED', value: [{ format: 'x', data: Uint8Array.of(2) }] },
      ],
    ]
    for (const [a, b] of pairs) {
      assert.equal(isChange(value(a), value(b), NONE), true, a.kind)
      assert.equal(isChange(value(a), value({ ...a } as AttributeValue5['value']), NONE), false, a.kind)
    }
    const label = (index: number): AttributeValue5 =>
      value({ kind: 'ATT_SHORT', value: Int16Array.of(index) }, { dataType: 29 })
    assert.equal(isChange(label(0), label(1), NONE), true)
  })

  it('sees errors and invalid qualities appear, differ and disappear', () => {
    const failed = (desc: string): AttributeValue5 =>
      value(
        { kind: 'ATT_NO_DATA', value: undefined },
        {
          quality: 'INVALID',
          errList: [{ reason: 'R', severity: 'ERR', desc, origin: 'o' }],
        },
      )
    const invalid = value({ kind: 'ATT_NO_DATA', value: undefined }, { quality: 'INVALID', rDim: { dimX: 0, dimY: 0 } })
    assert.equal(isChange(double(1), failed('x'), NONE), true)
    assert.equal(isChange(failed('x'), failed('x'), NONE), false)
    assert.equal(isChange(failed('x'), failed('y'), NONE), true)
    assert.equal(isChange(failed('x'), double(1), NONE), true)
    assert.equal(isChange(double(1), invalid, NONE), true)
    assert.equal(isChange(invalid, invalid, NONE), false)
  })
})
