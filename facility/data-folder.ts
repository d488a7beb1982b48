// The data folder of a facility: made on first use, locked by one facility, described by run.json while it runs.

import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { devFailed } from '#tango/pure'

/** Longest time between the making of a lock and its content, ms. */
const LOCKING_MS = 2_000

/** What `run.json` says about a running facility. */
export interface RunDescription {
  readonly pid: number
  readonly tangoHost: string
  readonly doors: readonly string[]
  readonly data: string
  readonly started: string
  /** Process ids by name, refreshed after restarts. */
  readonly processes: Readonly<Record<string, number>>
  /** Text line for faults of the simulated boxes. */
  readonly simulatorControl?: { readonly host: string; readonly port: number }
}

/** An opened and locked data folder. */
export class DataFolder {
  readonly path: string
  #locked = false

  /** @throws DevFailed `Data_FolderUnusable` when it cannot be written or another facility uses it */
  constructor(path: string) {
    this.path = resolve(path)
    try {
      for (const folder of ['log', 'scanlog', 'scans']) mkdirSync(join(this.path, folder), { recursive: true })
    } catch (cause) {
      throw devFailed(
        'Data_FolderUnusable',
        `${this.path} cannot be made or written; choose another folder with --data`,
        { cause },
      )
    }
    this.#lock()
  }

  file(name: string): string {
    return join(this.path, name)
  }

  describe(run: RunDescription): void {
    const target = this.file('run.json')
    writeFileSync(`${target}.new`, `${JSON.stringify(run, undefined, 2)}\n`)
    renameSync(`${target}.new`, target)
  }

  close(): void {
    if (!this.#locked) return
    this.#locked = false
    rmSync(this.file('run.json'), { force: true })
    rmSync(this.file('lock'), { force: true })
  }

  #lock(): void {
    const lock = this.file('lock')
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const descriptor = openSync(lock, 'wx')
        writeSync(descriptor, `${process.pid} ${startTime(process.pid) ?? ''}\n`)
        closeSync(descriptor)
        this.#locked = true
        return
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST'))
          throw devFailed('Data_FolderUnusable', `${this.path} cannot be written; choose another folder with --data`, {
            cause: error,
          })
        const owner = lockOwner(lock)
        if (owner !== undefined)
          throw devFailed(
            'Data_FolderUnusable',
            `${this.path} is used by the facility of process ${owner}; stop that one or choose another folder with --data`,
          )
        if (isBeingTaken(lock)) break
        rmSync(lock, { force: true }) // left behind by a facility that was killed
      }
    }
    throw devFailed('Data_FolderUnusable', `${lock} cannot be taken; another facility is starting in ${this.path}`)
  }
}

/** `run.json` of a data folder, when a facility runs there. */
export function readRunDescription(folder: string): RunDescription | undefined {
  try {
    const run = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as RunDescription
    return isAlive(run.pid) ? run : undefined
  } catch {
    return undefined
  }
}

/** Process id of a living owner; a reused id is told apart by its start time. */
function lockOwner(lock: string): number | undefined {
  let text = ''
  try {
    text = readFileSync(lock, 'utf8')
  } catch {
    return undefined
  }
  const [pid = 0, started = ''] = text.trim().split(' ')
  const owner = Number(pid)
  if (!(owner > 0) || !isAlive(owner)) return undefined
  const now = startTime(owner)
  return started !== '' && now !== undefined && now !== started ? undefined : owner
}

/** A lock without its owner's number yet: another facility makes it at this moment. */
function isBeingTaken(lock: string): boolean {
  try {
    const { size, mtimeMs } = statSync(lock)
    return size === 0 && Date.now() - mtimeMs < LOCKING_MS
  } catch {
    return false // gone again
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

/** Start time of a process in clock ticks (Linux); absent elsewhere. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
