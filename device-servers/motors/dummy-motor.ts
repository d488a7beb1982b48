// Motors without a box, for tests and for measuring what the software itself costs. A move takes no time unless a
// velocity is set as a property.

import { type AxisMove, type AxisStatus, defineMotorController } from 'bandoneon/device-servers'
import { devFailed } from 'bandoneon/tango/pure'

interface Axis {
  from: number
  target: number
  startMs: number
  durationMs: number
  velocity: number
  acceleration: number
  stop: NonNullable<AxisStatus['stop']>
}

export default defineMotorController({
  doc: 'Motors without a box.',
  properties: {
    axisCount: { type: 'DevLong', default: 16, minValue: 1, maxValue: 10_000, doc: 'Axes are numbered from 1.' },
    velocity: {
      type: 'DevDouble',
      default: 0,
      minValue: 0,
      unit: 'steps/s',
      doc: 'Steps per second at first; 0: moves take no time.',
    },
  },
  async connect({ axisCount, velocity }, { now }) {
    if (axisCount < 1 || axisCount > 10_000) {
      throw devFailed('Property_Invalid', `property AxisCount is ${axisCount}; set it to 1 ... 10000`)
    }
    if (!(velocity >= 0)) throw devFailed('Property_Invalid', `property Velocity is ${velocity}; set it to 0 or more`)
    const numbers = Array.from({ length: axisCount }, (_, index) => index + 1)
    const axes = numbers.map(
      (): Axis => ({ from: 0, target: 0, startMs: 0, durationMs: 0, velocity, acceleration: 0, stop: 'normal' }),
    )

    const find = (number: number): Axis => {
      const axis = axes[number - 1]
      if (axis === undefined)
        throw devFailed('Controller_AxisUnknown', `there is no axis ${number}; axes are 1 ... ${axisCount}`)
      return axis
    }
    const place = (axis: Axis): number => {
      const passed = now() - axis.startMs
      if (passed >= axis.durationMs) return axis.target
      return axis.from + ((axis.target - axis.from) * passed) / axis.durationMs
    }
    const isMoving = (axis: Axis): boolean => axis.durationMs > 0 && now() - axis.startMs < axis.durationMs
    const rest = (axis: Axis, at: number, stop: Axis['stop']): void => {
      Object.assign(axis, { from: at, target: at, durationMs: 0, stop })
    }
    const end = (asked: readonly number[], stop: 'stopped' | 'aborted'): void => {
      for (const axis of asked.map(find)) if (isMoving(axis)) rest(axis, place(axis), stop)
    }

    return {
      axes: numbers,
      status: (asked) =>
        asked.map((number) => {
          const axis = find(number)
          return { state: isMoving(axis) ? 'MOVING' : 'ON', home: false, upper: false, lower: false, stop: axis.stop }
        }),
      position: (asked) => asked.map((number) => place(find(number))),
      start(moves: readonly AxisMove[]) {
        const found = moves.map(({ axis }) => find(axis))
        return found.map((axis, index) => {
          const target = moves[index]?.target ?? axis.target
          const from = place(axis)
          const durationMs = axis.velocity > 0 ? (Math.abs(target - from) / axis.velocity) * 1000 : 0
          Object.assign(axis, { from, target, startMs: now(), durationMs, stop: 'normal' })
          return durationMs
        })
      },
      stop: (asked) => end(asked, 'stopped'),
      abort: (asked) => end(asked, 'aborted'),
      definePosition: (number, steps) => rest(find(number), steps, 'normal'),
      parameters: (number) => {
        const axis = find(number)
        return { velocity: axis.velocity, acceleration: axis.acceleration, deceleration: axis.acceleration }
      },
      setParameters(number, parameters) {
        const axis = find(number)
        // without a velocity of its own a dummy is meant to be immediate, whatever the user unit asks for
        if (parameters.velocity !== undefined && velocity > 0) axis.velocity = parameters.velocity
        if (parameters.acceleration !== undefined) axis.acceleration = parameters.acceleration
      },
      send: async (text) => text,
      close: () => {},
    }
  },
})
