// The content of a database as a dsconfig file.

import type { DatabaseReader } from './database-view.ts'
import { each } from './database-view.ts'
import type { DsConfig, DsHolder, DsServer } from './dsconfig.ts'
import { type ExchangeFinding, ExchangeReport } from './report.ts'

/** Options of {@link dumpDsconfig}. */
export interface DsDumpOptions {
  /** Patterns of servers, `executable/instance` with `*`; default all. */
  readonly servers?: readonly string[]
  /** Class properties too; default true. */
  readonly classes?: boolean
}

/** Written by servers at their start about devices they talk to: no configuration. */
const SUB_DEVICES = '__subdevices'

/** Reads what a dsconfig file can hold; memorized values of attributes are among it. */
export async function dumpDsconfig(
  database: DatabaseReader,
  options: DsDumpOptions = {},
): Promise<{ readonly config: DsConfig; readonly report: readonly ExchangeFinding[] }> {
  const report = new ExchangeReport()
  const names = new Map<string, string>()
  for (const pattern of options.servers ?? ['*']) {
    for (const name of await database.servers(pattern)) names.set(name.toLowerCase(), name)
  }
  const servers: DsServer[] = []
  const classNames = new Map<string, string>()
  for (const name of [...names.values()].sort()) {
    const devices = await database.devicesOf(name)
    for (const device of devices.filter(isAdmin)) await reportAdmin(database, device.name, report)
    const own = devices.filter((device) => !isAdmin(device))
    for (const device of own) classNames.set(device.class.toLowerCase(), device.class)
    if (own.length === 0) {
      report.note(name, 'the server has no device; left out')
      continue
    }
    servers.push({
      name,
      devices: await each(own, async (device) => ({
        ...(await readHolder(database, 'device', device.name)),
        class: device.class,
        alias: device.alias,
      })),
    })
  }
  const classes =
    options.classes === false
      ? []
      : await each([...classNames.values()].sort(), async (name) => readHolder(database, 'class', name))
  return {
    config: { metadata: { _version: 2, _source: 'bandoneon' }, servers, classes: classes.filter(hasContent) },
    report: report.findings,
  }
}

async function reportAdmin(database: DatabaseReader, name: string, report: ExchangeReport): Promise<void> {
  const names = [...(await database.properties({ scope: 'device', name })).keys()]
  if (names.length > 0) report.lost(name, `properties of the admin device have no place: ${names.join(', ')}`)
}

async function readHolder(database: DatabaseReader, scope: 'device' | 'class', name: string): Promise<DsHolder> {
  const holder = { scope, name }
  const [all, attributeProperties] = await Promise.all([
    database.properties(holder),
    database.attributeProperties(holder),
  ])
  const properties = new Map([...all].filter(([key]) => key.toLowerCase() !== SUB_DEVICES))
  return {
    name,
    place: name,
    // an empty field would mean: delete all
    properties: properties.size === 0 ? undefined : properties,
    attributeProperties: attributeProperties.size === 0 ? undefined : attributeProperties,
  }
}

function hasContent({ properties, attributeProperties }: DsHolder): boolean {
  return (properties?.size ?? 0) > 0 || (attributeProperties?.size ?? 0) > 0
}

function isAdmin(device: { readonly class: string }): boolean {
  return device.class.toLowerCase() === 'dserver'
}
