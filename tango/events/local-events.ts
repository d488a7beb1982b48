// Events between devices and subscribers of one process: the same frames as on ZMQ, handed over without sockets.

/** The four frames of one event, as `decodeEvent` of zmq-event.ts reads them; shared, so read-only. */
export type EventFrames = readonly Uint8Array[]

/**
 * Where subscribers of the same process listen. `ZmqEventSubscriptionChange` called over the in-memory transport does
 * all checks and answers {@link LOCAL_ENDPOINT} for both endpoints; the subscriber then listens here to the topic of
 * the reply. There are no heartbeats and nothing expires; the subscription ends when it is cancelled.
 */
export interface LocalEvents {
  /**
   * Delivers the events of a topic in order, in a microtask after the push.
   * @returns cancels; nothing is delivered afterwards
   */
  subscribe(topic: string, deliver: (frames: EventFrames) => void): () => void
}

/** Endpoint in the subscription reply that means "same process". */
export const LOCAL_ENDPOINT = 'inproc://tango'

type Listener = (frames: EventFrames) => void

/** The local side of the publisher. */
export class LocalEventHub implements LocalEvents {
  readonly #listeners = new Map<string, Set<Listener>>()
  readonly #onError: (error: unknown, topic: string) => void
  #pending: { readonly topic: string; readonly frames: EventFrames }[] = []

  /** @param onError told what a listener threw; the other listeners still get the event */
  constructor(onError: (error: unknown, topic: string) => void) {
    this.#onError = onError
  }

  subscribe(topic: string, deliver: Listener): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set()
    this.#listeners.set(topic, listeners)
    // a function of its own, so that the same one may be given twice
    const listener: Listener = (frames) => deliver(frames)
    listeners.add(listener)
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic)
    }
  }

  /** Whether anybody listens to the topic. */
  wanted(topic: string): boolean {
    return this.#listeners.has(topic)
  }

  /** Number of topics with listeners. */
  get topics(): number {
    return this.#listeners.size
  }

  /** Hands an event to the listeners, after the present work of the caller. */
  publish(topic: string, frames: EventFrames): void {
    this.#pending.push({ topic, frames })
    if (this.#pending.length === 1) queueMicrotask(() => this.#deliver())
  }

  #deliver(): void {
    const events = this.#pending
    this.#pending = []
    for (const { topic, frames } of events) {
      for (const listener of this.#listeners.get(topic) ?? []) {
        try {
          listener(frames)
        } catch (error) {
          this.#onError(error, topic)
        }
      }
    }
  }
}
