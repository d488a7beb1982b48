// What MariaDB and MySQL say differently from other engines, over the native tables.

import { PROPERTY_LAYOUTS, type PropertyLayout } from './schema.ts'
import { type Dialect, HISTORY_DEPTH, type Parameter } from './sql.ts'

/** One table with one row per history: the last number taken. */
export function counterOf({ owner, member }: Pick<PropertyLayout, 'owner' | 'member'>): string {
  return member === undefined ? `${owner}_history_id` : `${owner}_${member}_history_id`
}

/** Tables that this program reads or writes. */
export const NATIVE_TABLES: readonly string[] = [
  ...['device', 'server', 'attribute_alias', 'event', 'access_address', 'access_device'],
  ...Object.values(PROPERTY_LAYOUTS).flatMap((layout) => [layout.table, layout.history, counterOf(layout)]),
]

/** MariaDB and MySQL. Names compare by the collation of the schema, which ignores case in a native one. */
export const MYSQL: Dialect = {
  order: (column) => column,
  // the clock of the database, which all servers of a schema share
  stamp: () => ({ expression: 'NOW()' }),
  asked(names) {
    const [first, ...rest] = names.map((_, i) => `SELECT ${i}${i === 0 ? ' AS k, ? AS v' : ', ?'}`)
    return { sql: `(${[first, ...rest].join(' UNION ALL ')}) asked`, parameters: names }
  },
  takeIds(sql, layout, count) {
    sql.write(`UPDATE ${counterOf(layout)} SET id = LAST_INSERT_ID(id + ${count})`)
    return Array.from({ length: count }, (_, i): Parameter => ({ expression: `LAST_INSERT_ID() - ${count - 1 - i}` }))
  },
  forgetOldest(sql, { history }, { where, parameters }) {
    // in two steps: older servers do not delete from a table that the condition reads
    sql.write(
      `SET @oldest = (SELECT DISTINCT id FROM ${history} WHERE ${where} ORDER BY id DESC LIMIT ${HISTORY_DEPTH - 1}, 1)`,
      ...parameters,
    )
    sql.write(`DELETE FROM ${history} WHERE ${where} AND id < @oldest`, ...parameters)
  },
}
