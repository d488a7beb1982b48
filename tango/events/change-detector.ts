// Decides whether a reading differs enough from the last one that was sent (Tango's change and archive events).

import type { AttributeValue5 } from '../wire/tango-idl.ts'

/** How far a value may go below and above the last one. */
export interface Threshold {
  readonly down: number
  readonly up: number
}

/** Criteria of one kind of event; `rel` is in percent. */
export interface ChangeCriteria {
  readonly abs: Threshold | undefined
  readonly rel: Threshold | undefined
}

const NUMERIC: ReadonlySet<string> = new Set([
  'ATT_SHORT',
  'ATT_LONG',
  'ATT_LONG64',
  'ATT_FLOAT',
  'ATT_DOUBLE',
  'ATT_UCHAR',
  'ATT_USHORT',
  'ATT_ULONG',
  'ATT_ULONG64',
])
/** wire number of DevEnum, whose values are labels: every difference counts */
const ENUM_TYPE = 29

/**
 * Whether `next` is worth an event after `last`. Numbers need a criterion; everything else counts as changed when it is
 * different in any way. Errors that appear, disappear or differ, sizes and invalid qualities count always.
 * @param last the value that was sent last, `undefined` when none was
 */
export function isChange(last: AttributeValue5 | undefined, next: AttributeValue5, criteria: ChangeCriteria): boolean {
  if (last === undefined) return true
  if (last.errList.length > 0 || next.errList.length > 0) return !sameErrors(last, next)
  if ((last.quality === 'INVALID') !== (next.quality === 'INVALID')) return true
  if (next.quality === 'INVALID') return false
  if (last.rDim.dimX !== next.rDim.dimX || last.rDim.dimY !== next.rDim.dimY) return true
  const [a, b] = [last.value, next.value]
  if (a.kind === 'DEVICE_STATE' || b.kind === 'DEVICE_STATE') return a.value !== b.value
  if (a.kind === 'ATT_NO_DATA' || b.kind === 'ATT_NO_DATA') return a.kind !== b.kind
  const count = next.rDim.dimY === 0 ? next.rDim.dimX : next.rDim.dimX * next.rDim.dimY
  const numeric = NUMERIC.has(b.kind) && next.dataType !== ENUM_TYPE
  for (let i = 0; i < count; i += 1) {
    const [before, after] = [a.value[i], b.value[i]]
    if (numeric ? exceeds(Number(before), Number(after), criteria) : !same(before, after)) return true
  }
  return false
}

function exceeds(before: number, after: number, { abs, rel }: ChangeCriteria): boolean {
  if (Number.isNaN(before) || Number.isNaN(after)) {
    return Number.isNaN(before) !== Number.isNaN(after) && (abs !== undefined || rel !== undefined)
  }
  const delta = after - before
  // a difference of exactly the threshold counts, also when it cannot be written exactly in binary
  if (abs !== undefined && beyond(delta, abs)) return true
  if (rel === undefined || delta === 0) return false
  const percent = before === 0 ? 100 * Math.sign(delta) : (delta * 100) / Math.abs(before)
  return beyond(percent, rel)
}

function beyond(delta: number, limit: Threshold): boolean {
  if (delta === 0) return false
  const bound = delta < 0 ? limit.down : limit.up
  return Math.abs(delta) >= bound * (1 - 1e-12)
}

function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  return JSON.stringify(encodedText(a)) === JSON.stringify(encodedText(b))
}

function encodedText(value: object): unknown {
  return 'format' in value && 'data' in value && value.data instanceof Uint8Array
    ? [value.format, Array.from(value.data)]
    : value
}

function sameErrors(a: AttributeValue5, b: AttributeValue5): boolean {
  if (a.errList.length !== b.errList.length) return false
  return a.errList.every((error, i) => {
    const other = b.errList[i]
    return (
      other !== undefined && error.reason === other.reason && error.desc === other.desc && error.origin === other.origin
    )
  })
}
