// The database in an SQLite file, or in memory. The only user of libsql.
// Durable: every command is a transaction in the write-ahead log before it is answered, so the end of the process, also
// by SIGKILL, loses nothing. The log reaches the disk in the background within SYNC_DELAY_MS, so that no call waits for
// the disk; a power cut costs at most that time and never leaves half a transaction.

import { close, fdatasync, openSync } from 'node:fs'
import Database from 'libsql'
import { devFailed } from '#tango/pure'
import { SqlDeviceTable } from './device-table.ts'
import { SelectTextError, toSqlite } from './mysql-text.ts'
import { SqlPropertyTable } from './property-table.ts'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'
import { SqlAttributeAliasTable, SqlEventTable, SqlServerTable } from './small-tables.ts'
import { type Cell, maybeText, type Sql } from './sql.ts'
import type { Selection, Store } from './store.ts'

/** Longest time that an answered write may stay in the operating system's memory only. */
const SYNC_DELAY_MS = 50

/** Statements kept ready; the tables use fewer than this. */
const MAX_PREPARED = 200

type Connection = Database.Database
type Statement = Database.Statement<unknown[]>

/** Options of {@link SqliteStore}. */
export interface SqliteStoreOptions {
  /** The present, seconds since 1970. */
  readonly now?: () => number
}

/** {@link Store} in SQLite. One process owns the file as long as the store is open. */
export class SqliteStore implements Store, Sql {
  readonly devices = new SqlDeviceTable(this)
  readonly servers = new SqlServerTable(this)
  readonly attributeAliases = new SqlAttributeAliasTable(this)
  readonly events = new SqlEventTable(this)
  readonly properties = new SqlPropertyTable(this)
  readonly now: () => number
  readonly #path: string
  readonly #db: Connection
  readonly #prepared = new Map<string, Statement>()
  readonly #log: LogSync | undefined
  #depth = 0
  #open = true

  /**
   * Opens or creates the file.
   * @param path file name, or `:memory:`
   * @throws DevFailed `DB_SQLError` when another process owns the file, or it is no database, or of a newer version
   */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    this.#path = path
    this.now = options.now ?? (() => Date.now() / 1000)
    this.#db = openConnection(path)
    if (path !== ':memory:') this.#log = new LogSync(`${path}-wal`)
  }

  all(text: string, ...parameters: readonly Cell[]): readonly (readonly Cell[])[] {
    return this.#attempt(text, () =>
      this.#statement(text)
        .raw()
        .all(...parameters)
        .map(cells),
    )
  }

  run(text: string, ...parameters: readonly Cell[]): number {
    const changes = this.#attempt(text, () => this.#statement(text).run(...parameters).changes)
    if (this.#depth === 0) this.#log?.written()
    return changes
  }

  transaction<T>(work: () => T): T {
    // an inner transaction is part of the outer one
    if (this.#depth > 0) return work()
    this.run('BEGIN IMMEDIATE')
    this.#depth += 1
    let result: T
    try {
      result = work()
      if (result instanceof Promise) throw new Error('unreachable: a transaction must not wait')
      this.run('COMMIT')
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    } finally {
      this.#depth -= 1
    }
    this.#log?.written()
    return result
  }

  select(query: string): Selection {
    let text = query
    this.#db.exec('PRAGMA query_only = 1')
    try {
      text = toSqlite(query)
      const statement = this.#db.prepare(text)
      const columns = statement.columns().length
      const rows = statement
        .raw()
        .all()
        .map((row) => cells(row).map(maybeText))
      return { columns, rows }
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause)
      const reason = cause instanceof SelectTextError ? 'DB_IncorrectArguments' : 'DB_SQLError'
      throw devFailed(reason, `the query was refused (${what}): ${query}`)
    } finally {
      this.#db.exec('PRAGMA query_only = 0')
    }
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#prepared.clear()
    release(this.#db)
    this.#log?.close()
  }

  #statement(text: string): Statement {
    const known = this.#prepared.get(text)
    if (known !== undefined) return known
    const statement = this.#db.prepare<unknown[]>(text)
    if (this.#prepared.size < MAX_PREPARED) this.#prepared.set(text, statement)
    return statement
  }

  #attempt<T>(text: string, work: () => T): T {
    if (!this.#open) throw devFailed('DB_SQLError', `${this.#path} is closed`)
    try {
      return work()
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause)
      throw devFailed('DB_SQLError', `${this.#path}: ${what} (in: ${text})`)
    }
  }
}

/** Opens the database in a file; it is created when missing. See {@link SqliteStore} for errors. */
export function openStore(path: string, options?: SqliteStoreOptions): Store {
  return new SqliteStore(path, options)
}

/** Opens the file alone and brings its schema up to date. */
function openConnection(path: string): Connection {
  let db: Connection | undefined
  try {
    db = new Database(path)
    // exclusive before WAL: no shared-memory file, and a second owner is refused
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
    migrate(db)
    return db
  } catch (cause) {
    if (db !== undefined) release(db)
    throw devFailed('DB_SQLError', openFailure(path, cause))
  }
}

function migrate(db: Connection): void {
  const [version = 0] = cells(db.prepare('PRAGMA user_version').raw().get()).map(Number)
  if (version > SCHEMA_VERSION) {
    throw new Error(`it has version ${version}, this program knows versions up to ${SCHEMA_VERSION}`)
  }
  for (let step = version; step < SCHEMA_VERSION; step += 1) {
    db.exec(`BEGIN; ${MIGRATIONS[step] ?? ''}; PRAGMA user_version = ${step + 1}; COMMIT`)
  }
}

/**
 * Closes the file. It would stay locked until the garbage collector finds the last statement; giving the lock back
 * needs a journal mode other than WAL, which also brings everything into the one file.
 */
function release(db: Connection): void {
  try {
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master')
  } catch {
    // not ours, or no database: there is no lock to give back
  }
  db.close()
}

/** Brings the write-ahead log to the disk soon after writes, beside the event loop. */
class LogSync {
  readonly #path: string
  #file: number | undefined
  #timer: NodeJS.Timeout | undefined
  #busy = false
  #closed = false

  constructor(path: string) {
    this.#path = path
  }

  written(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => this.#sync(), SYNC_DELAY_MS)
    // the log is complete without us; only a power cut needs this
    this.#timer.unref()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    if (!this.#busy) this.#release()
  }

  #sync(): void {
    this.#timer = undefined
    if (this.#busy) {
      this.written()
      return
    }
    this.#busy = true
    try {
      this.#file ??= openSync(this.#path, 'r')
    } catch {
      // without a log file everything is in the database file, which SQLite has synchronized itself
      this.#busy = false
      return
    }
    fdatasync(this.#file, () => {
      this.#busy = false
      if (this.#closed) this.#release()
    })
  }

  #release(): void {
    if (this.#file !== undefined) close(this.#file)
    this.#file = undefined
  }
}

function cells(row: unknown): Cell[] {
  if (!Array.isArray(row)) return []
  return row.map((cell: unknown) => {
    if (cell === null || cell === undefined) return null
    if (typeof cell === 'number' || typeof cell === 'string') return cell
    return String(cell)
  })
}

function openFailure(path: string, cause: unknown): string {
  const what = cause instanceof Error ? cause.message : String(cause)
  if (/locked|busy/i.test(what)) return `${path} is in use by another process: end it, or choose another folder`
  return `${path} cannot be used as database: ${what}`
}
