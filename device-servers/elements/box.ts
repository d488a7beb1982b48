// Keeps one driver connected to its box: connects in the background, retries, notices losses and returns. Knows no axes.

import type { Clock } from '#tango'
import { devFailed, toDevFailed } from '#tango/pure'
import type { DriverContext } from '../driver.ts'
import { type Line, openLine } from '../line.ts'

/** Pause between attempts to connect. */
const RETRY_MS = 1000

/** What a box needs to know, and whom it tells. */
export interface BoxOptions<D> {
  /** Name of the controller, for messages. */
  readonly name: string
  readonly clock: Clock
  readonly log: DriverContext['log']
  /** Connects the driver once. */
  connect(context: DriverContext): Promise<D>
  /** Asks the box something harmless; rejects when it does not answer. */
  probe(driver: D): Promise<void>
  /** The box answers; runs also after each return. A failure counts as a loss. */
  onUp(driver: D): Promise<void>
  /** The box does not answer any more, or still not. Called once per reason. */
  onDown(reason: string): void
}

/** One driver and its connection. */
export class Box<D extends { close(): Promise<void> | void }> {
  readonly #options: BoxOptions<D>
  readonly #lines = new Set<Line>()
  #driver: D | undefined
  #up = false
  #reason: string | undefined
  #closed = false
  #attempt = 0
  #working = false
  #cancelRetry: () => void = () => {}

  constructor(options: BoxOptions<D>) {
    this.#options = options
  }

  /** Why there is no connection; undefined while there is one. */
  get trouble(): string | undefined {
    return this.#up ? undefined : (this.#reason ?? 'connecting')
  }

  /**
   * The connected driver.
   * @throws DevFailed `Controller_NotConnected` with the reason
   */
  get driver(): D {
    if (this.#up && this.#driver !== undefined) return this.#driver
    throw devFailed('Controller_NotConnected', `${this.#options.name}: the box does not answer: ${this.trouble}`)
  }

  /**
   * Connects, now and again until it works.
   * @param ms how long to wait for the first attempt; it goes on in the background
   */
  async start(ms: number): Promise<void> {
    const first = this.#work() // reports its failures through onDown
    const patience = new AbortController()
    await Promise.race([first, this.#options.clock.sleep(ms, patience.signal).catch(() => {})])
    patience.abort()
  }

  /** Ends the connection and all attempts. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#up = false
    this.#reason = 'closed'
    this.#cancelRetry()
    await this.#drop()
  }

  async #work(): Promise<void> {
    if (this.#working || this.#closed) return
    this.#working = true
    this.#cancelRetry()
    const attempt = ++this.#attempt
    try {
      const driver = this.#driver ?? (await this.#options.connect(this.#context()))
      if (this.#closed) {
        await driver.close()
        return
      }
      this.#driver = driver
      await this.#options.probe(driver)
      // a line that was lost meanwhile has counted on
      if (this.#closed || attempt !== this.#attempt) return
      this.#up = true
      this.#reason = undefined
      this.#options.log.info('box connected')
      await this.#options.onUp(driver)
    } catch (error) {
      if (this.#closed) return
      // a driver that never connected holds nothing that could come back by itself
      if (this.#driver === undefined) await this.#drop()
      this.#down(toDevFailed(error).message)
    } finally {
      this.#working = false
      if (!this.#up && !this.#closed)
        this.#cancelRetry = this.#options.clock.setTimer(RETRY_MS, () => void this.#work())
    }
  }

  #down(reason: string): void {
    this.#up = false
    if (this.#reason === reason) return
    if (this.#reason === undefined || this.#reason === 'connecting') this.#options.log.warn('box lost', { reason })
    this.#reason = reason
    this.#options.onDown(reason)
  }

  #lineChanged(line: Line, connected: boolean, reason: string): void {
    if (this.#closed || !this.#lines.has(line)) return
    this.#attempt++
    if (connected) void this.#work()
    // while it is down anyway the failed attempts tell more
    else if (this.#up) this.#down(`connection lost to ${reason}`)
  }

  #context(): DriverContext {
    const { clock, log } = this.#options
    return {
      openLine: async (host, port, options) => {
        const line = await openLine(host, port, options ?? {}, { clock })
        this.#lines.add(line)
        line.onConnectionChange((connected, reason) => {
          this.#lineChanged(line, connected, `${host}:${port}: ${reason ?? 'lost'}`)
        })
        if (this.#closed) await line.close()
        return line
      },
      now: () => clock.monotonic(),
      wait: (ms, signal) => clock.sleepExactly(ms, signal),
      log,
    }
  }

  async #drop(): Promise<void> {
    const driver = this.#driver
    const lines = [...this.#lines]
    this.#driver = undefined
    this.#lines.clear()
    await Promise.allSettled([driver?.close(), ...lines.map((line) => line.close())])
  }
}
