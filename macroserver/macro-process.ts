// A Door's handle on its child process: started, kept warm, replaced when it dies.

import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { devFailed, type Logger, workerUrl } from '#tango'
import type { DoorMessage, OpenMessage, ProcessMessage } from './messages.ts'

/** How long a process may take to start, ms. */
const START_MS = 15_000
/** How long it may take to end in an orderly way, ms. */
const END_MS = 4000

/** Whom a process tells what. */
export interface MacroProcessEvents {
  message(message: ProcessMessage): void
  /** The process is gone; `why` is a text for people. */
  exit(why: string): void
}

/** One child process. */
export class MacroProcess {
  /** Resolves with problems of macro files when macros can be run; rejects when the process ends before. */
  readonly ready: Promise<readonly string[]>
  readonly #child: ChildProcess
  readonly #log: Logger
  readonly #gone: Promise<void>
  #lives = true

  constructor(open: OpenMessage, events: MacroProcessEvents, log: Logger) {
    this.#log = log
    const file = fileURLToPath(workerUrl(import.meta.url, './door-process'))
    const environment = open.tangoHost === '' ? process.env : { ...process.env, TANGO_HOST: open.tangoHost }
    this.#child = fork(file, [], {
      serialization: 'advanced',
      env: environment,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#gone = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#lives = false
        resolve()
        events.exit(signal === null ? `it ended with code ${code ?? '?'}` : `it was ended by ${signal}`)
      })
    })
    this.#child.on('error', (error) => log.error('the macro process failed', { error: error.message }))
    this.ready = this.#becomesReady()
    this.ready.catch(() => undefined) // whoever waits is told; the exit is reported anyway
    this.#child.on('message', (message: ProcessMessage) => events.message(message))
    this.send(open)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Sends a message; one to a process that is going is lost, its end is reported. */
  send(message: DoorMessage): void {
    if (!this.#lives || !this.#child.connected) return
    this.#child.send(message, (error) => {
      if (error !== null && this.#lives) this.#log.warn('the macro process does not read', { error: error.message })
    })
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Ends the process in an orderly way, by force when it does not obey. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const force = setTimeout(() => this.kill(), END_MS)
    await this.#gone
    clearTimeout(force)
  }

  #becomesReady(): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) =>
        reject(devFailed('API_CommunicationFailed', `the macro process is not ready: ${why}`))
      const timer = setTimeout(() => {
        fail(`it did not start within ${START_MS / 1000} s`)
        this.kill()
      }, START_MS)
      timer.unref()
      this.#child.on('message', (message: ProcessMessage) => {
        if (message.kind !== 'ready') return
        clearTimeout(timer)
        resolve(message.problems)
      })
      this.#child.once('exit', () => {
        clearTimeout(timer)
        fail('it ended')
      })
    })
  }
}
