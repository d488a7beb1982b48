// Finds drivers by file name: in this installation's folder for the type of the controller, and in folders of plug-ins.

import { readdir } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findClassFile, importDefault } from '#tango'
import { devFailed } from '#tango/pure'
import type { ControllerDefinition } from '../driver.ts'

/** What the axes of a controller are: the Tango class of their devices. */
export type AxisType = 'Motor' | 'CTExpChannel'

interface TypeOfController {
  readonly type: AxisType
  readonly kind: ControllerDefinition['kind']
  /** Folder beside this one. */
  readonly folder: string
}

const TYPES: readonly TypeOfController[] = [
  { type: 'Motor', kind: 'motor', folder: 'motors' },
  { type: 'CTExpChannel', kind: 'counter', folder: 'counters' },
]

/**
 * Type of a controller by its name, with or without case; `counter` is accepted too.
 * @throws DevFailed `Property_Invalid`
 */
export function controllerType(name: string): TypeOfController {
  const wanted = name.trim().toLowerCase()
  const found = TYPES.find(({ type, kind }) => type.toLowerCase() === wanted || kind === wanted)
  if (found !== undefined) return found
  const known = TYPES.map(({ type }) => type).join(' or ')
  throw devFailed('Property_Invalid', `"${name}" is no type of controller; set Type to ${known}`)
}

/**
 * Loads a driver.
 * @param pluginPath folders with drivers, searched before this installation's
 * @throws DevFailed `Property_Invalid` when there is none of this name, or it is of another type
 */
export async function loadDriver(
  type: AxisType,
  name: string,
  pluginPath: readonly string[],
): Promise<ControllerDefinition> {
  const { kind, folder } = controllerType(type)
  const folders = [...pluginPath, ownFolder(folder)]
  const path = await findClassFile(name, folders)
  if (path === undefined) {
    const known = (await listDrivers(type, pluginPath)).join(', ')
    const desc = `there is no ${kind} driver "${name}" in ${folders.join(', ')}; known: ${known}; see property Klass`
    throw devFailed('Property_Invalid', desc)
  }
  const definition = await importDefault(path)
  if (!isDefinition(definition)) {
    const desc = `${path} does not export a driver as default; use defineMotorController or defineCounterController`
    throw devFailed('Property_Invalid', desc)
  }
  if (definition.kind !== kind) {
    throw devFailed('Property_Invalid', `${path} is a ${definition.kind} driver; property Type says ${type}`)
  }
  return definition
}

/** Names of the drivers that can be loaded, sorted. */
export async function listDrivers(type: AxisType, pluginPath: readonly string[]): Promise<string[]> {
  const names = new Set<string>()
  for (const folder of [...pluginPath, ownFolder(controllerType(type).folder)]) {
    for (const file of await filesOf(folder)) {
      if (/\.(js|mjs|ts)$/.test(file) && !/\.d\.ts$|-protocol\.\w+$|\.test\./.test(file)) {
        names.add(basename(file, extname(file)))
      }
    }
  }
  return [...names].sort()
}

const ownFolder = (name: string): string => fileURLToPath(new URL(`../${name}/`, import.meta.url))

async function filesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch {
    // a folder of plug-ins may come later; a wrong one shows when its driver is not found
    return []
  }
}

function isDefinition(value: unknown): value is ControllerDefinition {
  if (typeof value !== 'object' || value === null) return false
  return 'kind' in value && 'properties' in value && 'connect' in value && typeof value.connect === 'function'
}
