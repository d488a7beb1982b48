// One client's connection to an OrbServer: requests in, replies out, idle and closing, and what keeps the client within
// the limits of the server: requests are left unread while too much is under way.

import { setImmediate } from 'node:timers'
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
import type { ServerLimits } from './server-limits.ts'
import { READ_BUFFER_SIZE } from './tcp.ts'
import type { Transport } from './transport.ts'

/** What the server does for its connections. */
export interface ConnectionOwner {
  readonly limits: Required<ServerLimits>
  /** Counts requests, so that connections know which of them was used last. */
  uses: number
  /** Whether there is an object under this key. */
  find(key: string): boolean
  invoke(key: string, request: RequestHeader, invocation: Invocation): void
  /** The connection holds so many octets more (or less) than before. */
  onHeld(octets: number): void
  onClose(connection: ServerConnection): void
  onError(error: unknown): void
}

const WRITER_CAPACITY = 16 * 1024
const NO_BYTES = new Uint8Array(0)
/** Longer keys are nobody's and not worth keeping: 255 characters are the longest device name. */
const MAX_KEY = 1024
/** A server takes the memory of this much of an announced message at once. */
const TRUSTED_SIZE = 1024 * 1024
/** Smaller amounts of unread answers are not counted: the system reports no end of them. */
const LEAST_UNREAD = 64 * 1024
/** After so many requests of one connection that sends without a pause the others get their turn. */
const REQUESTS_PER_TURN = 100
/** Octets of answers that count as one more request of a turn. */
const ANSWER_UNIT_BITS = 14

/** Octets that are read ahead while requests wait for their answers. */
const MAX_KEPT = 8 * 1024 * 1024

/** Why no requests are taken. */
const WAIT = { forReader: 1, forAnswers: 2, forOthers: 4 } as const

/** Server side of one conversation. */
export class ServerConnection implements GiopHandler, ReplyChannel {
  readonly caller: Caller
  readonly #transport: Transport
  readonly #owner: ConnectionOwner
  readonly #giop: GiopConnection
  readonly #abort = new AbortController()
  /** Used again for each reply; undefined while a message is being written. */
  #writer: CdrWriter | undefined
  #underWay = 0
  #usedSinceCheck = true
  #lastUse = 0
  /** GIOP version of the client's last request. */
  #minor = 0
  #closed = false
  /** Clients call the same object again and again: its key need not become text each time. */
  #lastKey = NO_BYTES
  #lastKeyText = ''
  /** Octets of messages under way: coming, being worked on, not taken by the client. */
  #held = 0
  #unread = 0
  /** Reasons of {@link WAIT} for which no requests are taken. */
  #waits = 0
  /** Requests answered since the other connections had their turn. */
  #turn = 0
  #reading = true
  #lastChunkFull = false
  #takenAtCheck = -1

  constructor(transport: Transport, owner: ConnectionOwner) {
    this.#transport = transport
    this.#owner = owner
    this.#lastUse = owner.uses
    const { remote, flow } = transport
    this.caller = {
      host: remote.host,
      ...(remote.port === undefined ? {} : { port: remote.port }),
      transport: remote.transport,
      connection: this,
      signal: this.#abort.signal,
    }
    const { maxMessageSize, maxUnfinished } = owner.limits
    this.#giop = new GiopConnection(this, { maxMessageSize, maxUnfinished, trustedSize: TRUSTED_SIZE })
    transport.onData = (chunk) => this.#received(chunk)
    transport.onClose = () => this.#ended()
    if (flow !== undefined) flow.onDrain = () => this.#drained()
  }

  /** Octets of messages under way. */
  get held(): number {
    return this.#held
  }

  /** When it was used last, in requests of the whole server. */
  get lastUse(): number {
    return this.#lastUse
  }

  /** Requests that wait for their answer. */
  get underWay(): number {
    return this.#underWay
  }

  onRequest(request: RequestHeader, args: CdrReader, minor: number): void {
    const owner = this.#owner
    this.#usedSinceCheck = true
    this.#lastUse = ++owner.uses
    this.#underWay += 1
    this.#minor = minor
    const size = args.remaining
    const invocation = new Invocation(this, request, args, minor)
    owner.invoke(this.#keyText(request.objectKey), request, invocation)
    if (!invocation.answered) this.#waitsForAnswer(invocation, size + args.heapSize)
    this.#turn += 1
    if (this.#turn >= REQUESTS_PER_TURN) this.#yield()
  }

  onLocateRequest(requestId: number, objectKey: Uint8Array, minor: number): void {
    this.#usedSinceCheck = true
    const here = this.#owner.find(this.#keyText(objectKey))
    const w = this.writer()
    writeLocateReply(w, minor, requestId, here ? LOCATE.objectHere : LOCATE.unknownObject)
    this.send(w)
    this.#turn += 1
    if (this.#turn >= REQUESTS_PER_TURN) this.#yield()
  }

  onCancelRequest(): void {
    // The answer comes anyway; clients drop it by its id.
  }

  onCloseConnection(): void {
    this.#transport.close()
    this.#ended()
  }

  onError(error: CdrError): void {
    const { host, port } = this.caller
    const client = port === undefined ? host : `${host}:${port}`
    this.#owner.onError(new Error(`connection of ${client} closed: ${error.message}`, { cause: error }))
    this.#bare(MESSAGE.messageError)
    this.#transport.close()
    this.#ended()
  }

  onHeld(octets: number): void {
    // what an ended connection gives back was given back as a whole
    if (this.#closed) return
    this.#held += octets
    this.#owner.onHeld(octets)
  }

  writer(): CdrWriter {
    // A reply written while another one is being written (a value that calls back) gets a writer of its own.
    // within the process nobody may look at the arrays of somebody else
    const refers = this.#transport.sendPieces !== undefined
    const w = this.#writer ?? new CdrWriter({ capacity: WRITER_CAPACITY, refers })
    this.#writer = undefined
    w.reset()
    return w
  }

  send(w: CdrWriter): void {
    if (!this.#closed) {
      this.#turn += w.position >> ANSWER_UNIT_BITS
      if (!this.#sent(w)) w.detach()
      const unread = this.#transport.flow?.backlog ?? 0
      if (unread > LEAST_UNREAD) this.#countUnread(unread)
    }
    this.#writer = w
  }

  answered(held: number): void {
    this.#underWay -= 1
    if (held > 0) this.onHeld(-held)
    if ((this.#waits & WAIT.forAnswers) !== 0 && this.#underWay < this.#owner.limits.maxPending) {
      this.#goOn(WAIT.forAnswers)
    }
  }

  /** Closes when nothing has happened since the last check. */
  closeIfIdle(): void {
    if (this.#usedSinceCheck || this.#underWay > 0 || !this.#giop.atRest) this.#usedSinceCheck = false
    else this.close()
  }

  /** Closes when the client has stopped in the middle of a message, or taking its answers, since the last check. */
  closeIfStalled(): void {
    const { flow } = this.#transport
    if (this.#waits === 0 && this.#giop.standsStill()) {
      this.#drop('it does not go on with its message')
      return
    }
    if (flow === undefined || flow.backlog === 0) {
      this.#takenAtCheck = -1
      return
    }
    const { taken } = flow
    if (taken === this.#takenAtCheck) this.#drop('it does not take its answers')
    this.#takenAtCheck = taken
  }

  /** Closes without ceremony and says why. */
  drop(why: string): void {
    if (!this.#closed) this.#drop(why)
  }

  /** Closes; tells the client first, unless a request is under way: it would take it for not executed. */
  close(): void {
    if (this.#closed) return
    if (this.#underWay === 0) this.#bare(MESSAGE.closeConnection)
    this.#transport.close()
    this.#ended()
  }

  #sent(w: CdrWriter): boolean {
    const transport = this.#transport
    return w.inPieces && transport.sendPieces !== undefined ? transport.sendPieces(w.pieces) : transport.send(w.written)
  }

  #received(chunk: Uint8Array): void {
    // a full chunk means that more is waiting and comes in the same turn of the event loop
    if (!this.#lastChunkFull) this.#turn = 0
    this.#lastChunkFull = chunk.length === READ_BUFFER_SIZE
    this.#giop.receive(chunk)
    if (this.#waits !== 0) this.#readOrNot()
  }

  #waitsForAnswer(invocation: Invocation, octets: number): void {
    if (this.#closed) return
    invocation.hold(octets)
    this.onHeld(octets)
    if (this.#underWay >= this.#owner.limits.maxPending) this.#wait(WAIT.forAnswers)
  }

  #countUnread(unread: number): void {
    this.onHeld(unread - this.#unread)
    this.#unread = unread
    if (unread > this.#owner.limits.maxUnread) this.#wait(WAIT.forReader)
  }

  #drained(): void {
    this.onHeld(-this.#unread)
    this.#unread = 0
    this.#goOn(WAIT.forReader)
  }

  /** Lets the other connections have their turn. */
  #yield(): void {
    this.#turn = 0
    if (this.#closed || this.#transport.flow === undefined || (this.#waits & WAIT.forOthers) !== 0) return
    this.#wait(WAIT.forOthers)
    setImmediate(() => this.#goOn(WAIT.forOthers))
  }

  #wait(reason: number): void {
    if (this.#closed || this.#transport.flow === undefined) return
    if (this.#waits === 0) this.#giop.pause()
    this.#waits |= reason
    this.#readOrNot()
  }

  #goOn(reason: number): void {
    if ((this.#waits & reason) === 0) return
    this.#waits &= ~reason
    // what had come already may be too much again
    if (this.#waits === 0) this.#giop.resume()
    this.#readOrNot()
  }

  /** Requests that wait for answers do not stop the reading: else nobody would notice that the client is gone. */
  #readOrNot(): void {
    const { flow } = this.#transport
    const reading = (this.#waits & ~WAIT.forAnswers) === 0
    if (reading && this.#giop.kept > MAX_KEPT) this.drop(`it sends more while ${this.#underWay} requests wait`)
    if (flow === undefined || reading === this.#reading) return
    this.#reading = reading
    if (reading) flow.resume()
    else flow.pause()
  }

  #bare(type: number): void {
    const w = new CdrWriter({ capacity: 16 })
    writeBareMessage(w, this.#minor, type)
    this.#transport.send(w.written)
  }

  #drop(why: string): void {
    const { host, port } = this.caller
    this.#owner.onError(new Error(`connection of ${port === undefined ? host : `${host}:${port}`} closed: ${why}`))
    if (this.#transport.flow === undefined) this.#transport.close()
    else this.#transport.flow.destroy()
    this.#ended()
  }

  #ended(): void {
    if (this.#closed) return
    this.#owner.onHeld(-this.#held)
    this.#held = 0
    this.#closed = true
    this.#giop.end()
    this.#owner.onClose(this)
    this.#abort.abort()
  }

  #keyText(key: Uint8Array): string {
    if (key.length > MAX_KEY) return ''
    if (!equalBytes(key, this.#lastKey)) {
      this.#lastKey = new Uint8Array(key)
      this.#lastKeyText = latin1Decode(key, 0, key.length)
    }
    return this.#lastKeyText
  }
}
