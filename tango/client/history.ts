// Histories of polled attributes and commands as lists of records: dates oldest first, values newest first and joined,
// everything else in runs that name their newest record (Tango IDL, DevAttrHistory_5, DevCmdHistory_4).

import { type DevError, DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { AttributeReading } from '../types/reading.ts'
import type { AnyValue } from '../wire/any.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { AttrDataFormat, AttributeDim } from '../wire/tango-basic.ts'
import type { DevAttrHistory4, DevCmdHistory4, EltInArray } from '../wire/tango-history.ts'
import type { AttributeValue4, AttrValUnion } from '../wire/tango-idl.ts'
import { fromValue1, fromValue3, timeOf, toReading, unionOf } from './attribute-values.ts'
import { type Call, getAttributeConfig, notSupported, typeName } from './operations.ts'

/** One polled reading: a reading, or what the reading failed with. */
export interface AttributeRecord<Value = unknown> {
  /** Seconds since 1970. */
  readonly time: number
  readonly reading?: AttributeReading<Value>
  readonly error?: DevFailed
}

/** One polled execution: a result, or what the command failed with. */
export interface CommandRecord<Result = unknown> {
  /** Seconds since 1970. */
  readonly time: number
  readonly value?: Result
  readonly error?: DevFailed
}

/** The last `count` polled readings, oldest first. */
export async function readAttributeHistory(call: Call, name: string, count: number): Promise<AttributeRecord[]> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 5) {
    const history = await orb.call(reference, OPERATIONS.read_attribute_history_5, [name, count], options)
    return attributeRecords(history, history.dataFormat)
  }
  if (level === 4) {
    const history = await orb.call(reference, OPERATIONS.read_attribute_history_4, [name, count], options)
    const [config] = await getAttributeConfig(call, [name])
    return attributeRecords(history, config?.dataFormat ?? 'FMT_UNKNOWN')
  }
  if (level === 3) {
    const history = await orb.call(reference, OPERATIONS.read_attribute_history_3, [name, count], options)
    return history.map(({ value }) => attributeRecord(fromValue3(value), value.errList))
  }
  if (level < 2) throw notSupported(target, 'histories')
  const history = await orb.call(reference, OPERATIONS.read_attribute_history_2, [name, count], options)
  return history.map(({ value, errors }) => attributeRecord(fromValue1(value), errors))
}

/** The last `count` polled executions, oldest first. */
export async function readCommandHistory(call: Call, name: string, count: number): Promise<CommandRecord[]> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 4) {
    return commandRecords(await orb.call(reference, OPERATIONS.command_inout_history_4, [name, count], options))
  }
  if (level < 2) throw notSupported(target, 'histories')
  const history = await orb.call(reference, OPERATIONS.command_inout_history_2, [name, count], options)
  return history.map(({ time, value, errors, cmdFailed }) => ({
    time: timeOf(time),
    ...(cmdFailed ? { error: new DevFailed(errors) } : { value: value.value }),
  }))
}

/** Records of an attribute's history. */
export function attributeRecords(history: DevAttrHistory4, dataFormat: AttrDataFormat): AttributeRecord[] {
  const { dates, name } = history
  const quals = expand(history.quals, history.qualsArray, dates.length)
  const rDims = expand(history.rDims, history.rDimsArray, dates.length)
  const wDims = expand(history.wDims, history.wDimsArray, dates.length)
  const errors = expand(history.errors, history.errorsArray, dates.length)
  const sizes = dates.map((_date, i) => [sizeOf(rDims[i]), sizeOf(wDims[i])] as const)
  const take = taker(unionOf(history.value))
  // a WRITE attribute has one value that is both parts
  const shared = sizes.reduce((sum, [r, w]) => sum + r + w, 0) !== take.length
  const records: AttributeRecord[] = []
  for (let i = dates.length - 1; i >= 0; i -= 1) {
    const time = dates[i]
    const [r = 0, w = 0] = sizes[i] ?? []
    if (time === undefined) continue
    const value: AttributeValue4 = {
      value: take.next(shared ? Math.max(r, w) : r + w, name),
      quality: quals[i] ?? 'INVALID',
      dataFormat,
      time,
      name,
      rDim: rDims[i] ?? NO_DIM,
      wDim: wDims[i] ?? NO_DIM,
      errList: [],
    }
    records.push(attributeRecord(value, errors[i] ?? []))
  }
  return records.reverse()
}

/** Records of a command's history. */
export function commandRecords(history: DevCmdHistory4): CommandRecord[] {
  const { dates, value: joined } = history
  const dims = expand(history.dims, history.dimsArray, dates.length)
  const errors = expand(history.errors, history.errorsArray, dates.length)
  const scalar = !typeName(history.cmdType).startsWith('DevVar')
  const next = resultTaker(joined)
  const records: CommandRecord[] = []
  for (let i = dates.length - 1; i >= 0; i -= 1) {
    const date = dates[i]
    if (date === undefined) continue
    const time = timeOf(date)
    const failed = errors[i] ?? []
    if (failed.length > 0) records.push({ time, error: new DevFailed(failed) })
    else records.push({ time, value: next(dims[i] ?? NO_DIM, scalar) })
  }
  return records.reverse()
}

const NO_DIM: AttributeDim = { dimX: 0, dimY: 0 }

function attributeRecord(value: AttributeValue4, errors: readonly DevError[]): AttributeRecord {
  const time = timeOf(value.time)
  return errors.length > 0 ? { time, error: new DevFailed(errors) } : { time, reading: toReading(value) }
}

/** One item per record from runs that name their newest record. */
function expand<T>(values: readonly T[], ranges: readonly EltInArray[], length: number): (T | undefined)[] {
  const items: (T | undefined)[] = new Array(length).fill(undefined)
  for (const [k, { start, nbElt }] of ranges.entries()) {
    const stop = Math.max(0, start - nbElt + 1)
    for (let i = Math.min(start, length - 1); i >= stop; i -= 1) items[i] = values[k]
  }
  return items
}

function sizeOf(dim: AttributeDim = NO_DIM): number {
  return dim.dimY > 0 ? dim.dimX * dim.dimY : dim.dimX
}

/** Takes the values of one record after the other from the front. */
function taker(union: AttrValUnion): { readonly length: number; next(count: number, what: string): AttrValUnion } {
  if (union.kind === 'ATT_NO_DATA') return { length: 0, next: () => NO_VALUE }
  if (union.kind === 'DEVICE_STATE') return { length: 1, next: () => union }
  const { kind, value } = union
  let at = 0
  return {
    length: value.length,
    next: (count, what) => {
      if (count === 0) return NO_VALUE
      if (at + count > value.length) throw tooShort(what)
      at += count
      // the slice of an arm's values has the type of that arm
      return { kind, value: value.slice(at - count, at) } as AttrValUnion
    },
  }
}

const NO_VALUE: AttrValUnion = { kind: 'ATT_NO_DATA', value: undefined }

/** Takes the result of one record after the other from the front. */
function resultTaker({ type, value }: AnyValue): (dim: AttributeDim, scalar: boolean) => unknown {
  if (typeof value === 'object' && 'svalue' in value) {
    // of pairs, the first dimension counts the texts, the second one the numbers
    const texts = listTaker(value.svalue, type)
    const numbers = listTaker('lvalue' in value ? value.lvalue : value.dvalue, type)
    const key = 'lvalue' in value ? 'lvalue' : 'dvalue'
    return ({ dimX, dimY }) => ({ [key]: numbers(dimY), svalue: texts(dimX) })
  }
  if (typeof value !== 'object' || !('slice' in value)) return () => value
  const take = listTaker(value, type)
  return ({ dimX }, scalar) => (scalar ? take(dimX)[0] : take(dimX))
}

interface List {
  readonly length: number
  readonly [index: number]: unknown
  slice(start: number, end: number): List
}

function listTaker(list: List, what: string): (count: number) => List {
  let at = 0
  return (count) => {
    if (at + count > list.length) throw tooShort(what)
    at += count
    return list.slice(at - count, at)
  }
}

function tooShort(what: string): DevFailed {
  return devFailed('API_NotSupported', `the history of ${what} holds fewer values than it says`)
}
