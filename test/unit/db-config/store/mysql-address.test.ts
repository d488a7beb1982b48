// Addresses of MariaDB databases.
import assert from 'node:assert/strict'
import { addressText, isMysqlUrl, mysqlUrlOf, parseMysqlUrl } from '../../../../db-config/store/mysql-address.ts'

describe('parseMysqlUrl', () => {
  it('reads every part, with %XX in user and password', () => {
    assert.deepEqual(parseMysqlUrl('mysql://me%40home:a%2Fb@db.example.org:3307/tango9?charset=utf8', {}), {
      host: 'db.example.org',
      port: 3307,
      socket: undefined,
      user: 'me@home',
      password: 'a/b',
      schema: 'tango9',
      charset: 'utf8',
    })
  })

  it('fills in what is missing from the environment and from the native defaults', () => {
    const address = parseMysqlUrl('mariadb://db', { MYSQL_USER: 'u', MYSQL_PASSWORD: 'p' })
    assert.deepEqual([address.user, address.password, address.port, address.schema], ['u', 'p', 3306, 'tango'])
    assert.equal(parseMysqlUrl('mysql://x:own@db/y', { MYSQL_PASSWORD: 'p' }).password, 'own')
    assert.equal(parseMysqlUrl('mysql://db', {}).user, 'tango')
  })

  it('takes a socket in place of a host', () => {
    const address = parseMysqlUrl('mysql://localhost/tango?socket=/run/x.sock', {})
    assert.equal(address.socket, '/run/x.sock')
    assert.equal(addressText(address), 'mysql://tango@/run/x.sock/tango')
  })

  it('says what is wrong without the password', () => {
    for (const wrong of [
      'mysql://u:Secret@db:port/x',
      'mysql://u:Secret@db/x/y',
      'mysql://u:Secret@db/x?ssl=1',
      'mysql://u:Secret@db/x?charset=ebcdic',
      'mysql://u:Secret%zz@db/x',
    ]) {
      assert.throws(
        () => parseMysqlUrl(wrong, {}),
        (error: Error) => {
          assert.match(error.message, /API_InvalidArgs: the address of the database must be mysql:\/\/user@host:port/)
          assert.doesNotMatch(error.message, /Secret/)
          return true
        },
        wrong,
      )
    }
  })
})

describe('addressText', () => {
  it('has no password', () => {
    const text = addressText(parseMysqlUrl('mysql://u:Secret@db/x', {}))
    assert.equal(text, 'mysql://u@db:3306/x')
  })
})

describe('mysqlUrlOf', () => {
  it('understands the variables of the native server and leaves the password where it is', () => {
    const environment = { MYSQL_HOST: 'db:3310', MYSQL_USER: 'a b', MYSQL_PASSWORD: 'Secret', MYSQL_DATABASE: 'x' }
    const url = mysqlUrlOf(environment)
    assert.equal(url, 'mysql://a%20b@db:3310/x')
    const address = parseMysqlUrl(url ?? '', environment)
    assert.deepEqual([address.host, address.port, address.user, address.password], ['db', 3310, 'a b', 'Secret'])
  })

  it('finds nothing in an environment without them', () => {
    assert.equal(mysqlUrlOf({ MYSQL_PASSWORD: 'alone' }), undefined)
    assert.equal(mysqlUrlOf({ MYSQL_USER: 'tango' }), 'mysql://tango@localhost/tango')
  })
})

describe('isMysqlUrl', () => {
  it('tells addresses from file names', () => {
    assert.deepEqual(['mysql://db', 'MariaDB://db/x', './mysql/tango.sqlite', 'C:/x', ':memory:'].map(isMysqlUrl), [
      true,
      true,
      false,
      false,
      false,
    ])
  })
})
