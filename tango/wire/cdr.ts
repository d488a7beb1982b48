// Reader of CORBA's Common Data Representation: alignment, byte order, typed arrays without a loop over elements
// (CORBA 3.3 part 2, 9.3). Its counterpart, the writer, is in cdr-writer.ts; messages are in giop.ts.

import { HOST_LITTLE_ENDIAN, latin1Decode, swapBytes } from './latin1.ts'

export type { WriterOptions } from './cdr-writer.ts'
export { CdrWriter } from './cdr-writer.ts'

/** What is wrong with bytes: they end too early, or they break a rule. */
export type CdrProblem = 'need more' | 'bad'

/** Bytes that cannot be decoded, or a value that cannot be encoded. */
export class CdrError extends Error {
  readonly kind: CdrProblem

  constructor(kind: CdrProblem, message: string) {
    super(message)
    this.name = 'CdrError'
    this.kind = kind
  }
}

/** Options of {@link CdrReader}. */
export interface ReaderOptions {
  readonly littleEndian?: boolean
  /** Where reading starts. */
  readonly offset?: number
  /** Where reading ends (exclusive); the end of `bytes` when absent. */
  readonly end?: number
  /** Offset from which alignment is counted; `offset` when absent. */
  readonly base?: number
  /** The bytes are never overwritten, so that big arrays may be views of them. */
  readonly stable?: boolean
}

interface NumberArray<A> {
  new (length: number): A
  new (buffer: ArrayBufferLike, offset: number, length: number): A
}

/** Arrays of fewer elements are read and written one by one. */
const FEW = 8
/** A view keeps the whole message alive: worth it from this size. */
const VIEW_FROM = 4096
const NO_OCTETS = new Uint8Array(0)
/**
 * Heap that the elements of one message's sequences may take, numbers aside, which stay as compact as on the wire: else
 * a message of empty strings or structs, four octets each, would become many times as much and end the process.
 */
const MAX_HEAP = 256 * 1024 * 1024
const BOOLEAN_HEAP = 8
/** Octets on the heap for each octet that an element takes at least. */
const HEAP_FACTOR = 16

/** Reads values from bytes. Returned arrays are copies unless the reader is `stable`, then big ones may be views. */
export class CdrReader {
  readonly bytes: Uint8Array
  readonly littleEndian: boolean
  readonly stable: boolean
  readonly #view: DataView
  readonly #end: number
  readonly #base: number
  #position: number
  #heapSize = 0

  constructor(bytes: Uint8Array, options: ReaderOptions = {}) {
    this.bytes = bytes
    this.littleEndian = options.littleEndian ?? true
    this.stable = options.stable ?? false
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#position = options.offset ?? 0
    this.#end = options.end ?? bytes.length
    this.#base = options.base ?? this.#position
  }

  /** Offset in `bytes` of the next octet. */
  get position(): number {
    return this.#position
  }

  /** Estimate of the heap that the sequences read so far take, without those of numbers. */
  get heapSize(): number {
    return this.#heapSize
  }

  /** Octets left. */
  get remaining(): number {
    return this.#end - this.#position
  }

  /** Skips padding up to a multiple of `size` (a power of two) from the alignment base. */
  align(size: number): void {
    const over = (this.#position - this.#base) & (size - 1)
    if (over !== 0) this.#position += size - over
  }

  /** Skips padding before a message body; a body of nothing may come without its padding. */
  alignBody(): void {
    this.align(8)
    if (this.#position > this.#end) this.#position = this.#end
  }

  /** Skips octets. */
  skip(length: number): void {
    this.#take(length)
  }

  octet(): number {
    return this.#view.getUint8(this.#take(1))
  }

  boolean(): boolean {
    return this.#view.getUint8(this.#take(1)) !== 0
  }

  short(): number {
    this.align(2)
    return this.#view.getInt16(this.#take(2), this.littleEndian)
  }

  ushort(): number {
    this.align(2)
    return this.#view.getUint16(this.#take(2), this.littleEndian)
  }

  long(): number {
    this.align(4)
    return this.#view.getInt32(this.#take(4), this.littleEndian)
  }

  ulong(): number {
    this.align(4)
    return this.#view.getUint32(this.#take(4), this.littleEndian)
  }

  /** The next unsigned 32 bit number, which stays unread. */
  peekUlong(): number {
    const position = this.#position
    const value = this.ulong()
    this.#position = position
    return value
  }

  longlong(): bigint {
    this.align(8)
    return this.#view.getBigInt64(this.#take(8), this.littleEndian)
  }

  ulonglong(): bigint {
    this.align(8)
    return this.#view.getBigUint64(this.#take(8), this.littleEndian)
  }

  float(): number {
    this.align(4)
    return this.#view.getFloat32(this.#take(4), this.littleEndian)
  }

  double(): number {
    this.align(8)
    return this.#view.getFloat64(this.#take(8), this.littleEndian)
  }

  /** A string; length 0, which some peers may send for the empty string, is accepted. */
  string(): string {
    const length = this.ulong()
    if (length === 0) return ''
    const start = this.#take(length)
    if (this.bytes[start + length - 1] !== 0) {
      throw new CdrError('bad', `string of ${length} octets at ${start} does not end with NUL`)
    }
    return latin1Decode(this.bytes, start, start + length - 1)
  }

  /**
   * Length of a sequence, checked against the octets that are left before anybody allocates.
   * @param minElementSize octets that one element takes at least
   * @param heap estimate of what one element takes in memory
   */
  count(minElementSize: number, heap: number = HEAP_FACTOR * minElementSize): number {
    const count = this.ulong()
    if (count * minElementSize > this.#end - this.#position) {
      throw new CdrError('need more', `sequence of ${count} elements is longer than the ${this.remaining} octets left`)
    }
    this.#heapSize += count * heap
    if (this.#heapSize > MAX_HEAP) {
      throw new CdrError('bad', `sequence of ${count} elements takes the message beyond ${MAX_HEAP} octets of memory`)
    }
    return count
  }

  /** Octets without a length. */
  rawOctets(length: number): Uint8Array {
    const start = this.#take(length)
    const octets = this.bytes.subarray(start, start + length)
    return this.stable && length >= VIEW_FROM ? octets : new Uint8Array(octets)
  }

  /** A sequence of octets. */
  octets(): Uint8Array {
    const length = this.ulong()
    return length === 0 ? NO_OCTETS : this.rawOctets(length)
  }

  /** A sequence of octets as a view of the reader's bytes: valid only as long as these are. */
  octetsView(): Uint8Array {
    const length = this.ulong()
    const start = this.#take(length)
    return this.bytes.subarray(start, start + length)
  }

  booleans(): boolean[] {
    const length = this.count(1, BOOLEAN_HEAP)
    const start = this.#take(length)
    const values: boolean[] = new Array(length)
    for (let i = 0; i < length; i += 1) values[i] = this.bytes[start + i] !== 0
    return values
  }

  strings(): string[] {
    const length = this.count(4)
    const values: string[] = []
    for (let i = 0; i < length; i += 1) values.push(this.string())
    return values
  }

  shorts(): Int16Array {
    const count = this.#elements(2)
    if (count > FEW) return this.#bulk(Int16Array, count, 2)
    const values = new Int16Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.short()
    return values
  }

  ushorts(): Uint16Array {
    const count = this.#elements(2)
    if (count > FEW) return this.#bulk(Uint16Array, count, 2)
    const values = new Uint16Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.ushort()
    return values
  }

  longs(): Int32Array {
    const count = this.#elements(4)
    if (count > FEW) return this.#bulk(Int32Array, count, 4)
    const values = new Int32Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.long()
    return values
  }

  ulongs(): Uint32Array {
    const count = this.#elements(4)
    if (count > FEW) return this.#bulk(Uint32Array, count, 4)
    const values = new Uint32Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.ulong()
    return values
  }

  longlongs(): BigInt64Array {
    const count = this.#elements(8)
    if (count > FEW) return this.#bulk(BigInt64Array, count, 8)
    const values = new BigInt64Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.longlong()
    return values
  }

  ulonglongs(): BigUint64Array {
    const count = this.#elements(8)
    if (count > FEW) return this.#bulk(BigUint64Array, count, 8)
    const values = new BigUint64Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.ulonglong()
    return values
  }

  floats(): Float32Array {
    const count = this.#elements(4)
    if (count > FEW) return this.#bulk(Float32Array, count, 4)
    const values = new Float32Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.float()
    return values
  }

  doubles(): Float64Array {
    const count = this.#elements(8)
    if (count > FEW) return this.#bulk(Float64Array, count, 8)
    const values = new Float64Array(count)
    for (let i = 0; i < count; i += 1) values[i] = this.double()
    return values
  }

  /** An encapsulation: a length, then octets with their own byte order and alignment. */
  encapsulation(): CdrReader {
    const length = this.ulong()
    if (length === 0) throw new CdrError('bad', 'encapsulation without its byte order octet')
    const start = this.#take(length)
    return encapsulated(this.bytes, start, start + length, this.stable)
  }

  /** A reader of earlier bytes with the same byte order and alignment. */
  at(offset: number, end: number): CdrReader {
    const { littleEndian, stable } = this
    return new CdrReader(this.bytes, { littleEndian, offset, end, base: this.#base, stable })
  }

  /** Length of a sequence of numbers; leaves the reader at the first one. */
  #elements(size: number): number {
    const count = this.ulong()
    if (count === 0) return 0
    this.align(size)
    if (count * size > this.#end - this.#position) {
      throw new CdrError('need more', `sequence of ${count} elements is longer than the ${this.remaining} octets left`)
    }
    return count
  }

  #bulk<A>(type: NumberArray<A>, count: number, size: number): A {
    const length = count * size
    const start = this.#take(length)
    const octets = this.bytes.subarray(start, start + length)
    const swap = this.littleEndian !== HOST_LITTLE_ENDIAN
    if (this.stable && !swap && length >= VIEW_FROM && octets.byteOffset % size === 0) {
      return new type(octets.buffer, octets.byteOffset, count)
    }
    const copy = new Uint8Array(octets)
    if (swap) swapBytes(copy, size)
    return new type(copy.buffer, 0, count)
  }

  #take(length: number): number {
    const start = this.#position
    if (length > this.#end - start) {
      throw new CdrError('need more', `${length} octets wanted at ${start}, ${Math.max(0, this.#end - start)} left`)
    }
    this.#position = start + length
    return start
  }
}

/** Reader of an encapsulation without its length: the octet at `start` tells the byte order. */
export function encapsulated(bytes: Uint8Array, start = 0, end: number = bytes.length, stable = false): CdrReader {
  if (start >= end) throw new CdrError('need more', 'encapsulation without its byte order octet')
  return new CdrReader(bytes, { littleEndian: bytes[start] === 1, offset: start + 1, end, base: start, stable })
}
