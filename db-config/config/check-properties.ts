// Checks the properties of a controller against what its driver says of itself: types, ranges, choices, what is needed.

import { type PropertySpec, tangoName } from '#tango/pure'
import { nearest } from './suggest.ts'
import { type Entry, type Findings, isLatin1, lostDigits, type Mark, plain, show, type Tree } from './tree.ts'

/** What a driver says of itself. */
export interface DriverDescription {
  /** File name of the driver. */
  readonly name: string
  readonly doc: string
  readonly properties: Readonly<Record<string, PropertySpec>>
}

/** Properties of the device class itself that a file may set beside those of the driver. */
export const CONTROLLER_PROPERTIES: Readonly<Record<string, PropertySpec>> = {
  pluginPath: { type: 'DevVarStringArray', default: [], doc: 'Folders with drivers, searched first.' },
}

/** Properties of the device class that the program sets; a driver's property cannot have these names. */
const RESERVED = ['type', 'klass', 'library', 'id', 'connection']

/** Properties that come from a simulator. */
const ADDRESS = ['Host', 'Port']

/** How a number may be written as a text. */
export const NUMERIC = /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/

const INT32 = 2 ** 31

/** What properties are read with. */
export interface PropertyContext {
  /** What has them, for messages: `controller icepap`. */
  readonly place: string
  readonly findings: Findings
  /** Without it names and values are not checked. */
  readonly driver: DriverDescription | undefined
  /** Where the controller names its simulator. */
  readonly simulator: Mark | undefined
  /** Where the controller begins. */
  readonly at: Mark
}

/** Reads the properties of a controller by Tango name. */
export function readProperties(
  entries: readonly Entry[],
  context: PropertyContext,
): Readonly<Record<string, readonly string[]>> {
  const { place, findings, driver, simulator, at } = context
  const specs = new Map(
    Object.entries({ ...CONTROLLER_PROPERTIES, ...driver?.properties }).map(([key, spec]) => [
      tangoName(key, spec),
      spec,
    ]),
  )
  const properties = new Map<string, readonly string[]>()
  for (const { key, at: keyAt, value } of entries) {
    const name = [...specs.keys()].find((known) => known.toLowerCase() === key.toLowerCase()) ?? capital(key)
    const spec = specs.get(name)
    if (RESERVED.includes(key.toLowerCase())) {
      findings.add(keyAt, `${place}: property ${key} is set by the program; remove it`)
      continue
    }
    if (spec === undefined && driver !== undefined) {
      findings.add(keyAt, `${place}: driver ${driver.name} has no property ${key}; ${hint(key, [...specs.keys()])}`)
    }
    if (properties.has(name)) findings.add(keyAt, `${place}: property ${key} is there twice`)
    properties.set(name, valuesOf(value, key, spec, context))
    if (simulator !== undefined && ADDRESS.includes(name)) {
      const what = `property ${name} is set, but it comes from the simulator`
      findings.add(simulator, `${place}: ${what}; remove one of them`)
    }
  }
  for (const [name, spec] of specs) {
    if (spec.mandatory !== true || properties.has(name) || (simulator !== undefined && ADDRESS.includes(name))) continue
    const choice = ADDRESS.includes(name) ? ', or a simulator' : ''
    findings.add(at, `${place}: property ${small(name)} is missing (${what(spec)})${choice}`)
  }
  if (simulator !== undefined && driver !== undefined && !ADDRESS.every((name) => specs.has(name))) {
    findings.add(simulator, `${place}: driver ${driver.name} has no host and port, so it cannot use a simulator`)
  }
  return Object.fromEntries(properties)
}

/** What a property should be, in words: `a whole number from 1 to 65535`, `true or false`. */
export function what(spec: PropertySpec): string {
  const list = spec.type.startsWith('DevVar')
  const choice = spec.oneOf === undefined ? undefined : spec.oneOf.join(', ')
  if (choice !== undefined) return list ? `a list of ${choice}` : `one of ${choice}`
  const range = rangeText(spec)
  switch (spec.type) {
    case 'DevBoolean':
      return 'true or false'
    case 'DevLong':
      return `a whole number${range}`
    case 'DevDouble':
      return `a number${range}`
    case 'DevString':
      return 'a text'
    case 'DevVarLongArray':
      return `a list of whole numbers${range}`
    case 'DevVarDoubleArray':
      return `a list of numbers${range}`
    case 'DevVarStringArray':
      return 'a list of texts'
  }
}

function rangeText({ minValue, maxValue, unit }: PropertySpec): string {
  const inUnit = unit === undefined ? '' : ` ${unit}`
  if (minValue !== undefined && maxValue !== undefined) return ` from ${minValue} to ${maxValue}${inUnit}`
  if (minValue !== undefined) return ` of at least ${minValue}${inUnit}`
  if (maxValue !== undefined) return ` of at most ${maxValue}${inUnit}`
  return unit === undefined ? '' : ` in ${unit}`
}

function valuesOf(
  tree: Tree,
  key: string,
  spec: PropertySpec | undefined,
  context: PropertyContext,
): readonly string[] {
  const { place, findings } = context
  const items = tree.kind === 'list' ? tree.items : [tree]
  const wrong = items.find((item) => item.kind !== 'value' || item.value === null)
  if (wrong !== undefined) {
    const right = spec === undefined ? 'a value or a list of values' : what(spec)
    findings.add(wrong.at, `${place}: property ${key} is ${show(wrong)}, it should be ${right}`)
    return []
  }
  if (spec !== undefined && tree.kind === 'list' && !spec.type.startsWith('DevVar')) {
    findings.add(tree.at, `${place}: property ${key} is a list, it should be ${what(spec)}`)
  }
  return items.map((item) => {
    reportLostDigits(item, key, spec, context)
    const text = String(plain(item))
    if (!isLatin1(text)) {
      findings.add(item.at, `${place}: property ${key} is ${show(item)}, it should be a text of Latin-1 characters`)
    } else if (spec !== undefined) checkValue(item, text, key, spec, context)
    return text
  })
}

/** How a number is written matters only where a text is wanted; its leading zeros always may. */
function reportLostDigits(item: Tree, key: string, spec: PropertySpec | undefined, context: PropertyContext): void {
  const lost = lostDigits(item)
  const isText = spec === undefined ? /^0\d/.test(lost ?? '') : /String/.test(spec.type)
  if (lost !== undefined && isText) context.findings.add(item.at, `${context.place}: property ${key} is ${lost}`)
}

function checkValue(item: Tree, text: string, key: string, spec: PropertySpec, context: PropertyContext): void {
  const problem = problemOf(text, spec)
  if (problem === undefined) return
  const { place, findings } = context
  findings.add(item.at, `${place}: property ${key} is ${show(item)}, it should be ${what(spec)}${problem}`)
}

/** @returns what to add to the message, or `undefined` when the value is right */
function problemOf(text: string, spec: PropertySpec): string | undefined {
  if (spec.oneOf !== undefined) {
    if (spec.oneOf.includes(text)) return undefined
    const meant = nearest(text, spec.oneOf)
    return meant === undefined ? '' : `; did you mean ${meant}?`
  }
  switch (spec.type) {
    case 'DevBoolean':
      return /^(true|false)$/i.test(text) ? undefined : ''
    case 'DevLong':
    case 'DevVarLongArray':
    case 'DevDouble':
    case 'DevVarDoubleArray': {
      const number = NUMERIC.test(text) ? Number(text) : Number.NaN
      const isWhole = spec.type === 'DevLong' || spec.type === 'DevVarLongArray'
      if (!Number.isFinite(number)) return withUnit(text, spec)
      if (isWhole && (!Number.isInteger(number) || number < -INT32 || number >= INT32)) return ''
      const { minValue = Number.NEGATIVE_INFINITY, maxValue = Number.POSITIVE_INFINITY } = spec
      return number < minValue || number > maxValue ? '' : undefined
    }
    case 'DevString':
    case 'DevVarStringArray':
      return undefined
  }
}

/** `2 s` is understandable, but not what is kept. */
function withUnit(text: string, { unit }: PropertySpec): string {
  if (unit === undefined) return ''
  return new RegExp(`^[-+.\\d\\se]+${unit}$`).test(text)
    ? `; leave the unit out`
    : `; give it in ${unit}, without the unit`
}

function hint(key: string, known: readonly string[]): string {
  const names = known.map(small)
  const meant = nearest(key, names)
  if (meant !== undefined) return `did you mean ${meant}?`
  return `known: ${names.join(', ')}`
}

function capital(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1)
}

/** As people write it in a file. */
function small(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}
