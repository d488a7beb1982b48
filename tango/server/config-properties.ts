// Properties of attributes: their names in the database, their defaults of library and code, and which are limits,
// thresholds or periods.

import type { AttributeType } from '../types/dev-types.ts'
import type { AttributeSpec } from '../types/device-spec.ts'
import type { AttributeConfig, AttributeConfig3 } from '../wire/tango-config.ts'
import type { AttributeChanges } from './device.ts'

/** What stands for "no value" in most members. */
export const NOT_SPECIFIED = 'Not specified'

/** Properties of an attribute in the database, besides `enum_labels` and the memorized value. */
export const CONFIG_PROPERTIES = [
  'label',
  'description',
  'unit',
  'standard_unit',
  'display_unit',
  'format',
  'min_value',
  'max_value',
  'min_alarm',
  'max_alarm',
  'min_warning',
  'max_warning',
  'delta_t',
  'delta_val',
  'rel_change',
  'abs_change',
  'event_period',
  'archive_rel_change',
  'archive_abs_change',
  'archive_period',
] as const

/** Name of a configuration property. */
export type ConfigProperty = (typeof CONFIG_PROPERTIES)[number]

/** Attribute properties from the database: name to lines. */
export type AttributeProperties = ReadonlyMap<string, readonly string[]>

/** What a change means for the database. */
export interface ConfigChange {
  readonly put: ReadonlyMap<string, readonly string[]>
  readonly remove: readonly string[]
}

/** A change threshold: how far below and how far above. */
export interface Threshold {
  readonly down: number
  readonly up: number
}

/** Numbers that a value is compared with. */
export const LIMITS: ReadonlySet<ConfigProperty> = new Set([
  'min_value',
  'max_value',
  'min_alarm',
  'max_alarm',
  'min_warning',
  'max_warning',
  'delta_val',
])
/** Differences that make an event. */
export const THRESHOLDS: ReadonlySet<ConfigProperty> = new Set([
  'rel_change',
  'abs_change',
  'archive_rel_change',
  'archive_abs_change',
])
/** Times in ms. */
export const PERIODS: ReadonlySet<ConfigProperty> = new Set(['delta_t', 'event_period', 'archive_period'])
/** Types whose values have no order. */
export const NO_LIMITS: ReadonlySet<AttributeType> = new Set(['DevString', 'DevBoolean', 'DevState', 'DevEncoded'])

/** The properties that a client's configuration asks for. */
export function wantedProperties(config: AttributeConfig3): Map<ConfigProperty, string> {
  const { attAlarm, eventProp } = config
  return new Map<ConfigProperty, string>([
    ['label', config.label],
    ['description', config.description],
    ['unit', config.unit],
    ['standard_unit', config.standardUnit],
    ['display_unit', config.displayUnit],
    ['format', config.format],
    ['min_value', config.minValue],
    ['max_value', config.maxValue],
    ['min_alarm', attAlarm.minAlarm],
    ['max_alarm', attAlarm.maxAlarm],
    ['min_warning', attAlarm.minWarning],
    ['max_warning', attAlarm.maxWarning],
    ['delta_t', attAlarm.deltaT],
    ['delta_val', attAlarm.deltaVal],
    ['rel_change', eventProp.chEvent.relChange],
    ['abs_change', eventProp.chEvent.absChange],
    ['event_period', eventProp.perEvent.period],
    ['archive_rel_change', eventProp.archEvent.relChange],
    ['archive_abs_change', eventProp.archEvent.absChange],
    ['archive_period', eventProp.archEvent.period],
  ])
}

/** The properties that a client's configuration of interfaces 1 and 2 asks for. */
export function oldWantedProperties(config: AttributeConfig): Map<ConfigProperty, string> {
  return new Map<ConfigProperty, string>([
    ['description', config.description],
    ['label', config.label],
    ['unit', config.unit],
    ['standard_unit', config.standardUnit],
    ['display_unit', config.displayUnit],
    ['format', config.format],
    ['min_value', config.minValue],
    ['max_value', config.maxValue],
    ['min_alarm', config.minAlarm],
    ['max_alarm', config.maxAlarm],
  ])
}

/** Changes that code asks for as properties and their texts. */
export function configTexts(changes: Omit<AttributeChanges, 'enumLabels'>): [ConfigProperty, string][] {
  return Object.entries(changes).flatMap(([key, value]): [ConfigProperty, string][] => {
    const name = key.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`)
    const property = CONFIG_PROPERTIES.find((candidate) => candidate === name)
    return property === undefined || value === undefined ? [] : [[property, String(value)]]
  })
}

/** What native servers say where nothing is set. */
export function libraryDefaults(name: string, type: AttributeType): Record<ConfigProperty, string> {
  const texts = Object.fromEntries(CONFIG_PROPERTIES.map((p) => [p, NOT_SPECIFIED])) as Record<ConfigProperty, string>
  texts.label = name
  texts.description = 'No description'
  texts.unit = ''
  texts.standard_unit = 'No standard unit'
  texts.display_unit = 'No display unit'
  texts.format = defaultFormat(type)
  texts.event_period = '1000'
  return texts
}

function defaultFormat(type: AttributeType): string {
  if (type === 'DevFloat' || type === 'DevDouble') return '%6.2f'
  if (type === 'DevString' || type === 'DevEnum') return '%s'
  if (type === 'DevBoolean' || type === 'DevState' || type === 'DevEncoded') return NOT_SPECIFIED
  return '%d'
}

/** What the spec of an attribute says. */
export function codeDefaults(spec: AttributeSpec): Partial<Record<ConfigProperty, string>> {
  const numbers: readonly (readonly [ConfigProperty, number | undefined])[] = [
    ['min_value', spec.minValue],
    ['max_value', spec.maxValue],
    ['min_alarm', spec.minAlarm],
    ['max_alarm', spec.maxAlarm],
    ['min_warning', spec.minWarning],
    ['max_warning', spec.maxWarning],
    ['delta_val', spec.deltaVal],
    ['delta_t', spec.deltaT],
    ['abs_change', spec.events?.change?.abs],
    ['rel_change', spec.events?.change?.rel],
    ['event_period', spec.events?.periodMs],
    ['archive_abs_change', spec.events?.archive?.abs],
    ['archive_rel_change', spec.events?.archive?.rel],
    ['archive_period', spec.events?.archive?.periodMs],
  ]
  const texts: readonly (readonly [ConfigProperty, string | undefined])[] = [
    ['label', spec.label],
    ['description', spec.doc],
    ['unit', spec.unit],
    ['standard_unit', spec.standardUnit],
    ['display_unit', spec.displayUnit],
    ['format', spec.displayFormat],
    // an infinite limit is none
    ...numbers.map(([p, n]) => [p, n === undefined || !Number.isFinite(n) ? undefined : String(n)] as const),
  ]
  return Object.fromEntries(texts.filter(([, text]) => text !== undefined && text !== ''))
}

/** The text of a limit that may be absent or infinite. */
export function limitText(limit: number | undefined): string {
  return limit === undefined || !Number.isFinite(limit) ? NOT_SPECIFIED : String(limit)
}

/** Whether a text is a finite number. */
export function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}
