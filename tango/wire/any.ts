// CORBA any with the types that Tango puts in it: exact TypeCodes out, any equivalent TypeCode in.
// Source of truth: CORBA 3.3 part 2, 9.3.5, and the TypeCodes that omniORB derives from tango.idl.

import { DEV_STATES } from '../types/dev-state.ts'
import type { CommandType, CommandValues } from '../types/dev-types.ts'
import type { CdrReader } from './cdr.ts'
import { CdrError, CdrWriter } from './cdr.ts'
import type { Codec } from './codec.ts'
import * as codec from './codec.ts'
import { devEncoded, devEncodeds, devState, devStates, doubleStringArray, longStringArray } from './tango-basic.ts'
import type { TypeCode } from './type-code.ts'
import { KIND, readTypeCode, writeTypeCode } from './type-code.ts'

/** A value with its Tango type: argument or result of a command, attribute value of the oldest interfaces. */
export type AnyValue = {
  readonly [T in CommandType]: { readonly type: T; readonly value: CommandValues[T] }
}[CommandType]

/** The absent argument or result. */
export const VOID: AnyValue = { type: 'DevVoid', value: undefined }

const basic = (kind: number): TypeCode => ({ kind })
const alias = (name: string, content: TypeCode): TypeCode => ({ kind: KIND.alias, id: tangoId(name), name, content })
const array = (name: string, element: TypeCode): TypeCode => alias(name, { kind: KIND.sequence, element })

const STRING = basic(KIND.string)
const CHAR_ARRAY = array('DevVarCharArray', basic(KIND.octet))
const LONG_ARRAY = array('DevVarLongArray', basic(KIND.long))
const DOUBLE_ARRAY = array('DevVarDoubleArray', basic(KIND.double))
const STRING_ARRAY = array('DevVarStringArray', STRING)
const STATE: TypeCode = { kind: KIND.enum, id: tangoId('DevState'), name: 'DevState', labels: DEV_STATES }
const ENCODED = record('DevEncoded', {
  encoded_format: alias('DevString', STRING),
  encoded_data: CHAR_ARRAY,
})

/** TypeCode and codec of each type. */
const TYPES: { readonly [T in CommandType]: { readonly typeCode: TypeCode; readonly codec: Codec<CommandValues[T]> } } =
  {
    DevVoid: { typeCode: basic(KIND.null), codec: codec.nothing },
    DevBoolean: { typeCode: basic(KIND.boolean), codec: codec.boolean },
    DevShort: { typeCode: basic(KIND.short), codec: codec.short },
    DevLong: { typeCode: basic(KIND.long), codec: codec.long },
    DevFloat: { typeCode: basic(KIND.float), codec: codec.float },
    DevDouble: { typeCode: basic(KIND.double), codec: codec.double },
    DevUShort: { typeCode: basic(KIND.ushort), codec: codec.ushort },
    DevULong: { typeCode: basic(KIND.ulong), codec: codec.ulong },
    DevString: { typeCode: STRING, codec: codec.string },
    ConstDevString: { typeCode: STRING, codec: codec.string },
    DevUChar: { typeCode: basic(KIND.octet), codec: codec.octet },
    DevLong64: { typeCode: basic(KIND.longlong), codec: codec.longlong },
    DevULong64: { typeCode: basic(KIND.ulonglong), codec: codec.ulonglong },
    DevState: { typeCode: STATE, codec: devState },
    DevEnum: { typeCode: basic(KIND.short), codec: codec.short },
    DevEncoded: { typeCode: ENCODED, codec: devEncoded },
    DevVarCharArray: { typeCode: CHAR_ARRAY, codec: codec.octets },
    DevVarShortArray: { typeCode: array('DevVarShortArray', basic(KIND.short)), codec: codec.shorts },
    DevVarLongArray: { typeCode: LONG_ARRAY, codec: codec.longs },
    DevVarFloatArray: { typeCode: array('DevVarFloatArray', basic(KIND.float)), codec: codec.floats },
    DevVarDoubleArray: { typeCode: DOUBLE_ARRAY, codec: codec.doubles },
    DevVarUShortArray: { typeCode: array('DevVarUShortArray', basic(KIND.ushort)), codec: codec.ushorts },
    DevVarULongArray: { typeCode: array('DevVarULongArray', basic(KIND.ulong)), codec: codec.ulongs },
    DevVarLong64Array: { typeCode: array('DevVarLong64Array', basic(KIND.longlong)), codec: codec.longlongs },
    DevVarULong64Array: { typeCode: array('DevVarULong64Array', basic(KIND.ulonglong)), codec: codec.ulonglongs },
    DevVarBooleanArray: { typeCode: array('DevVarBooleanArray', basic(KIND.boolean)), codec: codec.booleans },
    DevVarStringArray: { typeCode: STRING_ARRAY, codec: codec.strings },
    DevVarStateArray: { typeCode: array('DevVarStateArray', STATE), codec: devStates },
    DevVarEncodedArray: { typeCode: array('DevVarEncodedArray', ENCODED), codec: devEncodeds },
    DevVarLongStringArray: {
      typeCode: record('DevVarLongStringArray', { lvalue: LONG_ARRAY, svalue: STRING_ARRAY }),
      codec: longStringArray,
    },
    DevVarDoubleStringArray: {
      typeCode: record('DevVarDoubleStringArray', { dvalue: DOUBLE_ARRAY, svalue: STRING_ARRAY }),
      codec: doubleStringArray,
    },
  }

/** TypeCodes as they go out, from a 4-aligned offset, in both byte orders. */
const ENCODED_LITTLE = encodedTypeCodes(true)
const ENCODED_BIG = encodedTypeCodes(false)

/** Types by the repository id of their outermost alias, struct or enum. */
const BY_ID: ReadonlyMap<string, CommandType> = new Map(
  commandTypes().flatMap((type) => {
    const { typeCode } = TYPES[type]
    return typeCode.id === undefined ? [] : [[typeCode.id, type] as const]
  }),
)

const BY_KIND: ReadonlyMap<number, CommandType> = new Map([
  [KIND.null, 'DevVoid'],
  [KIND.void, 'DevVoid'],
  [KIND.boolean, 'DevBoolean'],
  [KIND.short, 'DevShort'],
  [KIND.long, 'DevLong'],
  [KIND.float, 'DevFloat'],
  [KIND.double, 'DevDouble'],
  [KIND.ushort, 'DevUShort'],
  [KIND.ulong, 'DevULong'],
  [KIND.string, 'DevString'],
  [KIND.char, 'DevUChar'],
  [KIND.octet, 'DevUChar'],
  [KIND.longlong, 'DevLong64'],
  [KIND.ulonglong, 'DevULong64'],
])

const ARRAY_OF: ReadonlyMap<CommandType, CommandType> = new Map([
  ['DevBoolean', 'DevVarBooleanArray'],
  ['DevShort', 'DevVarShortArray'],
  ['DevLong', 'DevVarLongArray'],
  ['DevFloat', 'DevVarFloatArray'],
  ['DevDouble', 'DevVarDoubleArray'],
  ['DevUShort', 'DevVarUShortArray'],
  ['DevULong', 'DevVarULongArray'],
  ['DevString', 'DevVarStringArray'],
  ['DevUChar', 'DevVarCharArray'],
  ['DevLong64', 'DevVarLong64Array'],
  ['DevULong64', 'DevVarULong64Array'],
  ['DevState', 'DevVarStateArray'],
  ['DevEncoded', 'DevVarEncodedArray'],
])

/** CORBA any holding one of Tango's types. DevEnum travels as DevShort and comes back as such. */
export const any: Codec<AnyValue> = {
  minSize: 4,
  encode(w, value) {
    encodeAnyOf(w, value.type, value.value)
  },
  decode(r) {
    const type = decodeAnyType(r)
    // Type and value come from the same row of the table, which the type system cannot follow.
    return { type, value: TYPES[type].codec.decode(r) } as AnyValue
  },
}

/** The codec of a command argument or result without the any around it. */
export function valueCodec<T extends CommandType>(type: T): Codec<CommandValues[T]> {
  return TYPES[type].codec
}

/** Reads the TypeCode of an any and leaves the reader at its value. */
export function decodeAnyType(r: CdrReader): CommandType {
  r.align(4)
  const typeCode = readTypeCode(r, (id) => BY_ID.has(id))
  const type = identify(typeCode)
  if (type === undefined) throw new CdrError('bad', `any holds no Tango type (TypeCode kind ${typeCode.kind})`)
  return type
}

function encodeAnyOf<T extends CommandType>(w: CdrWriter, type: T, value: unknown): void {
  const typeCode = (w.littleEndian ? ENCODED_LITTLE : ENCODED_BIG)[type]
  if (typeCode === undefined) throw new CdrError('bad', `${String(type)} cannot be put in an any`)
  w.align(4)
  w.rawOctets(typeCode)
  // The caller's AnyValue pairs type and value.
  ;(TYPES[type].codec as Codec<unknown>).encode(w, value)
}

/** The Tango type that a TypeCode stands for, by name or, if that is unknown, by structure. */
function identify(typeCode: TypeCode): CommandType | undefined {
  const known = typeCode.id === undefined ? undefined : BY_ID.get(typeCode.id)
  if (known !== undefined) return known
  switch (typeCode.kind) {
    case KIND.alias:
      return typeCode.content === undefined ? undefined : identify(typeCode.content)
    case KIND.sequence: {
      const element = typeCode.element === undefined ? undefined : identify(typeCode.element)
      return element === undefined ? undefined : ARRAY_OF.get(element)
    }
    case KIND.struct:
      switch (typeCode.members?.map((member) => identify(member.type)).join(' ')) {
        case 'DevVarLongArray DevVarStringArray':
          return 'DevVarLongStringArray'
        case 'DevVarDoubleArray DevVarStringArray':
          return 'DevVarDoubleStringArray'
        case 'DevString DevVarCharArray':
          return 'DevEncoded'
        default:
          return undefined
      }
    default:
      return BY_KIND.get(typeCode.kind)
  }
}

function tangoId(name: string): string {
  return `IDL:Tango/${name}:1.0`
}

function record(name: string, members: Readonly<Record<string, TypeCode>>): TypeCode {
  return {
    kind: KIND.struct,
    id: tangoId(name),
    name,
    members: Object.entries(members).map(([member, type]) => ({ name: member, type })),
  }
}

function commandTypes(): CommandType[] {
  // Object.keys of a record is typed string[].
  return Object.keys(TYPES) as CommandType[]
}

function encodedTypeCodes(littleEndian: boolean): Readonly<Record<string, Uint8Array>> {
  const encoded: Record<string, Uint8Array> = {}
  for (const type of commandTypes()) {
    const w = new CdrWriter({ littleEndian, capacity: 512 })
    writeTypeCode(w, TYPES[type].typeCode)
    encoded[type] = w.toBytes()
  }
  return encoded
}
