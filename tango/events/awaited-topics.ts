// Keeps the events of a topic for the moment between the answer to a subscriber and the arrival of its subscription at
// the socket: without this the first events after a subscription are lost (the "slow joiner" of ZeroMQ).

import type { Clock } from '../clock.ts'
import type { EventFrames } from './local-events.ts'

/** How long a first subscriber may take to connect; nobody else waits meanwhile. */
const FIRST_MS = 1000
/** The same when others have the topic already: they wait as well, and so does a client that has it twice. */
const FURTHER_MS = 50
/** More events than this are not kept. */
const MAX_HELD = 1000

interface Awaited {
  /** Subscriptions that have not arrived. */
  missing: number
  readonly held: EventFrames[]
  readonly cancel: () => void
}

/** The topics of one event socket that new subscribers have asked for. */
export class AwaitedTopics {
  readonly #clock: Pick<Clock, 'setTimer'>
  readonly #deliver: (frames: EventFrames) => void
  readonly #awaited = new Map<string, Awaited>()
  /** What subscribers of the socket want; beginnings of topics. */
  readonly #subscribed = new Set<string>()

  /** @param deliver takes the events in the order in which they came */
  constructor(clock: Pick<Clock, 'setTimer'>, deliver: (frames: EventFrames) => void) {
    this.#clock = clock
    this.#deliver = deliver
  }

  /** A client was told that it may subscribe to the topic. */
  expect(topic: string): void {
    const known = this.#awaited.get(topic)
    if (known !== undefined) {
      known.missing += 1
      return
    }
    const patience = this.#subscribed.has(topic) ? FURTHER_MS : FIRST_MS
    const cancel = this.#clock.setTimer(patience, () => this.#release(topic))
    this.#awaited.set(topic, { missing: 1, held: [], cancel })
  }

  /** Sends an event, now or when its subscriber is there. */
  send(topic: string, frames: EventFrames): void {
    const awaited = this.#awaited.get(topic)
    if (awaited === undefined) {
      this.#deliver(frames)
      return
    }
    awaited.held.push(frames)
    if (awaited.held.length >= MAX_HELD) this.#release(topic)
  }

  /**
   * A message of a subscriber to the socket: 1 or 0, then the beginning of topics. Anything else is nonsense.
   * @param topic as text
   */
  heard(kind: number | undefined, topic: string): void {
    if (kind === 0) this.#subscribed.delete(topic)
    if (kind !== 1) return
    this.#subscribed.add(topic)
    const awaited = this.#awaited.get(topic)
    if (awaited === undefined) return
    awaited.missing -= 1
    if (awaited.missing <= 0) this.#release(topic)
  }

  /** Sends what is kept. */
  close(): void {
    for (const topic of [...this.#awaited.keys()]) this.#release(topic)
  }

  #release(topic: string): void {
    const awaited = this.#awaited.get(topic)
    if (awaited === undefined) return
    this.#awaited.delete(topic)
    awaited.cancel()
    for (const frames of awaited.held) this.#deliver(frames)
  }
}
