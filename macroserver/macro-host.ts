// Keeps one warm child process for a Door: starts it, starts another when it dies or is outdated, hands a run to it as
// soon as it is ready.

import { type Clock, type Logger, toDevFailed } from '#tango'
import { MacroProcess } from './macro-process.ts'
import type { DoorMessage, OpenMessage, ProcessMessage } from './messages.ts'

/** Longest wait before a process that keeps dying is started again, ms. */
const LONGEST_WAIT_MS = 10_000

/** What a host needs of its Door. */
export interface MacroHostOptions {
  /** What a new process is told; made when it starts. */
  open(): OpenMessage
  message(message: ProcessMessage): void
  /** The process is gone, by itself or killed; the next one is being started. */
  lost(why: string): void
  readonly clock: Clock
  readonly log: Logger
}

/** The processes of one Door, one at a time: two would share its place in the data folder. */
export class MacroHost {
  readonly #options: MacroHostOptions
  readonly #closed = new AbortController()
  #process: MacroProcess | undefined
  #run: DoorMessage | undefined
  #deaths = 0

  constructor(options: MacroHostOptions) {
    this.#options = options
  }

  /** Starts the first process. @throws DevFailed when it does not get ready; it is tried again in the background */
  async start(): Promise<void> {
    const started: MacroProcess = new MacroProcess(
      this.#options.open(),
      {
        message: (message) => {
          if (started === this.#process) this.#options.message(message)
        },
        exit: (why) => this.#exited(started, why),
      },
      this.#options.log,
    )
    this.#process = started
    await started.ready
    this.#deaths = 0
    this.#options.log.debug('the macro process is ready', { pid: started.pid })
    if (this.#run === undefined || this.#process !== started) return
    started.send(this.#run)
    this.#run = undefined
  }

  /** Sends a message to the process; without one it is lost, a new process is told everything. */
  send(message: DoorMessage): void {
    this.#process?.send(message)
  }

  /** Sends a run, now or when the process is ready. */
  async run(message: DoorMessage): Promise<void> {
    const process_ = this.#process
    this.#run = message
    try {
      await process_?.ready
    } catch {
      return // its end is told by `lost`
    }
    if (process_ === undefined || this.#process !== process_ || this.#run !== message) return
    this.#run = undefined
    process_.send(message)
  }

  /** Ends the process at once and starts another; `lost` is not called. */
  async kill(): Promise<void> {
    const old = this.#process
    old?.kill()
    await this.#replace(old)
  }

  /** Ends the idle process in an orderly way and starts another. */
  async replace(): Promise<void> {
    await this.#replace(this.#process)
  }

  async #replace(old: MacroProcess | undefined): Promise<void> {
    if (old === undefined) return // another is being started
    this.#process = undefined
    await old.close()
    await this.#restart()
  }

  /** Ends the process; `lost` is not called. */
  async close(): Promise<void> {
    this.#closed.abort()
    const process_ = this.#process
    this.#process = undefined
    await process_?.close()
  }

  #exited(which: MacroProcess, why: string): void {
    if (which !== this.#process) return
    this.#process = undefined
    this.#run = undefined
    this.#options.lost(why)
    void this.#restart() // never rejects
  }

  async #restart(): Promise<void> {
    const { clock, log } = this.#options
    this.#deaths += 1
    const wait = this.#deaths < 2 ? 0 : Math.min(LONGEST_WAIT_MS, 250 * 2 ** (this.#deaths - 2))
    try {
      if (wait > 0) await clock.sleep(wait, this.#closed.signal)
      if (this.#closed.signal.aborted || this.#process !== undefined) return
      await this.start()
    } catch (error) {
      if (!this.#closed.signal.aborted)
        log.error('the macro process did not start', { error: toDevFailed(error).message })
    }
  }
}
