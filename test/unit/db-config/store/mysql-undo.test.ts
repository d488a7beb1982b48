// Statements that take back writes.
import assert from 'node:assert/strict'
import type { StatementResult } from '../../../../db-config/store/mysql-protocol.ts'
import { reversalOf } from '../../../../db-config/store/mysql-undo.ts'

const DONE: StatementResult = { kind: 'done', affected: 1, insertId: 0 }

function rows(...found: (string | number | null)[][]): StatementResult {
  return { kind: 'rows', columns: found[0]?.length ?? 0, rows: found }
}

describe('reversalOf', () => {
  it('brings deleted rows back', () => {
    const reversal = reversalOf({
      text: 'DELETE FROM property WHERE object = ? AND name = ?',
      parameters: ["it's", 'p'],
    })
    assert.equal(reversal?.image, "SELECT * FROM property WHERE object = 'it\\'s' AND name = 'p'")
    assert.deepEqual(reversal?.undo(rows(['o', 1, null], ['o', 2, "'"]), DONE), [
      "INSERT INTO property VALUES ('o', 1, NULL), ('o', 2, '\\'')",
    ])
    assert.deepEqual(reversal?.undo(rows(), DONE), [])
  })

  it('removes inserted rows one by one, whatever time they got', () => {
    const reversal = reversalOf({
      text: 'INSERT INTO property (object, name, count, updated) VALUES (?, ?, 0, ?), (?, ?, 0, ?)',
      parameters: ['o', 'p', { expression: 'NOW()' }, 'o', null, { expression: 'NOW()' }],
    })
    assert.equal(reversal?.image, undefined)
    assert.deepEqual(reversal?.undo(undefined, DONE), [
      "DELETE FROM property WHERE object <=> 'o' AND name <=> 'p' AND count <=> 0 LIMIT 1",
      "DELETE FROM property WHERE object <=> 'o' AND name <=> NULL AND count <=> 0 LIMIT 1",
    ])
  })

  it('finds an updated row also under its new name', () => {
    const reversal = reversalOf({
      text: 'UPDATE device SET exported = 0, server = ?, class = ? WHERE server = ?',
      parameters: ['new', 'C', 'old'],
    })
    const touched = "server = 'old' OR server = 'new'"
    assert.equal(reversal?.image, `SELECT * FROM device WHERE ${touched}`)
    assert.deepEqual(reversal?.undo(rows(['a']), DONE), [
      `DELETE FROM device WHERE ${touched}`,
      "INSERT INTO device VALUES ('a')",
    ])
  })

  it('leaves the columns of an update out of the condition that it does not change', () => {
    const reversal = reversalOf({ text: 'UPDATE device SET alias = ? WHERE name = ?', parameters: ['x', 'a/b/c'] })
    assert.equal(reversal?.image, "SELECT * FROM device WHERE name = 'a/b/c'")
  })

  it('forgets the history that was noted under new numbers', () => {
    const reversal = reversalOf({ text: 'UPDATE device_history_id SET id = LAST_INSERT_ID(id + 3)', parameters: [] })
    assert.deepEqual(reversal?.undo(undefined, { kind: 'done', affected: 1, insertId: 12 }), [
      'DELETE FROM property_device_hist WHERE id BETWEEN 10 AND 12',
    ])
    const noted = { text: 'INSERT INTO property_device_hist (id, name) VALUES (?, ?)', parameters: [1, 'p'] }
    assert.equal(reversalOf(noted), undefined)
  })

  it('has nothing to do for what changes no table', () => {
    assert.equal(reversalOf({ text: 'SELECT 1 FROM device', parameters: [] }), undefined)
    assert.equal(reversalOf({ text: 'SET @oldest = 1', parameters: [] }), undefined)
  })

  it('refuses a write of a shape that it does not know', () => {
    assert.throws(
      () => reversalOf({ text: 'DELETE device FROM device JOIN x', parameters: [] }),
      /no reversal is known/,
    )
  })
})
