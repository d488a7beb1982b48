// Object references: where an object lives and under which key, as IOR text, corbaloc text or CDR.
// Source of truth: CORBA 3.3 part 2, 7.6 and 9.7; component 0x41545402 is omniORB's local transport.

import { devFailed } from '../errors/dev-failed.ts'
import type { CdrReader } from './cdr.ts'
import { CdrError, CdrWriter, encapsulated } from './cdr.ts'
import { latin1Bytes, latin1Decode } from './latin1.ts'

/** One address of an object. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** How to reach an object. */
export interface ObjectReference extends Endpoint {
  /** `IDL:Tango/Device_5:1.0`; empty when unknown (corbaloc). */
  readonly typeId: string
  /** Opaque; never compare as text. */
  readonly objectKey: Uint8Array
  /** GIOP version 1.x to call it with. */
  readonly giopMinor: number
  /** Socket that is quicker for clients on the host `unixHost`. */
  readonly unixPath?: string
  readonly unixHost?: string
  /** More addresses of the same object. */
  readonly alternates: readonly Endpoint[]
}

const TAG_IIOP = 0
const COMPONENT = { codeSets: 1, alternateAddress: 3, omniUnix: 0x41545402 } as const
/** Port of corbaloc addresses without one. */
const CORBALOC_PORT = 2809
const CHAR_ISO_8859_1 = 0x00010001
const CHAR_UTF_8 = 0x05010001
const WCHAR_UTF_16 = 0x00010109

/**
 * Reads `IOR:...` or `corbaloc:...` text.
 * @throws DevFailed `API_CorbaException` when the text is no reference to an IIOP object
 */
export function parseReference(text: string): ObjectReference {
  const trimmed = text.trim()
  if (/^corbaloc:/i.test(trimmed)) return parseCorbaloc(trimmed)
  if (/^ior:/i.test(trimmed)) return parseIor(trimmed)
  throw badReference(text, 'it starts neither with IOR: nor with corbaloc:')
}

/**
 * Reads `IOR:` and hexadecimal digits.
 * @throws DevFailed `API_CorbaException`
 */
export function parseIor(text: string): ObjectReference {
  const digits = text.trim().slice(4)
  if (!/^ior:$/i.test(text.trim().slice(0, 4)) || digits.length % 2 !== 0 || !/^[0-9a-f]+$/i.test(digits)) {
    throw badReference(text, 'it is not IOR: and an even number of hexadecimal digits')
  }
  const bytes = new Uint8Array(digits.length / 2)
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)
  try {
    return decodeReference(encapsulated(bytes))
  } catch (cause) {
    if (cause instanceof CdrError) throw badReference(text, cause.message)
    throw cause
  }
}

/** Writes `IOR:` and hexadecimal digits. */
export function formatIor(reference: ObjectReference): string {
  const w = new CdrWriter()
  w.boolean(w.littleEndian)
  encodeReference(w, reference)
  let text = 'IOR:'
  for (const octet of w.written) text += octet.toString(16).padStart(2, '0')
  return text
}

/**
 * Reads `corbaloc:iiop:1.2@host:port,other:port/key`; without a version it means GIOP 1.0.
 * @throws DevFailed `API_CorbaException`
 */
export function parseCorbaloc(text: string): ObjectReference {
  const match = /^corbaloc:([^/]*)\/(.*)$/is.exec(text.trim())
  if (match === null) throw badReference(text, 'it is not corbaloc:iiop:host:port/key')
  const [, addresses = '', key = ''] = match
  const parsed = addresses.split(',').map((address) => parseAddress(text, address))
  const [first, ...alternates] = parsed
  if (first === undefined) throw badReference(text, 'it has no address')
  return {
    typeId: '',
    host: first.host,
    port: first.port,
    objectKey: unescapeKey(text, key),
    giopMinor: first.minor,
    alternates: alternates.map(({ host, port }) => ({ host, port })),
  }
}

/** Text of a reference for people and for `parseCorbaloc`; loses type and local socket. */
export function formatCorbaloc(reference: ObjectReference): string {
  const version = reference.giopMinor === 0 ? '' : `1.${reference.giopMinor}@`
  const addresses = [reference, ...reference.alternates].map(({ host, port }) => {
    return `iiop:${version}${host.includes(':') ? `[${host}]` : host}:${port}`
  })
  return `corbaloc:${addresses.join(',')}/${escapeKey(reference.objectKey)}`
}

/** Writes a reference as CDR, as in a LOCATION_FORWARD reply. */
export function encodeReference(w: CdrWriter, reference: ObjectReference): void {
  w.string(reference.typeId)
  w.ulong(1)
  w.ulong(TAG_IIOP)
  w.encapsulation(() => writeProfile(w, reference))
}

/**
 * Reads a reference as CDR.
 * @throws CdrError `bad` when it has no IIOP profile
 */
export function decodeReference(r: CdrReader): ObjectReference {
  const typeId = r.string()
  const count = r.count(8)
  let found: Profile | undefined
  const alternates: Endpoint[] = []
  for (let i = 0; i < count; i += 1) {
    const tag = r.ulong()
    const profile = r.octetsView()
    if (tag !== TAG_IIOP) continue
    const read = readProfile(profile)
    if (found === undefined) found = read
    else if (equalBytes(found.objectKey, read.objectKey)) alternates.push({ host: read.host, port: read.port })
  }
  if (found === undefined) throw new CdrError('bad', `reference of type '${typeId}' has no IIOP profile`)
  return { typeId, ...found, alternates: [...found.alternates, ...alternates] }
}

/** Object key of an IIOP profile. */
export function keyOfProfile(profile: Uint8Array): Uint8Array {
  return readProfile(profile).objectKey
}

/** Whether two octet strings are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false
  return true
}

type Profile = Omit<ObjectReference, 'typeId'>

function writeProfile(w: CdrWriter, reference: ObjectReference): void {
  w.octet(1)
  w.octet(reference.giopMinor)
  w.string(reference.host)
  w.ushort(reference.port)
  w.octets(reference.objectKey)
  if (reference.giopMinor === 0) return
  const { unixPath, unixHost } = reference
  const unix = unixPath !== undefined && unixHost !== undefined
  w.ulong(1 + reference.alternates.length + (unix ? 1 : 0))
  w.ulong(COMPONENT.codeSets)
  w.encapsulation(() => {
    for (const [own, other] of [
      [CHAR_ISO_8859_1, CHAR_UTF_8],
      [WCHAR_UTF_16, WCHAR_UTF_16],
    ] as const) {
      w.ulong(own)
      w.ulong(1)
      w.ulong(other)
    }
  })
  for (const { host, port } of reference.alternates) {
    w.ulong(COMPONENT.alternateAddress)
    w.encapsulation(() => {
      w.string(host)
      w.ushort(port)
    })
  }
  if (!unix) return
  w.ulong(COMPONENT.omniUnix)
  w.encapsulation(() => {
    w.string(unixHost)
    w.string(unixPath)
  })
}

function readProfile(bytes: Uint8Array): Profile {
  const r = encapsulated(bytes)
  const major = r.octet()
  const minor = r.octet()
  if (major !== 1) throw new CdrError('bad', `IIOP version ${major}.${minor}`)
  const host = r.string()
  const port = r.ushort()
  const objectKey = new Uint8Array(r.octetsView())
  const alternates: Endpoint[] = []
  let unix: { unixHost: string; unixPath: string } | undefined
  const components = minor === 0 || r.remaining === 0 ? 0 : r.count(8)
  for (let i = 0; i < components; i += 1) {
    const tag = r.ulong()
    const data = r.octetsView()
    if (tag === COMPONENT.alternateAddress) {
      const inner = encapsulated(data)
      alternates.push({ host: inner.string(), port: inner.ushort() })
    } else if (tag === COMPONENT.omniUnix) {
      const inner = encapsulated(data)
      unix = { unixHost: inner.string(), unixPath: inner.string() }
    }
  }
  return { host, port, objectKey, giopMinor: Math.min(minor, 2), alternates, ...unix }
}

function parseAddress(text: string, address: string): Endpoint & { readonly minor: number } {
  const match = /^(?:iiop)?:(?:1\.(\d)@)?(\[[^\]]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(address.trim())
  if (match === null) throw badReference(text, `'${address}' is not iiop:host:port`)
  const port = match[3] === undefined ? CORBALOC_PORT : Number(match[3])
  if (port > 65535) throw badReference(text, `port ${port} is above 65535`)
  const host = (match[2] ?? '').replace(/^\[|\]$/g, '')
  return { host, port, minor: Math.min(Number(match[1] ?? 0), 2) }
}

function unescapeKey(text: string, key: string): Uint8Array {
  if (/%(?![0-9a-f]{2})/i.test(key)) throw badReference(text, 'its key has % without two hexadecimal digits')
  return latin1Bytes(key.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))))
}

function escapeKey(key: Uint8Array): string {
  return latin1Decode(key, 0, key.length).replace(/[^\w;/:?@&=+$,.!~*'()-]/g, (c) => {
    return `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}

function badReference(text: string, why: string): Error {
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text
  return devFailed('API_CorbaException', `'${shown}' is no object reference: ${why}`)
}
