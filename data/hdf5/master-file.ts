// The master file: a small HDF5 file whose entries are external links to the files of the scans. It is changed as a
// copy that takes the old one's place, so readers and crashes never meet half of it.

import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { devFailed } from '#tango/pure'
import { tryLock } from '../file-lock.ts'
import type { H5Writer } from './h5-writer.ts'
import { type NexusCreator, rootAttributes } from './nexus-tree.ts'

/** What is to be linked. */
export interface MasterEntry {
  /** Absolute path of the master file that is wanted. */
  readonly master: string
  /** Name of the link that is wanted. */
  readonly entry: string
  /** File relative to the master's folder, and path inside. */
  readonly target: { readonly file: string; readonly path: string }
  readonly creator: NexusCreator
  /** Seconds since 1970. */
  readonly time: number
}

/** How long another process may hold the master file, ms. */
const LOCK_TIMEOUT_MS = 5_000

/** Tells master files from all others, also from the files of scans. */
const MARK = { attribute: 'contents', value: 'links to the files of scans' } as const

const HDF5_SIGNATURE = Buffer.from('894844460d0a1a0a', 'hex')

/**
 * Adds a link to a master file and makes it the default entry. A file that is no master file of this program is left alone:
 * the link then goes to a file with a number before its ending. A name that is taken in the file gets a number too.
 * @returns where the link is
 * @throws DevFailed `Recorder_Failed`
 */
export async function addToMaster(writer: H5Writer, wanted: MasterEntry): Promise<{ path: string; entry: string }> {
  const { target, creator, time } = wanted
  await mkdir(dirname(wanted.master), { recursive: true })
  for (let n = 0; n < 100; n += 1) {
    const path = numbered(wanted.master, n)
    const unlock = await lock(path)
    const draft = join(dirname(path), `.${basename(path)}.draft`)
    try {
      const there = await kindOf(path)
      if (there === 'foreign') continue
      if (there === 'hdf5') await copyFile(path, draft)
      const entry = await writer.link({
        path: draft,
        isNew: there === 'nothing',
        name: wanted.entry,
        target,
        attributes: { ...rootAttributes(wanted.entry, creator, time, basename(path)), [MARK.attribute]: MARK.value },
        mark: MARK,
      })
      if (entry === undefined) continue // HDF5, but no master file
      await rename(draft, path)
      return { path, entry }
    } finally {
      await rm(draft, { force: true })
      unlock()
    }
  }
  throw devFailed('Recorder_Failed', `${wanted.master}: a hundred files of this name belong to other programs`)
}

/** `a/b.h5` with number 2 is `a/b_2.h5`. */
export function numbered(path: string, n: number): string {
  if (n === 0) return path
  const ending = extname(path)
  return `${path.slice(0, path.length - ending.length)}_${n}${ending}`
}

async function lock(path: string): Promise<() => void> {
  const lockPath = join(dirname(path), `.${basename(path)}.lock`)
  for (let waited = 0; ; waited += 50) {
    const lock = tryLock(lockPath)
    if ('release' in lock) return lock.release
    if (waited >= LOCK_TIMEOUT_MS) {
      throw devFailed(
        'Recorder_Failed',
        `${path}: process ${lock.owner?.pid ?? '?'} holds ${lockPath}; end it or delete the lock`,
      )
    }
    await sleep(50)
  }
}

async function kindOf(path: string): Promise<'nothing' | 'hdf5' | 'foreign'> {
  try {
    const file = await open(path, 'r')
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
      return bytesRead === 8 && buffer.equals(HDF5_SIGNATURE) ? 'hdf5' : 'foreign'
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'nothing'
    throw devFailed('Recorder_Failed', `${path}: cannot be read`, { cause: error })
  }
}
