// Attribute values between wire and user: one flat sequence there; scalars, arrays and images with a set point here.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import { type AttributeType, TYPE_CODES } from '../types/dev-types.ts'
import type { AttributeSpec } from '../types/device-spec.ts'
import type { AttributeReading } from '../types/reading.ts'
import type { AnyValue } from '../wire/any.ts'
import type { AttrDataFormat, AttributeDim, TimeVal } from '../wire/tango-basic.ts'
import type { AttributeValue1, AttributeValue3, AttributeValue4, AttrValUnion } from '../wire/tango-idl.ts'
import {
  converted,
  Mismatch,
  shown,
  toBoolean,
  toDouble,
  toEncoded,
  toEnumIndex,
  toInteger,
  toLongInteger,
  toSpectrum,
  toState,
  toText,
} from './scalar-values.ts'

/** What must be known of an attribute to write it. */
export interface AttributeShape {
  /** Tango name. */
  readonly name: string
  readonly type: AttributeType
  readonly format: 'scalar' | 'spectrum' | 'image'
  /** Labels of a DevEnum, so that it can be written by label. */
  readonly enumLabels: readonly string[]
}

/** Seconds since 1970 of a wire time. */
export function timeOf(time: TimeVal): number {
  return time.sec + time.usec * 1e-6 + time.nsec * 1e-9
}

/**
 * Reading of an attribute as the user sees it.
 * @throws DevFailed with the errors of the attribute, if it has some
 */
export function toReading(value: AttributeValue4): AttributeReading {
  if (value.errList.length > 0) throw new DevFailed(value.errList)
  const { rDim, wDim } = value
  const image = value.dataFormat === 'IMAGE' || (value.dataFormat === 'FMT_UNKNOWN' && rDim.dimY > 0)
  const array = image || value.dataFormat === 'SPECTRUM'
  return {
    name: value.name,
    ...split(value.value, image ? 'image' : array ? 'spectrum' : 'scalar', rDim, wDim),
    quality: value.quality,
    time: timeOf(value.time),
  }
}

/** Value of interface 3 in the form of interface 4; the format is guessed from the dimensions. */
export function fromValue3(value: AttributeValue3): AttributeValue4 {
  const { rDim } = value
  const union = unionOf(value.value)
  const scalar = rDim.dimY === 0 && rDim.dimX === 1
  return { ...value, value: union, dataFormat: rDim.dimY > 0 ? 'IMAGE' : scalar ? 'SCALAR' : 'SPECTRUM' }
}

/**
 * Value to be written.
 * @param what names device and attribute in error messages
 * @throws DevFailed `API_IncompatibleAttrDataType` when `value` cannot be converted without loss,
 *   `API_AttrIncorrectDataNumber` when an image's dimensions do not fit its data
 */
export function toWritten(shape: AttributeShape, value: unknown, what: string): AttributeValue4 {
  const { union, dim } = converted('API_IncompatibleAttrDataType', what, () => toUnion(shape, value, what))
  return {
    value: union,
    quality: 'VALID',
    dataFormat: WIRE_FORMATS[shape.format],
    time: NO_TIME,
    name: shape.name,
    rDim: dim,
    wDim: dim,
    errList: [],
  }
}

/** The same value for a device of interface 3. */
export function toValue1(value: AttributeValue4): AttributeValue1 {
  const any = value.value.kind === 'ATT_NO_DATA' ? { type: 'DevVoid', value: undefined } : anyOf(value.value)
  return {
    // every arm has exactly one array type, see ANY_TYPES
    value: any as AnyValue,
    quality: value.quality,
    time: value.time,
    name: value.name,
    dimX: value.wDim.dimX,
    dimY: value.wDim.dimY,
  }
}

/** Value of interfaces 1 and 2 in the form of interface 4. */
export function fromValue1(value: AttributeValue1): AttributeValue4 {
  const { dimX, dimY } = value
  return fromValue3({ ...value, rDim: { dimX, dimY }, wDim: NO_DIM, errList: [] })
}

/**
 * A list of values as the arm of its type.
 * @throws Mismatch of scalar-values.ts when an element does not fit
 */
export function unionOfArray(type: AttributeType, value: unknown): AttrValUnion {
  return arrayUnion({ name: '', type, format: 'spectrum', enumLabels: [] }, value)
}

/** Shape of an attribute from its declaration. */
export function shapeOf(name: string, spec: AttributeSpec): AttributeShape {
  return { name, type: spec.type, format: spec.format ?? 'scalar', enumLabels: spec.enumLabels ?? [] }
}

/**
 * Attribute type of a wire number.
 * @throws DevFailed `API_NotSupported`
 */
export function attributeType(code: number, what: string): AttributeType {
  const type = ATTRIBUTE_TYPES.find((name) => TYPE_CODES[name] === code)
  if (type === undefined) throw devFailed('API_NotSupported', `${what} has the unknown data type ${code}`)
  return type
}

/** User format of a wire format. */
export function formatOf(format: AttrDataFormat): 'scalar' | 'spectrum' | 'image' {
  return format === 'IMAGE' ? 'image' : format === 'SPECTRUM' ? 'spectrum' : 'scalar'
}

const ATTRIBUTE_TYPES = [
  'DevDouble',
  'DevBoolean',
  'DevShort',
  'DevLong',
  'DevLong64',
  'DevFloat',
  'DevUChar',
  'DevUShort',
  'DevULong',
  'DevULong64',
  'DevString',
  'DevState',
  'DevEncoded',
  'DevEnum',
] as const satisfies readonly AttributeType[]

const WIRE_FORMATS = { scalar: 'SCALAR', spectrum: 'SPECTRUM', image: 'IMAGE' } as const
const NO_TIME: TimeVal = { sec: 0, usec: 0, nsec: 0 }
const SCALAR_DIM: AttributeDim = { dimX: 1, dimY: 0 }
const NO_DIM: AttributeDim = { dimX: 0, dimY: 0 }

type Format = AttributeShape['format']

/** A part of the sequence: typed arrays give views, lists copies. */
interface Sliceable {
  readonly length: number
  readonly [index: number]: unknown
  slice(start: number, end: number): unknown
}

function split(
  union: AttrValUnion,
  format: Format,
  rDim: AttributeDim,
  wDim: AttributeDim,
): { readonly value: unknown; readonly written: unknown } {
  switch (union.kind) {
    case 'ATT_NO_DATA':
      return { value: undefined, written: undefined }
    case 'DEVICE_STATE':
      return { value: union.value, written: undefined }
    default:
  }
  const all: Sliceable = union.value
  const r = count(rDim)
  const w = count(wDim)
  // a WRITE attribute has one value that is both: dimensions 1 and 1, length 1
  const start = all.length >= r + w ? r : 0
  if (format === 'scalar') return { value: r > 0 ? all[0] : undefined, written: w > 0 ? all[start] : undefined }
  return {
    value: part(all, format, 0, r, rDim),
    written: w > 0 ? part(all, format, start, w, wDim) : undefined,
  }
}

function part(all: Sliceable, format: Format, start: number, length: number, dim: AttributeDim): unknown {
  const data = start === 0 && length === all.length ? all : subarray(all, start, start + length)
  return format === 'image' ? { data, width: dim.dimX, height: dim.dimY } : data
}

function subarray(all: Sliceable, start: number, end: number): unknown {
  return 'subarray' in all && typeof all.subarray === 'function' ? all.subarray(start, end) : all.slice(start, end)
}

function count(dim: AttributeDim): number {
  return dim.dimY > 0 ? dim.dimX * dim.dimY : dim.dimX
}

function toUnion(shape: AttributeShape, value: unknown, what: string): { union: AttrValUnion; dim: AttributeDim } {
  if (shape.format === 'scalar') return { union: scalarUnion(shape, value), dim: SCALAR_DIM }
  if (shape.format === 'spectrum') {
    const union = arrayUnion(shape, value)
    return { union, dim: { dimX: lengthOf(union), dimY: 0 } }
  }
  const { data, width, height } = imageParts(value)
  const union = arrayUnion(shape, data)
  if (lengthOf(union) !== width * height) {
    throw devFailed(
      'API_AttrIncorrectDataNumber',
      `${what}: ${lengthOf(union)} pixels are no image of ${width} x ${height}`,
    )
  }
  return { union, dim: { dimX: width, dimY: height } }
}

/** `{ data, width, height }`, or rows of equal length. */
function imageParts(value: unknown): { data: unknown; width: number; height: number } {
  if (Array.isArray(value)) {
    const rows: readonly unknown[][] = value.map((row) => {
      if (!Array.isArray(row) && !ArrayBuffer.isView(row))
        throw new Mismatch('an image is { data, width, height } or rows')
      return Array.from(row as unknown as Iterable<unknown>)
    })
    const width = rows[0]?.length ?? 0
    if (rows.some((row) => row.length !== width)) throw new Mismatch('the rows of the image differ in length')
    return { data: rows.flat(), width, height: rows.length }
  }
  if (typeof value === 'object' && value !== null && 'data' in value && 'width' in value && 'height' in value) {
    const { data, width, height } = value
    if (typeof width === 'number' && typeof height === 'number') return { data, width, height }
  }
  throw new Mismatch(`${shown(value)} is no image; write { data, width, height }`)
}

function scalarUnion(shape: AttributeShape, value: unknown): AttrValUnion {
  const { type } = shape
  switch (type) {
    case 'DevBoolean':
      return { kind: 'ATT_BOOL', value: [toBoolean(value)] }
    case 'DevString':
      return { kind: 'ATT_STRING', value: [toText(value)] }
    case 'DevState':
      return { kind: 'ATT_STATE', value: [toState(value)] }
    case 'DevEncoded':
      return { kind: 'ATT_ENCODED', value: [toEncoded(value)] }
    case 'DevDouble':
      return { kind: 'ATT_DOUBLE', value: Float64Array.of(toDouble(type, value)) }
    case 'DevFloat':
      return { kind: 'ATT_FLOAT', value: Float32Array.of(toDouble(type, value)) }
    case 'DevEnum':
      return { kind: 'ATT_SHORT', value: Int16Array.of(toEnumIndex(value, shape.enumLabels)) }
    case 'DevShort':
      return { kind: 'ATT_SHORT', value: Int16Array.of(toInteger(type, value)) }
    case 'DevLong':
      return { kind: 'ATT_LONG', value: Int32Array.of(toInteger(type, value)) }
    case 'DevUChar':
      return { kind: 'ATT_UCHAR', value: Uint8Array.of(toInteger(type, value)) }
    case 'DevUShort':
      return { kind: 'ATT_USHORT', value: Uint16Array.of(toInteger(type, value)) }
    case 'DevULong':
      return { kind: 'ATT_ULONG', value: Uint32Array.of(toInteger(type, value)) }
    case 'DevLong64':
      return { kind: 'ATT_LONG64', value: BigInt64Array.of(toLongInteger(type, value)) }
    case 'DevULong64':
      return { kind: 'ATT_ULONG64', value: BigUint64Array.of(toLongInteger(type, value)) }
  }
}

function arrayUnion(shape: AttributeShape, value: unknown): AttrValUnion {
  const { type } = shape
  switch (type) {
    case 'DevBoolean':
      return { kind: 'ATT_BOOL', value: toSpectrum(type, value) }
    case 'DevString':
      return { kind: 'ATT_STRING', value: toSpectrum(type, value) }
    case 'DevState':
      return { kind: 'ATT_STATE', value: toSpectrum(type, value) }
    case 'DevEncoded':
      return { kind: 'ATT_ENCODED', value: toSpectrum(type, value) }
    case 'DevDouble':
      return { kind: 'ATT_DOUBLE', value: toSpectrum(type, value) }
    case 'DevFloat':
      return { kind: 'ATT_FLOAT', value: toSpectrum(type, value) }
    case 'DevEnum': {
      const indexes = Array.isArray(value) ? value.map((item: unknown) => toEnumIndex(item, shape.enumLabels)) : value
      return { kind: 'ATT_SHORT', value: toSpectrum(type, indexes) }
    }
    case 'DevShort':
      return { kind: 'ATT_SHORT', value: toSpectrum(type, value) }
    case 'DevLong':
      return { kind: 'ATT_LONG', value: toSpectrum(type, value) }
    case 'DevUChar':
      return { kind: 'ATT_UCHAR', value: toSpectrum(type, value) }
    case 'DevUShort':
      return { kind: 'ATT_USHORT', value: toSpectrum(type, value) }
    case 'DevULong':
      return { kind: 'ATT_ULONG', value: toSpectrum(type, value) }
    case 'DevLong64':
      return { kind: 'ATT_LONG64', value: toSpectrum(type, value) }
    case 'DevULong64':
      return { kind: 'ATT_ULONG64', value: toSpectrum(type, value) }
  }
}

function lengthOf(union: AttrValUnion): number {
  return union.kind === 'ATT_NO_DATA' || union.kind === 'DEVICE_STATE' ? 0 : union.value.length
}

/** Array type that carries each arm in an `any` of interface 3. */
const ANY_TYPES = {
  ATT_BOOL: 'DevVarBooleanArray',
  ATT_SHORT: 'DevVarShortArray',
  ATT_LONG: 'DevVarLongArray',
  ATT_LONG64: 'DevVarLong64Array',
  ATT_FLOAT: 'DevVarFloatArray',
  ATT_DOUBLE: 'DevVarDoubleArray',
  ATT_UCHAR: 'DevVarCharArray',
  ATT_USHORT: 'DevVarUShortArray',
  ATT_ULONG: 'DevVarULongArray',
  ATT_ULONG64: 'DevVarULong64Array',
  ATT_STRING: 'DevVarStringArray',
  ATT_STATE: 'DevVarStateArray',
  ATT_ENCODED: 'DevVarEncodedArray',
} as const

function anyOf(union: Exclude<AttrValUnion, { kind: 'ATT_NO_DATA' }>): { type: string; value: unknown } {
  return union.kind === 'DEVICE_STATE'
    ? { type: 'DevState', value: union.value }
    : { type: ANY_TYPES[union.kind], value: union.value }
}

/**
 * Values of an `any` as an arm.
 * @throws DevFailed `API_NotSupported`
 */
export function unionOf(any: AnyValue): AttrValUnion {
  switch (any.type) {
    case 'DevVarBooleanArray':
      return { kind: 'ATT_BOOL', value: any.value }
    case 'DevVarShortArray':
      return { kind: 'ATT_SHORT', value: any.value }
    case 'DevVarLongArray':
      return { kind: 'ATT_LONG', value: any.value }
    case 'DevVarLong64Array':
      return { kind: 'ATT_LONG64', value: any.value }
    case 'DevVarFloatArray':
      return { kind: 'ATT_FLOAT', value: any.value }
    case 'DevVarDoubleArray':
      return { kind: 'ATT_DOUBLE', value: any.value }
    case 'DevVarCharArray':
      return { kind: 'ATT_UCHAR', value: any.value }
    case 'DevVarUShortArray':
      return { kind: 'ATT_USHORT', value: any.value }
    case 'DevVarULongArray':
      return { kind: 'ATT_ULONG', value: any.value }
    case 'DevVarULong64Array':
      return { kind: 'ATT_ULONG64', value: any.value }
    case 'DevVarStringArray':
      return { kind: 'ATT_STRING', value: any.value }
    case 'DevVarStateArray':
      return { kind: 'ATT_STATE', value: any.value }
    case 'DevState':
      return { kind: 'DEVICE_STATE', value: any.value }
    case 'DevVarEncodedArray':
      return { kind: 'ATT_ENCODED', value: any.value }
    case 'DevVoid':
      return { kind: 'ATT_NO_DATA', value: undefined }
    default:
      throw devFailed('API_NotSupported', `an attribute value of type ${any.type} cannot be read`)
  }
}
