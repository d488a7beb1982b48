// Option --database.
import assert from 'node:assert/strict'
import { databaseUrl, withoutDatabase } from '../../../cli/database-option.ts'

const URL = 'mysql://tango@db/tango'

describe('withoutDatabase', () => {
  it('takes the option out of a native command line, in both spellings', () => {
    const rest = ['DataBaseds', '2', '-v4']
    assert.deepEqual(withoutDatabase(['DataBaseds', '--database', URL, '2', '-v4']), { database: URL, rest })
    assert.deepEqual(withoutDatabase(['DataBaseds', '2', `--database=${URL}`, '-v4']), { database: URL, rest })
    assert.deepEqual(withoutDatabase(rest), { rest })
  })

  it('refuses an option without address', () => {
    assert.throws(() => withoutDatabase(['DataBaseds', '2', '--database']), /wants an address/)
  })
})

describe('databaseUrl', () => {
  it('does not repeat a wrong address, which may hold a password', () => {
    assert.throws(
      () => databaseUrl('mysql:/u:Secret@db'),
      (error: Error) => !/Secret/.test(error.message),
    )
  })
})
