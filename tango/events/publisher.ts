// Sends events: one heartbeat and one event socket per process, counters and expiry per topic, and the local hub for
// subscribers of the same process. Nothing is encoded for a topic that nobody subscribed to.

import { networkInterfaces } from 'node:os'
import type { Publisher } from 'zeromq'
import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { CdrWriter } from '../wire/cdr.ts'
import { encodeEvent, encodeHeartbeat } from '../wire/zmq-event.ts'
import { type EventFrames, LocalEventHub } from './local-events.ts'

/** A subscription counts as alive for this long after the last subscription or confirmation. */
export const SUBSCRIPTION_MS = 600_000
/** Clients give up after ten seconds without a heartbeat. */
export const HEARTBEAT_MS = 9_000
/** Messages that a slow receiver may have waiting, natively and here. */
export const HIGH_WATER_MARK = 1_000
/** Messages that may wait for the socket of this process; more is a burst that nobody could follow. */
const QUEUE_LIMIT = 50_000

/** The two endpoints of a process, as clients are told. */
export interface EventEndpoints {
  readonly heartbeat: string
  readonly event: string
  /** Further pairs when the process listens on all addresses. */
  readonly alternates: readonly string[]
}

/** Options of {@link EventPublisher}. */
export interface PublisherOptions {
  readonly clock: Clock
  readonly log: Logger
  /** Address to bind to. */
  readonly host: string
}

interface Topic {
  readonly name: string
  /** Time of the monotonic clock. */
  aliveUntil: number
  counter: number
}

/** The event side of a process. */
export class EventPublisher {
  /** Events to subscribers of this process. */
  readonly local: LocalEventHub
  readonly #clock: Clock
  readonly #log: Logger
  readonly #host: string
  readonly #topics = new Map<string, Topic>()
  readonly #heartbeats = new Map<string, { counter: number }>()
  #sockets: Promise<{ heartbeat: Sender; event: Sender; endpoints: EventEndpoints }> | undefined
  #eventSender: Sender | undefined
  #cancelHeartbeat: (() => void) | undefined
  #closed = false

  constructor(options: PublisherOptions) {
    this.#clock = options.clock
    this.#log = options.log
    this.#host = options.host
    this.local = new LocalEventHub((error, topic) => this.#log.error('event callback failed', { topic, error }))
  }

  /** Binds the sockets, the first time, and tells where they are. */
  async endpoints(): Promise<EventEndpoints> {
    this.#sockets ??= this.#bind()
    return (await this.#sockets).endpoints
  }

  /** Notes a subscription, or its confirmation: the topic is sent for the next ten minutes. */
  subscribe(topic: string): void {
    const aliveUntil = this.#clock.monotonic() + SUBSCRIPTION_MS
    const known = this.#topics.get(topic)
    if (known === undefined) this.#topics.set(topic, { name: topic, aliveUntil, counter: 0 })
    else known.aliveUntil = aliveUntil
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
      known = { name: topic, aliveUntil: -Infinity, counter: 0 }
      this.#topics.set(topic, known)
    }
    known.counter = (known.counter + 1) >>> 0
    const frames = encodeEvent({ topic, ctr: known.counter, isError }, write)
    if (this.local.wanted(topic)) this.local.publish(topic, frames)
    if (known.aliveUntil >= this.#clock.monotonic()) this.#eventSender?.send(frames)
  }

  /** Begins the heartbeats of a server; does nothing when they run. */
  startHeartbeat(topic: string): void {
    if (this.#heartbeats.has(topic) || this.#closed) return
    this.#heartbeats.set(topic, { counter: 0 })
    // at once, so that the new subscriber need not wait for nine seconds to know that the channel works
    this.#beat()
  }

  /** Ends the heartbeats of a server that stops. */
  stopHeartbeat(topic: string): void {
    this.#heartbeats.delete(topic)
    if (this.#heartbeats.size > 0) return
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = undefined
  }

  /** Closes the sockets; what is queued is given a moment. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelHeartbeat?.()
    this.#heartbeats.clear()
    if (this.#sockets === undefined) return
    const { heartbeat, event } = await this.#sockets
    await event.close()
    await heartbeat.close()
  }

  #beat(): void {
    this.#cancelHeartbeat?.()
    this.#cancelHeartbeat = this.#clock.setTimer(HEARTBEAT_MS, () => this.#beat())
    void this.#sendHeartbeats()
  }

  /** Never rejects: sockets that cannot be bound were reported to the subscriber. */
  async #sendHeartbeats(): Promise<void> {
    try {
      const sockets = await this.#sockets
      for (const [topic, state] of this.#heartbeats) {
        state.counter = (state.counter + 1) >>> 0
        sockets?.heartbeat.send(encodeHeartbeat(topic, state.counter))
      }
    } catch (error) {
      this.#log.error('no heartbeat can be sent', { error })
    }
  }

  async #bind(): Promise<{ heartbeat: Sender; event: Sender; endpoints: EventEndpoints }> {
    // only servers with subscribers pay for loading the library
    const { Publisher } = await import('zeromq')
    const open = async (): Promise<{ socket: Publisher; port: string }> => {
      const socket = new Publisher({ linger: 200, sendHighWaterMark: HIGH_WATER_MARK })
      await socket.bind(`tcp://${this.#host === '' ? '0.0.0.0' : this.#host}:*`)
      return { socket, port: /:(\d+)$/.exec(socket.lastEndpoint ?? '')?.[1] ?? '0' }
    }
    const heartbeat = await open()
    const event = await open()
    const [first = '127.0.0.1', ...others] = publishedHosts(this.#host)
    this.#eventSender = new Sender(event.socket, this.#log)
    return {
      heartbeat: new Sender(heartbeat.socket, this.#log),
      event: this.#eventSender,
      endpoints: {
        heartbeat: `tcp://${first}:${heartbeat.port}`,
        event: `tcp://${first}:${event.port}`,
        alternates: others.flatMap((host) => [`tcp://${host}:${heartbeat.port}`, `tcp://${host}:${event.port}`]),
      },
    }
  }
}

/** Feeds a socket: it takes one message at a time. */
class Sender {
  readonly #socket: Publisher
  readonly #log: Logger
  #queue: EventFrames[] = []
  #dropped = 0
  #running: Promise<void> | undefined

  constructor(socket: Publisher, log: Logger) {
    this.#socket = socket
    this.#log = log
  }

  send(frames: EventFrames): void {
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#dropped += 1
      return
    }
    this.#queue.push(frames)
    this.#running ??= this.#run()
  }

  async close(): Promise<void> {
    await this.#running
    this.#socket.close()
  }

  async #run(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue
        this.#queue = []
        for (const frames of batch) await this.#socket.send([...frames])
      }
      if (this.#dropped > 0) this.#log.warn('events were dropped', { count: this.#dropped })
      this.#dropped = 0
    } catch (error) {
      this.#log.error('events cannot be sent', { error })
    } finally {
      this.#running = undefined
    }
  }
}

function publishedHosts(host: string): string[] {
  if (host !== '' && host !== '0.0.0.0') return [host]
  const addresses = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address !== undefined && address.family === 'IPv4')
  const outside = addresses.filter((address) => address?.internal === false)
  return (outside.length > 0 ? outside : addresses).flatMap((address) =>
    address === undefined ? [] : [address.address],
  )
}
