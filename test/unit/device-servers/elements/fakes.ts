// Stand-ins for the seams of the element classes: a box that is there, a driver that a test steers, an axis that notes
// what it is told.

import type { AxisStatus, MotorDriver } from '#device-servers'
import { devFailed } from '#tango/pure'
import type { MotorAxis } from '../../../../device-servers/elements/axis.ts'

/** A driver whose axes move when the test says so; answers at once or later. */
export class SteeredDriver implements MotorDriver {
  readonly axes = [1, 2, 3]
  readonly log: string[] = []
  readonly at = new Map<number, number>()
  readonly moving = new Set<number>()
  readonly stops = new Map<number, NonNullable<AxisStatus['stop']>>()
  durations: readonly number[] | undefined
  refuseStart: Error | undefined
  lost: Error | undefined
  #targets = new Map<number, number>()

  status(axes: readonly number[]): readonly AxisStatus[] {
    if (this.lost !== undefined) throw this.lost
    return axes.map((axis) => ({
      state: this.moving.has(axis) ? 'MOVING' : 'ON',
      home: false,
      upper: false,
      lower: false,
      stop: this.stops.get(axis) ?? 'normal',
    }))
  }

  position(axes: readonly number[]): readonly number[] {
    if (this.lost !== undefined) throw this.lost
    return axes.map((axis) => this.at.get(axis) ?? 0)
  }

  start(moves: readonly { axis: number; target: number }[]): readonly number[] | undefined {
    if (this.refuseStart !== undefined) throw this.refuseStart
    this.log.push(`start ${moves.map(({ axis, target }) => `${axis}>${target}`).join(' ')}`)
    for (const { axis, target } of moves) {
      this.#targets.set(axis, target)
      this.stops.set(axis, 'normal')
      if (this.durations === undefined || this.durations.some((ms) => ms > 0)) this.moving.add(axis)
      else this.at.set(axis, target)
    }
    return this.durations
  }

  stop(axes: readonly number[]): void {
    this.log.push(`stop ${axes.join(' ')}`)
    for (const axis of axes) this.#end(axis, 'stopped')
  }

  abort(axes: readonly number[]): void {
    this.log.push(`abort ${axes.join(' ')}`)
    for (const axis of axes) this.#end(axis, 'aborted')
  }

  close(): void {}

  /** The axis reaches its target, or ends where it is. */
  arrive(axis: number, how: NonNullable<AxisStatus['stop']> = 'normal'): void {
    if (how === 'normal') this.at.set(axis, this.#targets.get(axis) ?? 0)
    this.#end(axis, how)
  }

  #end(axis: number, how: NonNullable<AxisStatus['stop']>): void {
    if (this.moving.delete(axis)) this.stops.set(axis, how)
  }
}

/** An axis with 10 steps per unit and limits of -100 and 100 units. */
export class NotingAxis implements MotorAxis {
  readonly kind = 'motor'
  readonly type = 'Motor'
  readonly axis: number
  readonly name: string
  readonly elementName: string
  readonly controllerName = 'controller/test/1'
  readonly parameters = {}
  settlingMs = 0
  readonly told: string[] = []
  backlash = 0

  constructor(axis: number) {
    this.axis = axis
    this.name = `motor/test/${axis}`
    this.elementName = `mot0${axis}`
  }

  targetSteps(user: number): number {
    this.checkSteps(user * 10, '')
    return user * 10
  }

  checkSteps(steps: number, what: string): void {
    if (Math.abs(steps) <= 1000) return
    throw devFailed('Motion_LimitExceeded', `${this.elementName}: ${steps / 10}${what} is beyond the limit 100`)
  }

  userPosition(steps: number): number {
    return steps / 10
  }

  isBusy(): boolean {
    return false
  }

  connected(): void {
    this.told.push('connected')
  }

  lost(reason: string): void {
    this.told.push(`lost: ${reason}`)
  }

  started(): void {
    this.told.push('MOVING')
  }

  moved(steps: number): void {
    this.told.push(`at ${steps}`)
  }

  ended(steps: number, { state }: AxisStatus): void {
    this.told.push(`${state} at ${steps}`)
  }

  rests({ state }: AxisStatus): void {
    this.told.push(`rests ${state}`)
  }
}
