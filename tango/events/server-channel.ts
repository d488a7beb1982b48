// Event sockets of one logical server: one for heartbeats, one for events. Servers of one process never share them: native
// clients connect once per endpoint and close that connection when they drop their last subscription of one server.

import { networkInterfaces } from 'node:os'
import type { Publisher, XPublisher } from 'zeromq'
import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'
import { latin1Decode } from '../wire/latin1.ts'
import { encodeHeartbeat } from '../wire/zmq-event.ts'
import { AwaitedTopics } from './awaited-topics.ts'
import type { EventFrames } from './local-events.ts'

/** Octets of a message to an event socket: subscribers send nothing but topics. */
const LONGEST_SUBSCRIPTION = 64 * 1024
/** Messages that may wait for a socket of this process; more is a burst that nobody could follow. */
const QUEUE_LIMIT = 50_000

/** The two endpoints of a server, as clients are told. */
export interface EventEndpoints {
  readonly heartbeat: string
  readonly event: string
  /** Further pairs when the process listens on all addresses. */
  readonly alternates: readonly string[]
}

/** Options of {@link ServerChannel}. */
export interface ChannelOptions {
  readonly clock: Pick<Clock, 'setTimer'>
  readonly log: Logger
  /** Address to bind to. */
  readonly host: string
  /** Messages that may wait for one receiver; asked when the sockets are bound. */
  highWaterMark(): number
}

interface Sockets {
  readonly heartbeat: Sender
  readonly event: Sender
  readonly topics: AwaitedTopics
  readonly endpoints: EventEndpoints
}

/** The sockets of one server; bound when the first client asks for them. */
export class ServerChannel {
  readonly #options: ChannelOptions
  #binding: Promise<Sockets> | undefined
  #sockets: Sockets | undefined
  #beats = 0
  #closed = false

  constructor(options: ChannelOptions) {
    this.#options = options
  }

  /** Binds the sockets, the first time, and tells where they are. */
  async endpoints(): Promise<EventEndpoints> {
    this.#binding ??= this.#bind()
    return (await this.#binding).endpoints
  }

  /** Sends an event; nothing happens before the sockets are bound, as nobody can have connected. */
  send(topic: string, frames: EventFrames): void {
    if (!this.#closed) this.#sockets?.topics.send(topic, frames)
  }

  /** A client is about to subscribe: events of the topic wait for it a moment. */
  expect(topic: string): void {
    this.#sockets?.topics.expect(topic)
  }

  /** Sends a heartbeat as soon as the sockets are bound. Never rejects: a failure to bind was reported to the subscriber. */
  async beat(topic: string): Promise<void> {
    try {
      const sockets = await this.#binding
      if (this.#closed || sockets === undefined) return
      this.#beats = (this.#beats + 1) >>> 0
      sockets.heartbeat.send(encodeHeartbeat(topic, this.#beats))
    } catch (error) {
      this.#options.log.error('no heartbeat can be sent', { topic, error })
    }
  }

  /** Closes the sockets; what is queued is given a moment. Never rejects. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const sockets = await this.#binding?.catch(() => undefined) // could not be bound: nothing to close
    sockets?.topics.close()
    await sockets?.event.close()
    await sockets?.heartbeat.close()
  }

  async #bind(): Promise<Sockets> {
    const { host, log } = this.#options
    // only servers with subscribers pay for loading the library
    const { Publisher, XPublisher } = await import('zeromq')
    const options = {
      linger: 200,
      sendHighWaterMark: this.#options.highWaterMark(),
      maxMessageSize: LONGEST_SUBSCRIPTION,
    }
    const open = async <S extends Publisher | XPublisher>(socket: S): Promise<{ socket: S; port: string }> => {
      await socket.bind(`tcp://${host === '' ? '0.0.0.0' : host}:*`)
      return { socket, port: /:(\d+)$/.exec(socket.lastEndpoint ?? '')?.[1] ?? '0' }
    }
    const heartbeat = await open(new Publisher(options))
    // the kind of publisher that hears of its subscribers
    const event = await open(new XPublisher({ ...options, verbosity: 'allSubs' }))
    const eventSender = new Sender(event.socket, log)
    const topics = new AwaitedTopics(this.#options.clock, (frames) => eventSender.send(frames))
    void hear(event.socket, topics, log) // never rejects
    const [first = '127.0.0.1', ...others] = publishedHosts(host)
    this.#sockets = {
      heartbeat: new Sender(heartbeat.socket, log),
      event: eventSender,
      topics,
      endpoints: {
        heartbeat: `tcp://${first}:${heartbeat.port}`,
        event: `tcp://${first}:${event.port}`,
        alternates: others.flatMap((other) => [`tcp://${other}:${heartbeat.port}`, `tcp://${other}:${event.port}`]),
      },
    }
    return this.#sockets
  }
}

/** Tells of subscriptions as they arrive, until the socket is closed. Never rejects. */
async function hear(socket: XPublisher, topics: AwaitedTopics, log: Logger): Promise<void> {
  try {
    for await (const [message] of socket) {
      if (message !== undefined) topics.heard(message[0], latin1Decode(message, 1, message.length))
    }
  } catch (error) {
    if (!socket.closed) log.error('subscriptions to events are not heard any more', { error })
  }
}

/** Feeds a socket: it takes one message at a time. */
class Sender {
  readonly #socket: Publisher | XPublisher
  readonly #log: Logger
  #queue: EventFrames[] = []
  #dropped = 0
  #running: Promise<void> | undefined

  constructor(socket: Publisher | XPublisher, log: Logger) {
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
