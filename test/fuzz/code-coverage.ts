// Which places in the code of the protocol were reached: blocks as the engine counts them.

import { type Profiler, Session } from 'node:inspector/promises'

/** The code that reads what clients send. */
const WATCHED = /\/dist\/tango\/(wire|orb|server|events)\//

/** Counts the blocks that have been reached in this process. */
export class CodeCoverage {
  readonly #session: Session
  readonly #reached = new Set<string>()
  readonly #all = new Set<string>()

  private constructor(session: Session) {
    this.#session = session
  }

  static async start(): Promise<CodeCoverage> {
    const session = new Session()
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
    return new CodeCoverage(session)
  }

  /** Blocks reached first since the last call, reached at all, and known. */
  async take(): Promise<{ fresh: number; reached: number; all: number }> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage')
    const before = this.#reached.size
    for (const script of result) if (WATCHED.test(script.url)) this.#note(script)
    return { fresh: this.#reached.size - before, reached: this.#reached.size, all: this.#all.size }
  }

  #note(script: Profiler.ScriptCoverage): void {
    for (const { ranges } of script.functions) {
      for (const { startOffset, endOffset, count } of ranges) {
        const block = `${script.url} ${startOffset} ${endOffset}`
        this.#all.add(block)
        if (count > 0) this.#reached.add(block)
      }
    }
  }
}
