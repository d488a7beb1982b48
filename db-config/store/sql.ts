// The few calls that the tables make of an SQL engine. Implemented by sqlite-store.ts alone.

/** Value of one cell. */
export type Cell = string | number | null

/** An open database. */
export interface Sql {
  /** Rows of a query, cells in column order. */
  all(text: string, ...parameters: readonly Cell[]): readonly (readonly Cell[])[]
  /** Executes a statement and returns the number of changed rows. */
  run(text: string, ...parameters: readonly Cell[]): number
  /** The present, seconds since 1970. */
  now(): number
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
