// The answer of DbGetDataForServerCache: everything a server needs at its start, in one flat list.
// Source of truth: stored procedure ds_start of TangoDatabase, release 1.9 and later.

import { type Properties, readAttributeBlock, StringReader } from './property-layout.ts'

/** An imported device, as far as the list tells. */
export interface CachedImport {
  readonly name: string
  readonly ior: string
  readonly version: string
  readonly server: string
  readonly host: string
  readonly exported: boolean
  readonly pid: number
  readonly class: string
}

/** Stored data of one device. */
export interface CachedDevice {
  readonly name: string
  readonly properties: Properties
  readonly attributeProperties: Map<string, Properties>
  readonly pipeProperties: Map<string, Properties>
}

/** Stored data of one class and its devices in the server. */
export interface CachedClass {
  readonly name: string
  readonly properties: Properties
  readonly attributeProperties: Map<string, Properties>
  readonly pipeProperties: Map<string, Properties>
  readonly devices: readonly CachedDevice[]
}

/** Everything the database knows of a server. */
export interface ServerCache {
  /** `release 1.13`. */
  readonly release: string
  readonly admin: CachedImport
  /** Properties of the classes `DServer` and `Default`. */
  readonly adminClass: Properties
  readonly defaultClass: Properties
  readonly adminProperties: Properties
  readonly classes: readonly CachedClass[]
  /** Properties of the free object `CtrlSystem`. */
  readonly controlSystem: Properties
}

/**
 * Reads the list.
 * @returns undefined when the database does not know the server
 * @throws DevFailed `DB_IncorrectArguments` when the list is damaged
 */
export function parseServerCache(items: readonly string[]): ServerCache | undefined {
  const reader = new StringReader(items, 'DbGetDataForServerCache')
  const release = reader.peek?.startsWith('release ') ? reader.text() : ''
  const [major, minor] = /^release (\d+)\.(\d+)/.exec(release)?.slice(1).map(Number) ?? [0, 0]
  const hasPipes = (major ?? 0) > 1 || (major === 1 && (minor ?? 0) >= 9)
  const admin = readAdmin(reader)
  if (admin === undefined) return undefined
  skipEventChannel(reader)
  skipEventChannel(reader)
  const adminClass = readBlock(reader)
  const defaultClass = readBlock(reader)
  const adminProperties = readBlock(reader)
  reader.text()
  const classes: CachedClass[] = []
  for (let left = reader.count(); left > 0; left -= 1) classes.push(readClass(reader, hasPipes))
  const controlSystem = reader.atEnd ? new Map() : readBlock(reader)
  return { release, admin, adminClass, defaultClass, adminProperties, classes, controlSystem }
}

function readAdmin(reader: StringReader): CachedImport | undefined {
  const name = reader.text()
  if (reader.peek === 'Not Found') return undefined
  const [ior = '', version = '', server = '', host = '', exported = '', pid = '', className = ''] = reader.texts(7)
  return { name, ior, version, server, host, exported: exported === '1', pid: Number(pid) || 0, class: className }
}

/** Channels of the event system before ZeroMQ. */
function skipEventChannel(reader: StringReader): void {
  reader.text()
  if (reader.text() !== 'Not Found') reader.texts(4)
}

function readClass(reader: StringReader, hasPipes: boolean): CachedClass {
  const name = reader.peek ?? ''
  const properties = readBlock(reader)
  const attributeProperties = readNamedAttributeBlock(reader)
  const pipeProperties = hasPipes ? readNamedAttributeBlock(reader) : new Map()
  reader.text()
  const devices: CachedDevice[] = []
  const names = reader.texts(reader.count())
  for (const device of names) {
    devices.push({
      name: device,
      properties: readBlock(reader),
      attributeProperties: readNamedAttributeBlock(reader),
      pipeProperties: hasPipes ? readNamedAttributeBlock(reader) : new Map(),
    })
  }
  return { name, properties, attributeProperties, pipeProperties, devices }
}

/** Object, n, then name, count and values of each property. */
function readBlock(reader: StringReader): Properties {
  reader.text()
  const properties: Properties = new Map()
  for (let left = reader.count(); left > 0; left -= 1) {
    const [name, values] = reader.property()
    if (values.length > 0) properties.set(name, values)
  }
  return properties
}

function readNamedAttributeBlock(reader: StringReader): Map<string, Properties> {
  reader.text()
  return readAttributeBlock(reader)
}
