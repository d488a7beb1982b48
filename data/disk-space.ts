// Whether a folder can take data: it exists or can be made, a file can be created in it, and enough space is left.

import { randomUUID } from 'node:crypto'
import { mkdir, statfs, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { devFailed } from '#tango/pure'

/** Bytes that an ordinary user may still write on the file system of `folder`. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/**
 * Makes the folder if needed and tries whether it can be written.
 * @param minimumFree bytes that must be free
 * @throws DevFailed `Data_FolderUnusable` naming the folder and what is wrong with it
 */
export async function checkFolder(folder: string, minimumFree = 0): Promise<void> {
  let free: number
  try {
    await mkdir(folder, { recursive: true })
    const probe = join(folder, `.probe-${randomUUID()}`)
    await writeFile(probe, 'x')
    await unlink(probe)
    free = await freeBytes(folder)
  } catch (error) {
    throw devFailed('Data_FolderUnusable', `${folder}: cannot be written: ${plainReason(error)}`)
  }
  if (free < minimumFree) {
    throw devFailed(
      'Data_FolderUnusable',
      `${folder}: only ${bytesText(free)} are free, ${bytesText(minimumFree)} are needed; make room or choose another folder`,
    )
  }
}

/** A number of bytes for people: `1.05 MB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  const step = bytes < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return `${Number((bytes / 1000 ** step).toPrecision(3))} ${units[step]}`
}

/** Whether a file operation failed because no space (or quota) is left. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
}

/** What a file operation's error means to a person. */
export function plainReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  const known: Readonly<Record<string, string>> = {
    ENOSPC: 'no space is left on the device',
    EDQUOT: 'the disk quota is used up',
    EACCES: 'permission denied',
    EPERM: 'the operation is not permitted',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'part of the path is a file, not a folder',
    ENOENT: 'it does not exist',
  }
  return known[code] ?? error.message
}
