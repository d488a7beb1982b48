// The JSON form of dsconfig (MAX IV) in which many facilities keep the content of their Tango database: reads it with
// places, checks it, writes it. What it means for a database is in dsconfig-plan.ts. Source: the public README and schema of dsconfig.

import { type Entry, type Mark, plain, type Tree } from '../config/tree.ts'
import { parseJson } from './json-tree.ts'
import type { ExchangeFinding } from './report.ts'
import { ExchangeReport, unreadable } from './report.ts'

/** Properties by name. */
export type DsProperties = ReadonlyMap<string, readonly string[]>

/** Properties of a device or class. An absent member means: leave alone what the database has. */
export interface DsHolder {
  readonly name: string
  /** Where it stands, `file:line:column`. */
  readonly place: string
  /** Present and empty: delete all. */
  readonly properties: DsProperties | undefined
  /** By attribute; present and empty: delete all. */
  readonly attributeProperties: ReadonlyMap<string, DsProperties> | undefined
}

/** A device. */
export interface DsDevice extends DsHolder {
  readonly class: string
  /** Absent: leave alone the alias that the database has. */
  readonly alias: string | undefined
}

/** A server with all its devices; none: it should have none. */
export interface DsServer {
  /** `executable/instance` */
  readonly name: string
  readonly devices: readonly DsDevice[]
}

/** A whole file. */
export interface DsConfig {
  /** Fields that begin with `_`. */
  readonly metadata: Readonly<Record<string, unknown>>
  readonly servers: readonly DsServer[]
  readonly classes: readonly DsHolder[]
}

/** Field of the metadata that makes a file describe everything, also what Tango keeps for itself: undo files have it. */
export const EXACT_FIELD = '_exact'

/**
 * Reads a file.
 * @param file how messages call it
 * @throws DevFailed `Exchange_Invalid` with every mistake as `file:line:column: text`, one per line
 */
export function importDsconfig(
  text: string,
  file = 'dsconfig.json',
): { readonly config: DsConfig; readonly report: readonly ExchangeFinding[] } {
  const reader = new Reader(file)
  const config = reader.read(parseJson(text, file))
  if (reader.errors.length > 0) throw unreadable(reader.errors)
  return { config, report: reader.report.findings }
}

/** Writes a file: sorted, indented by four, one line per value, so that versions can be compared line by line. */
export function exportDsconfig(config: DsConfig): string {
  const servers: Record<string, Record<string, Record<string, Record<string, unknown>>>> = {}
  for (const { name, devices } of config.servers) {
    const [executable = '', instance = ''] = name.split('/')
    servers[executable] ??= {}
    const classes: Record<string, Record<string, unknown>> = {}
    servers[executable][instance] = classes
    for (const device of devices) {
      classes[device.class] ??= {}
      const { alias } = device
      Object.assign(classes[device.class] ?? {}, {
        [device.name]: { ...(alias === undefined ? {} : { alias }), ...holderFields(device) },
      })
    }
  }
  const classes = Object.fromEntries(config.classes.map((holder) => [holder.name, holderFields(holder)]))
  const whole = {
    ...config.metadata,
    servers,
    ...(config.classes.length === 0 ? {} : { classes }),
  }
  return `${JSON.stringify(sorted(whole), undefined, 4)}\n`
}

function holderFields({ properties, attributeProperties }: DsHolder): Record<string, unknown> {
  return {
    ...(properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    ...(attributeProperties === undefined
      ? {}
      : {
          attribute_properties: Object.fromEntries(
            [...attributeProperties].map(([attribute, values]) => [attribute, Object.fromEntries(values)]),
          ),
        }),
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]))
}

const NAME = /^[^/\s]+$/
const DEVICE = /^[^/\s]+\/[^/\s]+\/[^/\s]+$/

class Reader {
  readonly errors: string[] = []
  readonly report = new ExchangeReport()
  readonly #file: string
  #exact = false
  readonly #devices = new Map<string, Mark>()
  readonly #servers = new Map<string, { readonly name: string; readonly devices: DsDevice[] }>()

  constructor(file: string) {
    this.#file = file
  }

  read(tree: Tree): DsConfig {
    const metadata: Record<string, unknown> = {}
    this.#exact =
      tree.kind === 'map' && tree.entries.some(({ key, value }) => key === EXACT_FIELD && plain(value) === true)
    let classes: readonly DsHolder[] = []
    for (const entry of this.#entries(tree, 'the file')) {
      if (entry.key.startsWith('_')) metadata[entry.key] = plain(entry.value)
      else if (entry.key === 'servers') for (const server of this.#entries(entry.value, 'servers')) this.#server(server)
      else if (entry.key === 'classes') {
        classes = this.#named(entry.value, 'classes').map((holder) => this.#holder(holder, ['properties']))
      } else this.#error(entry.at, `unknown field ${entry.key}; known fields: servers, classes, and names with _ first`)
    }
    return { metadata, servers: [...this.#servers.values()], classes }
  }

  /** `executable: { instance: ... }`, or the older `executable/instance: ...`. */
  #server({ key, at, value }: Entry): void {
    if (key.startsWith('_')) {
      this.#metadata(key, at)
      return
    }
    const [executable = '', instance, ...more] = key.split('/')
    if (instance !== undefined) {
      if (more.length > 0 || !NAME.test(executable) || !NAME.test(instance)) {
        this.#error(at, `${key} should be executable/instance`)
        return
      }
      this.#instance(key, value)
      return
    }
    for (const inner of this.#named(value, `server ${key}`)) {
      if (NAME.test(inner.key)) this.#instance(`${key}/${inner.key}`, inner.value)
      else this.#error(inner.at, `instance ${inner.key} should be a name without /`)
    }
  }

  #instance(name: string, value: Tree): void {
    const key = name.toLowerCase()
    const server = this.#servers.get(key) ?? { name, devices: [] }
    this.#servers.set(key, server)
    for (const inner of this.#named(value, `server ${name}`)) {
      for (const device of this.#named(inner.value, `class ${inner.key} of ${name}`)) {
        if (!DEVICE.test(device.key)) {
          this.#error(device.at, `device ${device.key} should be domain/family/member`)
          continue
        }
        const before = this.#devices.get(device.key.toLowerCase())
        if (before !== undefined) this.#error(device.at, `device ${device.key} is already in line ${before.line}`)
        this.#devices.set(device.key.toLowerCase(), device.at)
        const holder = this.#holder(device, ['alias', 'properties', 'attribute_properties'])
        server.devices.push({ ...holder, class: inner.key, alias: this.#alias(device) })
      }
    }
  }

  #alias({ value }: Entry): string | undefined {
    const alias = value.kind === 'map' ? value.entries.find(({ key }) => key === 'alias') : undefined
    if (alias === undefined) return undefined
    if (alias.value.kind === 'value' && typeof alias.value.value === 'string') return alias.value.value
    this.#error(alias.value.at, 'alias should be a text')
    return undefined
  }

  #holder({ key: name, at, value }: Entry, known: readonly string[]): DsHolder {
    let properties: DsProperties | undefined
    let attributeProperties: ReadonlyMap<string, DsProperties> | undefined
    for (const field of this.#named(value, name)) {
      if (field.key === 'properties') {
        properties = this.#properties(field.value, `${name}, properties`)
        if (properties.size === 0) this.#emptied(field.at, `all properties of ${name}`)
      } else if (field.key === 'attribute_properties') {
        const attributes = this.#named(field.value, `${name}, attribute_properties`)
        attributeProperties = new Map(
          attributes.map((attribute) => [
            attribute.key,
            this.#properties(attribute.value, `${name}, attribute ${attribute.key}`),
          ]),
        )
        if (attributes.length === 0) this.#emptied(field.at, `all attribute properties of ${name}`)
      } else if (!known.includes(field.key)) {
        this.#error(field.at, `${name}: unknown field ${field.key}; known fields: ${known.join(', ')}`)
      }
    }
    return { name, place: this.#place(at), properties, attributeProperties }
  }

  #properties(tree: Tree, what: string): DsProperties {
    const properties = new Map<string, readonly string[]>()
    const seen = new Set<string>()
    // names that begin with _ are properties here: Tango keeps some of its own
    for (const { key, at, value } of this.#entries(tree, what)) {
      if (seen.has(key.toLowerCase())) this.#error(at, `${what}: ${key} is there twice, in different case`)
      seen.add(key.toLowerCase())
      const items = value.kind === 'list' ? value.items : [value]
      const texts = items.map((item) => this.#text(item, `${what}: ${key}`))
      if (value.kind === 'value') this.report.changed(this.#place(at), `${key} should be a list of texts; read as one`)
      if (texts.length === 0) this.#emptied(at, `${key} of ${what}`)
      properties.set(key, texts)
    }
    return properties
  }

  #text(tree: Tree, what: string): string {
    if (tree.kind === 'value' && typeof tree.value === 'string') return tree.value
    if (tree.kind === 'value' && tree.value !== null) {
      this.report.changed(this.#place(tree.at), `${what}: ${tree.value} should be a text in quotes; read as one`)
      return String(tree.value)
    }
    this.#error(tree.at, `${what} should be a list of texts`)
    return ''
  }

  /** Entries without metadata. */
  #named(tree: Tree, what: string): readonly Entry[] {
    return this.#entries(tree, what).filter(({ key, at }) => {
      if (!key.startsWith('_')) return true
      this.#metadata(key, at)
      return false
    })
  }

  #metadata(key: string, at: Mark): void {
    this.report.note(this.#place(at), `${key} is no content of the database; ignored`)
  }

  #emptied(at: Mark, what: string): void {
    // nobody has written such a file by hand
    if (this.#exact) return
    this.report.changed(this.#place(at), `empty: ${what} will be deleted; leave the field out to keep what is there`)
  }

  #entries(tree: Tree, what: string): readonly Entry[] {
    if (tree.kind === 'map') return tree.entries
    this.#error(tree.at, `${what} should be an object { }`)
    return []
  }

  #error(at: Mark, text: string): void {
    this.errors.push(`${this.#place(at)}: ${text}`)
  }

  #place({ line, column }: Mark): string {
    return `${this.#file}:${line}:${column}`
  }
}
