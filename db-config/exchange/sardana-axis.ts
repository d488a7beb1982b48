// Attributes of a Sardana element as fields of an axis of ours: memorized values, limits and units.

import type { ControllerType } from '../config/beamline.ts'
import type { ExchangeReport } from './report.ts'
import type { SardanaAttribute, SardanaElement } from './sardana-model.ts'

/** Memorized attributes in lower case to fields of our file. */
const SETTINGS: Readonly<Record<string, string>> = {
  step_per_unit: 'stepsPerUnit',
  velocity: 'velocity',
  acceleration: 'acceleration',
  deceleration: 'deceleration',
  base_rate: 'baseRate',
  offset: 'offset',
  sign: 'sign',
  backlash: 'backlash',
}

/** Fields of our file to Sardana's attributes. */
export const SETTING_ATTRIBUTES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(SETTINGS).map(([attribute, name]) => [name, attribute]),
)

/** Event thresholds that Sardana writes for every element. */
const USUAL_CONFIG: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  position: { abs_change: ['1', '1.0', '-1,1', '-1.0,1.0'] },
  value: { abs_change: ['1', '1.0', '-1,1', '-1.0,1.0'] },
  dialposition: { abs_change: ['5', '5.0', '-5,5', '-5.0,5.0'] },
}

/** What Tango says when nothing is said. */
const UNSAID = /^(not specified|no (unit|standard unit|display unit|description)|nan)?$/i

/** Attributes whose memorized value is an operation, not a configuration: where the motor stands. */
const NOT_MEMORIZED = ['position', 'dialposition', 'state', 'status', 'value']

/** The fields; what has no place goes to the report. */
export function axisFields(
  element: SardanaElement,
  type: ControllerType,
  report: ExchangeReport,
): Readonly<Record<string, unknown>> {
  const reader = new AxisReader(element, type, report)
  return reader.read()
}

class AxisReader {
  readonly #element: SardanaElement
  readonly #type: ControllerType
  readonly #report: ExchangeReport
  readonly #fields: { unit?: string; limits?: readonly number[]; [setting: string]: unknown } = {}
  /** Attribute of which unit and limits count. */
  readonly #main: string

  constructor(element: SardanaElement, type: ControllerType, report: ExchangeReport) {
    this.#element = element
    this.#type = type
    this.#report = report
    this.#main = type === 'motor' ? 'position' : 'value'
  }

  read(): Readonly<Record<string, unknown>> {
    const main = this.#element.attributes.find(({ name }) => name.toLowerCase() === this.#main)
    const unit = said(main, 'unit')
    if (unit !== undefined) this.#fields.unit = unit
    if (main !== undefined && this.#type === 'motor') this.#limits(main)
    for (const attribute of this.#element.attributes) {
      for (const [key, value] of attribute.config) this.#config(attribute, key, value, unit)
    }
    return this.#fields
  }

  #limits(attribute: SardanaAttribute): void {
    const { place } = attribute
    const low = said(attribute, 'min_value')
    const high = said(attribute, 'max_value')
    if (low === undefined && high === undefined) return
    const limits = [Number(low), Number(high)] as const
    if (low === undefined || high === undefined || !(limits[0] < limits[1])) {
      const given = `min_value ${low ?? 'is missing'}, max_value ${high ?? 'is missing'}`
      this.#report.lost(place, `${this.#element.name}: limits need two numbers, the lower one first; ${given}`)
    } else this.#fields.limits = limits
  }

  #config(attribute: SardanaAttribute, key: string, value: string, unit: string | undefined): void {
    if (UNSAID.test(value)) return
    const name = attribute.name.toLowerCase()
    const isMotor = this.#type === 'motor'
    if (key === 'value') {
      this.#value(attribute, value)
      return
    }
    if (name === this.#main && (key === 'unit' || (isMotor && (key === 'min_value' || key === 'max_value')))) return
    // they follow from the unit of the position
    if (isMotor && key === 'unit' && unit !== undefined) {
      if (name === 'dialposition' && value === unit) return
      if (name === 'velocity' && value === `${unit}/s`) return
    }
    const what = `${this.#element.name}: ${attribute.name}: ${key} ${value}`
    if (USUAL_CONFIG[name]?.[key]?.includes(value.replaceAll(/[\s[\]]/g, ''))) {
      this.#report.note(attribute.place, `${what} is what Sardana always writes; not needed here`)
    } else this.#report.lost(attribute.place, `there is no place for ${what}`)
  }

  #value({ name, place }: SardanaAttribute, value: string): void {
    const field = this.#type === 'motor' ? SETTINGS[name.toLowerCase()] : undefined
    const what = `${this.#element.name}: ${name} ${value}`
    if (field === undefined) {
      if (NOT_MEMORIZED.includes(name.toLowerCase())) {
        this.#report.note(place, `${what} is where the element stood; no configuration`)
      } else this.#report.lost(place, `there is no place for ${what}`)
      return
    }
    const number = Number(value)
    if (value.trim() === '' || !Number.isFinite(number)) this.#report.lost(place, `${what} is no number`)
    else if (!this.#isPossible(field, number)) this.#report.lost(place, `${what} is not possible here`)
    else this.#fields[field] = number
  }

  #isPossible(field: string, value: number): boolean {
    switch (field) {
      case 'stepsPerUnit':
        return value !== 0
      case 'velocity':
      case 'acceleration':
      case 'deceleration':
        return value > 0
      case 'baseRate':
        return value >= 0
      case 'sign':
        return Math.abs(value) === 1
      case 'backlash':
        return Number.isInteger(value)
      default:
        return true
    }
  }
}

function said(attribute: SardanaAttribute | undefined, key: string): string | undefined {
  const value = attribute?.config.get(key)
  return value === undefined || UNSAID.test(value) ? undefined : value
}
