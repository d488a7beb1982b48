// Writer of CORBA's Common Data Representation (CORBA 3.3 part 2, 9.3); others import it from cdr.ts.

import { HOST_LITTLE_ENDIAN, latin1Encode, swapBytes } from './latin1.ts'

/** Arrays of more elements are written at once. */
const FEW = 8
/** Octets from which copying an array costs more than one more buffer for the system to gather. */
const REFERRED_FROM = 256 * 1024

/** Options of {@link CdrWriter}. */
export interface WriterOptions {
  readonly littleEndian?: boolean
  /** Offset from which alignment is counted. */
  readonly base?: number
  /** Octets allocated at first. */
  readonly capacity?: number
  /** Very large arrays are not copied but referred to: see {@link CdrWriter.pieces}. */
  readonly refers?: boolean
}

const CAPACITY = 1024

/** Writes values to a growing buffer that can be used again and again. */
export class CdrWriter {
  readonly littleEndian: boolean
  readonly #capacity: number
  #bytes: Uint8Array
  #view: DataView
  /** Octets in `#bytes`. */
  #position = 0
  #base: number
  readonly #refers: boolean
  /** What comes before the rest of `#bytes`, in its order: parts of it and arrays that are referred to. */
  #pieces: Uint8Array[] = []
  /** Where the rest of `#bytes` begins. */
  #restFrom = 0
  /** Octets of the arrays that are referred to. */
  #referred = 0

  constructor(options: WriterOptions = {}) {
    this.littleEndian = options.littleEndian ?? true
    this.#capacity = options.capacity ?? CAPACITY
    this.#base = options.base ?? 0
    this.#refers = options.refers ?? false
    this.#bytes = new Uint8Array(this.#capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Octets written. */
  get position(): number {
    return this.#position + this.#referred
  }

  /** What is written, as a view that the next `reset` makes invalid. Not for a writer that refers to arrays. */
  get written(): Uint8Array {
    if (this.#referred > 0) throw new Error('unreachable: what is written is in several pieces')
    return this.#bytes.subarray(0, this.#position)
  }

  /** What is written, in pieces: views that the next `reset` makes invalid, and arrays of whoever wrote them. */
  get pieces(): readonly Uint8Array[] {
    if (this.#referred === 0) return [this.written]
    return [...this.#pieces, this.#bytes.subarray(this.#restFrom, this.#position)]
  }

  /** Whether there are several {@link pieces}. */
  get inPieces(): boolean {
    return this.#referred > 0
  }

  /** What is written, as a copy of its own. */
  toBytes(): Uint8Array {
    return this.written.slice()
  }

  /** Starts again in the same buffer. */
  reset(base = 0): void {
    this.#position = 0
    this.#base = base
    if (this.#referred === 0) return
    this.#pieces = []
    this.#restFrom = 0
    this.#referred = 0
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
    const at = this.#reserve(1)
    this.#view.setUint8(at, value)
  }

  boolean(value: boolean): void {
    const at = this.#reserve(1)
    this.#view.setUint8(at, value ? 1 : 0)
  }

  short(value: number): void {
    this.align(2)
    const at = this.#reserve(2)
    this.#view.setInt16(at, value, this.littleEndian)
  }

  ushort(value: number): void {
    this.short(value)
  }

  long(value: number): void {
    this.align(4)
    const at = this.#reserve(4)
    this.#view.setInt32(at, value, this.littleEndian)
  }

  ulong(value: number): void {
    this.align(4)
    const at = this.#reserve(4)
    this.#view.setUint32(at, value, this.littleEndian)
  }

  /** Three numbers of 32 bits in one step, for what every attribute value has. */
  long3(a: number, b: number, c: number): void {
    this.align(4)
    const at = this.#reserve(12)
    const view = this.#view
    const littleEndian = this.littleEndian
    view.setInt32(at, a, littleEndian)
    view.setInt32(at + 4, b, littleEndian)
    view.setInt32(at + 8, c, littleEndian)
  }

  /** Four numbers of 32 bits in one step. */
  long4(a: number, b: number, c: number, d: number): void {
    this.align(4)
    const at = this.#reserve(16)
    const view = this.#view
    const littleEndian = this.littleEndian
    view.setInt32(at, a, littleEndian)
    view.setInt32(at + 4, b, littleEndian)
    view.setInt32(at + 8, c, littleEndian)
    view.setInt32(at + 12, d, littleEndian)
  }

  longlong(value: bigint): void {
    this.align(8)
    const at = this.#reserve(8)
    this.#view.setBigInt64(at, value, this.littleEndian)
  }

  ulonglong(value: bigint): void {
    this.align(8)
    const at = this.#reserve(8)
    this.#view.setBigUint64(at, value, this.littleEndian)
  }

  float(value: number): void {
    this.align(4)
    const at = this.#reserve(4)
    this.#view.setFloat32(at, value, this.littleEndian)
  }

  double(value: number): void {
    this.align(8)
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value, this.littleEndian)
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
    if (value.length >= REFERRED_FROM && this.#refers) {
      this.#refer(value)
      return
    }
    const at = this.#reserve(value.length)
    this.#bytes.set(value, at)
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
    const referred = this.#referred
    const base = this.#base
    this.#base = start
    this.boolean(this.littleEndian)
    write(this)
    const more = this.#referred - referred
    this.#base = base - more
    this.patchUlong(start - 4, this.#position - start + more)
  }

  /** Writes the count and, of more than a few elements, all of them at once. */
  #bulk(values: ArrayBufferView & { readonly length: number }, size: number): boolean {
    this.ulong(values.length)
    if (values.length <= FEW) return false
    this.align(size)
    const octets = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    if (octets.length >= REFERRED_FROM && this.#refers && this.littleEndian === HOST_LITTLE_ENDIAN) {
      this.#refer(octets)
      return true
    }
    const at = this.#reserve(octets.length)
    this.#bytes.set(octets, at)
    if (this.littleEndian !== HOST_LITTLE_ENDIAN) swapBytes(this.#bytes.subarray(at, this.#position), size)
    return true
  }

  #refer(octets: Uint8Array): void {
    this.#pieces.push(this.#bytes.subarray(this.#restFrom, this.#position), octets)
    this.#restFrom = this.#position
    this.#referred += octets.length
    // alignment counts the octets that are elsewhere
    this.#base -= octets.length
  }

  /** May replace the buffer: call it before touching `#bytes` or `#view`. */
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
