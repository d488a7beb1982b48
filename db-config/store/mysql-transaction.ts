// One transaction over MariaDB or MySQL. Writes wait until something must be known or the transaction ends, so that
// most commands are one message. With tables that have no transactions (MyISAM, as a native installation creates them)
// it locks the tables and takes its writes back itself.

import { NATIVE_TABLES } from './mysql-dialect.ts'
import { filled } from './mysql-format.ts'
import type { MysqlLink } from './mysql-link.ts'
import type { LinkFailure, StatementResult } from './mysql-protocol.ts'
import { type Reversal, reversalOf, type Statement } from './mysql-undo.ts'

/** Waiting statements are sent when they are longer than this; a server takes at least 1 MB in one message. */
const MAX_WAITING = 256 * 1024

/** ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, and Galera's refusal of a commit: the same work may succeed the next time. */
const CONFLICTS = new Set([1205, 1213, 1020])

/** A failed exchange with the database. */
export class LinkError extends Error {
  readonly failure: LinkFailure
  /** Statement without values, where one is to blame. */
  readonly statement: string | undefined
  /** Whether the end of a transaction was under way: nobody knows whether it was reached. */
  readonly ending: boolean

  constructor(failure: LinkFailure, statement?: string, ending = false) {
    super(failure.text)
    this.failure = failure
    this.statement = statement
    this.ending = ending
  }
}

/** What a server and its tables can do. */
export interface Abilities {
  /** A table has no transactions: locks are taken in their place. */
  readonly locking: boolean
  /** DELETE can return the rows. */
  readonly returning: boolean
}

interface Item {
  readonly text: string
  readonly statement?: Statement
  readonly reversal?: Reversal | undefined
}

/** Ends with one call of `commit` or `rollback`. */
export class MysqlTransaction {
  readonly #link: Pick<MysqlLink, 'batch'>
  readonly #locking: boolean
  readonly #returning: boolean
  #waiting: Statement[] = []
  #size = 0
  #begun = false
  #broken: LinkError | undefined
  /** What takes the writes back, the last one first. */
  readonly #undo: (readonly string[])[] = []

  constructor(link: Pick<MysqlLink, 'batch'>, { locking, returning }: Abilities) {
    this.#link = link
    this.#locking = locking
    this.#returning = returning
  }

  /** Whether it failed because of somebody else's transaction. */
  get conflict(): boolean {
    return this.#broken !== undefined && CONFLICTS.has(this.#broken.failure.errno)
  }

  /** @throws LinkError of this or an earlier statement */
  write(statement: Statement): void {
    this.#check()
    this.#waiting.push(statement)
    this.#size += statement.text.length
    for (const value of statement.parameters) this.#size += typeof value === 'string' ? value.length : 8
    if (this.#size > MAX_WAITING) this.#send()
  }

  /** @throws LinkError of this or an earlier statement */
  ask(statement: Statement): StatementResult {
    this.#check()
    this.#waiting.push(statement)
    return this.#send()
  }

  /** @throws LinkError of this or an earlier statement */
  commit(): void {
    this.#check()
    if (this.#begun || this.#waiting.length > 0) this.#send({ end: true })
  }

  /** @throws LinkError when something could not be taken back */
  rollback(): void {
    if (!this.#begun) return
    const connected = this.#broken === undefined || this.#broken.failure.kind === 'sql'
    if (!this.#locking) {
      // a lost connection takes its transaction with it
      if (connected) this.#link.batch('ROLLBACK', 'within')
      return
    }
    const undo = this.#undo.flat()
    if (!connected && undo.length === 0) return
    const lock = connected ? [] : [lockText(NATIVE_TABLES)]
    const text = [...lock, ...undo, 'UNLOCK TABLES'].join(';\n')
    const { failure } = this.#link.batch(text, connected ? 'within' : 'fresh')
    if (failure === undefined) return
    this.#link.batch('UNLOCK TABLES', 'within')
    throw new LinkError({ ...failure, text: `a failed change could not be taken back: ${failure.text}` })
  }

  #check(): void {
    if (this.#broken !== undefined) throw this.#broken
  }

  /** Sends what waits; returns the result of the last statement. */
  #send({ end = false } = {}): StatementResult {
    const statements = this.#waiting
    const items = [...(this.#begun ? [] : this.#beginning(statements, end)), ...statements.flatMap(this.#items)]
    if (end) items.push({ text: this.#locking ? 'UNLOCK TABLES' : 'COMMIT' })
    const writes = statements.some(({ text }) => !text.startsWith('SELECT'))
    const mode = this.#begun ? 'within' : writes ? 'fresh' : 'retry'
    this.#begun = true
    this.#waiting = []
    this.#size = 0
    const { results, failure } = this.#link.batch(items.map(({ text }) => text).join(';\n'), mode)
    if (this.#locking) this.#noteUndo(items, results)
    if (failure !== undefined) {
      this.#broken = new LinkError(
        failure,
        items[results.length]?.statement?.text,
        end && failure.kind !== 'unreachable',
      )
      throw this.#broken
    }
    return results.at(-1) ?? { kind: 'done', affected: 0, insertId: 0 }
  }

  #beginning(statements: readonly Statement[], complete: boolean): Item[] {
    if (!this.#locking) return [{ text: 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE' }, { text: 'START TRANSACTION' }]
    // while more statements may come, nobody knows their tables
    return [{ text: lockText(complete ? tablesOf(statements) : NATIVE_TABLES) }]
  }

  readonly #items = (statement: Statement): readonly Item[] => {
    const text = filled(statement.text, statement.parameters)
    const reversal = this.#locking ? reversalOf(statement) : undefined
    if (reversal?.image === undefined) return [{ text, statement, reversal }]
    if (this.#returning && reversal.returns) return [{ text: `${text} RETURNING *`, statement, reversal }]
    return [{ text: reversal.image }, { text, statement, reversal }]
  }

  #noteUndo(items: readonly Item[], results: readonly StatementResult[]): void {
    items.forEach(({ reversal }, i) => {
      const written = results[i]
      if (reversal === undefined || written === undefined) return
      // the rows come with the write or right before it
      const image = this.#returning && reversal.returns ? written : results[i - 1]
      this.#undo.unshift(reversal.undo(reversal.image === undefined ? undefined : image, written))
    })
  }
}

function lockText(tables: readonly string[]): string {
  return `LOCK TABLES ${tables.map((table) => `${table} WRITE`).join(', ')}`
}

function tablesOf(statements: readonly Statement[]): readonly string[] {
  const named = statements.flatMap(({ text }) => [...text.matchAll(/\b(?:FROM|INTO|UPDATE|JOIN)\s+(\w+)/g)])
  const tables = new Set(named.map(([, table]) => table))
  return NATIVE_TABLES.filter((table) => tables.has(table))
}
