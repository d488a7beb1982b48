// Attribute values on their way between handlers and the wire: checks, array types, dimensions, read part and set part.

import { devFailed } from '../errors/dev-failed.ts'
import { DEV_STATES, type DevState } from '../types/dev-state.ts'
import type { AttributeType } from '../types/dev-types.ts'
import type { DevEncoded } from '../types/encoded.ts'
import type { AttrValUnion } from '../wire/tango-idl.ts'

/** Format of an attribute. */
export type AttributeFormat = 'scalar' | 'spectrum' | 'image'

/** Numeric arrays as they travel. */
type NumberArray = Int16Array | Int32Array | Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array
type BigArray = BigInt64Array | BigUint64Array

/** All that a flat value may be. */
export type FlatValue =
  | NumberArray
  | BigArray
  | readonly boolean[]
  | readonly string[]
  | readonly DevState[]
  | readonly DevEncoded[]

/** A value as it travels: flat, with its dimensions. */
export interface FlatPart {
  readonly flat: FlatValue
  readonly dimX: number
  readonly dimY: number
}

/** How values of one type travel. */
export interface ValueType {
  /** Arm of the union. */
  readonly kind: Exclude<AttrValUnion['kind'], 'DEVICE_STATE' | 'ATT_NO_DATA'>
  /** Name in error texts of native servers. */
  readonly arrayName: string
  readonly zero: unknown
  /** One element as a flat value. @throws TypeError when it does not fit */
  one(value: unknown): FlatValue
  /** Several elements; returns typed arrays as they are. @throws TypeError when one does not fit */
  many(values: unknown): FlatValue
  join(a: FlatValue, b: FlatValue): FlatValue
  /** A scalar and its set point, if it has one, in one step. @throws TypeError when the value does not fit */
  pair(value: unknown, written: FlatValue | undefined): FlatValue
}

interface NumberConstructor<A> {
  new (length: number): A
  from(values: ArrayLike<number>): A
  of(...values: number[]): A
}

const fromNumbers = <A extends NumberArray>(
  kind: ValueType['kind'],
  arrayName: string,
  Type: NumberConstructor<A>,
  range?: readonly [min: number, max: number],
): ValueType => {
  const checked = (value: unknown): number => {
    if (typeof value !== 'number') throw new TypeError(`${text(value)} is no number`)
    if (range === undefined) return value
    if (!Number.isInteger(value)) throw new TypeError(`${value} is no whole number`)
    if (value < range[0] || value > range[1]) throw new TypeError(`${value} is not in ${range[0]} to ${range[1]}`)
    return value
  }
  return {
    kind,
    arrayName,
    zero: 0,
    one: (value) => {
      const flat = new Type(1)
      flat[0] = checked(value)
      return flat
    },
    many: (values) => (values instanceof Type ? values : Type.from(list(values).map(checked))),
    join: (a, b) => {
      const all = new Type(a.length + b.length)
      // both come from this same type, which the union cannot say
      all.set(a as ArrayLike<number>)
      all.set(b as ArrayLike<number>, a.length)
      return all
    },
    pair: (value, written) => {
      const flat = new Type(written === undefined ? 1 : 2)
      flat[0] = checked(value)
      // as above
      if (written !== undefined) flat[1] = written[0] as number
      return flat
    },
  }
}

const fromBigints = <A extends BigArray>(
  kind: ValueType['kind'],
  arrayName: string,
  Type: { new (length: number): A; from(values: ArrayLike<bigint>): A },
  bits: (value: bigint) => bigint,
): ValueType => {
  const checked = (value: unknown): bigint => {
    const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
    if (typeof whole !== 'bigint') throw new TypeError(`${text(value)} is no bigint`)
    if (bits(whole) !== whole) throw new TypeError(`${whole} does not fit into 64 bits`)
    return whole
  }
  return {
    kind,
    arrayName,
    zero: 0n,
    one: (value) => Type.from([checked(value)]),
    many: (values) => (values instanceof Type ? values : Type.from(list(values).map(checked))),
    join: (a, b) => {
      const all = new Type(a.length + b.length)
      all.set(a as ArrayLike<bigint>)
      all.set(b as ArrayLike<bigint>, a.length)
      return all
    },
    pair: (value, written) => {
      const flat = new Type(written === undefined ? 1 : 2)
      flat[0] = checked(value)
      // both come from this same type, which the union cannot say
      if (written !== undefined) flat[1] = written[0] as bigint
      return flat
    },
  }
}

const fromObjects = <T>(
  kind: ValueType['kind'],
  arrayName: string,
  zero: T,
  name: string,
  is: (value: unknown) => value is T,
): ValueType => {
  const checked = (value: unknown): T => {
    if (!is(value)) throw new TypeError(`${text(value)} is no ${name}`)
    return value
  }
  return {
    kind,
    arrayName,
    zero,
    one: (value) => [checked(value)] as unknown as FlatValue,
    many: (values) => list(values).map(checked) as unknown as FlatValue,
    join: (a, b) => [...(a as readonly unknown[]), ...(b as readonly unknown[])] as unknown as FlatValue,
    pair: (value, written) =>
      (written === undefined ? [checked(value)] : [checked(value), written[0]]) as unknown as FlatValue,
  }
}

const isState = (v: unknown): v is DevState => (DEV_STATES as readonly unknown[]).includes(v)
const isEncoded = (v: unknown): v is DevEncoded =>
  typeof v === 'object' && v !== null && 'format' in v && 'data' in v && v.data instanceof Uint8Array
const EMPTY_ENCODED: DevEncoded = { format: '', data: new Uint8Array(0) }

/** How each attribute type travels. */
export const VALUE_TYPES: Readonly<Record<AttributeType, ValueType>> = {
  DevBoolean: fromObjects(
    'ATT_BOOL',
    'DevVarBooleanArray',
    false,
    'boolean',
    (v): v is boolean => typeof v === 'boolean',
  ),
  DevShort: fromNumbers('ATT_SHORT', 'DevVarShortArray', Int16Array, [-32768, 32767]),
  DevLong: fromNumbers('ATT_LONG', 'DevVarLongArray', Int32Array, [-2147483648, 2147483647]),
  DevLong64: fromBigints('ATT_LONG64', 'DevVarLong64Array', BigInt64Array, (v) => BigInt.asIntN(64, v)),
  DevFloat: fromNumbers('ATT_FLOAT', 'DevVarFloatArray', Float32Array),
  DevDouble: fromNumbers('ATT_DOUBLE', 'DevVarDoubleArray', Float64Array),
  DevUChar: fromNumbers('ATT_UCHAR', 'DevVarCharArray', Uint8Array, [0, 255]),
  DevUShort: fromNumbers('ATT_USHORT', 'DevVarUShortArray', Uint16Array, [0, 65535]),
  DevULong: fromNumbers('ATT_ULONG', 'DevVarULongArray', Uint32Array, [0, 4294967295]),
  DevULong64: fromBigints('ATT_ULONG64', 'DevVarULong64Array', BigUint64Array, (v) => BigInt.asUintN(64, v)),
  DevString: fromObjects('ATT_STRING', 'DevVarStringArray', '', 'string', (v): v is string => typeof v === 'string'),
  DevState: fromObjects('ATT_STATE', 'DevVarStateArray', 'UNKNOWN', 'state', isState),
  DevEncoded: fromObjects('ATT_ENCODED', 'DevVarEncodedArray', EMPTY_ENCODED, 'DevEncoded', isEncoded),
  DevEnum: fromNumbers('ATT_SHORT', 'DevVarShortArray', Int16Array, [0, 32767]),
}

/**
 * A handler's value as it travels.
 * @throws TypeError when the value does not fit the type
 */
export function flatten(type: AttributeType, format: AttributeFormat, value: unknown): FlatPart {
  const valueType = VALUE_TYPES[type]
  if (format === 'scalar') return { flat: valueType.one(value), dimX: 1, dimY: 0 }
  if (format === 'spectrum') {
    const flat = valueType.many(value)
    return { flat, dimX: flat.length, dimY: 0 }
  }
  if (!isImage(value)) throw new TypeError(`${text(value)} is no image { data, width, height }`)
  const flat = valueType.many(value.data)
  if (flat.length !== value.width * value.height) {
    throw new TypeError(`${flat.length} elements are no image of ${value.width} x ${value.height}`)
  }
  return { flat, dimX: value.width, dimY: value.height }
}

/** The value that a write handler gets. */
export function unflatten(format: AttributeFormat, part: FlatPart): unknown {
  if (format === 'scalar') return part.flat[0]
  return format === 'spectrum' ? part.flat : { data: part.flat, width: part.dimX, height: part.dimY }
}

/** The union of read part and set part. */
export function joined(type: AttributeType, read: FlatValue, written: FlatValue | undefined): AttrValUnion {
  const { kind, join } = VALUE_TYPES[type]
  const value = written === undefined || written.length === 0 ? read : join(read, written)
  // kind and value come from the same row of the table
  return { kind, value } as AttrValUnion
}

/** Set parts that nobody has written yet and that are no zero. */
const INITIAL: Readonly<Partial<Record<AttributeType, unknown>>> = {
  DevBoolean: true,
  DevString: 'Not initialised',
  DevEncoded: { format: 'Not initialised', data: new Uint8Array(0) },
}

/** Set part of an attribute that nobody has written yet: one element in all formats, as native servers have it. */
export function initialPart(type: AttributeType): FlatPart {
  const known = INITIAL_PARTS.get(type)
  if (known !== undefined) return known
  const { zero, one } = VALUE_TYPES[type]
  const part: FlatPart = { flat: one(INITIAL[type] ?? zero), dimX: 1, dimY: 0 }
  INITIAL_PARTS.set(type, part)
  return part
}

/** All attributes of a type share one: a set point is replaced, never changed. */
const INITIAL_PARTS = new Map<AttributeType, FlatPart>()

/** How many elements dimensions stand for. */
export function elementCount(dimX: number, dimY: number): number {
  return dimY === 0 ? dimX : dimX * dimY
}

/** A set point as the database stores it. */
export function memorizedText(type: AttributeType, part: FlatPart): string {
  const value = part.flat[0]
  if (type === 'DevState') return String(DEV_STATES.indexOf(value as DevState))
  return String(value)
}

/**
 * A stored set point as a value.
 * @throws DevFailed `API_AttrOptProp` when the text does not fit the type
 */
export function parseMemorized(type: AttributeType, stored: string): unknown {
  const wrong = (): Error => devFailed('API_AttrOptProp', `the stored value "${stored}" is no ${type}`)
  if (type === 'DevString') return stored
  const trimmed = stored.trim()
  if (type === 'DevBoolean') {
    if (!/^(true|false|0|1)$/i.test(trimmed)) throw wrong()
    return /^(true|1)$/i.test(trimmed)
  }
  if (trimmed === '') throw wrong()
  if (type === 'DevLong64' || type === 'DevULong64') {
    if (!/^[+-]?\d+$/.test(trimmed)) throw wrong()
    return BigInt(trimmed)
  }
  const number = /^[+-]?inf$/i.test(trimmed) ? (trimmed.startsWith('-') ? -Infinity : Infinity) : Number(trimmed)
  if (type === 'DevState') {
    const state = DEV_STATES[number]
    if (state === undefined) throw wrong()
    return state
  }
  if (Number.isNaN(number) && !/^nan$/i.test(trimmed)) throw wrong()
  return number
}

function isImage(value: unknown): value is { data: unknown; width: number; height: number } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'data' in value &&
    'width' in value &&
    'height' in value &&
    typeof value.width === 'number' &&
    typeof value.height === 'number'
  )
}

function list(values: unknown): readonly unknown[] {
  if (Array.isArray(values)) return values
  if (ArrayBuffer.isView(values) && !(values instanceof DataView))
    return Array.from(values as unknown as ArrayLike<unknown>)
  throw new TypeError(`${text(values)} is no array`)
}

function text(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object'
  return String(value)
}
