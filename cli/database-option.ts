// Option `--database URL` of the commands that start a database.

import { UsageError } from './command.ts'

/** What the option says of itself. */
export const DATABASE_DOC = 'Tango database in MariaDB: mysql://user@host:port/schema, password in MYSQL_PASSWORD'

/** @throws UsageError for a value that is no address; it is not shown, because it may hold a password */
export function databaseUrl(value: string): string {
  if (/^(mysql|mariadb):\/\/./i.test(value)) return value
  throw new UsageError('--database wants an address: mysql://user@host:port/schema')
}

/** Takes the option out of a command line of which the rest has the native form. */
export function withoutDatabase(words: readonly string[]): { database?: string; rest: readonly string[] } {
  const at = words.findIndex((word) => word === '--database' || word.startsWith('--database='))
  const word = words[at]
  if (word === undefined) return { rest: words }
  const joined = word.includes('=')
  const value = joined ? word.slice(word.indexOf('=') + 1) : words[at + 1]
  const rest = [...words.slice(0, at), ...words.slice(at + (joined ? 1 : 2))]
  return { database: databaseUrl(value ?? ''), rest }
}
