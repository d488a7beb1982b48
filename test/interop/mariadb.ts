// Schemas with Tango's native tables in the MariaDB of a native system, for tests.

import { execFileSync } from 'node:child_process'
import type { NativeTango } from '../support/native-tango.ts'

/** Schema that the native database server uses. */
export const NATIVE_SCHEMA = 'tango'

/** Executes statements as root; rows as lines with tabs. */
export function sql(native: NativeTango, statements: string, schema = NATIVE_SCHEMA): string {
  const words = [`--socket=${native.socket}`, '--user=root', '--skip-column-names', '--default-character-set=latin1']
  return execFileSync('mariadb', [...words, schema], {
    input: Buffer.from(statements, 'latin1'),
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  }).toString('latin1')
}

/** Address of a schema for the user of native servers. @param charset `utf8` as they have it */
export function urlOf(native: NativeTango, schema = NATIVE_SCHEMA, charset = 'latin1'): string {
  return `mysql://tango:tango@localhost/${schema}?charset=${charset}&socket=${encodeURIComponent(native.socket)}`
}

/** Makes an empty schema with the tables of the native one, in another storage engine if wanted, and gives its address. */
export function newSchema(native: NativeTango, schema: string, engine = 'MyISAM'): string {
  const tables = tablesOf(native)
  sql(native, `CREATE DATABASE ${schema}; GRANT ALL ON ${schema}.* TO 'tango'@'localhost'`)
  const statements = tables.map((table) => {
    const made = `CREATE TABLE ${table} LIKE ${NATIVE_SCHEMA}.${table}; ALTER TABLE ${table} ENGINE=${engine};`
    return table.endsWith('_history_id') ? `${made} INSERT INTO ${table} VALUES (0);` : made
  })
  sql(native, statements.join('\n'), schema)
  return urlOf(native, schema)
}

/** Every row of every table, sorted; without the columns of time. */
export function contentOf(native: NativeTango, schema: string, tables = tablesOf(native)): Record<string, string[]> {
  const columns = sql(
    native,
    `SELECT table_name, GROUP_CONCAT(column_name ORDER BY ordinal_position) FROM information_schema.columns
     WHERE table_schema = '${schema}' AND data_type NOT IN ('timestamp', 'datetime') GROUP BY table_name`,
  )
  const byTable = new Map(lines(columns).map((line) => line.split('\t') as [string, string]))
  return Object.fromEntries(
    tables.map((table) => [table, lines(sql(native, `SELECT ${byTable.get(table)} FROM ${table}`, schema)).sort()]),
  )
}

function tablesOf(native: NativeTango): readonly string[] {
  return lines(sql(native, 'SHOW TABLES'))
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
