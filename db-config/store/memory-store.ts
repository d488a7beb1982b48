// The database in memory, for library mode, servers without a database, and tests: the same code on a nameless file.

import { SqliteStore, type SqliteStoreOptions } from './sqlite-store.ts'
import type { Store } from './store.ts'

/** A new empty store that is gone when it is closed. */
export function memoryStore(options?: SqliteStoreOptions): Store {
  return new SqliteStore(':memory:', options)
}
