// A text line to a box over TCP: questions and answers, one at a time, with time-outs and reconnection. Knows no box
// protocol; drivers get it from their context.

import { connect, type Socket } from 'node:net'
import type { Clock } from '#tango'
import { type DevFailed, devFailed } from '#tango/pure'

/** How a box frames its text. */
export interface LineOptions {
  /** Appended to each question; `\r\n` by default. */
  readonly end?: string
  /** How long to wait for an answer, ms; 1000 by default. Also the limit for connecting. */
  readonly timeoutMs?: number
  /** Whether the text received so far is a whole answer; by default it ends with a line feed. */
  complete?(received: string): boolean
}

/** Options of one question. */
export interface AskOptions {
  /** Instead of the line's time-out, ms; counts from the moment the question is sent. */
  readonly timeoutMs?: number
  /** Gives the question up; the line stays usable. */
  readonly signal?: AbortSignal
}

/** Told when a line is lost, with the reason, and when it is back. */
export type ConnectionCallback = (connected: boolean, reason?: string) => void

/** One open line. Errors: `Line_TimedOut`, `Line_Closed`, `Line_BadAnswer` (an answer without end). */
export interface Line {
  /** Sends a question and resolves with the answer, without its line end. Questions are sent one after the other. */
  ask(question: string, options?: AskOptions): Promise<string>
  /** Sends a text that is not answered. */
  tell(text: string): Promise<void>
  readonly connected: boolean
  /** Calls back at each loss and each return of the connection; a time-out counts as a loss. */
  onConnectionChange(callback: ConnectionCallback): void
  close(): Promise<void>
}

/** What a line needs from its surroundings. */
export interface LineContext {
  readonly clock: Clock
}

/**
 * Connects to a box. Later losses are repaired in the background, while questions fail at once.
 * @throws DevFailed `Line_Closed` when the box cannot be reached now
 */
export async function openLine(host: string, port: number, options: LineOptions, context: LineContext): Promise<Line> {
  const line = new TcpLine(host, port, options, context.clock)
  await line.open()
  return line
}

/** First and last pause between attempts to reach the box again. */
const FIRST_PAUSE_MS = 50
const LAST_PAUSE_MS = 1000

/** No box sends a text answer of this size; more is a stream of rubbish. */
const MAX_ANSWER = 1_000_000

interface Question {
  readonly text: string
  readonly answered: boolean
  readonly timeoutMs: number
  resolve(answer: string): void
  reject(error: unknown): void
}

/** `up`: usable. `opening`: questions wait for the one attempt under way. `down`: questions fail at once. */
type LineState = 'opening' | 'up' | 'down' | 'closed'

class TcpLine implements Line {
  readonly #host: string
  readonly #port: number
  readonly #end: string
  readonly #timeoutMs: number
  readonly #complete: (received: string) => boolean
  readonly #clock: Clock
  readonly #callbacks: ConnectionCallback[] = []
  #state: LineState = 'opening'
  #socket: Socket | undefined
  #queue: Question[] = []
  #current: Question | undefined
  #received = ''
  #cancelTimer: () => void = () => {}
  #cancelRetry: () => void = () => {}
  #cancelConnect: () => void = () => {}
  #pauseMs = FIRST_PAUSE_MS
  #reason = 'not yet connected'

  constructor(host: string, port: number, options: LineOptions, clock: Clock) {
    this.#host = host
    this.#port = port
    this.#end = options.end ?? '\r\n'
    this.#timeoutMs = options.timeoutMs ?? 1000
    this.#complete = options.complete ?? ((received) => received.endsWith('\n'))
    this.#clock = clock
  }

  get connected(): boolean {
    return this.#state === 'up'
  }

  onConnectionChange(callback: ConnectionCallback): void {
    this.#callbacks.push(callback)
  }

  /** The first connection; its failure is the caller's, later ones are retried here. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#connect(resolve, (reason) => {
        this.#state = 'closed'
        reject(
          devFailed('Line_Closed', `${this.#box}: cannot connect: ${reason}; is the box on and the address right?`),
        )
      })
    })
  }

  ask(text: string, options: AskOptions = {}): Promise<string> {
    return this.#enqueue(text, true, options)
  }

  async tell(text: string): Promise<void> {
    await this.#enqueue(text, false, {})
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    const wasUp = this.#state === 'up'
    this.#state = 'closed'
    this.#reason = 'the line was closed by the driver'
    this.#cancelRetry()
    this.#cancelConnect()
    this.#dropSocket()
    this.#rejectAll()
    if (wasUp) this.#notify(false)
  }

  get #box(): string {
    return `box ${this.#host}:${this.#port}`
  }

  #enqueue(text: string, answered: boolean, options: AskOptions): Promise<string> {
    if (this.#state === 'down' || this.#state === 'closed') return Promise.reject(this.#closedError(text))
    const { signal } = options
    if (signal?.aborted) return Promise.reject(signal.reason)
    return new Promise((resolve, reject) => {
      // a question already sent keeps its turn, so that its late answer is not taken for the next one's
      const giveUp = (): void => {
        this.#queue = this.#queue.filter((waiting) => waiting !== question)
        reject(signal?.reason)
      }
      const question: Question = {
        text,
        answered,
        timeoutMs: options.timeoutMs ?? this.#timeoutMs,
        resolve: (answer) => {
          signal?.removeEventListener('abort', giveUp)
          resolve(answer)
        },
        reject: (error) => {
          signal?.removeEventListener('abort', giveUp)
          reject(error)
        },
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#queue.push(question)
      this.#sendNext()
    })
  }

  #sendNext(): void {
    while (this.#state === 'up' && this.#current === undefined) {
      const question = this.#queue.shift()
      if (question === undefined) return
      this.#received = ''
      this.#socket?.write(question.text + this.#end, 'latin1')
      if (!question.answered) {
        question.resolve('')
        continue
      }
      this.#current = question
      this.#cancelTimer = this.#clock.setTimer(question.timeoutMs, () => this.#timedOut(question))
    }
  }

  #receive(chunk: string): void {
    const question = this.#current
    // text that nobody asked for belongs to no question; the next one starts afresh
    if (question === undefined) return
    this.#received += chunk
    if (this.#complete(this.#received)) {
      const answer = this.#received.replace(/[\r\n]+$/, '')
      this.#finishCurrent()
      question.resolve(answer)
      this.#sendNext()
    } else if (this.#received.length > MAX_ANSWER) {
      this.#finishCurrent()
      question.reject(devFailed('Line_BadAnswer', `${this.#box}: the answer to "${question.text}" does not end`))
      this.#reopen('an answer did not end')
    }
  }

  #finishCurrent(): void {
    this.#cancelTimer()
    this.#current = undefined
    this.#received = ''
  }

  #timedOut(question: Question): void {
    this.#finishCurrent()
    const desc = `${this.#box}: no answer to "${question.text}" within ${question.timeoutMs} ms`
    question.reject(devFailed('Line_TimedOut', desc))
    this.#reopen(`no answer to "${question.text}" within ${question.timeoutMs} ms`)
  }

  /** A new connection at once: an answer that comes late must not reach the next question. */
  #reopen(reason: string): void {
    this.#state = 'opening'
    this.#reason = reason
    this.#dropSocket()
    this.#notify(false)
    // a callback may have closed the line
    if (this.#state === 'opening') this.#connectAgain()
  }

  #connect(done: () => void, failed: (reason: string) => void): void {
    const socket = connect({
      host: this.#host,
      port: this.#port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 5000,
    })
    this.#socket = socket
    socket.setEncoding('latin1')
    let settled = false
    const fail = (reason: string): void => {
      if (settled) return
      settled = true
      cancel()
      this.#dropSocket()
      failed(reason)
    }
    const cancel = this.#clock.setTimer(this.#timeoutMs, () => fail(`no connection within ${this.#timeoutMs} ms`))
    this.#cancelConnect = () => fail('the line was closed by the driver')
    let reason = 'the box closed the connection'
    socket.on('error', (error) => {
      reason = error.message
    })
    socket.on('connect', () => {
      if (settled) return
      settled = true
      cancel()
      this.#pauseMs = FIRST_PAUSE_MS
      this.#state = 'up'
      socket.on('data', (chunk: string) => this.#receive(chunk))
      done()
      this.#sendNext()
    })
    // a box that ends its half only will not answer any more either
    socket.on('end', () => socket.destroy())
    socket.on('close', () => {
      cancel()
      if (this.#socket !== socket) return
      if (settled) this.#lost(reason)
      else fail(reason)
    })
  }

  #connectAgain(): void {
    this.#connect(
      () => this.#notify(true),
      (reason) => {
        if (this.#state === 'closed') return
        this.#state = 'down'
        this.#reason = reason
        this.#rejectAll()
        this.#retryLater()
      },
    )
  }

  #lost(reason: string): void {
    this.#state = 'down'
    this.#reason = reason
    this.#dropSocket()
    this.#rejectAll()
    this.#notify(false)
    if (this.#state === 'down') this.#retryLater()
  }

  #retryLater(): void {
    this.#cancelRetry = this.#clock.setTimer(this.#pauseMs, () => this.#connectAgain())
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS)
  }

  #dropSocket(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.removeAllListeners('data')
    socket?.destroy()
  }

  #rejectAll(): void {
    const current = this.#current
    this.#finishCurrent()
    const waiting = this.#queue
    this.#queue = []
    for (const question of current === undefined ? waiting : [current, ...waiting]) {
      question.reject(this.#closedError(question.text))
    }
  }

  #closedError(text: string): DevFailed {
    return devFailed('Line_Closed', `${this.#box}: "${text}" cannot be sent or answered: ${this.#reason}`)
  }

  #notify(connected: boolean): void {
    for (const callback of this.#callbacks) callback(connected, connected ? undefined : this.#reason)
  }
}
