// Which controllers of Sardana and BLISS are which drivers of ours, and what their properties are called here.

import type { ControllerType } from '../config/beamline.ts'
import type { Drivers } from '../config/check-controller.ts'
import type { DraftAxis } from './draft.ts'
import type { ExchangeReport } from './report.ts'

/** What becomes of a controller for which there is no driver. */
export type UnknownDrivers = 'keep' | 'comment' | 'dummy'

/** Options of imports that meet controllers. */
export interface ControllerOptions {
  /** Drivers of this installation; default those that this table knows. */
  readonly drivers?: Drivers | undefined
  /**
   * `keep` (default): the driver's name is made from the foreign one, and the check of the file names it until there is
   * such a driver; `comment`: the controller is written as a comment; `dummy`: a dummy takes its place.
   */
  readonly unknownDrivers?: UnknownDrivers | undefined
}

/** A property of a controller with its place. */
export interface ForeignProperty {
  readonly name: string
  readonly place: string
  readonly values: readonly string[]
}

/** A controller of another system. */
export interface ForeignController {
  readonly name: string
  readonly place: string
  /** Name of its class there. */
  readonly class: string
  /** What people call it: `Sardana controller IcepapController of IcepapCtrl.py`. */
  readonly described: string
  readonly type: ControllerType
  readonly properties: readonly ForeignProperty[]
  readonly axes: readonly DraftAxis[]
}

/** What a foreign controller is here. */
export interface ResolvedController {
  readonly driver: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly axes: readonly DraftAxis[]
  readonly comments: readonly string[]
  readonly active: boolean
}

interface Known {
  readonly driver: string
  readonly type: ControllerType
  /** Foreign property in lower case to ours; a factor converts numbers. */
  readonly properties: Readonly<Record<string, { readonly name: string; readonly factor?: number }>>
  /** Added to axis numbers; axes below 1 are dropped. */
  readonly axisOffset?: number
  readonly remark?: string
}

const HOST_PORT = { host: { name: 'host' }, port: { name: 'port' } } as const

/** By class in lower case. */
const KNOWN: Readonly<Record<string, Known>> = {
  icepapcontroller: {
    driver: 'icepap',
    type: 'motor',
    properties: { ...HOST_PORT, timeout: { name: 'timeoutMs', factor: 1000 } },
  },
  icepap: { driver: 'icepap', type: 'motor', properties: HOST_PORT },
  albaem2cotictrl: {
    driver: 'electrometer',
    type: 'counter',
    properties: { albaemhost: { name: 'host' }, port: { name: 'port' } },
    axisOffset: -1,
    remark: 'axis 1 was the timer, which our driver does not need; channels are numbered from 1',
  },
  dummymotorcontroller: { driver: 'dummy-motor', type: 'motor', properties: {} },
  basicdummymotorcontroller: { driver: 'dummy-motor', type: 'motor', properties: {} },
  fulldummymotorcontroller: { driver: 'dummy-motor', type: 'motor', properties: {} },
  dummycountertimercontroller: { driver: 'dummy-counter', type: 'counter', properties: {} },
  mockup: { driver: 'dummy-motor', type: 'motor', properties: {} },
  faultymockup: { driver: 'dummy-motor', type: 'motor', properties: {} },
  simulation_diode: { driver: 'dummy-counter', type: 'counter', properties: {} },
  simulationcounter: { driver: 'dummy-counter', type: 'counter', properties: {} },
  simulated_counter: { driver: 'dummy-counter', type: 'counter', properties: {} },
}

/** Drivers that this table leads to. */
const TABLE_DRIVERS: Drivers = {
  motor: ['icepap', 'dummy-motor'],
  counter: ['electrometer', 'dummy-counter'],
}

/** Foreign class to our driver, for the documentation and for exports. */
export function knownControllers(): readonly {
  readonly class: string
  readonly type: ControllerType
  readonly driver: string
}[] {
  return Object.entries(KNOWN).map(([name, { type, driver }]) => ({ class: name, type, driver }))
}

/** Finds the driver and translates properties and axes; what has no place goes to the report. */
export function resolveController(
  controller: ForeignController,
  options: ControllerOptions,
  report: ExchangeReport,
): ResolvedController {
  const drivers = options.drivers ?? TABLE_DRIVERS
  const known = KNOWN[controller.class.toLowerCase()]
  if (known !== undefined && known.type === controller.type) return translated(controller, known, report)
  // one of our own, read back from a database
  const own = drivers[controller.type]
    .map((driver) => (typeof driver === 'string' ? driver : driver.name))
    .find((name) => name.toLowerCase() === controller.class.toLowerCase())
  if (own !== undefined) {
    const properties = asProperties(controller, report)
    return { driver: own, properties, axes: controller.axes, comments: [], active: true }
  }
  return unknown(controller, options.unknownDrivers ?? 'keep', report)
}

function translated(controller: ForeignController, known: Known, report: ExchangeReport): ResolvedController {
  const properties: Record<string, unknown> = {}
  for (const { name, place, values } of controller.properties) {
    const target = known.properties[name.toLowerCase()]
    if (target === undefined) {
      report.lost(place, `${controller.name}: driver ${known.driver} has no property ${name} (${values.join(', ')})`)
    } else properties[target.name] = scaled(values, target.factor)
  }
  const offset = known.axisOffset ?? 0
  const axes = controller.axes.flatMap((entry) => {
    if (entry.axis + offset >= 1) return [{ ...entry, axis: entry.axis + offset }]
    report.lost(
      controller.place,
      `${entry.name}: axis ${entry.axis} of ${controller.name} is left out: ${known.remark}`,
    )
    return []
  })
  if (offset !== 0) report.changed(controller.place, `${controller.name}: ${known.remark}`)
  if (known.driver.startsWith('dummy-')) Object.assign(properties, axisCount(axes))
  return {
    driver: known.driver,
    properties,
    axes,
    comments: known.remark === undefined ? [] : [known.remark],
    active: true,
  }
}

function unknown(controller: ForeignController, how: UnknownDrivers, report: ExchangeReport): ResolvedController {
  const driver = kebab(controller.class)
  const { axes, described, place, name, type } = controller
  if (how === 'dummy') {
    report.changed(place, `${name}: there is no driver for ${described}; a dummy takes its place`)
    const left = controller.properties.map(({ name: key, values }) => `${key}: ${values.join(', ')}`)
    for (const [index, property] of controller.properties.entries()) {
      report.lost(property.place, `${name}: the dummy has no property ${left[index]}`)
    }
    return {
      driver: `dummy-${type}`,
      properties: axisCount(axes),
      axes,
      comments: [`a dummy in the place of ${described}`, ...left],
      active: true,
    }
  }
  const kept = how === 'keep'
  const what = kept ? `it is called ${driver} in the file, write such a driver` : 'kept as a comment'
  report.lost(place, `${name}: there is no driver for ${described}; ${what}`)
  const properties = asProperties(controller, report)
  return { driver, properties, axes, comments: [`no driver yet for ${described}`], active: kept }
}

/** Names that the program sets itself. */
const RESERVED = ['type', 'klass', 'library', 'id', 'connection']

/** Properties as our files have them: first letter small, one value or a list. */
function asProperties({ name, properties }: ForeignController, report: ExchangeReport): Record<string, unknown> {
  const entries = properties.flatMap(({ name: key, place, values }) => {
    if (!RESERVED.includes(key.toLowerCase())) {
      return [[key.charAt(0).toLowerCase() + key.slice(1), scaled(values, undefined)] as const]
    }
    report.lost(place, `${name}: a property cannot be called ${key} here (${values.join(', ')})`)
    return []
  })
  return Object.fromEntries(entries)
}

function scaled(values: readonly string[], factor: number | undefined): unknown {
  const converted = values.map((text) => {
    const number = Number(text)
    // a text that looks like another number ("007") stays a text
    if (text.trim() === '' || !Number.isFinite(number)) return text
    if (factor !== undefined) return number * factor
    return String(number) === text ? number : text
  })
  return converted.length === 1 ? converted[0] : converted
}

function axisCount(axes: readonly DraftAxis[]): { readonly axisCount: number } {
  return { axisCount: Math.max(1, ...axes.map(({ axis }) => axis)) }
}

/** `MyMotorCtrl` to `my-motor-ctrl`. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/[^\w.-]+/g, '-')
    .toLowerCase()
}
