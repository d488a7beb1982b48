// The ZeroMQ side of scan documents. A message is `<scan> <offset> ` and the records of the log from that offset on, so a
// receiver sees by itself whether it has missed something; the log has it then.

import type { Publisher, Subscriber } from 'zeromq'
import { RECORD_PREFIX_SIZE } from './scan-record.ts'

/** A message on the wire, taken apart. */
export interface DoorbellMessage {
  readonly scan: string
  /** Where the first record begins in the log. */
  readonly offset: number
  /** Bytes of one record or of several that follow one another. */
  readonly records: Buffer
}

/** Messages held per socket before the oldest are dropped; receivers then read the log. */
const HIGH_WATER_MARK = 10_000
/**
 * Shortest time between two messages, ms. A message costs the sender some 100 us and wakes every receiver, which at a
 * thousand points a second is more than all the rest of a point.
 */
const PERIOD_MS = 20
/** Records that may wait before they are sent without waiting for the period. */
const MOST_WAITING = 1000

/** Takes a message apart; undefined when it is none of ours. */
export function parseDoorbell(message: Buffer): DoorbellMessage | undefined {
  const scanEnd = message.indexOf(0x20)
  const offsetEnd = message.indexOf(0x20, scanEnd + 1)
  if (scanEnd <= 0 || offsetEnd < 0 || message.length < offsetEnd + RECORD_PREFIX_SIZE) return undefined
  const offset = Number(message.toString('latin1', scanEnd + 1, offsetEnd))
  if (!Number.isSafeInteger(offset)) return undefined
  return { scan: message.toString('latin1', 0, scanEnd), offset, records: message.subarray(offsetEnd + 1) }
}

/** Records of one scan that follow one another in its log. */
interface Batch {
  readonly scan: string
  readonly offset: number
  readonly records: Buffer[]
  /** Where the next record would begin. */
  end: number
}

/** Sends records without ever keeping the sender waiting, gathered into one message per period. */
export class DoorbellSender {
  readonly #socket: Publisher
  #waiting: Batch[] = []
  #count = 0
  /** Waits for the end of the period; undefined when the next record may leave at once. */
  #pause: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #sending: Promise<void> | undefined
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

  /**
   * Sends a record soon; it must not be changed any more.
   * @param offset where it begins in the log of the scan
   * @param urgent in the next turn of the event loop, with all that is waiting
   */
  send(scan: string, offset: number, record: Buffer, urgent = false): void {
    if (this.#closed) return
    const last = this.#waiting.at(-1)
    if (last?.scan === scan && last.end === offset) {
      last.records.push(record)
      last.end += record.length
    } else this.#waiting.push({ scan, offset, records: [record], end: offset + record.length })
    this.#count += 1
    if (urgent || this.#pause === undefined || this.#count >= MOST_WAITING) {
      this.#soon ??= setImmediate(() => this.#flush())
    }
  }

  /** Gives what is waiting to the network and closes. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#flush()
    clearTimeout(this.#pause)
    await this.#sending
    this.#socket.linger = 200
    this.#socket.close()
  }

  /** Sends what is waiting and begins a new period. */
  #flush(): void {
    clearImmediate(this.#soon)
    clearTimeout(this.#pause)
    this.#soon = undefined
    this.#pause = undefined
    if (this.#waiting.length === 0) return
    this.#pause = setTimeout(() => this.#flush(), PERIOD_MS)
    // one send may be in flight per socket; what comes meanwhile goes with the next message
    if (this.#sending !== undefined) return
    this.#sending = this.#sendWaiting().finally(() => {
      this.#sending = undefined
    })
  }

  /** Never rejects. */
  async #sendWaiting(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batches = this.#waiting
        this.#waiting = []
        this.#count = 0
        for (const { scan, offset, records } of batches) {
          await this.#socket.send(Buffer.concat([Buffer.from(`${scan} ${offset} `, 'latin1'), ...records]))
        }
      }
    } catch {
      this.#waiting = [] // the log has them
      this.#count = 0
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
