// IcePAP tables: words of binary blocks -> numbers, and motion along a parametric trajectory.
// Formats as recorded from a published client; little-endian throughout.
import { type Motion, planMove } from './motion-profile.ts'

/** One entry of a parametric trajectory: parameter, position in steps, slope in steps per parameter unit. */
export interface PathPoint {
  readonly parameter: number
  readonly position: number
  readonly slope: number | undefined
}

/** A parametric trajectory of one axis, parameters ascending. */
export interface Path {
  readonly kind: 'LINEAR' | 'SPLINE' | 'CYCLIC'
  readonly points: readonly PathPoint[]
}

const WORDS_PER_VALUE: Readonly<Record<string, number>> = { BYTE: 0.5, WORD: 1, DWORD: 2, FLOAT: 2, DFLOAT: 4 }

/**
 * Reads the values of an ECAMDAT or LISTDAT block.
 * @param type BYTE, WORD, DWORD, FLOAT or DFLOAT
 * @returns undefined for an unknown type or a block that is no whole number of values
 */
export function decodeValues(words: Uint16Array, type: string): number[] | undefined {
  const size = WORDS_PER_VALUE[type]
  if (size === undefined || words.length % Math.max(size, 1) !== 0) return undefined
  const view = littleEndianView(words)
  return Array.from({ length: words.length / size }, (_, i) => {
    const offset = i * size * 2
    switch (type) {
      case 'BYTE':
        return view.getInt8(offset)
      case 'WORD':
        return view.getInt16(offset, true)
      case 'DWORD':
        return view.getInt32(offset, true)
      case 'FLOAT':
        return view.getFloat32(offset, true)
      default:
        return view.getFloat64(offset, true)
    }
  })
}

const VECTOR_SIGNATURE = 0xcafe
const VECTOR_PARAMETER = 0x1000
const VECTOR_POSITION = 0x2000
const VECTOR_SLOPE = 0x4000
const VECTOR_INCREMENTAL = 0x8000

/**
 * Reads a PARDAT block: vectors of parameter, position and (optional) slope, one behind the other.
 * @returns undefined when vectors are missing, broken, compressed, or of different lengths, or parameters do not ascend
 */
export function decodePath(words: Uint16Array, kind: Path['kind']): Path | undefined {
  const view = littleEndianView(words)
  const vectors = new Map<number, number[]>()
  for (let offset = 0; offset < view.byteLength; ) {
    const vector = decodeVector(view, offset)
    if (vector === undefined) return undefined
    vectors.set(vector.role, vector.values)
    offset += vector.size
  }
  const parameters = vectors.get(VECTOR_PARAMETER)
  const positions = vectors.get(VECTOR_POSITION)
  const slopes = vectors.get(VECTOR_SLOPE)
  if (parameters === undefined || positions === undefined || parameters.length < 2) return undefined
  if (positions.length !== parameters.length || (slopes ?? parameters).length !== parameters.length) return undefined
  if (parameters.some((value, i) => i > 0 && !(value > (parameters[i - 1] ?? Infinity)))) return undefined
  const points = parameters.map((parameter, i) => ({ parameter, position: positions[i] ?? 0, slope: slopes?.[i] }))
  return { kind, points }
}

/** Position on a trajectory; undefined outside its parameter range. Without slopes it is straight between points. */
export function pathPosition({ points }: Path, parameter: number): number | undefined {
  const after = points.findIndex((point) => point.parameter >= parameter)
  const right = points[after]
  const left = points[after - 1] ?? right
  if (left === undefined || right === undefined || parameter < left.parameter) return undefined
  const width = right.parameter - left.parameter
  if (width === 0) return right.position
  const u = (parameter - left.parameter) / width
  if (left.slope === undefined || right.slope === undefined) {
    return left.position + u * (right.position - left.position)
  }
  // Cubic Hermite with the given slopes.
  const h = (1 - u) * (1 - u)
  return (
    (1 + 2 * u) * h * left.position +
    u * h * width * left.slope +
    u * u * (3 - 2 * u) * right.position +
    u * u * (u - 1) * width * right.slope
  )
}

/** How the parameter runs: from, to, speed in parameter units/s, ramp time in s. */
export interface ParameterRun {
  readonly startS: number
  readonly from: number
  readonly to: number
  readonly speed: number
  readonly rampS: number
}

/** Motion of an axis along its trajectory; undefined when the run leaves the table. */
export function planPath(path: Path, run: ParameterRun): Motion | undefined {
  const parameter = planMove({ startS: run.startS, position: run.from }, run.to, {
    cruise: run.speed,
    acceleration: run.speed / run.rampS,
  })
  const first = pathPosition(path, run.from)
  if (first === undefined || pathPosition(path, run.to) === undefined) return undefined
  return new PathMotion(path, parameter, first)
}

/** Samples used to find a passage before bisection; finer structure than this is below the resolution of any table. */
const PASSAGE_SAMPLES = 2000

class PathMotion implements Motion {
  readonly startS: number
  readonly endS: number
  readonly #path: Path
  readonly #parameter: Motion
  readonly #fallback: number

  constructor(path: Path, parameter: Motion, first: number) {
    this.#path = path
    this.#parameter = parameter
    this.#fallback = first
    this.startS = parameter.startS
    this.endS = parameter.endS
  }

  positionAt(tS: number): number {
    return pathPosition(this.#path, this.#parameter.positionAt(tS)) ?? this.#fallback
  }

  velocityAt(tS: number): number {
    if (tS <= this.startS || tS >= this.endS) return 0
    const stepS = 1e-5
    return (this.positionAt(tS + stepS) - this.positionAt(tS - stepS)) / (2 * stepS)
  }

  passage(position: number, direction: 1 | -1): number | undefined {
    const beyond = (tS: number) => (this.positionAt(tS) - position) * direction > 0
    const stepS = (this.endS - this.startS) / PASSAGE_SAMPLES
    for (let i = 0; i < PASSAGE_SAMPLES; i++) {
      let lowS = this.startS + i * stepS
      let highS = lowS + stepS
      if (beyond(lowS) || !beyond(highS)) continue
      for (let turn = 0; turn < 40; turn++) {
        const middleS = (lowS + highS) / 2
        if (beyond(middleS)) highS = middleS
        else lowS = middleS
      }
      return highS
    }
    return undefined
  }
}

function littleEndianView(words: Uint16Array): DataView {
  const view = new DataView(new ArrayBuffer(words.length * 2))
  words.forEach((word, i) => {
    view.setUint16(i * 2, word, true)
  })
  return view
}

type Reader = (view: DataView, offset: number) => number

/** Value readers by type code of the vector header. */
const VECTOR_TYPES = new Map<number, { readonly size: number; readonly read: Reader }>([
  [0x00, { size: 1, read: (view, offset) => view.getInt8(offset) }],
  [0x01, { size: 2, read: (view, offset) => view.getInt16(offset, true) }],
  [0x02, { size: 4, read: (view, offset) => view.getInt32(offset, true) }],
  [0x03, { size: 8, read: (view, offset) => Number(view.getBigInt64(offset, true)) }],
  [0x04, { size: 4, read: (view, offset) => view.getFloat32(offset, true) }],
  [0x05, { size: 8, read: (view, offset) => view.getFloat64(offset, true) }],
  [0x10, { size: 1, read: (view, offset) => view.getUint8(offset) }],
  [0x11, { size: 2, read: (view, offset) => view.getUint16(offset, true) }],
  [0x12, { size: 4, read: (view, offset) => view.getUint32(offset, true) }],
  [0x13, { size: 8, read: (view, offset) => Number(view.getBigUint64(offset, true)) }],
])

function decodeVector(view: DataView, offset: number): { role: number; values: number[]; size: number } | undefined {
  if (offset + 24 > view.byteLength || view.getUint16(offset, true) !== VECTOR_SIGNATURE) return undefined
  const dataOffset = view.getUint8(offset + 3) * 4
  const size = view.getUint32(offset + 4, true) * 4
  const count = view.getUint32(offset + 8, true)
  const type = VECTOR_TYPES.get(view.getUint8(offset + 12))
  const compression = view.getUint8(offset + 13)
  const flags = view.getUint16(offset + 14, true)
  if (type === undefined || compression !== 0 || size < 24 || offset + size > view.byteLength) return undefined
  if (dataOffset < 24 || dataOffset + count * type.size > size) return undefined
  let previous = view.getFloat64(offset + 16, true)
  const incremental = (flags & VECTOR_INCREMENTAL) !== 0
  const values = Array.from({ length: count }, (_, i) => {
    const value = type.read(view, offset + dataOffset + i * type.size)
    if (!incremental) return value
    previous += value
    return previous
  })
  return { role: flags & (VECTOR_PARAMETER | VECTOR_POSITION | VECTOR_SLOPE), values, size }
}
