// Decompresses bzip2 streams, one or several after each other (`bz2_pickle` payloads). Decompression only.
// Source of truth: the behaviour of libbzip2; checked against Python's bz2 module.

import { devFailed } from '../errors/dev-failed.ts'

/** Options of {@link decompressBz2}. */
export interface Bz2Options {
  /** Largest result in bytes; protects against tiny payloads that grow without end. */
  readonly maxLength?: number
}

/**
 * Decompresses a whole bzip2 payload.
 * @throws DevFailed `API_InvalidArgs` when it is damaged, ends too early or exceeds `maxLength` (default 256 MiB)
 */
export function decompressBz2(data: Uint8Array, options: Bz2Options = {}): Uint8Array {
  const bits = new BitReader(data)
  const out = new Output(options.maxLength ?? 2 ** 28)
  do {
    readStream(bits, out)
    bits.alignToByte()
  } while (!bits.atEnd())
  return out.done()
}

const BLOCK_MAGIC = 0x314159265359
const END_MAGIC = 0x177245385090
/** Symbols per selector. */
const GROUP_SIZE = 50

function readStream(bits: BitReader, out: Output): void {
  if (bits.read(16) !== 0x425a || bits.read(8) !== 0x68) throw damaged('it does not start with BZh')
  const level = bits.read(8) - 0x30
  if (level < 1 || level > 9) throw damaged('its block size is wrong')
  const counts = new Uint32Array(level * 100_000)
  let streamCrc = 0
  for (;;) {
    const magic = bits.read(24) * 2 ** 24 + bits.read(24)
    if (magic === END_MAGIC) break
    if (magic !== BLOCK_MAGIC) throw damaged('a block does not start where it should')
    const expected = bits.read(16) * 2 ** 16 + bits.read(16)
    const crc = readBlock(bits, counts, out)
    if (crc !== expected) throw damaged('the checksum of a block is wrong')
    streamCrc = ((((streamCrc << 1) | (streamCrc >>> 31)) >>> 0) ^ crc) >>> 0
  }
  if (bits.read(16) * 2 ** 16 + bits.read(16) !== streamCrc) throw damaged('its checksum is wrong')
}

/** Decodes one block into `out` and returns its checksum. */
function readBlock(bits: BitReader, tt: Uint32Array, out: Output): number {
  if (bits.read(1) !== 0) throw damaged('randomised blocks are not supported')
  const origin = bits.read(24)
  const symbols = readUsedSymbols(bits)
  const { tables, selectors } = readTables(bits, symbols.length + 2)
  const endOfBlock = symbols.length + 1
  const frequency = new Uint32Array(256)
  let length = 0
  let group = 0
  let left = 0
  let table: Huffman | undefined
  let run = 0
  let weight = 1
  for (;;) {
    if (left === 0) {
      table = tables[selectors[group++] ?? -1]
      left = GROUP_SIZE
    }
    left -= 1
    if (table === undefined) throw damaged('a code table is missing')
    const symbol = table.next(bits)
    if (symbol <= 1) {
      // bijective base 2: RUNA counts 1, RUNB 2, times the weight of the position
      run += weight << symbol
      weight <<= 1
      if (run > tt.length) throw damaged('a block is longer than its stream allows')
      continue
    }
    if (run > 0) {
      const byte = symbols[0] ?? 0
      if (length + run > tt.length) throw damaged('a block is longer than its stream allows')
      tt.fill(byte, length, length + run)
      frequency[byte] = (frequency[byte] ?? 0) + run
      length += run
      run = 0
      weight = 1
    }
    if (symbol === endOfBlock) break
    const position = symbol - 1
    const byte = symbols[position]
    if (byte === undefined || length >= tt.length) throw damaged('a symbol is out of range')
    symbols.copyWithin(1, 0, position)
    symbols[0] = byte
    tt[length++] = byte
    frequency[byte] = (frequency[byte] ?? 0) + 1
  }
  if (origin >= length) throw damaged('the start of a block is out of range')
  invertTransform(tt, length, frequency)
  return writeRuns(tt, length, origin, out)
}

function readUsedSymbols(bits: BitReader): Uint8Array {
  const groups = bits.read(16)
  const used: number[] = []
  for (let i = 0; i < 16; i++) {
    if ((groups & (0x8000 >> i)) === 0) continue
    const members = bits.read(16)
    for (let j = 0; j < 16; j++) if ((members & (0x8000 >> j)) !== 0) used.push(i * 16 + j)
  }
  if (used.length === 0) throw damaged('a block uses no symbols')
  return Uint8Array.from(used)
}

function readTables(bits: BitReader, size: number): { tables: Huffman[]; selectors: Uint8Array } {
  const count = bits.read(3)
  if (count < 2 || count > 6) throw damaged('the number of code tables is wrong')
  const selectorCount = bits.read(15)
  if (selectorCount < 1) throw damaged('a block has no selectors')
  const order = [0, 1, 2, 3, 4, 5].slice(0, count)
  const selectors = new Uint8Array(selectorCount)
  for (let i = 0; i < selectorCount; i++) {
    let position = 0
    while (bits.read(1) === 1) position += 1
    const [table] = order.splice(position, 1)
    if (table === undefined) throw damaged('a selector is out of range')
    order.unshift(table)
    selectors[i] = table
  }
  const tables: Huffman[] = []
  for (let i = 0; i < count; i++) {
    const lengths = new Uint8Array(size)
    let length = bits.read(5)
    for (let symbol = 0; symbol < size; symbol++) {
      while (bits.read(1) === 1) length += bits.read(1) === 0 ? 1 : -1
      if (length < 1 || length > 20) throw damaged('a code length is out of range')
      lengths[symbol] = length
    }
    tables.push(new Huffman(lengths))
  }
  return { tables, selectors }
}

/** Burrows-Wheeler: puts the successor of each position into the upper 24 bits. */
function invertTransform(tt: Uint32Array, length: number, frequency: Uint32Array): void {
  const start = new Uint32Array(256)
  let sum = 0
  for (let i = 0; i < 256; i++) {
    start[i] = sum
    sum += frequency[i] ?? 0
  }
  for (let i = 0; i < length; i++) {
    const byte = (tt[i] ?? 0) & 0xff
    const target = start[byte] ?? 0
    start[byte] = target + 1
    tt[target] = ((tt[target] ?? 0) | (i << 8)) >>> 0
  }
}

/** The first run-length coding: after four equal bytes comes a count of further ones. */
function writeRuns(tt: Uint32Array, length: number, origin: number, out: Output): number {
  let crc = 0xffffffff
  let at = (tt[origin] ?? 0) >>> 8
  let previous = -1
  let equal = 0
  for (let i = 0; i < length; i++) {
    const entry = tt[at] ?? 0
    const byte = entry & 0xff
    at = entry >>> 8
    if (equal === 4) {
      out.repeat(previous, byte)
      for (let k = 0; k < byte; k++) crc = crcStep(crc, previous)
      equal = 0
      previous = -1
      continue
    }
    equal = byte === previous ? equal + 1 : 1
    previous = byte
    out.repeat(byte, 1)
    crc = crcStep(crc, byte)
  }
  return ~crc >>> 0
}

/** CRC-32, most significant bit first. */
function crcStep(crc: number, byte: number): number {
  return ((crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0
}

const CRC_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_none, index) => {
  let value = index << 24
  for (let bit = 0; bit < 8; bit++) value = value & 0x80000000 ? (value << 1) ^ 0x04c11db7 : value << 1
  return value >>> 0
})

/** Canonical code, decoded by comparing with the largest code of each length. */
class Huffman {
  readonly #limit = new Int32Array(22).fill(-1)
  readonly #base = new Int32Array(22)
  readonly #symbols: Uint16Array

  constructor(lengths: Uint8Array) {
    this.#symbols = new Uint16Array(lengths.length)
    let code = 0
    let index = 0
    for (let length = 1; length <= 20; length++) {
      this.#base[length] = index - code
      for (let symbol = 0; symbol < lengths.length; symbol++) {
        if (lengths[symbol] !== length) continue
        this.#symbols[index++] = symbol
        code += 1
      }
      this.#limit[length] = code - 1
      code <<= 1
    }
  }

  next(bits: BitReader): number {
    let code = 0
    for (let length = 1; length <= 20; length++) {
      code = (code << 1) | bits.read(1)
      if (code <= (this.#limit[length] ?? -1)) {
        const symbol = this.#symbols[(this.#base[length] ?? 0) + code]
        if (symbol !== undefined) return symbol
      }
    }
    throw damaged('a code is not in its table')
  }
}

/** Bits, most significant first. */
class BitReader {
  readonly #data: Uint8Array
  #byte = 0
  #bit = 0

  constructor(data: Uint8Array) {
    this.#data = data
  }

  /** Up to 24 bits. */
  read(count: number): number {
    let value = 0
    let left = count
    while (left > 0) {
      const byte = this.#data[this.#byte]
      if (byte === undefined) throw damaged('it ends too early')
      const available = 8 - this.#bit
      const taken = Math.min(available, left)
      value = (value << taken) | ((byte >> (available - taken)) & ((1 << taken) - 1))
      left -= taken
      this.#bit += taken
      if (this.#bit === 8) {
        this.#bit = 0
        this.#byte += 1
      }
    }
    return value
  }

  alignToByte(): void {
    if (this.#bit === 0) return
    this.#bit = 0
    this.#byte += 1
  }

  atEnd(): boolean {
    return this.#byte >= this.#data.length
  }
}

class Output {
  readonly #max: number
  #bytes = new Uint8Array(4096)
  #length = 0

  constructor(max: number) {
    this.#max = max
  }

  repeat(byte: number, count: number): void {
    const end = this.#length + count
    if (end > this.#max) throw damaged(`it is larger than ${this.#max} bytes`)
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, end))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    if (count === 1) this.#bytes[this.#length] = byte
    else this.#bytes.fill(byte, this.#length, end)
    this.#length = end
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

function damaged(what: string): Error {
  return devFailed('API_InvalidArgs', `the bzip2 payload cannot be read: ${what}`)
}
