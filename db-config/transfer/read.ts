// Reads everything that a live Tango database holds, ours or a native one, through its standard commands. DbMySqlSelect
// does it in few calls and finds what the lists of other commands leave out, such as properties of deleted devices.

import type { DatabaseClient } from '#tango'
import { DevFailed } from '#tango/pure'
import { PROPERTY_LAYOUTS } from '../store/schema.ts'
import {
  type AccessContent,
  type DatabaseContent,
  inOrder,
  key,
  type PropertyContent,
  propertyKey,
  SCOPES,
} from './content.ts'

/** Rows of one reply. */
const PAGE_ROWS = 5000

/** Characters of values in one reply, about. */
const PAGE_CHARACTERS = 2e6

/** Owners named in one query. */
const PAGE_OWNERS = 500

type Row = readonly (string | undefined)[]

/** What a database holds now. @throws DevFailed of the calls */
export async function readContent(database: DatabaseClient): Promise<DatabaseContent> {
  const [devices, servers, aliases, access] = await Promise.all([
    rowsOf(database, 'name, server, class, alias', 'device', 'name'),
    rowsOf(database, 'name, host, mode, level', 'server', 'name'),
    rowsOf(database, 'alias, name', 'attribute_alias', 'alias'),
    readAccess(database),
  ])
  const spelling = new Map(devices.map(([name = '']) => [key(name), name]))
  const serverSpelling = new Map(devices.map(([, server = '']) => [key(server), server]))
  const properties = new Map<string, PropertyContent & { readonly values: string[] }>()
  for (const { scope } of SCOPES)
    for (const { owner, member, name, value } of await readScope(database, scope)) {
      // a device is written as where it is defined, however a client spelled it
      const known = scope.startsWith('device') ? spelling.get(key(owner)) : undefined
      const property = { scope, owner: known ?? owner, member, name }
      const at = propertyKey(property)
      const entry = properties.get(at)
      if (entry === undefined) properties.set(at, { ...property, values: [value] })
      else entry.values.push(value)
    }
  return inOrder({
    devices: unique(devices, 0).map(([name = '', server = '', deviceClass = '', alias]) => ({
      name,
      server,
      class: deviceClass,
      alias: alias === '' ? undefined : alias,
    })),
    servers: unique(servers, 0).map(([name = '', host = '', mode, level]) => ({
      // native databases keep these names in lower case
      name: serverSpelling.get(key(name)) ?? name.toLowerCase(),
      host,
      mode: Number(mode ?? 0),
      level: Number(level ?? 0),
    })),
    attributeAliases: unique(aliases, 0).map(([alias = '', attribute = '']) => ({ alias, attribute })),
    properties: [...properties.values()],
    access,
  })
}

async function rowsOf(database: DatabaseClient, columns: string, table: string, order: string): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const page = await database.select(
      `${columns} FROM ${table} ORDER BY ${order} LIMIT ${PAGE_ROWS} OFFSET ${rows.length}`,
    )
    rows.push(...page)
    if (page.length < PAGE_ROWS) return rows
  }
}

interface Value {
  readonly owner: string
  readonly member: string | undefined
  readonly name: string
  readonly value: string
}

async function readScope(database: DatabaseClient, scope: PropertyContent['scope']): Promise<Value[]> {
  const { table, owner, member } = PROPERTY_LAYOUTS[scope]
  const sizes: Row[] = []
  for (;;) {
    // names with values of any size, without reading the values
    const page = await database.select(
      `${owner}, COUNT(*), SUM(LENGTH(value)) FROM ${table} GROUP BY ${owner} ORDER BY ${owner} ` +
        `LIMIT ${PAGE_ROWS} OFFSET ${sizes.length}`,
    )
    sizes.push(...page)
    if (page.length < PAGE_ROWS) break
  }
  const values: Value[] = []
  for (const owners of pages(sizes)) {
    const columns = member === undefined ? owner : `${owner}, ${member}`
    const rows = await database.select(
      `${columns}, name, value FROM ${table} WHERE ${isOneOf(owner, owners)} ORDER BY ${columns}, name, count`,
    )
    const [first = ''] = owners
    for (const row of rows) {
      if (isUnspeakable(first) && key(row[0]) !== key(first)) continue
      const [ownerName = '', ...rest] = row
      const memberName = member === undefined ? undefined : (rest.shift() ?? '')
      const [name = '', value = ''] = rest
      values.push({ owner: ownerName, member: memberName, name, value })
    }
  }
  return values
}

/** Owners whose rows make one reply of a good size. */
function* pages(sizes: readonly Row[]): Generator<readonly string[]> {
  let owners: string[] = []
  let rows = 0
  let characters = 0
  for (const [owner = '', count, length] of sizes) {
    const full =
      owners.length >= PAGE_OWNERS ||
      isUnspeakable(owner) ||
      isUnspeakable(owners[0] ?? '') ||
      rows + Number(count) > PAGE_ROWS ||
      characters + Number(length ?? 0) > PAGE_CHARACTERS
    if (full && owners.length > 0) {
      yield owners
      owners = []
      rows = 0
      characters = 0
    }
    owners.push(owner)
    rows += Number(count)
    characters += Number(length ?? 0)
  }
  if (owners.length > 0) yield owners
}

async function readAccess(database: DatabaseClient): Promise<AccessContent[]> {
  try {
    const [addresses, devices] = await Promise.all([
      database.select('DISTINCT user, address FROM access_address'),
      database.select('DISTINCT user, device, rights FROM access_device'),
    ])
    return [
      ...addresses.map(([user = '', address = '']) => ({ user, address })),
      ...devices.map(([user = '', device = '', rights = '']) => ({ user, device, rights })),
    ]
  } catch (error) {
    // a database without access control has no such tables
    if (error instanceof DevFailed && error.has('DB_SQLError')) return []
    throw error
  }
}

/** Rows of a table that changed between two pages may come twice. */
function unique(rows: readonly Row[], column: number): Row[] {
  return [...new Map(rows.map((row) => [key(row[column]), row])).values()]
}

/** Databases refuse queries with a semicolon in a text. */
function isUnspeakable(text: string): boolean {
  return text.includes(';')
}

/** Condition for some names, or for one that cannot be spoken; then others may fulfil it, too. */
function isOneOf(column: string, names: readonly string[]): string {
  const [first = ''] = names
  if (!isUnspeakable(first)) return `${column} IN (${names.map(quoted).join(', ')})`
  return `${column} LIKE ${quoted(first.replace(/[\\%_]/g, '\\$&').replaceAll(';', '_'))}`
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
