// Signals that end long-running calls early: when their caller is gone, or the device.

import { setMaxListeners } from 'node:events'

/**
 * The signals of one life of a device, one for each connection and not for each call: making a signal costs more than
 * a short call does. Whoever listens to one must stop listening when the call has ended.
 */
export class CallSignals {
  readonly #device: AbortSignal
  readonly #byCaller = new WeakMap<AbortSignal, AbortSignal>()

  /** @param device aborts when the device is deleted or initialised again */
  constructor(device: AbortSignal) {
    this.#device = device
  }

  /** Aborts with the device or with `caller`, the signal of a connection. */
  of(caller: AbortSignal): AbortSignal {
    const known = this.#byCaller.get(caller)
    if (known !== undefined) return known
    const signal = firstOf([this.#device, caller])
    this.#byCaller.set(caller, signal)
    return signal
  }
}

/** Unlike `AbortSignal.any` no matter for the garbage collector: it lives as long as its sources. */
function firstOf(sources: readonly AbortSignal[]): AbortSignal {
  const controller = new AbortController()
  // many calls may wait at the same time
  setMaxListeners(0, ...sources, controller.signal)
  const abort = (): void => {
    for (const source of sources) source.removeEventListener('abort', abort)
    controller.abort(sources.find(({ aborted }) => aborted)?.reason)
  }
  for (const source of sources) source.addEventListener('abort', abort)
  if (sources.some(({ aborted }) => aborted)) abort()
  return controller.signal
}
