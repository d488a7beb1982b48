// A TCP connection that sends GIOP messages as they are and returns the replies as they come.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { readMessageHeader } from '../../tango/wire/giop.ts'
import { within } from './waiting.ts'

const HEADER_SIZE = 12
const REPLY_MS = 5000

/** A raw connection; one request at a time. */
export class RawClient implements AsyncDisposable {
  readonly #socket: Socket
  #received: Buffer = Buffer.alloc(0)
  #arrived: () => void = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#arrived()
    })
  }

  static async open(host: string, port: number): Promise<RawClient> {
    const socket = connect(port, host)
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Sends octets and returns the next whole message. */
  async call(request: Uint8Array): Promise<Uint8Array> {
    this.#socket.write(request)
    return within('a reply', this.#message(), REPLY_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    if (!this.#socket.closed) await once(this.#socket, 'close')
  }

  async #message(): Promise<Uint8Array> {
    for (;;) {
      if (this.#received.length >= HEADER_SIZE) {
        const { size, more } = readMessageHeader(this.#received)
        assert.equal(more, false, 'we never send fragments')
        const end = HEADER_SIZE + size
        if (this.#received.length >= end) {
          const message = Uint8Array.from(this.#received.subarray(0, end))
          this.#received = this.#received.subarray(end)
          return message
        }
      }
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }
}
