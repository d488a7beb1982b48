// A server that is a program of its own: native executables, and servers of ours that no process of the launcher serves.
// Its output goes straight to its log, so that it outlives the Starter. One that somebody else started is taken over.

import { type ChildProcess, spawn } from 'node:child_process'
import { copyFile, mkdir, open, stat, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '#tango'
import { devFailed } from '#tango/pure'
import type { LauncherLog } from '../launcher-log.ts'
import { LARGEST_LOG } from '../log-file.ts'
import { archiveLog } from '../log-history.ts'
import type { Executable } from './executable.ts'
import { lives } from './process-table.ts'
import { type ServerRunner, serverParts } from './server-runner.ts'

/** How long a server may take to end, ms. */
export interface NativePatience {
  /** After it was asked. */
  readonly ask: number
  readonly term: number
  readonly kill: number
}

/** What a native server needs of its surroundings. */
export interface NativeSurroundings {
  readonly clock: Clock
  readonly log: LauncherLog
  /** Environment of the program. */
  readonly environment: Readonly<Record<string, string | undefined>>
  logFile(): string
  keepLogs(): number
  executable(): Promise<Executable>
  /** Asks the server to end (command Kill of its admin device). */
  askToEnd(): Promise<void>
  /** Process ids of the server, whoever started it, at the last look. */
  known(): readonly number[]
  /** Called when the process that was started here has ended. */
  onEnd(): void
  readonly patience?: Partial<NativePatience>
}

const PATIENCE: NativePatience = { ask: 6_000, term: 2_000, kill: 2_000 }

/** How often a process that is not ours is looked at while it ends, ms. */
const LOOK_MS = 50

/** One native server. */
export class NativeServer implements ServerRunner {
  readonly kind = 'native'
  readonly #name: string
  readonly #around: NativeSurroundings
  readonly #patience: NativePatience
  #child: ChildProcess | undefined
  #crashed: boolean | undefined

  constructor(name: string, around: NativeSurroundings) {
    this.#name = name
    this.#around = around
    this.#patience = { ...PATIENCE, ...around.patience }
  }

  get pid(): number | undefined {
    return this.#childPid ?? this.#around.known()[0]
  }

  get logFile(): string {
    return this.#around.logFile()
  }

  get phase(): 'down' | 'starting' | 'up' {
    return this.pid === undefined ? 'down' : 'up'
  }

  get instances(): number {
    const own = this.#childPid
    return new Set([...(own === undefined ? [] : [own]), ...this.#around.known()]).size
  }

  get crashed(): boolean | undefined {
    return this.#crashed
  }

  get startedHere(): boolean {
    return this.#childPid !== undefined
  }

  async start(order: 'operator' | 'restart'): Promise<void> {
    const { file, words } = await this.#around.executable()
    const { logFile } = this
    const folder = dirname(logFile)
    await mkdir(folder, { recursive: true })
    // the log of a crash is worth more than that of the restart
    if (order === 'operator') await archiveLog(logFile, this.#around.keepLogs())
    const output = await open(logFile, 'a')
    try {
      const [, instance] = serverParts(this.#name)
      const child = spawn(file, [...words, instance], {
        cwd: folder,
        env: { ...process.env, ...this.#around.environment },
        stdio: ['ignore', output.fd, output.fd],
        detached: true, // Ctrl-C in the terminal is for the launcher, which ends its servers in order
      })
      child.unref() // nobody waits for a server but who stops it
      await new Promise<void>((resolve, reject) => {
        child.once('spawn', resolve)
        child.once('error', (error) => reject(devFailed('CANNOT_RUN_FILE', `${file} cannot be run: ${error.message}`)))
      })
      this.#watch(child)
    } finally {
      await output.close()
    }
  }

  async stop(): Promise<void> {
    const { pid } = this
    // served by a process that does not carry its name: it alone can end itself
    if (pid === undefined) return await this.#around.askToEnd()
    const steps = [
      { how: 'asking', wait: this.#patience.ask, act: () => this.#around.askToEnd() },
      { how: 'SIGTERM', wait: this.#patience.term, act: () => signal(pid, 'SIGTERM') },
      { how: 'SIGKILL', wait: this.#patience.kill, act: () => signal(pid, 'SIGKILL') },
    ] as const
    for (const { how, wait, act } of steps) {
      try {
        await act()
        if (await this.#ends(pid, wait)) return
      } catch (error) {
        // a server that does not answer is ended by signals
        this.#around.log.debug('a server cannot be asked to end', { server: this.#name, error: String(error) })
      }
      if (this.#childPid !== pid && !(await lives(pid))) return
      this.#around.log.warn('server does not end', { server: this.#name, after: how })
    }
    throw devFailed('SERVER_NOT_RESPONDING', `${this.#name}: process ${pid} cannot be ended`)
  }

  kill(): void {
    const { pid } = this
    if (pid === undefined) throw devFailed('SERVER_NOT_RUNNING', `${this.#name} is not running`)
    signal(pid, 'SIGKILL')
  }

  /** Begins a new log when the present one has become too long; the process goes on writing to the same file. */
  async limitLog(): Promise<void> {
    const { logFile } = this
    const size = await stat(logFile).then(
      (found) => found.size,
      () => 0,
    )
    if (size <= LARGEST_LOG) return
    const former = `${logFile}.former`
    await copyFile(logFile, former)
    await truncate(logFile)
    await archiveLog(former, this.#around.keepLogs(), logFile)
  }

  get #childPid(): number | undefined {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null ? child.pid : undefined
  }

  #watch(child: ChildProcess): void {
    this.#child = child
    this.#crashed = undefined
    const ended = (code: number | null): void => {
      if (this.#child !== child) return
      this.#crashed = code !== 0
      this.#around.onEnd()
    }
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode)
    else child.once('exit', ended)
  }

  async #ends(pid: number, withinMs: number): Promise<boolean> {
    const { clock } = this.#around
    const deadline = clock.monotonic() + withinMs
    while (this.#childPid === pid || (await lives(pid))) {
      if (clock.monotonic() > deadline) return false
      await clock.sleep(LOOK_MS)
    }
    return true
  }
}

/** Signals one process; to the system numbers below 1 mean many. */
function signal(pid: number, name: NodeJS.Signals): void {
  if (!Number.isInteger(pid) || pid <= 1) throw new Error(`unreachable: ${pid} is no process of a server`)
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error // it has ended by itself
  }
}
