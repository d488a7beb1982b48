// Reads and checks the file of `bandoneon db export`: everything that is wrong is told with its line, before anything is
// written to a database.

import { devFailed } from '#tango/pure'
import {
  type AccessContent,
  type AttributeAliasContent,
  accessKey,
  type DatabaseContent,
  type DeviceContent,
  inOrder,
  key,
  type PropertyContent,
  propertyKey,
  SCOPES,
  type ServerContent,
} from './content.ts'
import { HEADER } from './text.ts'

/** Longest name that the tables of a native database keep. */
const MAX_NAME = 255

/** Mistakes told at once. */
const MAX_FINDINGS = 20

type Cells = Readonly<Record<string, unknown>>

/**
 * Reads a file.
 * @param file its name, for messages
 * @throws DevFailed `Transfer_Invalid` with all mistakes, each with its line
 */
export function parseText(text: string, file: string): DatabaseContent {
  const reader = new FileReader()
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  for (const [index, one] of lines.entries()) reader.line(one, index + 1)
  if (lines.length === 0) reader.wrong(1, `the file is empty; its first line should be ${JSON.stringify(HEADER)}`)
  const { findings } = reader
  if (findings.length === 0) return inOrder(reader)
  const shown = findings.slice(0, MAX_FINDINGS).map(({ line, what }) => `${file}:${line}: ${what}`)
  if (findings.length > MAX_FINDINGS) shown.push(`and ${findings.length - MAX_FINDINGS} more`)
  throw devFailed('Transfer_Invalid', shown.join('\n'))
}

/** Keys of a line and what makes of them a fact. */
interface Shape {
  readonly keys: readonly string[]
  readonly optional?: string
  readonly take: (reader: FileReader, cells: Cells, line: number) => void
}

const PROPERTY_SHAPES: readonly Shape[] = SCOPES.map(({ scope, owner, member }) => ({
  keys: [owner, ...(member === undefined ? [] : [member]), 'property', 'value'],
  take: (reader, cells, line) => reader.property({ scope, owner, member }, cells, line),
}))

const SHAPES: readonly Shape[] = [
  { keys: ['server', 'host', 'controlled', 'level'], take: (reader, cells, line) => reader.server(cells, line) },
  { keys: ['device', 'server', 'class'], optional: 'alias', take: (reader, cells, line) => reader.device(cells, line) },
  { keys: ['attributeAlias', 'attribute'], take: (reader, cells, line) => reader.attributeAlias(cells, line) },
  { keys: ['user', 'address'], take: (reader, cells, line) => reader.rule(cells, line) },
  { keys: ['user', 'device', 'rights'], take: (reader, cells, line) => reader.rule(cells, line) },
  ...PROPERTY_SHAPES,
]

class FileReader implements DatabaseContent {
  readonly findings: { readonly line: number; readonly what: string }[] = []
  readonly servers: ServerContent[] = []
  readonly devices: DeviceContent[] = []
  readonly attributeAliases: AttributeAliasContent[] = []
  readonly properties: (PropertyContent & { readonly values: string[] })[] = []
  readonly access: AccessContent[] = []
  /** Line of each fact, by kind and key. */
  readonly #lines = new Map<string, number>()
  #open: { readonly key: string; readonly values: string[] } | undefined

  wrong(line: number, what: string): void {
    this.findings.push({ line, what })
  }

  line(text: string, line: number): void {
    const cells = this.#cells(text, line)
    if (cells === undefined) return
    if (line === 1) {
      this.#header(cells)
      return
    }
    const names = Object.keys(cells)
    const shape = SHAPES.find(
      ({ keys, optional }) =>
        keys.every((name) => name in cells) && names.every((name) => keys.includes(name) || name === optional),
    )
    if (shape === undefined) this.wrong(line, `a line with ${names.join(', ') || 'nothing'} means nothing; ${forms()}`)
    else shape.take(this, cells, line)
  }

  server(cells: Cells, line: number): void {
    const name = this.#name(cells, 'server', line)
    const host = this.#text(cells, 'host', line)
    const mode = this.#integer(cells, 'controlled', line)
    const level = this.#integer(cells, 'level', line)
    if (name === undefined || host === undefined || mode === undefined || level === undefined) return
    this.#once(`server ${name}`, line)
    this.servers.push({ name, host, mode, level })
  }

  device(cells: Cells, line: number): void {
    const name = this.#name(cells, 'device', line)
    const server = this.#name(cells, 'server', line)
    const deviceClass = this.#name(cells, 'class', line)
    const alias = cells.alias === undefined ? undefined : this.#name(cells, 'alias', line)
    if (name === undefined || server === undefined || deviceClass === undefined) return
    if (!/^[^/*]+\/[^/*]+\/[^/*]+$/.test(name)) {
      this.wrong(line, `'${name}' is no device name (domain/family/member, without *)`)
    }
    if (alias !== undefined) {
      if (/[/ ]/.test(alias)) this.wrong(line, `alias '${alias}' must not hold '/' or a blank`)
      this.#once(`alias ${alias}`, line)
    }
    this.#once(`device ${name}`, line)
    this.devices.push({ name, server, class: deviceClass, alias })
  }

  attributeAlias(cells: Cells, line: number): void {
    const alias = this.#name(cells, 'attributeAlias', line)
    const attribute = this.#name(cells, 'attribute', line)
    if (alias === undefined || attribute === undefined) return
    if (/[/ ]/.test(alias)) this.wrong(line, `alias '${alias}' must not hold '/' or a blank`)
    if (attribute.split('/').length !== 4) this.wrong(line, `'${attribute}' is no attribute (device/attribute)`)
    this.#once(`attribute alias ${alias}`, line)
    this.#once(`alias of attribute ${attribute}`, line)
    this.attributeAliases.push({ alias, attribute })
  }

  rule(cells: Cells, line: number): void {
    const user = this.#name(cells, 'user', line)
    const rule: { address?: string; device?: string; rights?: string } = {}
    for (const name of ['address', 'device', 'rights'] as const) {
      if (cells[name] === undefined) continue
      const value = this.#name(cells, name, line)
      if (value !== undefined) rule[name] = value
    }
    if (user === undefined) return
    this.#once(`rule ${accessKey({ user, ...rule }).replaceAll('\0', ' ')}`, line)
    this.access.push({ user, ...rule })
  }

  property(
    { scope, owner, member }: { scope: PropertyContent['scope']; owner: string; member: string | undefined },
    cells: Cells,
    line: number,
  ): void {
    const ownerName = this.#name(cells, owner, line)
    const memberName = member === undefined ? undefined : this.#name(cells, member, line)
    const name = this.#name(cells, 'property', line)
    const value = this.#text(cells, 'value', line)
    if (ownerName === undefined || name === undefined || value === undefined) return
    if (member !== undefined && memberName === undefined) return
    if (name.includes('*')) this.wrong(line, `property '${name}' must not hold *`)
    const content = { scope, owner: ownerName, member: memberName, name }
    const at = propertyKey(content)
    if (this.#open?.key === at) {
      this.#open.values.push(value)
      return
    }
    this.#once(at, line, `property ${name} of ${[ownerName, memberName].filter((part) => part).join(' ')}`)
    const values = [value]
    this.properties.push({ ...content, values })
    this.#open = { key: at, values }
  }

  #cells(text: string, line: number): Cells | undefined {
    let value: unknown
    try {
      value = JSON.parse(text)
    } catch (error) {
      this.wrong(line, `no JSON: ${error instanceof Error ? error.message : String(error)}`)
      return undefined
    }
    if (isCells(value)) return value
    this.wrong(line, 'should be an object in braces')
    return undefined
  }

  #header(cells: Cells): void {
    if (cells.format !== HEADER.format)
      this.wrong(1, `this is no file of a Tango database: the first line should be ${JSON.stringify(HEADER)}`)
    else if (cells.version !== HEADER.version)
      this.wrong(
        1,
        `version ${String(cells.version)} of the file is not known here; this program reads ${HEADER.version}`,
      )
  }

  /** A text that a Tango database can keep. */
  #text(cells: Cells, name: string, line: number): string | undefined {
    const value = cells[name]
    if (typeof value !== 'string') {
      this.wrong(line, `${name} should be a text in quotes`)
      return undefined
    }
    const bad = [...value].find((char) => char === '\0' || (char.codePointAt(0) ?? 0) > 0xff)
    if (bad === undefined) return value
    const code = (bad.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    this.wrong(line, `${name} holds U+${code}; Tango carries ISO 8859-1 without NUL`)
    return undefined
  }

  #name(cells: Cells, name: string, line: number): string | undefined {
    const value = this.#text(cells, name, line)
    if (value === undefined) return undefined
    if (value === '') this.wrong(line, `${name} is empty`)
    else if (value.length > MAX_NAME) this.wrong(line, `${name} has ${value.length} characters, more than ${MAX_NAME}`)
    else return value
    return undefined
  }

  #integer(cells: Cells, name: string, line: number): number | undefined {
    const value = cells[name]
    if (typeof value === 'number' && Number.isInteger(value)) return value
    this.wrong(line, `${name} should be a whole number`)
    return undefined
  }

  #once(what: string, line: number, title = what): void {
    const at = key(what)
    const first = this.#lines.get(at)
    if (first !== undefined) this.wrong(line, `${title} stands in line ${first} already`)
    else this.#lines.set(at, line)
  }
}

function isCells(value: unknown): value is Cells {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function forms(): string {
  return `known are ${SHAPES.map(({ keys, optional }) => `{${[...keys, ...(optional ? [`[${optional}]`] : [])].join(', ')}}`).join(' ')}`
}
