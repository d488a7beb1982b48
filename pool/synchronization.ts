// The synchronization description of an acquisition: delay, active and total time per repeat (Sardana's SynchDescription).

import { devFailed } from '#tango'

/** One group of equal intervals; times in s. */
export interface SynchGroup {
  readonly delay: number
  readonly active: number
  readonly total: number
  readonly repeats: number
}

const KEYS = ['Delay', 'Total', 'Active', 'Repeats', 'Initial']

/** Reads the JSON list that clients write; keys may be names or their numbers, only the time domain is known yet. */
export function parseSynchronization(text: string): SynchGroup[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw devFailed('API_InvalidArgs', `SynchDescription: the text is no JSON: ${why}`)
  }
  if (!Array.isArray(value) || value.length === 0)
    throw devFailed('API_InvalidArgs', 'SynchDescription: a list with at least one group is needed')
  return value.map((group, i) => {
    const active = time(group, 'Active', i)
    const repeats = member(group, 'Repeats')
    if (active === undefined) throw devFailed('API_InvalidArgs', `SynchDescription: group ${i} has no 'Active' time`)
    return {
      delay: time(group, 'Delay', i) ?? 0,
      active,
      total: time(group, 'Total', i) ?? active,
      repeats: typeof repeats === 'number' && repeats >= 1 ? Math.floor(repeats) : 1,
    }
  })
}

/** The form in which Sardana reports it: enum numbers as keys. */
export function printSynchronization(groups: readonly SynchGroup[]): string {
  return JSON.stringify(groups.map((g) => ({ 0: { 0: g.delay }, 2: { 0: g.active }, 1: { 0: g.total }, 3: g.repeats })))
}

function member(group: unknown, key: string): unknown {
  if (typeof group !== 'object' || group === null) return undefined
  const record = group as Readonly<Record<string, unknown>>
  return record[key] ?? record[String(KEYS.indexOf(key))]
}

function time(group: unknown, key: string, index: number): number | undefined {
  const value = member(group, key)
  if (value === undefined) return undefined
  const found =
    typeof value === 'object' && value !== null
      ? ((value as Readonly<Record<string, unknown>>).Time ?? (value as Readonly<Record<string, unknown>>)['0'])
      : value
  if (typeof found !== 'number' || !Number.isFinite(found) || found < 0)
    throw devFailed(
      'API_NotSupported',
      `SynchDescription: '${key}' of group ${index} must be a time in s; other domains are not supported yet`,
    )
  return found
}
