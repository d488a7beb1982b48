// What a database held of some devices, free objects and servers before they were changed, so that it can be put back.

import type { DeviceRow, Place, Scope, ServerRow, Store } from '../store/store.ts'

type Values = ReadonlyMap<string, readonly string[]>
type Members = ReadonlyMap<string, Values>

interface DeviceImage {
  readonly row: DeviceRow | undefined
  readonly properties: Values
  readonly attributes: Members
  readonly pipes: Members
  readonly aliases: readonly (readonly [attribute: string, alias: string])[]
}

const MEMBER_SCOPES = { attributes: 'deviceAttribute', pipes: 'devicePipe' } as const

/** Images of what is about to be changed; each thing is looked at once, before its first change. */
export class Snapshot {
  readonly #store: Store
  readonly #devices = new Map<string, DeviceImage>()
  readonly #objects = new Map<string, Values>()
  readonly #servers = new Map<string, ServerRow | undefined>()
  #aliases: readonly (readonly [attribute: string, alias: string])[] | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** Devices of which there is an image, in lower case. */
  get devices(): readonly string[] {
    return [...this.#devices.keys()]
  }

  /** The device's row as it was. */
  rowOf(device: string): DeviceRow | undefined {
    return this.#devices.get(device.toLowerCase())?.row
  }

  device(name: string): void {
    const key = name.toLowerCase()
    if (this.#devices.has(key)) return
    const { devices, properties } = this.#store
    this.#devices.set(key, {
      row: devices.get(name),
      properties: properties.all({ scope: 'device', owner: name }),
      attributes: properties.members('deviceAttribute', name),
      pipes: properties.members('devicePipe', name),
      aliases: this.#attributeAliases().filter(([attribute]) => attribute.toLowerCase().startsWith(`${key}/`)),
    })
  }

  object(name: string): void {
    if (!this.#objects.has(name)) this.#objects.set(name, this.#store.properties.all({ scope: 'object', owner: name }))
  }

  server(name: string): void {
    if (!this.#servers.has(name)) this.#servers.set(name, this.#store.servers.get(name))
  }

  /** Puts everything back, in one transaction. */
  restore(): void {
    const store = this.#store
    store.transaction(() => {
      // aliases first: two devices may have swapped theirs
      for (const [name, { row }] of this.#devices) {
        const present = store.devices.get(name)
        if (present?.alias !== undefined && present.alias !== row?.alias) store.devices.setAlias(name, undefined)
      }
      for (const [name, image] of this.#devices) this.#restoreDevice(name, image)
      for (const [owner, values] of this.#objects) this.#restoreValues({ scope: 'object', owner }, values)
      for (const [name, row] of this.#servers) {
        if (row === undefined) store.servers.delete(name)
        else store.servers.put(row)
      }
    })
  }

  #restoreDevice(name: string, image: DeviceImage): void {
    const { devices, properties, attributeAliases } = this.#store
    const { row } = image
    const present = devices.get(name)
    if (row === undefined) {
      if (present !== undefined) devices.delete({ name })
      for (const scope of ['device', 'deviceAttribute', 'devicePipe'] as const) properties.drop(scope, name)
      return
    }
    if (present === undefined || present.server !== row.server || present.class !== row.class) {
      devices.define({ name: row.name, server: row.server, class: row.class, alias: row.alias })
      const { ior, host, pid, version } = row
      if (row.exported) devices.export(row.name, { ior, host, pid: pid ?? 0, version })
    } else if (present.alias !== row.alias) devices.setAlias(row.name, row.alias)
    this.#restoreValues({ scope: 'device', owner: name }, image.properties)
    for (const key of ['attributes', 'pipes'] as const) this.#restoreMembers(MEMBER_SCOPES[key], name, image[key])
    for (const [attribute, alias] of image.aliases) {
      if (attributeAliases.attributeOf(alias) === undefined) attributeAliases.put(attribute, alias)
    }
  }

  #restoreMembers(scope: Scope, owner: string, members: Members): void {
    const present = this.#store.properties.members(scope, owner)
    const names = new Map([...present.keys(), ...members.keys()].map((name) => [name.toLowerCase(), name]))
    const former = new Map([...members].map(([name, values]) => [name.toLowerCase(), values]))
    for (const [key, member] of names) this.#restoreValues({ scope, owner, member }, former.get(key) ?? new Map())
  }

  #restoreValues(place: Place, values: Values): void {
    const { properties } = this.#store
    const former = new Map([...values].map(([name, lines]) => [name.toLowerCase(), lines]))
    const present = properties.all(place)
    for (const name of present.keys()) if (!former.has(name.toLowerCase())) properties.delete(place, name)
    for (const [name, lines] of values) {
      if (!sameValues(properties.get(place, name), lines)) properties.put(place, name, lines)
    }
  }

  #attributeAliases(): readonly (readonly [string, string])[] {
    const { attributeAliases } = this.#store
    this.#aliases ??= attributeAliases.list('*').map((alias) => [attributeAliases.attributeOf(alias) ?? '', alias])
    return this.#aliases
  }
}

/** Whether two properties have the same values. */
export function sameValues(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}
