// The attributes of one device: look-up by name, reading and writing several in one request.

import { DevFailed, MultiDevFailed, type NamedDevError, toDevFailed } from '../errors/dev-failed.ts'
import type { DevSource, TimeVal } from '../wire/tango-basic.ts'
import type { AttributeValue5 } from '../wire/tango-idl.ts'
import { type Attribute, failedValue, timeVal, type WrittenValue } from './attribute.ts'
import type { AttributeEvents } from './attribute-events.ts'
import type { FlatPart } from './attribute-value.ts'
import type { ForwardedAttribute } from './forwarded-attribute.ts'

/** Name in a read request that means all attributes. */
const ALL = 'All attributes'
/** Name in a configuration request that means all attributes with State and Status. */
export const ALL_3 = 'All attributes_3'

/** Origin of a failed look-up when values are read or written. */
const VALUE_LOOKUP = 'MultiAttribute::get_attr_ind_by_name'

const NO_FAILURES: readonly NamedDevError[] = []

/** Whether a device pushes events itself: all of them, or those that pass the thresholds. */
export type Pushing = 'unfiltered' | 'filtered' | undefined

/** An attribute with its events. */
export interface TableEntry {
  readonly attribute: Attribute
  readonly events: AttributeEvents
  /** The device pushes change events itself: all of them, or those that pass the thresholds. */
  pushes: Pushing
  /** The same of archive events. */
  pushesArchive: Pushing
  /** Added at run time, so it may be removed. */
  readonly dynamic: boolean
  /** Set when the attribute stands for one of another device. */
  forwarded: ForwardedAttribute | undefined
}

/** One member of a write request. */
export interface WriteRequest extends WrittenValue {
  readonly name: string
}

/** Answer from the polling cache; `undefined` means that the device has to be asked. */
export type CacheLookup = (attribute: Attribute, source: DevSource) => AttributeValue5 | undefined

/** What the table needs from the device. */
export interface TableHost {
  now(): number
  /** Called after a successful write of a memorized attribute. */
  memorized(attribute: Attribute): Promise<void> | undefined
  /** Called with the keys of a write request when all handlers have run; what it throws undoes the writes. */
  readonly written?: ((keys: readonly string[]) => void | Promise<void>) | undefined
  logDefect(what: string, error: unknown): void
}

/** All attributes of a device; State and Status are the last ones. */
export class AttributeTable {
  readonly #entries = new Map<string, TableEntry>()
  readonly #byKey = new Map<string, TableEntry>()
  readonly #host: TableHost
  readonly #cache: CacheLookup
  #all: readonly TableEntry[] | undefined
  /** Adds the attributes of the class. */
  #fill: (() => void) | undefined

  constructor(host: TableHost, cache: CacheLookup) {
    this.#host = host
    this.#cache = cache
  }

  /**
   * What adds the attributes of the class, called when the first of them or all are asked for: in a server with many
   * devices most are asked for their State alone, if for anything.
   */
  fillLater(fill: () => void): void {
    this.#fill = fill
  }

  /** Adds an attribute; State and Status stay last. */
  add(entry: TableEntry): void {
    this.#filled()
    this.#all = undefined
    this.#entries.set(entry.attribute.lowerName, entry)
    this.#byKey.set(entry.attribute.key, entry)
    for (const name of ['state', 'status']) {
      const builtIn = this.#entries.get(name)
      if (builtIn === undefined) continue
      this.#entries.delete(name)
      this.#entries.set(name, builtIn)
    }
  }

  remove(name: string): void {
    const entry = this.find(name)
    if (entry === undefined) return
    this.#all = undefined
    this.#entries.delete(entry.attribute.lowerName)
    this.#byKey.delete(entry.attribute.key)
  }

  /** All attributes in the order in which clients see them. */
  all(): readonly TableEntry[] {
    this.#filled()
    this.#all ??= [...this.#entries.values()]
    return this.#all
  }

  /** Those that exist already, in no particular order. */
  made(): Iterable<TableEntry> {
    return this.#entries.values()
  }

  /** The attribute of a name in any case. */
  find(name: string): TableEntry | undefined {
    const found = this.#entries.get(name) ?? this.#entries.get(name.toLowerCase())
    return found === undefined && this.#filled() ? this.find(name) : found
  }

  /** The attribute that a key of the spec stands for. */
  byKey(key: string): TableEntry | undefined {
    const found = this.#byKey.get(key)
    return found === undefined && this.#filled() ? this.byKey(key) : found
  }

  /** @throws DevFailed `API_AttrNotFound` */
  get(name: string, origin = 'MultiAttribute::get_attr_by_name'): TableEntry {
    const entry = this.find(name)
    if (entry === undefined) throw notFound(name, origin)
    return entry
  }

  /** Attributes for a configuration request. @param wildcards names that mean all, and whether with State and Status */
  configured(names: readonly string[], wildcards: ReadonlyMap<string, boolean>): readonly TableEntry[] {
    const wildcard = names.length === 1 ? wildcards.get(names[0] ?? '') : undefined
    if (wildcard === undefined) return names.map((name) => this.get(name))
    const all = this.all()
    return wildcard ? all : all.filter(({ attribute }) => attribute.key !== 'state' && attribute.key !== 'status')
  }

  /** Whether a read request may pass the device's queue. */
  skipsQueue(names: readonly string[]): boolean {
    for (const name of names) {
      const entry = this.find(name)
      if (entry !== undefined && entry.attribute.spec.urgent !== true) return false
      if (entry === undefined && name === ALL) return false
    }
    return true
  }

  /** The values of a request if all of them are in the polling cache: such a request need not wait for its turn. */
  readCached(names: readonly string[], source: DevSource): readonly AttributeValue5[] | undefined {
    const values: AttributeValue5[] = []
    for (const name of names) {
      const entry = this.find(name)
      const local = entry !== undefined && entry.forwarded === undefined
      const value = local ? this.#cache(entry.attribute, source) : undefined
      if (value === undefined) return undefined
      values.push(value)
    }
    return values
  }

  /** Reads attributes in the order asked for; failures are in the values. A promise only if a handler returned one. */
  read(names: readonly string[], source: DevSource): readonly AttributeValue5[] | Promise<readonly AttributeValue5[]> {
    const wanted = names.length === 1 && names[0] === ALL ? this.all().map(({ attribute }) => attribute.name) : names
    const values: AttributeValue5[] = []
    // what comes at once has one time: looking at the clock costs as much as many a handler
    const time = wanted.length > 1 ? timeVal(this.#host.now()) : undefined
    for (let i = 0; i < wanted.length; i += 1) {
      const value = this.#readOne(wanted[i] ?? '', source, time)
      if (value instanceof Promise) return this.#readRest(wanted, source, values, value)
      values.push(value)
    }
    return values
  }

  /**
   * Writes attributes: all are checked first, then the good ones are written even if others are not.
   * @returns the failures; a promise only if a handler returned one
   * @throws DevFailed `API_AttrNotFound` for a name that does not exist; nothing is written then
   */
  write(requests: readonly WriteRequest[]): readonly NamedDevError[] | Promise<readonly NamedDevError[]> {
    const [first] = requests
    if (first !== undefined && requests.length === 1 && this.#host.written === undefined) return this.#writeAlone(first)
    const entries = requests.map(({ name }) => this.get(name, VALUE_LOOKUP))
    const failures: NamedDevError[] = []
    const parts = requests.map((request, index) => {
      const attribute = entries[index]?.attribute
      try {
        return attribute?.check(request)
      } catch (error) {
        failures.push(this.#failure(attribute, index, error))
        return undefined
      }
    })
    for (let index = 0; index < entries.length; index += 1) {
      const pending = this.#writeOne(entries, parts, index, failures)
      if (pending !== undefined) return this.#writeRest(entries, parts, index, pending, failures)
    }
    return this.#finish(entries, parts, failures)
  }

  /** @returns whether there was something to add */
  #filled(): boolean {
    const fill = this.#fill
    if (fill === undefined) return false
    this.#fill = undefined
    const last = [...this.#entries]
    this.#entries.clear()
    fill()
    for (const [name, entry] of last) this.#entries.set(name, entry)
    this.#all = undefined
    return true
  }

  #readOne(name: string, source: DevSource, time?: TimeVal): AttributeValue5 | Promise<AttributeValue5> {
    const entry = this.find(name)
    if (entry === undefined) return failedValue(name, notFound(name, VALUE_LOOKUP).errors, this.#host.now())
    if (entry.forwarded !== undefined) return entry.forwarded.read(entry.attribute.name, source)
    if (source !== 'DEV') {
      const cached = this.#cache(entry.attribute, source)
      if (cached !== undefined) return cached
    }
    return entry.attribute.read(time)
  }

  async #readRest(
    names: readonly string[],
    source: DevSource,
    values: AttributeValue5[],
    pending: Promise<AttributeValue5>,
  ): Promise<readonly AttributeValue5[]> {
    values.push(await pending)
    while (values.length < names.length) values.push(await this.#readOne(names[values.length] ?? '', source))
    return values
  }

  /** What `write` does, for one attribute of a device without a hook: most requests are, and want no lists. */
  #writeAlone(request: WriteRequest): readonly NamedDevError[] | Promise<readonly NamedDevError[]> {
    const { attribute } = this.get(request.name, VALUE_LOOKUP)
    try {
      const part = attribute.check(request)
      const pending = attribute.call(part)
      if (pending instanceof Promise) return this.#aloneLater(attribute, part, pending)
      return this.#acceptAlone(attribute, part)
    } catch (error) {
      return [this.#failure(attribute, 0, error)]
    }
  }

  async #aloneLater(
    attribute: Attribute,
    part: FlatPart,
    pending: Promise<unknown>,
  ): Promise<readonly NamedDevError[]> {
    try {
      await pending
    } catch (error) {
      return [this.#failure(attribute, 0, error)]
    }
    return this.#acceptAlone(attribute, part)
  }

  #acceptAlone(attribute: Attribute, part: FlatPart): readonly NamedDevError[] | Promise<readonly NamedDevError[]> {
    attribute.accept(part)
    const storing = this.#memorize(attribute)
    return storing === undefined ? NO_FAILURES : allStored([storing], NO_FAILURES)
  }

  /** Calls one write handler; a part that failed is taken out of the list. */
  #writeOne(
    entries: readonly TableEntry[],
    parts: (FlatPart | undefined)[],
    index: number,
    failures: NamedDevError[],
  ): Promise<void> | undefined {
    const attribute = entries[index]?.attribute
    const part = parts[index]
    if (attribute === undefined || part === undefined) return undefined
    const failed = (error: unknown): void => {
      parts[index] = undefined
      failures.push(this.#failure(attribute, index, error))
    }
    try {
      const pending = attribute.call(part)
      return pending instanceof Promise ? settled(pending, failed) : undefined
    } catch (error) {
      failed(error)
      return undefined
    }
  }

  async #writeRest(
    entries: readonly TableEntry[],
    parts: (FlatPart | undefined)[],
    done: number,
    pending: Promise<void>,
    failures: NamedDevError[],
  ): Promise<readonly NamedDevError[]> {
    await pending
    for (let index = done + 1; index < entries.length; index += 1) await this.#writeOne(entries, parts, index, failures)
    return this.#finish(entries, parts, failures)
  }

  /** The device's own hook, then the set points. */
  #finish(
    entries: readonly TableEntry[],
    parts: (FlatPart | undefined)[],
    failures: NamedDevError[],
  ): readonly NamedDevError[] | Promise<readonly NamedDevError[]> {
    const hook = this.#host.written
    if (hook === undefined) return this.#accept(entries, parts, failures)
    const failed = (error: unknown): void => {
      for (const failure of this.#hookFailures(entries, parts, error)) {
        parts[failure.index] = undefined
        failures.push(failure)
      }
    }
    try {
      const keys = entries.flatMap(({ attribute }, index) => (parts[index] === undefined ? [] : [attribute.key]))
      const pending = keys.length === 0 ? undefined : hook(keys)
      if (pending instanceof Promise) return this.#acceptAfter(settled(pending, failed), entries, parts, failures)
    } catch (error) {
      failed(error)
    }
    return this.#accept(entries, parts, failures)
  }

  async #acceptAfter(
    pending: Promise<void>,
    entries: readonly TableEntry[],
    parts: readonly (FlatPart | undefined)[],
    failures: NamedDevError[],
  ): Promise<readonly NamedDevError[]> {
    await pending
    return this.#accept(entries, parts, failures)
  }

  #accept(
    entries: readonly TableEntry[],
    parts: readonly (FlatPart | undefined)[],
    failures: NamedDevError[],
  ): readonly NamedDevError[] | Promise<readonly NamedDevError[]> {
    let stored: Promise<void>[] | undefined
    for (let index = 0; index < entries.length; index += 1) {
      const part = parts[index]
      const attribute = entries[index]?.attribute
      if (attribute === undefined || part === undefined) continue
      attribute.accept(part)
      const storing = this.#memorize(attribute)
      if (storing !== undefined) stored = [...(stored ?? []), storing]
    }
    return stored === undefined ? sorted(failures) : allStored(stored, failures)
  }

  /** What the hook throws concerns the attributes that it names, or all that were written. */
  #hookFailures(
    entries: readonly TableEntry[],
    parts: readonly (FlatPart | undefined)[],
    error: unknown,
  ): readonly NamedDevError[] {
    if (error instanceof MultiDevFailed) return error.failures
    return entries.flatMap(({ attribute }, index) =>
      parts[index] === undefined ? [] : [this.#failure(attribute, index, error)],
    )
  }

  #memorize(attribute: Attribute): Promise<void> | undefined {
    const { memorized } = attribute.spec
    return memorized === undefined || memorized === false ? undefined : this.#host.memorized(attribute)
  }

  #failure(attribute: Attribute | undefined, index: number, error: unknown): NamedDevError {
    const name = attribute?.name ?? ''
    if (!(error instanceof DevFailed)) this.#host.logDefect(`writing ${name}`, error)
    return { name, index, errors: toDevFailed(error).errors }
  }
}

function notFound(name: string, origin: string): DevFailed {
  return new DevFailed([{ reason: 'API_AttrNotFound', severity: 'ERR', desc: `${name} attribute not found`, origin }])
}

/** Never rejects. */
async function settled(pending: Promise<unknown>, failed: (error: unknown) => void): Promise<void> {
  try {
    await pending
  } catch (error) {
    failed(error)
  }
}

async function allStored(
  stored: readonly Promise<void>[],
  failures: readonly NamedDevError[],
): Promise<readonly NamedDevError[]> {
  await Promise.all(stored)
  return sorted(failures)
}

function sorted(failures: readonly NamedDevError[]): readonly NamedDevError[] {
  return failures.length < 2 ? failures : [...failures].sort((a, b) => a.index - b.index)
}
