// Everything a door says, collected from its events in order; what a console sees.

import { door } from '#interfaces/door'
import { type DevState, decodeEncoded, type Subscription, type TangoProcess } from '#tango'

/** One entry of MacroStatus. */
export interface MacroStatusEntry {
  readonly state: string
  readonly step?: number
  readonly [key: string]: unknown
}

/** What happened since a macro was started. */
export interface MacroOutcome {
  /** Last state of the door. */
  readonly state: DevState
  readonly states: readonly DevState[]
  readonly output: readonly string[]
  readonly info: readonly string[]
  readonly warning: readonly string[]
  readonly error: readonly string[]
  readonly statuses: readonly MacroStatusEntry[]
}

/** Lengths of the lists at one moment. */
type Marks = Readonly<Record<'states' | 'output' | 'info' | 'warning' | 'error' | 'statuses', number>>

const LINES = ['output', 'info', 'warning', 'error'] as const

/** Subscriptions to one door. */
export class DoorWatch {
  readonly name: string
  readonly states: DevState[] = []
  readonly output: string[] = []
  readonly info: string[] = []
  readonly warning: string[] = []
  readonly error: string[] = []
  readonly statuses: MacroStatusEntry[] = []
  /** Errors that came instead of events. */
  readonly eventErrors: string[] = []
  /** Called after each event. */
  readonly listeners = new Set<() => void>()
  readonly #tango: TangoProcess
  #subscriptions: readonly Subscription[] = []

  private constructor(tango: TangoProcess, name: string) {
    this.#tango = tango
    this.name = name
  }

  /** Subscribes to State, MacroStatus and the lines. */
  static async open(tango: TangoProcess, name: string): Promise<DoorWatch> {
    const watch = new DoorWatch(tango, name)
    await watch.#subscribe()
    return watch
  }

  /** Commands of the door. */
  get proxy() {
    return this.#tango.proxy(this.name, door)
  }

  /** Resolves when the condition holds, checked after each event. */
  async until(what: string, condition: (watch: this) => boolean, timeoutMs = 20_000): Promise<void> {
    if (condition(this)) return
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer)
        this.listeners.delete(listener)
      }
      const listener = (): void => {
        if (!condition(this)) return
        end()
        resolve()
      }
      const timer = setTimeout(() => {
        end()
        reject(new Error(`waited ${timeoutMs / 1000} s for ${what}; ${this.name} said ${this.#last()}`))
      }, timeoutMs)
      this.listeners.add(listener)
    })
  }

  /** Starts a macro; `ended` resolves when the door is idle again. */
  async start(words: readonly string[], timeoutMs = 30_000): Promise<{ readonly ended: Promise<MacroOutcome> }> {
    const from = this.#marks()
    await this.proxy.command('runMacro', [...words], { timeoutMs: 10_000 })
    const ended = this.until(
      `the end of ${words.join(' ')}`,
      () => {
        const states = this.states.slice(from.states)
        return states.includes('RUNNING') && (states.at(-1) === 'ON' || states.at(-1) === 'ALARM')
      },
      timeoutMs,
    ).then(() => this.#since(from))
    ended.catch(() => undefined) // reported where it is awaited
    return { ended }
  }

  /** Runs a macro to its end. */
  async run(words: readonly string[], timeoutMs = 30_000): Promise<MacroOutcome> {
    return await (await this.start(words, timeoutMs)).ended
  }

  async close(): Promise<void> {
    for (const subscription of this.#subscriptions) await subscription.close().catch(() => undefined)
    this.#subscriptions = []
  }

  async #subscribe(): Promise<void> {
    const { proxy } = this
    const heard = (error: Error | undefined, take: () => void): void => {
      if (error === undefined) take()
      else this.eventErrors.push(error.message)
      for (const listener of [...this.listeners]) listener()
    }
    const subscriptions = [
      await proxy.subscribe('State', 'change', (event) =>
        heard(event.error, () => {
          if (event.reading?.value !== undefined) this.states.push(event.reading.value as DevState)
        }),
      ),
      await proxy.subscribe('macroStatus', 'change', (event) =>
        heard(event.error, () => {
          const value = event.reading?.value
          const decoded = value === undefined ? undefined : decodeEncoded(value)
          if (Array.isArray(decoded)) this.statuses.push(...(decoded as MacroStatusEntry[]))
        }),
      ),
    ]
    for (const name of LINES) {
      let live = false // the first event is the whole buffer
      subscriptions.push(
        await proxy.subscribe(name, 'change', (event) =>
          heard(event.error, () => {
            if (live) this[name].push(...(event.reading?.value ?? []))
          }),
        ),
      )
      live = true
    }
    this.#subscriptions = subscriptions
  }

  #marks(): Marks {
    const { states, output, info, warning, error, statuses } = this
    return {
      states: states.length,
      output: output.length,
      info: info.length,
      warning: warning.length,
      error: error.length,
      statuses: statuses.length,
    }
  }

  #since(from: Marks): MacroOutcome {
    const states = this.states.slice(from.states)
    return {
      state: states.at(-1) ?? 'UNKNOWN',
      states,
      output: this.output.slice(from.output),
      info: this.info.slice(from.info),
      warning: this.warning.slice(from.warning),
      error: this.error.slice(from.error),
      statuses: this.statuses.slice(from.statuses),
    }
  }

  #last(): string {
    return JSON.stringify({
      states: this.states.slice(-4),
      output: this.output.slice(-2),
      error: this.error.slice(-3),
      events: this.eventErrors.slice(-2),
    })
  }
}
