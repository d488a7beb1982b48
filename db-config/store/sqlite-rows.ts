// Reads all rows of a query at once: as one JSON text that the engine makes, which costs a fraction of fetching rows one
// by one through the binding.

import type { Cell } from './sql.ts'

/** A query whose only cell holds the rows of another one, in their order. */
export function asJson(text: string, columns: number): string {
  const names = Array.from({ length: columns }, (_, i) => `c${i}`).join(', ')
  // the text may end with a comment
  return `WITH q(${names}) AS (${text}\n) SELECT json_group_array(json_array(${names})) FROM q`
}

/** Rows from the answer to such a query. */
export function rowsOf(answer: unknown): readonly (readonly Cell[])[] {
  const text: unknown = Array.isArray(answer) ? answer[0] : undefined
  if (typeof text !== 'string') throw new Error('unreachable: the engine made no JSON of its rows')
  // made by asJson of texts, numbers and NULLs
  return JSON.parse(text) as readonly (readonly Cell[])[]
}
