// Acquisitions of the channels of one box: prepares once per scan, acquires points, stops. One at a time per box.

import type { Clock } from '#tango'
import { devFailed } from '#tango/pure'
import type { CounterDriver } from '../driver.ts'
import type { ChannelAxis } from './axis.ts'
import type { Box } from './box.ts'

/** One acquired point. */
export interface AcquiredPoint {
  /** Seconds since 1970. */
  readonly start: number
  readonly end: number
  /** In the order of the axes asked for. */
  readonly values: readonly number[]
}

/** What acquisitions need from their controller. */
export interface AcquisitionsOptions {
  readonly name: string
  readonly clock: Clock
  readonly box: Box<CounterDriver>
  /** @throws DevFailed `Controller_AxisUnknown` */
  axis(number: number): ChannelAxis
}

/** How much longer than its integration time an acquisition may take. */
const MARGIN_MS = 5000

interface Acquisition {
  readonly axes: readonly number[]
  readonly end: AbortController
  giveUp(error: Error): void
}

/** The acquisitions of one controller. */
export class Acquisitions {
  readonly #options: AcquisitionsOptions
  /** Integration time by axis, as prepared. */
  readonly #prepared = new Map<number, number>()
  #running: Acquisition | undefined

  constructor(options: AcquisitionsOptions) {
    this.#options = options
  }

  /** Whether the axis is in an acquisition. */
  isAcquiring(axis: number): boolean {
    return this.#running?.axes.includes(axis) ?? false
  }

  /**
   * Prepares axes for a number of points.
   * @param integrationTime s
   * @throws DevFailed `API_InvalidArgs`, `Controller_AxisUnknown`, `Element_InUse`, `Controller_NotConnected`
   */
  async prepare(axes: readonly number[], integrationTime: number, starts: number): Promise<void> {
    const { name, box } = this.#options
    if (!Number.isFinite(integrationTime) || integrationTime < 0) {
      throw devFailed('API_InvalidArgs', `${name}: the integration time is ${integrationTime} s; set it to 0 or more`)
    }
    if (!Number.isInteger(starts) || starts < 1) {
      throw devFailed('API_InvalidArgs', `${name}: the number of starts is ${starts}; set it to 1 or more`)
    }
    const { driver } = box
    for (const axis of axes) this.#options.axis(axis)
    this.#checkIdle()
    await driver.prepare(axes, integrationTime, starts)
    for (const axis of axes) this.#prepared.set(axis, integrationTime)
  }

  /**
   * Acquires one prepared point; a stop or the signal ends it early, with what there is.
   * @throws DevFailed `MeasurementGroup_NotPrepared`, `Element_InUse`, `Controller_NotConnected`,
   *   `Controller_DriverFailed`
   */
  acquire(axes: readonly number[], index: number, signal: AbortSignal): Promise<AcquiredPoint> {
    const { name, box } = this.#options
    const { driver } = box
    const channels = axes.map((axis) => this.#options.axis(axis))
    const first = axes[0]
    const integrationTime = first === undefined ? undefined : this.#prepared.get(first)
    if (integrationTime === undefined || axes.some((axis) => this.#prepared.get(axis) !== integrationTime)) {
      const desc = `${name}: axes ${axes.join(', ')} are not prepared together; call PrepareMany with them first`
      throw devFailed('MeasurementGroup_NotPrepared', desc)
    }
    this.#checkIdle()
    return this.#acquire(driver, channels, integrationTime, index, signal)
  }

  /** Ends the running acquisition if it concerns one of the axes. */
  stop(axes: readonly number[]): void {
    const running = this.#running
    if (running?.axes.some((axis) => axes.includes(axis)) === true) running.end.abort()
  }

  /** Gives up an acquisition that does not end; the box is not asked. */
  release(axes: readonly number[]): void {
    const running = this.#running
    if (running === undefined || !running.axes.some((axis) => axes.includes(axis))) return
    running.end.abort()
    running.giveUp(devFailed('Controller_DriverFailed', `${this.#options.name}: the acquisition was released`))
  }

  /** The box is lost. */
  lost(reason: string): void {
    // a box that was away may have forgotten what it was told
    this.#prepared.clear()
    this.#running?.giveUp(devFailed('Controller_NotConnected', `${this.#options.name}: ${reason}`))
  }

  #checkIdle(): void {
    if (this.#running === undefined) return
    const axes = this.#running.axes.join(', ')
    throw devFailed('Element_InUse', `${this.#options.name}: axes ${axes} are acquiring; wait for the end or stop them`)
  }

  #acquire(
    driver: CounterDriver,
    channels: readonly ChannelAxis[],
    integrationTime: number,
    index: number,
    signal: AbortSignal,
  ): Promise<AcquiredPoint> {
    const { clock, name } = this.#options
    const axes = channels.map(({ axis }) => axis)
    const end = new AbortController()
    const abort = (): void => end.abort()
    return new Promise((resolve, reject) => {
      const start = clock.now()
      const free = (): boolean => {
        if (this.#running !== acquisition) return false
        this.#running = undefined
        cancelTimer()
        signal.removeEventListener('abort', abort)
        return true
      }
      const failed = (cause: unknown): void => {
        if (!free()) return
        const error = devFailed('Controller_DriverFailed', `${name}: point ${index} was not acquired`, { cause })
        for (const channel of channels) channel.failed(error)
        reject(error)
      }
      const acquisition: Acquisition = { axes, end, giveUp: failed }
      this.#running = acquisition
      signal.addEventListener('abort', abort, { once: true })
      const limitMs = integrationTime * 1000 + MARGIN_MS
      const cancelTimer = clock.setTimer(limitMs, () => {
        end.abort()
        failed(devFailed('Controller_DriverFailed', `${name}: no values ${MARGIN_MS} ms after the end of the exposure`))
      })
      for (const channel of channels) channel.started()
      if (signal.aborted) end.abort()
      const acquired = (values: readonly number[]): void => {
        if (values.length !== axes.length) {
          failed(devFailed('Line_BadAnswer', `${name}: ${values.length} values came for ${axes.length} axes`))
          return
        }
        if (!free()) return
        channels.forEach((channel, at) => {
          channel.acquired(index, values[at] ?? Number.NaN)
        })
        resolve({ start, end: clock.now(), values })
      }
      try {
        driver.acquire(axes, integrationTime, index, end.signal).then(acquired, failed)
      } catch (error) {
        failed(error)
      }
    })
  }
}
