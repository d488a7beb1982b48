// One connection to an SQLite file: how it is opened and given back, and what the engine's errors mean.

import Database from 'libsql'
import type { Cell } from './sql.ts'

/** An open file. */
export type Connection = Database.Database

/** A prepared statement. */
export type Statement = Database.Statement<unknown[]>

/** What the log is cut to once it is in the file; usually it has about 4 MB. */
const LOG_BYTES = 16e6

/** What kind of trouble an error of the engine is. */
export type Trouble = 'damaged' | 'full' | 'busy' | 'other'

/**
 * Opens a file for this process alone; it is created when missing. A file that is whole and was closed properly is not
 * changed until {@link useLog}.
 * @throws the engine's error; see {@link troubleOf}
 */
export function connect(path: string): Connection {
  let db: Connection | undefined
  try {
    db = new Database(path)
    // before anything else: no shared-memory file, and a second owner is refused
    db.exec('PRAGMA locking_mode = EXCLUSIVE')
    // a full folder for temporary files must not disturb the database
    db.exec('PRAGMA temp_store = MEMORY')
    db.exec('BEGIN EXCLUSIVE; COMMIT')
    return db
  } catch (error) {
    if (db !== undefined) release(db)
    throw error
  }
}

/** From here on, transactions go to a write-ahead log, which the caller brings to the disk. */
export function useLog(db: Connection): void {
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  // after an import in one transaction the log would stay as large as it
  db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`)
}

/** Whether the file was left with a write-ahead log by an owner that did not close it. */
export function hasLog(db: Connection): boolean {
  return query(db, 'PRAGMA journal_mode')[0]?.[0] === 'wal'
}

/**
 * Closes the file. It would stay locked until the garbage collector finds the last statement; giving the lock back
 * needs a journal mode other than WAL, which also brings everything into the one file.
 */
export function release(db: Connection): void {
  try {
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master')
  } catch {
    // not ours, or no database: there is no lock to give back
  }
  db.close()
}

/** Rows of one query that is not kept. */
export function query(db: Connection, text: string): Cell[][] {
  return db.prepare(text).raw().all().map(cells)
}

/** First cell of the first row as a number; 0 without one. */
export function queryNumber(db: Connection, text: string): number {
  return Number(query(db, text)[0]?.[0] ?? 0)
}

/** Brings the whole write-ahead log into the file and empties it. @throws Error when something is in its way */
export function checkpoint(db: Connection): void {
  const [[busy] = []] = query(db, 'PRAGMA wal_checkpoint(TRUNCATE)')
  if (busy !== 0) throw new Error('the write-ahead log cannot be emptied now')
}

/** A row as the engine gives it, in values of ours. */
export function cells(row: unknown): Cell[] {
  if (!Array.isArray(row)) return []
  return row.map((cell: unknown) => {
    if (cell === null || cell === undefined) return null
    if (typeof cell === 'number' || typeof cell === 'string') return cell
    return String(cell)
  })
}

/** Sorts an error of the engine. */
export function troubleOf(error: unknown): Trouble {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return 'damaged'
  if (/^SQLITE_FULL/.test(code)) return 'full'
  if (/^SQLITE_(BUSY|LOCKED)/.test(code) || /database is locked/.test(messageOf(error))) return 'busy'
  return 'other'
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
