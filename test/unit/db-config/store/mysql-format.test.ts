// Values in statements for MariaDB.
import assert from 'node:assert/strict'
import { filled, literal, shortened } from '../../../../db-config/store/mysql-format.ts'

describe('filled', () => {
  it('puts the values in the place of the marks, in order', () => {
    const text = filled('UPDATE t SET a = ?, b = ?, c = ? WHERE d = ?', [1, null, { expression: 'NOW()' }, 'x'])
    assert.equal(text, "UPDATE t SET a = 1, b = NULL, c = NOW() WHERE d = 'x'")
  })

  it('takes a mark in a value for text', () => {
    assert.equal(filled('SELECT ?, ?', ['a?b', '$&']), "SELECT 'a?b', '$&'")
  })

  it('refuses a wrong number of values', () => {
    assert.throws(() => filled('SELECT ?, ?', ['one']), /unreachable/)
  })
})

describe('literal', () => {
  it('escapes what would end a string or start an escape', () => {
    assert.equal(literal('it\'s a \\ "\n%_'), "'it\\'s a \\\\ \"\n%_'")
  })

  it('refuses what is not in Latin-1 and names it', () => {
    assert.equal(literal('\xff\x00'), "'\xff\x00'")
    for (const char of ['Ā', 'Ω', '€', '😀']) {
      assert.throws(() => literal(`a${char}b`), new RegExp(`DB_SQLError: '${char}' \\(in 'a${char}b'\\)`))
    }
  })
})

describe('shortened', () => {
  it('keeps messages readable', () => {
    assert.equal(shortened('x'.repeat(500)).length, 203)
    assert.equal(shortened('short'), 'short')
  })
})
