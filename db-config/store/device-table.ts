// Table `device`: definitions, exports, aliases.

import { maybeNumber, maybeText, type Sql, text } from './sql.ts'
import type { DeviceColumn, DeviceFilter, DeviceRow, DeviceTable, Export } from './store.ts'
import { all, type Condition, either, fits } from './wildcard.ts'

const COLUMNS = 'name, alias, server, class, exported, ior, host, version, pid, started, stopped'

/** {@link DeviceTable} in SQL. */
export class SqlDeviceTable implements DeviceTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  get(name: string): DeviceRow | undefined {
    return this.#rows({ sql: 'name = ?', parameters: [name] })[0]
  }

  byAlias(alias: string): DeviceRow | undefined {
    return this.#rows({ sql: 'alias = ?', parameters: [alias] })[0]
  }

  list(filter: DeviceFilter): readonly DeviceRow[] {
    return this.#rows(condition(filter))
  }

  distinct(column: DeviceColumn, filter: DeviceFilter): readonly string[] {
    const { sql, parameters } = condition(filter)
    const rows = this.#sql.all(
      `SELECT DISTINCT ${column} FROM device WHERE ${column} IS NOT NULL AND ${sql} ORDER BY ${this.#sql.dialect.order(column)}`,
      ...parameters,
    )
    return rows.map(([cell]) => text(cell))
  }

  define(device: { name: string; server: string; class: string; alias?: string | undefined }): void {
    const [domain = '', family = '', member = ''] = device.name.split('/')
    this.#sql.write('DELETE FROM device WHERE name = ?', device.name)
    this.#sql.write(
      `INSERT INTO device (name, alias, domain, family, member, exported, ior, host, server, pid, class, version)
       VALUES (?, ?, ?, ?, ?, 0, 'nada', 'nada', ?, 0, ?, '0')`,
      device.name,
      device.alias ?? null,
      domain,
      family,
      member,
      device.server,
      device.class,
    )
  }

  export(name: string, data: Export): void {
    this.#sql.write(
      'UPDATE device SET exported = 1, ior = ?, host = ?, pid = ?, version = ?, started = ? WHERE name = ?',
      data.ior,
      data.host,
      data.pid,
      data.version,
      this.#sql.dialect.stamp(this.#sql),
      name,
    )
  }

  unexport(filter: { readonly name: string } | { readonly server: string }): void {
    const [column, value] = one(filter)
    const stopped = this.#sql.dialect.stamp(this.#sql)
    this.#sql.write(`UPDATE device SET exported = 0, stopped = ? WHERE ${column} = ?`, stopped, value)
  }

  setAlias(name: string, alias: string | undefined): void {
    this.#sql.write('UPDATE device SET alias = ? WHERE name = ?', alias ?? null, name)
  }

  renameServer(from: string, to: string): void {
    const [family = '', member = ''] = to.split('/')
    this.#sql.write('UPDATE device SET server = ? WHERE server = ?', to, from)
    this.#sql.write(
      'UPDATE device SET name = ?, family = ?, member = ? WHERE name = ?',
      `dserver/${to}`,
      family,
      member,
      `dserver/${from}`,
    )
    for (const table of ['property_device', 'property_attribute_device', 'property_pipe_device']) {
      this.#sql.write(`UPDATE ${table} SET device = ? WHERE device = ?`, `dserver/${to}`, `dserver/${from}`)
    }
  }

  delete(filter: { readonly name: string } | { readonly server: string }): void {
    const [column, value] = one(filter)
    this.#sql.write(`DELETE FROM device WHERE ${column} = ?`, value)
  }

  count(): { defined: number; exported: number; servers: number; serversUp: number } {
    const [row = []] = this.#sql.all(
      `SELECT count(*), coalesce(sum(exported <> 0), 0), coalesce(sum(class = 'DServer'), 0),
         coalesce(sum(class = 'DServer' AND exported <> 0), 0) FROM device`,
    )
    const [defined = 0, exported = 0, servers = 0, serversUp = 0] = row.map(Number)
    return { defined, exported, servers, serversUp }
  }

  #rows({ sql, parameters }: Condition): readonly DeviceRow[] {
    const order = this.#sql.dialect.order('name')
    const rows = this.#sql.all(`SELECT ${COLUMNS} FROM device WHERE ${sql} ORDER BY ${order}`, ...parameters)
    return rows.map(([name, alias, server, deviceClass, exported, ior, host, version, pid, started, stopped]) => ({
      name: text(name),
      // older tools write an empty alias for none
      alias: maybeText(alias) || undefined,
      server: text(server),
      class: text(deviceClass),
      exported: Number(exported) !== 0,
      ior: text(ior),
      host: text(host),
      version: text(version),
      pid: maybeNumber(pid),
      started: maybeText(started),
      stopped: maybeText(stopped),
    }))
  }
}

function one(filter: { readonly name: string } | { readonly server: string }): readonly ['name' | 'server', string] {
  return 'name' in filter ? ['name', filter.name] : ['server', filter.server]
}

function condition(filter: DeviceFilter): Condition {
  const parts: Condition[] = []
  const { name, server, class: deviceClass, host, alias, nameOrAlias, exported } = filter
  if (name !== undefined) parts.push(fits('name', name))
  if (server !== undefined) parts.push(fits('server', server))
  if (deviceClass !== undefined) parts.push(fits('class', deviceClass))
  if (host !== undefined) parts.push(fits('host', host))
  if (alias !== undefined) parts.push(fits('alias', alias), { sql: "alias <> ''", parameters: [] })
  if (nameOrAlias !== undefined) parts.push(either(fits('name', nameOrAlias), fits('alias', nameOrAlias)))
  if (exported !== undefined) parts.push({ sql: exported ? 'exported <> 0' : 'exported = 0', parameters: [] })
  return all(parts)
}
