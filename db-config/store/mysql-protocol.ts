// What the store and the worker that holds its connection say to each other.

import type { MysqlAddress } from './mysql-address.ts'
import type { Cell } from './sql.ts'

/**
 * What to do about a lost connection. `retry`: the statements may be sent twice. `fresh`: a new connection may be
 * made before they are sent, not after. `within`: they belong to a transaction of this connection and to no other.
 */
export type BatchMode = 'retry' | 'fresh' | 'within'

/** A wish of the store. `link` names the connection. */
export type LinkRequest =
  | { readonly kind: 'open'; readonly link: number; readonly address: MysqlAddress; readonly deadlineMs: number }
  | { readonly kind: 'batch'; readonly link: number; readonly text: string; readonly mode: BatchMode }
  | { readonly kind: 'close'; readonly link: number }

/** Outcome of one statement as it crosses the threads: cells row by row, because many small lists cost much more. */
export type WireResult =
  | { readonly kind: 'rows'; readonly columns: number; readonly cells: readonly Cell[] }
  | Exclude<StatementResult, { readonly kind: 'rows' }>

/** Outcome of one statement. */
export type StatementResult =
  | { readonly kind: 'rows'; readonly columns: number; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'done'; readonly affected: number; readonly insertId: number }

/**
 * Why a batch ended early. `refused`: the server rejects the login or the schema; `unreachable`: there is no connection;
 * `silent`: no answer within the deadline; `lost`: the connection ended while statements were under way; `sql`: the
 * server rejects a statement.
 */
export interface LinkFailure {
  readonly kind: 'refused' | 'unreachable' | 'silent' | 'lost' | 'sql'
  readonly text: string
  /** Number of the server's error, 0 for others. */
  readonly errno: number
}

/** Results of the statements that were executed, and what stopped the others. */
export interface LinkReply<Result = StatementResult> {
  readonly results: readonly Result[]
  readonly failure?: LinkFailure
}
