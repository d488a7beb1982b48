// Reads the sessions of a beamline: what each includes and excludes, and the values it starts with.

import type {
  ControllerEntry,
  InstrumentEntry,
  MeasurementGroupEntry,
  MotorGroupEntry,
  SessionEntry,
} from './beamline.ts'
import { reportTwice } from './check-groups.ts'
import { isWithin } from './check-instruments.ts'
import { SETUP, VARIABLE, WORD } from './rules.ts'
import { didYouMean } from './suggest.ts'
import { called, Fields, type Findings, type Mark, otherPlace, plain, type Read, type Tree } from './tree.ts'

/** What sessions can name. */
export interface SessionContent {
  readonly controllers: readonly ControllerEntry[]
  readonly motorGroups: readonly MotorGroupEntry[]
  readonly measurementGroups: readonly MeasurementGroupEntry[]
  readonly instruments: readonly InstrumentEntry[]
}

const KNOWN = [
  'name',
  'description',
  'extends',
  'include',
  'exclude',
  'defaults',
  'metadata',
  'techniques',
  'macroPath',
  'setup',
] as const

interface Draft {
  readonly name: string
  readonly at: Mark
  readonly description: string | undefined
  readonly extends: readonly Read<string>[]
  /** Absent when the file does not say. */
  readonly include: readonly Read<string>[] | undefined
  readonly exclude: readonly Read<string>[]
  readonly defaults: ReadonlyMap<string, { readonly value: unknown; readonly at: Mark }>
  readonly metadata: readonly Read<string>[]
  readonly techniques: ReadonlyMap<string, readonly Read<string>[]>
  readonly macroPath: readonly string[]
  readonly setup: string | undefined
}

/** Reads the field `sessions`. */
export function readSessions(top: Fields, content: SessionContent, findings: Findings): readonly SessionEntry[] {
  const drafts = new Map<string, Draft>()
  for (const item of top.list('sessions')) {
    const draft = readDraft(item, findings)
    const before = drafts.get(draft.name.toLowerCase())
    if (before === undefined) drafts.set(draft.name.toLowerCase(), draft)
    else {
      findings.add(draft.at, `session ${draft.name} is already described in ${otherPlace(before.at, draft.at)}`)
    }
  }
  const sessions = new Sessions(drafts, content, findings)
  return [...drafts.values()].map((draft) => sessions.complete(draft))
}

function readDraft(item: Tree, findings: Findings): Draft {
  const place = called('session', item)
  const fields = new Fields(item, place, KNOWN, findings)
  const name = fields.text('name', WORD)
  const list = (key: 'extends' | 'include' | 'exclude'): readonly Read<string>[] => {
    const texts = fields.texts(key)
    reportTwice(texts, `${place}: ${key}`, findings)
    return texts
  }
  const include = list('include')
  return {
    name: name?.value ?? '',
    at: name?.at ?? item.at,
    description: fields.text('description', { optional: true })?.value,
    extends: list('extends'),
    include: fields.tree('include') === undefined ? undefined : include,
    exclude: list('exclude'),
    defaults: readEnvironment(fields, 'defaults', place, findings),
    metadata: fields.texts('metadata'),
    techniques: readTechniques(fields, place, findings),
    macroPath: fields.texts('macroPath').map(({ value }) => value),
    setup: fields.text('setup', { ...SETUP, optional: true })?.value,
  }
}

function readTechniques(
  fields: Fields,
  place: string,
  findings: Findings,
): ReadonlyMap<string, readonly Read<string>[]> {
  const tree = fields.tree('techniques') ?? { kind: 'map', at: fields.at, entries: [] }
  const names = tree.kind === 'map' ? tree.entries.map(({ key }) => key) : []
  const techniques = new Fields(tree, `${place}, techniques`, names, findings)
  return new Map(names.map((name) => [name, techniques.texts(name)]))
}

/** Reads a map of environment variables. */
export function readEnvironment(
  fields: Fields,
  key: string,
  place: string,
  findings: Findings,
): ReadonlyMap<string, { readonly value: unknown; readonly at: Mark }> {
  const variables = new Map<string, { readonly value: unknown; readonly at: Mark }>()
  for (const { key: name, at, value } of fields.entries(key)) {
    if (!VARIABLE.test(name)) findings.add(at, `${place}: ${name} should be the name of an environment variable`)
    variables.set(name, { value: plain(value), at: value.at })
  }
  return variables
}

class Sessions {
  readonly #drafts: ReadonlyMap<string, Draft>
  readonly #content: SessionContent
  readonly #findings: Findings
  /** Elements and groups in the order of the beamline. */
  readonly #all: ReadonlySet<string>
  readonly #groups: ReadonlyMap<string, readonly string[]>
  readonly #resolved = new Map<Draft, ReadonlySet<string>>()

  constructor(drafts: ReadonlyMap<string, Draft>, content: SessionContent, findings: Findings) {
    this.#drafts = drafts
    this.#content = content
    this.#findings = findings
    const { controllers, motorGroups, measurementGroups } = content
    this.#groups = new Map([
      ...motorGroups.map(({ name, motors }) => [name, motors] as const),
      ...measurementGroups.map(
        ({ name, channels }) => [name, channels.filter((channel) => !channel.includes('/'))] as const,
      ),
    ])
    this.#all = new Set([...controllers.flatMap(({ axes }) => axes.map(({ name }) => name)), ...this.#groups.keys()])
  }

  complete(draft: Draft): SessionEntry {
    const elements = this.#resolve(draft, [])
    const place = `session ${draft.name}`
    if (elements.size === 0) {
      this.#findings.add(draft.at, `${place}: it has no element; include instruments, elements or groups`)
    }
    for (const group of elements) {
      const missing = this.#groups.get(group)?.find((member) => !elements.has(member))
      if (missing === undefined) continue
      const at = draft.exclude.find(({ value }) => this.#named(value).includes(missing))?.at ?? draft.at
      this.#findings.add(at, `${place}: ${group} needs ${missing}, which is excluded; exclude ${group} too`)
    }
    this.#checkActiveGroup(draft, elements)
    const line = this.#line(draft, [])
    // what is taken over and excluded here is not recorded here
    const recorded = (items: (one: Draft) => readonly Read<string>[]): readonly string[] => {
      const taken = line.slice(0, -1).flatMap((one) => items(one).flatMap(({ value }) => this.#named(value)))
      const own = items(draft).flatMap((item) => this.#recorded(item, place, elements))
      return [...new Set([...taken.filter((name) => elements.has(name)), ...own])]
    }
    const techniques = [...new Set(line.flatMap((one) => [...one.techniques.keys()]))]
    return {
      name: draft.name,
      description: draft.description,
      extends: draft.extends.map(({ value }) => value),
      include: (draft.include ?? []).map(({ value }) => value),
      exclude: draft.exclude.map(({ value }) => value),
      elements: [...this.#all].filter((name) => elements.has(name)),
      defaults: Object.fromEntries(
        line.flatMap((one) => [...one.defaults].map(([name, { value }]) => [name, value] as const)),
      ),
      metadata: recorded((one) => one.metadata),
      techniques: Object.fromEntries(
        techniques.map((name) => [name, recorded((one) => one.techniques.get(name) ?? [])]),
      ),
      macroPath: [...new Set(line.toReversed().flatMap((one) => one.macroPath))],
      setup: draft.setup,
    }
  }

  /** @param chain the sessions that are being resolved, outermost first */
  #resolve(draft: Draft, chain: readonly Draft[]): ReadonlySet<string> {
    const known = this.#resolved.get(draft)
    if (known !== undefined) return known
    const place = `session ${draft.name}`
    const elements = new Set<string>()
    for (const { value, at } of draft.extends) {
      const parent = this.#drafts.get(value.toLowerCase())
      if (parent === undefined) {
        const names = [...this.#drafts.values()].map(({ name }) => name).filter((name) => name !== draft.name)
        this.#findings.add(at, `${place}: there is no session ${value}; ${didYouMean(value, names)}`)
      } else if (parent === draft || chain.includes(parent)) {
        const start = parent === draft ? chain.length : chain.indexOf(parent)
        const circle = [...chain.slice(start), draft, parent].map(({ name }) => name).join(' -> ')
        this.#findings.add(at, `${place}: the sessions extend each other: ${circle}`)
      } else for (const name of this.#resolve(parent, [...chain, draft])) elements.add(name)
    }
    // who says nothing works with everything
    if (draft.include === undefined && draft.extends.length === 0) for (const name of this.#all) elements.add(name)
    for (const item of draft.include ?? []) {
      for (const name of this.#need(item, place)) {
        elements.add(name)
        for (const member of this.#groups.get(name) ?? []) elements.add(member)
      }
    }
    for (const item of draft.exclude) {
      const names = this.#need(item, place)
      if (names.length > 0 && !names.some((name) => elements.has(name))) {
        this.#findings.add(item.at, `${place}: ${item.value} is excluded, but nothing includes it; remove it`)
      }
      for (const name of names) elements.delete(name)
    }
    this.#resolved.set(draft, elements)
    return elements
  }

  #need({ value, at }: Read<string>, place: string): readonly string[] {
    const names = this.#named(value)
    if (names.length > 0) return names
    const { instruments, controllers } = this.#content
    if (value.startsWith('/')) {
      const known = instruments.map(({ name }) => name)
      const what = known.includes(value) ? `instrument ${value} has no elements` : `there is no instrument ${value}`
      this.#findings.add(
        at,
        `${place}: ${what}; ${didYouMean(
          value,
          known.filter((name) => name !== value),
        )}`,
      )
    } else {
      const known = [...this.#all, ...controllers.map(({ name }) => name)]
      this.#findings.add(at, `${place}: there is no element, group or controller ${value}; ${didYouMean(value, known)}`)
    }
    return []
  }

  /** Elements and groups that a name stands for. */
  #named(name: string): readonly string[] {
    const { instruments, controllers } = this.#content
    if (name.startsWith('/')) {
      return instruments.filter((instrument) => isWithin(instrument.name, name)).flatMap(({ elements }) => elements)
    }
    const controller = controllers.find((entry) => entry.name === name)
    if (controller !== undefined) return controller.axes.map((axis) => axis.name)
    return this.#all.has(name) ? [name] : []
  }

  /** Elements whose values are recorded; they must be in the session. */
  #recorded(item: Read<string>, place: string, elements: ReadonlySet<string>): readonly string[] {
    const names = this.#need(item, place)
    const foreign = names.find((name) => !elements.has(name))
    if (foreign !== undefined) {
      this.#findings.add(item.at, `${place}: ${foreign} is to be recorded, but it is not in the session; include it`)
    }
    const group = names.find((name) => this.#groups.has(name))
    if (group !== undefined)
      this.#findings.add(item.at, `${place}: ${group} is a group; name what is to be recorded of it`)
    return names
  }

  /** What a session takes over, each before what takes it over; the session itself comes last. */
  #line(draft: Draft, chain: readonly Draft[]): readonly Draft[] {
    const parents = draft.extends.map(({ value }) => this.#drafts.get(value.toLowerCase()))
    const before = parents.flatMap((parent) =>
      // a circle is reported when the elements are resolved
      parent === undefined || parent === draft || chain.includes(parent) ? [] : this.#line(parent, [...chain, draft]),
    )
    return [...new Set([...before, draft])]
  }

  #checkActiveGroup(draft: Draft, elements: ReadonlySet<string>): void {
    const active = draft.defaults.get('ActiveMntGrp')
    if (active === undefined) return
    const place = `session ${draft.name}`
    const groups = this.#content.measurementGroups.map(({ name }) => name)
    checkActiveGroup(active, groups, place, this.#findings)
    if (typeof active.value === 'string' && groups.includes(active.value) && !elements.has(active.value)) {
      this.#findings.add(active.at, `${place}: ActiveMntGrp ${active.value} is not in the session; include it`)
    }
  }
}

/** The active measurement group must be one. */
export function checkActiveGroup(
  { value, at }: { readonly value: unknown; readonly at: Mark },
  groups: readonly string[],
  place: string,
  findings: Findings,
): void {
  if (typeof value !== 'string') {
    findings.add(at, `${place}: ActiveMntGrp should be the name of a measurement group`)
  } else if (!groups.includes(value)) {
    findings.add(at, `${place}: there is no measurement group ${value}; ${didYouMean(value, groups)}`)
  }
}
