// What the composition room adds to the configuration of a beamline: the drivers and servers of this installation, for
// the device that applies it and for the command line, which checks without a facility.

import { hostname, userInfo } from 'node:os'
import type { CheckedBeamline, CheckOptions, ConfigurationServices, Store } from '#db-config'
import type { TangoProcess } from '#tango'
import { driverCatalogue } from './catalogue.ts'
import { hostingOf } from './hosting.ts'
import type { LauncherRequests } from './launcher-requests.ts'

/** Who works here: `user@host`. */
export function authorHere(): string {
  let user = 'unknown'
  try {
    user = userInfo().username
  } catch {
    // a user without name, as containers have them
  }
  return `${user}@${hostname()}`
}

/** Reads and checks a beamline's files; what is wrong is in the findings. @param path root file or folder */
export async function checkFiles(path: string): Promise<CheckedBeamline> {
  const { checkTree, driversNamed, loadTree } = await import('#db-config')
  const loaded = loadTree(path)
  return checkTree(loaded, { drivers: await driverCatalogue(driversNamed(loaded)) })
}

/** What the device `BeamlineConfiguration` works with in this installation. */
export function configurationServices(
  servers: Pick<ConfigurationServices, 'startServer' | 'endServer'> = {},
): ConfigurationServices {
  let options: Promise<CheckOptions> | undefined
  const checkOptions = (): Promise<CheckOptions> => {
    options ??= driverCatalogue().then((drivers) => ({ drivers }))
    return options
  }
  return {
    checkOptions,
    schema: beamlineFileSchema,
    ...servers,
  }
}

/**
 * Starts the configuration device; its failure is no reason to be without a database.
 * @param launcher serves the servers that a configuration adds; absent: they are somebody else's business
 */
export async function serveConfiguration(
  tango: TangoProcess,
  store: Store,
  launcher?: Pick<LauncherRequests, 'ask'>,
): Promise<void> {
  const servers = launcher && {
    startServer: async (name: string): Promise<boolean> => {
      const { serversOfStore } = await import('#db-config')
      const [hosted] = await hostingOf(serversOfStore(store, [name]))
      return hosted?.wanted !== undefined && (await launcher.ask(name, hosted.wanted))
    },
    endServer: (name: string) => launcher.ask(name, 'gone'),
  }
  try {
    const { startConfiguration } = await import('#db-config')
    await startConfiguration(tango, store, configurationServices(servers))
  } catch (error) {
    tango.log.error('the configuration cannot be changed while this runs', { error: String(error) })
  }
}

/**
 * The configuration of a running facility through the standard commands of its database, which native ones have too.
 * Pools of Sardana keep their elements in another way, and are read as an import does.
 */
export async function dumpDatabase(
  tango: TangoProcess,
): Promise<{ readonly text: string; readonly notes: readonly string[] }> {
  const { contentOfDatabase, dumpBeamline, formatFinding, importSardanaPool, liveDatabase } = await import('#db-config')
  const [drivers, content] = await Promise.all([driverCatalogue(), contentOfDatabase(tango.database())])
  const foreign = content.devices.some((device) => device.class === 'Pool' && !device.properties.has('controllers'))
  if (!foreign) return dumpBeamline(content, { drivers })
  const { documents, report } = await importSardanaPool(liveDatabase(tango.database()), { drivers })
  return { text: documents[0]?.text ?? '', notes: report.map(formatFinding) }
}

/** JSON Schema of beamline files, with the drivers of this installation. */
export async function beamlineFileSchema(): Promise<unknown> {
  return (await import('#db-config')).beamlineSchema(await driverCatalogue())
}
