// Where classes, drivers and macros are: folders of this installation, and class names to files. Nothing is imported
// until it is needed, not even the Tango core: the launcher does without.

import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Beamline, DriverDescription, Drivers } from '#db-config'
import type { ControllerDefinition } from '#device-servers'
import type { DeviceClass } from '#tango'
import { devFailed } from '#tango/pure'

/** Root of the compiled tree (`dist`), or of the sources when they run directly. */
export const installation = dirname(dirname(fileURLToPath(import.meta.url)))

/** Folders whose files serve Tango classes, in the order in which they are searched. */
export const CLASS_FOLDERS: readonly string[] = [
  'device-servers/elements',
  'device-servers/general',
  'pool/devices',
  'macroserver/devices',
  'data/devices',
].map((folder) => join(installation, folder))

/**
 * Loads the class of a file by its Tango name.
 * @param extraFolders searched first: property `PluginPath`, option `--plugins`
 * @throws DevFailed `API_ClassNotFound`
 */
export async function loadClass(className: string, extraFolders: readonly string[] = []): Promise<DeviceClass> {
  const { findClassFile, importDefault } = await import('#tango')
  const folders = [...extraFolders, ...CLASS_FOLDERS]
  const file = await findClassFile(className, folders)
  if (file === undefined)
    throw devFailed('API_ClassNotFound', `no file for the Tango class '${className}' in ${folders.join(', ')}`)
  const found = await importDefault(file)
  if (!isDeviceClass(found))
    throw devFailed('API_ClassNotFound', `${file} must export a device class: export default deviceClass(spec, Class)`)
  return found
}

/** Names of the drivers of this installation by kind, for the check of beamline files. */
export async function driverNames(): Promise<{ motor: string[]; counter: string[] }> {
  const { pluginFiles } = await import('#tango')
  const names = async (folder: string) =>
    (await pluginFiles(join(installation, 'device-servers', folder))).map((f) => basename(f, extname(f)))
  const [motor, counter] = await Promise.all([names('motors'), names('counters')])
  return { motor, counter }
}

/**
 * Drivers of this installation with what they say of themselves, for the check of properties and for the schema.
 * @param wanted only these are loaded; of the others the name is told
 */
export async function driverCatalogue(wanted?: readonly string[]): Promise<Drivers> {
  const { findClassFile, importDefault } = await import('#tango')
  const describe = async (folder: string, name: string): Promise<string | DriverDescription> => {
    if (wanted?.includes(name) === false) return name
    try {
      const file = await findClassFile(name, [join(installation, 'device-servers', folder)])
      const found = file === undefined ? undefined : await importDefault(file)
      return isDriver(found) ? { name, doc: found.doc, properties: found.properties } : name
    } catch {
      // the server that needs the driver says what is wrong with it; here its name is enough
      return name
    }
  }
  const { motor, counter } = await driverNames()
  const [motors, counters] = await Promise.all([
    Promise.all(motor.map((name) => describe('motors', name))),
    Promise.all(counter.map((name) => describe('counters', name))),
  ])
  return { motor: motors, counter: counters }
}

/**
 * Reads and checks a beamline's files, properties of its drivers included.
 * @throws DevFailed `Beamline_Invalid` with every mistake as `file:line:column: text`, one per line
 */
export async function readBeamline(path: string): Promise<Beamline> {
  const { accepted, checkTree, driversNamed, loadTree } = await import('#db-config')
  const loaded = loadTree(path)
  return accepted(checkTree(loaded, { drivers: await driverCatalogue(driversNamed(loaded)) }))
}

/** Path of a program file of this installation, compiled or source. */
export function programFile(name: string): string {
  const compiled = join(installation, `${name}.js`)
  return existsSync(compiled) ? compiled : join(installation, `${name}.ts`)
}

/** Beamline files that come with the package. */
export function packagedBeamline(name: string): string {
  const inTree = join(installation, 'db-config/beamlines', `${name}.yaml`)
  return existsSync(inTree) ? inTree : join(dirname(installation), 'db-config/beamlines', `${name}.yaml`)
}

function isDriver(value: unknown): value is Pick<ControllerDefinition, 'doc' | 'properties'> {
  return typeof value === 'object' && value !== null && 'properties' in value && 'connect' in value
}

function isDeviceClass(value: unknown): value is DeviceClass {
  return typeof value === 'object' && value !== null && 'spec' in value && 'create' in value
}
