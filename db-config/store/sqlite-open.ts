// Opening a database file: what is left of an interrupted restore, the check, the restore of a broken file, migration.

import { existsSync, rmSync } from 'node:fs'
import type { Logger } from '#tango'
import { DevFailed, devFailed } from '#tango/pure'
import { type Connection, connect, hasLog, messageOf, release, troubleOf, useLog } from './sqlite-connection.ts'
import { logOf, suspicionOf } from './sqlite-files.ts'
import { checkIntegrity, DamagedFile, neededDepth, sizeOf } from './sqlite-integrity.ts'
import { reportLostLog } from './sqlite-log-file.ts'
import { migrate } from './sqlite-migration.ts'
import { backupsOf, finishRestore, restore } from './sqlite-restore.ts'

/** What {@link openDatabase} needs beside the path. */
export interface OpenOptions {
  readonly now: () => number
  readonly log: Logger
}

/**
 * Opens a file of the newest version that was found whole; a broken one is replaced by its last good backup, loudly.
 * @throws DevFailed `DB_SQLError` when the file is in use, foreign, newer, broken without a good backup, or not writable
 */
export function openDatabase(path: string, options: OpenOptions): Connection {
  try {
    if (path === ':memory:') return openChecked(path, options)
    finishRestore(path, options.log)
    try {
      return openChecked(path, options)
    } catch (error) {
      if (!(error instanceof DamagedFile)) throw error
      restore(path, error.message, { now: options.now(), log: options.log })
    }
    return openChecked(path, options)
  } catch (error) {
    throw error instanceof DevFailed ? error : devFailed('DB_SQLError', openFailure(path, error))
  }
}

function openChecked(path: string, options: OpenOptions): Connection {
  const { log, now } = options
  const inMemory = path === ':memory:'
  if (!inMemory) refuseLost(path, log)
  const depth = inMemory ? 'structure' : neededDepth(path)
  let db = connectWhole(path)
  try {
    // only now the log is nobody else's; the engine has not changed it yet
    if (!inMemory) reportLostLog(path, { log, now: now() })
    const version = inMemory ? 0 : checkIntegrity(db, path, depth)
    if (depth !== 'structure') rmSync(suspicionOf(path), { force: true })
    if (depth !== 'structure' && !hasLog(db)) {
      // after a check of its pages, this connection could not bring a log into the file
      release(db)
      db = connectWhole(path)
    }
    useLog(db)
    migrate(db, path, version, { log, now: now() })
    return db
  } catch (error) {
    release(db)
    throw error
  }
}

function connectWhole(path: string): Connection {
  try {
    return connect(path)
  } catch (error) {
    throw troubleOf(error) === 'damaged' ? new DamagedFile(messageOf(error)) : error
  }
}

/** A file that vanished or has lost all its content is not taken for a new one where there are backups. */
function refuseLost(path: string, log: Logger): void {
  if (sizeOf(path) > 0) return
  const [last] = backupsOf(path)
  if (last === undefined) return
  if (existsSync(path)) throw new DamagedFile('the file is empty')
  if (existsSync(logOf(path))) throw new DamagedFile('the file is gone, its write-ahead log is there')
  log.warn(`there is no ${path}: begins with an empty database, though there is a backup ${last.path}`)
}

function openFailure(path: string, cause: unknown): string {
  const what = messageOf(cause)
  switch (troubleOf(cause)) {
    case 'busy':
      return `${path} is in use by another process: end it, or choose another folder`
    case 'full':
      return `${path} cannot be opened, the disk is full: make room, then start again; the database is as it was`
    default:
      return `${path} cannot be used as database: ${what}`
  }
}
