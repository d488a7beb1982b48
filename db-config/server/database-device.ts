// The Tango database device `sys/database/2` over a store, and its server `DataBaseds/2`.

import { hostname } from 'node:os'
import { dataBase } from '#interfaces/data-base'
import {
  type CommandSpec,
  Device,
  type DeviceClass,
  type DeviceServer,
  type DeviceSpec,
  type TangoProcess,
  tangoName,
} from '#tango'
import { DevFailed } from '#tango/pure'
import { timestamp } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { PROCEDURE_RELEASE } from './cache.ts'
import { databaseCommands } from './commands.ts'
import { origin } from './handlers.ts'
import { StarterCalls } from './starter-calls.ts'
import { Timing } from './timing.ts'

/** Server name that clients and tools expect. */
export const DATABASE_SERVER = 'DataBaseds/2'

/** Name of the database device. */
export const DATABASE_DEVICE = 'sys/database/2'

const TYPE_ID = 'IDL:Tango/Device_5:1.0'

/** The interface, where what a command does also says what it returns. */
const SPEC: DeviceSpec = {
  ...dataBase,
  commands: Object.fromEntries(
    Object.entries<CommandSpec>(dataBase.commands).map(([key, command]) => [
      key,
      command.out === undefined || command.doc === undefined ? command : { outDoc: command.doc, ...command },
    ]),
  ),
}

/** The device class over a store. The store stays its caller's, who closes it after the server has stopped. */
export function databaseClass(store: Store): DeviceClass {
  return {
    spec: SPEC,
    create(context) {
      const device = new DatabaseDevice(context)
      const where = (): string => address(device.tango)
      const calls = new StarterCalls(device.tango, store, where, device.log)
      const commands = databaseCommands(store, {
        name: device.name,
        address: where,
        runningSince: timestamp(store.now()),
        updateStarters: (hosts) => calls.update(hosts),
      })
      return Object.assign(device, timed(commands, device))
    },
  }
}

/**
 * Starts `DataBaseds/2` in a process and notes it in the store as running. Its clients reach it at the process's port.
 * @param instance another one than 2 where several servers share a store; the device is `sys/database/<instance>`
 * @throws what the store or the start of the server throws; nothing is left running then
 */
export async function startDatabase(process: TangoProcess, store: Store, instance = '2'): Promise<DeviceServer> {
  const server = 'DataBaseds'
  const fullName = `${server}/${instance}`
  const device = `sys/database/${instance}`
  const running = await process.startServer({
    server,
    instance,
    classes: [databaseClass(store)],
    database: 'none',
    devices: [{ class: dataBase.class, name: device }],
    objectKeys: { [device]: 'database' },
  })
  const admin = `dserver/${fullName}`
  store.transaction(() => {
    for (const [name, deviceClass] of [
      [device, dataBase.class],
      [admin, 'DServer'],
    ] as const) {
      if (store.devices.get(name) === undefined) {
        store.devices.define({ name, server: fullName, class: deviceClass })
      }
      store.devices.export(name, {
        ior: process.orb.ior(name === device ? 'database' : name.toLowerCase(), TYPE_ID),
        host: hostname(),
        pid: globalThis.process.pid,
        version: '5',
      })
    }
  })
  return running
}

/** What the device does besides its commands. */
class DatabaseDevice extends Device<typeof dataBase> {
  readonly timing = new Timing(
    Object.keys(dataBase.commands)
      .map((key) => tangoName(key, {}))
      .sort(),
  )

  override init(): void {
    this.setState('ON', 'Device is OK')
  }

  readStoredProcedureRelease(): string {
    return PROCEDURE_RELEASE
  }

  readTimingAverage(): readonly number[] {
    return this.timing.column('average')
  }

  readTimingMinimum(): readonly number[] {
    return this.timing.column('minimum')
  }

  readTimingMaximum(): readonly number[] {
    return this.timing.column('maximum')
  }

  readTimingCalls(): readonly number[] {
    return this.timing.column('calls')
  }

  readTimingIndex(): readonly string[] {
    return this.timing.index
  }

  readTimingInfo(): readonly string[] {
    return this.timing.table(hostname())
  }

  resetTimingValues(): void {
    this.timing.reset()
  }
}

/** The same functions, each with its duration noted, and with the command as origin of what the storage could not do. */
function timed<Commands extends object>(commands: Commands, device: DatabaseDevice): Commands {
  const { timing, clock } = device
  const entries = Object.entries(commands).map(([key, handler]: [string, (argument: unknown) => unknown]) => {
    const name = tangoName(key, {})
    const measured = (argument: unknown): unknown => {
      const start = clock.monotonic()
      try {
        return handler(argument)
      } catch (error) {
        throw located(error, key)
      } finally {
        timing.add(name, clock.monotonic() - start)
      }
    }
    return [key, measured] as const
  })
  return Object.assign({}, commands, Object.fromEntries(entries))
}

function located(error: unknown, key: string): unknown {
  if (!(error instanceof DevFailed) || error.reason !== 'DB_SQLError') return error
  if (error.errors.some((level) => level.origin.startsWith('DataBase::'))) return error
  const native = key.replace(/[A-Z]+/g, (capitals) => `_${capitals.toLowerCase()}`)
  return new DevFailed(error.errors.map((level) => ({ ...level, origin: origin(native) })))
}

function address(process: TangoProcess): string {
  // TANGO_HOST may be that of another database, unless this process cannot be reached from outside at all
  const { host, port } = process.orb.endpoint
  return port === 0 && process.tangoHost !== undefined ? process.tangoHost : `${host}:${port}`
}
