// The formats of others for the command line: reads their files and databases, and gives ours, or the other way round.

import { readFileSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { DsPlan, ExchangeFinding, ExportResult, ImportResult, UnknownDrivers } from '#db-config'
import type { TangoProcess } from '#tango'
import { devFailed } from '#tango/pure'
import { driverCatalogue, readBeamline } from './catalogue.ts'

/** Files of other formats that become a beamline. */
export type ImportFormat = 'sardana' | 'bliss' | 'pool'

/** Largest file of a foreign tree that is read, bytes. */
const LARGEST = 5_000_000

/**
 * A beamline from somebody else's configuration.
 * @param path file (sardana) or folder (bliss); of a running database the device or alias of one pool, or all
 */
export async function importBeamline(
  format: ImportFormat,
  path: string | undefined,
  connect: () => Promise<TangoProcess>,
  { unknownDrivers }: { readonly unknownDrivers?: UnknownDrivers | undefined } = {},
): Promise<ImportResult> {
  const { importBliss, importSardanaPool, importSardanaYaml, liveDatabase } = await import('#db-config')
  const shared = { drivers: await driverCatalogue(), unknownDrivers }
  switch (format) {
    case 'pool':
      return await importSardanaPool(liveDatabase((await connect()).database()), {
        ...shared,
        pools: path === undefined ? undefined : [path],
      })
    case 'bliss':
      return importBliss(await filesBelow(needed(path, 'the folder of the configuration')), shared)
    case 'sardana': {
      const file = needed(path, 'the file of the configuration')
      // names of included files begin with the folder of the file that includes them
      const options = { ...shared, file, readFile: included }
      return importSardanaYaml(await text(file), options)
    }
  }
}

/** A configuration in Sardana's YAML form: of a beamline file, or of the pools of a running database. */
export async function exportSardana(
  path: string | undefined,
  connect: () => Promise<TangoProcess>,
): Promise<ExportResult> {
  const { dumpSardanaYaml, exportSardanaYaml, liveDatabase } = await import('#db-config')
  if (path !== undefined) return exportSardanaYaml(await readBeamline(path))
  return await dumpSardanaYaml(liveDatabase((await connect()).database()))
}

/** A running database as a dsconfig file. @param servers patterns of servers; all when there are none */
export async function exportDsconfigFile(tango: TangoProcess, servers: readonly string[]): Promise<ExportResult> {
  const { dumpDsconfig, exportDsconfig, liveDatabase } = await import('#db-config')
  const { config, report } = await dumpDsconfig(liveDatabase(tango.database()), servers.length === 0 ? {} : { servers })
  return { text: exportDsconfig(config), report }
}

/** What a dsconfig file would change in a running database, with the file that leads back. */
export interface DsconfigImport {
  readonly lines: readonly string[]
  readonly report: readonly ExchangeFinding[]
  /** Text of a dsconfig file that brings back the present state. */
  readonly undo: string
  /** Writes the database. */
  readonly write: () => Promise<void>
}

/** Compares a dsconfig file with a running database. @param update deletes nothing */
export async function importDsconfigFile(
  tango: TangoProcess,
  path: string | undefined,
  { update }: { readonly update: boolean },
): Promise<DsconfigImport> {
  const { exportDsconfig, importDsconfig, liveDatabase, planDsconfig } = await import('#db-config')
  const file = needed(path, 'the dsconfig file')
  const { config, report } = importDsconfig(await text(file), file)
  const database = liveDatabase(tango.database())
  const plan: DsPlan = await planDsconfig(database, config, { update })
  return {
    lines: plan.lines,
    report: [...report, ...plan.report],
    undo: exportDsconfig(plan.undo),
    write: () => database.apply(plan.steps),
  }
}

async function text(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw devFailed('Exchange_Invalid', `${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

/** A file that another one includes; undefined when it cannot be read, which the import reports at its place. */
function included(name: string): string | undefined {
  try {
    return readFileSync(name, 'utf8')
  } catch {
    return undefined
  }
}

/** Texts of all YAML files of a folder by path relative to it. */
async function filesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  let entries: readonly { readonly parentPath: string; readonly name: string; isFile(): boolean }[]
  try {
    entries = await readdir(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    throw devFailed('Exchange_Invalid', `${folder} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  for (const entry of entries.filter((e) => e.isFile() && /\.ya?ml$/i.test(e.name))) {
    const path = join(entry.parentPath, entry.name)
    const { size } = await stat(path)
    if (size > LARGEST) {
      throw devFailed(
        'Exchange_Invalid',
        `${path} has ${size} bytes, files of a configuration at most ${LARGEST}; move it out of the folder`,
      )
    }
    files.set(relative(folder, path).split(sep).join('/'), await text(path))
  }
  return files
}

function needed(path: string | undefined, what: string): string {
  if (path === undefined) throw devFailed('API_InvalidArgs', `name ${what}`)
  return path
}
