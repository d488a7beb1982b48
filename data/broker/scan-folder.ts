// The folder `scanlog` of a data folder: one log per scan, markers of what the recorder has done, one announcement per
// door. Nothing here reads the logs themselves.

import { mkdirSync } from 'node:fs'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { devFailed } from '#tango/pure'
import { plainReason } from '../disk-space.ts'

/** Paths inside the scan log folder of one data folder. */
export class ScanFolder {
  readonly path: string
  /** Announcements of publishers. */
  readonly doors: string

  constructor(dataFolder: string) {
    this.path = join(dataFolder, 'scanlog')
    this.doors = join(this.path, 'doors')
  }

  /**
   * Makes the folders.
   * @throws DevFailed `Data_FolderUnusable`
   */
  create(): void {
    try {
      mkdirSync(this.doors, { recursive: true })
    } catch (error) {
      throw devFailed('Data_FolderUnusable', `${this.doors}: cannot be made: ${plainReason(error)}`)
    }
  }

  /**
   * Path of a scan's log.
   * @throws DevFailed `API_InvalidArgs` when the text cannot be a scan id
   */
  log(scan: string): string {
    return join(this.path, `${checkedId(scan)}.log`)
  }

  /** Path of the list of files that recorders have begun for a scan. */
  recording(scan: string): string {
    return join(this.path, `${checkedId(scan)}.recording`)
  }

  /** Path of the marker of a scan that is completely recorded. */
  recorded(scan: string): string {
    return join(this.path, `${checkedId(scan)}.recorded`)
  }

  /** Path of a door's announcement. */
  announcement(door: string): string {
    return join(this.doors, `${doorFileName(door)}.json`)
  }

  /** Path of the disk reserve of a door. */
  reserve(door: string): string {
    return join(this.doors, `${doorFileName(door)}.reserve`)
  }

  /** Ids of all scans with a log, oldest first, and which of them are recorded. */
  async list(): Promise<readonly { readonly scan: string; readonly recorded: boolean }[]> {
    const names = await namesIn(this.path)
    const recorded = new Set(names.filter((name) => name.endsWith('.recorded')).map((name) => name.slice(0, -9)))
    return names
      .filter((name) => name.endsWith('.log'))
      .map((name) => name.slice(0, -4))
      .sort()
      .map((scan) => ({ scan, recorded: recorded.has(scan) }))
  }
}

/** Options of {@link pruneScanLogs}; both limits must be passed before a log goes. */
export interface RetentionOptions {
  /** Newest logs that stay in any case; default 1000. */
  readonly keep?: number
  /** Age below which logs stay in any case; default 30 days. */
  readonly days?: number
  /** Seconds since 1970. */
  readonly now: number
}

/**
 * Deletes old logs of scans that are recorded, with their markers. Logs that are not recorded always stay.
 * @returns ids of the scans whose logs were deleted
 */
export async function pruneScanLogs(folder: ScanFolder, options: RetentionOptions): Promise<readonly string[]> {
  const { keep = 1000, days = 30, now } = options
  const scans = await folder.list()
  const gone: string[] = []
  for (const { scan, recorded } of scans.slice(0, Math.max(0, scans.length - keep))) {
    if (!recorded) continue
    const changed = await stat(folder.log(scan)).catch(() => undefined)
    if (changed === undefined || now - changed.mtimeMs / 1000 < days * 86_400) continue
    // the marker goes last: a log without it would be recorded again
    await rm(folder.log(scan), { force: true })
    await rm(folder.recording(scan), { force: true })
    await rm(folder.recorded(scan), { force: true })
    gone.push(scan)
  }
  return gone
}

/** Writes a small file so that readers see the old or the new content, never a part. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.new`
  await writeFile(draft, text, { flush: true })
  await rename(draft, path)
}

/** Content of a small file; undefined when it does not exist. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Names in a folder; none when the folder does not exist. */
export async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function checkedId(scan: string): string {
  if (/^\w[\w.-]{0,99}$/.test(scan)) return scan
  throw devFailed('API_InvalidArgs', `'${scan}' is no scan id: letters, digits, '.', '-' and '_' only`)
}

/** `door/demo1/1` is `door+demo1+1`: one file name per door, readable. */
function doorFileName(door: string): string {
  return door.toLowerCase().split('/').map(encodeURIComponent).join('+')
}
