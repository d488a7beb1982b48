// The tables with one short row per name: start-up records of servers, attribute aliases, event channels.

import { maybeNumber, type Sql, text } from './sql.ts'
import type { AttributeAliasTable, EventRow, EventTable, Export, ServerRow, ServerTable } from './store.ts'
import { fits } from './wildcard.ts'

/** {@link ServerTable} in SQL. */
export class SqlServerTable implements ServerTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  get(name: string): ServerRow | undefined {
    const [row] = this.#sql.all('SELECT name, host, mode, level FROM server WHERE name = ?', name)
    if (row === undefined) return undefined
    const [found, host, mode, level] = row
    return { name: text(found), host: text(host), mode: maybeNumber(mode) ?? 0, level: maybeNumber(level) ?? 0 }
  }

  put({ name, host, mode, level }: ServerRow): void {
    this.delete(name)
    this.#sql.write('INSERT INTO server (name, host, mode, level) VALUES (?, ?, ?, ?)', name, host, mode, level)
  }

  setHost(name: string, host: string): void {
    this.#sql.write('UPDATE server SET host = ? WHERE name = ?', host, name)
  }

  rename(from: string, to: string): void {
    this.#sql.write('UPDATE server SET name = ? WHERE name = ?', to, from)
  }

  delete(name: string): void {
    this.#sql.write('DELETE FROM server WHERE name = ?', name)
  }
}

/** {@link AttributeAliasTable} in SQL. */
export class SqlAttributeAliasTable implements AttributeAliasTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  attributeOf(alias: string): string | undefined {
    const [row] = this.#sql.all('SELECT name FROM attribute_alias WHERE alias = ?', alias)
    return row && text(row[0])
  }

  aliasOf(attribute: string): string | undefined {
    const [row] = this.#sql.all('SELECT alias FROM attribute_alias WHERE name = ?', attribute)
    return row && text(row[0])
  }

  list(pattern: string): readonly string[] {
    const { sql, parameters } = fits('alias', pattern)
    return this.#sql
      .all(
        `SELECT alias FROM attribute_alias WHERE ${sql}
         ORDER BY ${this.#sql.dialect.order('attribute')}, ${this.#sql.dialect.order('alias')}`,
        ...parameters,
      )
      .map(([alias]) => text(alias))
  }

  put(attribute: string, alias: string): void {
    const slash = attribute.lastIndexOf('/')
    this.#sql.write('DELETE FROM attribute_alias WHERE name = ?', attribute)
    this.#sql.write(
      'INSERT INTO attribute_alias (alias, name, device, attribute, updated) VALUES (?, ?, ?, ?, ?)',
      alias,
      attribute,
      attribute.slice(0, slash),
      attribute.slice(slash + 1),
      this.#sql.dialect.stamp(this.#sql),
    )
  }

  delete(alias: string): void {
    this.#sql.write('DELETE FROM attribute_alias WHERE alias = ?', alias)
  }

  deleteDevice(device: string): void {
    this.#sql.write('DELETE FROM attribute_alias WHERE device = ?', device)
  }
}

/** {@link EventTable} in SQL. */
export class SqlEventTable implements EventTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  get(name: string): EventRow | undefined {
    const [row] = this.#sql.all('SELECT name, exported, ior, host, pid, version FROM event WHERE name = ?', name)
    if (row === undefined) return undefined
    const [found, exported, ior, host, pid, version] = row
    return {
      name: text(found),
      exported: Number(exported) !== 0,
      ior: text(ior),
      host: text(host),
      pid: maybeNumber(pid) ?? 0,
      version: text(version),
    }
  }

  export(name: string, { ior, host, pid, version }: Export): void {
    this.#sql.write('DELETE FROM event WHERE name = ?', name)
    this.#sql.write(
      'INSERT INTO event (name, exported, ior, host, server, pid, version, started) VALUES (?, 1, ?, ?, ?, ?, ?, ?)',
      name,
      ior,
      host,
      name,
      pid,
      version,
      this.#sql.dialect.stamp(this.#sql),
    )
  }

  unexport(name: string): void {
    const { sql, parameters } = fits('name', name)
    this.#sql.write(
      `UPDATE event SET exported = 0, stopped = ? WHERE ${sql}`,
      this.#sql.dialect.stamp(this.#sql),
      ...parameters,
    )
  }
}
