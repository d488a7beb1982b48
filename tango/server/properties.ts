// Device properties: from the lines of the database to the typed values of a spec.

import { type DeviceSpec, type PropertySpec, tangoName } from '../types/device-spec.ts'

/** Lines of properties by name in lower case. */
export type PropertyLines = ReadonlyMap<string, readonly string[]>

/** Typed properties, and what was wrong; a wrong property has its default, or is `undefined`. */
export interface TypedProperties {
  readonly values: Readonly<Record<string, unknown>>
  /** One sentence per wrong or missing property, for the status of the device. */
  readonly problems: readonly string[]
}

/**
 * Reads the properties of a spec.
 * @param layers where to look, first match wins: device, then class
 */
export function typedProperties(spec: DeviceSpec, layers: readonly PropertyLines[]): TypedProperties {
  const values: Record<string, unknown> = {}
  const problems: string[] = []
  for (const [key, property] of Object.entries(spec.properties)) {
    const name = tangoName(key, property, spec.naming)
    const lines = layers
      .map((layer) => layer.get(name.toLowerCase()))
      .find((found) => found !== undefined && !isEmpty(found))
    if (lines === undefined) {
      values[key] = property.default
      if (property.mandatory === true) problems.push(`property ${name} is missing; set it to ${describe(property)}`)
      continue
    }
    try {
      values[key] = parse(property, lines)
    } catch (error) {
      values[key] = property.default
      const what = error instanceof Error ? error.message : String(error)
      problems.push(`property ${name}: ${what}; set it to ${describe(property)}`)
    }
  }
  return { values, problems }
}

/** Property names of a spec as the database knows them. */
export function propertyNames(spec: DeviceSpec): string[] {
  return Object.entries(spec.properties).map(([key, property]) => tangoName(key, property, spec.naming))
}

/** A list of properties as {@link PropertyLines}. */
export function propertyLines(properties: Iterable<readonly [string, readonly string[]]>): PropertyLines {
  return new Map(Array.from(properties, ([name, lines]) => [name.toLowerCase(), lines]))
}

/** The lines that the database stores for a default, for the wizard commands of the admin device. */
export function defaultText(property: PropertySpec): string {
  const value = property.default
  if (value === undefined) return 'Not specified'
  return typeof value === 'object' ? value.join('\n') : String(value)
}

// the database answers a single blank for "nothing"
function isEmpty(lines: readonly string[]): boolean {
  return lines.length === 0 || (lines.length === 1 && lines[0]?.trim() === '')
}

function parse(property: PropertySpec, lines: readonly string[]): unknown {
  switch (property.type) {
    case 'DevString':
      return lines.join('\n')
    case 'DevVarStringArray':
      return lines
    case 'DevBoolean':
      return parseBoolean(single(lines))
    case 'DevLong':
      return parseInteger(single(lines))
    case 'DevDouble':
      return parseNumber(single(lines))
    case 'DevVarLongArray':
      return lines.map(parseInteger)
    case 'DevVarDoubleArray':
      return lines.map(parseNumber)
  }
}

function single(lines: readonly string[]): string {
  const [first] = lines
  if (first === undefined || lines.length > 1) throw new Error(`has ${lines.length} values`)
  return first
}

function parseBoolean(line: string): boolean {
  const text = line.trim().toLowerCase()
  if (['true', '1', 'yes', 'on'].includes(text)) return true
  if (['false', '0', 'no', 'off'].includes(text)) return false
  throw new Error(`"${line}" is neither true nor false`)
}

function parseNumber(line: string): number {
  const text = line.trim().toLowerCase()
  if (/^[+-]?(inf|infinity)$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  const value = Number(text)
  if (text === '' || Number.isNaN(value)) throw new Error(`"${line}" is no number`)
  return value
}

function parseInteger(line: string): number {
  const value = parseNumber(line)
  if (!Number.isInteger(value) || Math.abs(value) > 2 ** 31) throw new Error(`"${line}" is no whole number of 32 bits`)
  return value
}

const WANTED = {
  DevBoolean: 'true or false',
  DevLong: 'a whole number',
  DevDouble: 'a number',
  DevString: 'a text',
  DevVarLongArray: 'one whole number per line',
  DevVarDoubleArray: 'one number per line',
  DevVarStringArray: 'one text per line',
} as const

function describe(property: PropertySpec): string {
  const doc = property.doc === undefined ? '' : ` (${property.doc})`
  return WANTED[property.type] + doc
}
