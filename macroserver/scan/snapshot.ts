// Values that were true when a scan began: positions of the moveables, or what the variable PreScanSnapshot names.

import type { SnapshotEntry } from '#data/documents'
import type { ElementReference } from '../macro.ts'

/** Moveables in a snapshot that nobody has chosen, at most. */
const MOST_MOVEABLES = 64
/** A snapshot never holds up a scan for longer, ms. */
const LONGEST_MS = 1000

/** Where the values come from. */
export interface SnapshotSource {
  elements(interfaceName: string): readonly ElementReference[]
  find(name: string): ElementReference | undefined
  positions(moveables: readonly ElementReference[]): Promise<readonly number[]>
  /** Value of a Tango attribute, `domain/family/member/attribute`. */
  attribute(name: string): Promise<unknown>
}

/**
 * Reads the snapshot; what cannot be read in time is left out and named.
 * @param wished variable PreScanSnapshot: names of moveables or attributes, or pairs of a name and a label
 */
export async function takeSnapshot(
  wished: unknown,
  source: SnapshotSource,
  longestMs = LONGEST_MS,
): Promise<{ readonly entries: readonly SnapshotEntry[]; readonly missing: readonly string[] }> {
  const wishes = Array.isArray(wished) ? wished.map(wishOf) : undefined
  const parts =
    wishes === undefined
      ? [positionsOf(source.elements('Moveable').slice(0, MOST_MOVEABLES), source)]
      : wishes.map(({ name, label }) => entryOf(name, label, source))
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), longestMs)
  })
  const results = await Promise.all(parts.map((part) => Promise.race([part.catch(() => undefined), late])))
  clearTimeout(timer)
  const missing = results.flatMap((result, i) =>
    result === undefined ? [wishes?.[i]?.label ?? 'positions of the moveables'] : [],
  )
  return { entries: results.flatMap((result) => result ?? []), missing }
}

async function positionsOf(moveables: readonly ElementReference[], source: SnapshotSource): Promise<SnapshotEntry[]> {
  try {
    return entries(moveables, await source.positions(moveables))
  } catch {
    // one controller that does not answer must not cost the others
    const each = await Promise.allSettled(moveables.map((m) => source.positions([m])))
    return each.flatMap((result, i) =>
      result.status === 'fulfilled' ? entries(moveables.slice(i, i + 1), result.value) : [],
    )
  }
}

function entries(moveables: readonly ElementReference[], positions: readonly number[]): SnapshotEntry[] {
  return moveables.map((m, i) => ({ name: m.name, value: positions[i] ?? Number.NaN }))
}

async function entryOf(name: string, label: string, source: SnapshotSource): Promise<SnapshotEntry[]> {
  const element = source.find(name)
  if (element?.interfaces.includes('Moveable') === true) {
    const [value = Number.NaN] = await source.positions([element])
    return [{ name: label, value }]
  }
  const value = await source.attribute(element === undefined ? name : `${element.device}/Value`)
  return [{ name: label, value: typeof value === 'number' ? value : String(value) }]
}

function wishOf(item: unknown): { name: string; label: string } {
  const [name, label] = Array.isArray(item) ? item : [item, item]
  return { name: String(name), label: String(label) }
}
