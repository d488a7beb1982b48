// Brings a Tango database to what a beamline file wants: compares, writes the difference in one transaction, and says
// what it was. Applying twice changes nothing the second time.
// Three kinds of content: devices and their properties follow the file; settings (limits, steps per unit, velocities,
// members of groups) belong to the users once they are set, and follow the file only when the file changes; everything
// that is in the database for other reasons stays untouched.

import { devFailed } from '#tango/pure'
import type { DeviceRow, Place, Store } from '../store/store.ts'
import type { Beamline } from './beamline.ts'
import type { Change, ChangeKind } from './change.ts'
import { type Launch, Memory } from './memory.ts'
import { Snapshot, sameValues } from './snapshot.ts'
import {
  INSTRUMENT_OBJECT,
  SESSION_OBJECT,
  type Setting,
  type WishedDevice,
  type WishedObject,
  type WishedServer,
  type WishOptions,
  wholeWishOf,
} from './wish.ts'

/** Options of {@link applyBeamline}. */
export interface ApplyOptions {
  /** Addresses of the simulated boxes that run, by name; the controllers of others keep theirs. */
  readonly boxes?: WishOptions['boxes']
  /** Folder for scan files and logs, written to the macro server and the recorders. */
  readonly dataFolder?: string
  /** Only says what would change. */
  readonly dryRun?: boolean
  /** Further writes of the same transaction; what it throws undoes everything. */
  readonly alongside?: (applied: Applied) => void
}

/** What was done to a database. */
export interface Applied {
  /** In the order in which they were made. */
  readonly changes: readonly Change[]
  /** What was there before. */
  readonly snapshot: Snapshot
}

/**
 * Writes a beamline into a database.
 * @returns the changes, in the order in which they were made; none when the database was as wanted
 * @throws DevFailed `Beamline_Invalid` when an alias belongs to a device of somebody else; nothing is written then
 */
export function applyBeamline(store: Store, beamline: Beamline, options: ApplyOptions = {}): readonly Change[] {
  return applied(store, beamline, options).changes
}

/** As {@link applyBeamline}, with what was there before. */
export function applied(store: Store, beamline: Beamline, options: ApplyOptions = {}): Applied {
  let application = new Application(store)
  try {
    store.transaction(() => {
      // the work is done anew when another server of the same database is in the way
      application = new Application(store)
      application.run(beamline, options)
      options.alongside?.(application)
      if (options.dryRun) throw new Undo()
    })
  } catch (error) {
    if (!(error instanceof Undo)) throw error
  }
  return application
}

/** Takes back the writes of a dry run. */
class Undo extends Error {}

/** What was there of a device before. */
interface Former {
  /** Devices of the former file. */
  readonly applied: readonly string[]
  /** Names of properties that the former file has set. */
  readonly owned: readonly string[]
  readonly stored: ReadonlyMap<string, readonly string[]>
}

class Application implements Applied {
  readonly changes: Change[] = []
  readonly snapshot: Snapshot
  readonly #store: Store
  readonly #memory: Memory
  readonly #ids = new Map<string, number>()
  #lastId = 0

  constructor(store: Store) {
    this.#store = store
    this.#memory = new Memory(store)
    this.snapshot = new Snapshot(store)
  }

  run(beamline: Beamline, options: ApplyOptions): void {
    this.snapshot.object(this.#memory.object)
    this.#readIds()
    const launch = launchOf(this.#memory, beamline, options)
    const wish = wholeWishOf(beamline, { idOf: (name) => this.#idOf(name), ...launch })
    const wished = wish.devices
    const names = new Set(wished.map(({ name }) => name))
    const applied = this.#memory.get('devices')
    for (const name of applied) if (!names.has(name)) this.#removeDevice(name)
    const present = new Map(this.#store.devices.list({}).map((device) => [device.name.toLowerCase(), device]))
    this.#freeAliases(wished, present)
    for (const device of wished) this.#define(device, present.get(device.name))
    for (const server of new Set(wished.map((device) => device.server))) this.#defineAdmin(server)
    const owned = this.#memory.owned
    // one query for all devices: a database server answers each after a while
    const stored = this.#store.properties.allOf(
      'device',
      wished.map(({ name }) => name),
    )
    wished.forEach((device, i) => {
      this.#setProperties(device, { applied, owned: owned.get(device.name) ?? [], stored: stored[i] ?? new Map() })
    })
    this.#applySettings(wished)
    this.#applyServers(wish.servers)
    this.#applyObjects(wish.objects)
    this.#memory.put('devices', [...names])
    this.#memory.put('name', [beamline.name])
    this.#memory.put('lastId', [String(this.#lastId)])
    this.#memory.owned = new Map(wished.map(({ name, properties }) => [name, Object.keys(properties)]))
    this.#memory.launch = launch
    this.#memory.remainder = beamline
    this.#memory.write()
  }

  /** Takes in the numbers of elements; none is used again, also not of elements that are gone. */
  #readIds(): void {
    const [last = '0'] = this.#memory.get('lastId')
    this.#lastId = Number(last)
    const { properties } = this.#store
    for (const { owner, value } of [...properties.find('device', 'Id', '*'), ...properties.find('object', 'Id', '*')]) {
      const id = Number(value)
      if (!Number.isInteger(id) || id <= 0) continue
      this.#ids.set(owner.toLowerCase(), id)
      this.#lastId = Math.max(this.#lastId, id)
    }
  }

  #idOf(device: string): number {
    const name = device.toLowerCase()
    const id = this.#ids.get(name) ?? this.#lastId + 1
    this.#lastId = Math.max(this.#lastId, id)
    this.#ids.set(name, id)
    return id
  }

  #removeDevice(name: string): void {
    const device = this.#store.devices.get(name)
    if (device === undefined) return
    this.snapshot.device(name)
    this.#note({ kind: 'device', of: name }, [`${device.class} in ${device.server}`], undefined)
    this.#store.devices.delete({ name })
    for (const scope of ['device', 'deviceAttribute', 'devicePipe'] as const) this.#store.properties.drop(scope, name)
    this.#store.attributeAliases.deleteDevice(name)
    this.#removeIdleServer(device.server)
  }

  /** An admin device that is alone would keep a server in the lists that cannot start any more. */
  #removeIdleServer(server: string): void {
    const left = this.#store.devices.list({ server })
    if (left.some((device) => device.class.toLowerCase() !== 'dserver')) return
    for (const admin of left) {
      this.snapshot.device(admin.name)
      this.#note({ kind: 'device', of: admin.name }, [`${admin.class} in ${server}`], undefined)
    }
    this.#store.devices.delete({ server })
    this.#removeStart(server)
  }

  /** Nobody can start what is not defined any more. */
  #removeStart(server: string): void {
    const row = this.#store.servers.get(server)
    if (row === undefined) return
    this.snapshot.server(server)
    this.#note({ kind: 'server', of: server, what: `start of ${server}` }, [startText(row)], undefined)
    this.#store.servers.delete(server)
  }

  /** Takes changed aliases away first, so that two devices can swap theirs. */
  #freeAliases(wished: readonly WishedDevice[], present: ReadonlyMap<string, DeviceRow>): void {
    const names = new Set(wished.map((device) => device.name))
    const holders = new Map([...present.values()].map((device) => [device.alias?.toLowerCase(), device]))
    for (const { alias, name } of wished) {
      const holder = alias === undefined ? undefined : holders.get(alias.toLowerCase())
      if (alias === undefined || holder === undefined || holder.name.toLowerCase() === name) continue
      if (!names.has(holder.name.toLowerCase())) {
        throw devFailed(
          'Beamline_Invalid',
          `the name ${alias} of ${name} belongs to ${holder.name}, which is not in the beamline file; rename one of them`,
        )
      }
      this.snapshot.device(holder.name)
      this.#store.devices.setAlias(holder.name, undefined)
    }
  }

  #define({ name, server, class: deviceClass, alias }: WishedDevice, present: DeviceRow | undefined): void {
    const moved = present !== undefined && (present.server !== server || present.class !== deviceClass)
    if (present === undefined || moved) {
      this.snapshot.device(name)
      this.#note(
        { kind: 'device', of: name },
        present === undefined ? undefined : [`${present.class} in ${present.server}`],
        [`${deviceClass} in ${server}`],
      )
      this.#store.devices.define({ name, server, class: deviceClass, alias })
      if (present !== undefined) this.#removeIdleServer(present.server)
    }
    if (present !== undefined && present.alias !== alias) {
      this.snapshot.device(name)
      this.#note({ kind: 'alias', of: name, what: `${name} alias` }, listed(present.alias), listed(alias))
      this.#store.devices.setAlias(name, alias)
    }
  }

  #defineAdmin(server: string): void {
    const name = `dserver/${server}`
    if (this.#store.devices.get(name) !== undefined) return
    this.snapshot.device(name)
    this.#note({ kind: 'device', of: name }, undefined, [`DServer in ${server}`])
    this.#store.devices.define({ name, server, class: 'DServer' })
  }

  #setProperties({ name, properties }: WishedDevice, { applied, owned, stored: before }: Former): void {
    const at = deviceProperties(name)
    const stored = lowerCase(before)
    const changed = new Map<string, readonly string[]>()
    for (const [property, values] of Object.entries(properties)) {
      const present = stored.get(property.toLowerCase()) ?? []
      // controllers that were created at run time stay in their pool
      const kept =
        property === 'Controllers'
          ? present.filter((other) => !values.includes(other) && !applied.includes(other) && this.#isDefined(other))
          : []
      const wanted = [...values, ...kept]
      if (sameValues(present, wanted)) continue
      this.#noteProperty(name, undefined, property, present, wanted)
      if (wanted.length === 0) this.#store.properties.delete(at, property)
      else changed.set(property, wanted)
    }
    if (changed.size > 0) this.#store.properties.putAll(at, changed)
    const kept = new Set(Object.keys(properties).map((property) => property.toLowerCase()))
    for (const property of owned) if (!kept.has(property.toLowerCase())) this.#put(name, undefined, property, [])
  }

  #isDefined(name: string): boolean {
    return this.#store.devices.get(name) !== undefined
  }

  /** Settings: what the user has set stays, unless the file says something else than it did the last time. */
  #applySettings(wished: readonly WishedDevice[]): void {
    // names of attributes and properties may be spelled in another way than the last time
    const settings = this.#memory.keys().filter((name) => name.includes('->'))
    const forgotten = new Map(settings.map((name) => [name.toLowerCase(), name]))
    const devices = wished.filter(({ settings }) => settings.length > 0)
    const names = devices.map(({ name }) => name)
    const own = this.#store.properties.allOf('device', names)
    const attributes = this.#store.properties.membersOf('deviceAttribute', names)
    devices.forEach((device, i) => {
      const members = new Map([...(attributes[i] ?? [])].map(([key, values]) => [key.toLowerCase(), lowerCase(values)]))
      const present = (setting: Setting): readonly string[] => {
        const values =
          setting.attribute === undefined ? lowerCase(own[i] ?? []) : members.get(setting.attribute.toLowerCase())
        return values?.get(setting.property.toLowerCase()) ?? []
      }
      const changed = device.settings.filter((setting) => {
        const key = settingKey(device.name, setting)
        const last = this.#memory.get(key)
        forgotten.delete(key.toLowerCase())
        this.#memory.put(key, setting.values)
        return !keeps(setting, present(setting), last)
      })
      this.#writeSettings(device, changed, present)
    })
    for (const key of forgotten.values()) this.#forget(key)
  }

  #writeSettings(
    { name, class: deviceClass }: WishedDevice,
    settings: readonly Setting[],
    present: (setting: Setting) => readonly string[],
  ): void {
    const places = new Map<string | undefined, Map<string, readonly string[]>>()
    for (const setting of settings) {
      const { attribute, property, values } = setting
      const before = present(setting)
      if (sameValues(before, values)) continue
      this.#noteProperty(name, attribute, property, before, values)
      if (values.length === 0) this.#store.properties.delete(place(name, attribute), property)
      else places.set(attribute, (places.get(attribute) ?? new Map()).set(property, values))
      // a stored configuration describes the former members
      if (deviceClass === 'MeasurementGroup' && property === 'Elements') this.#put(name, 'Configuration', '__value', [])
    }
    for (const [attribute, values] of places) this.#store.properties.putAll(place(name, attribute), values)
  }

  /** A setting that is no longer in the file goes, if nobody has changed it. */
  #forget(key: string): void {
    const [target = '', property = ''] = key.split('->')
    const fields = target.split('/')
    const name = fields.slice(0, 3).join('/')
    const attribute = fields[3]
    const last = this.#memory.get(key)
    if (sameValues(this.#store.properties.get(place(name, attribute), property), last)) {
      this.#put(name, attribute, property, [])
    }
    this.#memory.put(key, [])
  }

  /** Start-up records; those of servers that left the file go. */
  #applyServers(wished: readonly WishedServer[]): void {
    const names = new Set(wished.map(({ server }) => server.toLowerCase()))
    for (const name of this.#memory.get('startup')) {
      if (!names.has(name.toLowerCase())) this.#removeStart(name)
    }
    for (const { server: name, host, level, controlled } of wished) {
      const present = this.#store.servers.get(name)
      const row = { name, host, mode: controlled ? 1 : 0, level }
      if (present !== undefined && startText(present) === startText(row)) continue
      this.snapshot.server(name)
      const before = present === undefined ? undefined : [startText(present)]
      this.#note({ kind: 'server', of: name, what: `start of ${name}` }, before, [startText(row)])
      this.#store.servers.put(row)
    }
    this.#memory.put(
      'startup',
      wished.map(({ server }) => server),
    )
  }

  /** Sessions and instruments: the file has all of them. */
  #applyObjects(wished: readonly WishedObject[]): void {
    const { properties } = this.#store
    const names = new Set(wished.map(({ name }) => name.toLowerCase()))
    const present = [SESSION_OBJECT, INSTRUMENT_OBJECT].flatMap((prefix) => properties.owners('object', `${prefix}*`))
    for (const name of present) if (!names.has(name.toLowerCase())) this.#setObject({ name, properties: {} })
    for (const object of wished) this.#setObject(object)
  }

  #setObject({ name, properties: wished }: WishedObject): void {
    const { properties } = this.#store
    const at: Place = { scope: 'object', owner: name }
    const present = properties.all(at)
    const wanted = new Map(Object.entries(wished).filter(([, values]) => values.length > 0))
    for (const key of new Set([...present.keys(), ...wanted.keys()])) {
      const [before = [], after = []] = [present.get(key), wanted.get(key)]
      if (sameValues(before, after)) continue
      this.snapshot.object(name)
      this.#note({ kind: 'object', of: name, what: `${name}->${key}` }, listed(...before), listed(...after))
      if (after.length === 0) properties.delete(at, key)
      else properties.put(at, key, after)
    }
  }

  /** Writes a property if it differs; without values it is deleted. */
  #put(name: string, attribute: string | undefined, property: string, values: readonly string[]): void {
    const at = place(name, attribute)
    const present = this.#store.properties.get(at, property)
    if (sameValues(present, values)) return
    this.#noteProperty(name, attribute, property, present, values)
    if (values.length === 0) this.#store.properties.delete(at, property)
    else this.#store.properties.put(at, property, values)
  }

  #noteProperty(
    name: string,
    attribute: string | undefined,
    property: string,
    before: readonly string[],
    after: readonly string[],
  ): void {
    const what = `${attribute === undefined ? name : `${name}/${attribute}`}->${property}`
    this.snapshot.device(name)
    this.#note({ kind: 'property', of: name, what }, listed(...before), listed(...after))
  }

  #note(
    { kind, of, what = of }: { readonly kind: ChangeKind; readonly of: string; readonly what?: string },
    before: readonly string[] | undefined,
    after: readonly string[] | undefined,
  ): void {
    this.changes.push({ kind, of, what, before, after })
  }
}

function place(device: string, attribute: string | undefined): Place {
  return attribute === undefined
    ? deviceProperties(device)
    : { scope: 'deviceAttribute', owner: device, member: attribute }
}

function deviceProperties(device: string): Place {
  return { scope: 'device', owner: device }
}

function settingKey(device: string, { attribute, property }: Setting): string {
  return `${attribute === undefined ? device : `${device}/${attribute}`}->${property}`
}

/** Whether a setting that users may change stays as it is. */
function keeps({ values }: Setting, present: readonly string[], last: readonly string[]): boolean {
  const changedInFile = last.length > 0 && !sameValues(last, values)
  return present.length > 0 && (!changedInFile || sameNumbers(present, values))
}

function lowerCase(values: Iterable<readonly [string, readonly string[]]>): ReadonlyMap<string, readonly string[]> {
  return new Map([...values].map(([name, lines]) => [name.toLowerCase(), lines]))
}

/** Whether two settings mean the same though somebody has written it in another way. */
function sameNumbers(a: readonly string[], b: readonly string[]): boolean {
  const numbers = [...a, ...b].map(Number)
  return a.length === b.length && numbers.every(Number.isFinite) && a.every((text, i) => Number(text) === Number(b[i]))
}

function startText({
  host,
  level,
  mode,
}: {
  readonly host: string
  readonly level: number
  readonly mode: number
}): string {
  return `host ${host}, level ${level}${mode === 0 ? ', not controlled' : ''}`
}

function listed(...values: readonly (string | undefined)[]): readonly string[] | undefined {
  const texts = values.filter((value) => value !== undefined)
  return texts.length === 0 ? undefined : texts
}

/** Addresses and folder of this start, and what is known from earlier ones. */
function launchOf(memory: Memory, { simulators }: Beamline, { boxes, dataFolder }: ApplyOptions): Launch {
  const known = { ...memory.launch.boxes, ...boxes }
  const used = simulators.flatMap(({ name }) => (known[name] === undefined ? [] : [[name, known[name]] as const]))
  return { boxes: Object.fromEntries(used), dataFolder: dataFolder ?? memory.launch.dataFolder }
}
