// Whether a database file is whole: what the engine finds, and whether the tables of its version are there.

import { existsSync, statSync } from 'node:fs'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'
import { type Connection, connect, messageOf, query, queryNumber, release, troubleOf } from './sqlite-connection.ts'
import { logOf, suspicionOf } from './sqlite-files.ts'

/** How much of the file is read. */
export type CheckDepth = 'structure' | 'pages' | 'indexes'

/** Files up to this size are read at every start: the engine checks about 1 MB per ms. */
const ALWAYS_CHECKED_BYTES = 32e6

/** Findings shown of a broken file. */
const MAX_FINDINGS = 3

/** The file is broken; its message says where. */
export class DamagedFile extends Error {}

/** A whole file that is not for this program: of a newer version, or of another program. Never replaced by a backup. */
export class ForeignFile extends Error {}

/**
 * How deep a file must be checked before it is opened. After a proper end there is no write-ahead log, and a large file
 * is then believed.
 */
export function neededDepth(path: string): CheckDepth {
  if (existsSync(logOf(path)) || existsSync(suspicionOf(path))) return 'pages'
  return sizeOf(path) <= ALWAYS_CHECKED_BYTES ? 'pages' : 'structure'
}

/**
 * Checks an open file.
 * @returns version of its schema, 0 of a new file
 * @throws DamagedFile, ForeignFile
 */
export function checkIntegrity(db: Connection, path: string, depth: CheckDepth): number {
  try {
    return check(db, path, depth)
  } catch (error) {
    if (troubleOf(error) === 'damaged') throw new DamagedFile(messageOf(error))
    throw error
  }
}

/**
 * Checks a file that nobody uses, such as a backup, with its indexes. It is one complete file afterwards.
 * @throws DamagedFile, ForeignFile, or the engine's error
 */
export function verifyFile(path: string): void {
  let db: Connection
  try {
    db = connect(path)
  } catch (error) {
    throw troubleOf(error) === 'damaged' ? new DamagedFile(messageOf(error)) : error
  }
  try {
    if (checkIntegrity(db, path, 'indexes') === 0) throw new DamagedFile('it is empty')
  } finally {
    release(db)
  }
}

/** Bytes of a file, 0 when there is none. */
export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function check(db: Connection, path: string, depth: CheckDepth): number {
  const version = queryNumber(db, 'PRAGMA user_version')
  if (version > SCHEMA_VERSION) {
    throw new ForeignFile(
      `it has version ${version}, this program knows versions up to ${SCHEMA_VERSION}: use the newer program, ` +
        'or a backup that was made before the migration',
    )
  }
  const expected = queryNumber(db, 'PRAGMA page_count') * queryNumber(db, 'PRAGMA page_size')
  const size = sizeOf(path)
  // pages of the write-ahead log may not have reached the file yet
  if (size < expected && !existsSync(logOf(path))) {
    throw new DamagedFile(`the file is cut off: ${size} bytes of ${expected}`)
  }
  if (depth !== 'structure') {
    const findings = query(db, depth === 'pages' ? 'PRAGMA quick_check(20)' : 'PRAGMA integrity_check(20)')
      .map(([finding]) => String(finding))
      .filter((finding) => finding !== 'ok')
    if (findings.length > 0) throw new DamagedFile(shortened(findings))
  }
  const tables = new Set(query(db, "SELECT name FROM sqlite_master WHERE type = 'table'").map(([name]) => String(name)))
  if (version === 0 && tables.size > 0) {
    throw new ForeignFile(
      `it belongs to another program (table ${[...tables].sort().join(', ')}): choose another folder`,
    )
  }
  const missing = tablesOf(version).filter((table) => !tables.has(table))
  if (missing.length > 0) throw new DamagedFile(`missing: table ${missing.join(', ')}`)
  return version
}

/** Tables that a file of a version has. The steps only ever add tables. */
function tablesOf(version: number): readonly string[] {
  const statements = MIGRATIONS.slice(0, version).join(';')
  return [...statements.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?(\w+)/g)].map(([, name = '']) => name)
}

function shortened(findings: readonly string[]): string {
  // the engine puts several findings into one text
  const lines = findings
    .flatMap((finding) => finding.split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('*** in database'))
  const rest = lines.length - MAX_FINDINGS
  return lines.slice(0, MAX_FINDINGS).join('; ') + (rest > 0 ? `; and ${rest} more` : '')
}
