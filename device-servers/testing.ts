// Test kit for drivers: an in-memory line that answers from a script, and the context that hands it to a driver.

import { type Clock, systemClock } from '#tango'
import { devFailed } from '#tango/pure'
import type { DriverContext } from './driver.ts'
import type { ConnectionCallback, Line, LineOptions } from './line.ts'

/** An in-memory box: it remembers what it was asked and can be unplugged. */
export interface ScriptedBox {
  /** Every text received, in order, without line end. */
  readonly received: readonly string[]
  /** Drops the line: questions fail with `Line_Closed` until `plug`. */
  unplug(): void
  plug(): void
  /** Opens one more line to the box. */
  open(options?: LineOptions): Line
}

/** Answers one question; `undefined` leaves it without answer, so that it times out. */
export type Answer = (question: string) => string | undefined | Promise<string | undefined>

/**
 * Makes an in-memory box.
 * @param script a function, or answers by question; a question that is not listed fails the test with `Line_BadAnswer`
 */
export function scriptedBox(
  script: Answer | Readonly<Record<string, string>>,
  clock: Clock = systemClock,
): ScriptedBox {
  const answer: Answer =
    typeof script === 'function'
      ? script
      : (question) => {
          const text = script[question]
          if (text === undefined) throw devFailed('Line_BadAnswer', `the script has no answer to "${question}"`)
          return text
        }
  const received: string[] = []
  const lines = new Set<MemoryLine>()
  let plugged = true
  const box = {
    received,
    unplug: () => {
      plugged = false
      for (const line of lines) line.notify(false)
    },
    plug: () => {
      plugged = true
      for (const line of lines) line.notify(true)
    },
    open: (options: LineOptions = {}) => {
      const line = new MemoryLine({
        received,
        answer,
        clock,
        plugged: () => plugged,
        timeoutMs: options.timeoutMs ?? 1000,
      })
      lines.add(line)
      return line
    },
  }
  return box
}

/** A driver context for tests. */
export interface TestDriverContext extends DriverContext {
  /** Addresses that the driver has opened, `host:port`. */
  readonly opened: readonly string[]
}

/** Makes the context that a driver's `connect` needs; every line it opens leads to `box`. */
export function driverContext(options: { box?: ScriptedBox; clock?: Clock } = {}): TestDriverContext {
  const clock = options.clock ?? systemClock
  const opened: string[] = []
  return {
    opened,
    async openLine(host, port, lineOptions) {
      opened.push(`${host}:${port}`)
      if (options.box === undefined) throw devFailed('Line_Closed', `box ${host}:${port}: this test has no box`)
      return options.box.open(lineOptions)
    },
    now: () => clock.monotonic(),
    wait: (ms, signal) => clock.sleepExactly(ms, signal),
    log: { info: () => {}, warn: () => {} },
  }
}

interface MemoryLineOptions {
  readonly received: string[]
  readonly answer: Answer
  readonly clock: Clock
  readonly timeoutMs: number
  plugged(): boolean
}

class MemoryLine implements Line {
  readonly #options: MemoryLineOptions
  readonly #callbacks: ConnectionCallback[] = []
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: MemoryLineOptions) {
    this.#options = options
  }

  get connected(): boolean {
    return !this.#closed && this.#options.plugged()
  }

  ask(question: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<string> {
    const asked = this.#last.then(() =>
      this.#ask(question, options.timeoutMs ?? this.#options.timeoutMs, options.signal),
    )
    // the next question waits for this one whatever became of it; its failure belongs to its caller
    this.#last = asked.catch(() => {})
    return asked
  }

  async tell(text: string): Promise<void> {
    this.#check(text)
    this.#options.received.push(text)
  }

  onConnectionChange(callback: ConnectionCallback): void {
    this.#callbacks.push(callback)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  notify(connected: boolean): void {
    if (!this.#closed) for (const callback of this.#callbacks) callback(connected, connected ? undefined : 'unplugged')
  }

  async #ask(question: string, timeoutMs: number, signal?: AbortSignal): Promise<string> {
    this.#check(question)
    this.#options.received.push(question)
    const answer = await this.#options.answer(question)
    if (answer !== undefined) {
      this.#check(question)
      return answer
    }
    await this.#options.clock.sleep(timeoutMs, signal)
    throw devFailed('Line_TimedOut', `scripted box: no answer to "${question}" within ${timeoutMs} ms`)
  }

  #check(text: string): void {
    if (!this.connected) throw devFailed('Line_Closed', `scripted box: "${text}" cannot be sent or answered: unplugged`)
  }
}
