// One ZeroMQ SUB socket with counted endpoints and topics. Opened when first needed, closed when nothing is left, so that
// a client that never subscribes does not load the library.

import type { Subscriber } from 'zeromq'
import { MAX_MESSAGE_SIZE } from '../orb/giop-connection.ts'

/** Options of {@link ZmqReceiver}. */
export interface ReceiverOptions {
  /** Gets every message; must not throw. */
  readonly onMessage: (frames: readonly Uint8Array[]) => void
  /** Told when the socket fails. */
  readonly onError: (error: unknown) => void
}

/** Messages that wait inside ZeroMQ; then new ones are dropped, which their counters show. */
const HIGH_WATER_MARK = 1000
/** Wait for a publisher's handshake, so that the events right after a subscription are not lost. */
const HANDSHAKE_MS = 500
/**
 * ZeroMQ never says that a publisher knows of a topic; this long it is given at least, as native clients do, and as long
 * as the handshake took where the way is longer.
 */
const SETTLE_MS = 10
/** A host that is gone is noticed after two of these. */
const KEEP_ALIVE_S = 60
/** Longest pause between attempts to reach an endpoint that went away. */
const RECONNECT_MAX_MS = 30_000

/** A SUB socket. */
export class ZmqReceiver {
  readonly #options: ReceiverOptions
  readonly #endpoints = new Map<string, number>()
  readonly #topics = new Map<string, number>()
  readonly #greeted = new Set<string>()
  readonly #waiting = new Map<string, Set<() => void>>()
  /** When a connection was asked for, and how long the last handshake took; real time. */
  readonly #askedAt = new Map<string, number>()
  readonly #handshakeMs = new Map<string, number>()
  #socket: Subscriber | undefined
  #opening: Promise<void> | undefined
  #reading: Promise<void> | undefined

  constructor(options: ReceiverOptions) {
    this.#options = options
  }

  /** Whether a socket is open. */
  get open(): boolean {
    return this.#socket !== undefined
  }

  /**
   * Listens to a topic of an endpoint.
   * @returns resolves when the publisher has had the time to notice
   */
  async add(endpoint: string, topic: string): Promise<void> {
    const firstOfEndpoint = count(this.#endpoints, endpoint, 1) === 1
    const firstOfTopic = count(this.#topics, topic, 1) === 1
    if (this.#socket === undefined) {
      this.#opening ??= this.#open()
      await this.#opening
    } else {
      // the subscription goes first: it is then part of the handshake of a new connection
      if (firstOfTopic) this.#socket.subscribe(topic)
      if (firstOfEndpoint) this.#connect(this.#socket, endpoint)
    }
    await this.#greeting(endpoint)
    if (!firstOfTopic || this.#socket === undefined) return
    const settleMs = Math.min(HANDSHAKE_MS, Math.max(SETTLE_MS, this.#handshakeMs.get(endpoint) ?? 0))
    await new Promise((resolve) => setTimeout(resolve, settleMs))
  }

  /** Ends what {@link add} began. */
  remove(endpoint: string, topic: string): void {
    if (count(this.#topics, topic, -1) === 0) this.#socket?.unsubscribe(topic)
    if (count(this.#endpoints, endpoint, -1) === 0) {
      this.#greeted.delete(endpoint)
      this.#handshakeMs.delete(endpoint)
      this.#askedAt.delete(endpoint)
      this.#socket?.disconnect(endpoint)
    }
    if (this.#endpoints.size === 0) this.#close()
  }

  /**
   * Connects to an endpoint once more: a connection whose other end has gone without a word looks alive for ever to
   * somebody who only listens.
   */
  renew(endpoint: string): void {
    if (this.#socket === undefined || !this.#endpoints.has(endpoint)) return
    this.#greeted.delete(endpoint)
    this.#socket.disconnect(endpoint)
    this.#connect(this.#socket, endpoint)
  }

  /** Closes the socket, whatever is still listened to. */
  async close(): Promise<void> {
    this.#endpoints.clear()
    this.#topics.clear()
    await this.#opening
    const reading = this.#reading
    this.#close()
    await reading
  }

  async #open(): Promise<void> {
    try {
      const { Subscriber } = await import('zeromq')
      // everything may have been removed meanwhile
      if (this.#endpoints.size === 0) return
      const socket = new Subscriber({
        linger: 0,
        receiveHighWaterMark: HIGH_WATER_MARK,
        maxMessageSize: MAX_MESSAGE_SIZE,
        tcpKeepalive: 1,
        tcpKeepaliveIdle: KEEP_ALIVE_S,
        tcpKeepaliveInterval: KEEP_ALIVE_S / 4,
        tcpKeepaliveCount: 4,
        reconnectMaxInterval: RECONNECT_MAX_MS,
      })
      this.#socket = socket
      socket.events.on('handshake', ({ address }) => this.#greet(address))
      for (const topic of this.#topics.keys()) socket.subscribe(topic)
      for (const endpoint of this.#endpoints.keys()) this.#connect(socket, endpoint)
      this.#reading = this.#read(socket)
    } finally {
      this.#opening = undefined
    }
  }

  #close(): void {
    const socket = this.#socket
    this.#socket = undefined
    this.#greeted.clear()
    this.#handshakeMs.clear()
    this.#askedAt.clear()
    for (const endpoint of [...this.#waiting.keys()]) this.#greet(endpoint)
    socket?.close()
  }

  /** Never rejects. */
  async #read(socket: Subscriber): Promise<void> {
    try {
      for await (const frames of socket) {
        if (this.#socket !== socket) return
        this.#options.onMessage(frames)
      }
    } catch (error) {
      if (this.#socket === socket) this.#options.onError(error)
    }
  }

  #connect(socket: Subscriber, endpoint: string): void {
    this.#askedAt.set(endpoint, performance.now())
    socket.connect(endpoint)
  }

  #greet(endpoint: string): void {
    const askedAt = this.#askedAt.get(endpoint)
    this.#askedAt.delete(endpoint)
    if (this.#endpoints.has(endpoint)) {
      this.#greeted.add(endpoint)
      if (askedAt !== undefined) this.#handshakeMs.set(endpoint, performance.now() - askedAt)
    }
    const waiting = this.#waiting.get(endpoint)
    this.#waiting.delete(endpoint)
    for (const resolve of waiting ?? []) resolve()
  }

  #greeting(endpoint: string): Promise<void> {
    if (this.#socket === undefined || this.#greeted.has(endpoint)) return Promise.resolve()
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(endpoint) ?? new Set()
      this.#waiting.set(endpoint, waiting)
      const done = (): void => {
        clearTimeout(timer)
        waiting.delete(done)
        resolve()
      }
      // real time, whatever clock the process has: this is about sockets
      const timer = setTimeout(done, HANDSHAKE_MS)
      waiting.add(done)
    })
  }
}

/** Adds to the count of a key; the key goes at zero. */
function count(counts: Map<string, number>, key: string, step: 1 | -1): number {
  const now = (counts.get(key) ?? 0) + step
  if (now > 0) counts.set(key, now)
  else counts.delete(key)
  return now
}
