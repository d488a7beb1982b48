// A logical server in a process of the launcher. Alone in its process it starts and ends with it; else only the server
// does, and the others go on.

import { devFailed } from '#tango/pure'
import type { ProcessPhase, SupervisedProcess } from '../supervised-process.ts'
import { ORDER_MS, type ServerRunner } from './server-runner.ts'

/** What {@link OwnServer} needs of a process. */
export type ServingProcess = Pick<
  SupervisedProcess,
  'name' | 'pid' | 'logFile' | 'phase' | 'servers' | 'change' | 'resume' | 'stop' | 'kill'
>

/** One logical server of ours. */
export class OwnServer implements ServerRunner {
  readonly kind = 'own'
  readonly crashed = undefined
  /** The launcher ends its processes itself. */
  readonly startedHere = false
  readonly #process: ServingProcess
  readonly #server: string
  readonly #alone: boolean
  #halted = false
  /** Orders are done one after the other. */
  #last: Promise<void> = Promise.resolve()

  /** @param alone the process serves nothing else, not even the database */
  constructor(process: ServingProcess, server: string, options: { readonly alone: boolean }) {
    this.#process = process
    this.#server = server
    this.#alone = options.alone
  }

  get pid(): number | undefined {
    return this.phase === 'down' ? undefined : this.#process.pid
  }

  get logFile(): string {
    return this.#process.logFile
  }

  get phase(): ProcessPhase {
    return this.#process.servers.includes(this.#server) ? this.#process.phase : 'down'
  }

  get instances(): number {
    return this.phase === 'down' ? 0 : 1
  }

  start(): Promise<void> {
    return this.#next(async () => {
      if (!this.#halted) return await this.#process.change('start-server', this.#server, ORDER_MS)
      this.#halted = false
      this.#process.resume()
    })
  }

  stop(): Promise<void> {
    return this.#next(async () => {
      if (!this.#alone) return await this.#process.change('stop-server', this.#server, ORDER_MS)
      this.#halted = true
      await this.#process.stop()
    })
  }

  kill(): void {
    if (this.pid === undefined) throw devFailed('SERVER_NOT_RUNNING', `${this.#server} is not running`)
    this.#process.kill()
  }

  async #next(order: () => Promise<void>): Promise<void> {
    const before = this.#last
    const done = (async () => {
      await before
      await order()
    })()
    this.#last = done.catch(() => undefined) // the caller sees it
    await done
  }
}
