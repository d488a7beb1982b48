// Motor controllers of BLISS: axes with their settings. Values there are in units per second squared and dial units;
// ours are times and user units.

import type { BlissObject } from './bliss-tree.ts'
import type { DraftAxis, DraftController } from './draft.ts'
import { type ControllerOptions, type ForeignProperty, kebab, resolveController } from './known-controllers.ts'
import type { ExchangeReport } from './report.ts'
import { type ForeignEntry, type ForeignTree, lineOfForeign } from './yaml-text.ts'

/** Lists of a controller besides its axes. */
const OTHER_LISTS = ['encoders', 'shutters', 'switches']

/** Fields of an axis that are carried over, or say what others say. */
const AXIS_FIELDS = [
  ...['name', 'address', 'steps_per_unit', 'velocity', 'acceleration', 'deceleration', 'backlash', 'sign', 'unit'],
  ...['low_limit', 'high_limit', 'class', 'offset'],
]

/** A controller in one of the files. */
interface Part {
  readonly object: BlissObject
  readonly axes: readonly ForeignTree[]
}

/** Whether an object is a controller of motors. */
export function isMotorController({ fields }: BlissObject): boolean {
  return fields.get('axes')?.value.kind === 'list'
}

/** The controllers; several files may describe axes of one box, they become one. */
export function blissMotors(
  objects: readonly BlissObject[],
  options: ControllerOptions,
  report: ExchangeReport,
): readonly DraftController[] {
  const boxes = new Map<string, Part[]>()
  for (const [index, object] of objects.entries()) {
    const axes = object.fields.get('axes')?.value
    const part = { object, axes: axes?.kind === 'list' ? axes.items : [] }
    const key = isCalculated(part) ? `calculated ${index}` : boxKey(object, index)
    boxes.set(key, [...(boxes.get(key) ?? []), part])
  }
  const names = new Set<string>()
  return [...boxes.values()].map((parts) => {
    const [first] = parts
    const name = uniqueName(nameOf(parts), names)
    return first !== undefined && isCalculated(first)
      ? calculated(name, first, report)
      : controllerOf(name, parts, options, report)
  })
}

/** Axes of others are named with a dollar. */
function isCalculated({ axes }: Part): boolean {
  return axes.some((axis) => textOf(axis, 'name')?.startsWith('$') === true)
}

/** Axes of the same box belong together. */
function boxKey({ class: className = '', fields }: BlissObject, index: number): string {
  const host = fields.get('host')?.value ?? fields.get('tcp')?.value
  return host === undefined ? `alone ${index}` : `${className.toLowerCase()} ${lineOfForeign(host)}`
}

function nameOf(parts: readonly Part[]): string {
  const named = parts.find(({ object }) => object.name !== undefined)?.object.name
  const object = parts[0]?.object
  const host = object?.fields.get('host')?.value
  return named ?? (host === undefined ? (object?.class ?? 'motors') : lineOfForeign(host))
}

function uniqueName(wished: string, taken: Set<string>): string {
  let name = wished
  for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${wished}_${number}`
  taken.add(name.toLowerCase())
  return name
}

function controllerOf(
  name: string,
  parts: readonly Part[],
  options: ControllerOptions,
  report: ExchangeReport,
): DraftController {
  const className = parts[0]?.object.class ?? 'unknown'
  const place = parts[0]?.object.place ?? ''
  if (parts.length > 1) {
    const files = parts.map(({ object }) => object.place).join(', ')
    report.note(place, `${name}: ${parts.length} descriptions of one box are joined: ${files}`)
  }
  const properties = new Map<string, ForeignProperty>()
  for (const { object } of parts)
    for (const property of propertiesOf(object, name, report)) properties.set(property.name, property)
  const axes = new AxisReader(name, report)
  const read = parts.flatMap(({ axes: items }) => items).flatMap((item) => axes.read(item))
  const resolved = resolveController(
    {
      name,
      place,
      class: className,
      described: `BLISS motor controller ${className}`,
      type: 'motor',
      properties: [...properties.values()],
      axes: read,
    },
    options,
    report,
  )
  return { name, place, server: undefined, type: 'motor', ...resolved }
}

function propertiesOf({ fields }: BlissObject, name: string, report: ExchangeReport): readonly ForeignProperty[] {
  return [...fields.values()].flatMap(({ key, place, value }) => {
    if (key === 'axes') return []
    if (OTHER_LISTS.includes(key)) {
      for (const item of value.kind === 'list' ? value.items : [value]) {
        report.lost(item.place, `${name}: there are no ${key} yet: ${lineOfForeign(item)}`)
      }
      return []
    }
    if (key === 'package' || key === 'module') return []
    const url = key === 'tcp' ? textOf(value, 'url') : undefined
    const [, host, port] = /^(?:\w+:\/\/)?([^:/]+):(\d+)$/.exec(url ?? '') ?? []
    if (host !== undefined && port !== undefined) {
      return [
        { name: 'host', place, values: [host] },
        { name: 'port', place, values: [port] },
      ]
    }
    if (value.kind === 'map') {
      report.lost(place, `${name}: there is no place for ${key}: ${lineOfForeign(value)}`)
      return []
    }
    return [
      { name: key, place, values: value.kind === 'list' ? value.items.map(lineOfForeign) : [lineOfForeign(value)] },
    ]
  })
}

/** Slits and other combined axes stay as a comment. */
function calculated(name: string, { object, axes }: Part, report: ExchangeReport): DraftController {
  const className = object.class ?? 'unknown'
  const values = [...object.fields.values()].map(({ key, value }) => `${key}: ${lineOfForeign(value)}`).join(', ')
  report.lost(object.place, `${name}: there are no pseudo motors yet (${className}); kept as a comment: ${values}`)
  const described = axes.map((axis) => `${textOf(axis, 'name') ?? '?'}: ${textOf(axis, 'tags') ?? ''}`.trim())
  const own = axes.filter((axis) => textOf(axis, 'name')?.startsWith('$') !== true)
  return {
    name,
    place: object.place,
    server: undefined,
    type: 'pseudo-motor',
    driver: kebab(className),
    properties: {},
    axes: own.map((axis, index) => ({ name: textOf(axis, 'name') ?? '', axis: index + 1, fields: {} })),
    comments: [`not yet possible: BLISS calculated axes ${className}`, `of ${described.join(', ')}`],
    active: false,
  }
}

class AxisReader {
  readonly #controller: string
  readonly #report: ExchangeReport
  readonly #taken = new Set<number>()

  constructor(controller: string, report: ExchangeReport) {
    this.#controller = controller
    this.#report = report
  }

  read(item: ForeignTree): readonly DraftAxis[] {
    const name = textOf(item, 'name')
    if (item.kind !== 'map' || name === undefined) {
      this.#report.lost(item.place, `${this.#controller}: an axis without a name is left out`)
      return []
    }
    const fields = new Map(item.entries.map((entry) => [entry.key, entry]))
    const axis = this.#number(name, fields, item)
    if (axis === undefined) return []
    for (const { key, place, value } of item.entries) {
      const line = lineOfForeign(value)
      if (key === 'class' && line !== 'Axis')
        this.#report.lost(place, `${name}: there is no place for the class ${line}`)
      else if (!AXIS_FIELDS.includes(key)) this.#report.lost(place, `${name}: there is no place for ${key}: ${line}`)
    }
    return [{ name, axis, fields: this.#settings(name, fields) }]
  }

  /** The address; without one the axes are counted. */
  #number(name: string, fields: ReadonlyMap<string, ForeignEntry>, item: ForeignTree): number | undefined {
    const address = fields.get('address')
    if (address === undefined || (address.value.kind === 'value' && address.value.value === null)) {
      const free = Array.from({ length: this.#taken.size + 1 }, (_, index) => index + 1).find(
        (n) => !this.#taken.has(n),
      )
      this.#taken.add(free ?? 0)
      return free
    }
    const axis = Number(lineOfForeign(address.value))
    if (!Number.isInteger(axis)) {
      this.#report.lost(
        address.place,
        `${name}: address ${lineOfForeign(address.value)} is no number (a linked axis?); left out: ${lineOfForeign(item)}`,
      )
      return undefined
    }
    if (this.#taken.has(axis)) {
      const what = `axis ${axis} of ${this.#controller} is already taken; left out: ${lineOfForeign(item)}`
      this.#report.lost(item.place, `${name}: ${what}`)
      return undefined
    }
    this.#taken.add(axis)
    return axis
  }

  #settings(name: string, fields: ReadonlyMap<string, ForeignEntry>): Readonly<Record<string, unknown>> {
    const settings: Record<string, unknown> = {}
    const number = (key: string): number | undefined => {
      const entry = fields.get(key)
      if (entry === undefined || (entry.value.kind === 'value' && entry.value.value === null)) return undefined
      const value = Number(lineOfForeign(entry.value))
      if (Number.isFinite(value)) return value
      this.#report.lost(entry.place, `${name}: ${key} ${lineOfForeign(entry.value)} is no number`)
      return undefined
    }
    const lost = (key: string, why: string): void => this.#report.lost(fields.get(key)?.place ?? '', `${name}: ${why}`)
    const unit = fields.get('unit')
    if (unit !== undefined) settings.unit = lineOfForeign(unit.value)
    const steps = number('steps_per_unit')
    if (steps === 0) lost('steps_per_unit', 'steps_per_unit 0 is not possible')
    else if (steps !== undefined) settings.stepsPerUnit = steps
    const sign = number('sign')
    if (sign !== undefined && Math.abs(sign) === 1) settings.sign = sign
    else if (sign !== undefined) lost('sign', `sign ${sign} is not possible`)
    this.#limits(name, fields, number('low_limit'), number('high_limit'), sign ?? 1, settings)
    const velocity = number('velocity')
    if (velocity !== undefined && velocity > 0) settings.velocity = velocity
    else if (velocity !== undefined) lost('velocity', `velocity ${velocity} is not possible`)
    for (const key of ['acceleration', 'deceleration'] as const) {
      const rate = number(key)
      if (rate === undefined) continue
      if (!(rate > 0) || velocity === undefined || !(velocity > 0)) {
        lost(key, `${key} ${rate} needs a velocity to become a time`)
      } else {
        settings[key] = Number((velocity / rate).toPrecision(12))
        this.#report.note(fields.get(key)?.place ?? '', `${name}: ${key} ${rate} is ${settings[key]} s to ${velocity}`)
      }
    }
    const offset = number('offset')
    if (offset !== undefined) settings.offset = offset
    const backlash = number('backlash')
    if (backlash !== undefined && backlash !== 0) {
      if (steps === undefined) lost('backlash', `backlash ${backlash} needs steps_per_unit to become steps`)
      else {
        settings.backlash = Math.round(backlash * steps)
        this.#report.changed(
          fields.get('backlash')?.place ?? '',
          `${name}: backlash ${backlash} is ${settings.backlash} steps; try in which direction it comes`,
        )
      }
    }
    return settings
  }

  /** Dial limits become user limits; the offset was a setting of the running system. */
  #limits(
    name: string,
    fields: ReadonlyMap<string, ForeignEntry>,
    low: number | undefined,
    high: number | undefined,
    sign: number,
    settings: Record<string, unknown>,
  ): void {
    if (low === undefined && high === undefined) return
    const place = fields.get(low === undefined ? 'high_limit' : 'low_limit')?.place ?? ''
    if (low === undefined || high === undefined || !(low < high)) {
      this.#report.lost(place, `${name}: limits need two numbers, the lower one first; found ${low} and ${high}`)
      return
    }
    settings.limits = sign < 0 ? [-high, -low] : [low, high]
    this.#report.note(place, `${name}: dial limits are taken as user limits; check them if the axis has an offset`)
  }
}

/** Text of a field of a map. */
export function textOf(tree: ForeignTree, key: string): string | undefined {
  const value = tree.kind === 'map' ? tree.entries.find((entry) => entry.key === key)?.value : undefined
  return value === undefined || (value.kind === 'value' && value.value === null) ? undefined : lineOfForeign(value)
}
