// Histories of polled objects in their wire forms: dates oldest first, values newest first, everything else in runs that
// name their newest record (Tango IDL, DevAttrHistory_5, DevCmdHistory_4).

import { DevFailed } from '../errors/dev-failed.ts'
import type { CommandType } from '../types/dev-types.ts'
import { TYPE_CODES } from '../types/dev-types.ts'
import { type AnyValue, VOID } from '../wire/any.ts'
import type { AttributeDim } from '../wire/tango-basic.ts'
import type {
  DevAttrHistory,
  DevAttrHistory3,
  DevAttrHistory5,
  DevCmdHistory,
  DevCmdHistory4,
  EltInArray,
} from '../wire/tango-history.ts'
import type { AttrValUnion } from '../wire/tango-idl.ts'
import { type Attribute, timeVal } from './attribute.ts'
import { wireFormat } from './attribute-config.ts'
import { VALUE_TYPES } from './attribute-value.ts'
import { commandResult } from './command-table.ts'
import { toValue1, toValue3 } from './old-values.ts'
import type { PolledObject, PollRecord } from './polling.ts'

const NO_DIM: AttributeDim = { dimX: 0, dimY: 0 }

/**
 * The newest records of a polled object, oldest first.
 * @throws DevFailed `API_NoDataYet`, `API_MemoryAllocation` for a negative count
 */
export function newest(object: PolledObject, count: number, origin: string): readonly PollRecord[] {
  if (object.records.length === 0) {
    const desc = `No data available in cache for ${object.kind} ${object.name}`
    throw new DevFailed([{ reason: 'API_NoDataYet', severity: 'ERR', desc, origin }])
  }
  if (count < 0) {
    // the words of native servers
    throw new DevFailed([
      { reason: 'API_MemoryAllocation', severity: 'ERR', desc: "Can't allocate memory in server", origin },
    ])
  }
  return count === 0 ? [] : object.records.slice(-count)
}

/** History of an attribute (interfaces 4 and 5). */
export function attributeHistory(attribute: Attribute, records: readonly PollRecord[]): DevAttrHistory5 {
  const values = records.map(({ value }) => value)
  const quals = runs(values.map((value) => value?.quality ?? 'INVALID'))
  const rDims = runs(
    values.map((value) => value?.rDim ?? NO_DIM),
    sameDim,
  )
  const wDims = runs(
    values.map((value) => value?.wDim ?? NO_DIM),
    sameDim,
  )
  const failed = errorRuns(records)
  return {
    name: attribute.name,
    dataFormat: wireFormat(attribute.spec),
    dataType: TYPE_CODES[attribute.spec.type],
    dates: records.map(({ time, value }) => value?.time ?? timeVal(time)),
    value: joinedValues(values.flatMap((value) => value?.value ?? [])),
    quals: quals.values,
    qualsArray: quals.ranges,
    rDims: rDims.values,
    rDimsArray: rDims.ranges,
    wDims: wDims.values,
    wDimsArray: wDims.ranges,
    errors: failed.values,
    errorsArray: failed.ranges,
  }
}

/** History of an attribute, interface 3. */
export function attributeHistory3(records: readonly PollRecord[]): DevAttrHistory3[] {
  return records.flatMap(({ value }) => {
    return value === undefined ? [] : [{ attrFailed: value.errList.length > 0, value: toValue3(value) }]
  })
}

/** History of an attribute, interface 2. */
export function attributeHistory2(records: readonly PollRecord[]): DevAttrHistory[] {
  return records.flatMap(({ value }) => {
    return value === undefined
      ? []
      : [{ attrFailed: value.errList.length > 0, value: toValue1(value), errors: value.errList }]
  })
}

/** History of a command, interface 4. */
export function commandHistory(outType: CommandType, records: readonly PollRecord[]): DevCmdHistory4 {
  const dims = runs(
    records.map((record) => resultDim(record)),
    sameDim,
  )
  const failed = errorRuns(records)
  return {
    dates: records.map(({ time }) => timeVal(time)),
    value: joinedResults(outType, records),
    dims: dims.values,
    dimsArray: dims.ranges,
    errors: failed.values,
    errorsArray: failed.ranges,
    cmdType: TYPE_CODES[outType],
  }
}

/** History of a command, interface 2. */
export function commandHistory2(records: readonly PollRecord[]): DevCmdHistory[] {
  return records.map(({ time, result, errors }) => ({
    time: timeVal(time),
    cmdFailed: errors.length > 0,
    value: result ?? VOID,
    errors,
  }))
}

/** Runs of equal values from the newest record on. */
function runs<T>(
  values: readonly T[],
  same: (a: T, b: T) => boolean = Object.is,
): { values: T[]; ranges: EltInArray[] } {
  const found: T[] = []
  const ranges: { start: number; nbElt: number }[] = []
  for (let i = values.length - 1; i >= 0; i -= 1) {
    const value = values[i]
    if (value === undefined) continue
    const [last, range] = [found.at(-1), ranges.at(-1)]
    if (last !== undefined && range !== undefined && same(last, value)) range.nbElt += 1
    else {
      found.push(value)
      ranges.push({ start: i, nbElt: 1 })
    }
  }
  return { values: found, ranges }
}

/** As {@link runs}, of the records that failed only. */
function errorRuns(records: readonly PollRecord[]): { values: DevFailed['errors'][]; ranges: EltInArray[] } {
  const all = runs(
    records.map(({ errors }) => errors),
    (a, b) => JSON.stringify(a) === JSON.stringify(b),
  )
  const bad = all.values
    .map((errors, i) => ({ errors, range: all.ranges[i] }))
    .filter(({ errors }) => errors.length > 0)
  return { values: bad.map(({ errors }) => errors), ranges: bad.flatMap(({ range }) => range ?? []) }
}

function sameDim(a: AttributeDim, b: AttributeDim): boolean {
  return a.dimX === b.dimX && a.dimY === b.dimY
}

/** All values in one array, newest record first. */
function joinedValues(unions: readonly AttrValUnion[]): AnyValue {
  const flat = unions.filter((union) => union.kind !== 'ATT_NO_DATA').reverse()
  const [first] = flat
  if (first === undefined) return VOID
  const elements = flat.flatMap((union): unknown[] => {
    return union.kind === 'DEVICE_STATE' ? [union.value] : Array.from<unknown>(union.value)
  })
  return arrayOf(first.kind, elements)
}

function arrayOf(kind: AttrValUnion['kind'], elements: readonly unknown[]): AnyValue {
  const arm = kind === 'DEVICE_STATE' ? 'ATT_STATE' : kind
  const type = Object.values(VALUE_TYPES).find((candidate) => candidate.kind === arm)
  if (type === undefined) return VOID
  // the array name of a type is the name of its command type
  return { type: type.arrayName, value: type.many(elements) } as unknown as AnyValue
}

const ARRAY_OF_SCALAR: Partial<Record<CommandType, CommandType>> = {
  DevBoolean: 'DevVarBooleanArray',
  DevShort: 'DevVarShortArray',
  DevEnum: 'DevVarShortArray',
  DevLong: 'DevVarLongArray',
  DevLong64: 'DevVarLong64Array',
  DevFloat: 'DevVarFloatArray',
  DevDouble: 'DevVarDoubleArray',
  DevUChar: 'DevVarCharArray',
  DevUShort: 'DevVarUShortArray',
  DevULong: 'DevVarULongArray',
  DevULong64: 'DevVarULong64Array',
  DevString: 'DevVarStringArray',
  ConstDevString: 'DevVarStringArray',
  DevState: 'DevVarStateArray',
  DevEncoded: 'DevVarEncodedArray',
}

function joinedResults(outType: CommandType, records: readonly PollRecord[]): AnyValue {
  const results = records.flatMap(({ result }) => result ?? []).reverse()
  if (results.length === 0 || outType === 'DevVoid') return VOID
  const scalarArray = ARRAY_OF_SCALAR[outType]
  const type = scalarArray ?? outType
  if (type === 'DevVarLongStringArray' || type === 'DevVarDoubleStringArray') {
    const numbers = results.flatMap(({ value }) => pairNumbers(value))
    const svalue = results.flatMap(({ value }) => pairTexts(value))
    const joined = type === 'DevVarLongStringArray' ? { lvalue: numbers, svalue } : { dvalue: numbers, svalue }
    return { type, value: commandResult(type, joined) } as AnyValue
  }
  const elements = results.flatMap(({ value }): unknown[] => {
    return scalarArray === undefined ? Array.from(value as Iterable<unknown>) : [value]
  })
  return { type, value: commandResult(type, elements) } as AnyValue
}

function resultDim({ result }: PollRecord): AttributeDim {
  if (result === undefined) return NO_DIM
  const { value } = result
  if (typeof value !== 'object') return { dimX: value === undefined ? 0 : 1, dimY: 0 }
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return { dimX: Reflect.get(value, 'length'), dimY: 0 }
  if ('svalue' in value) return { dimX: pairTexts(value).length, dimY: pairNumbers(value).length }
  return { dimX: 1, dimY: 0 }
}

function pairNumbers(value: AnyValue['value']): number[] {
  if (typeof value !== 'object') return []
  if ('lvalue' in value) return Array.from(value.lvalue)
  return 'dvalue' in value ? Array.from(value.dvalue) : []
}

function pairTexts(value: AnyValue['value']): readonly string[] {
  return typeof value === 'object' && 'svalue' in value ? value.svalue : []
}
