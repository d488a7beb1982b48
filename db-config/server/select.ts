// DbMySqlSelect: one SELECT over the native tables, as graphical clients send it for their trees.

import { DevFailed, devFailed, type LongStringArray } from '#tango/pure'
import type { Selection, Store } from '../store/store.ts'
import { longStrings, origin, wrongArguments } from './handlers.ts'

const COMMAND = 'db_my_sql_select'

/** Handler over a store: cells row by row; a flag per cell (0 is NULL), numbers of rows and columns. */
export function selectCommand(store: Store): (query: string) => LongStringArray {
  return (query) => {
    // also within a text, as in the native database: one semicolon, and nothing after it
    const semicolon = query.indexOf(';')
    if (semicolon !== -1 && semicolon < query.length - 1) {
      throw wrongArguments(`only one statement is allowed, without a semicolon: '${query}'`, COMMAND)
    }
    const { columns, rows } = select(store, query)
    const cells = rows.flat()
    return longStrings(
      [...cells.map((cell) => (cell === undefined ? 0 : 1)), rows.length, columns],
      cells.map((cell) => cell ?? ''),
    )
  }
}

function select(store: Store, query: string): Selection {
  try {
    return store.select(query)
  } catch (error) {
    if (!(error instanceof DevFailed)) throw error
    throw devFailed('DB_SQLError', error.errors[0]?.desc ?? error.message, { origin: origin(COMMAND) })
  }
}
