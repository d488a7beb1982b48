// One request at a time per device, in order of arrival, like Tango's serialisation by device. Synchronous work of an
// idle device is done at once, without a promise.

import type { Clock } from '../clock.ts'
import { devFailed } from '../errors/dev-failed.ts'

/** Told of work that takes long: its name, and for how long it has been running. */
export type SlowReport = (what: string, ms: number) => void

/** Handlers that take longer than this are reported. */
export const SLOW_MS = 1000

/** Requests that could not begin for this time are refused, as by native servers; their callers have given up. */
export const QUEUE_MS = 3200
/** The same for callers of this process, before their time-out: they may be the very handler that they wait for. */
export const LOCAL_QUEUE_MS = 2800

/** Name of some work; a function when making the name costs more than it is mostly worth. */
export type WorkName = string | (() => string)

interface Waiting {
  readonly begin: () => void
  readonly reject: (error: unknown) => void
  readonly untilMs: number
}

/** The queue of one device. */
export class SerialQueue {
  readonly #clock: Pick<Clock, 'monotonic' | 'setTimer'>
  readonly #onSlow: SlowReport
  /** In order of arrival. */
  #waiting: Waiting[] = []
  #busy = false
  #occupied = false
  /** What runs now, if it did not end at once. */
  #current: WorkName = ''
  #cancelWatch: (() => void) | undefined

  constructor(clock: Pick<Clock, 'monotonic' | 'setTimer'>, onSlow: SlowReport) {
    this.#clock = clock
    this.#onSlow = onSlow
  }

  /** Whether some work is running. */
  get busy(): boolean {
    return this.#busy
  }

  /** Whether some work has begun and waits for something outside. */
  get occupied(): boolean {
    return this.#occupied
  }

  /** Number of requests that wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /**
   * Runs `work` when everything before it is done; at once if nothing is.
   * @param what name for the report of slow work
   * @param limitMs how long it may wait for its turn
   * @returns the result, as a promise only when `work` returned one or had to wait
   * @throws DevFailed `API_CommandTimedOut` when its turn does not come in time
   */
  run<T>(what: WorkName, work: () => T | Promise<T>, limitMs = QUEUE_MS): T | Promise<T> {
    if (!this.#busy) return this.#start(what, work)
    return new Promise<T>((resolve, reject) => {
      const begin = (): void => {
        try {
          resolve(this.#start(what, work))
        } catch (error) {
          reject(error)
        }
      }
      this.#waiting.push({ begin, reject, untilMs: this.#clock.monotonic() + limitMs })
      this.#watch()
    })
  }

  #start<T>(what: WorkName, work: () => T | Promise<T>): T | Promise<T> {
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
    this.#occupied = true
    this.#current = what
    return this.#finish(what, start, result)
  }

  async #finish<T>(what: WorkName, start: number, result: Promise<T>): Promise<T> {
    const cancel = this.#clock.setTimer(SLOW_MS, () => this.#report(what, this.#clock.monotonic() - start))
    try {
      return await result
    } finally {
      cancel()
      this.#release(undefined, start)
    }
  }

  /** Starts what waits. A run of synchronous requests goes on here, so a long queue does not grow the stack. */
  #release(what: WorkName | undefined, start: number): void {
    this.#busy = false
    this.#occupied = false
    if (what !== undefined) {
      const ms = this.#clock.monotonic() - start
      if (ms >= SLOW_MS) this.#report(what, ms)
    }
    const next = this.#waiting.shift()
    if (next === undefined) return
    if (this.#waiting.length === 0) this.#stopWatching()
    this.#busy = true
    // not from here: the answer of the request that has just ended goes out first
    queueMicrotask(next.begin)
  }

  /** One timer for all: it refuses those whose time is over. */
  #watch(): void {
    if (this.#cancelWatch !== undefined || this.#waiting.length === 0) return
    // local callers may have come last and still be the first to give up
    this.#cancelWatch = this.#clock.setTimer(QUEUE_MS - LOCAL_QUEUE_MS, () => {
      this.#cancelWatch = undefined
      const now = this.#clock.monotonic()
      const late = this.#waiting.filter(({ untilMs }) => untilMs <= now)
      if (late.length > 0) this.#waiting = this.#waiting.filter(({ untilMs }) => untilMs > now)
      for (const { reject } of late) reject(this.#timedOut())
      this.#watch()
    })
  }

  #stopWatching(): void {
    this.#cancelWatch?.()
    this.#cancelWatch = undefined
  }

  /** In the words of native servers, and what to look at. */
  #timedOut(): Error {
    const desc =
      'Not able to acquire serialization (dev, class or process) monitor: ' +
      `the device is still busy with '${nameOf(this.#current)}'; a handler that calls its own device waits for itself`
    return devFailed('API_CommandTimedOut', desc, { origin: 'TangoMonitor::get_monitor' })
  }

  #report(what: WorkName, ms: number): void {
    this.#onSlow(nameOf(what), ms)
  }
}

function nameOf(what: WorkName): string {
  return typeof what === 'string' ? what : what()
}
