// Keeps account of the events of one counting attribute: a value that does not follow the last one must have been
// announced by an error in between.

import type { TangoEvent } from '#tango'

/** Events that are told with a gap. */
const HISTORY = 8

/** What the receiver of one attribute has seen. */
export class EventLedger {
  values = 0
  errors = 0
  /** Gaps that were announced. */
  reported = 0
  /** Gaps of which nobody was told. */
  readonly unreported: string[] = []
  readonly reasons = new Map<string, number>()
  /** Value of the last event. */
  last: number | undefined
  readonly #name: string
  readonly #history: string[] = []
  #told = false

  constructor(name: string) {
    this.#name = name
  }

  /** Takes an event. */
  note({ reading, error, counter }: TangoEvent): void {
    if (error !== undefined) {
      this.errors += 1
      this.#told = true
      const { reason } = error
      this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1)
      this.#remember(reason)
      return
    }
    const value = Number(reading?.value)
    this.values += 1
    this.#remember(counter === undefined ? `${value} read` : `${value} (${counter})`)
    // the value that is read for a new subscription may be newer than events that are on their way
    if (counter === undefined) return
    // ZeroMQ does not say when a subscription has reached the server, so the first event may be any
    const missing = this.last === undefined ? 0 : value - this.last - 1
    if (missing > 0) {
      if (this.#told) this.reported += 1
      else this.unreported.push(`${this.#name}: nothing told of ${missing} missing in ${this.#history.join(', ')}`)
    }
    this.last = value
    this.#told = false
  }

  #remember(what: string): void {
    this.#history.push(what)
    if (this.#history.length > HISTORY) this.#history.shift()
  }
}
