// Storage of a server in the Tango database: everything at start in one call where the database can do that, single
// calls otherwise; export and unexport.

import { hostname } from 'node:os'
import type { DatabaseClient } from '../client/database.ts'
import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { AttributeProperties, ConfigChange } from './config-properties.ts'
import type { DeviceDeclaration } from './device-server.ts'
import { type PropertyLines, propertyLines } from './properties.ts'
import type { DeviceContent, ServerStore, StoredDevice } from './server-store.ts'

type Blocks = ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>

/** Interface level that is exported. */
const IDL_VERSION = '5'

const CONTROL_SYSTEM_PROPERTIES = ['DSEventBufferHwm', 'EventBufferHwm', 'WAttrNaNAllowed'] as const

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
  #controlSystem: PropertyLines | undefined
  /** While the server starts, the aliases of all its devices come with one query. */
  #starting = true
  #aliases: Promise<ReadonlyMap<string, string> | undefined> | undefined

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
    this.#controlSystem = propertyLines(cache.controlSystem)
    return cache.classes.flatMap((found) =>
      found.devices.map((device) => ({
        name: device.name,
        class: found.name,
        content: {
          properties: propertyLines(device.properties),
          classProperties: propertyLines(found.properties),
          attributes: lowerCase(device.attributeProperties),
          classAttributes: lowerCase(found.attributeProperties),
          pipes: lowerCase(device.pipeProperties),
          classPipes: lowerCase(found.pipeProperties),
        },
      })),
    )
  }

  async controlSystem(): Promise<PropertyLines> {
    this.#controlSystem ??= propertyLines(await this.#database.getProperty('CtrlSystem', CONTROL_SYSTEM_PROPERTIES))
    return this.#controlSystem
  }

  async classOf(device: string): Promise<string | undefined> {
    try {
      const { server, class: className } = await this.#database.importDevice(device)
      return server.toLowerCase() === this.#server.toLowerCase() ? className : undefined
    } catch (error) {
      if (error instanceof DevFailed && error.has('DB_DeviceNotDefined')) return undefined
      throw error
    }
  }

  async content(className: string, device: string): Promise<DeviceContent> {
    const database = this.#database
    const [names, attributeNames, pipeNames, classNames, classAttributeNames, classPipeNames] = await Promise.all([
      database.devicePropertyList(device),
      database.deviceAttributeList(device),
      database.devicePipeList(device),
      database.classPropertyList(className),
      database.classAttributeList(className),
      database.classPipeList(className),
    ])
    const [properties, attributes, pipes, classProperties, classAttributes, classPipes] = await Promise.all([
      database.getDeviceProperty(device, names),
      database.getDeviceAttributeProperty(device, attributeNames),
      database.getDevicePipeProperty(device, pipeNames),
      database.getClassProperty(className, classNames),
      database.getClassAttributeProperty(className, classAttributeNames),
      database.getClassPipeProperty(className, classPipeNames),
    ])
    return {
      properties: propertyLines(properties),
      classProperties: propertyLines(classProperties),
      attributes: lowerCase(attributes),
      classAttributes: lowerCase(classAttributes),
      pipes: lowerCase(pipes),
      classPipes: lowerCase(classPipes),
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

  async deleteAttribute(device: string, attribute: string): Promise<void> {
    await this.#database.deleteAllDeviceAttributeProperty(device, [attribute])
  }

  async changePipe(device: string, pipe: string, change: ConfigChange): Promise<void> {
    if (change.remove.length > 0) await this.#database.deleteDevicePipeProperty(device, pipe, change.remove)
    if (change.put.size > 0) {
      await this.#database.putDevicePipeProperty(device, { [pipe]: Object.fromEntries(change.put) })
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
    if (this.#starting) {
      this.#aliases ??= this.#allAliases()
      const aliases = await this.#aliases
      if (aliases !== undefined) return aliases.get(device.toLowerCase())
    }
    return this.#database.deviceAlias(device)
  }

  async exportDevice(name: string, ior: string): Promise<void> {
    await this.#database.exportDevice({ name, ior, host: hostname(), pid: process.pid, version: IDL_VERSION })
    // the admin device is the last one
    if (name !== this.#adminName) return
    this.#starting = false
    this.#aliases = undefined
  }

  async unexportDevice(name: string): Promise<void> {
    await this.#database.unexportDevice(name)
  }

  async unexportServer(): Promise<void> {
    await this.#database.unexportServer(this.#server)
  }

  /** Undefined from a database that takes no queries: each alias has to be asked for. */
  async #allAliases(): Promise<ReadonlyMap<string, string> | undefined> {
    if (!/^[\w./-]+$/.test(this.#server)) return undefined
    try {
      const rows = await this.#database.select(`name, alias FROM device WHERE server = '${this.#server}'`)
      return new Map(
        rows.flatMap(([name, alias]): [string, string][] =>
          name === undefined || alias === undefined || alias === '' ? [] : [[name.toLowerCase(), alias]],
        ),
      )
    } catch (error) {
      if (error instanceof DevFailed) return undefined
      throw error
    }
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
