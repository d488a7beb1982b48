// Counters without a box, for tests and for measuring what the software itself costs. The exposure is exact; axis 1
// returns its time, the others smooth functions of the point's index.

import { defineCounterController } from 'bandoneon/device-servers'
import { devFailed } from 'bandoneon/tango/pure'

export default defineCounterController({
  doc: 'Counters without a box.',
  properties: {
    axisCount: { type: 'DevLong', default: 16, minValue: 1, maxValue: 10_000, doc: 'Axes are numbered from 1.' },
    exact: { type: 'DevBoolean', default: true, doc: 'False: an exposure takes no time.' },
  },
  async connect({ axisCount, exact }, { now, wait }) {
    if (axisCount < 1 || axisCount > 10_000) {
      throw devFailed('Property_Invalid', `property AxisCount is ${axisCount}; set it to 1 ... 10000`)
    }
    const started = now()
    const check = (axes: readonly number[]): void => {
      const unknown = axes.find((axis) => !Number.isInteger(axis) || axis < 1 || axis > axisCount)
      if (unknown === undefined) return
      throw devFailed('Controller_AxisUnknown', `there is no axis ${unknown}; axes are 1 ... ${axisCount}`)
    }
    return {
      axes: Array.from({ length: axisCount }, (_, index) => index + 1),
      prepare: check,
      async acquire(axes, integrationTime, index, signal) {
        check(axes)
        const startMs = now()
        let seconds = integrationTime
        if (exact && integrationTime > 0) {
          try {
            await wait(integrationTime * 1000, signal)
          } catch (error) {
            if (!signal.aborted) throw error
            seconds = (now() - startMs) / 1000
          }
        }
        return axes.map((axis) => countOf(axis, seconds, index))
      },
      read: (axes) => axes.map((axis) => countOf(axis, 1, (now() - started) / 1000)),
      send: async (text) => text,
      close: () => {},
    }
  },
})

/** Axis 1: the exposure in s. Others: a wave over the index, with a period of its own, proportional to the exposure. */
function countOf(axis: number, seconds: number, index: number): number {
  if (axis === 1) return seconds
  return seconds * 1000 * (1 + 0.5 * Math.sin((index * axis) / 20))
}
