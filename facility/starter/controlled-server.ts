// One server as the Starter sees it: its state, what the database says of it, and what happens when it ends unasked.

import type { Clock } from '#tango'
import { devFailed } from '#tango/pure'
import type { LauncherLog } from '../launcher-log.ts'
import type { ServerRunner } from './server-runner.ts'
import type { ServerStatistics, StarterJournal } from './starter-journal.ts'

/** ON: answers; MOVING: its process is there; FAULT: it is not. */
export type ServerState = 'ON' | 'MOVING' | 'FAULT'

/** What a call of a server's admin device gave. `absent`: the server itself said that it ended. */
export type Sign = 'answers' | 'silent' | 'absent'

/** When a server that ended is started again. */
export interface RestartRule {
  /** Above 0: only when it had run for longer, min. */
  readonly restartAfterMinutes: number
  /** Whether a crash is followed by a restart when `restartAfterMinutes` is 0. */
  readonly restartCrashed: boolean
}

/** What a server needs of its surroundings. */
export interface ServerSurroundings {
  readonly clock: Clock
  readonly log: LauncherLog
  readonly journal: Pick<StarterJournal, 'record' | 'statistics'>
  ping(): Promise<Sign>
  /** Whether the database still has it as running: it did not say good-bye. */
  exported(): Promise<boolean>
  restartRule(): RestartRule
}

/** Pauses before restarts, doubled each time, ms; the first again after a stable life. */
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
const STABLE_S = 30

/** How long the answer to an order to stop waits for the end, ms: below the time-out of clients. */
const REPLY_MS = 2_000

/** A server of this computer. */
export class ControlledServer {
  readonly name: string
  readonly runner: ServerRunner
  /** As the database says; a server of the launcher is always controlled. */
  controlled = false
  level = 0
  state: ServerState = 'FAULT'
  /** Since when it is MOVING, ms of the clock. */
  movingSince = Number.POSITIVE_INFINITY
  readonly #around: ServerSurroundings
  /** Stopped by order: its end is no failure. */
  #stopped = false
  #restarting = false
  /** Checked once: what comes now is a change. */
  #known = false
  #startedAt: number
  #failedAt = -1
  #pause = FIRST_PAUSE_MS
  #cancelRestart: (() => void) | undefined
  #checking: Promise<void> | undefined
  #starting: Promise<void> = Promise.resolve()
  #disposed = false

  constructor(name: string, runner: ServerRunner, around: ServerSurroundings) {
    this.name = name
    this.runner = runner
    this.#around = around
    this.#startedAt = around.clock.now()
  }

  /** Its line in the attribute `Servers`. */
  get line(): string {
    return [this.name, this.state, this.controlled ? 1 : 0, this.level, this.runner.instances].join('\t')
  }

  get statistics(): ServerStatistics {
    return {
      name: this.name,
      running: this.state === 'ON',
      startedAt: this.#startedAt,
      failedAt: this.#failedAt,
      restarted: this.#restarting,
    }
  }

  /** Looks how it is. Never rejects. */
  check(): Promise<void> {
    this.#checking ??= this.#check()
    return this.#checking
  }

  /**
   * Starts it.
   * @throws DevFailed `ALREADY_RUNNING`, `CANNOT_RUN_FILE`
   */
  async start(): Promise<void> {
    if (this.state !== 'FAULT') throw devFailed('ALREADY_RUNNING', `${this.name} is already running`)
    this.#forgetRestart()
    this.#pause = FIRST_PAUSE_MS
    await this.#start('operator')
    this.#around.journal.record(`${this.name} started`)
  }

  /**
   * Stops it; resolves when it has ended, or after two seconds while it is ending.
   * @throws DevFailed `SERVER_NOT_RUNNING`, `SERVER_NOT_RESPONDING`
   */
  async stop(): Promise<void> {
    const waited = this.#forgetRestart()
    this.#stopped = true
    if (this.state === 'FAULT' && this.runner.phase === 'down') {
      if (waited) return
      throw devFailed('SERVER_NOT_RUNNING', `${this.name} is not running`)
    }
    if (this.state === 'MOVING' && this.runner.phase === 'down') {
      throw devFailed(
        'SERVER_NOT_RESPONDING',
        `${this.name} does not answer, and no process of this computer is known to serve it`,
      )
    }
    const { clock, log } = this.#around
    const end = this.#end()
    let isLate = false
    const late = clock.sleep(REPLY_MS).then(() => {
      isLate = true
    })
    await Promise.race([end, late])
    if (isLate) end.catch((error) => log.warn('server cannot be stopped', { server: this.name, error: String(error) }))
  }

  /** Kills its process. @throws DevFailed `SERVER_NOT_RUNNING` */
  kill(): void {
    this.runner.kill()
    this.#around.journal.record(`${this.name} killed`)
  }

  /** Forgets what was planned for it, and starts it never again. Resolves when nothing is under way. */
  async dispose(): Promise<void> {
    this.#disposed = true
    this.#forgetRestart()
    this.#stopped = true
    await this.#starting
  }

  async #end(): Promise<void> {
    await this.runner.stop()
    this.#around.journal.record(`${this.name} stopped`)
    await this.check()
  }

  async #start(order: 'operator' | 'restart'): Promise<void> {
    if (this.#disposed) throw devFailed('API_ShutdownInProgress', `${this.name} is not started: the Starter is ending`)
    this.#stopped = false
    this.#restarting = order === 'restart'
    this.#startedAt = this.#around.clock.now()
    const start = this.runner.start(order)
    const starting = start.catch(() => undefined) // the caller sees it
    this.#starting = starting
    await start
    this.#become('MOVING')
  }

  async #check(): Promise<void> {
    try {
      await Promise.resolve() // not before the caller has noted that this is under way
      const { runner } = this
      // without a process there is nobody to ask, unless somebody runs it elsewhere
      const nobody = runner.kind === 'own' && runner.phase === 'down'
      const sign = nobody ? 'absent' : await this.#around.ping()
      if (sign === 'answers') this.#become('ON')
      else if (
        runner.phase === 'starting' ||
        (runner.phase === 'up' && (sign === 'silent' || runner.kind === 'native'))
      )
        this.#become('MOVING')
      else this.#become('FAULT')
    } finally {
      this.#checking = undefined
    }
  }

  #become(state: ServerState): void {
    const before = this.state
    const { clock, journal, log } = this.#around
    this.state = state
    if (state !== 'MOVING') this.movingSince = Number.POSITIVE_INFINITY
    else if (before !== 'MOVING') this.movingSince = clock.monotonic()
    const first = !this.#known
    this.#known = true
    if (state === before) return
    if (state === 'ON') {
      if (!first && before === 'FAULT') this.#startedAt = clock.now()
      if (this.#isWatched) journal.statistics(this.statistics)
      this.#failedAt = -1
      this.#restarting = false
    } else if (state === 'FAULT' && !this.#stopped && this.#isWatched) {
      this.#failedAt = clock.now()
      journal.statistics(this.statistics)
      journal.record(`${this.name} ended unasked`)
      log.warn('server ended unasked', { server: this.name })
      void this.#failed() // never rejects
    }
  }

  get #isWatched(): boolean {
    return this.controlled && this.level > 0
  }

  async #failed(): Promise<void> {
    const { log, restartRule } = this.#around
    // the launcher itself restarts its processes
    if (this.runner.kind === 'own') return
    const ran = this.#failedAt - this.#startedAt
    const rule = restartRule()
    if (rule.restartAfterMinutes > 0) {
      if (ran > rule.restartAfterMinutes * 60) this.#restartIn(0)
      return
    }
    if (!rule.restartCrashed || !(await this.#crashed()) || this.#stopped) return
    if (ran > STABLE_S) this.#pause = FIRST_PAUSE_MS
    log.warn('server crashed; it is restarted', { server: this.name, afterMs: this.#pause })
    this.#restartIn(this.#pause)
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2)
  }

  async #crashed(): Promise<boolean> {
    const { crashed } = this.runner
    if (crashed !== undefined) return crashed
    try {
      return await this.#around.exported()
    } catch {
      return false // without a database nothing can be started either
    }
  }

  #restartIn(pauseMs: number): void {
    this.#cancelRestart?.()
    this.#cancelRestart = this.#around.clock.setTimer(pauseMs, () => {
      this.#cancelRestart = undefined
      void this.#restart() // never rejects
    })
  }

  async #restart(): Promise<void> {
    if (this.#stopped || this.state !== 'FAULT') return
    try {
      await this.#start('restart')
      this.#around.journal.record(`${this.name} started again`)
    } catch (error) {
      this.#around.log.error('server cannot be restarted', { server: this.name, error: String(error) })
      this.#around.journal.record(`${this.name} cannot be started: ${String(error)}`)
    }
  }

  /** @returns whether a restart was planned */
  #forgetRestart(): boolean {
    const planned = this.#cancelRestart !== undefined
    this.#cancelRestart?.()
    this.#cancelRestart = undefined
    return planned
  }
}
