// What a Tango database holds, as plain data for whoever describes it: from a store, or from any database device through
// its standard commands.

import type { DatabaseClient } from '#tango'
import type { Store } from '../store/store.ts'
import { BEAMLINE_OBJECT } from './memory.ts'
import { INSTRUMENT_OBJECT, SESSION_OBJECT } from './wish.ts'

/** Values of properties by name in lower case. */
export type ContentValues = ReadonlyMap<string, readonly string[]>

/** One device. */
export interface ContentDevice {
  readonly name: string
  readonly server: string
  readonly class: string
  readonly alias: string | undefined
  readonly properties: ContentValues
  /** Names as they are written, for values that are shown. */
  readonly propertyNames: readonly string[]
  /** By attribute in lower case. */
  readonly attributes: ReadonlyMap<string, ContentValues>
  /** Names as they are written. */
  readonly attributeNames: readonly string[]
}

/** Start-up record of a server. */
export interface ContentServer {
  readonly name: string
  readonly host: string
  readonly level: number
  readonly controlled: boolean
}

/** A database. */
export interface Content {
  /** Without admin devices, by name. */
  readonly devices: readonly ContentDevice[]
  readonly servers: readonly ContentServer[]
  /** Free objects of ours by name in lower case. */
  readonly objects: ReadonlyMap<string, ContentValues>
}

/** Free objects that describe a beamline. */
const OBJECTS: readonly string[] = [BEAMLINE_OBJECT, `${SESSION_OBJECT}*`, `${INSTRUMENT_OBJECT}*`]

/** Content of a store. */
export function contentOfStore(store: Store): Content {
  const rows = store.devices.list({}).filter((row) => row.class.toLowerCase() !== 'dserver')
  const names = rows.map(({ name }) => name)
  const properties = store.properties.allOf('device', names)
  const attributes = store.properties.membersOf('deviceAttribute', names)
  const objects = OBJECTS.flatMap((pattern) => store.properties.owners('object', pattern))
  return {
    devices: rows.map(({ name, server, class: deviceClass, alias }, i) => ({
      name,
      server,
      class: deviceClass,
      alias,
      properties: lower(properties[i] ?? []),
      propertyNames: [...(properties[i]?.keys() ?? [])],
      attributes: new Map([...(attributes[i] ?? [])].map(([key, values]) => [key.toLowerCase(), lower(values)])),
      attributeNames: [...(attributes[i]?.keys() ?? [])],
    })),
    servers: [...new Set(rows.map(({ server }) => server))].flatMap((server) => {
      const row = store.servers.get(server)
      return row === undefined ? [] : [{ name: row.name, host: row.host, level: row.level, controlled: row.mode !== 0 }]
    }),
    objects: new Map(
      objects.map((owner) => [owner.toLowerCase(), lower(store.properties.all({ scope: 'object', owner }))]),
    ),
  }
}

/** Content of any database, native ones included. @param filter pattern of device names */
export async function contentOfDatabase(database: DatabaseClient, filter = '*'): Promise<Content> {
  const names = (await database.devices(filter)).filter((name) => !/^dserver\//i.test(name))
  const devices = await inTurn(names, async (name): Promise<ContentDevice> => {
    const [info, alias, propertyNames, attributeNames] = await Promise.all([
      database.importDevice(name),
      database.deviceAlias(name),
      database.devicePropertyList(name),
      database.deviceAttributeList(name),
    ])
    const [properties, attributes] = await Promise.all([
      propertyNames.length === 0 ? new Map() : database.getDeviceProperty(name, propertyNames),
      attributeNames.length === 0 ? new Map() : database.getDeviceAttributeProperty(name, attributeNames),
    ])
    return {
      name,
      server: info.server,
      class: info.class,
      alias,
      properties: lower(properties),
      propertyNames,
      attributes: new Map([...attributes].map(([key, values]) => [key.toLowerCase(), lower(values)])),
      attributeNames: [...attributes.keys()],
    }
  })
  const servers = await inTurn([...new Set(devices.map(({ server }) => server))], (server) =>
    database.serverInfo(server),
  )
  const objects = (await Promise.all(OBJECTS.map((pattern) => database.objects(pattern)))).flat()
  const values = await inTurn(objects, async (object) => {
    const list = await database.propertyList(object)
    return [object.toLowerCase(), lower(await database.getProperty(object, list))] as const
  })
  return { devices, servers: servers.filter(({ host }) => host !== ''), objects: new Map(values) }
}

/** Devices asked for at the same time. */
const AT_ONCE = 16

async function inTurn<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = []
  for (let at = 0; at < items.length; at += AT_ONCE) {
    answers.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(ask))))
  }
  return answers
}

function lower(values: Iterable<readonly [string, readonly string[]]>): ContentValues {
  return new Map([...values].map(([name, lines]) => [name.toLowerCase(), lines]))
}
