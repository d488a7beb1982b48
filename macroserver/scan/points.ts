// Points of scans as pure generators: target positions, one array per point.

import { devFailed } from '#tango/pure'

/** A planned path: how many points, the size of each axis, and the targets in order. */
export interface ScanPath {
  readonly points: number
  /** Slow axis first; `[points]` for a line. */
  readonly grid: readonly number[]
  /** `[from, to]` of each moveable. */
  readonly ranges: readonly (readonly [number, number])[]
  targets(): Iterable<readonly number[]>
}

/** A straight line with `intervals + 1` points; all moveables go together. */
export function line(starts: readonly number[], finals: readonly number[], intervals: number): ScanPath {
  if (starts.length !== finals.length)
    throw devFailed('API_InvalidArgs', `${starts.length} starts for ${finals.length} final positions`)
  checkIntervals(intervals)
  return {
    points: intervals + 1,
    grid: [intervals + 1],
    ranges: starts.map((start, i) => [start, finals[i] ?? start] as const),
    *targets() {
      for (let n = 0; n <= intervals; n++)
        yield starts.map((start, i) => between(start, finals[i] ?? start, n, intervals))
    },
  }
}

/** One axis of a mesh. */
export interface MeshAxis {
  readonly start: number
  readonly final: number
  readonly intervals: number
}

/** A rectangle: the first axis is fast. With `bidirectional` every second line runs backwards. */
export function mesh(fast: MeshAxis, slow: MeshAxis, bidirectional: boolean): ScanPath {
  checkIntervals(fast.intervals)
  checkIntervals(slow.intervals)
  return {
    points: (fast.intervals + 1) * (slow.intervals + 1),
    grid: [slow.intervals + 1, fast.intervals + 1],
    ranges: [
      [fast.start, fast.final],
      [slow.start, slow.final],
    ],
    *targets() {
      for (let row = 0; row <= slow.intervals; row++) {
        const y = between(slow.start, slow.final, row, slow.intervals)
        for (let n = 0; n <= fast.intervals; n++) {
          const column = bidirectional && row % 2 === 1 ? fast.intervals - n : n
          yield [between(fast.start, fast.final, column, fast.intervals), y]
        }
      }
    },
  }
}

/** The end itself at the last interval, without rounding. */
function between(start: number, final: number, n: number, intervals: number): number {
  return n === intervals ? final : start + ((final - start) * n) / intervals
}

function checkIntervals(intervals: number): void {
  if (!Number.isInteger(intervals) || intervals < 1)
    throw devFailed('API_InvalidArgs', `${intervals} intervals: a whole number of at least 1 is needed`)
}
