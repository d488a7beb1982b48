// Differences between a database and what it should hold, as values and as lines for people.

/** What a change is about. `object` is a free object, `server` the start-up record of a server. */
export type ChangeKind = 'device' | 'alias' | 'property' | 'object' | 'server'

/** One difference. An absent side means that the thing is not there. */
export interface Change {
  readonly kind: ChangeKind
  /** Device, free object or server that it belongs to. */
  readonly of: string
  /** Device, property (`device->property`) or attribute property (`device/attribute->property`). */
  readonly what: string
  readonly before: readonly string[] | undefined
  readonly after: readonly string[] | undefined
}

/** Lines for people: `+` comes, `-` goes, `~` changes. Properties of devices that come or go are left out. */
export function changeLines(changes: readonly Change[]): readonly string[] {
  const whole = new Set(
    changes
      .filter(({ kind, before, after }) => kind === 'device' && (before === undefined || after === undefined))
      .map((change) => change.of),
  )
  return changes
    .filter(({ kind, of }) => kind === 'device' || kind === 'server' || !whole.has(of))
    .map(({ what, before, after }) => {
      if (before === undefined) return `+ ${what}: ${shown(after)}`
      if (after === undefined) return `- ${what}: ${shown(before)}`
      return `~ ${what}: ${shown(before)} -> ${shown(after)}`
    })
}

/** How much of a value is shown. */
const LONGEST = 200

function shown(values: readonly string[] | undefined): string {
  const text = (values ?? []).join(', ').replaceAll('\n', '\\n')
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} ...` : text
}
