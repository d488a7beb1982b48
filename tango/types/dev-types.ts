// Tango's data types: names, wire numbers and the TypeScript values they map to.
// Source: Tango IDL and CmdArgType of cppTango 9.

import type { DevState } from './dev-state.ts'
import type { DevEncoded } from './encoded.ts'

/** Wire numbers of command arguments and attribute types (CmdArgType). */
export const TYPE_CODES = {
  DevVoid: 0,
  DevBoolean: 1,
  DevShort: 2,
  DevLong: 3,
  DevFloat: 4,
  DevDouble: 5,
  DevUShort: 6,
  DevULong: 7,
  DevString: 8,
  DevVarCharArray: 9,
  DevVarShortArray: 10,
  DevVarLongArray: 11,
  DevVarFloatArray: 12,
  DevVarDoubleArray: 13,
  DevVarUShortArray: 14,
  DevVarULongArray: 15,
  DevVarStringArray: 16,
  DevVarLongStringArray: 17,
  DevVarDoubleStringArray: 18,
  DevState: 19,
  ConstDevString: 20,
  DevVarBooleanArray: 21,
  DevUChar: 22,
  DevLong64: 23,
  DevULong64: 24,
  DevVarLong64Array: 25,
  DevVarULong64Array: 26,
  DevEncoded: 28,
  DevEnum: 29,
  DevPipeBlob: 30,
  DevVarStateArray: 31,
  DevVarEncodedArray: 32,
} as const

/** Name of a Tango type. */
export type TangoType = keyof typeof TYPE_CODES

/** Scalar types that an attribute may have (spectra and images carry the same name). */
export type AttributeType =
  | 'DevBoolean'
  | 'DevShort'
  | 'DevLong'
  | 'DevLong64'
  | 'DevFloat'
  | 'DevDouble'
  | 'DevUChar'
  | 'DevUShort'
  | 'DevULong'
  | 'DevULong64'
  | 'DevString'
  | 'DevState'
  | 'DevEncoded'
  | 'DevEnum'

/** Numbers and strings side by side. */
export interface LongStringArray {
  readonly lvalue: Int32Array
  readonly svalue: readonly string[]
}

/** Doubles and strings side by side. */
export interface DoubleStringArray {
  readonly dvalue: Float64Array
  readonly svalue: readonly string[]
}

/** TypeScript value of one attribute element. DevEnum is its index. */
export interface ScalarValues {
  DevBoolean: boolean
  DevShort: number
  DevLong: number
  DevLong64: bigint
  DevFloat: number
  DevDouble: number
  DevUChar: number
  DevUShort: number
  DevULong: number
  DevULong64: bigint
  DevString: string
  DevState: DevState
  DevEncoded: DevEncoded
  DevEnum: number
}

/** TypeScript value of a whole spectrum; images hold the same in `data`, row-major. */
export interface SpectrumValues {
  DevBoolean: readonly boolean[]
  DevShort: Int16Array
  DevLong: Int32Array
  DevLong64: BigInt64Array
  DevFloat: Float32Array
  DevDouble: Float64Array
  DevUChar: Uint8Array
  DevUShort: Uint16Array
  DevULong: Uint32Array
  DevULong64: BigUint64Array
  DevString: readonly string[]
  DevState: readonly DevState[]
  DevEncoded: readonly DevEncoded[]
  DevEnum: Int16Array
}

/** A row-major image: `data[y * width + x]`; Tango's `dim_x` is `width`. */
export interface Image<Data> {
  readonly data: Data
  readonly width: number
  readonly height: number
}

/** TypeScript value of each command argument or result. */
export interface CommandValues {
  DevVoid: undefined
  DevBoolean: boolean
  DevShort: number
  DevLong: number
  DevFloat: number
  DevDouble: number
  DevUShort: number
  DevULong: number
  DevString: string
  ConstDevString: string
  DevUChar: number
  DevLong64: bigint
  DevULong64: bigint
  DevState: DevState
  DevEnum: number
  DevEncoded: DevEncoded
  DevVarCharArray: Uint8Array
  DevVarShortArray: Int16Array
  DevVarLongArray: Int32Array
  DevVarFloatArray: Float32Array
  DevVarDoubleArray: Float64Array
  DevVarUShortArray: Uint16Array
  DevVarULongArray: Uint32Array
  DevVarLong64Array: BigInt64Array
  DevVarULong64Array: BigUint64Array
  DevVarBooleanArray: readonly boolean[]
  DevVarStringArray: readonly string[]
  DevVarStateArray: readonly DevState[]
  DevVarEncodedArray: readonly DevEncoded[]
  DevVarLongStringArray: LongStringArray
  DevVarDoubleStringArray: DoubleStringArray
}

/** Types that a command may take or return. */
export type CommandType = keyof CommandValues
