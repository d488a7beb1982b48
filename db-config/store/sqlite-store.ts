// The database in an SQLite file, or in memory.
// Durable: every command is a transaction in the write-ahead log before it is answered, so the end of the process, also
// by SIGKILL, loses nothing. The log reaches the disk in the background (sqlite-log-sync.ts), so that no call waits for
// the disk; a power cut costs at most that time and never leaves half a transaction.

import { existsSync, writeFileSync } from 'node:fs'
import { createLogger, type Logger } from '#tango'
import { devFailed } from '#tango/pure'
import { SqlAccessTable } from './access-table.ts'
import { SqlDeviceTable } from './device-table.ts'
import { SelectTextError, toSqlite } from './mysql-text.ts'
import { SqlPropertyTable } from './property-table.ts'
import { SqlAttributeAliasTable, SqlEventTable, SqlServerTable } from './small-tables.ts'
import { type Cell, maybeText, type Parameter, type Sql } from './sql.ts'
import { SqliteBackups } from './sqlite-backup.ts'
import { type Connection, checkpoint, messageOf, release, type Statement, troubleOf } from './sqlite-connection.ts'
import { SQLITE } from './sqlite-dialect.ts'
import { logOf, suspicionOf } from './sqlite-files.ts'
import { type FileSync, LogSync } from './sqlite-log-sync.ts'
import { openDatabase } from './sqlite-open.ts'
import { asJson, rowsOf } from './sqlite-rows.ts'
import type { Selection, Store } from './store.ts'

/** Statements kept ready; the tables use fewer than this. */
const MAX_PREPARED = 200

/** The path of a database without a file. */
const IN_MEMORY = ':memory:'

/** Options of {@link SqliteStore}. */
export interface SqliteStoreOptions {
  /** The present, seconds since 1970. */
  readonly now?: () => number
  /** Told of damage, restored backups and full disks; standard error when absent. */
  readonly log?: Logger
  /** Takes the place of `fdatasync`, for tests. */
  readonly sync?: FileSync
}

/**
 * {@link Store} in SQLite. One process owns the file as long as the store is open. The file is checked when it is opened
 * and backed up once a day; without room on the disk the store is read-only until there is some.
 */
export class SqliteStore implements Store, Sql {
  readonly dialect = SQLITE
  readonly devices = new SqlDeviceTable(this)
  readonly servers = new SqlServerTable(this)
  readonly attributeAliases = new SqlAttributeAliasTable(this)
  readonly events = new SqlEventTable(this)
  readonly properties = new SqlPropertyTable(this)
  readonly access = new SqlAccessTable(this)
  readonly now: () => number
  readonly #path: string
  readonly #db: Connection
  readonly #log: Logger
  readonly #prepared = new Map<string, Statement>()
  readonly #queries = new Map<string, Statement>()
  readonly #logSync: LogSync | undefined
  readonly #backups: SqliteBackups | undefined
  #depth = 0
  #open = true
  /** The disk was full at the last write. */
  #full = false
  /** The engine met damage. */
  #damaged = false
  /** The engine ended a transaction by itself, before its work was done. */
  #rolledBack = false
  /** Why the disk did not take the log. */
  #unsynced: string | undefined

  /**
   * Opens or creates the file. A broken one is kept aside and replaced by its last good backup.
   * @param path file name, or `:memory:`
   * @throws DevFailed `DB_SQLError` when another process owns the file, or it is of a newer version, or of another
   * program, or broken without a good backup
   */
  constructor(path: string, options: SqliteStoreOptions = {}) {
    this.#path = path
    this.now = options.now ?? (() => Date.now() / 1000)
    this.#log = options.log ?? createLogger()
    this.#db = openDatabase(path, { now: this.now, log: this.#log })
    if (path === IN_MEMORY) return
    this.#backups = new SqliteBackups(path, this.#db, { now: this.now, log: this.#log })
    this.#logSync = new LogSync(logOf(path), {
      failed: (error) => this.#syncFailed(error),
      ...(options.sync === undefined ? {} : { sync: options.sync }),
    })
  }

  all(text: string, ...parameters: readonly Parameter[]): readonly (readonly Cell[])[] {
    return this.#attempt(text, () =>
      rowsOf(
        this.#query(text)
          .raw()
          .get(...parameters),
      ),
    )
  }

  run(text: string, ...parameters: readonly Parameter[]): number {
    if (this.#depth === 0) this.#mustBeWritable()
    // what follows would be a transaction of its own
    else if (this.#rolledBack) throw devFailed('DB_SQLError', `${this.#path}: the transaction has already failed`)
    const changes = this.#attempt(text, () => this.#statement(text).run(...parameters).changes)
    if (this.#depth === 0) this.#written()
    return changes
  }

  write(text: string, ...parameters: readonly Parameter[]): void {
    this.run(text, ...parameters)
  }

  transaction<T>(work: () => T): T {
    // an inner transaction is part of the outer one
    if (this.#depth > 0) return work()
    this.#mustBeWritable()
    this.#rolledBack = false
    this.#attempt('BEGIN IMMEDIATE', () => this.#statement('BEGIN IMMEDIATE').run())
    this.#depth += 1
    let result: T
    try {
      result = work()
      if (result instanceof Promise) throw new Error('unreachable: a transaction must not wait')
      if (this.#rolledBack) throw devFailed('DB_SQLError', `${this.#path}: the transaction has failed`)
      this.#attempt('COMMIT', () => this.#statement('COMMIT').run())
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      throw error
    } finally {
      this.#depth -= 1
    }
    this.#written()
    return result
  }

  select(query: string): Selection {
    let text = query
    this.#db.exec('PRAGMA query_only = 1')
    try {
      text = toSqlite(query)
      const columns = this.#db.prepare(text).columns().length
      const rows = rowsOf(this.#db.prepare(asJson(text, columns)).raw().get()).map((row) => row.map(maybeText))
      return { columns, rows }
    } catch (cause) {
      const wrongText = cause instanceof SelectTextError
      const what = wrongText ? cause.message : this.#explained(cause)
      throw devFailed(wrongText ? 'DB_IncorrectArguments' : 'DB_SQLError', `the query was refused (${what}): ${query}`)
    } finally {
      this.#db.exec('PRAGMA query_only = 0')
    }
  }

  async backup(target?: string): Promise<string> {
    if (!this.#open) throw devFailed('DB_SQLError', `${this.#path} is closed`)
    if (this.#backups !== undefined) return this.#backups.backup(target)
    if (target === undefined || existsSync(target)) {
      throw devFailed('DB_IncorrectArguments', 'the backup of a database in memory needs the name of a new file')
    }
    this.#attempt('VACUUM INTO', () => this.#db.prepare('VACUUM INTO ?').run(target))
    return target
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#prepared.clear()
    this.#queries.clear()
    release(this.#db)
    this.#backups?.close()
    this.#logSync?.close()
  }

  /** A statement for {@link rowsOf}. */
  #query(text: string): Statement {
    const known = this.#queries.get(text)
    if (known !== undefined) return known
    const statement = this.#db.prepare<unknown[]>(asJson(text, this.#db.prepare(text).columns().length))
    if (this.#queries.size < MAX_PREPARED) this.#queries.set(text, statement)
    return statement
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
      if (this.#depth > 0 && !this.#db.inTransaction) this.#rolledBack = true
      throw devFailed('DB_SQLError', `${this.#path}: ${this.#explained(cause)} (in: ${text})`)
    }
  }

  /** What an error means to operators; they are told once. */
  #explained(cause: unknown): string {
    const what = messageOf(cause)
    switch (troubleOf(cause)) {
      case 'full': {
        const meaning = 'disk full: the database is read-only until there is space; nothing answered was lost'
        if (!this.#full) this.#log.error(meaning, { file: this.#path })
        this.#full = true
        return meaning
      }
      case 'damaged': {
        const meaning = `${what}: the file is damaged; the next start checks it and takes the last good backup`
        if (!this.#damaged) this.#suspect(meaning)
        return meaning
      }
      default:
        return what
    }
  }

  #suspect(meaning: string): void {
    this.#damaged = true
    this.#log.error(meaning, { file: this.#path })
    try {
      writeFileSync(suspicionOf(this.#path), '')
    } catch {
      // the next start then checks less; the message is what matters
    }
  }

  #written(): void {
    this.#logSync?.written()
    this.#backups?.written()
    if (!this.#full) return
    this.#full = false
    this.#log.warn('there is space again: the database is writable', { file: this.#path })
  }

  #syncFailed(error: Error): void {
    if (this.#unsynced === undefined) {
      this.#log.error('the disk does not take what was written: the database is read-only until it does', {
        file: this.#path,
        error: error.message,
      })
    }
    this.#unsynced = error.message
  }

  /** After the disk refused the log, the whole log must reach it before anything else is answered. */
  #mustBeWritable(): void {
    if (this.#unsynced === undefined) return
    try {
      if (this.#backups?.copying) throw new Error('a backup is being made')
      checkpoint(this.#db)
    } catch (cause) {
      throw devFailed(
        'DB_SQLError',
        `${this.#path}: the disk does not take what was written (${this.#unsynced}; ${messageOf(cause)}): ` +
          'the database is read-only until it does',
      )
    }
    this.#unsynced = undefined
    this.#log.warn('everything is on the disk again: the database is writable', { file: this.#path })
  }
}
