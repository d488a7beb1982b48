// One GIOP conversation without its socket: bytes in, in any chunks, whole messages out, fragments put together.
// Outgoing messages are written with wire/giop.ts. Source of truth: CORBA 3.3 part 2, 9.4 and 9.5.

import type { CdrReader } from '../wire/cdr.ts'
import { CdrError } from '../wire/cdr.ts'
import type { MessageHeader, ReplyHeader, RequestHeader } from '../wire/giop.ts'
import {
  GIOP_HEADER_SIZE,
  MESSAGE,
  messageReader,
  readLocateReply,
  readLocateRequest,
  readMessageHeader,
  readReply,
  readRequest,
} from '../wire/giop.ts'

/**
 * Receives the messages of a conversation, in order and synchronously. Readers and views are valid only during the
 * call. A message that has no handler breaks the protocol.
 */
export interface GiopHandler {
  onRequest?(request: RequestHeader, args: CdrReader, minor: number): void
  onReply?(reply: ReplyHeader, result: CdrReader, minor: number): void
  onLocateRequest?(requestId: number, objectKey: Uint8Array, minor: number): void
  onLocateReply?(requestId: number, status: number, body: CdrReader): void
  onCancelRequest?(requestId: number): void
  /** The peer closes in good order: what it has not answered was not executed. */
  onCloseConnection(): void
  /** The peer broke the rules; nothing more comes out of this conversation, close it. */
  onError(error: CdrError): void
  /** Unfinished messages take so many octets more (or less) than before. */
  onHeld?(octets: number): void
}

/** Limits of {@link GiopConnection}. */
export interface GiopLimits {
  /** Octets of one message, put together from its fragments. */
  readonly maxMessageSize?: number
  /** Messages whose last fragment is missing. */
  readonly maxUnfinished?: number
  /**
   * Up to this size the memory of an announced message is taken at once; above, as its octets come. Less for peers
   * that announce more than they send.
   */
  readonly trustedSize?: number
}

/** Limit of the C++ peers. */
export const MAX_MESSAGE_SIZE = 268_435_456
const MAX_UNFINISHED = 64
const TRUSTED_SIZE = 16 * 1024 * 1024
/** Header and request id of a GIOP 1.2 fragment. */
const FRAGMENT_HEADER_SIZE = 16
/** A message that grows by less between two looks stands still. */
const LEAST_PROGRESS = 1024

/** A message that is not complete yet. */
interface Assembly {
  bytes: Uint8Array
  length: number
  readonly minor: number
  readonly littleEndian: boolean
  readonly type: number
  /** Length at the last look for peers that stand still. */
  seenLength: number
}

/** The receiving half of a conversation, in either role. */
export class GiopConnection {
  readonly #handler: GiopHandler
  readonly #maxMessageSize: number
  readonly #maxUnfinished: number
  readonly #trustedSize: number
  /** Start of a message that came too short to know what it is. */
  readonly #head = new Uint8Array(FRAGMENT_HEADER_SIZE)
  #headLength = 0
  /** Where the octets of the current message go; undefined while they are dropped. */
  #sink: Assembly | undefined
  #missing = 0
  #more = false
  #inMessage = false
  /** Fragmented messages by request id; GIOP 1.1 has no ids and so only one at a time. */
  readonly #unfinished = new Map<number | 'GIOP 1.1', Assembly>()
  #unfinishedOctets = 0
  /** Octets that came while paused, in order. */
  #waiting: Uint8Array[] = []
  #kept = 0
  #paused = false
  #running = false
  #ended = false
  /** The start of a message was there at the last look, too. */
  #seenHead = false

  constructor(handler: GiopHandler, limits: GiopLimits = {}) {
    this.#handler = handler
    this.#maxMessageSize = limits.maxMessageSize ?? MAX_MESSAGE_SIZE
    this.#maxUnfinished = limits.maxUnfinished ?? MAX_UNFINISHED
    this.#trustedSize = limits.trustedSize ?? TRUSTED_SIZE
  }

  /** Whether the conversation stands between two messages, with no fragment missing. */
  get atRest(): boolean {
    return !this.#inMessage && this.#headLength === 0 && this.#unfinished.size === 0
  }

  /** Octets that came while paused. */
  get kept(): number {
    return this.#kept
  }

  /** Stops: later bytes are ignored, also the rest of those being received. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    for (const { bytes } of this.#unfinished.values()) this.#hold(-bytes.length)
    if (this.#sink !== undefined && !this.#isUnfinished(this.#sink)) this.#hold(-this.#sink.bytes.length)
    for (const chunk of this.#waiting) this.#hold(-chunk.length)
    this.#unfinished.clear()
    this.#waiting = []
    this.#kept = 0
    this.#sink = undefined
  }

  /** Hands out no more messages until `resume`; octets that come meanwhile are kept. */
  pause(): void {
    this.#paused = true
  }

  /** Hands out the messages that waited. */
  resume(): void {
    this.#paused = false
    while (!this.#running && !this.#paused && !this.#ended) {
      const chunk = this.#waiting.shift()
      if (chunk === undefined) return
      this.#kept -= chunk.length
      this.#hold(-chunk.length)
      this.#run(chunk, true)
    }
  }

  /** Whether a message was begun and has not grown (by more than a trickle) since the last call. */
  standsStill(): boolean {
    const pieces = [...this.#unfinished.values()]
    if (this.#sink !== undefined && !this.#isUnfinished(this.#sink)) pieces.push(this.#sink)
    let still = this.#headLength > 0 && this.#seenHead
    this.#seenHead = this.#headLength > 0
    for (const piece of pieces) {
      if (piece.seenLength > 0 && piece.length - piece.seenLength < LEAST_PROGRESS) still = true
      piece.seenLength = piece.length
    }
    return still
  }

  /** Takes bytes that are valid only during the call, and calls the handler for each message that they complete. */
  receive(chunk: Uint8Array): void {
    if (this.#paused || this.#running) this.#keep(new Uint8Array(chunk), 'last')
    else this.#run(chunk, false)
  }

  #run(chunk: Uint8Array, own: boolean): void {
    this.#running = true
    try {
      const at = this.#receive(chunk)
      if (at < chunk.length) this.#keep(own ? chunk.subarray(at) : new Uint8Array(chunk.subarray(at)), 'first')
    } catch (error) {
      this.end()
      if (!(error instanceof CdrError)) throw error
      this.#handler.onError(error)
    } finally {
      this.#running = false
    }
  }

  /** Copies are made with `new`: `slice` of a Buffer is no copy. */
  #keep(chunk: Uint8Array, place: 'first' | 'last'): void {
    if (this.#ended) return
    if (place === 'first') this.#waiting.unshift(chunk)
    else this.#waiting.push(chunk)
    this.#kept += chunk.length
    this.#hold(chunk.length)
  }

  #hold(octets: number): void {
    this.#handler.onHeld?.(octets)
  }

  /** @returns where it stopped: before the end only when paused */
  #receive(chunk: Uint8Array): number {
    let at = 0
    while (at < chunk.length && !this.#ended && !this.#paused) {
      if (this.#inMessage) at = this.#collect(chunk, at)
      else if (this.#headLength === 0 && chunk.length - at >= GIOP_HEADER_SIZE) {
        const header = readMessageHeader(chunk, at)
        this.#checkSize(header.size)
        const end = at + GIOP_HEADER_SIZE + header.size
        if (end <= chunk.length && !header.more && header.type !== MESSAGE.fragment) {
          this.#dispatch(header.type, header.minor, messageReader(chunk, at, header, false))
          at = end
        } else at = this.#gatherHead(chunk, at)
      } else at = this.#gatherHead(chunk, at)
    }
    return at
  }

  /** Collects the header, of a GIOP 1.2 fragment with its request id, then starts the message. */
  #gatherHead(chunk: Uint8Array, start: number): number {
    let at = start
    const fill = (size: number): boolean => {
      while (this.#headLength < size && at < chunk.length) this.#head[this.#headLength++] = chunk[at++] ?? 0
      return this.#headLength >= size
    }
    if (this.#headLength < 4 && fill(4)) checkMagic(this.#head)
    if (!fill(GIOP_HEADER_SIZE)) return at
    const header = readMessageHeader(this.#head.subarray(0, GIOP_HEADER_SIZE))
    this.#checkSize(header.size)
    if (header.type === MESSAGE.fragment && header.minor >= 2) {
      if (header.size < 4) throw new CdrError('bad', `fragment of ${header.size} octets has no request id`)
      if (!fill(FRAGMENT_HEADER_SIZE)) return at
    }
    this.#headLength = 0
    this.#begin(header)
    if (this.#missing === 0) this.#finishPiece()
    return at
  }

  #begin(header: MessageHeader): void {
    this.#inMessage = true
    this.#more = header.more
    this.#missing = header.size
    if (header.type !== MESSAGE.fragment) {
      const sink = this.#newAssembly(header)
      this.#sink = sink
      // may end the conversation, when all of them hold too much together
      this.#hold(sink.bytes.length)
      return
    }
    let id: number | 'GIOP 1.1' = 'GIOP 1.1'
    if (header.minor >= 2) {
      id = readUlong(this.#head, GIOP_HEADER_SIZE, header.littleEndian)
      this.#missing -= 4
    }
    // A fragment of an unknown message is dropped, as the C++ peers do.
    this.#sink = this.#unfinished.get(id)
    if (this.#sink === undefined) return
    if (this.#sink.length + this.#missing - GIOP_HEADER_SIZE > this.#maxMessageSize) {
      throw new CdrError('bad', `message is longer than the limit of ${this.#maxMessageSize} octets`)
    }
    this.#unfinishedOctets += this.#missing
    this.#checkUnfinished()
  }

  #newAssembly(header: MessageHeader): Assembly {
    const { minor, littleEndian, type } = header
    if (header.more && type > MESSAGE.locateReply) throw new CdrError('bad', `message type ${type} in fragments`)
    const bytes = new Uint8Array(GIOP_HEADER_SIZE + Math.min(header.size, this.#trustedSize))
    bytes.set(this.#head.subarray(0, GIOP_HEADER_SIZE))
    return { bytes, length: GIOP_HEADER_SIZE, minor, littleEndian, type, seenLength: 0 }
  }

  /** Moves octets of the current message to where they belong. */
  #collect(chunk: Uint8Array, at: number): number {
    const length = Math.min(this.#missing, chunk.length - at)
    const sink = this.#sink
    if (sink !== undefined) {
      const before = sink.bytes.length
      append(sink, chunk.subarray(at, at + length), this.#missing, this.#more, this.#trustedSize)
      if (sink.bytes.length > before) this.#hold(sink.bytes.length - before)
    }
    this.#missing -= length
    if (this.#missing === 0 && !this.#ended) this.#finishPiece()
    return at + length
  }

  #finishPiece(): void {
    const sink = this.#sink
    this.#inMessage = false
    this.#sink = undefined
    if (sink === undefined) return
    const id = this.#idOf(sink)
    const known = id !== undefined && this.#unfinished.get(id) === sink
    if (this.#more) {
      if (!known) this.#keepUnfinished(sink, id)
      return
    }
    if (known) {
      this.#unfinished.delete(id)
      this.#unfinishedOctets -= sink.length
    }
    this.#hold(-sink.bytes.length)
    const { type, minor, littleEndian, length } = sink
    const header: MessageHeader = { type, minor, littleEndian, more: false, size: length - GIOP_HEADER_SIZE }
    this.#dispatch(type, minor, messageReader(sink.bytes, 0, header, true))
  }

  #keepUnfinished(sink: Assembly, id: number | 'GIOP 1.1' | undefined): void {
    if (id === undefined) throw new CdrError('bad', 'first fragment is too short for a request id')
    if (this.#unfinished.has(id)) throw new CdrError('bad', `second message with id ${id} before the end of the first`)
    this.#unfinished.set(id, sink)
    this.#unfinishedOctets += sink.length
    this.#checkUnfinished()
  }

  #isUnfinished(sink: Assembly): boolean {
    const id = this.#idOf(sink)
    return id !== undefined && this.#unfinished.get(id) === sink
  }

  #idOf(sink: Assembly): number | 'GIOP 1.1' | undefined {
    if (sink.minor < 2) return 'GIOP 1.1'
    return sink.length < FRAGMENT_HEADER_SIZE ? undefined : readUlong(sink.bytes, GIOP_HEADER_SIZE, sink.littleEndian)
  }

  #checkSize(size: number): void {
    if (size > this.#maxMessageSize) {
      throw new CdrError('bad', `message of ${size} octets is longer than the limit of ${this.#maxMessageSize}`)
    }
  }

  #checkUnfinished(): void {
    if (this.#unfinished.size > this.#maxUnfinished) {
      throw new CdrError('bad', `more than ${this.#maxUnfinished} messages without their last fragment`)
    }
    if (this.#unfinishedOctets > this.#maxMessageSize) {
      throw new CdrError('bad', `more than ${this.#maxMessageSize} octets in messages without their last fragment`)
    }
  }

  #dispatch(type: number, minor: number, r: CdrReader): void {
    const handler = this.#handler
    if (type === MESSAGE.request && handler.onRequest !== undefined) handler.onRequest(readRequest(r, minor), r, minor)
    else if (type === MESSAGE.reply && handler.onReply !== undefined) handler.onReply(readReply(r, minor), r, minor)
    else if (type === MESSAGE.closeConnection) handler.onCloseConnection()
    else if (type === MESSAGE.cancelRequest && handler.onCancelRequest !== undefined) handler.onCancelRequest(r.ulong())
    else if (type === MESSAGE.locateRequest && handler.onLocateRequest !== undefined) {
      const { requestId, objectKey } = readLocateRequest(r, minor)
      handler.onLocateRequest(requestId, objectKey, minor)
    } else if (type === MESSAGE.locateReply && handler.onLocateReply !== undefined) {
      const { requestId, status } = readLocateReply(r)
      handler.onLocateReply(requestId, status, r)
    } else if (type === MESSAGE.messageError) throw new CdrError('bad', 'peer reports a message error')
    else throw new CdrError('bad', `unexpected message of type ${type}`)
  }
}

/**
 * Adds octets, growing to what is known to come but never much beyond what has come.
 * @param known octets of the current piece that are missing, with these
 * @param more whether other pieces follow
 */
function append(to: Assembly, octets: Uint8Array, known: number, more: boolean, trusted: number): void {
  const end = to.length + octets.length
  if (end > to.bytes.length) {
    const whole = to.length + known
    const double = 2 * to.bytes.length
    // doubling keeps the work linear however small the pieces are
    const wanted = more ? Math.max(double, Math.min(whole, trusted)) : Math.min(whole, Math.max(double, trusted))
    const larger = new Uint8Array(Math.max(end, wanted))
    larger.set(to.bytes.subarray(0, to.length))
    to.bytes = larger
  }
  to.bytes.set(octets, to.length)
  to.length = end
}

function checkMagic(bytes: Uint8Array): void {
  if (bytes[0] !== 0x47 || bytes[1] !== 0x49 || bytes[2] !== 0x4f || bytes[3] !== 0x50) {
    throw new CdrError('bad', 'message does not start with GIOP')
  }
}

function readUlong(bytes: Uint8Array, at: number, littleEndian: boolean): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, littleEndian)
}
