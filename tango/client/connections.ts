// The devices that a process talks to: one connection per device, however many proxies there are.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import { type ObjectReference, parseReference } from '../wire/ior.ts'
import { latin1Bytes } from '../wire/latin1.ts'
import { OPERATIONS } from '../wire/operations.ts'
import { type Access, AccessControl } from './access-control.ts'
import { bareName } from './admin-device.ts'
import type { ClientHost } from './client-host.ts'
import { DatabaseClient } from './database.ts'
import { addressKey, type DeviceAddress, type HostPort, parseDeviceName, parseTangoHost } from './device-name.ts'
import { DeviceConnection, type Target } from './reconnect.ts'
import { tangoVariable } from './tango-environment.ts'

/** Object key of the database device. */
const DATABASE_KEY = 'database'
const DATABASE_DEVICE = 'sys/database/2'
/** Wait for a device that has to tell its interface level, as native clients do. */
const CONNECT_TIMEOUT_MS = 3000
/** Highest interface level that is spoken here; devices of later ones answer it too. */
const HIGHEST_LEVEL = 5

/** Finds devices by name; part of a process. */
export class DeviceConnections {
  readonly #host: Pick<ClientHost, 'client' | 'clock' | 'tangoHost' | 'servesDevices'>
  readonly #devices = new Map<string, DeviceConnection>()
  readonly #databases = new Map<string, DatabaseClient>()
  readonly #accessControls = new Map<string, AccessControl>()

  constructor(host: Pick<ClientHost, 'client' | 'clock' | 'tangoHost' | 'servesDevices'>) {
    this.#host = host
  }

  /**
   * The connection to a device; equal for all spellings of a name. Nothing is contacted yet.
   * @throws DevFailed `API_WrongDeviceNameSyntax`, `API_UnsupportedDBaseModifier`
   */
  device(name: string): DeviceConnection {
    const address = parseDeviceName(name, this.#host.tangoHost)
    const key = addressKey(address)
    const known = this.#devices.get(key)
    if (known !== undefined) return known
    const { clock } = this.#host
    const connection = new DeviceConnection(
      address.kind === 'direct'
        ? {
            name,
            clock,
            find: () => this.#findDirect(address),
            database: false,
            tangoHost: `${address.host}:${address.port}`,
            sibling: (device) => `tango://${address.host}:${address.port}/${device}#dbase=no`,
          }
        : {
            name,
            clock,
            find: () => this.#findByDatabase(address),
            database: true,
            tangoHost: address.tangoHost ?? '',
            sibling: (device) => (address.tangoHost === undefined ? device : `tango://${address.tangoHost}/${device}`),
          },
    )
    this.#devices.set(key, connection)
    return connection
  }

  /**
   * The database of a control system, `TANGO_HOST` of the process when absent.
   * @throws DevFailed `API_CantConnectToDatabase` when there is none, `API_WrongDeviceNameSyntax`
   */
  database(tangoHost: string | undefined = this.#host.tangoHost): DatabaseClient {
    if (tangoHost === undefined) {
      throw devFailed('API_CantConnectToDatabase', 'TANGO_HOST is not set; set it to host:port of the database device')
    }
    const key = tangoHost.toLowerCase()
    const known = this.#databases.get(key)
    if (known !== undefined) return known
    const addresses = parseTangoHost(tangoHost)
    const place = { next: 0 }
    const connection = new DeviceConnection({
      name: `the database at ${tangoHost}`,
      clock: this.#host.clock,
      find: () => this.#findDatabase(addresses, place),
      database: false,
      tangoHost,
      sibling: (device) => `tango://${tangoHost}/${device}`,
    })
    const database = new DatabaseClient(this.#host.client, connection, tangoHost)
    this.#databases.set(key, database)
    return database
  }

  /** Name of a device in its database, whether its server runs or not. */
  async realName(connection: DeviceConnection): Promise<string> {
    const address = parseDeviceName(connection.name, this.#host.tangoHost)
    if (address.kind === 'direct' || !address.alias) return address.device
    return this.database(address.tangoHost).deviceOfAlias(address.device)
  }

  /** What this user may do with a device. */
  async access(connection: DeviceConnection): Promise<Access> {
    const free = !connection.database || this.#host.servesDevices === true || tangoVariable('SUPER_TANGO') === 'true'
    if (free) return { right: 'WRITE' }
    return this.#accessControl(connection).access(bareName((await connection.target()).device))
  }

  /** Whether a user who may read the device may execute one of its commands. */
  async allows(connection: DeviceConnection, command: string): Promise<boolean> {
    return this.#accessControl(connection).allows(bareName((await connection.target()).device), command)
  }

  #accessControl(connection: DeviceConnection): AccessControl {
    const known = this.#accessControls.get(connection.tangoHost)
    if (known !== undefined) return known
    const control = new AccessControl({
      client: this.#host.client,
      clock: this.#host.clock,
      database: this.database(connection.tangoHost),
      device: (name) => this.device(connection.sibling(name)),
    })
    this.#accessControls.set(connection.tangoHost, control)
    return control
  }

  /** The first database of the list that answers, beginning behind the one that was found last. */
  async #findDatabase(addresses: readonly HostPort[], place: { next: number }): Promise<Target> {
    const { next } = place
    const ordered = addresses.map((_address, i) => (next + i) % addresses.length)
    for (const i of ordered) {
      const address = addresses[i]
      if (address === undefined) continue
      const target = {
        reference: directReference(address, DATABASE_KEY),
        level: HIGHEST_LEVEL,
        device: DATABASE_DEVICE,
      }
      place.next = (i + 1) % addresses.length
      // the only one, or the last hope: let the call itself find out
      if (addresses.length === 1 || i === ordered.at(-1)) return target
      try {
        const options = { timeoutMs: CONNECT_TIMEOUT_MS }
        await this.#host.client.call(target.reference, OPERATIONS._non_existent, [], options)
        return target
      } catch (error) {
        if (!(error instanceof DevFailed)) throw error
      }
    }
    throw new Error('unreachable: a TANGO_HOST has at least one entry')
  }

  async #findByDatabase(address: DeviceAddress & { kind: 'database' }): Promise<Target> {
    const database = this.database(address.tangoHost)
    const found = await database.importDevice(address.device)
    if (!found.exported) {
      throw devFailed('API_DeviceNotExported', `${address.device} is not exported; start its server ${found.server}`, {
        origin: 'DeviceConnections.device',
      })
    }
    const device = address.alias ? await database.deviceOfAlias(address.device) : found.name
    const reference = parseReference(found.ior)
    return { reference, level: await this.#level(reference), device }
  }

  async #findDirect(address: DeviceAddress & { kind: 'direct' }): Promise<Target> {
    const reference = directReference(address, address.device.toLowerCase())
    return { reference, level: await this.#level(reference), device: address.device }
  }

  /** Interface level from the type of the reference; references without one are asked. */
  async #level(reference: ObjectReference): Promise<number> {
    const typed = /^IDL:Tango\/Device(?:_(\d+))?:1\.0$/.exec(reference.typeId)
    if (typed !== null) return Math.min(Number(typed[1] ?? 1), HIGHEST_LEVEL)
    for (let level = HIGHEST_LEVEL; level > 1; level -= 1) {
      const id = `IDL:Tango/Device_${level}:1.0`
      const options = { timeoutMs: CONNECT_TIMEOUT_MS }
      if (await this.#host.client.call(reference, OPERATIONS._is_a, [id], options)) return level
    }
    return 1
  }
}

/** Reference as corbaloc gives it: GIOP 1.0, the key is text. */
function directReference(address: { readonly host: string; readonly port: number }, key: string): ObjectReference {
  return {
    typeId: '',
    host: address.host,
    port: address.port,
    objectKey: latin1Bytes(key),
    giopMinor: 0,
    alternates: [],
  }
}
