// One request at a time per device, in order of arrival, like Tango's serialisation by device. Synchronous work of an
// idle device is done at once, without a promise.

import type { Clock } from '../clock.ts'

/** Told of work that takes long: its name, and for how long it has been running. */
export type SlowReport = (what: string, ms: number) => void

/** Handlers that take longer than this are reported. */
export const SLOW_MS = 1000

/** The queue of one device. */
export class SerialQueue {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #onSlow: SlowReport
  readonly #waiting: (() => void)[] = []
  #busy = false

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, onSlow: SlowReport) {
    this.#clock = clock
    this.#onSlow = onSlow
  }

  /** Whether some work is running. */
  get busy(): boolean {
    return this.#busy
  }

  /** Number of requests that wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Runs `work` when everything before it is done; at once if nothing is.
   * @param what name for the report of slow work
   * @returns the result, as a promise only when `work` returned one or had to wait
   */
  run<T>(what: string, work: () => T | Promise<T>): T | Promise<T> {
    if (!this.#busy) return this.#start(what, work)
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.#start(what, work))
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #start<T>(what: string, work: () => T | Promise<T>): T | Promise<T> {
    this.#busy = true
    const start = this.#clock.monotonic()
    let result: T | Promise<T>
    try {
      result = work()
    } catch (error) {
      this.#release(what, start)
      throw error
    }
    if (!(result instanceof Promise)) {
      this.#release(what, start)
      return result
    }
    return this.#finish(what, start, result)
  }

  async #finish<T>(what: string, start: number, result: Promise<T>): Promise<T> {
    const cancel = this.#clock.setTimer(SLOW_MS, () => this.#onSlow(what, this.#clock.monotonic() - start))
    try {
      return await result
    } finally {
      cancel()
      this.#release(undefined, start)
    }
  }

  /** Starts what waits. A run of synchronous requests goes on here, so a long queue does not grow the stack. */
  #release(what: string | undefined, start: number): void {
    this.#busy = false
    if (what !== undefined) {
      const ms = this.#clock.monotonic() - start
      if (ms >= SLOW_MS) this.#onSlow(what, ms)
    }
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#busy = true
    // not from here: the answer of the request that has just ended goes out first
    queueMicrotask(() => {
      next()
    })
  }
}
