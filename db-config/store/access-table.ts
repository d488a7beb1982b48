// The tables of Tango's access control, in the native layout: from where a user may write, and to which devices.

import { type Sql, text, timestamp } from './sql.ts'
import type { AccessAddress, AccessDevice, AccessTable } from './store.ts'

/** Statements that create the tables in SQLite; the native database has them from its installation. */
export const ACCESS_TABLES = `
  CREATE TABLE access_address (user TEXT COLLATE NOCASE, address TEXT COLLATE NOCASE,
    netmask TEXT DEFAULT 'FF.FF.FF.FF', updated TEXT, accessed TEXT DEFAULT '2000-01-01 00:00:00');
  CREATE INDEX access_address_user ON access_address (user);
  CREATE TABLE access_device (user TEXT COLLATE NOCASE, device TEXT COLLATE NOCASE, rights TEXT COLLATE NOCASE,
    updated TEXT, accessed TEXT DEFAULT '2000-01-01 00:00:00');
  CREATE INDEX access_device_user ON access_device (user);
  INSERT INTO access_address (user, address) VALUES ('*', '*.*.*.*');
  INSERT INTO access_device (user, device, rights) VALUES ('*', '*/*/*', 'write');`

/** {@link AccessTable} in SQL. */
export class SqlAccessTable implements AccessTable {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  users(): readonly string[] {
    const found = new Set<string>()
    for (const table of ['access_address', 'access_device'])
      for (const [user] of this.#sql.all(`SELECT DISTINCT user FROM ${table} WHERE user LIKE '%' ORDER BY upper(user)`))
        found.add(text(user))
    return [...found]
  }

  addresses(users: readonly string[]): readonly AccessAddress[] {
    const rows = this.#sql.all(
      `SELECT DISTINCT user, address FROM access_address WHERE user IN (${marks(users)}) ORDER BY upper(address)`,
      ...users,
    )
    return rows.map(([user, address]) => ({ user: text(user), address: text(address) }))
  }

  devices(users: readonly string[]): readonly AccessDevice[] {
    const rows = this.#sql.all(
      `SELECT DISTINCT user, device, rights FROM access_device WHERE user IN (${marks(users)})
       ORDER BY upper(device), upper(rights)`,
      ...users,
    )
    return rows.map(([user, device, rights]) => ({ user: text(user), device: text(device), rights: text(rights) }))
  }

  addAddress({ user, address }: AccessAddress): boolean {
    const [known] = this.#sql.all('SELECT 1 FROM access_address WHERE user = ? AND address = ?', user, address)
    if (known !== undefined) return false
    this.#sql.run(
      "INSERT INTO access_address (user, address, netmask, updated) VALUES (?, ?, 'FF.FF.FF.FF', ?)",
      user,
      address,
      timestamp(this.#sql.now()),
    )
    return true
  }

  addDevice({ user, device, rights }: AccessDevice): boolean {
    const [known] = this.#sql.all(
      'SELECT 1 FROM access_device WHERE user = ? AND device = ? AND rights = ?',
      user,
      device,
      rights,
    )
    if (known !== undefined) return false
    this.#sql.run(
      'INSERT INTO access_device (user, device, rights, updated) VALUES (?, ?, ?, ?)',
      user,
      device,
      rights,
      timestamp(this.#sql.now()),
    )
    return true
  }

  removeAddress({ user, address }: AccessAddress): void {
    this.#sql.run('DELETE FROM access_address WHERE user = ? AND address = ?', user, address)
  }

  removeDevice({ user, device, rights }: AccessDevice): void {
    this.#sql.run('DELETE FROM access_device WHERE user = ? AND device = ? AND rights = ?', user, device, rights)
  }

  removeUser(user: string): void {
    this.#sql.run('DELETE FROM access_device WHERE user = ?', user)
    this.#sql.run('DELETE FROM access_address WHERE user = ?', user)
  }
}

function marks(list: readonly string[]): string {
  return list.map(() => '?').join(', ')
}
