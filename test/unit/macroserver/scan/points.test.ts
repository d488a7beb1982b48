import assert from 'node:assert/strict'
import { line, mesh } from '#macroserver'

describe('line', () => {
  it('has both ends exactly and equal steps between', () => {
    const path = line([0, 10], [0.3, 0], 3)
    assert.equal(path.points, 4)
    assert.deepEqual(path.grid, [4])
    assert.deepEqual(path.ranges, [
      [0, 0.3],
      [10, 0],
    ])
    const targets = [...path.targets()]
    assert.deepEqual(targets[0], [0, 10])
    assert.deepEqual(targets[3], [0.3, 0])
    assert.ok(Math.abs((targets[1]?.[0] ?? 0) - 0.1) < 1e-15)
  })

  it('can be walked more than once', () => {
    const path = line([0], [1], 1)
    assert.deepEqual([...path.targets()], [...path.targets()])
  })

  it('refuses intervals that are not whole and positive, and lists of different lengths', () => {
    for (const intervals of [0, -1, 1.5, Number.NaN]) assert.throws(() => line([0], [1], intervals), /API_InvalidArgs/)
    assert.throws(() => line([0], [1, 2], 3), /API_InvalidArgs/)
  })
})

describe('mesh', () => {
  const axis = (start: number, final: number, intervals: number) => ({ start, final, intervals })

  it('moves the first axis fast, slow axis first in the grid', () => {
    const path = mesh(axis(0, 2, 2), axis(5, 6, 1), false)
    assert.equal(path.points, 6)
    assert.deepEqual(path.grid, [2, 3])
    assert.deepEqual(
      [...path.targets()],
      [
        [0, 5],
        [1, 5],
        [2, 5],
        [0, 6],
        [1, 6],
        [2, 6],
      ],
    )
  })

  it('runs every second line backwards when bidirectional', () => {
    assert.deepEqual(
      [...mesh(axis(0, 2, 2), axis(5, 6, 1), true).targets()].map(([x]) => x),
      [0, 1, 2, 2, 1, 0],
    )
  })
})
