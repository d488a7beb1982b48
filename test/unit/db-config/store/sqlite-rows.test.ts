// Rows read as one JSON text are what the binding would give row by row.
import assert from 'node:assert/strict'
import Database from 'libsql'
import { asJson, rowsOf } from '../../../../db-config/store/sqlite-rows.ts'

describe('asJson', () => {
  let db: Database.Database

  beforeEach(() => {
    db = new Database(':memory:')
    db.exec('CREATE TABLE t (name TEXT COLLATE NOCASE, value TEXT, n INTEGER)')
  })

  afterEach(() => {
    db.close()
  })

  const read = (text: string, ...parameters: readonly unknown[]): unknown => {
    const columns = db.prepare(text).columns().length
    return rowsOf(
      db
        .prepare<unknown[]>(asJson(text, columns))
        .raw()
        .get(...parameters),
    )
  }

  it('keeps order, NULL, numbers, and any text', () => {
    const odd = ['', ' ', '"\\\'', 'a\nb\r\t', '\u0001\u001b', '\u00e9\u00ff\u0080', '{"x":[1]}', '\u{1f600}', 'null']
    const insert = db.prepare('INSERT INTO t VALUES (?, ?, ?)')
    for (const [i, value] of odd.entries()) insert.run(`n${i}`, value, i)
    insert.run('zz', null, null)
    const text = 'SELECT name, value, n, n / 2.0 FROM t ORDER BY name DESC'
    assert.deepEqual(read(text), db.prepare(text).raw().all())
    assert.deepEqual(read('SELECT value FROM t WHERE name = ?', 'N2'), [[odd[2]]])
  })

  it('gives no rows for none', () => {
    assert.deepEqual(read('SELECT name FROM t'), [])
    assert.deepEqual(read('SELECT count(*), max(n) FROM t'), [[0, null]])
  })

  it('takes columns of one name, a comment at the end, limits, and a query in the query', () => {
    db.exec("INSERT INTO t VALUES ('b', 'x', 1), ('a', 'y', 2), ('c', 'z', 3)")
    assert.deepEqual(read('SELECT n, n FROM t ORDER BY name -- all of them'), [
      [2, 2],
      [1, 1],
      [3, 3],
    ])
    assert.deepEqual(read('SELECT name FROM t ORDER BY upper(name) LIMIT 1 OFFSET 1'), [['b']])
    assert.deepEqual(read('SELECT DISTINCT value FROM t WHERE n IN (SELECT max(n) FROM t) UNION SELECT 1'), [
      [1],
      ['z'],
    ])
  })
})
