// Taking back writes where the engine cannot: the tables of a native installation are MyISAM, which has no
// transactions. Before a write its rows are read, in the same message and under the same lock; from them come the
// statements that restore them.

import { counterOf } from './mysql-dialect.ts'
import { filled, literal } from './mysql-format.ts'
import type { StatementResult } from './mysql-protocol.ts'
import { PROPERTY_LAYOUTS } from './schema.ts'
import type { Parameter } from './sql.ts'

/** Rows of one INSERT that restores. */
const INSERT_ROWS = 100

/** A statement of the tables with its values. */
export interface Statement {
  readonly text: string
  readonly parameters: readonly Parameter[]
}

/** How one write is taken back. */
export interface Reversal {
  /** Reads what the write will change; executed before it. Absent for a write that only adds. */
  readonly image: string | undefined
  /** The write can return the rows itself, where the server knows `RETURNING`. */
  readonly returns?: true
  /** Statements that restore, in order, from the results of image and write. */
  undo(image: StatementResult | undefined, written: StatementResult): readonly string[]
}

const HISTORY_OF_COUNTER: ReadonlyMap<string, string> = new Map(
  Object.values(PROPERTY_LAYOUTS).map((layout) => [counterOf(layout), layout.history]),
)

const HISTORIES: ReadonlySet<string> = new Set(HISTORY_OF_COUNTER.values())

/** @returns `undefined` for a statement that changes no table */
export function reversalOf(statement: Statement): Reversal | undefined {
  const { text } = statement
  if (text.startsWith('DELETE')) return ofDelete(statement)
  if (text.startsWith('INSERT')) return ofInsert(statement)
  if (text.startsWith('UPDATE')) return ofUpdate(statement)
  return undefined
}

function ofDelete({ text, parameters }: Statement): Reversal {
  const [, table = '', where = ''] = matched(/^DELETE FROM (\w+) WHERE ([\s\S]+)$/, text)
  return {
    image: `SELECT * FROM ${table} WHERE ${filled(where, parameters)}`,
    returns: true,
    undo: (image) => restored(table, image),
  }
}

function ofInsert({ text, parameters }: Statement): Reversal | undefined {
  const [, table = '', names = ''] = matched(/^INSERT INTO (\w+) \(([^)]*)\)\s+VALUES/, text)
  // goes with its number, see the counters below
  if (HISTORIES.has(table)) return undefined
  const columns = names.split(',').map((name) => name.trim())
  const rows = rowsOf(text, parameters)
  return {
    image: undefined,
    undo: () =>
      rows.map((row) => {
        const same = row.flatMap((value, i) => (value === undefined ? [] : `${columns[i]} <=> ${literal(value)}`))
        return `DELETE FROM ${table} WHERE ${same.join(' AND ')} LIMIT 1`
      }),
  }
}

/** Values of the rows of an INSERT, `undefined` where the server computes them. */
function rowsOf(text: string, parameters: readonly Parameter[]): readonly (readonly (Parameter | undefined)[])[] {
  const [, lists = ''] = matched(/\)\s+VALUES ([\s\S]+)$/, text)
  let next = 0
  return [...lists.matchAll(/\(([^)]*)\)/g)].map(([, list = '']) =>
    list.split(',').map((item) => {
      const word = item.trim()
      if (word !== '?') return { expression: word }
      const value = parameters[next] ?? null
      next += 1
      return typeof value === 'object' && value !== null ? undefined : value
    }),
  )
}

function ofUpdate({ text, parameters }: Statement): Reversal {
  const counter = /^UPDATE (\w+_history_id) SET id = LAST_INSERT_ID\(id \+ (\d+)\)$/.exec(text)
  if (counter !== null) return ofCounter(counter[1] ?? '', Number(counter[2]))
  const [, table = '', changes = '', where = ''] = matched(/^UPDATE (\w+) SET ([\s\S]+?) WHERE ([\s\S]+)$/, text)
  const assignments = changes.split(',').map((change) => change.trim())
  const marks = assignments.filter((change) => change.endsWith('?')).length
  const selected = filled(where, parameters.slice(marks))
  // a row that changes its name is found under both
  const column = /^(\w+) = \?$/.exec(where)?.[1]
  const at = assignments.filter((change) => change.endsWith('?')).indexOf(`${column} = ?`)
  const touched = at < 0 ? selected : `${selected} OR ${column} = ${literal(parameters[at] ?? null)}`
  return {
    image: `SELECT * FROM ${table} WHERE ${touched}`,
    undo: (image) => [`DELETE FROM ${table} WHERE ${touched}`, ...restored(table, image)],
  }
}

/** Numbers stay taken; what was noted under them goes. */
function ofCounter(counter: string, count: number): Reversal {
  const history = HISTORY_OF_COUNTER.get(counter)
  return {
    image: undefined,
    undo(_, written) {
      if (written.kind !== 'done' || history === undefined) return []
      const last = written.insertId
      return [`DELETE FROM ${history} WHERE id BETWEEN ${last - count + 1} AND ${last}`]
    },
  }
}

function restored(table: string, image: StatementResult | undefined): readonly string[] {
  const rows = image?.kind === 'rows' ? image.rows.map((row) => `(${row.map(literal).join(', ')})`) : []
  return Array.from(
    { length: Math.ceil(rows.length / INSERT_ROWS) },
    (_, i) => `INSERT INTO ${table} VALUES ${rows.slice(i * INSERT_ROWS, (i + 1) * INSERT_ROWS).join(', ')}`,
  )
}

function matched(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text)
  if (match === null) throw new Error(`unreachable: no reversal is known for: ${text}`)
  return match
}
