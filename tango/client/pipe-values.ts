// Values of pipes between wire and user: nested blobs there, plain objects here.
// Source of truth: tango.idl, DevPipeBlob, and what native clients send in it.

import type { PipeBlob, PipeElement, PipeReading } from '../types/pipe.ts'
import type { AttrValUnion, DevPipeBlob, DevPipeData, DevPipeDataElt } from '../wire/tango-idl.ts'
import { timeOf, unionOfArray } from './attribute-values.ts'
import { converted, Mismatch, shown } from './scalar-values.ts'

type LeafType = Exclude<PipeElement['type'], 'blob'>

/** Names in `innerBlobName` of elements that are no blobs. */
const SCALAR = 'Scalar'
const ARRAY = 'Array'
const NO_VALUE: AttrValUnion = { kind: 'ATT_NO_DATA', value: undefined }
/** Blobs deeper than this are refused by the codec of the wire as well. */
const MAX_DEPTH = 60

const ARM_TYPES: Readonly<Record<Exclude<AttrValUnion['kind'], 'ATT_NO_DATA'>, LeafType>> = {
  ATT_BOOL: 'DevBoolean',
  ATT_SHORT: 'DevShort',
  ATT_LONG: 'DevLong',
  ATT_LONG64: 'DevLong64',
  ATT_FLOAT: 'DevFloat',
  ATT_DOUBLE: 'DevDouble',
  ATT_UCHAR: 'DevUChar',
  ATT_USHORT: 'DevUShort',
  ATT_ULONG: 'DevULong',
  ATT_ULONG64: 'DevULong64',
  ATT_STRING: 'DevString',
  ATT_STATE: 'DevState',
  DEVICE_STATE: 'DevState',
  ATT_ENCODED: 'DevEncoded',
}

/** A pipe as it was read. */
export function toPipeReading(data: DevPipeData): PipeReading {
  const blob = toBlob(data.dataBlob.name, data.dataBlob.blobData)
  return { name: data.name, time: timeOf(data.time), blob, values: valuesOf(blob) }
}

/** The values of a blob by name, inner blobs as objects; of equal names the last. */
export function valuesOf(blob: PipeBlob): Record<string, unknown> {
  // no prototype: an element may have any name
  const values: Record<string, unknown> = Object.create(null)
  for (const { name, type, value } of blob.elements)
    values[name] = type === 'blob' && isBlob(value) ? valuesOf(value) : value
  return { ...values }
}

/**
 * Blob of a pipe to be written.
 * @param name of the blob, unless the value says one
 * @param what names device and pipe in error messages
 * @throws DevFailed `API_PipeWrongArg` when a value cannot be converted without loss
 */
export function toPipeBlob(name: string, value: unknown, what: string): DevPipeBlob {
  return converted('API_PipeWrongArg', what, () => {
    const [blobName, elements] = members(name, value, 0)
    return { name: blobName, blobData: elements }
  })
}

function toBlob(name: string, elements: readonly DevPipeDataElt[]): PipeBlob {
  return { name, elements: elements.map(toElement) }
}

function toElement(element: DevPipeDataElt): PipeElement {
  const { name, value, innerBlob, innerBlobName } = element
  if (value.kind === 'ATT_NO_DATA') return { name, type: 'blob', value: toBlob(innerBlobName, innerBlob) }
  const type = ARM_TYPES[value.kind]
  if (value.kind === 'DEVICE_STATE') return { name, type, value: value.value }
  // writers that name neither kind mean a scalar with one value
  const array = innerBlobName === ARRAY || (innerBlobName !== SCALAR && value.value.length !== 1)
  return { name, type, value: array ? value.value : value.value[0] }
}

function members(name: string, value: unknown, depth: number): [string, DevPipeDataElt[]] {
  if (depth > MAX_DEPTH) throw new Mismatch(`blobs are nested deeper than ${MAX_DEPTH}`)
  if (isBlob(value)) {
    return [
      value.name,
      value.elements.map((element) =>
        element.type === 'blob'
          ? toWire(element.name, element.value, depth)
          : toWire(element.name, { type: element.type, value: element.value }, depth),
      ),
    ]
  }
  if (!isPlain(value)) throw new Mismatch(`${shown(value)} is no blob; write an object with one value per name`)
  return [name, Object.entries(value).map(([key, member]) => toWire(key, member, depth))]
}

function toWire(name: string, value: unknown, depth: number): DevPipeDataElt {
  try {
    const typed = typedValue(value)
    if (typed === undefined) {
      const [innerBlobName, innerBlob] = members(name, value, depth + 1)
      return { name, value: NO_VALUE, innerBlob, innerBlobName }
    }
    const array = isList(typed.value)
    const union = unionOfArray(typed.type, array ? typed.value : [typed.value])
    return { name, value: union, innerBlob: [], innerBlobName: array ? ARRAY : SCALAR }
  } catch (error) {
    if (error instanceof Mismatch) throw new Mismatch(`${name}: ${error.message}`)
    throw error
  }
}

/** Type and value of a leaf; undefined for an inner blob. */
function typedValue(value: unknown): { readonly type: LeafType; readonly value: unknown } | undefined {
  if (isPlain(value) || isBlob(value)) {
    if (isEncoded(value)) return { type: 'DevEncoded', value }
    const { type } = value as { type?: unknown }
    const known = LEAF_TYPES.find((name) => name === type)
    return known !== undefined && 'value' in value ? { type: known, value: value.value } : undefined
  }
  const array = ARRAY_TYPES.find(([kind]) => value instanceof kind)
  if (array !== undefined) return { type: array[1], value }
  const first: unknown = Array.isArray(value) ? value[0] : value
  switch (typeof first) {
    case 'boolean':
      return { type: 'DevBoolean', value }
    case 'number':
      return { type: 'DevDouble', value }
    case 'bigint':
      return { type: 'DevLong64', value }
    case 'string':
      return { type: 'DevString', value }
    case 'object':
      if (isEncoded(first)) return { type: 'DevEncoded', value }
      break
    default:
  }
  if (Array.isArray(value) && value.length === 0) {
    throw new Mismatch("an empty list has no type; write { type: 'DevDouble', value: [] }")
  }
  throw new Mismatch(`${shown(value)} has no Tango type; write { type, value }`)
}

const LEAF_TYPES: readonly LeafType[] = [...new Set(Object.values(ARM_TYPES))]

const ARRAY_TYPES: readonly (readonly [new () => ArrayBufferView, LeafType])[] = [
  [Float64Array, 'DevDouble'],
  [Float32Array, 'DevFloat'],
  [Int16Array, 'DevShort'],
  [Int32Array, 'DevLong'],
  [BigInt64Array, 'DevLong64'],
  [Uint8Array, 'DevUChar'],
  [Uint16Array, 'DevUShort'],
  [Uint32Array, 'DevULong'],
  [BigUint64Array, 'DevULong64'],
]

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function isBlob(value: unknown): value is PipeBlob {
  return isPlain(value) && typeof value.name === 'string' && Array.isArray(value.elements)
}

function isEncoded(value: unknown): boolean {
  return isPlain(value) && typeof value.format === 'string' && value.data instanceof Uint8Array
}
