// The machine's clock, faster: heartbeats, confirmations and retries of ten minutes happen in one.

import { type Clock, systemClock } from '#tango'

/** Time that runs `factor` times as fast; `now` stays right, because time stamps go to other programs. */
export class FastClock implements Clock {
  readonly #factor: number

  constructor(factor: number) {
    this.#factor = factor
  }

  now(): number {
    return systemClock.now()
  }

  monotonic(): number {
    return systemClock.monotonic() * this.#factor
  }

  setTimer(ms: number, fn: () => void): () => void {
    return systemClock.setTimer(ms / this.#factor, fn)
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms / this.#factor, signal)
  }

  sleepExactly(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleepExactly(ms / this.#factor, signal)
  }
}
