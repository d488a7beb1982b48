// One child process that is kept alive: started, watched, restarted with back-off, ended in order.

import { type ChildProcess, fork } from 'node:child_process'
import type { Logger } from '#tango'
import { devFailed } from '#tango/pure'
import { LogFile } from './log-file.ts'
import type { LauncherMessage, ServerProcessMessage, StartMessage } from './messages.ts'

/** First pause before a restart, ms; doubled each time up to the longest. */
const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 10_000
/** A process that lived so long starts again with the first pause, ms. */
const STABLE_MS = 30_000
/** How long a process may take to end in order, then after SIGTERM, ms. */
const STOP_MS = 6_000
const TERM_MS = 2_000

/** Options of a supervised process. */
export interface SupervisedOptions {
  readonly name: string
  readonly program: string
  readonly logFile: string
  readonly log: Logger
  readonly environment?: Readonly<Record<string, string>>
  /** Called for every start that became ready, restarts included. */
  readonly onReady?: (restarted: boolean) => void
}

/** A child process under supervision. */
export class SupervisedProcess {
  readonly #options: SupervisedOptions
  #child: ChildProcess | undefined
  readonly #output: LogFile
  #start: StartMessage | undefined
  #stopping = false
  #pause = FIRST_PAUSE_MS
  #timer: NodeJS.Timeout | undefined
  #waiting: { stage: ServerProcessMessage['kind']; resolve: () => void; reject: (error: Error) => void }[] = []
  #reached = new Set<string>()

  constructor(options: SupervisedOptions) {
    this.#options = options
    this.#output = new LogFile(options.logFile)
  }

  get name(): string {
    return this.#options.name
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Forks the process; it does nothing until {@link run}. Forking early hides the start of the runtime. */
  fork(): void {
    const { program, environment, log, name } = this.#options
    this.#reached.clear()
    const began = Date.now()
    const child = fork(program, [name], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment },
      detached: true, // Ctrl-C in the terminal is for the launcher, which ends its children in order
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => this.#output.append(text))
    child.on('message', (message: ServerProcessMessage) => this.#heard(message))
    child.on('error', (error) => log.error('process failed', { process: name, error: error.message }))
    child.once('exit', (code, signal) => this.#ended(Date.now() - began, signal ?? `code ${code}`))
  }

  /** Tells the process what to serve and remembers it for restarts. */
  run(start: StartMessage): void {
    this.#start = start
    this.#send(start)
  }

  /** Resolves when the process says so. @throws DevFailed when it fails or ends first */
  async reached(stage: 'ready' | 'database-ready', timeoutMs: number): Promise<void> {
    if (this.#reached.has(stage)) return
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ stage, resolve, reject })
        timer = setTimeout(
          () =>
            reject(
              devFailed(
                'API_DeviceTimedOut',
                `${this.name} was not ready after ${timeoutMs / 1000} s; see ${this.#options.logFile}`,
              ),
            ),
          timeoutMs,
        )
      })
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends the process: a request, then SIGTERM, then SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      this.#send({ kind: 'stop' })
      if (!(await within(exited, STOP_MS))) {
        this.#options.log.warn('process does not end; sending SIGTERM', { process: this.name })
        child.kill('SIGTERM')
        if (!(await within(exited, TERM_MS))) child.kill('SIGKILL')
        await exited
      }
    }
    await this.#output.flush()
  }

  #heard(message: ServerProcessMessage): void {
    if (message.kind === 'failed') {
      const error = devFailed('Internal_Error', `${this.name}: ${message.message}`)
      for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
      return
    }
    this.#reached.add(message.kind)
    const reached = this.#waiting.filter((w) => w.stage === message.kind)
    this.#waiting = this.#waiting.filter((w) => w.stage !== message.kind)
    for (const waiting of reached) waiting.resolve()
    if (message.kind === 'ready') this.#options.onReady?.(this.#pause > FIRST_PAUSE_MS)
  }

  #ended(lived: number, how: string): void {
    const { log, logFile } = this.#options
    for (const waiting of this.#waiting.splice(0))
      waiting.reject(devFailed('Internal_Error', `${this.name} ended (${how}) before it was ready; see ${logFile}`))
    if (this.#stopping || this.#start === undefined) return
    if (lived > STABLE_MS) this.#pause = FIRST_PAUSE_MS
    log.warn('process ended; it is restarted', { process: this.name, how, afterMs: this.#pause })
    this.#timer = setTimeout(() => {
      this.fork()
      if (this.#start !== undefined) this.#send(this.#start)
    }, this.#pause)
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2)
  }

  #send(message: LauncherMessage): void {
    const child = this.#child
    if (child?.connected !== true) return
    child.send(message, (error) => {
      if (error !== null) this.#options.log.debug('message not delivered', { process: this.name, error: error.message })
    })
  }
}

async function within(promise: Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs)
  })
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
