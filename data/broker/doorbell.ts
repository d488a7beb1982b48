// The ZeroMQ side of scan documents. A message is `<scan> <offset> ` and the record of the log that begins at that
// offset, so a receiver sees by itself whether it has missed something; the log has it then.

import type { Publisher, Subscriber } from 'zeromq'
import { RECORD_PREFIX_SIZE } from './scan-record.ts'

/** A message on the wire, taken apart. */
export interface DoorbellMessage {
  readonly scan: string
  readonly offset: number
  /** Bytes of the record. */
  readonly record: Buffer
}

/** Messages held per socket before the oldest are dropped; receivers then read the log. */
const HIGH_WATER_MARK = 10_000

/** What stands in front of the record in a message. */
export function doorbellLead(scan: string, offset: number): string {
  return `${scan} ${offset} `
}

/** Takes a message apart; undefined when it is none of ours. */
export function parseDoorbell(message: Buffer): DoorbellMessage | undefined {
  const scanEnd = message.indexOf(0x20)
  const offsetEnd = message.indexOf(0x20, scanEnd + 1)
  if (scanEnd <= 0 || offsetEnd < 0 || message.length < offsetEnd + RECORD_PREFIX_SIZE) return undefined
  const offset = Number(message.toString('latin1', scanEnd + 1, offsetEnd))
  if (!Number.isSafeInteger(offset)) return undefined
  return { scan: message.toString('latin1', 0, scanEnd), offset, record: message.subarray(offsetEnd + 1) }
}

/** Sends messages without ever keeping the sender waiting. */
export class DoorbellSender {
  readonly #socket: Publisher
  #queue: Buffer[] = []
  #sending = false
  #closed = false
  readonly endpoint: string

  private constructor(socket: Publisher, endpoint: string) {
    this.#socket = socket
    this.endpoint = endpoint
  }

  /** Binds to a free port of `host`; loads the ZeroMQ library. */
  static async bind(host: string): Promise<DoorbellSender> {
    const zmq = await import('zeromq')
    const socket = new zmq.Publisher({ linger: 0, sendHighWaterMark: HIGH_WATER_MARK })
    await socket.bind(`tcp://${host}:0`)
    return new DoorbellSender(socket, socket.lastEndpoint ?? '')
  }

  /** Sends in the next turns of the event loop; the message must not be changed any more. */
  send(message: Buffer): void {
    if (this.#closed) return
    if (this.#queue.length >= HIGH_WATER_MARK) this.#queue.shift()
    this.#queue.push(message)
    if (this.#sending) return
    this.#sending = true
    setImmediate(() => void this.#drain()) // #drain does not reject
  }

  /** Gives what is queued to the network and closes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    while (this.#sending) await new Promise((resolve) => setImmediate(resolve))
    this.#socket.linger = 200
    this.#socket.close()
  }

  async #drain(): Promise<void> {
    try {
      while (this.#queue.length > 0) {
        const queue = this.#queue
        this.#queue = []
        // one send may be in flight per socket; on a publisher it resolves at once
        for (const message of queue) await this.#socket.send(message)
      }
    } catch {
      this.#queue = [] // the log has them
    } finally {
      this.#sending = false
    }
  }
}

/** Receives the messages of any number of senders. */
export class DoorbellReceiver {
  readonly #socket: Subscriber
  readonly #onMessage: (message: DoorbellMessage) => void
  readonly #endpoints = new Set<string>()
  #done: Promise<void> | undefined

  private constructor(socket: Subscriber, onMessage: (message: DoorbellMessage) => void) {
    this.#socket = socket
    this.#onMessage = onMessage
  }

  /** Loads the ZeroMQ library and starts to listen; `onMessage` must not throw. */
  static async open(onMessage: (message: DoorbellMessage) => void): Promise<DoorbellReceiver> {
    const zmq = await import('zeromq')
    const socket = new zmq.Subscriber({ linger: 0, receiveHighWaterMark: HIGH_WATER_MARK })
    socket.subscribe()
    const receiver = new DoorbellReceiver(socket, onMessage)
    receiver.#done = receiver.#listen()
    return receiver
  }

  /** Connects to new endpoints and leaves those that are not named. */
  follow(endpoints: ReadonlySet<string>): void {
    for (const endpoint of this.#endpoints) {
      if (endpoints.has(endpoint)) continue
      this.#endpoints.delete(endpoint)
      this.#socket.disconnect(endpoint)
    }
    for (const endpoint of endpoints) {
      if (this.#endpoints.has(endpoint)) continue
      this.#socket.connect(endpoint)
      this.#endpoints.add(endpoint)
    }
  }

  /** Ends listening. */
  async close(): Promise<void> {
    this.#socket.close()
    await this.#done
  }

  async #listen(): Promise<void> {
    try {
      for await (const [frame] of this.#socket) {
        const message = frame === undefined ? undefined : parseDoorbell(frame)
        if (message !== undefined) this.#onMessage(message)
      }
    } catch (error) {
      if (!this.#socket.closed) throw error
    }
  }
}
