// Typed client of the database device (commands Db*): devices, servers, aliases, properties. What a name, a count and a
// placeholder mean on the wire is in property-layout.ts and server-cache.ts.

import { DevFailed } from '../errors/dev-failed.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import { DatabaseCall } from './database-call.ts'
import {
  type Properties,
  type PropertyRecord,
  readAttributeProperties,
  readProperties,
  StringReader,
  writeAttributeProperties,
  writeProperties,
} from './property-layout.ts'
import type { DeviceConnection } from './reconnect.ts'
import { parseServerCache, type ServerCache } from './server-cache.ts'

/** A device as the database knows it. */
export interface ImportedDevice {
  /** Name as asked, in lower case. */
  readonly name: string
  readonly ior: string
  readonly version: string
  /** `Pool/demo1`. */
  readonly server: string
  readonly host: string
  readonly class: string
  /** Whether its server said that it runs. */
  readonly exported: boolean
  readonly pid: number
}

/** A device with its history. */
export interface DeviceRecord extends ImportedDevice {
  /** Texts made by the database; `?` when unknown. */
  readonly started: string
  readonly stopped: string
}

/** What a server announces of a device. */
export interface ExportedDevice {
  readonly name: string
  readonly ior: string
  readonly host: string
  readonly pid: number
  /** Interface level as text, `5`. */
  readonly version: string
}

/** Start-up entry of a server for Starter devices. */
export interface ServerInfo {
  readonly name: string
  readonly host: string
  /** Whether a Starter controls it. */
  readonly controlled: boolean
  readonly level: number
}

/** One former value of a property; no values means that it was deleted. */
export interface PropertyHistory {
  readonly name: string
  /** `YYYY-MM-DD HH:MM:SS` of the database's clock. */
  readonly date: string
  readonly values: readonly string[]
}

/** The database of a control system. Filters take `*` for any text. */
export class DatabaseClient {
  /** `host:port`, or several with commas. */
  readonly tangoHost: string
  readonly #call: DatabaseCall

  /** For `TangoProcess.database`. */
  constructor(client: OrbClient, connection: DeviceConnection, tangoHost: string) {
    this.tangoHost = tangoHost
    this.#call = new DatabaseCall(client, connection)
  }

  /** Asks for a sign of life. */
  async ping(): Promise<void> {
    await this.#call.ping()
  }

  /** Texts about the database itself, for people. */
  async info(): Promise<string[]> {
    return this.#call.texts('DbInfo')
  }

  // devices

  /** @throws DevFailed `DB_DeviceNotDefined` */
  async importDevice(nameOrAlias: string): Promise<ImportedDevice> {
    const { lvalue, svalue } = await this.#call.pair('DbImportDevice', nameOrAlias)
    const [name = '', ior = '', version = '', server = '', host = '', className = ''] = svalue
    return { name, ior, version, server, host, class: className, exported: lvalue[0] === 1, pid: lvalue[1] ?? 0 }
  }

  async exportDevice(device: ExportedDevice): Promise<void> {
    await this.#call.run('DbExportDevice', [device.name, device.ior, device.host, String(device.pid), device.version])
  }

  async unexportDevice(name: string): Promise<void> {
    await this.#call.run('DbUnExportDevice', name)
  }

  async unexportServer(server: string): Promise<void> {
    await this.#call.run('DbUnExportServer', server)
  }

  async deviceInfo(name: string): Promise<DeviceRecord> {
    const { lvalue, svalue } = await this.#call.pair('DbGetDeviceInfo', name)
    const [
      device = name,
      ior = '',
      version = '',
      server = '',
      host = '',
      started = '?',
      stopped = '?',
      className = '',
    ] = svalue
    const [exported, pid = 0] = lvalue
    return {
      name: device,
      ior,
      version,
      server,
      host,
      started,
      stopped,
      class: className,
      exported: exported === 1,
      pid,
    }
  }

  /** Adds a device; the admin device of its server too, if that is new. */
  async addDevice(device: {
    readonly server: string
    readonly class: string
    readonly name: string
    readonly alias?: string | undefined
  }): Promise<void> {
    const alias = device.alias === undefined ? [] : [device.alias]
    await this.#call.run('DbAddDevice', [device.server, device.name, device.class, ...alias])
  }

  async addServer(
    server: string,
    devices: readonly { readonly class: string; readonly name: string }[],
  ): Promise<void> {
    await this.#call.run('DbAddServer', [server, ...devices.flatMap((device) => [device.name, device.class])])
  }

  /** Deletes a device with its properties; an unknown one is no error. */
  async deleteDevice(name: string): Promise<void> {
    await this.#call.run('DbDeleteDevice', name)
  }

  /** Deletes a server and its devices; their properties stay. */
  async deleteServer(server: string): Promise<void> {
    await this.#call.run('DbDeleteServer', server)
  }

  async renameServer(from: string, to: string): Promise<void> {
    await this.#call.run('DbRenameServer', [from, to])
  }

  // lists

  /** Devices of a class in a server. */
  async deviceList(server: string, className: string): Promise<string[]> {
    return this.#call.texts('DbGetDeviceList', [server, className])
  }

  /** Devices by name. */
  async devices(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDeviceWideList', filter)
  }

  async exportedDevices(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDeviceExportedList', filter)
  }

  async exportedDevicesOfClass(className: string): Promise<string[]> {
    return this.#call.texts('DbGetExportdDeviceListForClass', className)
  }

  async domains(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDeviceDomainList', filter)
  }

  async families(filter: string): Promise<string[]> {
    return this.#call.texts('DbGetDeviceFamilyList', filter)
  }

  async members(filter: string): Promise<string[]> {
    return this.#call.texts('DbGetDeviceMemberList', filter)
  }

  /** All devices of a server with their classes, the admin device included. */
  async serverDevices(server: string): Promise<{ readonly name: string; readonly class: string }[]> {
    const items = await this.#call.texts('DbGetDeviceClassList', server)
    const devices: { readonly name: string; readonly class: string }[] = []
    for (let i = 0; i + 1 < items.length; i += 2) devices.push({ name: items[i] ?? '', class: items[i + 1] ?? '' })
    return devices
  }

  /** Classes of a server, without `DServer`. */
  async serverClassList(server: string): Promise<string[]> {
    const classes = await this.#call.texts('DbGetDeviceServerClassList', server)
    return classes.filter((name) => name.toLowerCase() !== 'dserver')
  }

  async classOfDevice(device: string): Promise<string> {
    return this.#call.text('DbGetClassForDevice', device)
  }

  async classes(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetClassList', filter)
  }

  /** `Pool/demo1`, by filter. */
  async serverList(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetServerList', filter)
  }

  /** `Pool`, by filter. */
  async serverNames(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetServerNameList', filter)
  }

  /** Instances of an executable. */
  async instances(serverName: string): Promise<string[]> {
    return this.#call.texts('DbGetInstanceNameList', serverName)
  }

  async hosts(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetHostList', filter)
  }

  async hostServers(host: string): Promise<string[]> {
    return this.#call.texts('DbGetHostServerList', host)
  }

  /** `host:port` of all databases of the control system. */
  async databases(): Promise<string[]> {
    return this.#call.texts('DbGetCSDbServerList')
  }

  // servers

  async serverInfo(server: string): Promise<ServerInfo> {
    const [name = server, host = '', mode = '', level = ''] = await this.#call.texts('DbGetServerInfo', server)
    return { name, host: host.trim(), controlled: mode.trim() === '1', level: Number(level) || 0 }
  }

  async putServerInfo(info: ServerInfo): Promise<void> {
    await this.#call.run('DbPutServerInfo', [info.name, info.host, info.controlled ? '1' : '0', String(info.level)])
  }

  async deleteServerInfo(server: string): Promise<void> {
    await this.#call.run('DbDeleteServerInfo', server)
  }

  /**
   * Everything a server needs at its start, in one call.
   * @param host name of the machine on which the server starts
   * @returns undefined when the database does not know the server
   * @throws DevFailed `API_CommandNotFound` from databases that do not offer it: use the single calls
   */
  async dataForServerCache(server: string, host: string): Promise<ServerCache | undefined> {
    // the major version of Tango behind %% asks for the complete layout
    return parseServerCache(await this.#call.texts('DbGetDataForServerCache', [server, `${host}%%9`]))
  }

  /** Ends the entry of the old event system; native databases expect the call at a server's start. */
  async unexportEvent(name: string): Promise<void> {
    await this.#call.run('DbUnExportEvent', name)
  }

  // aliases

  /** @throws DevFailed `DB_DeviceNotDefined` when there is no such alias */
  async deviceOfAlias(alias: string): Promise<string> {
    return this.#call.text('DbGetAliasDevice', alias)
  }

  /** Alias of a device, undefined without one. */
  async deviceAlias(device: string): Promise<string | undefined> {
    return absent(() => this.#call.text('DbGetDeviceAlias', device))
  }

  async aliases(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDeviceAliasList', filter)
  }

  async putDeviceAlias(device: string, alias: string): Promise<void> {
    await this.#call.run('DbPutDeviceAlias', [device, alias])
  }

  async deleteDeviceAlias(alias: string): Promise<void> {
    await this.#call.run('DbDeleteDeviceAlias', alias)
  }

  /** `device/attribute` of an attribute alias. */
  async attributeOfAlias(alias: string): Promise<string> {
    return this.#call.text('DbGetAttributeAlias', alias)
  }

  async attributeAliases(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetAttributeAliasList', filter)
  }

  async putAttributeAlias(attribute: string, alias: string): Promise<void> {
    await this.#call.run('DbPutAttributeAlias', [attribute, alias])
  }

  async deleteAttributeAlias(alias: string): Promise<void> {
    await this.#call.run('DbDeleteAttributeAlias', alias)
  }

  // properties of devices, classes and free objects: missing ones are not in the map

  async getDeviceProperty(device: string, names: readonly string[]): Promise<Properties> {
    return this.#properties('DbGetDeviceProperty', device, names, true)
  }

  async putDeviceProperty(device: string, properties: PropertyRecord): Promise<void> {
    await this.#call.run('DbPutDeviceProperty', writeProperties(device, properties))
  }

  async deleteDeviceProperty(device: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteDeviceProperty', [device, ...names])
  }

  /** Names of the properties of a device. */
  async devicePropertyList(device: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDevicePropertyList', [device, filter])
  }

  /** Former values, oldest first. */
  async devicePropertyHistory(device: string, name: string): Promise<PropertyHistory[]> {
    return readHistory(await this.#call.texts('DbGetDevicePropertyHist', [device, name]))
  }

  async getClassProperty(className: string, names: readonly string[]): Promise<Properties> {
    return this.#properties('DbGetClassProperty', className, names, false)
  }

  async putClassProperty(className: string, properties: PropertyRecord): Promise<void> {
    await this.#call.run('DbPutClassProperty', writeProperties(className, properties))
  }

  async deleteClassProperty(className: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteClassProperty', [className, ...names])
  }

  async classPropertyList(className: string): Promise<string[]> {
    return this.#call.texts('DbGetClassPropertyList', className)
  }

  async getProperty(object: string, names: readonly string[]): Promise<Properties> {
    return this.#properties('DbGetProperty', object, names, true)
  }

  async putProperty(object: string, properties: PropertyRecord): Promise<void> {
    await this.#call.run('DbPutProperty', writeProperties(object, properties))
  }

  async deleteProperty(object: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteProperty', [object, ...names])
  }

  async propertyList(object: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetPropertyList', [object, filter])
  }

  /** Free objects that have properties. */
  async objects(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetObjectList', filter)
  }

  // properties of attributes

  /** Properties of attributes, by attribute in the spelling asked for. */
  async getDeviceAttributeProperty(device: string, attributes: readonly string[]): Promise<Map<string, Properties>> {
    return this.#attributeProperties('DbGetDeviceAttributeProperty2', device, attributes)
  }

  async putDeviceAttributeProperty(
    device: string,
    attributes: Readonly<Record<string, PropertyRecord>>,
  ): Promise<void> {
    await this.#call.run('DbPutDeviceAttributeProperty2', writeAttributeProperties(device, attributes))
  }

  async deleteDeviceAttributeProperty(device: string, attribute: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteDeviceAttributeProperty', [device, attribute, ...names])
  }

  /** Attributes of a device that have properties. */
  async deviceAttributeList(device: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDeviceAttributeList', [device, filter])
  }

  async getClassAttributeProperty(className: string, attributes: readonly string[]): Promise<Map<string, Properties>> {
    return this.#attributeProperties('DbGetClassAttributeProperty2', className, attributes)
  }

  async putClassAttributeProperty(
    className: string,
    attributes: Readonly<Record<string, PropertyRecord>>,
  ): Promise<void> {
    await this.#call.run('DbPutClassAttributeProperty2', writeAttributeProperties(className, attributes))
  }

  async classAttributeList(className: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetClassAttributeList', [className, filter])
  }

  async #properties(
    command: string,
    object: string,
    names: readonly string[],
    placeholder: boolean,
  ): Promise<Properties> {
    if (names.length === 0) return new Map()
    return readProperties(await this.#call.texts(command, [object, ...names]), placeholder, command)
  }

  async #attributeProperties(
    command: string,
    object: string,
    attributes: readonly string[],
  ): Promise<Map<string, Properties>> {
    if (attributes.length === 0) return new Map()
    return readAttributeProperties(await this.#call.texts(command, [object, ...attributes]), command)
  }
}

/** Turns the database's "there is none" into undefined. */
async function absent(ask: () => Promise<string>): Promise<string | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof DevFailed && error.has('DB_AliasNotDefined')) return undefined
    throw error
  }
}

function readHistory(items: readonly string[]): PropertyHistory[] {
  const reader = new StringReader(items, 'DbGetDevicePropertyHist')
  const history: PropertyHistory[] = []
  while (!reader.atEnd) {
    const name = reader.text()
    const date = reader.text()
    history.push({ name, date, values: reader.texts(reader.count()) })
  }
  return history
}
