// The devices that a process talks to: one connection per device, however many proxies there are.

import { devFailed } from '../errors/dev-failed.ts'
import { type ObjectReference, parseReference } from '../wire/ior.ts'
import { latin1Bytes } from '../wire/latin1.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { ClientHost } from './client-host.ts'
import { DatabaseClient } from './database.ts'
import { addressKey, type DeviceAddress, parseDeviceName, parseTangoHost } from './device-name.ts'
import { DeviceConnection, type Target } from './reconnect.ts'

/** Object key of the database device. */
const DATABASE_KEY = 'database'
/** Wait for a device that has to tell its interface level, as native clients do. */
const CONNECT_TIMEOUT_MS = 3000
/** Highest interface level that is spoken here; devices of later ones answer it too. */
const HIGHEST_LEVEL = 5

/** Finds devices by name; part of a process. */
export class DeviceConnections {
  readonly #host: Pick<ClientHost, 'client' | 'clock' | 'tangoHost'>
  readonly #devices = new Map<string, DeviceConnection>()
  readonly #databases = new Map<string, DatabaseClient>()

  constructor(host: Pick<ClientHost, 'client' | 'clock' | 'tangoHost'>) {
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
            tangoHost: `${address.host}:${address.port}`,
            sibling: (device) => `tango://${address.host}:${address.port}/${device}#dbase=no`,
          }
        : {
            name,
            clock,
            find: () => this.#findByDatabase(address),
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
    let next = 0
    const find = async (): Promise<Target> => {
      // each new look-up takes the next database of the list
      const address = addresses[next++ % addresses.length]
      if (address === undefined) throw new Error('unreachable: a TANGO_HOST has at least one entry')
      return { reference: directReference(address, DATABASE_KEY), level: HIGHEST_LEVEL, device: 'sys/database/2' }
    }
    const connection = new DeviceConnection({
      name: `the database at ${tangoHost}`,
      clock: this.#host.clock,
      find,
      tangoHost,
      sibling: (device) => `tango://${tangoHost}/${device}`,
    })
    const database = new DatabaseClient(this.#host.client, connection, tangoHost)
    this.#databases.set(key, database)
    return database
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
