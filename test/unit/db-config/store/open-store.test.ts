// The choice of the kind of database.
import assert from 'node:assert/strict'
import { openStore } from '../../../../db-config/store/open-store.ts'
import { SqliteStore } from '../../../../db-config/store/sqlite-store.ts'

describe('openStore', () => {
  it('takes everything but an address for a file', () => {
    const store = openStore(':memory:')
    assert.ok(store instanceof SqliteStore)
    store.close()
  })

  it('refuses a wrong address before it connects', () => {
    assert.throws(() => openStore('mysql://u:p@host/schema?what=else'), { reason: 'API_InvalidArgs' })
  })
})
