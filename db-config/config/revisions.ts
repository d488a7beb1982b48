// Revisions of a beamline's configuration: its files with author, reason and date, kept as free objects of the Tango
// database, so that every kind of database can keep them and every tool can see them. Numbers are never used again.

import { devFailed } from '#tango/pure'
import type { Place, Store } from '../store/store.ts'
import type { SourceDocument } from './documents.ts'
import { BEAMLINE_OBJECT } from './memory.ts'
import { asciiJson, parts } from './text.ts'

/** Free objects of revisions begin so; the number follows. */
export const REVISION_OBJECT = 'bandoneon/revision/'

/** How a revision came about. `save` has not been applied yet. */
export type RevisionCause = 'apply' | 'start' | 'rollback' | 'save'

/** What a list of revisions shows. */
export interface Revision {
  readonly number: number
  readonly author: string
  readonly reason: string
  /** ISO 8601, UTC. */
  readonly date: string
  readonly cause: RevisionCause
  /** Whether it was ever the beamline's configuration. */
  readonly applied: boolean
  /** Why it could not take effect; absent when it could. */
  readonly withdrawn?: string
  /** Paths of its files, the root first. */
  readonly paths: readonly string[]
  /** What it changed in the database, for people. */
  readonly changes: readonly string[]
}

/** A new revision. */
export interface NewRevision extends Pick<Revision, 'author' | 'reason' | 'cause' | 'changes'> {
  readonly documents: readonly SourceDocument[]
}

/** Longest value of one property line, in characters: native databases take 64 KiB. */
const PART = 16_000
/** Most changes that are noted. */
const MOST_CHANGES = 1000

const MEMORY: Place = { scope: 'object', owner: BEAMLINE_OBJECT }

/** Number of the newest revision; 0 when there is none. */
export function newestRevision(store: Store): number {
  return Number(store.properties.get(MEMORY, 'lastRevision')[0] ?? 0)
}

/** Number of the revision that the database holds; 0 when none was applied. */
export function appliedRevision(store: Store): number {
  return Number(store.properties.get(MEMORY, 'revision')[0] ?? 0)
}

/** Writes a revision. Call it in the transaction of what it describes. @returns its number */
export function addRevision(store: Store, revision: NewRevision): number {
  const number = newestRevision(store) + 1
  const { author, reason, cause, changes, documents } = revision
  const noted = changes.slice(0, MOST_CHANGES)
  if (changes.length > MOST_CHANGES) noted.push(`... and ${changes.length - MOST_CHANGES} more`)
  const texts = new Map<string, readonly string[]>([
    ['Author', [asciiJson(author)]],
    ['Reason', [asciiJson(reason)]],
    ['Date', [new Date(store.now() * 1000).toISOString()]],
    ['Cause', [cause]],
    ['Changes', noted.flatMap((line) => asciiJson(line).slice(0, PART))],
    ['Paths', documents.map(({ path }) => asciiJson(path))],
    ...documents.map(({ text }, i) => [`Document${i + 1}`, parts(asciiJson(text), PART)] as const),
  ])
  store.properties.putAll(placeOf(number), new Map([...texts].filter(([, values]) => values.length > 0)))
  store.properties.put(MEMORY, 'lastRevision', [String(number)])
  if (cause !== 'save') markApplied(store, number)
  return number
}

/** Notes that the database holds a revision. */
export function markApplied(store: Store, number: number): void {
  if (store.properties.get(placeOf(number), 'Applied').length === 0)
    store.properties.put(placeOf(number), 'Applied', [new Date(store.now() * 1000).toISOString()])
  store.properties.put(MEMORY, 'revision', [String(number)])
}

/** Notes that a revision could not take effect. Call it after everything else was put back: its number stays used. */
export function withdrawRevision(store: Store, number: number, why: string): void {
  store.transaction(() => {
    store.properties.put(placeOf(number), 'Withdrawn', [asciiJson(why).slice(0, PART)])
    store.properties.delete(placeOf(number), 'Applied')
    store.properties.put(MEMORY, 'lastRevision', [String(Math.max(number, newestRevision(store)))])
  })
}

/** All revisions, the newest first. */
export function listRevisions(store: Store): readonly Revision[] {
  return store.properties
    .owners('object', `${REVISION_OBJECT}*`)
    .map((name) => Number(name.slice(REVISION_OBJECT.length)))
    .filter((number) => Number.isInteger(number))
    .sort((a, b) => b - a)
    .map((number) => readRevision(store, number))
}

/** @throws DevFailed `Config_RevisionUnknown` */
export function readRevision(store: Store, number: number): Revision {
  const values = store.properties.all(placeOf(number))
  const get = (name: string): string => values.get(name)?.[0] ?? ''
  if (values.size === 0) throw unknown(store, number)
  return {
    number,
    author: unquoted(get('Author')),
    reason: unquoted(get('Reason')),
    date: get('Date'),
    cause: CAUSES.find((cause) => cause === get('Cause')) ?? 'apply',
    applied: values.has('Applied'),
    ...(values.has('Withdrawn') ? { withdrawn: unquoted(get('Withdrawn')) } : {}),
    paths: (values.get('Paths') ?? []).map(unquoted),
    changes: (values.get('Changes') ?? []).map(unquoted),
  }
}

/** The files of a revision, the root first. @throws DevFailed `Config_RevisionUnknown` */
export function documentsOf(store: Store, number: number): readonly SourceDocument[] {
  const { paths } = readRevision(store, number)
  const place = placeOf(number)
  return paths.map((path, i) => ({
    path,
    text: unquoted(store.properties.get(place, `Document${i + 1}`).join('')),
  }))
}

/** Whether two sets of files say the same; what the root file is called does not matter. */
export function sameDocuments(a: readonly SourceDocument[], b: readonly SourceDocument[]): boolean {
  if (a.length !== b.length || a[0]?.text !== b[0]?.text) return false
  const texts = new Map(b.slice(1).map(({ path, text }) => [path, text]))
  return a.slice(1).every(({ path, text }) => texts.get(path) === text)
}

const CAUSES: readonly RevisionCause[] = ['apply', 'start', 'rollback', 'save']

function placeOf(number: number): Place {
  return { scope: 'object', owner: `${REVISION_OBJECT}${number}` }
}

function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    // cut, or written by somebody else
    return text
  }
}

function unknown(store: Store, number: number): Error {
  const last = newestRevision(store)
  const known = last === 0 ? 'there are none yet' : `there are 1 to ${last}`
  return devFailed('Config_RevisionUnknown', `there is no revision ${number}; ${known}`)
}
