// Typed arguments of a macro from what was typed: texts, defaults, elements, repetitions. Errors name the parameter, the
// value and what was expected, and show the usage.

import { devFailed } from '#tango/pure'
import type { ElementReference, Macro, ParameterSpec, ParameterSpecs, ParameterType, RepeatSpec } from './macro.ts'
import { didYouMean } from './nearest.ts'
import type { RawList, RawValue } from './request.ts'

/** A typed value of a simple parameter. */
export type ArgumentValue = string | number | boolean | ElementReference
/** One repetition of a repeat parameter; optional members may be missing. */
export type ArgumentGroup = Readonly<Record<string, ArgumentValue>>
/** Arguments by parameter name; optional parameters may be missing. */
export type MacroArguments = Readonly<Record<string, ArgumentValue | readonly ArgumentGroup[]>>

/** Names that parameters may refer to. */
export interface ParameterNames {
  element(name: string): ElementReference | undefined
  /** Names of elements with an interface, for suggestions. */
  elementNames(interfaceName: string): readonly string[]
  macroNames(): readonly string[]
  /** Pools that do not answer, so that their elements are not known. */
  unreachable(): readonly string[]
}

const PLAIN_TYPES: ReadonlySet<ParameterType> = new Set(['Float', 'Integer', 'String', 'Boolean', 'Any', 'MacroCode'])
const TRUE = new Set(['true', 'yes', 'on', 'y', '1'])
const FALSE = new Set(['false', 'no', 'off', 'n', '0'])

/**
 * Makes the typed arguments of a macro.
 * @throws DevFailed `Macro_ParametersWrong` with the usage of the macro
 */
export function readArguments(
  name: string,
  macro: Macro,
  raw: readonly RawValue[],
  names: ParameterNames,
): MacroArguments {
  const refuse: Refuse = (what) => {
    throw devFailed('Macro_ParametersWrong', `${name}: ${what}\n${usageOf(name, macro)}`, { origin: 'readArguments' })
  }
  const values: Record<string, ArgumentValue | readonly ArgumentGroup[]> = {}
  const specs = Object.entries(macro.parameters)
  let at = 0
  for (const [i, [key, spec]] of specs.entries()) {
    if (isRepeat(spec)) {
      const isLast = i === specs.length - 1
      const groups = isLast ? groupsOf(spec, raw.slice(at)) : groupsOf(spec, raw.slice(at, at + 1))
      at = isLast ? raw.length : at + 1
      values[key] = readGroups(key, spec, groups, names, refuse)
    } else {
      const value = readValue(key, spec, raw[at], names, refuse)
      at += 1
      if (value !== undefined) values[key] = value
    }
  }
  const extra = raw.slice(at).find((value) => value !== undefined)
  if (extra !== undefined) refuse(`'${shown(extra)}' is too much: the macro takes ${specs.length} parameters`)
  return values
}

/** `usage: ascan <motor:Moveable> <start_pos:Float> ...`; what may be left out is in square brackets. */
export function usageOf(name: string, macro: Macro): string {
  const parts = Object.entries(macro.parameters).map(([key, spec]) => {
    if (!isRepeat(spec)) return usagePart(key, spec)
    const group = Object.entries(spec.repeat).map(([member, memberSpec]) => usagePart(member, memberSpec))
    const repeated = `${group.join(' ')} ...`
    return (spec.min ?? 1) === 0 ? `[${repeated}]` : repeated
  })
  return ['usage:', name, ...parts].join(' ')
}

/** Values by parameter in the order of the macro, as texts, for the echo of a request. */
export function argumentTexts(
  macro: Macro,
  values: MacroArguments,
): (readonly [string, string | undefined | readonly (readonly (readonly [string, string | undefined])[])[]])[] {
  return Object.entries(macro.parameters).map(([key, spec]) => {
    const value = values[key]
    if (!isRepeat(spec)) return [key, isGroups(value) || value === undefined ? undefined : plainText(value)]
    const groups = isGroups(value) ? value : []
    const members = Object.keys(spec.repeat)
    return [
      key,
      groups.map((group) => members.map((m) => [m, group[m] === undefined ? undefined : plainText(group[m])] as const)),
    ]
  })
}

/** A call as Sardana's consoles show it: `ascan(mot01, 0.0, 1.0, 2, 0.01) -> id`. */
export function macroLine(name: string, macro: Macro, values: MacroArguments, id: string): string {
  const parts = Object.entries(macro.parameters).map(([key, spec]) => {
    const value = values[key]
    if (!isRepeat(spec)) return isGroups(value) || value === undefined ? 'None' : pythonText(value, spec.type)
    const members = Object.entries(spec.repeat)
    const quoted = (group: ArgumentGroup) =>
      members.map(([m, s]) => `'${group[m] === undefined ? 'None' : pythonText(group[m], s.type)}'`)
    const groups = isGroups(value) ? value.map(quoted) : []
    return `[${groups.map((g) => (members.length === 1 ? g[0] : `[${g.join(', ')}]`)).join(', ')}]`
  })
  return `${name}(${parts.join(', ')}) -> ${id}`
}

/** The call as a person types it: `ascan mot01 0.0 1.0 2 0.01`; the title of scans. */
export function macroTitle(name: string, macro: Macro, values: MacroArguments): string {
  const parts = Object.entries(macro.parameters).flatMap(([key, spec]): string[] => {
    const value = values[key]
    if (value === undefined) return []
    if (!isRepeat(spec)) return isGroups(value) ? [] : [pythonText(value, spec.type)]
    const members = Object.entries(spec.repeat)
    const texts = (group: ArgumentGroup) =>
      members.flatMap(([m, s]) => (group[m] === undefined ? [] : [pythonText(group[m], s.type)]))
    return isGroups(value) ? value.flatMap(texts) : []
  })
  return [name, ...parts].join(' ')
}

/** Whether a parameter is a repeat parameter. */
export function isRepeat(spec: ParameterSpec | RepeatSpec): spec is RepeatSpec {
  return 'repeat' in spec
}

/** Raw values of parameters that code gives: numbers and booleans as texts. */
export function rawValues(parameters: readonly (string | number | boolean)[]): RawValue[] {
  return parameters.map(String)
}

type Refuse = (what: string) => never

function isGroups(value: ArgumentValue | readonly ArgumentGroup[] | undefined): value is readonly ArgumentGroup[] {
  return Array.isArray(value)
}

/** The repetitions in what was typed: `[[a 1] [b 2]]`, `[a b]`, or flat `a 1 b 2`. */
function groupsOf(spec: RepeatSpec, raw: readonly RawValue[]): readonly (readonly RawValue[])[] {
  const members = Object.keys(spec.repeat).length
  const [only] = raw
  const items =
    raw.length === 1 && isList(only) ? only.items : raw.filter((value, i) => value !== undefined || i < raw.length - 1)
  if (items.length > 0 && items.every(isList)) return items.map((item) => item.items)
  const groups: RawValue[][] = []
  for (let at = 0; at < items.length; at += members) groups.push(items.slice(at, at + members))
  return groups
}

function readGroups(
  key: string,
  spec: RepeatSpec,
  groups: readonly (readonly RawValue[])[],
  names: ParameterNames,
  refuse: Refuse,
): ArgumentGroup[] {
  const { min = 1, max = Number.POSITIVE_INFINITY } = spec
  const members = Object.entries(spec.repeat)
  const what = members.map(([m, s]) => `${m}:${s.type}`).join(' ')
  if (groups.length < min) refuse(`${key} needs at least ${min} times ${what}, ${groups.length} given`)
  if (groups.length > max) refuse(`${key} takes ${what} at most ${max} times, ${groups.length} given`)
  return groups.map((group) => {
    if (group.length > members.length)
      refuse(`${key}: '${shown(group[members.length])}' is too much: each repetition is ${what}`)
    const values: Record<string, ArgumentValue> = {}
    for (const [i, [member, memberSpec]] of members.entries()) {
      const value = readValue(member, memberSpec, group[i], names, refuse)
      if (value !== undefined) values[member] = value
    }
    return values
  })
}

function readValue(
  key: string,
  spec: ParameterSpec,
  raw: RawValue,
  names: ParameterNames,
  refuse: Refuse,
): ArgumentValue | undefined {
  if (raw === undefined) {
    if (spec.default !== undefined) return defaultOf(key, spec, spec.default, names, refuse)
    return spec.optional === true ? undefined : refuse(`${key}, ${expected(spec)}, is missing`)
  }
  const value = typed(key, spec, isList(raw) ? raw.text : raw, names, refuse)
  if (spec.choices !== undefined && !spec.choices.includes(String(value)))
    refuse(`${key} is '${String(value)}', but must be one of ${spec.choices.join(', ')}`)
  if (typeof value === 'number') {
    if (spec.min !== undefined && value < spec.min) refuse(`${key} is ${value}, but must be at least ${spec.min}`)
    if (spec.max !== undefined && value > spec.max) refuse(`${key} is ${value}, but must be at most ${spec.max}`)
  }
  return value
}

function defaultOf(
  key: string,
  spec: ParameterSpec,
  value: string | number | boolean,
  names: ParameterNames,
  refuse: Refuse,
): ArgumentValue {
  return PLAIN_TYPES.has(spec.type) ? value : typed(key, spec, String(value), names, refuse)
}

function typed(key: string, spec: ParameterSpec, text: string, names: ParameterNames, refuse: Refuse): ArgumentValue {
  const wrong = (): never => refuse(`${key} is '${text}', but must be ${expected(spec)}`)
  switch (spec.type) {
    case 'String':
    case 'Any':
      return text
    case 'Float': {
      const value = text.trim() === '' ? Number.NaN : Number(text)
      return Number.isFinite(value) ? value : wrong()
    }
    case 'Integer': {
      const value = text.trim() === '' ? Number.NaN : Number(text)
      return Number.isSafeInteger(value) ? value : wrong()
    }
    case 'Boolean': {
      const word = text.trim().toLowerCase()
      return TRUE.has(word) ? true : FALSE.has(word) ? false : wrong()
    }
    case 'MacroCode':
      if (names.macroNames().includes(text)) return text
      return refuse(`${key}: there is no macro '${text}'${didYouMean(text, names.macroNames())}`)
    default: {
      const element = names.element(text)
      if (element?.interfaces.includes(spec.type)) return element
      const missing = names.unreachable()
      const unknown =
        missing.length > 0 ? `the pool ${missing.join(', ')} is not reachable` : 'there is no such element'
      const known = element === undefined ? unknown : `it is a ${element.type}`
      return refuse(
        `${key} is '${text}', but must be ${expected(spec)}: ${known}${didYouMean(text, names.elementNames(spec.type))}`,
      )
    }
  }
}

function expected(spec: ParameterSpec): string {
  switch (spec.type) {
    case 'Float':
      return spec.unit === undefined ? 'a Float (a number)' : `a Float (a number, in ${spec.unit})`
    case 'Integer':
      return 'an Integer (a whole number)'
    case 'Boolean':
      return 'a Boolean (True or False)'
    default:
      return /^[AEIOU]/.test(spec.type) ? `an ${spec.type}` : `a ${spec.type}`
  }
}

function usagePart(key: string, spec: ParameterSpec): string {
  if (spec.default !== undefined) return `[${key}:${spec.type}=${pythonText(spec.default, spec.type)}]`
  return spec.optional === true ? `[${key}:${spec.type}]` : `<${key}:${spec.type}>`
}

function isList(value: RawValue): value is RawList {
  return typeof value === 'object'
}

function shown(value: RawValue): string {
  return typeof value === 'object' ? value.text : (value ?? '')
}

function plainText(value: ArgumentValue): string {
  return typeof value === 'object'
    ? value.name
    : typeof value === 'boolean'
      ? value
        ? 'True'
        : 'False'
      : String(value)
}

/** As Python prints it: whole floats with `.0`. */
function pythonText(value: ArgumentValue, type: ParameterType): string {
  if (type === 'Float' && typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 1e16)
    return `${value}.0`
  return plainText(value)
}

/** Names of all parameter types, those of elements with a star, as `TypeList` shows them. */
export function parameterTypeNames(elementTypes: readonly string[]): string[] {
  return [
    ...[...PLAIN_TYPES].filter((t) => t !== 'MacroCode').sort(),
    ...[...elementTypes, 'MacroCode'].sort().map((t) => `${t}*`),
  ]
}

/** Parameters as Sardana's clients read them in `Elements` and `GetMacroInfo`. */
export function describeParameters(parameters: ParameterSpecs): object[] {
  return Object.entries(parameters).map(([name, spec]) =>
    isRepeat(spec)
      ? {
          min: spec.min ?? 1,
          max: spec.max ?? null,
          name,
          type: describeParameters(spec.repeat),
          default_value: null,
          description: spec.doc ?? '',
        }
      : {
          min: spec.min ?? null,
          max: spec.max ?? null,
          name,
          type: spec.type,
          default_value: spec.default ?? (spec.optional === true ? { ___optional_parameter__: true } : null),
          description: spec.doc ?? '',
        },
  )
}
