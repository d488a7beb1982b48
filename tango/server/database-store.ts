// Storage of a server in the Tango database: everything at start in one call where the database can do that, single
// calls otherwise; export and unexport.

import { hostname } from 'node:os'
import type { DatabaseClient } from '../client/database.ts'
import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { AttributeProperties, ConfigChange } from './attribute-config.ts'
import type { DeviceDeclaration } from './device-server.ts'
import { type PropertyLines, propertyLines } from './properties.ts'
import type { DeviceContent, ServerStore, StoredDevice } from './server-store.ts'

type Blocks = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

/** Interface level that is exported. */
const IDL_VERSION = '5'

/** Options of {@link DatabaseStore}. */
export interface DatabaseStoreOptions {
  readonly database: DatabaseClient
  /** `Pool/demo1`. */
  readonly server: string
  readonly adminName: string
  /** Whether the server answers at the address that the database has of it. */
  readonly answers: (ior: string) => Promise<boolean>
}

/** A server's part of the Tango database. */
export class DatabaseStore implements ServerStore {
  readonly #database: DatabaseClient
  readonly #server: string
  readonly #adminName: string
  readonly #answers: (ior: string) => Promise<boolean>

  constructor(options: DatabaseStoreOptions) {
    this.#database = options.database
    this.#server = options.server
    this.#adminName = options.adminName
    this.#answers = options.answers
  }

  async load(again = false): Promise<readonly StoredDevice[]> {
    let cache: Awaited<ReturnType<DatabaseClient['dataForServerCache']>>
    try {
      cache = await this.#database.dataForServerCache(this.#server, shortHostname())
    } catch (error) {
      // databases without the command are served by the single calls
      if (error instanceof DevFailed && !error.has('API_CantConnectToDevice')) return this.#loadClassic(again)
      throw error
    }
    if (cache === undefined) throw notDefined(this.#server)
    if (cache.admin.exported && !again) await this.#refuseSecond(cache.admin.ior)
    return cache.classes.flatMap((found) =>
      found.devices.map((device) => ({
        name: device.name,
        class: found.name,
        content: {
          properties: propertyLines(device.properties),
          classProperties: propertyLines(found.properties),
          attributes: lowerCase(device.attributeProperties),
          classAttributes: lowerCase(found.attributeProperties),
        },
      })),
    )
  }

  async content(className: string, device: string): Promise<DeviceContent> {
    const database = this.#database
    const [names, attributeNames, classNames, classAttributeNames] = await Promise.all([
      database.devicePropertyList(device),
      database.deviceAttributeList(device),
      database.classPropertyList(className),
      database.classAttributeList(className),
    ])
    const [properties, attributes, classProperties, classAttributes] = await Promise.all([
      database.getDeviceProperty(device, names),
      database.getDeviceAttributeProperty(device, attributeNames),
      database.getClassProperty(className, classNames),
      database.getClassAttributeProperty(className, classAttributeNames),
    ])
    return {
      properties: propertyLines(properties),
      classProperties: propertyLines(classProperties),
      attributes: lowerCase(attributes),
      classAttributes: lowerCase(classAttributes),
    }
  }

  async changeDevice(device: string, change: ConfigChange): Promise<void> {
    if (change.remove.length > 0) await this.#database.deleteDeviceProperty(device, change.remove)
    if (change.put.size > 0) await this.#database.putDeviceProperty(device, Object.fromEntries(change.put))
  }

  async changeAttribute(device: string, attribute: string, change: ConfigChange): Promise<void> {
    if (change.remove.length > 0) await this.#database.deleteDeviceAttributeProperty(device, attribute, change.remove)
    if (change.put.size > 0) {
      await this.#database.putDeviceAttributeProperty(device, { [attribute]: Object.fromEntries(change.put) })
    }
  }

  async addDevice(declaration: DeviceDeclaration): Promise<void> {
    const { name, alias, properties } = declaration
    await this.#database.addDevice({ server: this.#server, class: declaration.class, name, alias })
    if (alias !== undefined) await this.#database.putDeviceAlias(name, alias)
    if (properties !== undefined && Object.keys(properties).length > 0) {
      await this.#database.putDeviceProperty(name, properties)
    }
  }

  async deleteDevice(name: string): Promise<void> {
    await this.#database.deleteDevice(name)
  }

  async alias(device: string): Promise<string | undefined> {
    return this.#database.deviceAlias(device)
  }

  async exportDevice(name: string, ior: string): Promise<void> {
    await this.#database.exportDevice({ name, ior, host: hostname(), pid: process.pid, version: IDL_VERSION })
  }

  async unexportDevice(name: string): Promise<void> {
    await this.#database.unexportDevice(name)
  }

  async unexportServer(): Promise<void> {
    await this.#database.unexportServer(this.#server)
  }

  async #loadClassic(again: boolean): Promise<readonly StoredDevice[]> {
    const database = this.#database
    try {
      const admin = await database.importDevice(this.#adminName)
      if (admin.exported && !again) await this.#refuseSecond(admin.ior)
    } catch (error) {
      if (error instanceof DevFailed && error.has('DB_DeviceNotDefined')) throw notDefined(this.#server)
      throw error
    }
    const classes = (await database.serverClassList(this.#server)).filter((name) => name.toLowerCase() !== 'dserver')
    const devices: StoredDevice[] = []
    for (const className of classes) {
      const names = await database.deviceList(this.#server, className)
      const contents = await Promise.all(names.map((name) => this.content(className, name)))
      names.forEach((name, i) => {
        const content = contents[i]
        if (content !== undefined) devices.push({ name, class: className, content })
      })
    }
    return devices
  }

  /** A server that was killed stays exported, so its address is asked. */
  async #refuseSecond(ior: string): Promise<void> {
    if (!(await this.#answers(ior))) return
    throw devFailed('Server_AlreadyRunning', `The server ${this.#server} is already running; stop it first`)
  }
}

/** Host name without its domain, as native servers give it. */
export function shortHostname(): string {
  return hostname().split('.')[0] ?? 'localhost'
}

function notDefined(server: string): DevFailed {
  const desc = `The device server ${server} is not defined in database; add it with its devices first`
  return devFailed('DB_DeviceNotDefined', desc)
}

function lowerCase(blocks: Blocks): Map<string, AttributeProperties> {
  return new Map(
    Array.from(blocks, ([attribute, properties]): [string, PropertyLines] => [
      attribute.toLowerCase(),
      propertyLines(properties),
    ]),
  )
}
