// Reads one controller of a beamline file with its axes.

import {
  type AxisEntry,
  CONTROLLER_TYPES,
  type ControllerEntry,
  type ControllerType,
  type DeviceEntry,
} from './beamline.ts'
import type { Membership } from './check-instruments.ts'
import { type DriverDescription, readProperties } from './check-properties.ts'
import type { Names } from './names.ts'
import { INSTRUMENT, SERVER, WORD } from './rules.ts'
import { didYouMean } from './suggest.ts'
import { called, Fields, type Findings, type Mark, otherPlace, plain, type Read, type Tree } from './tree.ts'

/** The drivers that exist, by type of controller: names, or what they say of themselves for the check of properties. */
export type Drivers = Readonly<Record<ControllerType, readonly (string | DriverDescription)[]>>

/** What a controller is read with. */
export interface ControllerContext {
  readonly names: Names
  readonly findings: Findings
  /** Its server holds controllers that name none. */
  readonly pool: DeviceEntry | undefined
  readonly drivers: Drivers | undefined
  /** Takes the axes that name their instrument. */
  readonly memberships: Membership[]
}

const KNOWN = ['name', 'server', 'type', 'driver', 'simulator', 'properties', 'axes']

/** Fields that become memorized attributes, with the attribute's Tango name. */
export const MOTOR_SETTINGS: Readonly<Record<string, string>> = {
  stepsPerUnit: 'Step_per_unit',
  velocity: 'Velocity',
  acceleration: 'Acceleration',
  deceleration: 'Deceleration',
  baseRate: 'Base_rate',
  offset: 'Offset',
  sign: 'Sign',
  backlash: 'Backlash',
}

const AXIS_FIELDS: Readonly<Record<ControllerType, readonly string[]>> = {
  motor: ['name', 'axis', 'unit', 'limits', 'instrument', ...Object.keys(MOTOR_SETTINGS)],
  counter: ['name', 'axis', 'unit', 'instrument'],
}

/** Kinds that other systems have and later versions will have. */
const LATER = ['pseudomotor', 'pseudocounter', 'zerod', 'oned', 'twod', 'triggergate', 'ioregister', 'comchannel']

/** Reads the controller; mistakes go to the findings. */
export function readController(item: Tree, context: ControllerContext): ControllerEntry {
  const { names, findings, pool } = context
  const place = called('controller', item)
  const fields = new Fields(item, place, KNOWN, findings)
  const name = fields.text('name', WORD)
  if (name !== undefined) {
    names.define('controller', name.value, name.at)
    names.define('alias', name.value, name.at)
  }
  const type = readType(fields, findings)
  const driver = fields.text('driver', WORD)
  const server = fields.text('server', { ...SERVER, optional: true })
  if (server !== undefined) names.needServer(server.value, server.at, place)
  else if (pool === undefined) findings.add(item.at, `${place}: server is missing, and there is no pool to hold it`)
  const simulator = fields.text('simulator', { optional: true })
  const entries = fields.entries('properties')
  // a driver from somebody's own folder is found only when its server starts
  const own = entries.some(({ key }) => key.toLowerCase() === 'pluginpath')
  const description =
    driver === undefined || type === undefined || own ? undefined : findDriver(driver, type, place, context)
  const properties = readProperties(entries, {
    place,
    findings,
    driver: description,
    simulator: simulator?.at,
    at: fields.at,
  })
  const numbers = simulator && simulatedAxes(names.needSimulator(simulator.value, simulator.at, place))
  const taken = new Map<number, Mark>()
  const axes = fields.list('axes', {}).map((tree) => {
    const axis = readAxis(tree, type ?? 'motor', place, context)
    const before = taken.get(axis.axis)
    if (before !== undefined)
      findings.add(tree.at, `${place}: axis ${axis.axis} is already named in ${otherPlace(before, tree.at)}`)
    else taken.set(axis.axis, tree.at)
    if (numbers !== undefined && !numbers.includes(axis.axis)) {
      const what = `${place}: simulator ${simulator?.value} has no axis ${axis.axis}; it has ${numbers.join(', ')}`
      findings.add(tree.at, what)
    }
    return axis
  })
  return {
    name: name?.value ?? '',
    server: server?.value ?? pool?.server ?? '',
    type: type ?? 'motor',
    driver: driver?.value ?? '',
    simulator: simulator?.value,
    properties,
    axes,
  }
}

function readType(fields: Fields, findings: Findings): ControllerType | undefined {
  const type = fields.text('type')
  if (type === undefined) return undefined
  const found = CONTROLLER_TYPES.find((known) => known === type.value)
  if (found !== undefined) return found
  const later = LATER.some((kind) =>
    type.value
      .toLowerCase()
      .replace(/[-_\s]/g, '')
      .startsWith(kind),
  )
  const hint = later
    ? `this version knows ${CONTROLLER_TYPES.join(' and ')}, others come with later versions`
    : didYouMean(type.value, CONTROLLER_TYPES)
  findings.add(type.at, `controller type ${type.value} is not known; ${hint}`)
  return undefined
}

/** What the driver says of itself, if that is known. */
function findDriver(
  driver: Read<string>,
  type: ControllerType,
  place: string,
  { drivers, findings }: ControllerContext,
): DriverDescription | undefined {
  const known = drivers?.[type]
  if (known === undefined) return undefined
  const found = known.find((candidate) => driverName(candidate) === driver.value)
  if (found === undefined) {
    const hint = didYouMean(driver.value, known.map(driverName))
    findings.add(driver.at, `${place}: there is no ${type} driver ${driver.value}; ${hint}`)
  }
  return typeof found === 'object' ? found : undefined
}

function driverName(driver: string | DriverDescription): string {
  return typeof driver === 'string' ? driver : driver.name
}

function readAxis(tree: Tree, type: ControllerType, place: string, context: ControllerContext): AxisEntry {
  const { names, findings, memberships } = context
  const fields = new Fields(tree, called(`${place}, axis`, tree), AXIS_FIELDS[type], findings)
  const name = fields.text('name', WORD)
  if (name !== undefined) names.defineElement(type, name.value, name.at)
  const instrument = fields.text('instrument', { ...INSTRUMENT, optional: true })
  if (name !== undefined && instrument !== undefined) {
    memberships.push({ element: name.value, instrument: instrument.value, at: instrument.at })
  }
  const settings: Record<string, number> = {}
  for (const [key, attribute] of type === 'motor' ? Object.entries(MOTOR_SETTINGS) : []) {
    const setting = readSetting(fields, key, findings)
    if (setting !== undefined) settings[attribute] = setting
  }
  return {
    name: name?.value ?? '',
    axis: fields.number('axis', { integer: true })?.value ?? 0,
    unit: fields.text('unit', { optional: true })?.value,
    limits: type === 'motor' ? readLimits(fields, findings) : undefined,
    settings,
  }
}

function readSetting(fields: Fields, key: string, findings: Findings): number | undefined {
  const positive = ['velocity', 'acceleration', 'deceleration'].includes(key)
  const integer = ['sign', 'backlash'].includes(key)
  const setting = fields.number(key, { optional: true, integer, ...(positive ? { above: 0 } : {}) })
  if (setting === undefined) return undefined
  if (key === 'stepsPerUnit' && setting.value === 0) findings.add(setting.at, 'stepsPerUnit must not be 0')
  if (key === 'sign' && Math.abs(setting.value) !== 1) findings.add(setting.at, 'sign must be 1 or -1')
  if (key === 'baseRate' && setting.value < 0) findings.add(setting.at, 'baseRate must not be negative')
  return setting.value
}

function readLimits(fields: Fields, findings: Findings): readonly [number, number] | undefined {
  const tree = fields.tree('limits')
  if (tree === undefined) return undefined
  const [low, high, ...more] = tree.kind === 'list' ? tree.items.map(plain) : []
  if (typeof low === 'number' && typeof high === 'number' && more.length === 0 && low < high) return [low, high]
  findings.add(tree.at, 'limits should be two numbers, [lower, upper], the lower one first')
  return undefined
}

/** Axis numbers that a simulator has, when the file lists them. */
function simulatedAxes(tree: Tree | undefined): readonly number[] | undefined {
  if (tree?.kind !== 'map') return undefined
  const axes = tree.entries.find(({ key }) => key === 'axes')?.value
  if (axes?.kind !== 'list') return undefined
  return axes.items.map(plain).filter((axis) => typeof axis === 'number')
}
