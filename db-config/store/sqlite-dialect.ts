// What SQLite says differently from other engines.

import { type Dialect, HISTORY_DEPTH, timestamp } from './sql.ts'

/** SQLite, with one owner of the file. */
export const SQLITE: Dialect = {
  order: (column) => `upper(${column})`,
  stamp: (sql) => timestamp(sql.now()),
  asked: (names) => ({
    sql: '(SELECT key AS k, value AS v FROM json_each(?)) asked',
    parameters: [JSON.stringify(names)],
  }),
  takeIds(sql, { history }, count) {
    const [[last] = []] = sql.all(`SELECT max(id) FROM ${history}`)
    return Array.from({ length: count }, (_, i) => Number(last ?? 0) + 1 + i)
  },
  forgetOldest(sql, { history }, { where, parameters }) {
    sql.write(
      `DELETE FROM ${history} WHERE ${where} AND id NOT IN
         (SELECT DISTINCT id FROM ${history} WHERE ${where} ORDER BY id DESC LIMIT ${HISTORY_DEPTH})`,
      ...parameters,
      ...parameters,
    )
  },
}
