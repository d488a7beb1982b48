// One client's connection to an OrbServer: requests in, replies out, idle and closing.

import type { CdrError, CdrReader } from '../wire/cdr.ts'
import { CdrWriter } from '../wire/cdr.ts'
import type { RequestHeader } from '../wire/giop.ts'
import { LOCATE, MESSAGE, writeBareMessage, writeLocateReply } from '../wire/giop.ts'
import { equalBytes } from '../wire/ior.ts'
import { latin1Decode } from '../wire/latin1.ts'
import type { GiopHandler } from './giop-connection.ts'
import { GiopConnection } from './giop-connection.ts'
import type { Caller, ReplyChannel } from './invocation.ts'
import { Invocation } from './invocation.ts'
import type { Transport } from './transport.ts'

/** What the server does for its connections. */
export interface ConnectionOwner {
  readonly limits: { readonly maxMessageSize?: number; readonly idleMs: number }
  /** Whether there is an object under this key. */
  find(key: string): boolean
  invoke(key: string, request: RequestHeader, invocation: Invocation): void
  onClose(): void
  onError(error: unknown): void
}

const WRITER_CAPACITY = 16 * 1024
const NO_BYTES = new Uint8Array(0)

/** Server side of one conversation. */
export class ServerConnection implements GiopHandler, ReplyChannel {
  readonly caller: Caller
  readonly #transport: Transport
  readonly #owner: ConnectionOwner
  readonly #giop: GiopConnection
  readonly #abort = new AbortController()
  /** Used again for each reply; undefined while a message is being written. */
  #writer: CdrWriter | undefined = new CdrWriter({ capacity: WRITER_CAPACITY })
  #underWay = 0
  #usedSinceCheck = true
  /** GIOP version of the client's last request. */
  #minor = 0
  #closed = false
  /** Clients call the same object again and again: its key need not become text each time. */
  #lastKey = NO_BYTES
  #lastKeyText = ''

  constructor(transport: Transport, owner: ConnectionOwner) {
    this.#transport = transport
    this.#owner = owner
    const { remote } = transport
    this.caller = {
      host: remote.host,
      ...(remote.port === undefined ? {} : { port: remote.port }),
      transport: remote.transport,
      connection: this,
      signal: this.#abort.signal,
    }
    const { maxMessageSize } = owner.limits
    this.#giop = new GiopConnection(this, maxMessageSize === undefined ? {} : { maxMessageSize })
    transport.onData = (chunk) => this.#giop.receive(chunk)
    transport.onClose = () => this.#ended()
  }

  onRequest(request: RequestHeader, args: CdrReader, minor: number): void {
    this.#usedSinceCheck = true
    this.#underWay += 1
    this.#minor = minor
    this.#owner.invoke(this.#keyText(request.objectKey), request, new Invocation(this, request, args, minor))
  }

  onLocateRequest(requestId: number, objectKey: Uint8Array, minor: number): void {
    this.#usedSinceCheck = true
    const here = this.#owner.find(this.#keyText(objectKey))
    const w = this.writer()
    writeLocateReply(w, minor, requestId, here ? LOCATE.objectHere : LOCATE.unknownObject)
    this.send(w)
  }

  onCancelRequest(): void {
    // The answer comes anyway; clients drop it by its id.
  }

  onCloseConnection(): void {
    this.#transport.close()
    this.#ended()
  }

  onError(error: CdrError): void {
    this.#owner.onError(error)
    this.#transport.close()
    this.#ended()
  }

  writer(): CdrWriter {
    // A reply written while another one is being written (a value that calls back) gets a writer of its own.
    const w = this.#writer ?? new CdrWriter({ capacity: WRITER_CAPACITY })
    this.#writer = undefined
    w.reset()
    return w
  }

  send(w: CdrWriter): void {
    if (!this.#closed && !this.#transport.send(w.written)) w.detach()
    this.#writer = w
  }

  answered(): void {
    this.#underWay -= 1
  }

  /** Closes when nothing has happened since the last check. */
  closeIfIdle(): void {
    if (this.#usedSinceCheck || this.#underWay > 0 || !this.#giop.atRest) this.#usedSinceCheck = false
    else this.close()
  }

  /** Closes; tells the client first, unless a request is under way: it would take it for not executed. */
  close(): void {
    if (this.#closed) return
    if (this.#underWay === 0) {
      const w = new CdrWriter({ capacity: 16 })
      writeBareMessage(w, this.#minor, MESSAGE.closeConnection)
      this.#transport.send(w.written)
    }
    this.#transport.close()
    this.#ended()
  }

  #ended(): void {
    if (this.#closed) return
    this.#closed = true
    this.#giop.end()
    this.#owner.onClose()
    this.#abort.abort()
  }

  #keyText(key: Uint8Array): string {
    if (!equalBytes(key, this.#lastKey)) {
      this.#lastKey = new Uint8Array(key)
      this.#lastKeyText = latin1Decode(key, 0, key.length)
    }
    return this.#lastKeyText
  }
}
