// The seven property tables and their histories, which differ only in the columns that name the holder.

import { PROPERTY_LAYOUTS, type PropertyLayout } from './schema.ts'
import { allOfMany, type Cell, type Parameter, type Query, type Sql, text } from './sql.ts'
import type { HistoryEntry, Place, PropertyTable, Scope } from './store.ts'
import { all, type Condition, fits, isPattern } from './wildcard.ts'

/** Rows of one INSERT; the engine takes some thousand values. */
const INSERT_ROWS = 100

/** Value that the history of a native database shows for a deletion. */
const DELETED = 'DELETED'

/** {@link PropertyTable} in SQL. */
export class SqlPropertyTable implements PropertyTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  get(place: Place, name: string): readonly string[] {
    const { text: query, parameters } = this.#one(place, name)
    return this.#sql.all(query, ...parameters).map(([value]) => text(value))
  }

  merged(place: Place, pattern: string): readonly string[] {
    const { text: query, parameters } = this.#merged(place, pattern)
    return this.#sql.all(query, ...parameters).map(([value]) => text(value))
  }

  getEach(place: Place, names: readonly string[], { patterns }: { patterns: boolean }): readonly (readonly string[])[] {
    const queries = names.map((name) =>
      patterns && isPattern(name) ? this.#merged(place, name) : this.#one(place, name),
    )
    return allOfMany(this.#sql, queries).map((rows) => rows.map(([value]) => text(value)))
  }

  all(place: Place): ReadonlyMap<string, readonly string[]> {
    return this.allEach([place])[0] ?? new Map()
  }

  allEach(places: readonly Place[]): readonly ReadonlyMap<string, readonly string[]>[] {
    const queries = places.map((place) => {
      const { table, where, parameters } = located(place)
      return {
        text: `SELECT name, value FROM ${table} WHERE ${where} ORDER BY ${this.#order('name')}, count`,
        parameters,
      }
    })
    return allOfMany(this.#sql, queries).map(grouped)
  }

  members(scope: Scope, owner: string): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
    return this.membersOf(scope, [owner])[0] ?? new Map()
  }

  allOf(scope: Scope, owners: readonly string[]): readonly ReadonlyMap<string, readonly string[]>[] {
    if (owners.length === 0) return []
    const { table, owner } = PROPERTY_LAYOUTS[scope]
    const asked = this.#sql.dialect.asked(owners)
    const rows = this.#sql.all(
      `SELECT asked.k, ${table}.name, ${table}.value FROM ${asked.sql} JOIN ${table} ON ${table}.${owner} = asked.v
       ORDER BY asked.k, ${this.#order(`${table}.name`)}, ${table}.count`,
      ...asked.parameters,
    )
    return perOwner(rows, owners.length).map(grouped)
  }

  membersOf(
    scope: Scope,
    owners: readonly string[],
  ): readonly ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>[] {
    if (owners.length === 0) return []
    const { table, owner, member } = memberLayout(scope)
    const asked = this.#sql.dialect.asked(owners)
    const columns = [member, 'name', 'value'].map((column) => `${table}.${column}`)
    const rows = this.#sql.all(
      `SELECT asked.k, ${columns.join(', ')} FROM ${asked.sql} JOIN ${table} ON ${table}.${owner} = asked.v
       ORDER BY asked.k, ${this.#order(`${table}.${member}`)}, ${this.#order(`${table}.name`)}, ${table}.count`,
      ...asked.parameters,
    )
    return perOwner(rows, owners.length).map(byMember)
  }

  names(place: Place, pattern: string): readonly string[] {
    const { table, where, parameters } = located(place)
    return this.#distinct(table, 'name', all([{ sql: where, parameters }, fits('name', pattern)]))
  }

  memberNames(scope: Scope, owner: string, pattern: string): readonly string[] {
    const { table, owner: column, member } = memberLayout(scope)
    return this.#distinct(table, member, all([{ sql: `${column} = ?`, parameters: [owner] }, fits(member, pattern)]))
  }

  owners(scope: Scope, pattern: string): readonly string[] {
    const { table, owner } = PROPERTY_LAYOUTS[scope]
    return this.#distinct(table, owner, fits(owner, pattern))
  }

  put(place: Place, name: string, values: readonly string[]): void {
    this.#sql.transaction(() => this.#put(place, name, values))
  }

  #put(place: Place, name: string, values: readonly string[]): void {
    const { table, columns, where, parameters } = located(place)
    this.#sql.write(`DELETE FROM ${table} WHERE ${where} AND name = ?`, ...parameters, name)
    const date = this.#now()
    this.#insert(
      `${table} (${columns}, name, count, value, updated, accessed)`,
      values.map((value, index) => [...parameters, name, index + 1, value, date, date]),
    )
    // set points change with every write; their history would be noise
    const setPoint = place.scope === 'deviceAttribute' && name === '__value' && values.length === 1
    if (!setPoint && values.length > 0) this.#remember(place, name, values)
  }

  putAll(place: Place, properties: ReadonlyMap<string, readonly string[]>): void {
    this.#sql.transaction(() => this.#putAll(place, properties))
  }

  #putAll(place: Place, properties: ReadonlyMap<string, readonly string[]>): void {
    const { table, history, columns, where, parameters } = located(place)
    const [stored] = this.#sql.all(
      `SELECT 1 FROM ${table} WHERE ${where} UNION ALL SELECT 1 FROM ${history} WHERE ${where} LIMIT 1`,
      ...parameters,
      ...parameters,
    )
    const filled = [...properties].filter(([, values]) => values.length > 0)
    const names = new Set(filled.map(([name]) => name.toLowerCase()))
    const plain = stored === undefined && names.size === filled.length && !names.has('__value')
    if (!plain) {
      for (const [name, values] of properties) this.#put(place, name, values)
      return
    }
    if (filled.length === 0) return
    // nothing to replace and no history to shorten
    const date = this.#now()
    const ids = this.#sql.dialect.takeIds(this.#sql, PROPERTY_LAYOUTS[place.scope], filled.length)
    const rows = filled.flatMap(([name, values], p) =>
      values.map((value, v) => ({ id: ids[p] ?? null, cells: [...parameters, name, v + 1, value] })),
    )
    this.#insert(
      `${table} (${columns}, name, count, value, updated, accessed)`,
      rows.map(({ cells }) => [...cells, date, date]),
    )
    this.#insert(
      `${history} (id, date, ${columns}, name, count, value)`,
      rows.map(({ id, cells }) => [id, date, ...cells]),
    )
  }

  delete(place: Place, pattern: string): void {
    const { table, where, parameters } = located(place)
    this.#sql.transaction(() => {
      for (const name of this.names(place, pattern)) {
        this.#sql.write(`DELETE FROM ${table} WHERE ${where} AND name = ?`, ...parameters, name)
        // of attributes and pipes the native database notes the name as it was asked
        this.#remember(place, place.member === undefined || isPattern(pattern) ? name : pattern, undefined)
      }
    })
  }

  drop(scope: Scope, owner: string, member?: string): void {
    const layout = PROPERTY_LAYOUTS[scope]
    if (member === undefined) {
      this.#sql.write(`DELETE FROM ${layout.table} WHERE ${layout.owner} = ?`, owner)
      return
    }
    const { table, where, parameters } = located({ scope, owner, member })
    this.#sql.write(`DELETE FROM ${table} WHERE ${where}`, ...parameters)
  }

  history(place: Place, pattern: string): readonly HistoryEntry[] {
    const { history, owner, member } = PROPERTY_LAYOUTS[place.scope]
    const conditions = [{ sql: `${owner} = ?`, parameters: [place.owner] }, fits('name', pattern)]
    if (member !== undefined) conditions.push(fits(member, place.member ?? '*'))
    const { sql, parameters } = all(conditions)
    const rows = this.#sql.all(
      `SELECT id, ${member ?? 'NULL'}, name, date, count, value FROM ${history} WHERE ${sql} ORDER BY id, count`,
      ...parameters,
    )
    const entries = new Map<Cell, HistoryEntry & { values: string[] }>()
    for (const [id = 0, memberName, name, date, count, value] of rows) {
      const known = entries.get(id)
      if (known !== undefined) {
        known.values.push(text(value))
        continue
      }
      const values = Number(count) === 0 ? [] : [text(value)]
      const of = member === undefined ? undefined : text(memberName)
      entries.set(id, { member: of, name: text(name), date: text(date), values })
    }
    return [...entries.values()]
  }

  find(scope: Scope, name: string, valuePattern: string): readonly (Place & { readonly value: string })[] {
    const { table, owner, member } = PROPERTY_LAYOUTS[scope]
    const value = fits('value', valuePattern)
    const rows = this.#sql.all(
      `SELECT ${owner}, ${member ?? 'NULL'}, value FROM ${table} WHERE name = ? AND ${value.sql}
       ORDER BY ${[owner, member].flatMap((column) => (column === undefined ? [] : this.#order(column))).join(', ')}`,
      name,
      ...value.parameters,
    )
    return rows.map(([ownerCell, memberCell, cell]) => ({
      scope,
      owner: text(ownerCell),
      ...(member === undefined ? {} : { member: text(memberCell) }),
      value: text(cell),
    }))
  }

  count(scope: Scope): { rows: number; history: number } {
    const { table, history } = PROPERTY_LAYOUTS[scope]
    const [row = []] = this.#sql.all(`SELECT (SELECT count(*) FROM ${table}), (SELECT count(*) FROM ${history})`)
    return { rows: Number(row[0] ?? 0), history: Number(row[1] ?? 0) }
  }

  #distinct(table: string, column: string, { sql, parameters }: Condition): readonly string[] {
    const rows = this.#sql.all(
      `SELECT DISTINCT ${column} FROM ${table} WHERE ${sql} ORDER BY ${this.#order(column)}`,
      ...parameters,
    )
    return rows.map(([cell]) => text(cell))
  }

  /** Many rows with one statement cost little more than one. @param into table and its columns */
  #insert(into: string, rows: readonly (readonly Parameter[])[]): void {
    for (let at = 0; at < rows.length; at += INSERT_ROWS) {
      const part = rows.slice(at, at + INSERT_ROWS)
      const marks = part.map((cells) => `(${cells.map(() => '?').join(', ')})`)
      this.#sql.write(`INSERT INTO ${into} VALUES ${marks.join(', ')}`, ...part.flat())
    }
  }

  /** `undefined` notes a deletion. */
  #remember(place: Place, name: string, values: readonly string[] | undefined): void {
    const layout = PROPERTY_LAYOUTS[place.scope]
    const { history, columns, where, parameters } = located(place)
    const [id = null] = this.#sql.dialect.takeIds(this.#sql, layout, 1)
    const date = this.#now()
    const noted = values?.map((value, index) => [index + 1, value]) ?? [[0, DELETED]]
    this.#insert(
      `${history} (id, date, ${columns}, name, count, value)`,
      noted.map((cells) => [id, date, ...parameters, name, ...cells]),
    )
    const property = { where: `${where} AND name = ?`, parameters: [...parameters, name] }
    this.#sql.dialect.forgetOldest(this.#sql, layout, property)
  }

  #one(place: Place, name: string): Query {
    const { table, where, parameters } = located(place)
    return {
      text: `SELECT value FROM ${table} WHERE ${where} AND name = ? ORDER BY count`,
      parameters: [...parameters, name],
    }
  }

  #merged(place: Place, pattern: string): Query {
    const { table, where, parameters } = located(place)
    const name = fits('name', pattern)
    return {
      text: `SELECT value FROM ${table} WHERE ${where} AND ${name.sql} ORDER BY count, ${this.#order('name')}`,
      parameters: [...parameters, ...name.parameters],
    }
  }

  #order(column: string): string {
    return this.#sql.dialect.order(column)
  }

  #now(): Parameter {
    return this.#sql.dialect.stamp(this.#sql)
  }
}

/** Rows that begin with the number of their owner, without it. */
function perOwner(rows: readonly (readonly Cell[])[], count: number): readonly (readonly (readonly Cell[])[])[] {
  const found = Array.from({ length: count }, (): (readonly Cell[])[] => [])
  for (const [owner, ...rest] of rows) found[Number(owner)]?.push(rest)
  return found
}

/** Rows of (member, name, value) by member. */
function byMember(rows: readonly (readonly Cell[])[]): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> {
  const members = new Map<string, { name: string; rows: (readonly Cell[])[] }>()
  for (const [cell, ...rest] of rows) {
    const name = text(cell)
    // one attribute may have been written in several spellings
    const key = name.toLowerCase()
    const entry = members.get(key)
    if (entry === undefined) members.set(key, { name, rows: [rest] })
    else entry.rows.push(rest)
  }
  return new Map([...members.values()].map((entry) => [entry.name, grouped(entry.rows)]))
}

interface Located {
  readonly table: string
  readonly history: string
  readonly columns: string
  readonly where: string
  readonly parameters: readonly string[]
}

function located(place: Place): Located {
  const { table, history, owner, member } = PROPERTY_LAYOUTS[place.scope]
  if (member === undefined) return { table, history, columns: owner, where: `${owner} = ?`, parameters: [place.owner] }
  if (place.member === undefined) throw new Error(`unreachable: properties of scope ${place.scope} need a member`)
  return {
    table,
    history,
    columns: `${owner}, ${member}`,
    where: `${owner} = ? AND ${member} = ?`,
    parameters: [place.owner, place.member],
  }
}

function memberLayout(scope: Scope): PropertyLayout & { readonly member: string } {
  const layout = PROPERTY_LAYOUTS[scope]
  if (layout.member === undefined) throw new Error(`unreachable: scope ${scope} has no members`)
  return { ...layout, member: layout.member }
}

/** Rows of (name, value), equal names neighbours, as a map. */
function grouped(rows: readonly (readonly Cell[])[]): ReadonlyMap<string, readonly string[]> {
  const map = new Map<string, string[]>()
  for (const [name, value] of rows) {
    const values = map.get(text(name))
    if (values === undefined) map.set(text(name), [text(value)])
    else values.push(text(value))
  }
  return map
}
