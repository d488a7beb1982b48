// What the process of the database asks its launcher for: to serve a server that a configuration brings, to end another.

import { DevFailed, devFailed } from '#tango/pure'
import type { HostingAnswer, HostingRequest } from './messages.ts'

/** Longest wait for the launcher, ms; it has deadlines of its own. */
const ANSWER_MS = 50_000

/** Requests that are under way. */
export class LauncherRequests {
  readonly #tell: (request: HostingRequest) => void
  readonly #answerMs: number
  readonly #waiting = new Map<number, (answer: HostingAnswer) => void>()
  #last = 0

  constructor(tell: (request: HostingRequest) => void, answerMs = ANSWER_MS) {
    this.#tell = tell
    this.#answerMs = answerMs
  }

  /**
   * Asks the launcher.
   * @returns false when the server is not its business
   * @throws DevFailed why it could not, `API_DeviceTimedOut`
   */
  async ask(server: string, wanted: HostingRequest['wanted']): Promise<boolean> {
    this.#last += 1
    const id = this.#last
    let timer: NodeJS.Timeout | undefined
    try {
      const { done, errors } = await new Promise<HostingAnswer>((resolve, reject) => {
        this.#waiting.set(id, resolve)
        const desc = `${server}: the launcher did not answer after ${this.#answerMs / 1000} s`
        timer = setTimeout(() => reject(devFailed('API_DeviceTimedOut', desc)), this.#answerMs)
        this.#tell({ kind: 'hosting', id, server, wanted })
      })
      if (errors !== undefined) throw new DevFailed(errors)
      return done
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** Takes an answer of the launcher. */
  answered(answer: HostingAnswer): void {
    this.#waiting.get(answer.id)?.(answer)
  }
}
