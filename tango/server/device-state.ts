// State and Status of a device as its clients get them: what the device set or computes, with the alarms of its
// attributes and the memorized values that could not be set.

import type { DevFailed } from '../errors/dev-failed.ts'
import type { DevState } from '../types/dev-state.ts'
import type { Attribute } from './attribute.ts'
import type { AttributeTable } from './attribute-table.ts'

/** What the device itself says, if it computes these. */
export interface StateSource {
  stateRead?(): DevState | Promise<DevState>
  statusRead?(): string | Promise<string>
}

/** What the state depends on. */
export interface StateHost {
  readonly attributes: AttributeTable
  /** Whether a request is being served: State never waits. */
  readonly busy: boolean
  /** The object of the device's class, once it exists. */
  source(): StateSource | undefined
}

/** State and Status of one device. */
export class StateOfDevice {
  readonly #host: StateHost
  readonly #troubles = new Map<string, { readonly line: string; readonly errors: DevFailed['errors'] | undefined }>()
  #state: DevState = 'INIT'
  #status = defaultStatus('INIT')
  #alarmed = false

  constructor(host: StateHost) {
    this.#host = host
  }

  /** As last set by the device. */
  get state(): DevState {
    return this.#state
  }

  get status(): string {
    return this.#status
  }

  /** As clients got it last: ALARM stays until State is read again. What requests are allowed depends on it. */
  get known(): DevState {
    return this.#alarmed && this.#state === 'ON' ? 'ALARM' : this.#state
  }

  /** @returns what has changed */
  set(state: DevState, status: string | undefined): { readonly state: boolean; readonly status: boolean } {
    const text = status ?? defaultStatus(state)
    const changed = { state: state !== this.#state, status: text !== this.#status }
    this.#state = state
    this.#status = text
    this.#alarmed = false
    return changed
  }

  /** Something of the start that failed: the device is in ALARM until it is solved. */
  addTrouble(key: string, line: string, errors?: DevFailed['errors']): void {
    this.#troubles.set(key, { line, errors })
  }

  /** Ends a trouble, or all of them. */
  removeTrouble(key?: string): void {
    if (key === undefined) this.#troubles.clear()
    else this.#troubles.delete(key)
  }

  /** Errors that a trouble left for the readers of what it is about. */
  errorsOf(key: string): DevFailed['errors'] | undefined {
    return this.#troubles.size === 0 ? undefined : this.#troubles.get(key)?.errors
  }

  /** ALARM instead of ON while an attribute is outside its limits. */
  read(): DevState | Promise<DevState> {
    if (this.#troubles.size > 0) return 'ALARM'
    const state = this.#host.source()?.stateRead?.() ?? this.#state
    return state instanceof Promise ? this.#later(state) : this.#evaluated(state)
  }

  /** With a line per alarm. */
  readStatus(): string | Promise<string> {
    if (this.#troubles.size > 0) {
      return [defaultStatus('ALARM'), ...Array.from(this.#troubles.values(), ({ line }) => line)].join('\n')
    }
    const status = this.#host.source()?.statusRead?.() ?? this.#status
    return status instanceof Promise ? this.#statusLater(status) : this.#withAlarms(status)
  }

  async #later(state: Promise<DevState>): Promise<DevState> {
    return this.#evaluated(await state)
  }

  async #statusLater(status: Promise<string>): Promise<string> {
    return this.#withAlarms(await status)
  }

  /** Reads the attributes with limits for it, unless a request is busy with the device. */
  #evaluated(state: DevState): DevState | Promise<DevState> {
    if (state !== 'ON' && state !== 'ALARM') return this.#verdict(state, false)
    const { attributes, busy } = this.#host
    const watched: Attribute[] = []
    for (const { attribute } of attributes.all()) if (attribute.config.hasAlarm) watched.push(attribute)
    const verdict = (): DevState => {
      const alarmed = attributes
        .all()
        .some(({ attribute: { quality } }) => quality === 'ALARM' || quality === 'WARNING')
      // where attributes have limits, they alone decide between ON and ALARM
      return this.#verdict(alarmed ? 'ALARM' : watched.length > 0 ? 'ON' : state, alarmed)
    }
    if (busy || watched.length === 0) return verdict()
    const pending = watched.map((attribute) => attribute.read()).filter((value) => value instanceof Promise)
    return pending.length === 0 ? verdict() : verdictAfter(pending, verdict)
  }

  #verdict(state: DevState, alarmed: boolean): DevState {
    this.#alarmed = alarmed
    return state
  }

  #withAlarms(status: string): string {
    if (this.#state !== 'ON' && this.#state !== 'ALARM') return status
    const all = this.#host.attributes.all()
    const lines = all.flatMap(({ attribute }) => attribute.alarmLines)
    const qualities = all.flatMap(({ attribute }) => attribute.qualityLine ?? [])
    if (lines.length + qualities.length === 0) return status
    this.#alarmed = true
    const own = status === defaultStatus('ON') ? defaultStatus('ALARM') : status
    return [own, ...lines, ...qualities].join('\n')
  }
}

/** What Status says when the device says nothing. */
export function defaultStatus(state: DevState): string {
  return `The device is in ${state} state.`
}

async function verdictAfter(pending: readonly Promise<unknown>[], verdict: () => DevState): Promise<DevState> {
  await Promise.all(pending)
  return verdict()
}
