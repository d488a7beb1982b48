// What the database remembers of the beamline that was applied last: properties of one free object, so that every tool
// can see them and every kind of database can keep them.

import type { Place, Store } from '../store/store.ts'
import type { Beamline, HostEntry, SimulatorEntry } from './beamline.ts'
import { sameValues } from './snapshot.ts'
import { asciiJson } from './text.ts'

/** Free object where the last applied file is remembered. */
export const BEAMLINE_OBJECT = 'bandoneon/beamline'

/** What is known only when a facility starts. */
export interface Launch {
  /** Addresses of the simulated boxes, by name. */
  readonly boxes: Readonly<Record<string, { readonly host: string; readonly port: number }>>
  /** Folder for scan files and logs. */
  readonly dataFolder: string | undefined
}

/** Parts of a beamline that are in no device: simulators with what they see, and computers. */
export type Remainder = Pick<Beamline, 'simulators' | 'world' | 'hosts'>

/**
 * The memory of one store, as it was when this was made, and what is to be changed in it. A key without values does not
 * exist.
 */
export class Memory {
  readonly object = BEAMLINE_OBJECT
  readonly #store: Store
  readonly #place: Place = { scope: 'object', owner: BEAMLINE_OBJECT }
  readonly #values: Map<string, { readonly name: string; readonly values: readonly string[] }>
  readonly #changed = new Set<string>()

  constructor(store: Store) {
    this.#store = store
    const stored = [...store.properties.all(this.#place)]
    this.#values = new Map(stored.map(([name, values]) => [name.toLowerCase(), { name, values }]))
  }

  keys(): readonly string[] {
    return [...this.#values.values()].filter(({ values }) => values.length > 0).map(({ name }) => name)
  }

  get(key: string): readonly string[] {
    return this.#values.get(key.toLowerCase())?.values ?? []
  }

  /** Is in the store after {@link Memory.write}. */
  put(key: string, values: readonly string[]): void {
    if (sameValues(this.get(key), values)) return
    this.#values.set(key.toLowerCase(), { name: key, values })
    this.#changed.add(key.toLowerCase())
  }

  /** Writes what has changed, all in one. */
  write(): void {
    const changed = [...this.#changed].flatMap((key) => this.#values.get(key) ?? [])
    this.#changed.clear()
    const { properties } = this.#store
    for (const { name } of changed.filter(({ values }) => values.length === 0)) properties.delete(this.#place, name)
    const filled = changed.filter(({ values }) => values.length > 0)
    if (filled.length > 0) properties.putAll(this.#place, new Map(filled.map(({ name, values }) => [name, values])))
  }

  /** Names of the properties that belong to the file, by device. */
  get owned(): ReadonlyMap<string, readonly string[]> {
    return ownedOf(this.get('owned'))
  }

  set owned(devices: ReadonlyMap<string, readonly string[]>) {
    const lines = [...devices]
      .filter(([, names]) => names.length > 0)
      .map(([name, names]) => [name, ...names].join(' '))
    this.put('owned', lines)
  }

  get launch(): Launch {
    const boxes = this.get('boxes').map((line) => {
      const [name = '', host = '', port = ''] = line.split(' ')
      return [name, { host, port: Number(port) }] as const
    })
    return { boxes: Object.fromEntries(boxes), dataFolder: this.get('dataFolder')[0] }
  }

  set launch({ boxes, dataFolder }: Launch) {
    this.put(
      'boxes',
      Object.entries(boxes).map(([name, { host, port }]) => `${name} ${host} ${port}`),
    )
    this.put('dataFolder', dataFolder === undefined ? [] : [dataFolder])
  }

  /** The parts of a beamline that no device has. */
  get remainder(): Remainder {
    return remainderOf((key) => this.get(key))
  }

  set remainder({ simulators, hosts, world }: Remainder) {
    this.put(
      'simulators',
      simulators.map(({ name, kind, options }) => asciiJson({ name, kind, options })),
    )
    this.put('hosts', hosts.map(asciiJson))
    this.put('world', Object.keys(world).length === 0 ? [] : [asciiJson(world)])
  }
}

/** Names of properties by device, from the lines that are kept. */
export function ownedOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    lines.map((line) => {
      const [device = '', ...names] = line.split(' ')
      return [device, names]
    }),
  )
}

/** What {@link Memory.remainder} gives, from the lines that are kept. */
export function remainderOf(get: (key: string) => readonly string[]): Remainder {
  const simulators = get('simulators').map((line): SimulatorEntry => {
    const { name, kind, options } = record(JSON.parse(line))
    return { name: String(name), kind: String(kind), options: record(options) }
  })
  const hosts = get('hosts').map((line): HostEntry => {
    const { name, description } = record(JSON.parse(line))
    return { name: String(name), description: description === undefined ? undefined : String(description) }
  })
  return { simulators, hosts, world: record(JSON.parse(get('world')[0] ?? '{}')) }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
}
