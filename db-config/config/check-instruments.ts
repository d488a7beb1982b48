// Reads the instruments of a beamline: a tree of names with the elements that belong to each.

import type { InstrumentEntry } from './beamline.ts'
import { reportTwice } from './check-groups.ts'
import type { Names } from './names.ts'
import { INSTRUMENT, NEXUS_CLASS } from './rules.ts'
import { didYouMean } from './suggest.ts'
import { called, Fields, type Findings, type Mark, otherPlace } from './tree.ts'

/** An axis that names its instrument itself. */
export interface Membership {
  readonly element: string
  readonly instrument: string
  readonly at: Mark
}

/** Class of instruments that name none, and of parents that are not described. */
const DEFAULT_CLASS = 'NXcollection'

interface Draft {
  readonly name: string
  readonly class: string
  readonly description: string | undefined
  readonly elements: string[]
}

/** Reads the field `instruments`, and adds the elements that name their instrument themselves. */
export function readInstruments(
  top: Fields,
  memberships: readonly Membership[],
  names: Names,
  findings: Findings,
): readonly InstrumentEntry[] {
  const drafts = new Map<string, Draft>()
  const places = new Map<string, Mark>()
  const members = new Map<string, { readonly instrument: string; readonly at: Mark }>()

  const join = (draft: Draft, element: string, at: Mark): void => {
    const before = members.get(element)
    if (before === undefined) {
      members.set(element, { instrument: draft.name, at })
      draft.elements.push(element)
    } else if (before.instrument !== draft.name) {
      const other = `instrument ${before.instrument}, see ${otherPlace(before.at, at)}`
      findings.add(at, `instrument ${draft.name}: ${element} belongs to ${other}; an element has one instrument`)
    }
  }

  for (const item of top.list('instruments')) {
    const place = called('instrument', item)
    const fields = new Fields(item, place, ['name', 'class', 'description', 'elements'], findings)
    const name = fields.text('name', INSTRUMENT)
    const deviceClass = fields.text('class', { ...NEXUS_CLASS, optional: true })
    const description = fields.text('description', { optional: true })
    const elements = fields.texts('elements')
    reportTwice(elements, `${place}: element`, findings)
    if (name === undefined) continue
    const key = name.value.toLowerCase()
    const before = places.get(key)
    if (before !== undefined) {
      findings.add(name.at, `instrument ${name.value} is already described in ${otherPlace(before, name.at)}`)
      continue
    }
    places.set(key, name.at)
    const draft: Draft = {
      name: name.value,
      class: deviceClass?.value ?? DEFAULT_CLASS,
      description: description?.value,
      elements: [],
    }
    drafts.set(key, draft)
    for (const { value, at } of elements) if (names.needElement(value, at, place)) join(draft, value, at)
  }
  for (const { element, instrument, at } of memberships) {
    const draft = drafts.get(instrument.toLowerCase())
    if (draft !== undefined) join(draft, element, at)
    else {
      const known = [...drafts.values()].map(({ name }) => name)
      const hint = known.length === 0 ? 'add the list instruments' : didYouMean(instrument, known)
      findings.add(at, `${element}: there is no instrument ${instrument}; ${hint}`)
    }
  }
  return withParents(drafts)
}

/** Whether an instrument is another one or below it. */
export function isWithin(instrument: string, other: string): boolean {
  return `${instrument}/`.toLowerCase().startsWith(`${other}/`.toLowerCase())
}

/** Parents first; those that nobody describes are made. */
function withParents(drafts: ReadonlyMap<string, Draft>): readonly InstrumentEntry[] {
  const ordered = new Map<string, InstrumentEntry>()
  for (const draft of drafts.values()) {
    const parts = draft.name.split('/').slice(1)
    for (let length = 1; length <= parts.length; length += 1) {
      const name = `/${parts.slice(0, length).join('/')}`
      const key = name.toLowerCase()
      if (ordered.has(key)) continue
      const known = drafts.get(key) ?? { name, class: DEFAULT_CLASS, description: undefined, elements: [] }
      ordered.set(key, known)
    }
  }
  return [...ordered.values()]
}
