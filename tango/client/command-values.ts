// Arguments of commands: any JavaScript value to the value of the command's input type, checked.

import type { CommandType, CommandValues } from '../types/dev-types.ts'
import type { AnyValue } from '../wire/any.ts'
import {
  converted,
  Mismatch,
  shown,
  toBoolean,
  toDouble,
  toEncoded,
  toInteger,
  toLongInteger,
  toSpectrum,
  toState,
  toText,
} from './scalar-values.ts'

/**
 * Argument of a command as it goes on the wire.
 * @param what names the command in error messages
 * @throws DevFailed `API_IncompatibleCmdArgumentType` when `value` cannot be converted without loss
 */
export function toCommandArgument(type: CommandType, value: unknown, what: string): AnyValue {
  const argument = converted('API_IncompatibleCmdArgumentType', what, () => convert(type, value))
  // `convert` returns the value of `type`, which the type system cannot follow through its switch
  return { type, value: argument } as AnyValue
}

function convert(type: CommandType, value: unknown): CommandValues[CommandType] {
  switch (type) {
    case 'DevVoid':
      if (value !== undefined) throw new Mismatch(`it takes no argument, not ${shown(value)}`)
      return undefined
    case 'DevBoolean':
      return toBoolean(value)
    case 'DevShort':
    case 'DevEnum':
    case 'DevLong':
    case 'DevUChar':
    case 'DevUShort':
    case 'DevULong':
      return toInteger(type, value)
    case 'DevFloat':
    case 'DevDouble':
      return toDouble(type, value)
    case 'DevLong64':
    case 'DevULong64':
      return toLongInteger(type, value)
    case 'DevString':
    case 'ConstDevString':
      return toText(value)
    case 'DevState':
      return toState(value)
    case 'DevEncoded':
      return toEncoded(value)
    case 'DevVarLongStringArray':
      return {
        lvalue: toSpectrum('DevLong', member(value, 'lvalue')),
        svalue: toSpectrum('DevString', member(value, 'svalue')),
      }
    case 'DevVarDoubleStringArray':
      return {
        dvalue: toSpectrum('DevDouble', member(value, 'dvalue')),
        svalue: toSpectrum('DevString', member(value, 'svalue')),
      }
    default:
      return toSpectrum(ELEMENT_TYPES[type], value)
  }
}

const ELEMENT_TYPES = {
  DevVarCharArray: 'DevUChar',
  DevVarShortArray: 'DevShort',
  DevVarLongArray: 'DevLong',
  DevVarFloatArray: 'DevFloat',
  DevVarDoubleArray: 'DevDouble',
  DevVarUShortArray: 'DevUShort',
  DevVarULongArray: 'DevULong',
  DevVarLong64Array: 'DevLong64',
  DevVarULong64Array: 'DevULong64',
  DevVarBooleanArray: 'DevBoolean',
  DevVarStringArray: 'DevString',
  DevVarStateArray: 'DevState',
  DevVarEncodedArray: 'DevEncoded',
} as const

/** One half of a pair of arrays; an absent half is empty. */
function member(value: unknown, name: 'lvalue' | 'dvalue' | 'svalue'): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw new Mismatch(`${shown(value)} is no pair of arrays; write { ${name}: [...], svalue: [...] }`)
  }
  const half = name in value ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
  return half ?? []
}
