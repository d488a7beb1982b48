// One child process that is kept alive: started, watched, restarted with back-off, ended in order.

import { type ChildProcess, fork } from 'node:child_process'
import { DevFailed, devFailed, toDevFailed } from '#tango/pure'
import type { LauncherLog } from './launcher-log.ts'
import { LogFile } from './log-file.ts'
import type {
  AppliedServer,
  ChangeServerMessage,
  HostingRequest,
  LauncherMessage,
  ServerProcessMessage,
  StartMessage,
} from './messages.ts'

/** How patient a supervisor is, ms. */
export interface Patience {
  /** Pause before the first restart; doubled each time up to the longest. */
  readonly firstPause: number
  readonly longestPause: number
  /** A process that lived so long starts again with the first pause. */
  readonly stable: number
  /** How long a process may take to end in order, then after SIGTERM. */
  readonly stop: number
  readonly term: number
}

/** Options of a supervised process. */
export interface SupervisedOptions {
  readonly name: string
  readonly program: string
  readonly logFile: string
  readonly log: LauncherLog
  readonly environment?: Readonly<Record<string, string>>
  /** Options of the runtime, added to those of this process. */
  readonly runtime?: readonly string[]
  /** Called for every start that became ready, restarts included. */
  readonly onReady?: () => void
  /** Called after every end. */
  readonly onEnd?: () => void
  /** Does what the configuration asks for. @returns false when it is not the launcher's business */
  readonly onHosting?: (request: HostingRequest) => Promise<boolean>
  /** Told the servers of the configuration when the process of the database is back. */
  readonly onApplied?: (servers: readonly AppliedServer[]) => void
  readonly patience?: Partial<Patience>
}

/** What a process does: nothing, starting, or serving. */
export type ProcessPhase = 'down' | 'starting' | 'up'

type Stage = Exclude<ServerProcessMessage['kind'], 'failed' | 'server-changed' | 'alarm' | 'hosting' | 'applied'>
type StageMessage<S extends Stage> = Extract<ServerProcessMessage, { kind: S }>

const PATIENCE: Patience = { firstPause: 100, longestPause: 10_000, stable: 30_000, stop: 6_000, term: 2_000 }

/** A child process under supervision. */
export class SupervisedProcess {
  readonly #options: SupervisedOptions
  readonly #patience: Patience
  readonly #output: LogFile
  #child: ChildProcess | undefined
  /** What the process is told after a restart; nothing is restarted that was never told to serve. */
  #again: StartMessage | undefined
  #order: readonly string[] = []
  #watcher: () => void = () => undefined
  #gone = false
  #stopping = false
  #pause: number
  #timer: NodeJS.Timeout | undefined
  #waiting: { stage: Stage; resolve: (message: ServerProcessMessage) => void; reject: (error: Error) => void }[] = []
  #reached = new Map<Stage, ServerProcessMessage>()
  /** Who waits for a change of a logical server, by its name. */
  readonly #changes = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()

  constructor(options: SupervisedOptions) {
    this.#options = options
    this.#patience = { ...PATIENCE, ...options.patience }
    this.#pause = this.#patience.firstPause
    this.#output = new LogFile(options.logFile)
  }

  get name(): string {
    return this.#options.name
  }

  /** Undefined while there is no process. */
  get pid(): number | undefined {
    return this.#gone ? undefined : this.#child?.pid
  }

  get logFile(): string {
    return this.#options.logFile
  }

  get phase(): ProcessPhase {
    if (this.#child === undefined || this.#gone) return 'down'
    return this.#reached.has('ready') ? 'up' : 'starting'
  }

  /** Logical servers that the process serves, or will serve when it runs again. */
  get servers(): readonly string[] {
    return this.#again?.servers ?? []
  }

  /** Calls `watcher` after each end of the process and whenever it is ready. */
  watch(watcher: () => void): void {
    this.#watcher = watcher
  }

  /** Forks the process; it does nothing until it is told. Forking early hides the start of the runtime. */
  fork(): void {
    const { program, environment, log, name, runtime = [] } = this.#options
    this.#reached.clear()
    this.#gone = false
    const began = performance.now()
    const child = fork(program, [name], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...process.env, ...environment },
      execArgv: [...process.execArgv, ...runtime],
      detached: true, // Ctrl-C in the terminal is for the launcher, which ends its children in order
    })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => this.#output.append(text))
    child.on('message', (message: ServerProcessMessage) => this.#heard(message))
    child.on('error', (error) => {
      log.error('process failed', { process: name, error: error.message })
      // without a process there is no exit to wait for
      if (child.pid === undefined) this.#ended(performance.now() - began, error.message)
    })
    child.once('exit', (code, signal) => this.#ended(performance.now() - began, signal ?? `code ${code}`))
  }

  /** Has the process check a beamline file. */
  read(beamline: string, options: { readonly isolated: boolean }): void {
    this.#send({ kind: 'read', beamline, ...options })
  }

  /** Tells the process what to serve, and remembers what it is told after a restart. */
  run(start: StartMessage, again: StartMessage = start): void {
    this.#again = again
    this.#order = again.servers
    if (this.#gone) this.fork()
    this.#send(start)
  }

  /** Resolves with the message in which the process says so. @throws DevFailed when it fails or ends first */
  async reached<S extends Stage>(stage: S, timeoutMs: number): Promise<StageMessage<S>> {
    const message = this.#reached.get(stage) ?? (await this.#next(stage, timeoutMs))
    if (isOf(message, stage)) return message
    throw new Error(`unreachable: ${message.kind} instead of ${stage}`)
  }

  /**
   * Starts or stops one logical server; after a restart of the process it is as it is now.
   * @throws DevFailed what the server threw, `API_DeviceTimedOut`
   */
  async change(kind: ChangeServerMessage['kind'], server: string, timeoutMs: number): Promise<void> {
    const starts = kind === 'start-server'
    if (starts && !this.#order.includes(server)) this.#order = [...this.#order, server]
    this.#keep(server, starts)
    if (this.phase === 'starting') await this.reached('ready', timeoutMs)
    if (this.phase === 'down') return // the process comes back with the new list
    let timer: NodeJS.Timeout | undefined
    try {
      await new Promise<void>((resolve, reject) => {
        this.#changes.get(server)?.reject(devFailed('API_DeviceTimedOut', `${server}: another order came meanwhile`))
        this.#changes.set(server, { resolve, reject })
        const desc = `${server}: ${kind} was not done after ${timeoutMs / 1000} s; see ${this.logFile}`
        timer = setTimeout(() => reject(devFailed('API_DeviceTimedOut', desc)), timeoutMs)
        this.#send({ kind, server })
      })
    } catch (error) {
      // a server that cannot start must not keep the others from coming back
      if (starts) this.#keep(server, false)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs again after {@link stop}, with what it was told last. */
  resume(): void {
    if (this.#again === undefined || !this.#stopping) return
    this.#stopping = false
    this.#pause = this.#patience.firstPause
    this.fork()
    this.#send(this.#again)
  }

  /** Kills the process; it is restarted as after a crash. */
  kill(): void {
    this.#child?.kill('SIGKILL')
  }

  /** Ends the process: a request, then SIGTERM, then SIGKILL. */
  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      this.#send({ kind: 'stop' })
      if (!(await within(exited, this.#patience.stop))) {
        this.#options.log.warn('process does not end; sending SIGTERM', { process: this.name })
        child.kill('SIGTERM')
        if (!(await within(exited, this.#patience.term))) {
          this.#options.log.warn('process does not end; killing it', { process: this.name })
          child.kill('SIGKILL')
        }
        await exited // the kernel sees to that
      }
    }
    await this.#output.flush()
  }

  async #next(stage: Stage, timeoutMs: number): Promise<ServerProcessMessage> {
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.push({ stage, resolve, reject })
        const desc = `${this.name} was not ready after ${timeoutMs / 1000} s; see ${this.#options.logFile}`
        timer = setTimeout(() => reject(devFailed('API_DeviceTimedOut', desc)), timeoutMs)
      })
    } finally {
      clearTimeout(timer)
    }
  }

  #heard(message: ServerProcessMessage): void {
    if (message.kind === 'alarm') {
      this.#options.log.error(message.text, { process: this.name })
      return
    }
    if (message.kind === 'hosting') return void this.#host(message) // never rejects
    if (message.kind === 'applied') {
      this.#options.onApplied?.(message.servers)
      return
    }
    if (message.kind === 'server-changed') {
      const change = this.#changes.get(message.server)
      this.#changes.delete(message.server)
      if (message.errors === undefined) change?.resolve()
      else change?.reject(new DevFailed(message.errors))
      return
    }
    if (message.kind === 'failed') {
      const failure = new DevFailed(message.errors)
      // what was only read has not started, and says itself which file is wrong
      this.#refuse(
        this.#again === undefined
          ? failure
          : devFailed('Internal_Error', `${this.name} cannot start; see ${this.#options.logFile}`, { cause: failure }),
      )
      return
    }
    const { kind } = message
    this.#reached.set(kind, message)
    const reached = this.#waiting.filter((w) => w.stage === kind)
    this.#waiting = this.#waiting.filter((w) => w.stage !== kind)
    for (const waiting of reached) waiting.resolve(message)
    if (kind !== 'ready') return
    this.#options.onReady?.()
    this.#watcher()
  }

  async #host(request: HostingRequest): Promise<void> {
    const child = this.#child
    const answer: LauncherMessage = { kind: 'hosted', id: request.id, done: false }
    let result: LauncherMessage
    try {
      result = { ...answer, done: (await this.#options.onHosting?.(request)) === true }
    } catch (error) {
      result = { ...answer, errors: toDevFailed(error).errors }
    }
    // the process that comes next has asked for nothing
    if (this.#child === child) this.#send(result)
  }

  #keep(server: string, keep: boolean): void {
    if (this.#again === undefined) throw new Error(`unreachable: ${this.name} was never told to serve`)
    const kept = new Set(this.#again.servers)
    if (keep) kept.add(server)
    else kept.delete(server)
    // what others need comes first, as it was told at first
    const servers = [...new Set([...this.#order, ...kept])].filter((name) => kept.has(name))
    this.#again = { ...this.#again, servers, stopped: this.#order.filter((name) => !kept.has(name)) }
  }

  #refuse(error: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
    for (const change of this.#changes.values()) change.reject(error)
    this.#changes.clear()
  }

  #ended(lived: number, how: string): void {
    const { log, logFile } = this.#options
    this.#gone = true
    this.#options.onEnd?.()
    this.#watcher()
    this.#refuse(devFailed('Internal_Error', `${this.name} ended (${how}) before it was ready; see ${logFile}`))
    if (this.#stopping || this.#again === undefined) return
    if (lived > this.#patience.stable) this.#pause = this.#patience.firstPause
    log.warn('process ended; it is restarted', { process: this.name, how, afterMs: this.#pause })
    this.#timer = setTimeout(() => {
      this.fork()
      if (this.#again !== undefined) this.#send(this.#again)
    }, this.#pause)
    this.#pause = Math.min(this.#patience.longestPause, this.#pause * 2)
  }

  #send(message: LauncherMessage): void {
    const child = this.#child
    if (child?.connected !== true) return
    child.send(message, (error) => {
      if (error !== null) this.#options.log.debug('message not delivered', { process: this.name, error: error.message })
    })
  }
}

function isOf<S extends Stage>(message: ServerProcessMessage, stage: S): message is StageMessage<S> {
  return message.kind === stage
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
