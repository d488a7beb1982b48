// Processor use and memory of processes between two looks at them.

import type { Clock } from '#tango'
import { type Usage, usageOf } from './process-table.ts'

/** A process to look at. */
export interface MeasuredProcess {
  readonly name: string
  readonly pid: number
  readonly servers: readonly string[]
}

/** Remembers what processes had used the last time. */
export class ResourceMeter {
  readonly #clock: Clock
  readonly #usage: (pid: number) => Promise<Usage | undefined>
  #before = new Map<number, { readonly cpu: number; readonly at: number }>()

  constructor(clock: Clock, usage: (pid: number) => Promise<Usage | undefined> = usageOf) {
    this.#clock = clock
    this.#usage = usage
  }

  /** @returns one line per process that lives: name, process id, percent of one core since the last look, MiB, servers */
  async lines(processes: readonly MeasuredProcess[]): Promise<string[]> {
    const at = this.#clock.monotonic()
    const looks = await Promise.all(processes.map(async (p) => ({ ...p, usage: await this.#usage(p.pid) })))
    const now = new Map<number, { readonly cpu: number; readonly at: number }>()
    const lines = looks.flatMap(({ name, pid, servers, usage }) => {
      if (usage === undefined) return []
      now.set(pid, { cpu: usage.cpu, at })
      const before = this.#before.get(pid)
      const seconds = before === undefined ? 0 : (at - before.at) / 1000
      const percent = before === undefined || seconds <= 0 ? 0 : (100 * (usage.cpu - before.cpu)) / seconds
      return [[name, pid, percent.toFixed(1), usage.rss.toFixed(1), servers.join(',')].join('\t')]
    })
    this.#before = now
    return lines
  }
}
