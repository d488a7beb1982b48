// The database in MariaDB or MySQL, in the tables of a native installation: beside, or in place of, native database
// servers, and several of ours at once. Each call waits for the database, so this store wants a process of its own.

import { devFailed } from '#tango/pure'
import { SqlAccessTable } from './access-table.ts'
import { SqlDeviceTable } from './device-table.ts'
import { addressText, type MysqlAddress } from './mysql-address.ts'
import { counterOf, MYSQL, NATIVE_TABLES } from './mysql-dialect.ts'
import { filled, literal, shortened } from './mysql-format.ts'
import { DEADLINE_MS, MysqlLink } from './mysql-link.ts'
import type { StatementResult } from './mysql-protocol.ts'
import { type Abilities, LinkError, MysqlTransaction } from './mysql-transaction.ts'
import type { Statement } from './mysql-undo.ts'
import { SqlPropertyTable } from './property-table.ts'
import { PROPERTY_LAYOUTS } from './schema.ts'
import { SqlAttributeAliasTable, SqlEventTable, SqlServerTable } from './small-tables.ts'
import { type Cell, maybeText, type Parameter, type Query, type Sql, text } from './sql.ts'
import type { Selection, Store } from './store.ts'

/** A transaction with another one in its way is done anew until this time has passed, ms. */
const RETRY_MS = 3000

/** Longest pause before the next attempt, ms. */
const PAUSE_MS = 40

/** A connection to a database. */
export type Link = Pick<MysqlLink, 'open' | 'batch' | 'close'>

/** Options of {@link MysqlStore}. */
export interface MysqlStoreOptions {
  /** Longest wait for the database, ms. */
  readonly deadlineMs?: number
  /** What talks to the database; another one in tests. */
  readonly link?: Link
}

/** {@link Store} in MariaDB or MySQL. */
export class MysqlStore implements Store, Sql {
  readonly dialect = MYSQL
  readonly devices = new SqlDeviceTable(this)
  readonly servers = new SqlServerTable(this)
  readonly attributeAliases = new SqlAttributeAliasTable(this)
  readonly events = new SqlEventTable(this)
  readonly properties = new SqlPropertyTable(this)
  readonly access = new SqlAccessTable(this)
  readonly #name: string
  readonly #deadlineMs: number
  readonly #link: Link
  readonly #abilities: Abilities
  #transaction: MysqlTransaction | undefined
  #open = true

  /**
   * @throws DevFailed `DB_SQLError` when the database cannot be reached, refuses the login or has no Tango tables; the
   *   message names host and user, never the password
   */
  constructor(address: MysqlAddress, { deadlineMs = DEADLINE_MS, link = new MysqlLink() }: MysqlStoreOptions = {}) {
    this.#link = link
    this.#name = addressText(address)
    this.#deadlineMs = deadlineMs
    try {
      const { failure } = this.#link.open(address, deadlineMs)
      if (failure !== undefined) throw this.#described(new LinkError(failure))
      this.#abilities = { locking: this.#checkTables(), returning: this.#isMariaDb() }
      this.#fillCounters()
    } catch (error) {
      this.#link.close()
      throw error
    }
  }

  all(text: string, ...parameters: readonly Parameter[]): readonly (readonly Cell[])[] {
    const result = this.#execute({ text, parameters })
    return result.kind === 'rows' ? result.rows : []
  }

  many(queries: readonly Query[]): readonly (readonly (readonly Cell[])[])[] {
    if (this.#transaction !== undefined) return queries.map(({ text, parameters }) => this.all(text, ...parameters))
    return this.#attempt(() => {
      this.#checkOpen()
      const texts = queries.map(({ text, parameters }) => filled(text, parameters))
      const { results, failure } = this.#link.batch(texts.join(';\n'), 'retry')
      if (failure !== undefined) throw new LinkError(failure, queries[results.length]?.text)
      return results.map((result) => (result.kind === 'rows' ? result.rows : []))
    })
  }

  run(text: string, ...parameters: readonly Parameter[]): number {
    const result = this.#execute({ text, parameters })
    return result.kind === 'done' ? result.affected : 0
  }

  write(text: string, ...parameters: readonly Parameter[]): void {
    if (this.#transaction === undefined) this.#execute({ text, parameters })
    else this.#attempt(() => this.#transaction?.write({ text, parameters }))
  }

  transaction<T>(work: () => T): T {
    // an inner transaction is part of the outer one
    if (this.#transaction !== undefined) return work()
    const end = performance.now() + RETRY_MS
    for (;;) {
      const transaction = new MysqlTransaction(this.#link, this.#abilities)
      this.#transaction = transaction
      try {
        const result = work()
        if (result instanceof Promise) throw new Error('unreachable: a transaction must not wait')
        transaction.commit()
        return result
      } catch (error) {
        this.#attempt(() => transaction.rollback())
        if (!transaction.conflict || performance.now() > end) throw this.#described(error)
      } finally {
        this.#transaction = undefined
      }
      pause(Math.random() * PAUSE_MS)
    }
  }

  select(query: string): Selection {
    const verb = /^\s*select\b/i.test(query) ? query : `SELECT ${query}`
    // preparing takes one statement only, whatever the text holds
    const texts = [`PREPARE asked FROM ${literal(verb)}`, 'EXECUTE asked', 'DEALLOCATE PREPARE asked']
    const { results, failure } = this.#link.batch(texts.join(';\n'), 'retry')
    if (failure?.kind === 'sql') throw devFailed('DB_SQLError', `the query was refused (${failure.text}): ${query}`)
    if (failure !== undefined) throw this.#described(new LinkError(failure))
    const result = results[1]
    if (result?.kind !== 'rows') return { columns: 0, rows: [] }
    return { columns: result.columns, rows: result.rows.map((row) => row.map(maybeText)) }
  }

  /** The present by the clock of this machine; what is written has the time of the database. */
  now(): number {
    return Date.now() / 1000
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#link.close()
  }

  #execute(statement: Statement): StatementResult {
    return this.#attempt(() => {
      this.#checkOpen()
      if (this.#transaction !== undefined) return this.#transaction.ask(statement)
      const { results, failure } = this.#link.batch(filled(statement.text, statement.parameters), 'retry')
      if (failure !== undefined) throw new LinkError(failure, statement.text)
      return results[0] ?? { kind: 'done', affected: 0, insertId: 0 }
    })
  }

  #checkOpen(): void {
    if (!this.#open) throw devFailed('DB_SQLError', `${this.#name} is closed`)
  }

  #attempt<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      throw this.#described(error)
    }
  }

  #described(error: unknown): unknown {
    if (!(error instanceof LinkError)) return error
    const { failure, statement, ending } = error
    const doubt = ending ? '; it is not known whether the change was written' : ''
    switch (failure.kind) {
      case 'refused':
        return devFailed('DB_SQLError', `${this.#name} refuses the login: ${failure.text}`)
      case 'unreachable':
        return devFailed('DB_SQLError', `${this.#name} cannot be reached: ${failure.text}`)
      case 'silent':
        return devFailed('DB_SQLError', `${this.#name} does not answer within ${this.#deadlineMs / 1000} s${doubt}`)
      case 'lost':
        return devFailed('DB_SQLError', `the connection to ${this.#name} was lost (${failure.text})${doubt}`)
      case 'sql': {
        const where = statement === undefined ? '' : ` (in: ${shortened(statement)})`
        return devFailed('DB_SQLError', `${this.#name}: ${failure.text}${where}`)
      }
    }
  }

  #isMariaDb(): boolean {
    const [[version] = []] = this.all('SELECT version()')
    return /mariadb/i.test(text(version))
  }

  /** @returns whether a table has no transactions, as those of a native installation */
  #checkTables(): boolean {
    const rows = this.all('SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()')
    const engines = new Map(rows.map(([name, engine]) => [text(name).toLowerCase(), text(engine).toLowerCase()]))
    const missing = NATIVE_TABLES.filter((table) => !engines.has(table))
    if (missing.length > 0) {
      const what = missing.length === NATIVE_TABLES.length ? 'no Tango tables' : `no table ${missing.join(', ')}`
      const desc = `${this.#name} has ${what}: create them with the script of the Tango database (package tango-db), or name another schema`
      throw devFailed('DB_SQLError', desc)
    }
    return NATIVE_TABLES.some((table) => engines.get(table) !== 'innodb')
  }

  /** A counter without its row would give no numbers; the native installation adds it in a second step. */
  #fillCounters(): void {
    const layouts = Object.values(PROPERTY_LAYOUTS)
    const counts = layouts.map((layout) => `(SELECT count(*) FROM ${counterOf(layout)})`)
    const [row = []] = this.all(`SELECT ${counts.join(', ')}`)
    layouts.forEach((layout, i) => {
      if (Number(row[i]) > 0) return
      this.run(`INSERT INTO ${counterOf(layout)} (id) SELECT coalesce(max(id), 0) FROM ${layout.history}`)
    })
  }
}

/** Lets the other transaction come to its end. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
