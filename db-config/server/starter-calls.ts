// Calls UpdateServersInfo of the Starter devices of hosts, beside the command that made it necessary.

import type { Logger, TangoProcess } from '#tango'
import type { Store } from '../store/store.ts'
import { starterDevice } from './starter.ts'

/** How long a Starter may take to answer. */
const TIMEOUT_MS = 3000

/** The calls of one database. What is asked for while they are under way is asked once, after them. */
export class StarterCalls {
  readonly #process: TangoProcess
  readonly #store: Store
  readonly #address: () => string
  readonly #log: Logger
  readonly #waiting = new Set<string>()
  #busy = false

  /** @param address `host:port` of the database, which knows where the Starters run */
  constructor(process: TangoProcess, store: Store, address: () => string, log: Logger) {
    this.#process = process
    this.#store = store
    this.#address = address
    this.#log = log
  }

  /** Returns at once. Hosts without a running Starter are passed over. */
  update(hosts: readonly string[]): void {
    for (const host of hosts) this.#waiting.add(starterDevice(this.#store, host))
    // a failure is logged where it happens
    if (!this.#busy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#busy = true
    try {
      // the command is answered first
      await new Promise((resolve) => setImmediate(resolve))
      while (this.#waiting.size > 0) {
        const names = [...this.#waiting]
        this.#waiting.clear()
        await Promise.all(names.map((name) => this.#call(name)))
      }
    } finally {
      this.#busy = false
    }
  }

  async #call(name: string): Promise<void> {
    try {
      if (this.#store.devices.get(name)?.exported !== true) return
      const proxy = this.#process.proxy(`tango://${this.#address()}/${name}`).withTimeout(TIMEOUT_MS)
      await proxy.command('UpdateServersInfo')
    } catch (error) {
      this.#log.debug(`${name} could not be told of a change of its servers`, { error })
    }
  }
}
