// Test data of the class TangoTest: random numbers, waves, images and texts. Pure; the ranges are those that clients
// of the native server are used to.

import type { AttributeType, Image } from 'bandoneon/tango'

/** Elements of a spectrum that nobody has written. */
export const SPECTRUM_LENGTH = 256
/** Edge of an image that nobody has written. */
export const IMAGE_EDGE = 251
/** Random values are below this one. */
const BELOW = 256
/** The native server counts with this pi; its clients see it in the ninth digit. */
// biome-ignore lint/suspicious/noApproximativeNumericConstant: see above
const RADIANS_PER_DEGREE = 3.14159 / 180

/** Makes arrays of a type that hold zeros, or empty strings. */
export const EMPTY_ARRAYS = {
  DevBoolean: (n: number): boolean[] => new Array<boolean>(n).fill(false),
  DevShort: (n: number) => new Int16Array(n),
  DevLong: (n: number) => new Int32Array(n),
  DevLong64: (n: number) => new BigInt64Array(n),
  DevFloat: (n: number) => new Float32Array(n),
  DevDouble: (n: number) => new Float64Array(n),
  DevUChar: (n: number) => new Uint8Array(n),
  DevUShort: (n: number) => new Uint16Array(n),
  DevULong: (n: number) => new Uint32Array(n),
  DevULong64: (n: number) => new BigUint64Array(n),
  DevString: (n: number): string[] => new Array<string>(n).fill(''),
} as const

/** Types of the test data. */
export type TestType = keyof typeof EMPTY_ARRAYS
/** A flat array of one of them. */
export type TestArray = ReturnType<(typeof EMPTY_ARRAYS)[TestType]>

/** Whether test data of a type exist. */
export function isTestType(type: AttributeType): type is TestType {
  return type in EMPTY_ARRAYS
}

/** A whole number from 0 to below `limit`; 0 where the limit leaves no choice. */
export function randomBelow(limit: number): number {
  return limit > 1 ? Math.floor(Math.random() * Math.floor(limit)) : 0
}

/** As {@link randomBelow} for 64 bits. */
export function randomBelowBig(limit: bigint): bigint {
  return limit > 1n ? BigInt(Math.floor(Math.random() * Number(limit))) : 0n
}

/** `amplitude` times the sine of `degrees`. */
export function sine(amplitude: number, degrees: number): number {
  return amplitude * Math.sin(RADIANS_PER_DEGREE * degrees)
}

/** A spectrum of the sine, one degree per element, from `degrees` on. */
export function wave(amplitude: number, degrees: number): Float64Array {
  return Float64Array.from({ length: SPECTRUM_LENGTH }, (_, i) => sine(amplitude, degrees + i))
}

/** A spectrum of random values or numbered texts. */
export function randomSpectrum(type: TestType): TestArray {
  if (type === 'DevString') {
    const text = (i: number): string => `[${digits(i, 2)}]::hello-world-${digits(randomBelow(BELOW), 4)}`
    return Array.from({ length: SPECTRUM_LENGTH }, (_, i) => text(i))
  }
  return fill(EMPTY_ARRAYS[type](SPECTRUM_LENGTH), () => randomBelow(BELOW))
}

/** An image of noise. */
export function noiseImage(type: TestType, edge = IMAGE_EDGE): Image<TestArray> {
  return square(
    fill(EMPTY_ARRAYS[type](edge * edge), () => randomBelow(BELOW)),
    edge,
  )
}

/** An image of texts with their column and row. */
export function textImage(): Image<TestArray> {
  const text = (column: number, row: number): string =>
    `[${digits(column, 2)}][${digits(row, 2)}]::hello world::${digits(randomBelow(BELOW), 4)}`
  const count = IMAGE_EDGE * IMAGE_EDGE
  const data = Array.from({ length: count }, (_, i) => text(i % IMAGE_EDGE, Math.floor(i / IMAGE_EDGE)))
  return square(data, IMAGE_EDGE)
}

/** A cone near the middle of a dark image: place and size tremble as a beam does. */
export function beamImage(type: TestType): Image<TestArray> {
  const centre = Math.floor((IMAGE_EDGE - 1) / 2)
  const column = centre + tremble(IMAGE_EDGE * 0.05)
  const row = centre + tremble(IMAGE_EDGE * 0.05)
  const radius = Math.floor(IMAGE_EDGE / 8) + tremble(Math.floor(IMAGE_EDGE / 8) * 0.2)
  const height = (i: number): number => {
    const distance = Math.hypot((i % IMAGE_EDGE) - column, Math.floor(i / IMAGE_EDGE) - row)
    return Math.max(0, radius - Math.floor(distance))
  }
  return square(fill(EMPTY_ARRAYS[type](IMAGE_EDGE * IMAGE_EDGE), height), IMAGE_EDGE)
}

/** Zeros or empty texts. */
export function emptyImage(type: TestType): Image<TestArray> {
  return square(EMPTY_ARRAYS[type](IMAGE_EDGE * IMAGE_EDGE), IMAGE_EDGE)
}

function fill(array: TestArray, value: (i: number) => number): TestArray {
  for (let i = 0; i < array.length; i += 1) {
    const number = value(i)
    if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[i] = BigInt(number)
    else if (ArrayBuffer.isView(array)) array[i] = number
    // of the plain arrays only those of booleans are filled
    else (array as boolean[])[i] = number % 2 === 1
  }
  return array
}

function square(data: TestArray, edge: number): Image<TestArray> {
  return { data, width: edge, height: edge }
}

function tremble(range: number): number {
  const size = randomBelow(range)
  return Math.random() < 0.5 ? -size : size
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0')
}
