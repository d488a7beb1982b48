// The environment of a running macro server, for scripts that attach to it: the same variables and the same scan
// numbers, kept in one place only.

import { macroServer } from '#interfaces/macro-server'
import { type DeviceProxy, decodeEncoded, devFailed, encodePickle, type Subscription, type TangoProcess } from '#tango'
import type { EnvironmentChange, EnvironmentStore } from './environment.ts'

/** Variables over Tango; reads are answered from a copy that follows the events. */
export class RemoteEnvironment implements EnvironmentStore {
  readonly #proxy: DeviceProxy<typeof macroServer>
  readonly #values = new Map<string, unknown>()
  readonly #listeners = new Set<(change: EnvironmentChange) => void>()
  #subscription: Subscription | undefined
  #writing: Promise<void> = Promise.resolve()

  private constructor(proxy: DeviceProxy<typeof macroServer>) {
    this.#proxy = proxy
  }

  /** @throws DevFailed when the macro server cannot be reached */
  static async open(tango: TangoProcess, device: string): Promise<RemoteEnvironment> {
    const environment = new RemoteEnvironment(tango.proxy(device, macroServer))
    environment.#subscription = await environment.#proxy.subscribe('environment', 'change', (event) => {
      if (event.reading?.value !== undefined) environment.#take(decodeEncoded(event.reading.value))
    })
    return environment
  }

  get(name: string): unknown {
    return this.#values.get(name)
  }

  entries(): ReadonlyMap<string, unknown> {
    return new Map(this.#values)
  }

  onChange(listener: (change: EnvironmentChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  apply(set: Iterable<readonly [string, unknown]>, unset: readonly string[] = []): void {
    const change = { new: Object.fromEntries(set), del: unset }
    for (const [name, value] of Object.entries(change.new)) this.#values.set(name, value)
    for (const name of unset) this.#values.delete(name)
    const before = this.#writing
    const write = async () => {
      await before.catch(() => undefined) // told by flush
      await this.#proxy.write('environment', encodePickle(change))
    }
    this.#writing = write()
    this.#writing.catch(() => undefined) // told by flush
  }

  async nextScanId(): Promise<number> {
    return await this.#proxy.command('nextScanId')
  }

  giveBackScanId(scanId: number): void {
    // a gap in the numbers when it fails
    void this.#proxy.command('giveBackScanId', scanId).catch(() => undefined)
  }

  /** Waits until everything is with the macro server. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async close(): Promise<void> {
    await this.flush().finally(() => this.#subscription?.close())
  }

  #take(value: unknown): void {
    if (typeof value !== 'object' || value === null)
      throw devFailed('API_InvalidArgs', 'the environment is no dictionary')
    const part = (key: string): ReadonlyMap<string, unknown> => {
      const found: unknown = key in value ? Reflect.get(value, key) : undefined
      return new Map(typeof found === 'object' && found !== null ? Object.entries(found) : [])
    }
    const del = [...part('del').values()].map(String)
    const change = { new: part('new'), change: part('change'), del }
    for (const [name, item] of [...change.new, ...change.change]) this.#values.set(name, item)
    for (const name of del) this.#values.delete(name)
    for (const listener of this.#listeners) listener(change)
  }
}
