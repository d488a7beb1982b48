// Events as a queue of limited length, read with `for await` or taken in bulk.

import { type DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { EventOf, Subscription } from './event-types.ts'

/** Options of an {@link EventStream}. */
export interface EventQueueOptions<Value = unknown> {
  /** Events that may wait, 1000 when absent. */
  readonly capacity?: number
  /**
   * What happens when one more comes. `oldest`, the default: the oldest goes, and an event with the error
   * `API_MissedEvents` stands in its place. `end`: the stream ends with that error.
   */
  readonly overflow?: 'oldest' | 'end'
  /** Keeps an event, or lets it go before it takes a place. */
  readonly filter?: (event: EventOf<Value>) => boolean
}

const DEFAULT_CAPACITY = 1000

/** A subscription whose events wait in a queue. Whoever opened it closes it; leaving a `for await` loop does. */
export class EventStream<Value = unknown> implements AsyncIterableIterator<EventOf<Value>>, AsyncDisposable {
  readonly #capacity: number
  readonly #overflow: 'oldest' | 'end'
  readonly #filter: ((event: EventOf<Value>) => boolean) | undefined
  #queue: EventOf<Value>[] = []
  /** The first item of the queue that has not been taken. */
  #head = 0
  #waiting: ((result: IteratorResult<EventOf<Value>>) => void)[] = []
  #subscription: Subscription | undefined
  #lost = 0
  #lostBefore = 0
  #last: EventOf<Value> | undefined
  #failure: DevFailed | undefined
  #closed = false

  /** @throws DevFailed `API_InvalidArgs` for a capacity that is no positive whole number */
  constructor(options: EventQueueOptions<Value> = {}) {
    const capacity = options.capacity ?? DEFAULT_CAPACITY
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw devFailed('API_InvalidArgs', `a queue of ${capacity} events is none; the capacity is 1 or more`)
    }
    this.#capacity = capacity
    this.#overflow = options.overflow ?? 'oldest'
    this.#filter = options.filter
  }

  /** Subscribes; for `DeviceProxy.events`. */
  async open(subscribe: (push: (event: EventOf<Value>) => void) => Promise<Subscription>): Promise<this> {
    this.#subscription = await subscribe((event) => this.#push(event))
    if (this.#closed) await this.#subscription.close()
    return this
  }

  /** Number of events that wait. */
  get size(): number {
    return this.#queue.length - this.#head
  }

  /** Number of events that were lost to overflow. */
  get lost(): number {
    return this.#lost
  }

  /** The newest event that came, taken or not. */
  get last(): EventOf<Value> | undefined {
    return this.#last
  }

  /** Takes the events that wait, without waiting for more. */
  take(count = Number.POSITIVE_INFINITY): EventOf<Value>[] {
    const taken: EventOf<Value>[] = []
    while (taken.length < count) {
      const event = this.#shift()
      if (event === undefined) break
      taken.push(event)
    }
    return taken
  }

  /** The next event, as soon as there is one. */
  async next(): Promise<IteratorResult<EventOf<Value>>> {
    const event = this.#shift()
    if (event !== undefined) return { done: false, value: event }
    if (this.#failure !== undefined) {
      const failure = this.#failure
      this.#failure = undefined
      throw failure
    }
    if (this.#closed) return { done: true, value: undefined }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Ends the subscription, at the end of a `for await` loop. */
  async return(): Promise<IteratorResult<EventOf<Value>>> {
    await this.close()
    return { done: true, value: undefined }
  }

  /** Ends the subscription and the iteration; what waits is dropped. Safe to call twice. */
  async close(): Promise<void> {
    this.#end()
    this.#queue = []
    this.#head = 0
    this.#lostBefore = 0
    await this.#subscription?.close()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #push(event: EventOf<Value>): void {
    if (this.#closed || this.#filter?.(event) === false) return
    this.#last = event
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      waiting({ done: false, value: event })
      return
    }
    if (this.size >= this.#capacity) {
      this.#lost += 1
      if (this.#overflow === 'end') {
        this.#failure = missed(event, this.#lost)
        this.#end()
        // closing cannot fail: it only forgets
        void this.#subscription?.close()
        return
      }
      this.#head += 1
      this.#lostBefore += 1
      this.#compact()
    }
    this.#queue.push(event)
  }

  #shift(): EventOf<Value> | undefined {
    const first = this.#queue[this.#head]
    if (first === undefined) return undefined
    if (this.#lostBefore > 0) {
      const error = missed(first, this.#lostBefore)
      this.#lostBefore = 0
      const { device, attribute, event } = first
      return { device, attribute, event, counter: undefined, error }
    }
    this.#head += 1
    this.#compact()
    return first
  }

  /** Gives the room of taken events back, seldom enough to cost nothing per event. */
  #compact(): void {
    if (this.#head < 64 || this.#head * 2 < this.#queue.length) return
    this.#queue = this.#queue.slice(this.#head)
    this.#head = 0
  }

  #end(): void {
    this.#closed = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve({ done: true, value: undefined })
  }
}

function missed(event: { readonly device: string; readonly attribute: string }, count: number): DevFailed {
  return devFailed(
    'API_MissedEvents',
    `${count} events of ${event.device}/${event.attribute} were lost because nobody took them from the full queue`,
    { origin: 'EventStream' },
  )
}
