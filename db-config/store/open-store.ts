// Opens a database wherever it is.

import { type Environment, isMysqlUrl, parseMysqlUrl } from './mysql-address.ts'
import { MysqlStore, type MysqlStoreOptions } from './mysql-store.ts'
import { SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
import type { Store } from './store.ts'

/** Options of {@link openStore}; each kind of database takes its own. */
export interface OpenStoreOptions extends SqliteStoreOptions, MysqlStoreOptions {
  /** Where `MYSQL_PASSWORD` is looked for when the address has no password. */
  readonly environment?: Environment
}

/**
 * Opens a database.
 * @param where name of an SQLite file, which is created when missing, or `mysql://user:password@host:port/schema`
 * @throws DevFailed `DB_SQLError` when it cannot be opened; `API_InvalidArgs` when the address is wrong
 */
export function openStore(where: string, options: OpenStoreOptions = {}): Store {
  if (!isMysqlUrl(where)) return new SqliteStore(where, options)
  return new MysqlStore(parseMysqlUrl(where, options.environment ?? {}), options)
}
