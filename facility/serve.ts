// One server in the foreground, started with the command line of native servers.

import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { DeviceServer, ServerArguments, StartServerOptions, TangoProcess } from '#tango'
import { devFailed } from '#tango/pure'
import { loadClass } from './catalogue.ts'
import { serveConfiguration } from './configuration.ts'

/** Options beside the native command line. */
export interface ServeOptions {
  readonly plugins: readonly string[]
  /** Data folder of a `DataBaseds`. */
  readonly data: string
  /** Address of a MariaDB or MySQL for a `DataBaseds`; absent: that of the environment, else a file in the data folder. */
  readonly database?: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const LOOPBACK = '127.0.0.1'

/** A server that runs until it is stopped. */
export interface ServedServer {
  readonly server: DeviceServer
  close(): Promise<void>
}

/**
 * Starts `<server> <instance> [native options]`; the database says which classes it holds, with `-nodb` the class is the server's name.
 * @throws DevFailed with the usage when the command line is wrong
 */
export async function serve(argv: readonly string[], options: ServeOptions): Promise<ServedServer> {
  // loaded here, because the launcher has the same door and does without
  const { parseServerArguments, SERVER_USAGE, TangoProcess } = await import('#tango')
  const parsed = parseServerArguments(argv, options.environment)
  const { server, instance } = parsed
  const isDatabase = server.toLowerCase() === 'databaseds'
  const isAccessControl = server.toLowerCase() === 'tangoaccesscontrol'
  if (options.database !== undefined && !isDatabase && !isAccessControl) {
    const desc = `--database is for DataBaseds and TangoAccessControl; ${server} asks the database of TANGO_HOST`
    throw devFailed('API_InvalidArgs', desc)
  }
  const tangoHost = options.environment.TANGO_HOST
  // without a database nobody says which network the clients are in
  const host = parsed.host ?? (parsed.database === 'none' ? LOOPBACK : undefined)
  const tango = await TangoProcess.create({
    ...(host === undefined ? {} : { host }),
    limits: parsed.limits,
    port: parsed.port ?? (isDatabase ? databasePort(tangoHost, SERVER_USAGE) : 0),
    ...(tangoHost === undefined ? {} : { tangoHost }),
  })
  try {
    if (isDatabase) return await serveDatabase(tango, instance, options)
    if (isAccessControl) return await serveAccessControl(tango, parsed, options)
    if (server.toLowerCase() === 'starter') return await serveStarterAlone(tango, instance, options)
    const classes = (className: string) => loadClass(className, options.plugins)
    const running = await tango.startServer({
      server,
      instance,
      classes,
      database: parsed.database,
      verbosity: parsed.verbosity,
      ...(parsed.database === 'none' ? await withoutDatabase(parsed) : {}),
    })
    return { server: running, close: () => tango.close() }
  } catch (error) {
    await tango.close()
    throw error
  }
}

/** The Starter of this computer without a facility; its servers go on when it ends. */
async function serveStarterAlone(tango: TangoProcess, instance: string, options: ServeOptions): Promise<ServedServer> {
  const { serveStarter, starterNames } = await import('./starter/start-starter.ts')
  const expected = starterNames(hostname()).instance
  if (instance.toLowerCase() !== expected) {
    const desc = `the Starter of this computer is Starter ${expected}; ${instance} would be that of another computer`
    throw devFailed('API_InvalidArgs', desc)
  }
  const { log } = tango
  const running = await serveStarter(tango, {
    logs: resolve(options.data, 'log'),
    log,
    stopServers: false,
  })
  const close = async (): Promise<void> => {
    await running.close()
    await tango.close()
  }
  return { server: running.server, close }
}

/** Devices of a server without a database: from its resource file, which keeps their properties, or those of the command line. */
async function withoutDatabase(parsed: ServerArguments): Promise<Pick<StartServerOptions, 'devices' | 'save'>> {
  const { server, instance, file, deviceNames } = parsed
  const { readResourceFile, resourceWriter } = await import('#tango')
  if (file !== undefined) {
    return { devices: await readResourceFile(file, `${server}/${instance}`), save: resourceWriter(file) }
  }
  // a native server without names makes one device of this name
  return { devices: (deviceNames.length > 0 ? deviceNames : ['NoName']).map((name) => ({ class: server, name })) }
}

async function serveDatabase(tango: TangoProcess, instance: string, options: ServeOptions): Promise<ServedServer> {
  const { mysqlUrlOf, openStore, startAccessControl, startDatabase } = await import('#db-config')
  const url = options.database ?? mysqlUrlOf(options.environment)
  if (url === undefined) await mkdir(options.data, { recursive: true })
  const store = openStore(url ?? `${options.data}/tango.sqlite`, { environment: options.environment })
  const server = await startDatabase(tango, store, instance)
  // several databases may share the tables of a MariaDB; there the service is a server of its own
  if (url === undefined) await startAccessControl(tango, store)
  await serveConfiguration(tango, store)
  return {
    server,
    close: async () => {
      await tango.close()
      store.close()
    },
  }
}

/** The access control service over the tables of a MariaDB, beside the databases that share them. */
async function serveAccessControl(
  tango: TangoProcess,
  { server, instance, verbosity }: ServerArguments,
  options: ServeOptions,
): Promise<ServedServer> {
  const { accessControlClass, mysqlUrlOf, openStore } = await import('#db-config')
  const url = options.database ?? mysqlUrlOf(options.environment)
  if (url === undefined) {
    const desc = 'a database in a file serves access control itself; for one in MariaDB say --database URL'
    throw devFailed('API_InvalidArgs', desc)
  }
  const store = openStore(url, { environment: options.environment })
  try {
    const classes = [accessControlClass(store)]
    const running = await tango.startServer({ server, instance, classes, database: 'tango', verbosity })
    return {
      server: running,
      close: async () => {
        await tango.close()
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}

function databasePort(tangoHost: string | undefined, usage: string): number {
  const port = Number(tangoHost?.split(',')[0]?.split(':')[1] ?? 10000)
  if (Number.isInteger(port) && port > 0) return port
  throw devFailed('API_InvalidArgs', `TANGO_HOST '${tangoHost}' names no port; usage: ${usage}`)
}
