// A beamline on its way from another format into our file: what will be written, with comments about what could not be
// carried over. Importers fill it; draft-text.ts writes it.

import type { ExchangeReport } from './report.ts'

/** Something that is written, or that stands as a comment for people to finish. */
interface DraftPart {
  readonly name: string
  /** Where it comes from, for the report. */
  readonly place: string
  /** Lines above it. */
  readonly comments: readonly string[]
  /** False: it is written as a comment. */
  readonly active: boolean
}

/** An axis or channel; `fields` are those of our file besides name and axis. */
export interface DraftAxis {
  readonly name: string
  readonly axis: number
  readonly fields: Readonly<Record<string, unknown>>
}

/** A controller with its axes. */
export interface DraftController extends DraftPart {
  readonly server: string | undefined
  readonly type: string
  readonly driver: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly axes: readonly DraftAxis[]
}

/** A measurement group or a motor group. */
export interface DraftGroup extends DraftPart {
  readonly members: readonly string[]
  readonly timer: string | undefined
}

/** An instrument. */
export interface DraftInstrument extends DraftPart {
  readonly class: string
  readonly description: string | undefined
  readonly elements: readonly string[]
}

/** A session. */
export interface DraftSession extends DraftPart {
  readonly description: string | undefined
  readonly extends: readonly string[]
  /** Absent: everything. */
  readonly include: readonly string[] | undefined
  readonly exclude: readonly string[]
  readonly defaults: Readonly<Record<string, unknown>>
  /** Program that runs when it starts. */
  readonly setup: string | undefined
}

/** A device of which there is one per server. */
export interface DraftDevice {
  readonly server: string
  readonly device: string
  readonly alias: string | undefined
}

/** The whole. */
export interface Draft {
  readonly name: string
  /** Lines at the top of the file. */
  readonly comments: readonly string[]
  readonly servers: readonly string[]
  readonly pool: DraftDevice | undefined
  readonly controllers: readonly DraftController[]
  readonly measurementGroups: readonly DraftGroup[]
  readonly motorGroups: readonly DraftGroup[]
  readonly macroServer:
    | (DraftDevice & {
        readonly macroPath: readonly string[]
        readonly environment: Readonly<Record<string, unknown>>
      })
    | undefined
  readonly doors: readonly DraftDevice[]
  readonly recorders: readonly (DraftDevice & { readonly recorders: readonly string[] })[]
  readonly instruments: readonly DraftInstrument[]
  readonly sessions: readonly DraftSession[]
}

/** Makes a draft consistent: names that our files accept, and no reference to what is not there. */
export function finishDraft(draft: Draft, report: ExchangeReport): Draft {
  const names = new Renaming(draft, report)
  const controllers = draft.controllers.map((controller) => ({
    ...controller,
    name: names.of(controller.name),
    axes: controller.axes.map((axis) => ({ ...axis, name: names.of(axis.name) })),
  }))
  const active = controllers.filter((controller) => controller.active)
  const elements = (type: string): ReadonlySet<string> =>
    new Set(active.filter((c) => c.type === type).flatMap(({ axes }) => axes.map(({ name }) => name)))
  const counters = elements('counter')
  const motors = elements('motor')
  const measurementGroups = draft.measurementGroups.map((group) =>
    finishGroup(group, names, (name) => name.includes('/') || counters.has(name), report),
  )
  const motorGroups = draft.motorGroups.map((group) => finishGroup(group, names, (name) => motors.has(name), report))
  const known = new Set([...counters, ...motors])
  const instruments = draft.instruments.map((instrument) => ({
    ...instrument,
    elements: keep(instrument.elements, names, (name) => known.has(name), instrument, report),
  }))
  const groups = [...measurementGroups, ...motorGroups].filter((group) => group.active).map(({ name }) => name)
  const inSessions = new Set([
    ...known,
    ...groups,
    ...active.map(({ name }) => name),
    // an instrument stands for all below it
    ...instruments
      .filter(({ name }) =>
        instruments.some((other) => `${other.name}/`.startsWith(`${name}/`) && other.elements.length > 0),
      )
      .map(({ name }) => name),
  ])
  const sessionNames = new Set(draft.sessions.map(({ name }) => names.of(name)))
  const sessions = draft.sessions.map((session) => {
    const parents = session.extends.map((name) => names.of(name))
    for (const parent of parents.filter((name) => !sessionNames.has(name))) {
      report.lost(session.place, `session ${session.name}: there is no session ${parent} to extend`)
    }
    const known = parents.filter((name) => sessionNames.has(name))
    return finishSession({ ...session, extends: known }, names, inSessions, report)
  })
  const finished = { ...draft, controllers, measurementGroups, motorGroups, instruments, sessions }
  return {
    ...finished,
    sessions: withUsefulExclusions(finished, report),
    macroServer: withKnownGroup(finished, report),
  }
}

/** An active group that is there. */
function withKnownGroup({ macroServer, measurementGroups }: Draft, report: ExchangeReport): Draft['macroServer'] {
  const active = macroServer?.environment.ActiveMntGrp
  if (macroServer === undefined || active === undefined) return macroServer
  if (measurementGroups.some((group) => group.active && group.name === active)) return macroServer
  report.lost(macroServer.device, `ActiveMntGrp is ${String(active)}, which was not carried over`)
  const { ActiveMntGrp: _gone, ...environment } = macroServer.environment
  return { ...macroServer, environment }
}

/** Sessions without exclusions of what they do not have: our files refuse those, as they are mostly slips. */
function withUsefulExclusions(draft: Draft, report: ExchangeReport): readonly DraftSession[] {
  const elements = (name: string): readonly string[] => {
    const below = draft.instruments.filter((instrument) => `${instrument.name}/`.startsWith(`${name}/`))
    const controller = draft.controllers.find((entry) => entry.active && entry.name === name)
    if (name.startsWith('/')) return below.flatMap((instrument) => instrument.elements)
    return controller === undefined ? [name] : controller.axes.map((axis) => axis.name)
  }
  /** What a session has before it excludes; undefined: everything. */
  const included = (session: DraftSession, chain: readonly DraftSession[]): readonly string[] | undefined => {
    if (session.include === undefined && session.extends.length === 0) return undefined
    const parents = draft.sessions.filter((other) => session.extends.includes(other.name) && !chain.includes(other))
    const inherited = parents.map((parent) => {
      const excluded = parent.exclude.flatMap(elements)
      return included(parent, [...chain, session])?.filter((name) => !excluded.includes(name))
    })
    if (inherited.includes(undefined)) return undefined
    return [...(session.include ?? []).flatMap(elements), ...inherited.flatMap((names) => names ?? [])]
  }
  return draft.sessions.map((session) => {
    const own = included(session, [])
    if (own === undefined) return session
    const exclude = session.exclude.filter((name) => elements(name).some((element) => own.includes(element)))
    for (const name of session.exclude) {
      if (exclude.includes(name)) continue
      report.note(session.place, `session ${session.name}: ${name} need not be excluded, nothing includes it`)
    }
    return { ...session, exclude }
  })
}

/** Scans need an active group; where the environment was not read, it is the first one. */
export function withActiveGroup(draft: Draft, report: ExchangeReport): Draft {
  const { macroServer } = draft
  const group = draft.measurementGroups.find(({ active }) => active)
  if (macroServer === undefined || group === undefined || 'ActiveMntGrp' in macroServer.environment) return draft
  report.note(group.place, `${group.name} becomes the active measurement group (ActiveMntGrp of macroServer)`)
  return {
    ...draft,
    macroServer: { ...macroServer, environment: { ...macroServer.environment, ActiveMntGrp: group.name } },
  }
}

function finishGroup(
  group: DraftGroup,
  names: Renaming,
  isKnown: (name: string) => boolean,
  report: ExchangeReport,
): DraftGroup {
  const members = keep(group.members, names, isKnown, group, report)
  const timer = group.timer === undefined ? undefined : names.of(group.timer)
  const finished = {
    ...group,
    name: names.of(group.name),
    members,
    timer: timer !== undefined && members.includes(timer) ? timer : undefined,
  }
  if (timer !== undefined && finished.timer === undefined) {
    report.changed(group.place, `${group.name}: its timer ${timer} is not there; the first channel becomes the timer`)
  }
  // attributes alone do not make a group: somebody must count
  if (members.some((name) => !name.includes('/'))) return finished
  if (group.active) report.lost(group.place, `${group.name}: none of its elements is there; kept as a comment`)
  return {
    ...finished,
    members: group.members,
    active: false,
    comments: [...group.comments, 'none of its elements is there'],
  }
}

function finishSession(
  session: DraftSession,
  names: Renaming,
  known: ReadonlySet<string>,
  report: ExchangeReport,
): DraftSession {
  const isKnown = (name: string): boolean => known.has(name)
  const include = session.include && keep(session.include, names, isKnown, session, report)
  // what is not there need not be excluded
  const exclude = session.exclude.map((name) => names.of(name)).filter(isKnown)
  const finished = { ...session, name: names.of(session.name), include, exclude }
  if (include === undefined || include.length > 0 || session.extends.length > 0) return finished
  report.lost(session.place, `session ${session.name}: nothing of what it includes is there; kept as a comment`)
  return { ...finished, include: session.include, active: false, comments: [...session.comments, 'nothing is there'] }
}

function keep(
  members: readonly string[],
  names: Renaming,
  isKnown: (name: string) => boolean,
  part: DraftPart,
  report: ExchangeReport,
): readonly string[] {
  const kept: string[] = []
  for (const member of members) {
    const name = names.of(member)
    if (kept.includes(name)) report.note(part.place, `${part.name}: ${member} is there twice`)
    else if (isKnown(name)) kept.push(name)
    else report.lost(part.place, `${part.name}: ${member} is not among the elements that were carried over; left out`)
  }
  return kept
}

/** Names that may stand in our file. References find the name that the definition has, also in its case. */
class Renaming {
  readonly #names = new Map<string, string>()

  constructor(draft: Draft, report: ExchangeReport) {
    const parts = [...draft.controllers, ...draft.measurementGroups, ...draft.motorGroups, ...draft.sessions]
    for (const { name, place } of parts) this.#define(name, place, report)
    for (const { axes, place } of draft.controllers) for (const { name } of axes) this.#define(name, place, report)
  }

  #define(name: string, place: string, report: ExchangeReport): void {
    const clean = name.replace(/[^\w.-]/g, '_')
    if (clean !== name) report.changed(place, `${name} is called ${clean}: a name has letters, digits, _ - and .`)
    if (this.#names.has(name.toLowerCase())) {
      report.changed(place, `the name ${name} is there twice; the check refuses the file until one has another name`)
    } else this.#names.set(name.toLowerCase(), clean)
  }

  of(name: string): string {
    return this.#names.get(name.toLowerCase()) ?? name
  }
}
