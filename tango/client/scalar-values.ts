// Any JavaScript value to the TypeScript value of a Tango type, checked: nothing is rounded, cut or guessed.

import { devFailed } from '../errors/dev-failed.ts'
import { DEV_STATES, type DevState } from '../types/dev-state.ts'
import type { AttributeType, SpectrumValues } from '../types/dev-types.ts'
import type { DevEncoded } from '../types/encoded.ts'

/** Thrown by the conversions of this file; callers turn it into a DevFailed that names the device. */
export class Mismatch extends Error {}

interface IntegerRange {
  readonly min: number
  readonly max: number
}

const INTEGERS = {
  DevShort: { min: -0x8000, max: 0x7fff },
  DevEnum: { min: 0, max: 0x7fff },
  DevLong: { min: -0x80000000, max: 0x7fffffff },
  DevUChar: { min: 0, max: 0xff },
  DevUShort: { min: 0, max: 0xffff },
  DevULong: { min: 0, max: 0xffffffff },
} as const satisfies Readonly<Record<string, IntegerRange>>

const LONG_INTEGERS = {
  DevLong64: { min: -(2n ** 63n), max: 2n ** 63n - 1n },
  DevULong64: { min: 0n, max: 2n ** 64n - 1n },
} as const

/** Types whose values are integers of up to 32 bits. */
export type IntegerType = keyof typeof INTEGERS

/** Number of an integer type; `bigint` is accepted when it fits. */
export function toInteger(type: IntegerType, value: unknown): number {
  const { min, max } = INTEGERS[type]
  const number = typeof value === 'bigint' ? Number(value) : value
  if (typeof number !== 'number') throw unfit(type, value)
  if (!Number.isInteger(number)) throw new Mismatch(`${number} is no whole number, as ${type} needs`)
  if (number < min || number > max) throw new Mismatch(`${number} is outside the range of ${type}, ${min} to ${max}`)
  return number
}

/** `bigint` of a 64-bit type; safe integers are accepted. */
export function toLongInteger(type: keyof typeof LONG_INTEGERS, value: unknown): bigint {
  const { min, max } = LONG_INTEGERS[type]
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw new Mismatch(`${value} is no exact whole number, as ${type} needs; use a bigint`)
  }
  if (typeof value !== 'number' && typeof value !== 'bigint') throw unfit(type, value)
  const number = BigInt(value)
  if (number < min || number > max) throw new Mismatch(`${number} is outside the range of ${type}, ${min} to ${max}`)
  return number
}

/** A float or double; integers of any kind are accepted. */
export function toDouble(type: 'DevFloat' | 'DevDouble', value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  throw unfit(type, value)
}

/** A boolean; 0 and 1 are accepted. */
export function toBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value
  if (value === 0 || value === 1) return value === 1
  throw unfit('DevBoolean', value)
}

/** A string without the octet 0, which ends strings on the wire. */
export function toText(value: unknown): string {
  if (typeof value !== 'string') throw unfit('DevString', value)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are looked for
  const odd = /[\u0000\u0100-\u{10ffff}]/u.exec(value)?.[0]
  if (odd === undefined) return value
  const code = (odd.codePointAt(0) ?? 0).toString(16).padStart(4, '0')
  throw new Mismatch(`the character U+${code.toUpperCase()} cannot be sent: Tango strings are Latin-1 without NUL`)
}

/** One of the 14 states. */
export function toState(value: unknown): DevState {
  const state = DEV_STATES.find((name) => name === value)
  if (state === undefined) throw new Mismatch(`${shown(value)} is none of the states ${DEV_STATES.join(', ')}`)
  return state
}

/** A pair of format and payload. */
export function toEncoded(value: unknown): DevEncoded {
  if (typeof value === 'object' && value !== null && 'format' in value && 'data' in value) {
    const { format, data } = value
    if (typeof format === 'string' && data instanceof Uint8Array) return { format: toText(format), data }
  }
  throw unfit('DevEncoded', value)
}

/** All elements of a spectrum or image; typed arrays of the right kind are passed on without a copy. */
export function toSpectrum<T extends AttributeType>(type: T, value: unknown): SpectrumValues[T]
export function toSpectrum(type: AttributeType, value: unknown): SpectrumValues[AttributeType] {
  switch (type) {
    case 'DevBoolean':
      return each(type, value, toBoolean)
    case 'DevString':
      return each(type, value, toText)
    case 'DevState':
      return each(type, value, toState)
    case 'DevEncoded':
      return each(type, value, toEncoded)
    case 'DevDouble':
      return value instanceof Float64Array
        ? value
        : Float64Array.from(each(type, value, (item) => toDouble(type, item)))
    case 'DevFloat':
      return value instanceof Float32Array
        ? value
        : Float32Array.from(each(type, value, (item) => toDouble(type, item)))
    case 'DevShort':
    case 'DevEnum':
      return value instanceof Int16Array ? value : Int16Array.from(each(type, value, (item) => toInteger(type, item)))
    case 'DevLong':
      return value instanceof Int32Array ? value : Int32Array.from(each(type, value, (item) => toInteger(type, item)))
    case 'DevUChar':
      return value instanceof Uint8Array ? value : Uint8Array.from(each(type, value, (item) => toInteger(type, item)))
    case 'DevUShort':
      return value instanceof Uint16Array ? value : Uint16Array.from(each(type, value, (item) => toInteger(type, item)))
    case 'DevULong':
      return value instanceof Uint32Array ? value : Uint32Array.from(each(type, value, (item) => toInteger(type, item)))
    case 'DevLong64':
      if (value instanceof BigInt64Array) return value
      return BigInt64Array.from(each(type, value, (item) => toLongInteger(type, item)))
    case 'DevULong64':
      if (value instanceof BigUint64Array) return value
      return BigUint64Array.from(each(type, value, (item) => toLongInteger(type, item)))
  }
}

/** Index of an enumerated value given as number or label. */
export function toEnumIndex(value: unknown, labels: readonly string[]): number {
  if (typeof value === 'string') {
    const index = labels.indexOf(value)
    if (index < 0) throw new Mismatch(`'${value}' is none of the labels ${labels.join(', ')}`)
    return index
  }
  return toInteger('DevEnum', value)
}

/** Runs a conversion and turns a mismatch into a DevFailed. */
export function converted<T>(reason: string, what: string, convert: () => T): T {
  try {
    return convert()
  } catch (error) {
    if (error instanceof Mismatch) throw devFailed(reason, `${what}: ${error.message}`, { origin: 'DeviceProxy' })
    throw error
  }
}

/** A value as it is shown in a message. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > 40 ? `${value.slice(0, 40)}...` : value}'`
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? `a list of ${value.length}` : `an object (${value.constructor?.name ?? 'no class'})`
  }
  return String(value)
}

function each<T>(type: string, value: unknown, convert: (item: unknown) => T): T[] {
  if (!isListLike(value)) throw new Mismatch(`${shown(value)} is no list of ${type}`)
  const items: T[] = []
  for (const item of value) {
    try {
      items.push(convert(item))
    } catch (error) {
      if (error instanceof Mismatch) throw new Mismatch(`element ${items.length}: ${error.message}`)
      throw error
    }
  }
  return items
}

function isListLike(value: unknown): value is Iterable<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && Symbol.iterator in value)
}

function unfit(type: string, value: unknown): Mismatch {
  return new Mismatch(`${shown(value)} is no ${type}`)
}
