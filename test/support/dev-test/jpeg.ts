// A small baseline JPEG encoder for gray images (ITU-T T.81, tables of annex K), for the one encoded image of DevTest.

const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]
/** Table K.1, which is also the one of quality 50. */
const LUMINANCE = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
  87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
  72, 92, 95, 98, 112, 100, 103, 99,
]
/** Table K.3: number of codes of each length, and their values. */
const DC_COUNTS = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
const DC_VALUES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
/** Table K.5. */
const AC_COUNTS = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d]
const AC_VALUES = [
  ...[0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22, 0x71],
  ...[0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33, 0x62, 0x72],
  ...[0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34, 0x35, 0x36, 0x37],
  ...[0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59],
  ...[0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x83],
  ...[0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3],
  ...[0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3],
  ...[0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2],
  ...[0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa],
]

type Codes = ReadonlyMap<number, readonly [code: number, length: number]>

/**
 * A gray image as a JPEG file of quality 50.
 * @param width multiple of 8
 * @param height multiple of 8
 * @param pixel value, 0 to 255, at a column and a row
 */
export function grayJpeg(width: number, height: number, pixel: (x: number, y: number) => number): Uint8Array {
  const bytes: number[] = [0xff, 0xd8]
  const segment = (marker: number, ...content: number[]): void => {
    bytes.push(0xff, marker, (content.length + 2) >> 8, (content.length + 2) & 0xff, ...content)
  }
  segment(0xe0, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0)
  segment(0xdb, 0, ...ZIGZAG.map((at) => LUMINANCE[at] ?? 1))
  segment(0xc0, 8, height >> 8, height & 0xff, width >> 8, width & 0xff, 1, 1, 0x11, 0)
  segment(0xc4, 0x00, ...DC_COUNTS, ...DC_VALUES)
  segment(0xc4, 0x10, ...AC_COUNTS, ...AC_VALUES)
  segment(0xda, 1, 1, 0, 0, 63, 0)
  const bits = new BitWriter(bytes)
  const [dc, ac] = [codesOf(DC_COUNTS, DC_VALUES), codesOf(AC_COUNTS, AC_VALUES)]
  let before = 0
  for (let y = 0; y < height; y += 8) {
    for (let x = 0; x < width; x += 8) {
      const block = quantised((u, v) => pixel(x + u, y + v) - 128)
      writeBlock(bits, block, before, dc, ac)
      before = block[0] ?? 0
    }
  }
  bits.end()
  bytes.push(0xff, 0xd9)
  return Uint8Array.from(bytes)
}

class BitWriter {
  readonly #bytes: number[]
  #pending = 0
  #count = 0

  constructor(bytes: number[]) {
    this.#bytes = bytes
  }

  write(value: number, length: number): void {
    for (let bit = length - 1; bit >= 0; bit -= 1) {
      this.#pending = (this.#pending << 1) | ((value >> bit) & 1)
      this.#count += 1
      if (this.#count === 8) this.#flush()
    }
  }

  end(): void {
    while (this.#count > 0) this.write(1, 1)
  }

  #flush(): void {
    this.#bytes.push(this.#pending)
    // a marker must not appear by accident
    if (this.#pending === 0xff) this.#bytes.push(0)
    this.#pending = 0
    this.#count = 0
  }
}

function codesOf(counts: readonly number[], values: readonly number[]): Codes {
  const codes = new Map<number, readonly [number, number]>()
  let code = 0
  let at = 0
  counts.forEach((count, i) => {
    for (let k = 0; k < count; k += 1, code += 1, at += 1) codes.set(values[at] ?? 0, [code, i + 1])
    code <<= 1
  })
  return codes
}

/** Discrete cosine transform (A.3.3), divided by the table, in zigzag order. */
function quantised(sample: (x: number, y: number) => number): number[] {
  const scale = (n: number): number => (n === 0 ? Math.SQRT1_2 : 1)
  const wave = (position: number, frequency: number): number =>
    Math.cos(((2 * position + 1) * frequency * Math.PI) / 16)
  return ZIGZAG.map((at) => {
    const [u, v] = [at % 8, Math.floor(at / 8)]
    let sum = 0
    for (let y = 0; y < 8; y += 1) for (let x = 0; x < 8; x += 1) sum += sample(x, y) * wave(x, u) * wave(y, v)
    return Math.round((sum * scale(u) * scale(v)) / 4 / (LUMINANCE[at] ?? 1))
  })
}

function writeBlock(bits: BitWriter, block: readonly number[], before: number, dc: Codes, ac: Codes): void {
  writeNumber(bits, dc, 0, (block[0] ?? 0) - before)
  let zeros = 0
  for (const value of block.slice(1)) {
    if (value === 0) {
      zeros += 1
      continue
    }
    for (; zeros > 15; zeros -= 16) write(bits, ac, 0xf0)
    writeNumber(bits, ac, zeros, value)
    zeros = 0
  }
  if (zeros > 0) write(bits, ac, 0)
}

function writeNumber(bits: BitWriter, codes: Codes, zeros: number, value: number): void {
  const size = value === 0 ? 0 : Math.floor(Math.log2(Math.abs(value))) + 1
  write(bits, codes, (zeros << 4) | size)
  bits.write(value < 0 ? value + (1 << size) - 1 : value, size)
}

function write(bits: BitWriter, codes: Codes, symbol: number): void {
  const [code, length] = codes.get(symbol) ?? [0, 0]
  bits.write(code, length)
}
