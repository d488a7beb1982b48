// Where a MariaDB or MySQL database is: from `mysql://user:password@host:port/schema` or from the environment variables
// of the native database server.

import { existsSync } from 'node:fs'
import { devFailed } from '#tango/pure'

/** Address and credentials. Only {@link addressText} may appear in messages: it has no password. */
export interface MysqlAddress {
  readonly host: string
  readonly port: number
  /** Path of a local socket, taken in place of host and port. */
  readonly socket: string | undefined
  readonly user: string
  readonly password: string | undefined
  readonly schema: string
  /**
   * What the bytes of a text mean to the database. `latin1`: one character each, so that every byte is kept. `utf8`: as
   * native servers with a newer client library have it; what is not UTF-8 is refused, and texts are shared with them.
   */
  readonly charset: 'latin1' | 'utf8'
}

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_PORT = 3306
const DEFAULT_SCHEMA = 'tango'
const DEFAULT_USER = 'tango'

/** Where distributions put the socket; native programs take it for the host `localhost`. */
const LOCAL_SOCKETS = ['/run/mysqld/mysqld.sock', '/var/lib/mysql/mysql.sock']

/** Whether a text is an address rather than a file name. */
export function isMysqlUrl(where: string): boolean {
  return /^(mysql|mariadb):/i.test(where)
}

/**
 * Reads an address. Without a password in it, that of the environment (`MYSQL_PASSWORD`) is taken, which no list of
 * processes shows. `?socket=/path` names a local socket, `?charset=utf8` another meaning of the bytes than Latin-1.
 * @throws DevFailed `API_InvalidArgs` that says what is wrong, without the password
 */
export function parseMysqlUrl(where: string, environment: Environment): MysqlAddress {
  const url = URL.canParse(where) ? new URL(where) : undefined
  if (url === undefined) throw wrong('it is no address (or its password holds a character that must be written as %XX)')
  const schema = decoded(url.pathname.replace(/^\//, '')) || DEFAULT_SCHEMA
  if (schema.includes('/')) throw wrong(`'${schema}' is no name of a schema`)
  for (const key of url.searchParams.keys()) {
    if (key !== 'socket' && key !== 'charset') throw wrong(`there is no option '${key}', only socket and charset`)
  }
  const charset = url.searchParams.get('charset') ?? 'latin1'
  if (charset !== 'latin1' && charset !== 'utf8') throw wrong(`charset is latin1 or utf8, not '${charset}'`)
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost'
  return {
    host,
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    socket: url.searchParams.get('socket') ?? (url.port === '' ? localSocket(host) : undefined),
    user: decoded(url.username) || (environment.MYSQL_USER ?? DEFAULT_USER),
    password: url.password === '' ? environment.MYSQL_PASSWORD : decoded(url.password),
    schema,
    charset,
  }
}

/**
 * The address that a native database server would take from `MYSQL_HOST` (`host` or `host:port`), `MYSQL_USER` and
 * `MYSQL_DATABASE`, as URL without the password, which stays in `MYSQL_PASSWORD`.
 * @returns `undefined` when none of the three is set
 */
export function mysqlUrlOf(environment: Environment): string | undefined {
  const { MYSQL_HOST: host, MYSQL_USER: user, MYSQL_DATABASE: schema } = environment
  if (!host && !user && !schema) return undefined
  const who = encodeURIComponent(user || DEFAULT_USER)
  return `mysql://${who}@${host || 'localhost'}/${encodeURIComponent(schema || DEFAULT_SCHEMA)}`
}

/** The address for people: `mysql://tango@db.example.org:3306/tango`. */
export function addressText({ host, port, socket, user, schema }: MysqlAddress): string {
  return socket === undefined ? `mysql://${user}@${host}:${port}/${schema}` : `mysql://${user}@${socket}/${schema}`
}

function localSocket(host: string): string | undefined {
  return host === 'localhost' ? LOCAL_SOCKETS.find((path) => existsSync(path)) : undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw wrong('a % in it is not followed by two digits')
  }
}

function wrong(what: string): Error {
  return devFailed('API_InvalidArgs', `the address of the database must be mysql://user@host:port/schema: ${what}`)
}
