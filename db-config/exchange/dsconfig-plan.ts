// What a dsconfig file changes in a database: steps, readable lines, and a file that takes it all back. The rules are
// those of dsconfig: only the servers and classes named in the file are touched; what they have and the file has not is
// deleted, except with `update`; a holder without a field keeps what it has; what Tango keeps for itself is not deleted.

import type { DatabaseReader, DatabaseStep, DefinedDevice, Holder, PropertyMap } from './database-view.ts'
import { type DsConfig, type DsDevice, type DsHolder, type DsServer, EXACT_FIELD } from './dsconfig.ts'
import { type ExchangeFinding, ExchangeReport, unreadable } from './report.ts'

/** Options of {@link planDsconfig}. */
export interface DsPlanOptions {
  /** Only add and change; delete nothing but lines of properties that the file has. */
  readonly update?: boolean
}

/** What would be done. */
export interface DsPlan {
  /** For `DatabaseView.apply`; none: the database is as the file wants it. */
  readonly steps: readonly DatabaseStep[]
  /** One per change, `+`, `-` or `~` first. */
  readonly lines: readonly string[]
  readonly report: readonly ExchangeFinding[]
  /** Planned and applied afterwards, it brings back the present state. */
  readonly undo: DsConfig
}

/** Properties that Tango's tools keep in a device; a file that does not name them does not mean to delete them. */
const KEPT_PROPERTIES = ['polled_attr', 'logging_level', 'logging_target']

/**
 * Compares a file with a database.
 * @throws DevFailed `Exchange_Invalid` when an alias belongs to a device that the file does not touch
 */
export async function planDsconfig(
  database: DatabaseReader,
  config: DsConfig,
  options: DsPlanOptions = {},
): Promise<DsPlan> {
  return new Planner(database, config, options.update === true).plan()
}

class Planner {
  readonly #database: DatabaseReader
  readonly #config: DsConfig
  readonly #update: boolean
  /** The file describes everything: nothing is kept besides. */
  readonly #exact: boolean
  readonly #wanted = new Map<string, DsDevice & { readonly server: string }>()
  readonly #before = new Map<string, DefinedDevice>()
  /** Devices of all servers that are touched, by server in lower case. */
  readonly #servers = new Map<string, { readonly name: string; readonly devices: readonly DefinedDevice[] }>()
  readonly #report = new ExchangeReport()
  readonly #undoHolders = new Map<string, DsHolder>()
  readonly #undoClasses: DsHolder[] = []
  readonly #removals: DatabaseStep[] = []
  readonly #frees: DatabaseStep[] = []
  readonly #definitions: DatabaseStep[] = []
  readonly #properties: DatabaseStep[] = []

  constructor(database: DatabaseReader, config: DsConfig, update: boolean) {
    this.#database = database
    this.#config = config
    this.#update = update
    this.#exact = config.metadata[EXACT_FIELD] === true
  }

  async plan(): Promise<DsPlan> {
    for (const server of this.#config.servers) {
      for (const device of server.devices) {
        this.#wanted.set(device.name.toLowerCase(), { ...device, server: server.name })
      }
    }
    for (const server of this.#config.servers) await this.#readServer(server.name)
    for (const key of this.#wanted.keys()) await this.#readDevice(key)
    if (!this.#update) {
      for (const server of this.#config.servers) await this.#removeOthers(server)
    }
    for (const device of this.#wanted.values()) await this.#device(device)
    await this.#checkAliases()
    for (const holder of this.#config.classes) await this.#class(holder)
    const admins = this.#adminDevices()
    const steps = [
      ...this.#removals,
      ...admins.gone,
      ...this.#frees,
      ...admins.added,
      ...this.#definitions,
      ...this.#properties,
    ]
    return { steps, lines: steps.flatMap(lineOf), report: this.#report.findings, undo: this.#undo() }
  }

  async #readServer(name: string): Promise<void> {
    const key = name.toLowerCase()
    if (this.#servers.has(key)) return
    const devices = await this.#database.devicesOf(name)
    this.#servers.set(key, { name, devices })
    for (const device of devices) this.#before.set(device.name.toLowerCase(), device)
  }

  async #readDevice(key: string): Promise<void> {
    if (this.#before.has(key)) return
    const device = await this.#database.device(key)
    if (device === undefined) return
    this.#before.set(key, device)
    // a device that moves leaves another server
    await this.#readServer(device.server)
  }

  async #removeOthers(server: DsServer): Promise<void> {
    const { devices } = this.#servers.get(server.name.toLowerCase()) ?? { devices: [] }
    for (const device of devices) {
      if (isAdmin(device) || this.#wanted.has(device.name.toLowerCase())) continue
      const holder: Holder = { scope: 'device', name: device.name }
      const state = await this.#remember(holder)
      this.#emptyAll(holder, state, this.#removals)
      this.#removals.push({ kind: 'device', name: device.name, before: device, after: undefined })
    }
  }

  async #device(wanted: DsDevice & { readonly server: string }): Promise<void> {
    const before = this.#before.get(wanted.name.toLowerCase())
    const name = before?.name ?? wanted.name
    const alias = wanted.alias ?? (this.#exact ? undefined : before?.alias)
    const after: DefinedDevice = { name, server: wanted.server, class: wanted.class, alias }
    if (before !== undefined && !sameText(before.server, after.server)) {
      this.#report.note(wanted.place, `${name} moves from ${before.server} to ${after.server}`)
    }
    if (before === undefined || !sameDefinition(before, after)) this.#define(before, after)
    await this.#holder({ scope: 'device', name }, wanted)
  }

  #define(before: DefinedDevice | undefined, after: DefinedDevice): void {
    const { name } = after
    if (before?.alias === undefined || before.alias === after.alias) {
      this.#definitions.push({ kind: 'device', name, before, after })
      return
    }
    // taken away first, so that two devices can swap theirs
    const free = { ...before, alias: undefined }
    this.#frees.push({ kind: 'device', name, before, after: free })
    if (!sameDefinition(free, after)) this.#definitions.push({ kind: 'device', name, before: free, after })
  }

  async #checkAliases(): Promise<void> {
    const freed = new Set([...this.#frees, ...this.#removals].flatMap((s) => (s.kind === 'device' ? [s.name] : [])))
    const lower = new Set([...freed].map((name) => name.toLowerCase()))
    const wrong: string[] = []
    for (const step of this.#definitions) {
      if (step.kind !== 'device' || step.after?.alias === undefined) continue
      const owner = await this.#database.deviceOfAlias(step.after.alias)
      if (owner === undefined || sameText(owner, step.name) || lower.has(owner.toLowerCase())) continue
      const place = this.#wanted.get(step.name.toLowerCase())?.place ?? step.name
      wrong.push(`${place}: alias ${step.after.alias} of ${step.name} belongs to ${owner}; rename one of them`)
    }
    if (wrong.length > 0) throw unreadable(wrong)
  }

  async #class(wanted: DsHolder): Promise<void> {
    await this.#holder({ scope: 'class', name: wanted.name }, wanted)
  }

  /** Compares the properties of a device or class. */
  async #holder(holder: Holder, wanted: DsHolder): Promise<void> {
    const state = await this.#remember(holder)
    if (wanted.properties !== undefined) {
      this.#compare(holder, undefined, state.properties, wanted.properties, wanted.place)
    }
    if (wanted.attributeProperties === undefined) return
    const attributes = new Map([...wanted.attributeProperties].map(([name, p]) => [name.toLowerCase(), { name, p }]))
    for (const [name, p] of state.attributes) {
      if (!attributes.has(name.toLowerCase())) this.#compare(holder, name, p, new Map(), wanted.place)
    }
    const present = new Map([...state.attributes].map(([name, p]) => [name.toLowerCase(), { name, p }]))
    for (const [key, { name, p }] of attributes) {
      const known = present.get(key)
      this.#compare(holder, known?.name ?? name, known?.p ?? new Map(), p, wanted.place)
    }
  }

  #compare(
    holder: Holder,
    attribute: string | undefined,
    present: PropertyMap,
    wanted: PropertyMap,
    place: string,
  ): void {
    const stored = new Map([...present].map(([name, values]) => [name.toLowerCase(), { name, values }]))
    for (const [name, after] of wanted) {
      const known = stored.get(name.toLowerCase())
      stored.delete(name.toLowerCase())
      const before = known?.values ?? []
      if (sameLines(before, after)) continue
      this.#properties.push({ kind: 'property', holder, attribute, name: known?.name ?? name, before, after })
    }
    for (const { name, values } of stored.values()) {
      if (this.#update) continue
      if (this.#isKept(name, attribute)) {
        const what = `${holder.name}${attribute === undefined ? '' : `/${attribute}`}->${name}`
        this.#report.note(place, `${what} is not in the file and stays: Tango keeps it for itself`)
        continue
      }
      this.#properties.push({ kind: 'property', holder, attribute, name, before: values, after: [] })
    }
  }

  #isKept(name: string, attribute: string | undefined): boolean {
    if (this.#exact) return false
    return name.startsWith('_') || (attribute === undefined && KEPT_PROPERTIES.includes(name.toLowerCase()))
  }

  #emptyAll(holder: Holder, state: HolderState, steps: DatabaseStep[]): void {
    const add = (attribute: string | undefined, properties: PropertyMap): void => {
      for (const [name, before] of properties) {
        steps.push({ kind: 'property', holder, attribute, name, before, after: [] })
      }
    }
    add(undefined, state.properties)
    for (const [attribute, properties] of state.attributes) add(attribute, properties)
  }

  /** Reads a holder and keeps it for the undo file. */
  async #remember(holder: Holder): Promise<HolderState> {
    const [properties, attributes] = await Promise.all([
      this.#database.properties(holder),
      this.#database.attributeProperties(holder),
    ])
    const kept = { name: holder.name, place: '', properties, attributeProperties: attributes }
    if (holder.scope === 'class') this.#undoClasses.push(kept)
    else this.#undoHolders.set(holder.name.toLowerCase(), kept)
    return { properties, attributes }
  }

  /** A new server needs its admin device; one that has lost its devices would stay in the lists. */
  #adminDevices(): { readonly added: readonly DatabaseStep[]; readonly gone: readonly DatabaseStep[] } {
    const left = new Map([...this.#servers].map(([key, { devices }]) => [key, new Set(devices.map(keyOf))]))
    const move = (name: string, from: string | undefined, to: string | undefined): void => {
      if (from !== undefined) left.get(from.toLowerCase())?.delete(name.toLowerCase())
      if (to !== undefined) left.get(to.toLowerCase())?.add(name.toLowerCase())
    }
    for (const step of [...this.#removals, ...this.#definitions]) {
      if (step.kind === 'device') move(step.name, step.before?.server, step.after?.server)
    }
    const added: DatabaseStep[] = []
    const gone: DatabaseStep[] = []
    for (const [key, { name: server, devices }] of this.#servers) {
      const admin = devices.find(isAdmin)
      const others = [...(left.get(key) ?? [])].filter((name) => !name.startsWith('dserver/'))
      const name = `dserver/${server}`
      const definition = { name, server, class: 'DServer', alias: undefined }
      if (others.length > 0 && admin === undefined) {
        added.push({ kind: 'device', name, before: undefined, after: definition })
      }
      if (others.length === 0 && admin !== undefined) {
        gone.push({ kind: 'device', name: admin.name, before: admin, after: undefined })
      }
    }
    return { added, gone }
  }

  #undo(): DsConfig {
    const servers = [...this.#servers.values()].map(({ name, devices }): DsServer => {
      const own = devices.filter((device) => !isAdmin(device))
      return {
        name,
        devices: own.map((device) => ({
          name: device.name,
          place: '',
          class: device.class,
          alias: device.alias,
          properties: this.#undoHolders.get(keyOf(device))?.properties,
          attributeProperties: this.#undoHolders.get(keyOf(device))?.attributeProperties,
        })),
      }
    })
    return { metadata: { [EXACT_FIELD]: true }, servers, classes: this.#undoClasses }
  }
}

interface HolderState {
  readonly properties: PropertyMap
  readonly attributes: ReadonlyMap<string, PropertyMap>
}

/** A change for people; what leads to the change of an admin device is told by its devices. */
function lineOf(step: DatabaseStep): readonly string[] {
  if (step.kind === 'property') {
    const { holder, attribute, name, before, after } = step
    const what = `${holder.scope === 'class' ? 'class ' : ''}${holder.name}${attribute === undefined ? '' : `/${attribute}`}->${name}`
    if (before.length === 0) return [`+ ${what} = ${show(after)}`]
    if (after.length === 0) return [`- ${what} (was ${show(before)})`]
    return [`~ ${what} = ${show(after)} (was ${show(before)})`]
  }
  const { name, before, after } = step
  if (before === undefined && after === undefined) return []
  if (before === undefined) return [`+ device ${name}: ${after === undefined ? '' : describe(after)}`]
  if (after === undefined) return [`- device ${name} (was ${describe(before)})`]
  return [`~ device ${name}: ${describe(after)} (was ${describe(before)})`]
}

function describe({ server, class: className, alias }: DefinedDevice): string {
  return `${className} in ${server}${alias === undefined ? '' : `, alias ${alias}`}`
}

function show(values: readonly string[]): string {
  return JSON.stringify(values)
}

function isAdmin(device: DefinedDevice): boolean {
  return sameText(device.class, 'DServer')
}

function keyOf(device: { readonly name: string }): string {
  return device.name.toLowerCase()
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function sameDefinition(a: DefinedDevice, b: DefinedDevice): boolean {
  return sameText(a.server, b.server) && sameText(a.class, b.class) && a.alias === b.alias
}

function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index])
}
