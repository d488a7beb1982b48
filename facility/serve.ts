// One server in the foreground, started with the command line of native servers.

import { mkdir } from 'node:fs/promises'
import type { DeviceDeclaration, DeviceServer, ServerArguments, TangoProcess } from '#tango'
import { devFailed } from '#tango/pure'
import { loadClass } from './catalogue.ts'

/** Options beside the native command line. */
export interface ServeOptions {
  readonly plugins: readonly string[]
  /** Data folder of a `DataBaseds`. */
  readonly data: string
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
    if (isDatabase) return await serveDatabase(tango, options)
    const classes = (className: string) => loadClass(className, options.plugins)
    const running = await tango.startServer({
      server,
      instance,
      classes,
      database: parsed.database,
      verbosity: parsed.verbosity,
      ...(parsed.database === 'none' ? { devices: await devicesOf(parsed) } : {}),
    })
    return { server: running, close: () => tango.close() }
  } catch (error) {
    await tango.close()
    throw error
  }
}

/** Devices of a server without a database: from its resource file, or those of the command line. */
async function devicesOf(parsed: ServerArguments): Promise<readonly DeviceDeclaration[]> {
  const { server, instance, file, deviceNames } = parsed
  const { readResourceFile } = await import('#tango')
  if (file !== undefined) return readResourceFile(file, `${server}/${instance}`)
  // a native server without names makes one device of this name
  return (deviceNames.length > 0 ? deviceNames : ['NoName']).map((name) => ({ class: server, name }))
}

async function serveDatabase(tango: TangoProcess, options: ServeOptions): Promise<ServedServer> {
  const { openStore, startDatabase } = await import('#db-config')
  await mkdir(options.data, { recursive: true })
  const store = openStore(`${options.data}/tango.sqlite`)
  const server = await startDatabase(tango, store)
  return {
    server,
    close: async () => {
      await tango.close()
      store.close()
    },
  }
}

function databasePort(tangoHost: string | undefined, usage: string): number {
  const port = Number(tangoHost?.split(',')[0]?.split(':')[1] ?? 10000)
  if (Number.isInteger(port) && port > 0) return port
  throw devFailed('API_InvalidArgs', `TANGO_HOST '${tangoHost}' names no port; usage: ${usage}`)
}
