// How long the commands of the Database device take, as its Timing attributes show it.

interface Entry {
  calls: number
  total: number
  minimum: number
  maximum: number
}

/** Statistics per command, in milliseconds. */
export class Timing {
  readonly #entries: ReadonlyMap<string, Entry>

  /** @param commands Tango names, in the order in which the attributes list them */
  constructor(commands: readonly string[]) {
    this.#entries = new Map(commands.map((name) => [name, { calls: 0, total: 0, minimum: 0, maximum: 0 }]))
  }

  get index(): readonly string[] {
    return [...this.#entries.keys()]
  }

  add(command: string, ms: number): void {
    const entry = this.#entries.get(command)
    if (entry === undefined) return
    entry.minimum = entry.calls === 0 ? ms : Math.min(entry.minimum, ms)
    entry.maximum = Math.max(entry.maximum, ms)
    entry.calls += 1
    entry.total += ms
  }

  reset(): void {
    for (const entry of this.#entries.values()) Object.assign(entry, { calls: 0, total: 0, minimum: 0, maximum: 0 })
  }

  column(name: 'average' | 'minimum' | 'maximum' | 'calls'): readonly number[] {
    return [...this.#entries.values()].map((entry) =>
      name === 'average' ? (entry.calls === 0 ? 0 : entry.total / entry.calls) : entry[name],
    )
  }

  /** A table for people. */
  table(host: string): readonly string[] {
    const rows = [...this.#entries].map(([name, entry]) => {
      const average = entry.calls === 0 ? 0 : entry.total / entry.calls
      return [
        name,
        ...[average, entry.minimum, entry.maximum].map((ms) => ms.toFixed(3).padStart(6)),
        String(entry.calls),
      ].join('\t')
    })
    return [
      `TANGO Database Timing info on host ${host}`,
      ' ',
      'command\taverage\tminimum\tmaximum\tcalls',
      ' ',
      ...rows,
    ]
  }
}
