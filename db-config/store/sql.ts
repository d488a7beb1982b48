// The few calls that the tables make of an SQL engine. Implemented by sqlite-store.ts and mysql-store.ts.

import type { PropertyLayout } from './schema.ts'

/** Changes remembered per property, as in a native database. */
export const HISTORY_DEPTH = 10

/** Value of one cell. */
export type Cell = string | number | null

/** A value that the engine computes; only where its dialect says so. */
export interface Expression {
  readonly expression: string
}

/** What may stand for a `?`. */
export type Parameter = Cell | Expression

/** A query with its values. */
export interface Query {
  readonly text: string
  readonly parameters: readonly Parameter[]
}

/** An open database. */
export interface Sql {
  readonly dialect: Dialect
  /** Rows of a query, cells in column order. */
  all(text: string, ...parameters: readonly Parameter[]): readonly (readonly Cell[])[]
  /** Several queries in one message; absent where a query is no message. */
  many?(queries: readonly Query[]): readonly (readonly (readonly Cell[])[])[]
  /** Executes a statement and returns the number of changed rows. */
  run(text: string, ...parameters: readonly Parameter[]): number
  /** Executes a statement of which nobody wants the result: it may wait for the next one, but not beyond its transaction. */
  write(text: string, ...parameters: readonly Parameter[]): void
  /** All or nothing, see `Store`. */
  transaction<T>(work: () => T): T
  /** The present, seconds since 1970. */
  now(): number
}

/** A part of a FROM clause with its parameters. */
export interface Source {
  readonly sql: string
  readonly parameters: readonly Parameter[]
}

/** One property of one place in the history: a condition over the columns that name it. */
export interface Remembered {
  readonly where: string
  readonly parameters: readonly Parameter[]
}

/** Where the statements of the engines differ; the tables are the same classes over all. */
export interface Dialect {
  /** What to order a column of names by, so that upper and lower case are equal and an underscore follows the letters. */
  order(column: string): string
  /** The present as the value of a time column. */
  stamp(sql: Sql): Parameter
  /** A table `asked` with columns `k` (0, 1 ...) and `v` (the names). */
  asked(names: readonly string[]): Source
  /** Takes that many new numbers of a history; nobody else gets them. */
  takeIds(sql: Sql, layout: PropertyLayout, count: number): readonly Parameter[]
  /** Forgets all but the last {@link HISTORY_DEPTH} changes of one property. */
  forgetOldest(sql: Sql, layout: PropertyLayout, property: Remembered): void
}

/** Rows of each of several queries. */
export function allOfMany(sql: Sql, queries: readonly Query[]): readonly (readonly (readonly Cell[])[])[] {
  if (sql.many !== undefined && queries.length > 1) return sql.many(queries)
  return queries.map(({ text, parameters }) => sql.all(text, ...parameters))
}

/** A cell as text; NULL is the empty text. */
export function text(cell: Cell | undefined): string {
  return cell === null || cell === undefined ? '' : String(cell)
}

/** A cell as text, NULL as `undefined`. */
export function maybeText(cell: Cell | undefined): string | undefined {
  return cell === null || cell === undefined ? undefined : String(cell)
}

/** A cell as number, NULL as `undefined`. */
export function maybeNumber(cell: Cell | undefined): number | undefined {
  return cell === null || cell === undefined ? undefined : Number(cell)
}

/** Local time as the native database writes it: `2026-11-20 08:20:28`. */
export function timestamp(seconds: number): string {
  const date = new Date(seconds * 1000)
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}
