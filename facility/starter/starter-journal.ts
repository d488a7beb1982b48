// The two logs of the Starter itself, newest line first, in the layout of the native one: what it did (`Starter.log`) and
// when controlled servers came and went (`Starter.stat`).

import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Lines that are kept. */
const DEPTH = 500

/** A start or an end of a controlled server; times in seconds since 1970. */
export interface ServerStatistics {
  readonly name: string
  readonly running: boolean
  readonly startedAt: number
  /** -1 when it never failed. */
  readonly failedAt: number
  /** Started by the Starter after a failure. */
  readonly restarted: boolean
}

/** Writes both files; what cannot be written is dropped. */
export class StarterJournal {
  readonly #now: () => number
  #folder: string
  #writing: Promise<void> = Promise.resolve()

  /** @param now seconds since 1970 */
  constructor(folder: string, now: () => number) {
    this.#folder = folder
    this.#now = now
  }

  /** Goes on in another folder. */
  moveTo(folder: string): void {
    this.#folder = folder
  }

  get logFile(): string {
    return join(this.#folder, 'Starter.log')
  }

  get statisticsFile(): string {
    return join(this.#folder, 'Starter.stat')
  }

  /** Notes what was done. */
  record(text: string): void {
    this.#prepend(this.logFile, `${dateText(new Date(this.#now() * 1000))}\t${text}`)
  }

  /** Notes a start or an end. */
  statistics(entry: ServerStatistics): void {
    this.#prepend(this.statisticsFile, statisticsLine(entry))
  }

  /** Begins the statistics anew with the present state of the servers. */
  async reset(entries: readonly ServerStatistics[]): Promise<void> {
    const { statisticsFile } = this
    await this.flush()
    await mkdir(dirname(statisticsFile), { recursive: true })
    await writeFile(statisticsFile, entries.map((entry) => `${statisticsLine(entry)}\n`).join(''))
  }

  /** Resolves when everything so far is written or dropped. */
  flush(): Promise<void> {
    return this.#writing
  }

  #prepend(path: string, line: string): void {
    const before = this.#writing
    this.#writing = (async () => {
      await before
      try {
        await mkdir(dirname(path), { recursive: true })
        const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(0, DEPTH - 1)
        await writeFile(path, [line, ...lines].join('\n'))
      } catch {
        // a full disk must not keep servers from being watched
      }
    })()
  }
}

/** Local time `20/11/26   13:01:58`. */
export function dateText(t: Date): string {
  const two = (n: number): string => String(n % 100).padStart(2, '0')
  const date = [t.getDate(), t.getMonth() + 1, t.getFullYear()].map(two).join('/')
  return `${date}   ${[t.getHours(), t.getMinutes(), t.getSeconds()].map(two).join(':')}`
}

function statisticsLine({ name, running, startedAt, failedAt, restarted }: ServerStatistics): string {
  const seconds = (time: number): number => Math.trunc(time)
  return [name, running ? 'ON' : 'FAULT', seconds(startedAt), seconds(failedAt), restarted].join('\t')
}
