// How a running request is told to stop, abort, pause and go on.

import { throwIfEnded } from './scan/outcomes.ts'
import type { ScanControl } from './scan/scan-system.ts'

/** Stop, abort and pause of one request. */
export class MacroControl implements ScanControl {
  /** Aborts on stop and on abort. */
  readonly signal: AbortSignal
  readonly #stop = new AbortController()
  readonly #abort = new AbortController()
  readonly #paused: (paused: boolean, reason: string | undefined) => void
  #reason: string | undefined
  #wanted = false
  #resume: (() => void) | undefined
  #mayResume: (() => boolean) | undefined

  /** @param paused told when the request has come to rest, and when it goes on */
  constructor(paused: (paused: boolean, reason: string | undefined) => void) {
    this.#paused = paused
    this.signal = AbortSignal.any([this.#stop.signal, this.#abort.signal])
  }

  get stop(): AbortSignal {
    return this.#stop.signal
  }

  get abort(): AbortSignal {
    return this.#abort.signal
  }

  requestStop(): void {
    this.#stop.abort()
  }

  requestAbort(): void {
    this.#abort.abort()
  }

  /** Asks for a pause at the next point where the macro allows it. */
  requestPause(): void {
    this.#wanted = true
  }

  /**
   * Pauses because something is wrong.
   * @param mayResume asked before going on; false keeps the pause
   */
  pause(reason: string, mayResume?: () => boolean): void {
    this.#wanted = true
    this.#reason = reason
    this.#mayResume = mayResume
  }

  /** Goes on; false when what caused the pause is still there. */
  resume(): boolean {
    if (this.#mayResume?.() === false) return false
    this.#mayResume = undefined
    this.#wanted = false
    this.#resume?.()
    return true
  }

  pausePoint(): Promise<void> | undefined {
    return this.#wanted && !this.signal.aborted ? this.#rest() : undefined
  }

  /** @throws DevFailed `Scan_Stopped`, `Scan_Aborted` */
  throwIfEnded(): void {
    throwIfEnded(this)
  }

  async #rest(): Promise<void> {
    this.#paused(true, this.#reason)
    this.#reason = undefined
    const { promise, resolve } = withResolvers()
    this.#resume = resolve
    this.signal.addEventListener('abort', resolve, { once: true })
    await promise
    this.signal.removeEventListener('abort', resolve)
    this.#resume = undefined
    if (!this.signal.aborted) this.#paused(false, undefined)
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
