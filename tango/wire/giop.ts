// GIOP messages 1.0, 1.1 and 1.2: headers, requests, replies and the small messages, without any connection state.
// Source of truth: CORBA 3.3 part 2, 9.4.

import type { CdrWriter } from './cdr.ts'
import { CdrError, CdrReader } from './cdr.ts'
import { keyOfProfile } from './ior.ts'

/** Octets before the body of every message. */
export const GIOP_HEADER_SIZE = 12

/** Message types by wire number. */
export const MESSAGE = {
  request: 0,
  reply: 1,
  cancelRequest: 2,
  locateRequest: 3,
  locateReply: 4,
  closeConnection: 5,
  messageError: 6,
  fragment: 7,
} as const

/** Reply statuses by wire number. */
export const REPLY = {
  noException: 0,
  userException: 1,
  systemException: 2,
  locationForward: 3,
  locationForwardPerm: 4,
  needsAddressingMode: 5,
} as const

/** Locate reply statuses by wire number. */
export const LOCATE = { unknownObject: 0, objectHere: 1, objectForward: 2 } as const

/** How far the operation of a system exception got; the index is the wire number. */
export const COMPLETED = ['YES', 'NO', 'MAYBE'] as const
export type Completed = (typeof COMPLETED)[number]

/** First twelve octets of a message. */
export interface MessageHeader {
  readonly minor: number
  readonly littleEndian: boolean
  /** More fragments follow. */
  readonly more: boolean
  readonly type: number
  /** Octets after the header. */
  readonly size: number
}

/** Extra information by vendor or standard number; unknown ones are skipped. */
export interface ServiceContext {
  readonly id: number
  readonly data: Uint8Array
}

/** A request without its arguments. Key and contexts are views of the message. */
export interface RequestHeader {
  readonly requestId: number
  readonly responseExpected: boolean
  readonly objectKey: Uint8Array
  readonly operation: string
  readonly serviceContexts: readonly ServiceContext[]
}

/** A reply without its result; `status` is a number of {@link REPLY}. */
export interface ReplyHeader {
  readonly requestId: number
  readonly status: number
  readonly serviceContexts: readonly ServiceContext[]
}

/** Body of a reply with status system exception. */
export interface SystemExceptionBody {
  /** `TRANSIENT`, `OBJECT_NOT_EXIST` ... */
  readonly name: string
  readonly minor: number
  readonly completed: Completed
}

/** What to put in a request header. */
export interface RequestOptions {
  /** GIOP version 1.x. */
  readonly minor: number
  readonly requestId: number
  readonly objectKey: Uint8Array
  readonly operation: string
  readonly responseExpected: boolean
  readonly serviceContexts?: readonly ServiceContext[]
}

const MAGIC = new Uint8Array([0x47, 0x49, 0x4f, 0x50])
const NO_CONTEXTS: readonly ServiceContext[] = []
const ADDRESSING = { key: 0, profile: 1, reference: 2 } as const
const EXCEPTION_ID = /^IDL:omg\.org\/CORBA\/(\w+):1\.\d+$/

/**
 * Reads a message header.
 * @throws CdrError `need more` for fewer than twelve octets, `bad` for other magic or version
 */
export function readMessageHeader(bytes: Uint8Array, offset = 0): MessageHeader {
  if (bytes.length - offset < GIOP_HEADER_SIZE) throw new CdrError('need more', 'message header is not complete')
  if (
    bytes[offset] !== 0x47 ||
    bytes[offset + 1] !== 0x49 ||
    bytes[offset + 2] !== 0x4f ||
    bytes[offset + 3] !== 0x50
  ) {
    throw new CdrError('bad', 'message does not start with GIOP')
  }
  const major = bytes[offset + 4]
  const minor = bytes[offset + 5] ?? 255
  if (major !== 1 || minor > 2) throw new CdrError('bad', `GIOP version ${major}.${minor} is not 1.0, 1.1 or 1.2`)
  const flags = bytes[offset + 6] ?? 0
  const littleEndian = (flags & 1) === 1
  const type = bytes[offset + 7] ?? 255
  if (type > (minor === 0 ? MESSAGE.messageError : MESSAGE.fragment)) throw new CdrError('bad', `message type ${type}`)
  const a = bytes[offset + 8] ?? 0
  const b = bytes[offset + 9] ?? 0
  const c = bytes[offset + 10] ?? 0
  const d = bytes[offset + 11] ?? 0
  const size = (littleEndian ? a | (b << 8) | (c << 16) | (d << 24) : d | (c << 8) | (b << 16) | (a << 24)) >>> 0
  return { minor, littleEndian, more: minor > 0 && (flags & 2) !== 0, type, size }
}

/** Starts a message in an empty writer; `endMessage` fills in its size. */
export function beginMessage(w: CdrWriter, minor: number, type: number): void {
  w.rawOctets(MAGIC)
  w.octet(1)
  w.octet(minor)
  w.boolean(w.littleEndian)
  w.octet(type)
  w.ulong(0)
}

/**
 * Goes to where arguments or result start.
 * @returns mark for {@link endMessage}
 */
export function beginBody(w: CdrWriter, minor: number): number {
  const mark = w.position
  if (minor >= 2) w.align(8)
  return mark
}

/** Completes a message; a body of nothing takes its padding with it, which GIOP 1.2 demands. */
export function endMessage(w: CdrWriter, minor: number, mark: number): void {
  if (minor >= 2 && w.position === ((mark + 7) & ~7)) w.truncate(mark)
  w.patchUlong(8, w.position - GIOP_HEADER_SIZE)
}

/** Starts a request in an empty writer. @returns mark for {@link endMessage} */
export function beginRequest(w: CdrWriter, options: RequestOptions): number {
  const { minor, requestId, objectKey, operation, responseExpected, serviceContexts = NO_CONTEXTS } = options
  beginMessage(w, minor, MESSAGE.request)
  if (minor >= 2) {
    w.ulong(requestId)
    w.octet(responseExpected ? 3 : 0)
    w.octet(0)
    w.ushort(0)
    w.ushort(ADDRESSING.key)
    w.octets(objectKey)
    w.string(operation)
    writeContexts(w, serviceContexts)
  } else {
    writeContexts(w, serviceContexts)
    w.ulong(requestId)
    w.boolean(responseExpected)
    if (minor === 1) for (let i = 0; i < 3; i += 1) w.octet(0)
    w.octets(objectKey)
    w.string(operation)
    w.ulong(0)
  }
  return beginBody(w, minor)
}

/** Starts a reply in an empty writer. @returns mark for {@link endMessage} */
export function beginReply(w: CdrWriter, minor: number, requestId: number, status: number): number {
  beginMessage(w, minor, MESSAGE.reply)
  if (minor >= 2) {
    w.ulong(requestId)
    w.ulong(status)
    w.ulong(0)
  } else {
    w.ulong(0)
    w.ulong(requestId)
    w.ulong(status)
  }
  return beginBody(w, minor)
}

/** Writes a whole system exception reply in an empty writer. */
export function writeSystemException(
  w: CdrWriter,
  minor: number,
  requestId: number,
  exception: SystemExceptionBody,
): void {
  const mark = beginReply(w, minor, requestId, REPLY.systemException)
  w.string(`IDL:omg.org/CORBA/${exception.name}:1.0`)
  w.ulong(exception.minor)
  w.ulong(COMPLETED.indexOf(exception.completed))
  endMessage(w, minor, mark)
}

/** Writes a whole locate request in an empty writer. */
export function writeLocateRequest(w: CdrWriter, minor: number, requestId: number, objectKey: Uint8Array): void {
  beginMessage(w, minor, MESSAGE.locateRequest)
  w.ulong(requestId)
  if (minor >= 2) w.ushort(ADDRESSING.key)
  w.octets(objectKey)
  w.patchUlong(8, w.position - GIOP_HEADER_SIZE)
}

/** Writes a whole locate reply without a body in an empty writer. */
export function writeLocateReply(w: CdrWriter, minor: number, requestId: number, status: number): void {
  beginMessage(w, minor, MESSAGE.locateReply)
  w.ulong(requestId)
  w.ulong(status)
  w.patchUlong(8, w.position - GIOP_HEADER_SIZE)
}

/** Writes a whole cancel request in an empty writer. */
export function writeCancelRequest(w: CdrWriter, minor: number, requestId: number): void {
  beginMessage(w, minor, MESSAGE.cancelRequest)
  w.ulong(requestId)
  w.patchUlong(8, w.position - GIOP_HEADER_SIZE)
}

/** Writes a message that is a header only (close connection, message error) in an empty writer. */
export function writeBareMessage(w: CdrWriter, minor: number, type: number): void {
  beginMessage(w, minor, type)
}

/** Reader of a whole message, positioned after its header. */
export function messageReader(bytes: Uint8Array, offset: number, header: MessageHeader, stable: boolean): CdrReader {
  return new CdrReader(bytes, {
    littleEndian: header.littleEndian,
    offset: offset + GIOP_HEADER_SIZE,
    end: offset + GIOP_HEADER_SIZE + header.size,
    base: offset,
    stable,
  })
}

/** Reads a request header and leaves the reader at the arguments. */
export function readRequest(r: CdrReader, minor: number): RequestHeader {
  if (minor >= 2) {
    const requestId = r.ulong()
    const flags = r.octet()
    r.skip(3)
    const objectKey = readTarget(r)
    const operation = r.string()
    const serviceContexts = readContexts(r)
    r.alignBody()
    return { requestId, responseExpected: (flags & 1) !== 0, objectKey, operation, serviceContexts }
  }
  const serviceContexts = readContexts(r)
  const requestId = r.ulong()
  const responseExpected = r.boolean()
  if (minor === 1) r.skip(3)
  const objectKey = r.octetsView()
  const operation = r.string()
  r.octetsView()
  return { requestId, responseExpected, objectKey, operation, serviceContexts }
}

/** Reads a reply header and leaves the reader at the result. */
export function readReply(r: CdrReader, minor: number): ReplyHeader {
  if (minor >= 2) {
    const requestId = r.ulong()
    const status = r.ulong()
    const serviceContexts = readContexts(r)
    r.alignBody()
    return { requestId, status, serviceContexts }
  }
  const serviceContexts = readContexts(r)
  return { requestId: r.ulong(), status: r.ulong(), serviceContexts }
}

/** Reads a locate request. */
export function readLocateRequest(r: CdrReader, minor: number): { requestId: number; objectKey: Uint8Array } {
  const requestId = r.ulong()
  return { requestId, objectKey: minor >= 2 ? readTarget(r) : r.octetsView() }
}

/** Reads a locate reply and leaves the reader at its body. */
export function readLocateReply(r: CdrReader): { requestId: number; status: number } {
  return { requestId: r.ulong(), status: r.ulong() }
}

/** Reads the body of a system exception reply. */
export function readSystemException(r: CdrReader): SystemExceptionBody {
  const id = r.string()
  const minor = r.ulong()
  const completed = COMPLETED[r.ulong()]
  if (completed === undefined) throw new CdrError('bad', `system exception ${id} with unknown completion status`)
  return { name: EXCEPTION_ID.exec(id)?.[1] ?? id, minor, completed }
}

/** Object key of a GIOP 1.2 target, in whichever of three forms it comes. */
function readTarget(r: CdrReader): Uint8Array {
  const disposition = r.ushort()
  switch (disposition) {
    case ADDRESSING.key:
      return r.octetsView()
    case ADDRESSING.profile:
      r.ulong()
      return keyOfProfile(r.octetsView())
    case ADDRESSING.reference: {
      const selected = r.ulong()
      r.string()
      const count = r.count(8)
      let key: Uint8Array | undefined
      for (let i = 0; i < count; i += 1) {
        r.ulong()
        const profile = r.octetsView()
        if (i === selected) key = keyOfProfile(profile)
      }
      if (key !== undefined) return key
      throw new CdrError('bad', `target selects profile ${selected} of ${count}`)
    }
    default:
      throw new CdrError('bad', `addressing disposition ${disposition}`)
  }
}

function writeContexts(w: CdrWriter, contexts: readonly ServiceContext[]): void {
  w.ulong(contexts.length)
  for (const { id, data } of contexts) {
    w.ulong(id)
    w.octets(data)
  }
}

function readContexts(r: CdrReader): readonly ServiceContext[] {
  const count = r.count(8)
  if (count === 0) return NO_CONTEXTS
  const contexts: ServiceContext[] = []
  for (let i = 0; i < count; i += 1) contexts.push({ id: r.ulong(), data: r.octetsView() })
  return contexts
}
