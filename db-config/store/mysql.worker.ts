// Thread that holds the connections to MariaDB or MySQL and executes statements for the store, which waits. The only
// user of mysql2. Makes a lost connection again; every wait has the deadline of the link.

import { type Connection, createConnection } from 'mysql2'
import { runAsWorker } from 'synckit'
import type { MysqlAddress } from './mysql-address.ts'
import type { BatchMode, LinkFailure, LinkReply, LinkRequest, WireResult } from './mysql-protocol.ts'
import type { Cell } from './sql.ts'

type Reply = LinkReply<WireResult>

/** A connection that was quiet for longer is asked whether it lives before it gets what must not be sent twice, ms. */
const QUIET_MS = 1000

/** A database that has not answered is left alone for this time, so that not every client waits for it in turn, ms. */
const REST_MS = 1000

/** Strict as the server's default; without ANSI quotes and without NO_BACKSLASH_ESCAPES. Locks are waited for shortly. */
const SESSION = `SET SESSION sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION', lock_wait_timeout = 1, innodb_lock_wait_timeout = 1`

/** ER_DBACCESS_DENIED_ERROR, ER_ACCESS_DENIED_ERROR, ER_BAD_DB_ERROR, and denial without password or by host. */
const REFUSALS = new Set([1044, 1045, 1049, 1130, 1698])

const links = new Map<number, Link>()

runAsWorker(async (request: LinkRequest): Promise<Reply> => {
  if (request.kind === 'open') links.set(request.link, new Link(request.address, request.deadlineMs))
  const link = links.get(request.link)
  if (request.kind === 'batch') return link === undefined ? failed('lost', 'closed') : link.batch(request)
  if (request.kind === 'open') return link === undefined ? { results: [] } : link.open()
  links.delete(request.link)
  link?.close()
  return { results: [] }
})

class Link {
  readonly #address: MysqlAddress
  readonly #deadlineMs: number
  /** The one that may be used. */
  #connection: Connection | undefined
  /** The one that was made last, perhaps not ready yet. */
  #newest: Connection | undefined
  #used = 0
  /** Until when nobody is asked, after a silence. */
  #restsUntil = 0
  /** Ends the wait for a reply that cannot come any more. */
  #lost: ((error: unknown) => void) | undefined

  constructor(address: MysqlAddress, deadlineMs: number) {
    this.#address = address
    this.#deadlineMs = deadlineMs
  }

  async open(): Promise<Reply> {
    const failure = await this.#connect(performance.now() + this.#deadlineMs)
    return failure === undefined ? { results: [] } : { results: [], failure }
  }

  async batch({ text, mode }: { readonly text: string; readonly mode: BatchMode }): Promise<Reply> {
    const deadline = performance.now() + this.#deadlineMs
    if (performance.now() < this.#restsUntil) return failed('silent', 'no answer')
    if (mode === 'fresh' && this.#connection !== undefined && performance.now() - this.#used > QUIET_MS) {
      await this.#execute('DO 0', deadline)
    }
    for (let again = mode === 'retry'; ; again = false) {
      if (this.#connection === undefined) {
        if (mode === 'within') return failed('lost', 'the connection ended')
        const failure = await this.#connect(deadline)
        if (failure !== undefined) return { results: [], failure }
      }
      const reply = await this.#execute(text, deadline)
      this.#used = performance.now()
      if (reply.failure?.kind !== 'lost' || !again) return reply
    }
  }

  close(): void {
    // says goodbye; the server ends the connection
    this.#connection?.end()
    this.#connection = undefined
  }

  async #connect(deadline: number): Promise<LinkFailure | undefined> {
    const { host, port, socket, user, password, schema, charset } = this.#address
    const connection = createConnection({
      ...(socket === undefined ? { host, port } : { socketPath: socket }),
      user,
      ...(password === undefined ? {} : { password }),
      database: schema,
      charset: charset === 'utf8' ? 'UTF8MB4_GENERAL_CI' : 'LATIN1_SWEDISH_CI',
      multipleStatements: true,
      dateStrings: true,
      supportBigNumbers: true,
      flags: ['-LOCAL_FILES'],
      // the wait below has the deadline
      connectTimeout: 0,
    })
    this.#newest = connection
    const gone = (error: unknown): void => {
      if (this.#newest !== connection) return
      this.#connection = undefined
      this.#lost?.(error)
    }
    connection.on('error', gone)
    connection.on('end', () => gone(new Error('the server has closed the connection')))
    const outcome = await this.#waited(deadline, (resolve) => {
      connection.once('connect', () => resolve(undefined))
    })
    const failure = outcome ?? (await this.#prepare(connection, deadline))
    if (failure === undefined) return undefined
    this.#connection = undefined
    connection.destroy()
    // a server that ends a login without a word is not there
    return failure.kind === 'lost' ? { ...failure, kind: 'unreachable' } : failure
  }

  async #prepare(connection: Connection, deadline: number): Promise<LinkFailure | undefined> {
    this.#connection = connection
    return (await this.#execute(SESSION, deadline)).failure
  }

  async #execute(text: string, deadline: number): Promise<Reply> {
    const connection = this.#connection
    if (connection === undefined) return failed('lost', 'the connection ended')
    const utf8 = this.#address.charset === 'utf8'
    const sql = utf8 ? fromBytes(text) : text
    if (sql === undefined) return failed('sql', 'a text is not UTF-8, which the address of the database asks for')
    const results: WireResult[] = []
    let cells: Cell[] = []
    const failure = await this.#waited(deadline, (resolve) => {
      // events instead of a callback: of several statements the results before an error are wanted too
      const query = connection.query({ sql, rowsAsArray: true })
      query.on('fields', (fields: readonly unknown[] | undefined) => {
        if (fields === undefined) return
        cells = []
        results.push({ kind: 'rows', columns: fields.length, cells })
      })
      query.on('result', (result: readonly Cell[] | { affectedRows: number; insertId: number }) => {
        if (isRow(result)) for (const cell of result) cells.push(utf8 ? toBytes(cell) : cell)
        else results.push({ kind: 'done', affected: result.affectedRows, insertId: result.insertId })
      })
      query.on('error', (error: unknown) => resolve(failureOf(error)))
      query.on('end', () => resolve(undefined))
    })
    if (failure === undefined) return { results }
    if (failure.kind === 'sql') return { results, failure }
    if (failure.kind === 'silent') this.#restsUntil = performance.now() + REST_MS
    // a late reply would be taken for the next one's
    this.#connection = undefined
    connection.destroy()
    return { results, failure }
  }

  /** Waits for one outcome, the end of the connection, or the deadline. */
  #waited(
    deadline: number,
    start: (resolve: (failure: LinkFailure | undefined) => void) => void,
  ): Promise<LinkFailure | undefined> {
    return new Promise((resolve) => {
      const settle = (failure: LinkFailure | undefined): void => {
        clearTimeout(timer)
        this.#lost = undefined
        resolve(failure)
      }
      const leftMs = Math.max(0, deadline - performance.now())
      const timer = setTimeout(() => settle({ kind: 'silent', text: 'no answer', errno: 0 }), leftMs)
      this.#lost = (error) => settle(failureOf(error))
      start(settle)
    })
  }
}

function isRow(result: readonly Cell[] | { affectedRows: number; insertId: number }): result is readonly Cell[] {
  return Array.isArray(result)
}

const ASCII = /^[\x20-\x7e\s]*$/

/** Bytes, one character each, as the text that they are in UTF-8; `undefined` when they are none. */
function fromBytes(bytes: string): string | undefined {
  if (ASCII.test(bytes)) return bytes
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'))
  } catch {
    return undefined
  }
}

function toBytes(cell: Cell): Cell {
  return typeof cell !== 'string' || ASCII.test(cell) ? cell : Buffer.from(cell, 'utf8').toString('latin1')
}

function failureOf(error: unknown): LinkFailure {
  const text = error instanceof Error ? error.message : String(error)
  const { errno, code, sqlState } = Object(error) as { errno?: unknown; code?: unknown; sqlState?: unknown }
  const number = typeof errno === 'number' ? errno : 0
  if (typeof sqlState === 'string' && number > 0) {
    // the server shuts down, or somebody has killed this connection
    if (number === 1053 || number === 1927) return { kind: 'lost', text, errno: number }
    return { kind: REFUSALS.has(number) ? 'refused' : 'sql', text, errno: number }
  }
  const unreachable = typeof code === 'string' && /^(ECONNREFUSED|ENOTFOUND|EAI_|ENOENT|EHOST|ENET|EACCES)/.test(code)
  return { kind: unreachable ? 'unreachable' : 'lost', text, errno: 0 }
}

function failed(kind: LinkFailure['kind'], text: string): Reply {
  return { results: [], failure: { kind, text, errno: 0 } }
}
