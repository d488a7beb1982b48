// Brings a Tango database to what a beamline file wants: compares, writes the difference in one transaction, and says
// what it was. Applying twice changes nothing the second time.
// Three kinds of content: devices and their properties follow the file; settings (limits, steps per unit, velocities,
// members of groups) belong to the users once they are set, and follow the file only when the file changes; everything
// that is in the database for other reasons stays untouched.

import { devFailed } from '#tango/pure'
import type { DeviceRow, Place, Store } from '../store/store.ts'
import type { Beamline } from './beamline.ts'
import { type Setting, type WishedDevice, type WishOptions, wishOf } from './wish.ts'

/** Free object where the last applied file is remembered. */
export const BEAMLINE_OBJECT = 'bandoneon/beamline'

/** Options of {@link applyBeamline}. */
export interface ApplyOptions {
  /** Addresses of the simulated boxes that run, by name; the controllers of others keep theirs. */
  readonly boxes?: WishOptions['boxes']
  /** Folder for scan files and logs, written to the macro server and the recorders. */
  readonly dataFolder?: string
  /** Only says what would change. */
  readonly dryRun?: boolean
}

/** One difference between database and file. An absent side means that the thing is not there. */
export interface Change {
  /** Device, property (`device->property`) or attribute property (`device/attribute->property`). */
  readonly what: string
  readonly before: readonly string[] | undefined
  readonly after: readonly string[] | undefined
}

/**
 * Writes a beamline into a database.
 * @returns the changes, in the order in which they were made; none when the database was as wanted
 * @throws DevFailed `Beamline_Invalid` when an alias belongs to a device of somebody else; nothing is written then
 */
export function applyBeamline(store: Store, beamline: Beamline, options: ApplyOptions = {}): readonly Change[] {
  const application = new Application(store)
  try {
    store.transaction(() => {
      application.run(beamline, options)
      if (options.dryRun) throw new Undo()
    })
  } catch (error) {
    if (!(error instanceof Undo)) throw error
  }
  return application.changes
}

/** Takes back the writes of a dry run. */
class Undo extends Error {}

class Application {
  readonly changes: Change[] = []
  readonly #store: Store
  readonly #memory: Place = { scope: 'object', owner: BEAMLINE_OBJECT }
  readonly #ids = new Map<string, number>()
  #lastId = 0

  constructor(store: Store) {
    this.#store = store
  }

  run(beamline: Beamline, options: ApplyOptions): void {
    this.#readIds()
    const { boxes = {}, dataFolder } = options
    const wished = wishOf(beamline, { idOf: (device) => this.#idOf(device), boxes, dataFolder })
    const names = new Set(wished.map(({ name }) => name))
    const applied = this.#remembered('devices')
    for (const name of applied) if (!names.has(name)) this.#removeDevice(name)
    const present = new Map(this.#store.devices.list({}).map((device) => [device.name.toLowerCase(), device]))
    this.#freeAliases(wished, present)
    for (const device of wished) this.#define(device, present.get(device.name))
    for (const server of new Set(wished.map((device) => device.server))) this.#defineAdmin(server)
    for (const device of wished) this.#setProperties(device, applied)
    this.#applySettings(wished)
    this.#remember('devices', [...names])
    this.#remember('name', [beamline.name])
    this.#remember('lastId', [String(this.#lastId)])
  }

  /** Takes in the numbers of elements; none is used again, also not of elements that are gone. */
  #readIds(): void {
    const [last = '0'] = this.#remembered('lastId')
    this.#lastId = Number(last)
    for (const { owner, value } of this.#store.properties.find('device', 'Id', '*')) {
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
    this.#note(name, [`${device.class} in ${device.server}`], undefined)
    this.#store.devices.delete({ name })
    for (const scope of ['device', 'deviceAttribute', 'devicePipe'] as const) this.#store.properties.drop(scope, name)
    this.#store.attributeAliases.deleteDevice(name)
    this.#removeIdleServer(device.server)
  }

  /** An admin device that is alone would keep a server in the lists that cannot start any more. */
  #removeIdleServer(server: string): void {
    const left = this.#store.devices.list({ server })
    if (left.some((device) => device.class.toLowerCase() !== 'dserver')) return
    for (const admin of left) this.#note(admin.name, [`${admin.class} in ${server}`], undefined)
    this.#store.devices.delete({ server })
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
      this.#store.devices.setAlias(holder.name, undefined)
    }
  }

  #define({ name, server, class: deviceClass, alias }: WishedDevice, present: DeviceRow | undefined): void {
    const moved = present !== undefined && (present.server !== server || present.class !== deviceClass)
    if (present === undefined || moved) {
      this.#note(name, present === undefined ? undefined : [`${present.class} in ${present.server}`], [
        `${deviceClass} in ${server}`,
      ])
      this.#store.devices.define({ name, server, class: deviceClass, alias })
      if (present !== undefined) this.#removeIdleServer(present.server)
    }
    if (present !== undefined && present.alias !== alias) {
      this.#note(`${name} alias`, listed(present.alias), listed(alias))
      this.#store.devices.setAlias(name, alias)
    }
  }

  #defineAdmin(server: string): void {
    const name = `dserver/${server}`
    if (this.#store.devices.get(name) !== undefined) return
    this.#note(name, undefined, [`DServer in ${server}`])
    this.#store.devices.define({ name, server, class: 'DServer' })
  }

  #setProperties({ name, properties }: WishedDevice, applied: readonly string[]): void {
    const at = deviceProperties(name)
    const stored = new Map([...this.#store.properties.all(at)].map(([key, lines]) => [key.toLowerCase(), lines]))
    const changed = new Map<string, readonly string[]>()
    for (const [property, values] of Object.entries(properties)) {
      const present = stored.get(property.toLowerCase()) ?? []
      // controllers that were created at run time stay in their pool
      const kept =
        property === 'Controllers'
          ? present.filter((other) => !values.includes(other) && !applied.includes(other) && this.#isDefined(other))
          : []
      const wanted = [...values, ...kept]
      if (same(present, wanted)) continue
      this.#noteProperty(name, undefined, property, present, wanted)
      if (wanted.length === 0) this.#store.properties.delete(at, property)
      else changed.set(property, wanted)
    }
    if (changed.size > 0) this.#store.properties.putAll(at, changed)
  }

  #isDefined(name: string): boolean {
    return this.#store.devices.get(name) !== undefined
  }

  /** Settings: what the user has set stays, unless the file says something else than it did the last time. */
  #applySettings(wished: readonly WishedDevice[]): void {
    const forgotten = new Set(this.#store.properties.names(this.#memory, '*').filter((name) => name.includes('->')))
    for (const device of wished) {
      for (const setting of device.settings) {
        const key = settingKey(device.name, setting)
        forgotten.delete(key)
        this.#applySetting(device, setting, this.#remembered(key))
        this.#remember(key, setting.values)
      }
    }
    for (const key of forgotten) this.#forget(key)
  }

  #applySetting({ name, class: deviceClass }: WishedDevice, setting: Setting, last: readonly string[]): void {
    const { attribute, property, values } = setting
    const present = this.#store.properties.get(place(name, attribute), property)
    const changedInFile = last.length > 0 && !same(last, values)
    if (present.length > 0 && !changedInFile) return
    this.#put(name, attribute, property, values)
    // a stored configuration describes the former members
    if (deviceClass === 'MeasurementGroup' && property === 'Elements') this.#put(name, 'Configuration', '__value', [])
  }

  /** A setting that is no longer in the file goes, if nobody has changed it. */
  #forget(key: string): void {
    const [target = '', property = ''] = key.split('->')
    const fields = target.split('/')
    const name = fields.slice(0, 3).join('/')
    const attribute = fields[3]
    const last = this.#remembered(key)
    if (same(this.#store.properties.get(place(name, attribute), property), last)) {
      this.#put(name, attribute, property, [])
    }
    this.#store.properties.put(this.#memory, key, [])
  }

  /** Writes a property if it differs; without values it is deleted. */
  #put(name: string, attribute: string | undefined, property: string, values: readonly string[]): void {
    const at = place(name, attribute)
    const present = this.#store.properties.get(at, property)
    if (same(present, values)) return
    this.#noteProperty(name, attribute, property, present, values)
    if (values.length === 0) this.#store.properties.delete(at, property)
    else this.#store.properties.put(at, property, values)
  }

  #remembered(key: string): readonly string[] {
    return this.#store.properties.get(this.#memory, key)
  }

  #remember(key: string, values: readonly string[]): void {
    if (!same(this.#remembered(key), values)) this.#store.properties.put(this.#memory, key, values)
  }

  #noteProperty(
    name: string,
    attribute: string | undefined,
    property: string,
    before: readonly string[],
    after: readonly string[],
  ): void {
    const what = `${attribute === undefined ? name : `${name}/${attribute}`}->${property}`
    this.#note(what, before.length === 0 ? undefined : before, after.length === 0 ? undefined : after)
  }

  #note(what: string, before: readonly string[] | undefined, after: readonly string[] | undefined): void {
    this.changes.push({ what, before, after })
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

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

function listed(text: string | undefined): readonly string[] | undefined {
  return text === undefined ? undefined : [text]
}
