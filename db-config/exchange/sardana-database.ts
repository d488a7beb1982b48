// Reads what belongs to macro servers from a Tango database: their doors and environments, and of our own also
// recorders and sessions.

import type { DatabaseReader } from './database-view.ts'
import { first, others, type PoolDevice, readDevice, reportRest } from './pool-device.ts'
import type { ExchangeReport } from './report.ts'
import type { OwnParts, SardanaMacroServer, SardanaPool } from './sardana-model.ts'

const MACRO_SERVER_PROPERTIES = ['macropath', 'poolnames', 'recorders', 'environment', 'datafolder', 'id', 'version']

const DOOR_PROPERTIES = ['macroservername', 'id']

/** @param scope restricted: only macro servers of these pools; ours: environments are in the database */
export async function readDatabaseMacroServers(
  database: DatabaseReader,
  pools: readonly SardanaPool[],
  { isRestricted, isOurs }: { readonly isRestricted: boolean; readonly isOurs: boolean },
  report: ExchangeReport,
): Promise<readonly SardanaMacroServer[]> {
  const devices = await devicesOfClass(database, 'MacroServer')
  const doors = await devicesOfClass(database, 'Door')
  const poolNames = new Set(pools.flatMap(({ device, alias }) => [device.toLowerCase(), alias?.toLowerCase()]))
  return devices.flatMap((device): readonly SardanaMacroServer[] => {
    const named = device.properties.get('poolnames')?.values ?? []
    const isOfPools = named.length === 0 || named.some((name) => poolNames.has(local(name)))
    if (isRestricted && !isOfPools) return []
    const variables = device.properties.get('environment')
    if (variables === undefined && !isOurs) {
      const file = first(device, 'environmentdb') ?? 'its default file'
      report.lost(
        device.name,
        `the environment is not in the database but in ${file}; set what you need in macroServer`,
      )
    }
    const own = doors.filter((door) => belongs(door, device))
    for (const door of own) reportRest(door, DOOR_PROPERTIES, [], report)
    reportRest(device, [...device.properties.keys()], ['environment'], report)
    return [
      {
        name: device.server.split('/')[1] ?? device.name,
        place: device.name,
        server: device.server,
        device: device.name,
        alias: device.alias,
        macroPath: device.properties.get('macropath')?.values ?? [],
        properties: others(device, MACRO_SERVER_PROPERTIES),
        pools: named,
        doors: own.map(doorOf),
        environment: environmentOf(variables?.values ?? []),
      },
    ]
  })
}

/** Recorders and sessions of a database of ours. */
export async function readOwnParts(database: DatabaseReader): Promise<OwnParts> {
  const recorders = await devicesOfClass(database, 'Recorder')
  const objects = await database.objects('bandoneon/session/*')
  const sessions = await Promise.all(
    objects.map(async (object) => {
      const properties = await database.objectProperties(object)
      const values = (name: string): readonly string[] => properties.get(name) ?? []
      return {
        name: values('Name')[0] ?? object.split('/').pop() ?? object,
        place: object,
        description: values('Description')[0],
        extends: values('Extends'),
        include: values('Include'),
        exclude: values('Exclude'),
        defaults: Object.fromEntries(environmentOf(values('Defaults'))),
        setup: values('Setup')[0],
      }
    }),
  )
  return {
    recorders: recorders.map((device) => ({
      server: device.server,
      device: device.name,
      alias: device.alias,
      recorders: device.properties.get('recorders')?.values ?? [],
    })),
    sessions,
  }
}

async function devicesOfClass(database: DatabaseReader, className: string): Promise<readonly PoolDevice[]> {
  const names = await database.devicesOfClass(className)
  const found = await Promise.all(
    names.map(async (name) => {
      const device = await database.device(name)
      return device === undefined ? [] : [await readDevice(database, device)]
    }),
  )
  return found.flat()
}

/** By name, or since 3.4 by running in the same server. */
function belongs(door: PoolDevice, macroServer: PoolDevice): boolean {
  const named = first(door, 'macroservername')
  if (named === undefined) return door.server.toLowerCase() === macroServer.server.toLowerCase()
  return [macroServer.name.toLowerCase(), macroServer.alias?.toLowerCase()].includes(local(named))
}

function doorOf(device: PoolDevice): SardanaMacroServer['doors'][number] {
  return { place: device.name, device: device.name, alias: device.alias, server: device.server }
}

/** `name=JSON` per line. */
function environmentOf(lines: readonly string[]): ReadonlyMap<string, unknown> {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf('=')
      const text = line.slice(at + 1)
      try {
        const value: unknown = JSON.parse(text)
        return [line.slice(0, at), value] as const
      } catch {
        // written by hand without quotes
        return [line.slice(0, at), text] as const
      }
    }),
  )
}

/** Name without the address of its database. */
function local(name: string): string {
  return name.replace(/^tango:\/\/[^/]+\//i, '').toLowerCase()
}
