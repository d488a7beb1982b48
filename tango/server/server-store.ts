// Where a server keeps what outlives it: the Tango database, or its own memory when it runs without one.

import type { AttributeProperties, ConfigChange } from './config-properties.ts'
import type { DeviceDeclaration } from './device-server.ts'
import { type PropertyLines, propertyLines } from './properties.ts'

/** All that is stored of one device; names of attributes and pipes are in lower case. */
export interface DeviceContent {
  readonly properties: PropertyLines
  readonly classProperties: PropertyLines
  readonly attributes: ReadonlyMap<string, AttributeProperties>
  readonly classAttributes: ReadonlyMap<string, AttributeProperties>
  readonly pipes: ReadonlyMap<string, AttributeProperties>
  readonly classPipes: ReadonlyMap<string, AttributeProperties>
}

/** A device to serve. */
export interface StoredDevice {
  readonly name: string
  readonly class: string
  readonly content: DeviceContent
}

/** Storage of one logical server. */
export interface ServerStore {
  /**
   * Devices of the server without its admin device, by class, in the order of the store.
   * @param again the server is restarted, so its own answer does not count
   * @throws DevFailed `DB_DeviceNotDefined` for an unknown server, `Server_AlreadyRunning`
   */
  load(again?: boolean): Promise<readonly StoredDevice[]>
  /** Properties of the control system that servers look at; known after `load`. */
  controlSystem(): Promise<PropertyLines>
  /** Class of a device as the store has it now; undefined when it is not, or no longer, a device of this server. */
  classOf(device: string): Promise<string | undefined>
  /** What is stored of a device now. */
  content(className: string, device: string): Promise<DeviceContent>
  /** Stores and removes properties of a device. */
  changeDevice(device: string, change: ConfigChange): Promise<void>
  /** Stores and removes properties of an attribute. */
  changeAttribute(device: string, attribute: string, change: ConfigChange): Promise<void>
  /** Removes all properties of an attribute. */
  deleteAttribute(device: string, attribute: string): Promise<void>
  /** Stores and removes properties of a pipe. */
  changePipe(device: string, pipe: string, change: ConfigChange): Promise<void>
  /** Defines a device; an alias and properties that it has already are replaced. */
  addDevice(declaration: DeviceDeclaration): Promise<void>
  deleteDevice(name: string): Promise<void>
  /** Alias of a device, if it has one. */
  alias(device: string): Promise<string | undefined>
  exportDevice(name: string, ior: string): Promise<void>
  unexportDevice(name: string): Promise<void>
  unexportServer(): Promise<void>
}

/** A device of which nothing is stored. */
export const EMPTY_CONTENT: DeviceContent = {
  properties: new Map(),
  classProperties: new Map(),
  attributes: new Map(),
  classAttributes: new Map(),
  pipes: new Map(),
  classPipes: new Map(),
}

/** Keeps changes of a {@link LocalStore}: `owner` is a device or `device/attribute`. */
export type SaveChange = (owner: string, change: ConfigChange) => Promise<void>

/** Storage of a server without a database: what it was started with and what was set since then. */
export class LocalStore implements ServerStore {
  readonly #save: SaveChange
  readonly #devices = new Map<
    string,
    {
      readonly declaration: DeviceDeclaration
      readonly properties: Map<string, readonly string[]>
      readonly attributes: Map<string, Map<string, readonly string[]>>
      readonly pipes: Map<string, Map<string, readonly string[]>>
    }
  >()

  /** @param save where changes are kept beyond the end of the process; nowhere when absent */
  constructor(devices: readonly DeviceDeclaration[], save: SaveChange = async () => {}) {
    this.#save = save
    for (const device of devices) this.#add(device)
  }

  async load(): Promise<readonly StoredDevice[]> {
    return Array.from(this.#devices.values(), ({ declaration }) => ({
      name: declaration.name,
      class: declaration.class,
      content: this.#content(declaration.name),
    }))
  }

  async controlSystem(): Promise<PropertyLines> {
    return new Map()
  }

  async classOf(device: string): Promise<string | undefined> {
    return this.#devices.get(device.toLowerCase())?.declaration.class
  }

  async content(_className: string, device: string): Promise<DeviceContent> {
    return this.#content(device)
  }

  async changeDevice(device: string, change: ConfigChange): Promise<void> {
    const stored = this.#devices.get(device.toLowerCase())
    if (stored === undefined) return
    apply(stored.properties, change)
    await this.#save(device, change)
  }

  async changeAttribute(device: string, attribute: string, change: ConfigChange): Promise<void> {
    const stored = this.#devices.get(device.toLowerCase())
    if (stored === undefined) return
    applyTo(stored.attributes, attribute, change)
    await this.#save(`${device}/${attribute}`, change)
  }

  async deleteAttribute(device: string, attribute: string): Promise<void> {
    const attributes = this.#devices.get(device.toLowerCase())?.attributes
    const known = attributes?.get(attribute.toLowerCase())
    if (attributes === undefined || known === undefined) return
    attributes.delete(attribute.toLowerCase())
    await this.#save(`${device}/${attribute}`, { put: new Map(), remove: [...known.keys()] })
  }

  async changePipe(device: string, pipe: string, change: ConfigChange): Promise<void> {
    applyTo(this.#devices.get(device.toLowerCase())?.pipes, pipe, change)
  }

  async addDevice(declaration: DeviceDeclaration): Promise<void> {
    this.#add(declaration)
  }

  async deleteDevice(name: string): Promise<void> {
    this.#devices.delete(name.toLowerCase())
  }

  async alias(device: string): Promise<string | undefined> {
    return this.#devices.get(device.toLowerCase())?.declaration.alias
  }

  async exportDevice(): Promise<void> {}
  async unexportDevice(): Promise<void> {}
  async unexportServer(): Promise<void> {}

  #add(declaration: DeviceDeclaration): void {
    const properties = new Map(propertyLines(Object.entries(declaration.properties ?? {})))
    const attributes = Object.entries(declaration.attributes ?? {}).map(
      ([name, lines]): [string, Map<string, readonly string[]>] => [
        name.toLowerCase(),
        new Map(propertyLines(Object.entries(lines))),
      ],
    )
    const stored = { declaration, properties, attributes: new Map(attributes), pipes: new Map() }
    this.#devices.set(declaration.name.toLowerCase(), stored)
  }

  #content(device: string): DeviceContent {
    const stored = this.#devices.get(device.toLowerCase())
    if (stored === undefined) return EMPTY_CONTENT
    return {
      ...EMPTY_CONTENT,
      properties: new Map(stored.properties),
      attributes: copyOf(stored.attributes),
      pipes: copyOf(stored.pipes),
    }
  }
}

function apply(properties: Map<string, readonly string[]>, change: ConfigChange): void {
  for (const [name, lines] of change.put) properties.set(name.toLowerCase(), lines)
  for (const name of change.remove) properties.delete(name.toLowerCase())
}

function applyTo(
  members: Map<string, Map<string, readonly string[]>> | undefined,
  member: string,
  change: ConfigChange,
): void {
  if (members === undefined) return
  const name = member.toLowerCase()
  const properties = members.get(name) ?? new Map<string, readonly string[]>()
  members.set(name, properties)
  apply(properties, change)
}

function copyOf(attributes: ReadonlyMap<string, AttributeProperties>): Map<string, AttributeProperties> {
  return new Map(Array.from(attributes, ([name, properties]) => [name, new Map(properties)]))
}
