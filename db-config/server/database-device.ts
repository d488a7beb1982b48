// The Tango database device `sys/database/2` over a store, and its server `DataBaseds/2`.

import { hostname } from 'node:os'
import { dataBase } from '#interfaces/data-base'
import { Device, type DeviceClass, type DeviceServer, type TangoProcess, tangoName } from '#tango'
import { timestamp } from '../store/sql.ts'
import type { Store } from '../store/store.ts'
import { PROCEDURE_RELEASE } from './cache.ts'
import { databaseCommands } from './commands.ts'
import { Timing } from './timing.ts'

/** Server name that clients and tools expect. */
export const DATABASE_SERVER = 'DataBaseds/2'

/** Name of the database device. */
export const DATABASE_DEVICE = 'sys/database/2'

const TYPE_ID = 'IDL:Tango/Device_5:1.0'

/** The device class over a store. The store stays its caller's, who closes it after the server has stopped. */
export function databaseClass(store: Store): DeviceClass {
  return {
    spec: dataBase,
    create(context) {
      const device = new DatabaseDevice(context)
      const commands = databaseCommands(store, {
        name: device.name,
        address: () => address(device.tango),
        runningSince: timestamp(store.now()),
      })
      return Object.assign(device, timed(commands, device))
    },
  }
}

/**
 * Starts `DataBaseds/2` in a process and notes it in the store as running. Its clients reach it at the process's port.
 * @throws what the store or the start of the server throws; nothing is left running then
 */
export async function startDatabase(process: TangoProcess, store: Store): Promise<DeviceServer> {
  const [server = '', instance = ''] = DATABASE_SERVER.split('/')
  const running = await process.startServer({
    server,
    instance,
    classes: [databaseClass(store)],
    database: 'none',
    devices: [{ class: dataBase.class, name: DATABASE_DEVICE }],
    objectKeys: { [DATABASE_DEVICE]: 'database' },
  })
  const admin = `dserver/${DATABASE_SERVER}`
  store.transaction(() => {
    for (const [name, deviceClass] of [
      [DATABASE_DEVICE, dataBase.class],
      [admin, 'DServer'],
    ] as const) {
      if (store.devices.get(name) === undefined) {
        store.devices.define({ name, server: DATABASE_SERVER, class: deviceClass })
      }
      store.devices.export(name, {
        ior: process.orb.ior(name === DATABASE_DEVICE ? 'database' : name.toLowerCase(), TYPE_ID),
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

/** The same functions, each with its duration noted. */
function timed<Commands extends object>(commands: Commands, device: DatabaseDevice): Commands {
  const { timing, clock } = device
  const entries = Object.entries(commands).map(([key, handler]: [string, (argument: unknown) => unknown]) => {
    const name = tangoName(key, {})
    const measured = (argument: unknown): unknown => {
      const start = clock.monotonic()
      try {
        return handler(argument)
      } finally {
        timing.add(name, clock.monotonic() - start)
      }
    }
    return [key, measured] as const
  })
  return Object.assign({}, commands, Object.fromEntries(entries))
}

function address(process: TangoProcess): string {
  // TANGO_HOST may be that of another database, unless this process cannot be reached from outside at all
  const { host, port } = process.orb.endpoint
  return port === 0 && process.tangoHost !== undefined ? process.tangoHost : `${host}:${port}`
}
