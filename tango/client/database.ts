// Typed client of the database device (commands Db*): devices, servers, aliases, services. Properties are in
// database-properties.ts; what a count and a placeholder mean on the wire is in property-layout.ts and server-cache.ts.

import { DevFailed } from '../errors/dev-failed.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import { DatabaseCall } from './database-call.ts'
import { DatabaseProperties } from './database-properties.ts'
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
  /** For `putServerInfo`: number to store instead of 0 or 1 for `controlled`. */
  readonly mode?: number
}

/** A server as the database's list of a host shows it. */
export interface HostedServer {
  /** `Pool/demo1`. */
  readonly name: string
  readonly controlled: boolean
  readonly level: number
}

/** A service of the control system: an entry of the property `Services` of `CtrlSystem`. */
export interface Service {
  /** `AccessControl`. */
  readonly name: string
  readonly instance: string
  readonly device: string
}

/** The database of a control system. Filters take `*` for any text. */
export class DatabaseClient extends DatabaseProperties {
  /** `host:port`, or several with commas. */
  readonly tangoHost: string
  readonly #call: DatabaseCall

  /** For `TangoProcess.database`. */
  constructor(client: OrbClient, connection: DeviceConnection, tangoHost: string) {
    const call = new DatabaseCall(client, connection)
    super(call)
    this.tangoHost = tangoHost
    this.#call = call
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

  /** Servers of a host as Starter devices see them. */
  async hostServersInfo(host: string): Promise<HostedServer[]> {
    const items = await this.#call.texts('DbGetHostServersInfo', host)
    const servers: HostedServer[] = []
    for (let i = 0; i + 2 < items.length; i += 3) {
      const [name = '', mode = '', level = ''] = items.slice(i, i + 3)
      servers.push({ name, controlled: mode.trim() === '1', level: Number(level) || 0 })
    }
    return servers
  }

  /** Class of a device, then those that it inherits from. */
  async classInheritance(device: string): Promise<string[]> {
    return this.#call.texts('DbGetClassInheritanceForDevice', device)
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
    const mode = String(info.mode ?? Number(info.controlled))
    await this.#call.run('DbPutServerInfo', [info.name, info.host, mode, String(info.level)])
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

  /**
   * Runs a query on the tables of the database.
   * @param query with or without the word SELECT
   * @returns rows of texts; undefined stands for NULL
   */
  async select(query: string): Promise<(string | undefined)[][]> {
    const { lvalue, svalue } = await this.#call.pair('DbMySqlSelect', query)
    const [rows = 0, columns = 0] = lvalue.slice(-2)
    return Array.from({ length: rows }, (_row, r) =>
      Array.from({ length: columns }, (_column, c) => {
        const at = r * columns + c
        return lvalue[at] === 0 ? undefined : svalue[at]
      }),
    )
  }

  // services

  /** Services of the control system, by name and instance; all when absent. */
  async services(name = '*', instance = '*'): Promise<Service[]> {
    const matches = (filter: string, text: string): boolean =>
      filter === '*' || filter.toLowerCase() === text.toLowerCase()
    const all = (await this.getProperty(CONTROL_SYSTEM, [SERVICES])).get(SERVICES) ?? []
    return all.flatMap((line) => {
      const service = parseService(line)
      return service !== undefined && matches(name, service.name) && matches(instance, service.instance)
        ? [service]
        : []
    })
  }

  /** Registers a service; one of the same name and instance is replaced. */
  async registerService(service: Service): Promise<void> {
    const others = (await this.services()).filter((other) => !sameService(other, service))
    await this.#putServices([...others, service])
  }

  /** Removes a service; an unknown one is no error. */
  async unregisterService(service: Pick<Service, 'name' | 'instance'>): Promise<void> {
    const all = await this.services()
    const others = all.filter((other) => !sameService(other, service))
    if (others.length < all.length) await this.#putServices(others)
  }

  async #putServices(services: readonly Service[]): Promise<void> {
    if (services.length === 0) return this.deleteProperty(CONTROL_SYSTEM, [SERVICES])
    const lines = services.map(({ name, instance, device }) => `${name}/${instance}:${device}`)
    await this.putProperty(CONTROL_SYSTEM, { [SERVICES]: lines })
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

  /** Alias of an attribute `device/attribute`, undefined without one. */
  async attributeAlias(attribute: string): Promise<string | undefined> {
    return absent(() => this.#call.text('DbGetAttributeAlias2', attribute))
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
}

/** Turns the database's "there is none" into undefined. */
async function absent(ask: () => Promise<string>): Promise<string | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof DevFailed)) throw error
    // attribute aliases have no reason of their own
    if (error.has('DB_AliasNotDefined') || /No alias found/.test(error.message)) return undefined
    throw error
  }
}

const CONTROL_SYSTEM = 'CtrlSystem'
const SERVICES = 'Services'

/** `name/instance:device`. */
function parseService(line: string): Service | undefined {
  const match = /^([^/:]+)\/([^:]+):(.+)$/.exec(line.trim())
  if (match === null) return undefined
  const [, name = '', instance = '', device = ''] = match
  return { name, instance, device }
}

function sameService(a: Pick<Service, 'name' | 'instance'>, b: Pick<Service, 'name' | 'instance'>): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase() && a.instance.toLowerCase() === b.instance.toLowerCase()
}
