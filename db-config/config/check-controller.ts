// Reads one controller of a beamline file with its axes.

import {
  type AxisEntry,
  CONTROLLER_TYPES,
  type ControllerEntry,
  type ControllerType,
  type DeviceEntry,
} from './beamline.ts'
import type { Names } from './names.ts'
import { SERVER, WORD } from './rules.ts'
import { nearest } from './suggest.ts'
import { called, Fields, type Findings, type Mark, plain, type Read, type Tree } from './tree.ts'

/** Names of the drivers that exist, by type of controller. */
export type Drivers = Readonly<Record<ControllerType, readonly string[]>>

/** What a controller is read with. */
export interface ControllerContext {
  readonly names: Names
  readonly findings: Findings
  /** Its server holds controllers that name none. */
  readonly pool: DeviceEntry | undefined
  readonly drivers: Drivers | undefined
}

const KNOWN = ['name', 'server', 'type', 'driver', 'simulator', 'properties', 'axes']

/** Fields that become memorized attributes, with the attribute's Tango name. */
const MOTOR_SETTINGS: Readonly<Record<string, string>> = {
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
  motor: ['name', 'axis', 'unit', 'limits', ...Object.keys(MOTOR_SETTINGS)],
  counter: ['name', 'axis', 'unit'],
}

/** Properties of the device class itself; a driver's property cannot have these names. */
const RESERVED = ['Type', 'Klass', 'Library', 'Id', 'Connection']

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
  if (driver !== undefined && type !== undefined) checkDriver(driver, type, place, context)
  const server = fields.text('server', { ...SERVER, optional: true })
  if (server !== undefined) names.needServer(server.value, server.at, place)
  else if (pool === undefined) findings.add(item.at, `${place}: server is missing, and there is no pool to hold it`)
  const properties = readProperties(fields, place, findings)
  const simulator = fields.text('simulator', { optional: true })
  const numbers = simulator && simulatedAxes(names.needSimulator(simulator.value, simulator.at, place))
  if (simulator !== undefined) {
    for (const key of ['Host', 'Port'].filter((property) => property in properties)) {
      findings.add(
        simulator.at,
        `${place}: property ${key} is set, but it comes from the simulator; remove one of them`,
      )
    }
  }
  const taken = new Map<number, Mark>()
  const axes = fields.list('axes', {}).map((tree) => {
    const axis = readAxis(tree, type ?? 'motor', place, context)
    const before = taken.get(axis.axis)
    if (before !== undefined)
      findings.add(tree.at, `${place}: axis ${axis.axis} is already named in line ${before.line}`)
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
  const meant = nearest(type.value, CONTROLLER_TYPES)
  const hint = meant === undefined ? `known types: ${CONTROLLER_TYPES.join(', ')}` : `did you mean ${meant}?`
  findings.add(type.at, `controller type ${type.value} is not known; ${hint}`)
  return undefined
}

function checkDriver(driver: Read<string>, type: ControllerType, place: string, context: ControllerContext): void {
  const known = context.drivers?.[type]
  if (known === undefined || known.includes(driver.value)) return
  const meant = nearest(driver.value, known)
  const hint = meant === undefined ? `known drivers: ${known.join(', ')}` : `did you mean ${meant}?`
  context.findings.add(driver.at, `${place}: there is no ${type} driver ${driver.value}; ${hint}`)
}

function readProperties(fields: Fields, place: string, findings: Findings): Record<string, readonly string[]> {
  const properties: Record<string, readonly string[]> = {}
  for (const { key, at, value } of fields.entries('properties')) {
    const name = key.charAt(0).toUpperCase() + key.slice(1)
    if (RESERVED.includes(name)) findings.add(at, `${place}: property ${key} is set by the program; remove it`)
    const values = [plain(value)].flat()
    if (values.some((v) => v === null || typeof v === 'object')) {
      findings.add(value.at, `${place}: property ${key} should be a value or a list of values`)
    }
    properties[name] = values.map(String)
  }
  return properties
}

function readAxis(tree: Tree, type: ControllerType, place: string, { names, findings }: ControllerContext): AxisEntry {
  const fields = new Fields(tree, called(`${place}, axis`, tree), AXIS_FIELDS[type], findings)
  const name = fields.text('name', WORD)
  if (name !== undefined) names.defineElement(type, name.value, name.at)
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
