// Starts servers level by level: within a level one after the other, each as soon as the one before answers, and a pause
// between two levels.

import type { Clock } from '#tango'
import { toDevFailed } from '#tango/pure'
import type { LauncherLog } from '../launcher-log.ts'
import type { ControlledServer } from './controlled-server.ts'
import type { StarterJournal } from './starter-journal.ts'

/** What starting takes its time from. */
export interface LevelTimes {
  /** Pause between two levels, ms. */
  readonly betweenLevelsMs: number
  /** How long the next server waits for an answer of the one before, ms. */
  readonly startupMs: number
}

/** Surroundings of {@link RunLevels}. */
export interface LevelSurroundings {
  readonly clock: Clock
  readonly log: LauncherLog
  readonly journal: Pick<StarterJournal, 'record'>
  times(): LevelTimes
  signal(): AbortSignal
}

interface Job {
  readonly level: number
  readonly servers: readonly ControlledServer[]
  cancelled: boolean
}

/** How often a starting server is looked at, ms. */
const LOOK_MS = 100

/** The levels that are being started. */
export class RunLevels {
  readonly #around: LevelSurroundings
  readonly #jobs = new Set<Job>()
  #last: Promise<void> = Promise.resolve()
  #lastLevel: number | undefined

  constructor(around: LevelSurroundings) {
    this.#around = around
  }

  /** Whether anything is still to be started. */
  get busy(): boolean {
    return this.#jobs.size > 0
  }

  /** Starts servers of a level after those of the levels before; resolves when it was tried with all. Never rejects. */
  start(level: number, servers: readonly ControlledServer[]): Promise<void> {
    if (servers.length === 0) return Promise.resolve()
    const job: Job = { level, servers, cancelled: false }
    this.#jobs.add(job)
    const before = this.#last
    this.#last = (async () => {
      await before
      try {
        await this.#run(job)
      } catch (error) {
        if (!this.#around.signal().aborted) this.#around.log.error('run level failed', { level, error: String(error) })
      } finally {
        this.#jobs.delete(job)
        if (this.#jobs.size === 0) this.#lastLevel = undefined
      }
    })()
    return this.#last
  }

  /** Starts no more servers of a level; of all levels when none is given. */
  cancel(level?: number): void {
    for (const job of this.#jobs) if (level === undefined || job.level === level) job.cancelled = true
  }

  async #run(job: Job): Promise<void> {
    const { clock, journal, log, times, signal } = this.#around
    if (this.#lastLevel !== undefined && this.#lastLevel !== job.level)
      await clock.sleep(times().betweenLevelsMs, signal())
    for (const server of job.servers) {
      signal().throwIfAborted()
      if (job.cancelled) return
      if (server.state !== 'FAULT') continue
      this.#lastLevel = job.level
      try {
        await server.start()
      } catch (error) {
        const { message } = toDevFailed(error)
        log.error('server cannot be started', { server: server.name, error: message })
        journal.record(`${server.name} cannot be started: ${message}`)
        continue
      }
      await this.#answers(server)
    }
  }

  async #answers(server: ControlledServer): Promise<void> {
    const { clock, times, signal } = this.#around
    const deadline = clock.monotonic() + times().startupMs
    while (clock.monotonic() < deadline) {
      await server.check()
      if (server.state !== 'MOVING') return
      await clock.sleep(LOOK_MS, signal())
    }
  }
}
