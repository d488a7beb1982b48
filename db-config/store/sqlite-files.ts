// Names and durability of the files beside the database: broken ones, backups.

import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs'
import { basename, dirname, join, parse } from 'node:path'
import { timestamp } from './sql.ts'

/** Folder of the backups of a database file. */
export function backupFolder(path: string): string {
  return join(dirname(path), 'backups')
}

/** `tango` of `/data/tango.sqlite`: what the backups are called after. */
export function stemOf(path: string): string {
  return parse(path).name
}

/** The write-ahead log of a database file. */
export function logOf(path: string): string {
  return `${path}-wal`
}

/** A file that asks for a full check at the next start; made when the engine met damage. */
export function suspicionOf(path: string): string {
  return `${path}-suspect`
}

/** Local time in a file name: `20261120-082028`. */
export function fileTime(seconds: number): string {
  return timestamp(seconds).replace(/[-:]/g, '').replace(' ', '-')
}

/** `path`, or `path` with a number before its ending, whichever is free. */
export function freeName(path: string): string {
  if (!existsSync(path)) return path
  const { dir, name, ext } = parse(path)
  for (let n = 2; ; n += 1) {
    const numbered = join(dir, `${name}-${n}${ext}`)
    if (!existsSync(numbered)) return numbered
  }
}

/** File name without its folder. */
export function nameOf(path: string): string {
  return basename(path)
}

/** Brings a file, or the names in a folder, to the disk. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Removes a file that may not be there, in the course of another failure that matters more than its own. */
export function discard(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // it cannot be there when its folder is none
  }
}
