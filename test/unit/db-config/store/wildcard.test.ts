// Tango patterns as SQL conditions.
import assert from 'node:assert/strict'
import { all, either, fits } from '../../../../db-config/store/wildcard.ts'

describe('fits', () => {
  it('compares a name as a name, so that an index can serve it', () => {
    assert.deepEqual(fits('name', 'a/b_c/1%'), { sql: 'name = ?', parameters: ['a/b_c/1%'] })
  })

  it('turns * into any text and escapes what LIKE would take as a wildcard', () => {
    assert.deepEqual(fits('name', 'a_b%|\\*'), { sql: "name LIKE ? ESCAPE '|'", parameters: ['a|_b|%||\\%'] })
  })

  it('takes everything but NULL for a bare *', () => {
    assert.deepEqual(fits('alias', '*'), { sql: 'alias IS NOT NULL', parameters: [] })
  })
})

describe('all and either', () => {
  it('join conditions with their parameters in order', () => {
    assert.deepEqual(all([either(fits('a', '1'), fits('b', '2')), fits('c', '3')]), {
      sql: '(a = ? OR b = ?) AND (c = ?)',
      parameters: ['1', '2', '3'],
    })
  })

  it('are true without conditions', () => {
    assert.deepEqual(all([]), { sql: '1', parameters: [] })
  })
})
