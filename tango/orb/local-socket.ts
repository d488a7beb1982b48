// The place of a server's local socket: a fresh folder, so that a path left by a dead process is never published.

import { rmSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** Longest path that fits the address structure of a local socket on every system. */
const MAX_PATH = 103

const FOLDER_PREFIX = 'bandoneon-orb-'

/** Folder and path of one local socket. */
export class LocalSocketFolder {
  readonly path: string
  /** Name of this machine: clients elsewhere must not try the path. */
  readonly host: string
  readonly #folder: string
  readonly #onExit: () => void

  private constructor(folder: string) {
    this.#folder = folder
    this.path = join(folder, 'orb')
    this.host = hostname()
    this.#onExit = () => rmSync(folder, { recursive: true, force: true })
    process.once('exit', this.#onExit)
  }

  /** Makes the folder; undefined when that is not possible or the path would be too long. */
  static async create(): Promise<LocalSocketFolder | undefined> {
    const prefix = join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`)
    if (prefix.length + '123456/orb'.length > MAX_PATH) return undefined
    try {
      await removeOrphans()
      const folder = await mkdtemp(prefix)
      // Open to other users, as the TCP port is: a published path must be reachable.
      await chmod(folder, 0o755)
      return new LocalSocketFolder(folder)
    } catch {
      // No writable temporary folder: TCP alone has to do.
      return undefined
    }
  }

  /** Removes folder and socket. */
  async remove(): Promise<void> {
    process.off('exit', this.#onExit)
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Folders of processes that were killed: their number is in the name. */
async function removeOrphans(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(FOLDER_PREFIX) ? Number.parseInt(name.slice(FOLDER_PREFIX.length), 10) : Number.NaN
    if (!Number.isNaN(pid) && !isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
