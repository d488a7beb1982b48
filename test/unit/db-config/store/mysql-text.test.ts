// Queries in MySQL's spelling rewritten for SQLite.
import assert from 'node:assert/strict'
import { SelectTextError, toSqlite } from '../../../../db-config/store/mysql-text.ts'

describe('toSqlite', () => {
  it('puts SELECT before what does not start with it, so that nothing else can be executed', () => {
    assert.equal(toSqlite('DELETE FROM device'), 'SELECT DELETE FROM device')
    assert.equal(toSqlite(' select 1'), ' select 1')
    assert.equal(toSqlite('selected FROM x'), 'SELECT selected FROM x')
  })

  it('reads double quotes as strings, with quotes inside', () => {
    assert.equal(toSqlite(`SELECT "it's", 'a''b', "c""d"`), `SELECT 'it''s', 'a''b', 'c"d'`)
  })

  it('resolves backslash escapes', () => {
    assert.equal(toSqlite(`SELECT 'a\\'b\\n\\\\'`), `SELECT 'a''b\n\\'`)
  })

  it('tells LIKE its escape character and keeps escaped wildcards', () => {
    assert.equal(
      toSqlite(`SELECT 1 WHERE a LIKE 'x\\_%' AND b = 'y'`),
      `SELECT 1 WHERE a LIKE 'x\\_%' ESCAPE '\\' AND b = 'y'`,
    )
  })

  it('sorts texts without regard to case, and numbers as numbers', () => {
    assert.equal(
      toSqlite("SELECT d.name FROM device d WHERE x = 'order by name' ORDER BY d.name DESC, pid, class LIMIT 2"),
      "SELECT d.name FROM device d WHERE x = 'order by name' ORDER BY upper(d.name) DESC, pid, upper(class) LIMIT 2",
    )
    assert.equal(
      toSqlite('SELECT name FROM (SELECT name FROM device ORDER BY name) WHERE name > 1'),
      'SELECT name FROM (SELECT name FROM device ORDER BY upper(name)) WHERE name > 1',
    )
  })

  it('compares values without regard to case', () => {
    assert.equal(
      toSqlite("SELECT p.value AS value FROM property p WHERE p.value = 'X'"),
      "SELECT p.value COLLATE NOCASE AS value FROM property p WHERE p.value COLLATE NOCASE = 'X'",
    )
  })

  it('refuses a second statement but not a final semicolon', () => {
    assert.throws(() => toSqlite('SELECT 1; DELETE FROM device'), SelectTextError)
    assert.equal(toSqlite('SELECT 1; '), 'SELECT 1')
    assert.equal(toSqlite(`SELECT ';'`), `SELECT ';'`)
  })

  it('refuses a string that does not end', () => {
    assert.throws(() => toSqlite(`SELECT 'abc`), /not closed/)
    assert.throws(() => toSqlite(`SELECT 'abc\\'`), /not closed/)
  })
})
