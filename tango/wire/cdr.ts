// Reader and writer of CORBA's Common Data Representation: alignment, byte order, typed arrays without a loop over
// elements (CORBA 3.3 part 2, 9.3). Values only; messages are in giop.ts.

import { latin1Decode, latin1Encode, swapBytes } from './latin1.ts'

/** Whether numbers in this machine's memory start with the least significant octet. */
export const HOST_LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

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

/** Reads values from bytes. Returned arrays are copies unless the reader is `stable`, then big ones may be views. */
export class CdrReader {
  readonly bytes: Uint8Array
  readonly littleEndian: boolean
  readonly stable: boolean
  readonly #view: DataView
  readonly #end: number
  readonly #base: number
  #position: number

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
   */
  count(minElementSize: number): number {
    const count = this.ulong()
    if (count * minElementSize > this.#end - this.#position) {
      throw new CdrError('need more', `sequence of ${count} elements is longer than the ${this.remaining} octets left`)
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
    const length = this.count(1)
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

/** Options of {@link CdrWriter}. */
export interface WriterOptions {
  readonly littleEndian?: boolean
  /** Offset from which alignment is counted. */
  readonly base?: number
  /** Octets allocated at first. */
  readonly capacity?: number
}

const CAPACITY = 1024

/** Writes values to a growing buffer that can be used again and again. */
export class CdrWriter {
  readonly littleEndian: boolean
  readonly #capacity: number
  #bytes: Uint8Array
  #view: DataView
  #position = 0
  #base: number

  constructor(options: WriterOptions = {}) {
    this.littleEndian = options.littleEndian ?? true
    this.#capacity = options.capacity ?? CAPACITY
    this.#base = options.base ?? 0
    this.#bytes = new Uint8Array(this.#capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Octets written. */
  get position(): number {
    return this.#position
  }

  /** What is written, as a view that the next `reset` makes invalid. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#position)
  }

  /** What is written, as a copy of its own. */
  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.#position)
  }

  /** Starts again in the same buffer. */
  reset(base = 0): void {
    this.#position = 0
    this.#base = base
  }

  /** Leaves the buffer to whoever holds a view of it and starts again in a fresh one. */
  detach(): void {
    this.#bytes = new Uint8Array(this.#capacity)
    this.#view = new DataView(this.#bytes.buffer)
    this.reset()
  }

  /** Forgets what was written from `position` on. */
  truncate(position: number): void {
    this.#position = position
  }

  /** Overwrites an unsigned 32 bit number written before. */
  patchUlong(position: number, value: number): void {
    this.#view.setUint32(position, value, this.littleEndian)
  }

  /** Counts alignment from `base` from now on. */
  alignFrom(base: number): void {
    this.#base = base
  }

  /** Pads with zeros up to a multiple of `size` (a power of two) from the alignment base. */
  align(size: number): void {
    const over = (this.#position - this.#base) & (size - 1)
    if (over === 0) return
    let at = this.#reserve(size - over)
    while (at < this.#position) this.#bytes[at++] = 0
  }

  octet(value: number): void {
    this.#view.setUint8(this.#reserve(1), value)
  }

  boolean(value: boolean): void {
    this.#view.setUint8(this.#reserve(1), value ? 1 : 0)
  }

  short(value: number): void {
    this.align(2)
    this.#view.setInt16(this.#reserve(2), value, this.littleEndian)
  }

  ushort(value: number): void {
    this.short(value)
  }

  long(value: number): void {
    this.align(4)
    this.#view.setInt32(this.#reserve(4), value, this.littleEndian)
  }

  ulong(value: number): void {
    this.align(4)
    this.#view.setUint32(this.#reserve(4), value, this.littleEndian)
  }

  longlong(value: bigint): void {
    this.align(8)
    this.#view.setBigInt64(this.#reserve(8), value, this.littleEndian)
  }

  ulonglong(value: bigint): void {
    this.align(8)
    this.#view.setBigUint64(this.#reserve(8), value, this.littleEndian)
  }

  float(value: number): void {
    this.align(4)
    this.#view.setFloat32(this.#reserve(4), value, this.littleEndian)
  }

  double(value: number): void {
    this.align(8)
    this.#view.setFloat64(this.#reserve(8), value, this.littleEndian)
  }

  /** A string as ISO 8859-1; other characters become `?`. */
  string(value: string): void {
    const length = value.length
    this.ulong(length + 1)
    const at = this.#reserve(length + 1)
    latin1Encode(value, this.#bytes, at)
    this.#bytes[at + length] = 0
  }

  /** Octets without a length. */
  rawOctets(value: Uint8Array): void {
    this.#bytes.set(value, this.#reserve(value.length))
  }

  /** A sequence of octets. */
  octets(value: Uint8Array): void {
    this.ulong(value.length)
    this.rawOctets(value)
  }

  booleans(values: readonly boolean[]): void {
    this.ulong(values.length)
    let at = this.#reserve(values.length)
    for (const value of values) this.#bytes[at++] = value ? 1 : 0
  }

  strings(values: readonly string[]): void {
    this.ulong(values.length)
    for (const value of values) this.string(value)
  }

  shorts(values: Int16Array): void {
    if (this.#bulk(values, 2)) return
    for (const value of values) this.short(value)
  }

  ushorts(values: Uint16Array): void {
    if (this.#bulk(values, 2)) return
    for (const value of values) this.ushort(value)
  }

  longs(values: Int32Array): void {
    if (this.#bulk(values, 4)) return
    for (const value of values) this.long(value)
  }

  ulongs(values: Uint32Array): void {
    if (this.#bulk(values, 4)) return
    for (const value of values) this.ulong(value)
  }

  longlongs(values: BigInt64Array): void {
    if (this.#bulk(values, 8)) return
    for (const value of values) this.longlong(value)
  }

  ulonglongs(values: BigUint64Array): void {
    if (this.#bulk(values, 8)) return
    for (const value of values) this.ulonglong(value)
  }

  floats(values: Float32Array): void {
    if (this.#bulk(values, 4)) return
    for (const value of values) this.float(value)
  }

  doubles(values: Float64Array): void {
    if (this.#bulk(values, 8)) return
    for (const value of values) this.double(value)
  }

  /** An encapsulation: length, byte order and what `write` adds, aligned from the byte order octet. */
  encapsulation(write: (w: CdrWriter) => void): void {
    this.ulong(0)
    const start = this.#position
    const base = this.#base
    this.#base = start
    this.boolean(this.littleEndian)
    write(this)
    this.#base = base
    this.patchUlong(start - 4, this.#position - start)
  }

  /** Writes the count and, of more than a few elements, all of them at once. */
  #bulk(values: ArrayBufferView & { readonly length: number }, size: number): boolean {
    this.ulong(values.length)
    if (values.length <= FEW) return false
    this.align(size)
    const at = this.#reserve(values.byteLength)
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    if (this.littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(this.#bytes.subarray(at, this.#position), size)
    return true
  }

  #reserve(length: number): number {
    const start = this.#position
    const end = start + length
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end + 64, 2 * this.#bytes.length))
      larger.set(this.#bytes.subarray(0, start))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#position = end
    return start
  }
}
