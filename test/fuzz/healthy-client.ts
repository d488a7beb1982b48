// A client that goes on using a device of the server while others attack it, and notes how it fares.

import { type DeviceProxy, silentLogger, TangoProcess } from '#tango'
import { BYSTANDER } from './devices.ts'

/** How the client fared. */
export interface Health {
  readonly calls: number
  readonly failures: readonly string[]
  /** Longest and 99 % time of a call. */
  readonly worstMs: number
  readonly p99Ms: number
}

/** Wait of one call; a client of a beamline would call a slower server broken. */
const TIMEOUT_MS = 2000
const PAUSE_MS = 3

/** Calls, reads and writes until it is stopped. */
export class HealthyClient {
  readonly #tango: TangoProcess
  readonly #proxy: DeviceProxy
  readonly #times: number[] = []
  readonly #failures: string[] = []
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  private constructor(tango: TangoProcess, proxy: DeviceProxy) {
    this.#tango = tango
    this.#proxy = proxy
  }

  static async start(address: { readonly host: string; readonly port: number }): Promise<HealthyClient> {
    const tango = await TangoProcess.create({ listen: false, log: silentLogger() })
    const client = new HealthyClient(
      tango,
      tango.proxy(`tango://${address.host}:${address.port}/${BYSTANDER}#dbase=no`),
    )
    await client.#proxy.ping()
    client.#running = client.#run()
    return client
  }

  /** Calls so far. */
  get calls(): number {
    return this.#times.length
  }

  /** Ends it. */
  async stop(): Promise<Health> {
    this.#stopped = true
    await this.#running
    await this.#tango.close()
    const sorted = this.#times.sort((a, b) => a - b)
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
    return { calls: sorted.length, failures: this.#failures, worstMs: at(1), p99Ms: at(0.99) }
  }

  async #run(): Promise<void> {
    const proxy = this.#proxy
    proxy.timeoutMs = TIMEOUT_MS
    for (let i = 0; !this.#stopped; i += 1) {
      await this.#call('ping', () => proxy.ping())
      await this.#call('write', () => proxy.write('position', i % 100))
      await this.#call('read', async () => {
        const { value } = await proxy.read('position')
        if (value !== i % 100) throw new Error(`${String(value)} was read after ${i % 100} was written`)
      })
      await this.#call('command', async () => {
        const echo = await proxy.command('EchoDevLong', i)
        if (echo !== i) throw new Error(`${String(echo)} came back from ${i}`)
      })
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }

  async #call(what: string, work: () => Promise<unknown>): Promise<void> {
    const start = performance.now()
    try {
      await work()
    } catch (error) {
      this.#failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#times.push(performance.now() - start)
  }
}
