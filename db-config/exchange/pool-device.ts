// A device of a Sardana system as its database has it.

import type { DatabaseReader, DefinedDevice, PropertyMap } from './database-view.ts'
import type { ForeignProperty } from './known-controllers.ts'
import type { ExchangeReport } from './report.ts'

/** Written by servers about other devices; no configuration. */
const NO_CONFIGURATION = ['__subdevices']

/** A device with its properties, names of properties in lower case. */
export interface PoolDevice extends DefinedDevice {
  readonly properties: ReadonlyMap<string, ForeignProperty>
  readonly attributes: ReadonlyMap<string, PropertyMap>
}

/** A device with all it has. */
export async function readDevice(database: DatabaseReader, device: DefinedDevice): Promise<PoolDevice> {
  const holder = { scope: 'device' as const, name: device.name }
  const [all, attributes] = await Promise.all([database.properties(holder), database.attributeProperties(holder)])
  const properties = new Map(
    [...all].map(([name, values]) => [name.toLowerCase(), { name, place: `${device.name}->${name}`, values }]),
  )
  return { ...device, properties, attributes }
}

/** First line of a property. */
export function first(device: PoolDevice, name: string): string | undefined {
  return device.properties.get(name)?.values[0]
}

/** Properties besides those that are known. */
export function others(device: PoolDevice, known: readonly string[]): readonly ForeignProperty[] {
  return [...device.properties].flatMap(([key, property]) =>
    known.includes(key) || NO_CONFIGURATION.includes(key) ? [] : [property],
  )
}

/** Reports what a device has besides. @param attributes in lower case, those that are read elsewhere */
export function reportRest(
  device: PoolDevice,
  properties: readonly string[],
  attributes: readonly string[],
  report: ExchangeReport,
): void {
  const name = device.alias ?? device.name
  for (const property of others(device, properties)) {
    report.lost(property.place, `there is no place for ${name}: ${property.name} (${property.values.join(', ')})`)
  }
  for (const [attribute, config] of device.attributes) {
    if (attributes.includes(attribute.toLowerCase())) continue
    const values = [...config]
      .filter(([key]) => key !== '__value_ts')
      .map(([key, lines]) => `${key} ${lines.join(', ')}`)
    if (values.length > 0) {
      report.lost(`${device.name}/${attribute}`, `there is no place for ${name}: ${attribute}: ${values.join('; ')}`)
    }
  }
}
