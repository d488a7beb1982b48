// Where classes, drivers and macros are: folders of this installation, and class names to files. Nothing is imported
// until it is needed, not even the Tango core: the launcher does without.

import { existsSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
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

function isDeviceClass(value: unknown): value is DeviceClass {
  return typeof value === 'object' && value !== null && 'spec' in value && 'create' in value
}
