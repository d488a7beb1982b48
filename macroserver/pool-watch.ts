// Follows the elements of one pool by its events; keeps trying while the pool is not there.

import { pool as poolInterface } from '#interfaces/pool'
import { type Clock, type DevEncoded, decodeEncoded, type Logger, type TangoProcess } from '#tango'
import type { ElementReference } from './macro.ts'
import { elementReference } from './pool-client.ts'

/** Wait before the next attempt to reach the pool, ms. */
const RETRY_MS = 1000

/** One entry of a pool's `Elements`, as it came. */
export type PoolEntry = Readonly<Record<string, unknown>>

/** What has changed in a pool. */
export interface PoolChange {
  readonly new: readonly PoolEntry[]
  readonly change: readonly PoolEntry[]
  readonly del: readonly PoolEntry[]
}

/** The elements of one pool. */
export class PoolWatch {
  readonly name: string
  /** Resolves when the pool has been read, or has been found missing. */
  readonly tried: Promise<void>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #changed: (change: PoolChange) => void
  readonly #ended = new AbortController()
  readonly #running: Promise<void>
  #entries = new Map<string, PoolEntry>()
  #reachable = false
  #markTried: () => void = () => {}
  #close: (() => Promise<void>) | undefined

  /** @param changed told of changes, also when the pool comes or goes (with empty lists then) */
  constructor(tango: TangoProcess, name: string, changed: (change: PoolChange) => void, log: Logger) {
    this.name = name
    this.#clock = tango.clock
    this.#log = log
    this.#changed = changed
    this.tried = new Promise((resolve) => {
      this.#markTried = resolve
    })
    this.#running = this.#run(tango)
  }

  get reachable(): boolean {
    return this.#reachable
  }

  get entries(): readonly PoolEntry[] {
    return [...this.#entries.values()]
  }

  get references(): readonly ElementReference[] {
    return this.entries.flatMap((entry) => elementReference(entry, this.name) ?? [])
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await this.#running
    await this.#close?.()
  }

  async #run(tango: TangoProcess): Promise<void> {
    const proxy = tango.proxy(this.name, poolInterface)
    for (let attempt = 0; !this.#ended.signal.aborted; attempt++) {
      try {
        const subscription = await proxy.subscribe('elements', 'change', (event) => {
          if (event.error !== undefined) this.#lost(event.error.message)
          else if (event.reading?.value !== undefined) this.#take(event.reading.value, event.counter === undefined)
        })
        this.#close = () => subscription.close()
        return
      } catch (error) {
        if (attempt === 0)
          this.#log.warn('the pool is not reachable; trying again', { pool: this.name, error: String(error) })
        this.#markTried()
        await this.#clock.sleep(RETRY_MS, this.#ended.signal).catch(() => undefined) // closed meanwhile
      } finally {
        this.#markTried()
      }
    }
  }

  #lost(why: string): void {
    if (!this.#reachable) return
    this.#log.warn('the pool does not answer', { pool: this.name, error: why })
    this.#reachable = false
    this.#changed({ new: [], change: [], del: [] })
  }

  /** @param whole the value was read at (re)subscription and holds everything */
  #take(encoded: DevEncoded, whole: boolean): void {
    const wasReachable = this.#reachable
    this.#reachable = true
    const value = decodeEncoded(encoded)
    const list = (key: string): PoolEntry[] =>
      isRecord(value) && Array.isArray(value[key]) ? value[key].filter(isRecord) : []
    const change = whole
      ? this.#differenceTo(list('new'))
      : { new: list('new'), change: list('change'), del: list('del') }
    for (const entry of change.del) this.#entries.delete(keyOf(entry))
    for (const entry of [...change.new, ...change.change]) this.#entries.set(keyOf(entry), entry)
    if (change.new.length + change.change.length + change.del.length > 0 || !wasReachable) this.#changed(change)
  }

  #differenceTo(all: readonly PoolEntry[]): PoolChange {
    const keys = new Set(all.map(keyOf))
    const before = (entry: PoolEntry) => this.#entries.get(keyOf(entry))
    return {
      new: all.filter((entry) => before(entry) === undefined),
      change: all.filter(
        (entry) => before(entry) !== undefined && JSON.stringify(before(entry)) !== JSON.stringify(entry),
      ),
      del: this.entries.filter((entry) => !keys.has(keyOf(entry))),
    }
  }
}

/** The full name stays when an element is renamed. */
function keyOf(entry: PoolEntry): string {
  return String(entry.full_name ?? entry.name).toLowerCase()
}

function isRecord(value: unknown): value is PoolEntry {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
