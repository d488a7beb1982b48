// Scan documents as one line of JSON each. NaN is `null`, an infinity is `1e999` (legal JSON that every reader turns
// into infinity), so numbers stay numbers and texts such as 'NaN' stay texts. Minus zero becomes zero.

import { devFailed } from '#tango/pure'
import type { ScanColumn, ScanDocument, ScanEnd, ScanPoints, ScanStart, SnapshotEntry } from './scan-documents.ts'

/** One document as a line of JSON without its line end; members that are `undefined` are left out. */
export function encodeDocument(document: ScanDocument): string {
  return jsonOf(document)
}

/**
 * Reads a line of JSON and checks every member.
 * @throws DevFailed `API_InvalidArgs` naming the member that is wrong
 */
export function decodeDocument(text: string): ScanDocument {
  return documentOf(parse(text))
}

/**
 * Checks a value parsed from JSON.
 * @throws DevFailed `API_InvalidArgs` naming the member that is wrong
 */
export function documentOf(value: unknown): ScanDocument {
  const fields = new Fields(value, 'document')
  const kind = fields.text('kind')
  switch (kind) {
    case 'scan-start':
      return startOf(fields)
    case 'scan-points':
      return pointsOf(fields)
    case 'scan-end':
      return endOf(fields)
    default:
      throw wrong('document.kind', `is '${kind}'; known are scan-start, scan-points and scan-end`)
  }
}

/** JSON text of plain data with the rules of this file for numbers that are not finite. */
export function jsonOf(value: unknown): string {
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return String(value)
    return Number.isNaN(value) ? 'null' : value > 0 ? '1e999' : '-1e999'
  }
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) {
    let text = '['
    for (let i = 0; i < value.length; i += 1) text += i === 0 ? jsonOf(value[i]) : `,${jsonOf(value[i])}`
    return `${text}]`
  }
  let text = ''
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${jsonOf(member)}`
  }
  return `{${text}}`
}

function startOf(fields: Fields): ScanStart {
  const file = fields.optionalText('file')
  const master = fields.optionalText('master')
  return {
    kind: 'scan-start',
    scan: fields.text('scan'),
    scanId: fields.integer('scanId'),
    title: fields.text('title'),
    macro: fields.text('macro'),
    door: fields.text('door'),
    time: fields.number('time'),
    user: fields.text('user'),
    columns: fields.list('columns', columnOf),
    points: fields.integer('points'),
    grid: fields.list('grid', integerOf),
    integrationTime: fields.number('integrationTime'),
    estimatedTime: fields.number('estimatedTime'),
    snapshot: fields.list('snapshot', snapshotOf),
    ...(file === undefined ? {} : { file }),
    ...(master === undefined ? {} : { master }),
  }
}

function columnOf(value: unknown, where: string): ScanColumn {
  const fields = new Fields(value, where)
  const unit = fields.optionalText('unit')
  const min = fields.optionalNumber('min')
  const max = fields.optionalNumber('max')
  const reference = fields.optionalFlag('reference')
  const instrument = fields.optionalText('instrument')
  const plot = fields.optionalFlag('plot')
  return {
    name: fields.text('name'),
    label: fields.text('label'),
    role: fields.oneOf('role', ['index', 'moveable', 'channel', 'time']),
    dtype: fields.oneOf('dtype', ['float64', 'int64', 'string']),
    shape: fields.list('shape', integerOf),
    ...(unit === undefined ? {} : { unit }),
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(reference === undefined ? {} : { reference }),
    ...(instrument === undefined ? {} : { instrument }),
    ...(plot === undefined ? {} : { plot }),
  }
}

function snapshotOf(value: unknown, where: string): SnapshotEntry {
  const fields = new Fields(value, where)
  const unit = fields.optionalText('unit')
  return {
    name: fields.text('name'),
    value: cellOf(fields.member('value'), `${where}.value`),
    ...(unit === undefined ? {} : { unit }),
  }
}

function pointsOf(fields: Fields): ScanPoints {
  const values = fields.list('values', (column, where) => listOf(column, where, cellOf))
  const rows = values[0]?.length ?? 0
  const odd = values.findIndex((column) => column.length !== rows)
  if (odd >= 0) throw wrong(`document.values[${odd}]`, `has ${values[odd]?.length} rows, the first column has ${rows}`)
  return { kind: 'scan-points', scan: fields.text('scan'), first: fields.integer('first'), values }
}

function endOf(fields: Fields): ScanEnd {
  const message = fields.optionalText('message')
  return {
    kind: 'scan-end',
    scan: fields.text('scan'),
    time: fields.number('time'),
    reason: fields.oneOf('reason', ['done', 'stopped', 'aborted', 'failed']),
    points: fields.integer('points'),
    deadTime: fields.number('deadTime'),
    ...(message === undefined ? {} : { message }),
  }
}

/** The members of one JSON object, read with checks. */
class Fields {
  readonly #members: Readonly<Record<string, unknown>>
  readonly #where: string

  constructor(value: unknown, where: string) {
    if (!isRecord(value)) throw wrong(where, 'must be an object')
    this.#members = value
    this.#where = where
  }

  member(key: string): unknown {
    const value = this.#members[key]
    if (value === undefined) throw wrong(`${this.#where}.${key}`, 'is missing')
    return value
  }

  text(key: string): string {
    const value = this.member(key)
    if (typeof value !== 'string') throw wrong(`${this.#where}.${key}`, 'must be a text')
    return value
  }

  optionalText(key: string): string | undefined {
    return this.#members[key] === undefined ? undefined : this.text(key)
  }

  number(key: string): number {
    return numberOf(this.member(key), `${this.#where}.${key}`)
  }

  optionalNumber(key: string): number | undefined {
    return this.#members[key] === undefined ? undefined : this.number(key)
  }

  integer(key: string): number {
    return integerOf(this.member(key), `${this.#where}.${key}`)
  }

  optionalFlag(key: string): boolean | undefined {
    const value = this.#members[key]
    if (value !== undefined && typeof value !== 'boolean') throw wrong(`${this.#where}.${key}`, 'must be true or false')
    return value
  }

  oneOf<const T extends string>(key: string, choices: readonly T[]): T {
    const text = this.text(key)
    const choice = choices.find((c) => c === text)
    if (choice === undefined) throw wrong(`${this.#where}.${key}`, `is '${text}'; known are ${choices.join(', ')}`)
    return choice
  }

  list<T>(key: string, element: (value: unknown, where: string) => T): readonly T[] {
    return listOf(this.member(key), `${this.#where}.${key}`, element)
  }
}

function listOf<T>(value: unknown, where: string, element: (value: unknown, where: string) => T): readonly T[] {
  if (!Array.isArray(value)) throw wrong(where, 'must be a list')
  return value.map((member: unknown, index) => element(member, `${where}[${index}]`))
}

function numberOf(value: unknown, where: string): number {
  if (value === null) return Number.NaN
  if (typeof value !== 'number') throw wrong(where, 'must be a number')
  return value
}

function integerOf(value: unknown, where: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw wrong(where, 'must be a whole number, zero or more')
  }
  return value
}

function cellOf(value: unknown, where: string): number | string {
  return typeof value === 'string' ? value : numberOf(value, where)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw devFailed('API_InvalidArgs', 'a scan document is not valid JSON', { cause: error })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function wrong(where: string, problem: string): Error {
  return devFailed('API_InvalidArgs', `scan document: ${where} ${problem}`)
}
