// Configuration of an attribute: texts in three layers (library, code, database), limits and thresholds as numbers, and
// the rules by which clients change them.

import { DevFailed } from '../errors/dev-failed.ts'
import { type AttributeType, TYPE_CODES } from '../types/dev-types.ts'
import { type AttributeSpec, tangoName } from '../types/device-spec.ts'
import type { AttributeConfig3, AttributeConfig5 } from '../wire/tango-config.ts'

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
  'period',
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

const LIMITS: ReadonlySet<ConfigProperty> = new Set([
  'min_value',
  'max_value',
  'min_alarm',
  'max_alarm',
  'min_warning',
  'max_warning',
  'delta_val',
])
const THRESHOLDS: ReadonlySet<ConfigProperty> = new Set([
  'rel_change',
  'abs_change',
  'archive_rel_change',
  'archive_abs_change',
])
const PERIODS: ReadonlySet<ConfigProperty> = new Set(['delta_t', 'period', 'archive_period'])
const NO_LIMITS: ReadonlySet<AttributeType> = new Set(['DevString', 'DevBoolean', 'DevState', 'DevEncoded', 'DevEnum'])

/** Live configuration of one attribute. */
export class AttributeConfiguration {
  readonly device: string
  readonly name: string
  readonly spec: AttributeSpec
  readonly writable: 'READ' | 'READ_WITH_WRITE' | 'WRITE' | 'READ_WRITE'
  readonly maxDimX: number
  readonly maxDimY: number
  readonly #library: Readonly<Record<ConfigProperty, string>>
  readonly #code: Readonly<Partial<Record<ConfigProperty, string>>>
  readonly #class: AttributeProperties
  readonly #texts: Record<ConfigProperty, string>
  #enumLabels: readonly string[]
  #numbers: Partial<Record<ConfigProperty, number>> = {}
  #thresholds: Partial<Record<ConfigProperty, Threshold>> = {}

  constructor(
    device: string,
    key: string,
    spec: AttributeSpec,
    naming: 'capital' | 'snake' | undefined,
    fromClass: AttributeProperties,
    fromDevice: AttributeProperties,
  ) {
    this.device = device
    this.name = tangoName(key, spec, naming)
    this.spec = spec
    this.writable = writeType(spec)
    const [x = 1, y = 0] = spec.max ?? []
    const format = spec.format ?? 'scalar'
    this.maxDimX = format === 'scalar' ? 1 : spec.max === undefined ? 4096 : x
    this.maxDimY = format !== 'image' ? 0 : spec.max === undefined ? 4096 : y
    this.#library = libraryDefaults(this.name, spec.type)
    this.#code = codeDefaults(spec)
    this.#class = fromClass
    this.#texts = { ...this.#library, ...this.#code }
    for (const property of CONFIG_PROPERTIES) {
      const stored = fromDevice.get(property) ?? fromClass.get(property)
      // a stored text that makes no sense is as good as none; clients see the default
      if (stored !== undefined && this.#problem(property, stored.join(',')) === undefined) {
        this.#texts[property] = stored.join(',')
      }
    }
    this.#enumLabels = fromDevice.get('enum_labels') ?? fromClass.get('enum_labels') ?? spec.enumLabels ?? []
    this.#derive()
  }

  /** The text of one property. */
  text(property: ConfigProperty): string {
    return this.#texts[property]
  }

  /** A limit or period as a number, if set. */
  number(property: ConfigProperty): number | undefined {
    return this.#numbers[property]
  }

  /** A change threshold, if set. */
  threshold(property: ConfigProperty): Threshold | undefined {
    return this.#thresholds[property]
  }

  get enumLabels(): readonly string[] {
    return this.#enumLabels
  }

  /** Whether qualities or State depend on the value. */
  get hasAlarm(): boolean {
    const n = this.#numbers
    return (
      n.min_alarm !== undefined ||
      n.max_alarm !== undefined ||
      n.min_warning !== undefined ||
      n.max_warning !== undefined ||
      (n.delta_val !== undefined && n.delta_t !== undefined)
    )
  }

  /** As clients get it. */
  wire(): AttributeConfig5 {
    const t = this.#texts
    const { spec } = this
    const memorized = spec.memorized === true
    return {
      name: this.name,
      writable: this.writable,
      dataFormat: wireFormat(spec),
      dataType: TYPE_CODES[spec.type],
      memorized,
      memInit: memorized || isWritable(this.writable),
      maxDimX: this.maxDimX,
      maxDimY: this.maxDimY,
      description: t.description,
      label: t.label,
      unit: t.unit,
      standardUnit: t.standard_unit,
      displayUnit: t.display_unit,
      format: t.format,
      minValue: t.min_value,
      maxValue: t.max_value,
      writableAttrName: this.writable === 'READ_WRITE' ? this.name : (spec.readWithWrite ?? 'None'),
      level: spec.level ?? 'OPERATOR',
      rootAttrName: NOT_SPECIFIED,
      enumLabels: this.#enumLabels,
      attAlarm: {
        minAlarm: t.min_alarm,
        maxAlarm: t.max_alarm,
        minWarning: t.min_warning,
        maxWarning: t.max_warning,
        deltaT: t.delta_t,
        deltaVal: t.delta_val,
        extensions: [],
      },
      eventProp: {
        chEvent: { relChange: t.rel_change, absChange: t.abs_change, extensions: [] },
        perEvent: { period: t.period, extensions: [] },
        archEvent: {
          relChange: t.archive_rel_change,
          absChange: t.archive_abs_change,
          period: t.archive_period,
          extensions: [],
        },
      },
      extensions: [],
      sysExtensions: [],
    }
  }

  /**
   * Changes properties as a client asks: `Not specified` is the library's default, an empty text the code's, `NaN` the
   * class property's. Nothing changes when one text is refused.
   * @returns what to store
   * @throws DevFailed `API_AttrOptProp`
   */
  change(wanted: ReadonlyMap<ConfigProperty, string>, enumLabels?: readonly string[]): ConfigChange {
    const before = { ...this.#texts }
    const put = new Map<string, readonly string[]>()
    const remove: string[] = []
    for (const [property, text] of wanted) {
      const { live, store } = this.#resolve(property, text)
      const problem = this.#problem(property, live)
      if (problem !== undefined) {
        Object.assign(this.#texts, before)
        throw this.#refusal(problem)
      }
      if (live === before[property]) continue
      this.#texts[property] = live
      if (store) put.set(property, [live])
      else remove.push(property)
    }
    const crossed = this.#crossed()
    if (crossed !== undefined) {
      Object.assign(this.#texts, before)
      throw this.#refusal(crossed)
    }
    if (enumLabels !== undefined && enumLabels.length > 0 && enumLabels.join('\n') !== this.#enumLabels.join('\n')) {
      this.#enumLabels = enumLabels
      put.set('enum_labels', enumLabels)
    }
    this.#derive()
    return { put, remove }
  }

  /** Sets limits from code; nothing is stored. */
  setLimits(limits: { readonly min?: number | undefined; readonly max?: number | undefined }): boolean {
    const before = `${this.#texts.min_value} ${this.#texts.max_value}`
    if ('min' in limits) this.#texts.min_value = limitText(limits.min)
    if ('max' in limits) this.#texts.max_value = limitText(limits.max)
    this.#derive()
    return before !== `${this.#texts.min_value} ${this.#texts.max_value}`
  }

  #resolve(property: ConfigProperty, text: string): { live: string; store: boolean } {
    const library = this.#library[property]
    const code = this.#code[property]
    const ofClass = this.#class.get(property)?.join(',')
    if (text === NOT_SPECIFIED || (text === library && text !== '')) {
      return { live: library, store: code !== undefined || ofClass !== undefined }
    }
    if (text === '') return { live: code ?? library, store: false }
    if (text.toLowerCase() === 'nan') return { live: ofClass ?? code ?? library, store: false }
    return { live: text, store: text !== (ofClass ?? code ?? library) }
  }

  #problem(property: ConfigProperty, text: string): string | undefined {
    if (text === this.#library[property]) return undefined
    if (LIMITS.has(property)) {
      if (NO_LIMITS.has(this.spec.type)) return `The property ${property} is not settable for the attribute data type`
      return isNumber(text) ? undefined : `The property ${property} is defined in an unsupported format`
    }
    if (THRESHOLDS.has(property)) {
      if (NO_LIMITS.has(this.spec.type)) return `The property ${property} is not settable for the attribute data type`
      const parts = text.split(',')
      const good = parts.length <= 2 && parts.every(isNumber)
      return good ? undefined : `The property ${property} is defined in an unsupported format`
    }
    if (PERIODS.has(property) && !(isNumber(text) && Number(text) >= 0)) {
      return `The property ${property} is defined in an unsupported format`
    }
    return undefined
  }

  #crossed(): string | undefined {
    const pairs = [
      ['min_value', 'max_value'],
      ['min_alarm', 'max_alarm'],
      ['min_warning', 'max_warning'],
    ] as const
    for (const [low, high] of pairs) {
      const [min, max] = [this.#texts[low], this.#texts[high]]
      if (isNumber(min) && isNumber(max) && Number(min) >= Number(max)) {
        return `Value of ${low} is greater than or equal to ${high}`
      }
    }
    return undefined
  }

  #derive(): void {
    this.#numbers = {}
    this.#thresholds = {}
    for (const property of CONFIG_PROPERTIES) {
      const text = this.#texts[property]
      if (THRESHOLDS.has(property)) {
        const [first, second = first] = text.split(',').filter(isNumber).map(Number)
        if (first !== undefined && second !== undefined) {
          this.#thresholds[property] = { down: Math.abs(first), up: Math.abs(second) }
        }
      } else if ((LIMITS.has(property) || PERIODS.has(property)) && isNumber(text)) {
        this.#numbers[property] = Number(text)
      }
    }
  }

  #refusal(problem: string): DevFailed {
    return new DevFailed([
      {
        reason: 'API_AttrOptProp',
        severity: 'ERR',
        desc: `Device ${this.device}-> Attribute : ${this.name}\n${problem}`,
        origin: 'Attribute::set_properties',
      },
    ])
  }
}

function writeType(spec: AttributeSpec): AttributeConfiguration['writable'] {
  if (spec.writeOnly === true) return 'WRITE'
  if (spec.writable === true) return 'READ_WRITE'
  return spec.readWithWrite === undefined ? 'READ' : 'READ_WITH_WRITE'
}

/** Whether clients may write an attribute of this kind. */
export function isWritable(kind: AttributeConfiguration['writable']): boolean {
  return kind === 'WRITE' || kind === 'READ_WRITE'
}

/** `SCALAR`, `SPECTRUM` or `IMAGE`. */
export function wireFormat(spec: AttributeSpec): 'SCALAR' | 'SPECTRUM' | 'IMAGE' {
  return spec.format === 'spectrum' ? 'SPECTRUM' : spec.format === 'image' ? 'IMAGE' : 'SCALAR'
}

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
    ['period', eventProp.perEvent.period],
    ['archive_rel_change', eventProp.archEvent.relChange],
    ['archive_abs_change', eventProp.archEvent.absChange],
    ['archive_period', eventProp.archEvent.period],
  ])
}

function libraryDefaults(name: string, type: AttributeType): Record<ConfigProperty, string> {
  const texts = Object.fromEntries(CONFIG_PROPERTIES.map((p) => [p, NOT_SPECIFIED])) as Record<ConfigProperty, string>
  texts.label = name
  texts.description = 'No description'
  texts.unit = ''
  texts.standard_unit = 'No standard unit'
  texts.display_unit = 'No display unit'
  texts.format = defaultFormat(type)
  texts.period = '1000'
  return texts
}

function defaultFormat(type: AttributeType): string {
  if (type === 'DevFloat' || type === 'DevDouble') return '%6.2f'
  if (type === 'DevString' || type === 'DevEnum') return '%s'
  if (type === 'DevBoolean' || type === 'DevState' || type === 'DevEncoded') return NOT_SPECIFIED
  return '%d'
}

function codeDefaults(spec: AttributeSpec): Partial<Record<ConfigProperty, string>> {
  const numbers: readonly (readonly [ConfigProperty, number | undefined])[] = [
    ['min_value', spec.minValue],
    ['max_value', spec.maxValue],
    ['min_alarm', spec.minAlarm],
    ['max_alarm', spec.maxAlarm],
    ['min_warning', spec.minWarning],
    ['max_warning', spec.maxWarning],
    ['abs_change', spec.events?.change?.abs],
    ['rel_change', spec.events?.change?.rel],
    ['period', spec.events?.periodMs],
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

function limitText(limit: number | undefined): string {
  return limit === undefined || !Number.isFinite(limit) ? NOT_SPECIFIED : String(limit)
}

function isNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}
