// Properties of one device in its database.

import { devFailed } from '../errors/dev-failed.ts'
import type { DatabaseClient } from './database.ts'
import type { PropertyHistory } from './database-properties.ts'
import type { DeviceCaller } from './device-caller.ts'
import type { Properties, PropertyRecord } from './property-layout.ts'

/** Reads and changes the properties of a device; part of a proxy. A device reads them at its next start or `Init`. */
export class PropertyControl {
  readonly #caller: DeviceCaller

  constructor(caller: DeviceCaller) {
    this.#caller = caller
  }

  /** Values by name; missing ones are not in the map. */
  async get(names: readonly string[]): Promise<Properties> {
    const [database, device] = await this.#place()
    return database.getDeviceProperty(device, names)
  }

  async put(properties: PropertyRecord): Promise<void> {
    await this.#caller.mayWrite('changing properties')
    const [database, device] = await this.#place()
    await database.putDeviceProperty(device, properties)
  }

  async delete(names: readonly string[]): Promise<void> {
    await this.#caller.mayWrite('deleting properties')
    const [database, device] = await this.#place()
    await database.deleteDeviceProperty(device, names)
  }

  /** Names of the properties; the filter takes `*`. */
  async list(filter = '*'): Promise<string[]> {
    const [database, device] = await this.#place()
    return database.devicePropertyList(device, filter)
  }

  /** Former values, oldest first. */
  async history(name: string): Promise<PropertyHistory[]> {
    const [database, device] = await this.#place()
    return database.devicePropertyHistory(device, name)
  }

  async #place(): Promise<[DatabaseClient, string]> {
    return deviceInDatabase(this.#caller)
  }
}

/**
 * The database of a device and the device's name in it; the device need not run.
 * @throws DevFailed `API_NonDatabaseDevice`
 */
export async function deviceInDatabase(caller: DeviceCaller): Promise<[DatabaseClient, string]> {
  const { connection, host, name } = caller
  if (!connection.database) {
    throw devFailed('API_NonDatabaseDevice', `${name} was opened without a database, where its properties would be`)
  }
  const database = host.connections.database(connection.tangoHost === '' ? undefined : connection.tangoHost)
  return [database, await host.connections.realName(connection)]
}
