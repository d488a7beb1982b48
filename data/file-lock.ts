// A lock file that names its owner, so that the lock of a process that is gone can be taken over. It guards files that
// HDF5 itself does not lock.

import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { identityOf, lifeOf, type ProcessIdentity, processIdentity } from './process-identity.ts'

/** A lock that is held until `release`. */
export interface FileLock {
  readonly path: string
  release(): void
}

/** Somebody else holds the lock. */
export interface LockRefused {
  readonly path: string
  /** Undefined when the lock file cannot be read. */
  readonly owner: ProcessIdentity | undefined
}

/** How long a lock whose owner cannot be seen from here is respected, ms. */
const FOREIGN_LOCK_MS = 60_000

/**
 * Takes a lock at once or not at all.
 * @returns the lock, or who holds it
 */
export function tryLock(path: string): FileLock | LockRefused {
  const mine = `${path}.${randomUUID()}`
  writeFileSync(mine, JSON.stringify(processIdentity()))
  try {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      try {
        linkSync(mine, path) // atomic, never replaces
        return { path, release: () => rmSync(path, { force: true }) }
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      }
      if (!isStale(path)) break
      // moved aside first: of two processes that see the stale lock only one can move it
      try {
        renameSync(path, `${mine}.stale`)
        rmSync(`${mine}.stale`, { force: true })
      } catch {
        // the other one was faster; the next attempt tells
      }
    }
    return { path, owner: ownerOf(path) }
  } finally {
    rmSync(mine, { force: true })
  }
}

function ownerOf(path: string): ProcessIdentity | undefined {
  try {
    return identityOf(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return undefined
  }
}

function isStale(path: string): boolean {
  const owner = ownerOf(path)
  const life = owner === undefined ? 'elsewhere' : lifeOf(owner)
  if (life !== 'elsewhere') return life === 'dead'
  try {
    return Date.now() - statSync(path).mtimeMs > FOREIGN_LOCK_MS
  } catch {
    return true
  }
}
