// Puts the last good backup in the place of a broken database file, which is kept. What was begun when the process or
// the machine ended is finished at the next start: a note beside the file says how far it has to go.

import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Logger } from '#tango'
import { type DevFailed, devFailed } from '#tango/pure'
import { timestamp } from './sql.ts'
import { messageOf } from './sqlite-connection.ts'
import { backupFolder, fileTime, freeName, logOf, nameOf, stemOf, suspicionOf, syncPath } from './sqlite-files.ts'
import { DamagedFile, ForeignFile, verifyFile } from './sqlite-integrity.ts'
import { BEFORE_MIGRATION } from './sqlite-migration.ts'

/** A file in the backup folder. */
export interface BackupFile {
  readonly path: string
  /** When it was made, seconds since 1970. */
  readonly time: number
  /** Made by date, in the row of which old ones are deleted. */
  readonly dated: boolean
}

/** The backups of a database file, newest first. */
export function backupsOf(path: string): readonly BackupFile[] {
  const folder = backupFolder(path)
  if (!existsSync(folder)) return []
  const stem = stemOf(path)
  const found: BackupFile[] = []
  for (const name of readdirSync(folder)) {
    const [, prefix, ...parts] = /^(.*-)(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)(?:-\d+)?\.sqlite$/.exec(name) ?? []
    const dated = prefix === `${stem}-`
    if (prefix === undefined || !(dated || prefix.startsWith(BEFORE_MIGRATION))) continue
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts.map(Number)
    const time = new Date(year, month - 1, day, hour, minute, second).getTime() / 1000
    found.push({ path: join(folder, name), time, dated })
  }
  return found.sort((a, b) => b.time - a.time || b.path.localeCompare(a.path, 'en', { numeric: true }))
}

/**
 * Replaces a broken file, which nobody has open, by its last good backup.
 * @param finding what is broken
 * @throws DevFailed `DB_SQLError` when there is no good backup, or no room for it; nothing was changed then
 */
export function restore(path: string, finding: string, { now, log }: { now: number; log: Logger }): void {
  const bad: string[] = []
  for (const backup of backupsOf(path)) {
    try {
      prepare(backup.path, path)
    } catch (error) {
      if (!(error instanceof DamagedFile || error instanceof ForeignFile)) throw refusal(path, finding, backup, error)
      bad.push(`${nameOf(backup.path)} (${messageOf(error)})`)
      continue
    }
    const broken = freeName(`${path}.broken-${fileTime(now)}`)
    writeFileSync(noteOf(path), JSON.stringify({ broken: nameOf(broken), backup: nameOf(backup.path) }))
    syncPath(noteOf(path))
    syncPath(dirname(path))
    exchange(path, broken)
    log.error(
      `the database ${path} was damaged: ${finding}. The backup ${nameOf(backup.path)} of ${timestamp(backup.time)} was ` +
        `put in its place; whatever was changed after that time is lost: properties, aliases, device definitions. ` +
        `The damaged file is kept as ${broken}. Check the disk.`,
      bad.length === 0 ? {} : { damagedBackups: bad.join(', ') },
    )
    return
  }
  const tried = bad.length === 0 ? 'there is no backup' : `no backup is good: ${bad.join(', ')}`
  throw devFailed(
    'DB_SQLError',
    `${path} cannot be used as database: ${finding}; ${tried} (in ${backupFolder(path)}). Nothing was changed. ` +
      `Put a good copy in its place, or move it away to begin with an empty database`,
  )
}

/** Finishes an exchange of files that was interrupted. To be called before the file is opened. */
export function finishRestore(path: string, log: Logger): void {
  const note = noteOf(path)
  if (!existsSync(note)) {
    rmSync(replacementOf(path), { force: true })
    return
  }
  const { broken } = readNote(note)
  // a note that did not reach the disk wholly was written before anything was moved
  if (broken === undefined) {
    rmSync(note)
    return
  }
  log.warn('finishes the interrupted exchange of a damaged database file by its backup', { file: path, kept: broken })
  exchange(path, join(dirname(path), broken))
}

function prepare(backup: string, path: string): void {
  const replacement = replacementOf(path)
  rmSync(replacement, { force: true })
  try {
    copyFileSync(backup, replacement)
    verifyFile(replacement)
    syncPath(replacement)
  } catch (error) {
    rmSync(replacement, { force: true })
    throw error
  }
}

/** A good backup may be at hand and only not be usable now: an older one would lose more. */
function refusal(path: string, finding: string, backup: BackupFile, error: unknown): DevFailed {
  return devFailed(
    'DB_SQLError',
    `${path} cannot be used as database: ${finding}; its backup ${backup.path} cannot be put in its place ` +
      `(${messageOf(error)}). Nothing was changed. Remove what is in the way, then start again`,
  )
}

/** Every step may already be done. */
function exchange(path: string, broken: string): void {
  const replacement = replacementOf(path)
  if (existsSync(replacement)) {
    // the log goes first: beside the new file it would be taken for its own
    if (existsSync(logOf(path))) renameSync(logOf(path), logOf(broken))
    if (existsSync(path) && !existsSync(broken)) renameSync(path, broken)
    renameSync(replacement, path)
  }
  rmSync(suspicionOf(path), { force: true })
  syncPath(dirname(path))
  rmSync(noteOf(path))
}

function readNote(note: string): { readonly broken: string | undefined } {
  try {
    const content: unknown = JSON.parse(readFileSync(note, 'utf8'))
    const named = typeof content === 'object' && content !== null && 'broken' in content ? content.broken : undefined
    return { broken: typeof named === 'string' ? named : undefined }
  } catch {
    return { broken: undefined }
  }
}

function replacementOf(path: string): string {
  return `${path}.replacement`
}

function noteOf(path: string): string {
  return `${path}.restoring`
}
