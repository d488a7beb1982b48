// Configuration of an attribute: texts in three layers (library, code, database), limits and thresholds as numbers, and
// the rules by which clients change them.

import { DevFailed } from '../errors/dev-failed.ts'
import { TYPE_CODES } from '../types/dev-types.ts'
import { type AttributeSpec, tangoName } from '../types/device-spec.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import {
  type AttributeProperties,
  CONFIG_PROPERTIES,
  type ConfigChange,
  type ConfigProperty,
  codeDefaults,
  isNumber,
  LIMITS,
  libraryDefaults,
  limitText,
  NO_LIMITS,
  NOT_SPECIFIED,
  PERIODS,
  THRESHOLDS,
  type Threshold,
  wantedProperties,
} from './config-properties.ts'

/** Why a text is refused. */
interface Problem {
  readonly reason: string
  readonly desc: string
  readonly origin: string
}

type Texts = Readonly<Record<ConfigProperty, string>>

/** What follows from the texts. */
interface Derived {
  readonly numbers: Readonly<Partial<Record<ConfigProperty, number>>>
  readonly thresholds: Readonly<Partial<Record<ConfigProperty, Threshold>>>
  readonly hasAlarm: boolean
}

/** What the spec of an attribute says, without what is stored. */
interface Defaults {
  readonly name: string
  readonly lowerName: string
  readonly library: Texts
  readonly code: Readonly<Partial<Texts>>
  readonly texts: Texts
  readonly derived: Derived
}

const NO_TEXTS: readonly string[] = []

/** Live configuration of one attribute. */
export class AttributeConfiguration {
  readonly device: string
  readonly name: string
  readonly lowerName: string
  readonly spec: AttributeSpec
  readonly writable: 'READ' | 'READ_WITH_WRITE' | 'WRITE' | 'READ_WRITE'
  readonly maxDimX: number
  readonly maxDimY: number
  /** Present value of a memorized set point; limits must not exclude it. */
  setPoint: (() => number | undefined) | undefined
  readonly #library: Texts
  readonly #code: Readonly<Partial<Texts>>
  readonly #class: AttributeProperties
  /** Shared with other attributes until it differs, so it is replaced and never changed. */
  #texts: Texts
  #ignoredTexts: readonly string[] = NO_TEXTS
  #enumLabels: readonly string[]
  #rootName = NOT_SPECIFIED
  #derived: Derived

  constructor(
    device: string,
    key: string,
    spec: AttributeSpec,
    naming: 'capital' | 'snake' | undefined,
    fromClass: AttributeProperties,
    fromDevice: AttributeProperties,
  ) {
    this.device = device
    this.spec = spec
    this.writable = writeType(spec)
    const [x = 1, y = 0] = spec.max ?? []
    const format = spec.format ?? 'scalar'
    this.maxDimX = format === 'scalar' ? 1 : spec.max === undefined ? 4096 : x
    this.maxDimY = format !== 'image' ? 0 : spec.max === undefined ? 4096 : y
    const { name, lowerName, library, code, texts, derived } = defaultsOf(tangoName(key, spec, naming), spec)
    this.name = name
    this.lowerName = lowerName
    this.#library = library
    this.#code = code
    this.#class = fromClass
    this.#texts = texts
    this.#derived = derived
    this.#enumLabels = fromDevice.get('enum_labels') ?? fromClass.get('enum_labels') ?? spec.enumLabels ?? NO_TEXTS
    if (fromDevice.size + fromClass.size > 0) this.#takeStored(fromDevice, fromClass)
  }

  /** The text of one property. */
  text(property: ConfigProperty): string {
    return this.#texts[property]
  }

  /** A limit or period as a number, if set. */
  number(property: ConfigProperty): number | undefined {
    return this.#derived.numbers[property]
  }

  /** A change threshold, if set. */
  threshold(property: ConfigProperty): Threshold | undefined {
    return this.#derived.thresholds[property]
  }

  /** Stored properties that make no sense for the attribute; the defaults stand instead. */
  get ignoredTexts(): readonly string[] {
    return this.#ignoredTexts
  }

  get enumLabels(): readonly string[] {
    return this.#enumLabels
  }

  /** Whether qualities or State depend on the value. */
  get hasAlarm(): boolean {
    return this.#derived.hasAlarm
  }

  /** As clients get it. */
  wire(): AttributeConfig5 {
    const t = this.#texts
    const { spec } = this
    const memorized = spec.memorized !== undefined && spec.memorized !== false
    return {
      name: this.name,
      writable: this.writable,
      dataFormat: wireFormat(spec),
      dataType: TYPE_CODES[spec.type],
      memorized,
      memInit: isWritable(this.writable) && spec.memorized !== 'setPoint',
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
      rootAttrName: this.#rootName,
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
        perEvent: { period: t.event_period, extensions: [] },
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
   * @throws DevFailed `API_AttrOptProp`, `API_IncoherentValues`
   */
  change(wanted: ReadonlyMap<ConfigProperty, string>, enumLabels?: readonly string[]): ConfigChange {
    const before = this.#texts
    const texts = { ...before }
    this.#texts = texts
    const put = new Map<string, readonly string[]>()
    const remove: string[] = []
    for (const [property, text] of wanted) {
      if (this.#ignored(property)) continue
      const { live, store } = this.#resolve(property, this.#normal(property, text))
      const problem = this.#problem(property, live)
      if (problem !== undefined) {
        this.#texts = before
        throw this.#refusal(problem)
      }
      if (live === before[property]) continue
      texts[property] = live
      if (store) put.set(property, storedLines(property, live))
      else remove.push(property)
    }
    const crossed = this.#crossed() ?? this.#excludesSetPoint()
    if (crossed !== undefined) {
      this.#texts = before
      throw this.#refusal(crossed)
    }
    if (enumLabels !== undefined) {
      try {
        this.#changeLabels(enumLabels, put, remove)
      } catch (error) {
        this.#texts = before
        throw error
      }
    }
    this.#derived = derivedFrom(texts)
    return { put, remove }
  }

  /** Takes over the configuration of a root attribute, all but the label (forwarded attributes). */
  follow(config: AttributeConfig5, rootName: string): void {
    this.#rootName = rootName
    const texts = { ...this.#texts }
    for (const [property, text] of wantedProperties(config)) if (property !== 'label') texts[property] = text
    this.#texts = texts
    this.#enumLabels = config.enumLabels
    this.#derived = derivedFrom(texts)
  }

  /** Sets limits from code; nothing is stored. */
  setLimits(limits: { readonly min?: number | undefined; readonly max?: number | undefined }): boolean {
    const { min_value, max_value } = this.#texts
    const min = 'min' in limits ? limitText(limits.min) : min_value
    const max = 'max' in limits ? limitText(limits.max) : max_value
    if (min === min_value && max === max_value) return false
    this.#texts = { ...this.#texts, min_value: min, max_value: max }
    this.#derived = derivedFrom(this.#texts)
    return true
  }

  #takeStored(fromDevice: AttributeProperties, fromClass: AttributeProperties): void {
    const texts = { ...this.#texts }
    for (const property of CONFIG_PROPERTIES) {
      const stored = fromDevice.get(property) ?? fromClass.get(property)
      // a stored text that makes no sense is as good as none; clients see the default
      const text = stored === undefined ? undefined : this.#normal(property, stored.join(','))
      if (text !== undefined && !this.#ignored(property) && this.#problem(property, text) === undefined) {
        texts[property] = text.toLowerCase() === NOT_SPECIFIED.toLowerCase() ? this.#library[property] : text
      } else if (text !== undefined) this.#ignoredTexts = [...this.#ignoredTexts, `${property} '${text}'`]
    }
    this.#texts = texts
    this.#derived = derivedFrom(texts)
  }

  #resolve(property: ConfigProperty, text: string): { live: string; store: boolean } {
    const library = this.#library[property]
    const code = this.#code[property]
    const ofClass = this.#class.get(property)?.join(',')
    const word = text.toLowerCase()
    if (word === NOT_SPECIFIED.toLowerCase() || (text === library && text !== '')) {
      return { live: library, store: code !== undefined || ofClass !== undefined }
    }
    if (text === '') return { live: code ?? library, store: false }
    if (word === 'nan') return { live: ofClass ?? code ?? library, store: false }
    return { live: text, store: text !== (ofClass ?? code ?? library) }
  }

  /** Differences mean nothing where values have no order; native servers drop them without a word. */
  #ignored(property: ConfigProperty): boolean {
    if (!NO_LIMITS.has(this.spec.type)) return false
    return THRESHOLDS.has(property) || property === 'delta_t' || property === 'delta_val'
  }

  /** A text as native servers keep it: whole limits of whole numbers, differences without sign, no delay of nothing. */
  #normal(property: ConfigProperty, text: string): string {
    const parts = text.split(',')
    if (!parts.every(isNumber)) return text
    const fraction = this.spec.type === 'DevDouble' || this.spec.type === 'DevFloat'
    if (LIMITS.has(property) && !fraction) return /^\s*([+-]?\d+)\.\d*\s*$/.exec(text)?.[1] ?? text
    if (THRESHOLDS.has(property) && parts.length <= 2) {
      const [down = '', up = down] = parts.map((part) => part.trim().replace(/^[+-]/, ''))
      return down === up ? down : `${down},${up}`
    }
    return property === 'delta_t' && Number(text) === 0 ? NOT_SPECIFIED : text
  }

  #problem(property: ConfigProperty, text: string): Problem | undefined {
    if (text === this.#library[property]) return undefined
    const wrong = (origin: string): Problem => {
      const desc = `The property ${property} is defined in an unsupported format`
      return { reason: 'API_AttrOptProp', desc, origin: `Attribute::${origin}()` }
    }
    if (LIMITS.has(property) && NO_LIMITS.has(this.spec.type)) {
      const desc = `The property ${property} is not settable for the attribute data type`
      return { reason: 'API_AttrOptProp', desc, origin: 'Attribute::set_one_alarm_prop()' }
    }
    if (LIMITS.has(property)) return isNumber(text) ? undefined : wrong('convert_prop_value')
    if (THRESHOLDS.has(property)) {
      const parts = text.split(',')
      const good = parts.length <= 2 && parts.every(isNumber)
      return good && !this.#ignored(property) ? undefined : wrong('validate_change_properties')
    }
    if (PERIODS.has(property) && !isNumber(text)) {
      return wrong(property === 'delta_t' ? 'set_rds_prop_val' : 'set_one_event_period')
    }
    return undefined
  }

  #crossed(): Problem | undefined {
    const pairs = [
      ['min_value', 'max_value'],
      ['min_alarm', 'max_alarm'],
      ['min_warning', 'max_warning'],
    ] as const
    for (const [low, high] of pairs) {
      const [min, max] = [this.#texts[low], this.#texts[high]]
      if (isNumber(min) && isNumber(max) && Number(min) >= Number(max)) {
        const desc = `Value of ${low} is greater than or equal to ${high}`
        return { reason: 'API_IncoherentValues', desc, origin: 'Attribute::set_upd_properties()' }
      }
    }
    return undefined
  }

  /** New limits must leave room for a memorized set point, which is written again at the next start. */
  #excludesSetPoint(): Problem | undefined {
    const value = this.setPoint?.()
    if (value === undefined) return undefined
    const [min, max] = [this.#texts.min_value, this.#texts.max_value]
    const side =
      isNumber(min) && value < Number(min) ? 'below' : isNumber(max) && value > Number(max) ? 'above' : undefined
    if (side === undefined) return undefined
    const desc = `This attribute is memorized and the memorized value (${value}) is ${side} the new limit!!`
    return { reason: 'API_AttrOptProp', desc, origin: 'Attribute::throw_min_max_value()' }
  }

  #changeLabels(wanted: readonly string[], put: Map<string, readonly string[]>, remove: string[]): void {
    if (this.spec.type !== 'DevEnum' || wanted.length === 0) return
    const code = this.spec.enumLabels ?? []
    const word = wanted.length === 1 ? wanted[0]?.toLowerCase() : undefined
    const reset =
      word === NOT_SPECIFIED.toLowerCase() || word === ''
        ? code
        : word === 'nan'
          ? (this.#class.get('enum_labels') ?? code)
          : undefined
    const labels = reset ?? wanted
    if (new Set(labels).size !== labels.length) {
      const desc = `The property enum_labels has the same label twice: ${labels.join(', ')}`
      throw this.#refusal({ reason: 'API_AttrOptProp', desc, origin: 'Attribute::check_enum_labels' })
    }
    if (same(labels, this.#enumLabels)) return
    this.#enumLabels = labels
    if (reset !== undefined || same(labels, this.#class.get('enum_labels') ?? code)) remove.push('enum_labels')
    else put.set('enum_labels', labels)
  }

  #refusal({ reason, desc, origin }: Problem): DevFailed {
    const where = `Device ${this.device}-> Attribute : ${this.name}`
    return new DevFailed([{ reason, severity: 'ERR', desc: `${where}\n${desc}`, origin }])
  }
}

/** Defaults by spec: hundreds of devices of a class have the same. A spec never changes. */
const DEFAULTS = new WeakMap<AttributeSpec, Defaults>()

function defaultsOf(name: string, spec: AttributeSpec): Defaults {
  const known = DEFAULTS.get(spec)
  // one spec may stand under several names
  if (known?.name === name) return known
  const library = libraryDefaults(name, spec.type)
  const code = codeDefaults(spec)
  const texts = { ...library, ...code }
  const defaults = { name, lowerName: name.toLowerCase(), library, code, texts, derived: derivedFrom(texts) }
  DEFAULTS.set(spec, defaults)
  return defaults
}

function derivedFrom(texts: Texts): Derived {
  const numbers: Partial<Record<ConfigProperty, number>> = {}
  const thresholds: Partial<Record<ConfigProperty, Threshold>> = {}
  for (const property of CONFIG_PROPERTIES) {
    const text = texts[property]
    if (THRESHOLDS.has(property)) {
      const [first, second = first] = text.split(',').filter(isNumber).map(Number)
      if (first !== undefined && second !== undefined) {
        thresholds[property] = { down: Math.abs(first), up: Math.abs(second) }
      }
    } else if ((LIMITS.has(property) || PERIODS.has(property)) && isNumber(text)) {
      numbers[property] = Number(text)
    }
  }
  const { min_alarm, max_alarm, min_warning, max_warning, delta_val, delta_t } = numbers
  const limits = [min_alarm, max_alarm, min_warning, max_warning]
  const hasAlarm = limits.some((limit) => limit !== undefined) || (delta_val !== undefined && delta_t !== undefined)
  return { numbers, thresholds, hasAlarm }
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

/** Differences are stored as native servers do, one line down and one up. */
function storedLines(property: ConfigProperty, text: string): readonly string[] {
  if (!THRESHOLDS.has(property) || text === NOT_SPECIFIED) return [text]
  const [down = '', up = down] = text.split(',')
  return [`-${down}`, up]
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((label, i) => label === b[i])
}
