// Keeps account of the events of one counting attribute: a value that does not follow the last one must have been
// announced by an error in between.

import type { TangoEvent } from '#tango'

/** Events that are told with a gap. */
const HISTORY = 8

/** What the receiver of one attribute has seen. */
export class EventLedger {
  values = 0
  errors = 0
  /** Values that were missed and said to be. */
  reported = 0
  /** Gaps of which nobody was told. */
  readonly unreported: string[] = []
  readonly reasons = new Map<string, number>()
  last: number | undefined
  readonly #name: string
  readonly #history: string[] = []
  #told = false
  #counted = false

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
    // ZeroMQ does not say when a new subscription has reached the server, so the first event may be a later one
    const isFirst = counter !== undefined && !this.#counted
    this.#counted ||= counter !== undefined
    const missing = this.last === undefined || isFirst ? 0 : value - this.last - 1
    if (missing > 0) {
      if (this.#told) this.reported += missing
      else this.unreported.push(`${this.#name}: ${value} (counter ${counter}) came after ${this.#history.join(', ')}`)
    }
    this.#remember(counter === undefined ? `${value} read` : `${value} (${counter})`)
    // an older value after a newer one: the first read of a new subscription came before what was on its way
    this.last = value
    this.#told = false
  }

  #remember(what: string): void {
    this.#history.push(what)
    if (this.#history.length > HISTORY) this.#history.shift()
  }
}
