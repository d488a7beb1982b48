// Sends events of all servers of a process: counters and expiry per topic, sockets per server, and the local hub for
// subscribers of the same process. Nothing is encoded for a topic that nobody subscribed to.

import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { CdrWriter } from '../wire/cdr.ts'
import { encodeEvent } from '../wire/zmq-event.ts'
import { LocalEventHub } from './local-events.ts'
import { type EventEndpoints, ServerChannel } from './server-channel.ts'

/** A subscription counts as alive for this long after the last subscription or confirmation. */
export const SUBSCRIPTION_MS = 600_000
/** Clients give up after ten seconds without a heartbeat. */
export const HEARTBEAT_MS = 9_000
/** Messages that a slow receiver may have waiting unless the environment or the control system says otherwise. */
const HIGH_WATER_MARK = 1_000

/** How many messages may wait for one receiver: at this process, and at the receivers themselves. */
export interface HighWaterMarks {
  readonly publisher: number
  readonly subscriber: number
}

/** Options of {@link EventPublisher}. */
export interface PublisherOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Address to bind to. */
  readonly host: string
  /** Environment variables `TANGO_DS_EVENT_BUFFER_HWM` and `TANGO_EVENT_BUFFER_HWM`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

interface Topic {
  readonly name: string
  /** Time of the monotonic clock. */
  aliveUntil: number
  counter: number
  /** Sockets of its server; absent while only this process listens. */
  channel: ServerChannel | undefined
}

/** The event side of a process. */
export class EventPublisher {
  /** Events to subscribers of this process. */
  readonly local: LocalEventHub
  readonly #clock: Clock
  readonly #log: Logger
  readonly #host: string
  readonly #environment: Readonly<Record<string, string | undefined>>
  #marks: HighWaterMarks
  readonly #topics = new Map<string, Topic>()
  /** Sockets by server. */
  readonly #channels = new Map<string, ServerChannel>()
  /** Servers whose heart beats. */
  readonly #heartbeats = new Set<string>()
  #cancelHeartbeat: (() => void) | undefined
  #closed = false

  constructor(options: PublisherOptions) {
    this.#clock = options.clock
    this.#log = options.log
    this.#host = options.host
    this.#environment = options.environment ?? {}
    this.#marks = { publisher: HIGH_WATER_MARK, subscriber: HIGH_WATER_MARK }
    this.setHighWaterMarks({})
    this.local = new LocalEventHub((error, topic) => this.#log.error('event callback failed', { topic, error }))
  }

  get highWaterMarks(): HighWaterMarks {
    return this.#marks
  }

  /** Takes what the control system wants, unless the environment says something; before the sockets are bound. */
  setHighWaterMarks(wanted: {
    readonly publisher?: number | undefined
    readonly subscriber?: number | undefined
  }): void {
    this.#marks = {
      publisher: positive(this.#environment.TANGO_DS_EVENT_BUFFER_HWM) ?? wanted.publisher ?? this.#marks.publisher,
      subscriber: positive(this.#environment.TANGO_EVENT_BUFFER_HWM) ?? wanted.subscriber ?? this.#marks.subscriber,
    }
  }

  /**
   * Binds the sockets of a server, the first time, and tells where they are.
   * @param server topic of its heartbeats
   */
  async endpoints(server = ''): Promise<EventEndpoints> {
    return await this.#channel(server).endpoints()
  }

  /**
   * Notes a subscription, or its confirmation: the topic is sent for the next ten minutes.
   * @param server topic of the heartbeats of its server
   */
  subscribe(topic: string, server = ''): void {
    const aliveUntil = this.#clock.monotonic() + SUBSCRIPTION_MS
    const channel = this.#channel(server)
    const known = this.#topics.get(topic)
    if (known === undefined) this.#topics.set(topic, { name: topic, aliveUntil, counter: 0, channel })
    else {
      known.aliveUntil = aliveUntil
      known.channel = channel
    }
  }

  /**
   * A client is about to subscribe at the socket of a server: the first events of the topic wait for it a moment.
   * @param server topic of the heartbeats of its server
   */
  expect(topic: string, server = ''): void {
    this.#channel(server).expect(topic)
  }

  /** Nobody has subscribed to anything. */
  get idle(): boolean {
    return this.#topics.size === 0 && this.local.topics === 0
  }

  /** Whether anybody would get an event of this topic. */
  wanted(topic: string): boolean {
    if (this.local.wanted(topic)) return true
    const known = this.#topics.get(topic)
    return known !== undefined && known.aliveUntil >= this.#clock.monotonic()
  }

  /**
   * Sends an event to everybody who subscribed to the topic; in the order of the calls.
   * @param write adds the payload; not called when nobody listens
   */
  send(topic: string, isError: boolean, write: (w: CdrWriter) => void): void {
    if (!this.wanted(topic)) return
    let known = this.#topics.get(topic)
    if (known === undefined) {
      // only local listeners: the counter must go on if a remote one comes
      known = { name: topic, aliveUntil: -Infinity, counter: 0, channel: undefined }
      this.#topics.set(topic, known)
    }
    known.counter = (known.counter + 1) >>> 0
    const frames = encodeEvent({ topic, ctr: known.counter, isError }, write)
    if (this.local.wanted(topic)) this.local.publish(topic, frames)
    if (known.aliveUntil >= this.#clock.monotonic()) known.channel?.send(topic, frames)
  }

  /** Begins the heartbeats of a server; does nothing when they run. */
  startHeartbeat(server: string): void {
    if (this.#heartbeats.has(server) || this.#closed) return
    this.#heartbeats.add(server)
    // at once, so that the new subscriber need not wait for nine seconds to know that the channel works
    this.#beat()
  }

  /** Ends the heartbeats of a server that stops. */
  stopHeartbeat(server: string): void {
    this.#heartbeats.delete(server)
    if (this.#heartbeats.size > 0) return
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = undefined
  }

  /** Closes the sockets of a server that has stopped; its clients subscribe again when it is back. */
  async closeServer(server: string): Promise<void> {
    this.stopHeartbeat(server)
    const channel = this.#channels.get(server)
    if (channel === undefined) return
    this.#channels.delete(server)
    for (const topic of this.#topics.values()) {
      if (topic.channel !== channel) continue
      topic.aliveUntil = -Infinity
      topic.channel = undefined
    }
    await channel.close()
  }

  /** Closes the sockets; what is queued is given a moment. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelHeartbeat?.()
    this.#heartbeats.clear()
    await Promise.all([...this.#channels.values()].map((channel) => channel.close()))
  }

  #channel(server: string): ServerChannel {
    let channel = this.#channels.get(server)
    if (channel === undefined) {
      channel = new ServerChannel({
        clock: this.#clock,
        log: this.#log,
        host: this.#host,
        highWaterMark: () => this.#marks.publisher,
      })
      this.#channels.set(server, channel)
    }
    return channel
  }

  #beat(): void {
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = this.#clock.setTimer(HEARTBEAT_MS, () => this.#beat())
    for (const server of this.#heartbeats) void this.#channel(server).beat(server) // never rejects
  }
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text ?? Number.NaN)
  return Number.isInteger(number) && number > 0 ? number : undefined
}
