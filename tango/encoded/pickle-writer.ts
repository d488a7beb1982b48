// Writes plain values as a Python pickle of protocol 2 to 4 (Python's pickletools describes the opcodes). Nothing but
// plain data is written, so that any unpickler reads it without importing anything.

import { devFailed } from '../errors/dev-failed.ts'
import type { DevEncoded } from '../types/encoded.ts'
import { encodeUtf8 } from './utf8.ts'

/** A number that Python shall see as float even when it is whole. */
export class PickleFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** Values that Python shall see as tuple instead of list. */
export class PickleTuple {
  readonly items: readonly unknown[]

  constructor(items: readonly unknown[]) {
    this.items = items
  }
}

/**
 * Encodes a value as `pickle`. Whole numbers become int, others float; `Float32Array` and `Float64Array` lists of float,
 * other typed arrays lists of int, `Uint8Array` bytes; `Map` and plain objects dict; `null` and `undefined` None.
 * @throws DevFailed `API_InvalidArgs` for functions, symbols and values nested too deep
 */
export function encodePickle(value: unknown): DevEncoded {
  return { format: 'pickle', data: pickleBytes(value) }
}

/** The bytes of {@link encodePickle}. */
export function pickleBytes(value: unknown): Uint8Array {
  const out = new ByteSink()
  // protocol 4: the first whose strings and bytes need no help from Python modules; read since Python 3.4
  out.bytes(0x80, 4)
  write(out, value, 0)
  out.bytes(STOP)
  return out.done()
}

const STOP = 0x2e
const MARK = 0x28
const NONE = 0x4e
const TRUE = 0x88
const FALSE = 0x89
const BININT = 0x4a
const LONG1 = 0x8a
const LONG4 = 0x8b
const BINFLOAT = 0x47
const SHORT_BINUNICODE = 0x8c
const BINUNICODE = 0x58
const SHORT_BINBYTES = 0x43
const BINBYTES = 0x42
const EMPTY_LIST = 0x5d
const APPENDS = 0x65
const EMPTY_DICT = 0x7d
const SETITEMS = 0x75
const TUPLE = 0x74
const EMPTY_TUPLE = 0x29
const EMPTY_SET = 0x8f
const ADDITEMS = 0x90

const MAX_DEPTH = 500

function write(out: ByteSink, value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw devFailed('API_InvalidArgs', `a value nested ${MAX_DEPTH} levels deep cannot be pickled`)
  switch (typeof value) {
    case 'undefined':
      out.bytes(NONE)
      break
    case 'boolean':
      out.bytes(value ? TRUE : FALSE)
      break
    case 'number':
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) writeInteger(out, value)
      else writeFloat(out, value)
      break
    case 'bigint':
      writeLong(out, value)
      break
    case 'string':
      writeSized(out, SHORT_BINUNICODE, BINUNICODE, encodeUtf8(value))
      break
    case 'object':
      if (value === null) out.bytes(NONE)
      else writeObject(out, value, depth)
      break
    default:
      throw devFailed('API_InvalidArgs', `a ${typeof value} cannot be pickled`)
  }
}

function writeObject(out: ByteSink, value: object, depth: number): void {
  const writeEach = (items: Iterable<unknown>): void => {
    for (const item of items) write(out, item, depth + 1)
  }
  if (value instanceof PickleFloat) writeFloat(out, value.value)
  else if (value instanceof PickleTuple) {
    if (value.items.length > 0) out.bytes(MARK)
    writeEach(value.items)
    out.bytes(value.items.length > 0 ? TUPLE : EMPTY_TUPLE)
  } else if (value instanceof Uint8Array) writeSized(out, SHORT_BINBYTES, BINBYTES, value)
  else if (value instanceof Float64Array || value instanceof Float32Array) {
    writeItems(out, EMPTY_LIST, APPENDS, value.length, () => {
      for (const item of value) writeFloat(out, item)
    })
  } else if (Array.isArray(value) || isIntegerArray(value)) {
    writeItems(out, EMPTY_LIST, APPENDS, value.length, () => writeEach(value))
  } else if (value instanceof Set) writeItems(out, EMPTY_SET, ADDITEMS, value.size, () => writeEach(value))
  else {
    const members: readonly (readonly [unknown, unknown])[] =
      value instanceof Map ? [...value] : Object.entries(value).filter(([, member]) => member !== undefined)
    writeItems(out, EMPTY_DICT, SETITEMS, members.length, () => {
      for (const member of members) writeEach(member)
    })
  }
}

function writeItems(out: ByteSink, empty: number, add: number, count: number, items: () => void): void {
  out.bytes(empty)
  if (count === 0) return
  out.bytes(MARK)
  items()
  out.bytes(add)
}

type IntegerArray = Int8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array

function isIntegerArray(value: object): value is IntegerArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}

function writeInteger(out: ByteSink, value: number): void {
  if (value < -0x80000000 || value > 0x7fffffff) writeLong(out, BigInt(value))
  else {
    out.bytes(BININT)
    out.view(4).setInt32(0, value, true)
  }
}

function writeLong(out: ByteSink, value: bigint): void {
  // two's complement, little-endian, as short as possible
  const digits: number[] = []
  let rest = value
  for (;;) {
    const byte = Number(rest & 0xffn)
    digits.push(byte)
    rest >>= 8n
    if ((rest === 0n && byte < 0x80) || (rest === -1n && byte >= 0x80)) break
  }
  if (digits.length < 256) out.bytes(LONG1, digits.length)
  else {
    out.bytes(LONG4)
    out.view(4).setUint32(0, digits.length, true)
  }
  out.append(Uint8Array.from(digits))
}

function writeFloat(out: ByteSink, value: number): void {
  out.bytes(BINFLOAT)
  out.view(8).setFloat64(0, value, false)
}

function writeSized(out: ByteSink, short: number, long: number, data: Uint8Array): void {
  if (data.length < 256) out.bytes(short, data.length)
  else {
    out.bytes(long)
    out.view(4).setUint32(0, data.length, true)
  }
  out.append(data)
}

/** A growing buffer. */
class ByteSink {
  #bytes = new Uint8Array(256)
  #length = 0

  bytes(...values: number[]): void {
    this.#reserve(values.length)
    for (const value of values) this.#bytes[this.#length++] = value
  }

  append(data: Uint8Array): void {
    this.#reserve(data.length)
    this.#bytes.set(data, this.#length)
    this.#length += data.length
  }

  /** The next `count` bytes, to be filled at once. */
  view(count: number): DataView {
    this.#reserve(count)
    const view = new DataView(this.#bytes.buffer, this.#length, count)
    this.#length += count
    return view
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}
