// Reads a beamline from the tree of its file and checks everything that can be checked without a database.

import type {
  Beamline,
  ControllerEntry,
  DeviceEntry,
  MacroServerEntry,
  MeasurementGroupEntry,
  RecorderEntry,
  SimulatorEntry,
} from './beamline.ts'
import { type Drivers, readController } from './check-controller.ts'
import { readPlainDevice } from './check-devices.ts'
import { readMeasurementGroup, readMotorGroup } from './check-groups.ts'
import { type Membership, readInstruments } from './check-instruments.ts'
import { readServers } from './check-servers.ts'
import { checkActiveGroup, readEnvironment, readSessions } from './check-sessions.ts'
import { Names } from './names.ts'
import { DEVICE, SERVER, SIMULATOR_KINDS, WORD } from './rules.ts'
import { didYouMean } from './suggest.ts'
import { Fields, type Findings, plain, type Tree } from './tree.ts'
import { axisDevice, controllerDevice, controllerHosts, groupDevices } from './wish.ts'

/** Fields of a beamline. `include` and `variables` are gone when the fields are read. */
const TOP = [
  'version',
  'name',
  'simulators',
  'world',
  'hosts',
  'servers',
  'devices',
  'pool',
  'controllers',
  'measurementGroups',
  'motorGroups',
  'macroServer',
  'doors',
  'recorders',
  'instruments',
  'sessions',
] as const

/** Parts of a beamline that other systems have and later versions will have. */
const LATER = ['pseudoMotors', 'pseudoCounters', 'triggers', 'detectors', 'ioRegisters', 'receivers', 'pipelines']

/** What the checks may know of the program. */
export interface CheckOptions {
  /** Drivers that exist; without them driver names are not checked. */
  readonly drivers?: Drivers | undefined
}

/** Reads the tree; what is wrong is added to the findings, and the result is only of use when there are none. */
export function checkBeamline(tree: Tree, findings: Findings, options: CheckOptions): Beamline {
  const top = new Fields(withoutLaterParts(tree, findings), 'beamline', TOP, findings)
  const version = top.number('version')
  if (version !== undefined && version.value !== 1) {
    findings.add(version.at, `version ${version.value} is not known; this program reads version 1`)
  }
  const names = new Names(findings)
  const { hosts, startup } = readServers(top, names, findings)
  const simulators = top.entries('simulators').map(({ key, at, value }): SimulatorEntry => {
    const fields = new Fields(value, `simulator ${key}`, fieldNames(value, ['kind']), findings)
    names.define('simulator', key, at, value)
    const { kind: _kind, ...given } = value.kind === 'map' ? Object.fromEntries(plainEntries(value)) : {}
    const kind = fields.text('kind')
    if (kind !== undefined && !SIMULATOR_KINDS.some((known) => known === kind.value)) {
      const hint = didYouMean(kind.value, SIMULATOR_KINDS)
      findings.add(kind.at, `simulator ${key}: ${kind.value} is no box that can be simulated; ${hint}`)
    }
    return { name: key, kind: kind?.value ?? '', options: given }
  })
  const pool = single(top, 'pool', ['server', 'device', 'alias'], names, findings)
  const memberships: Membership[] = []
  const { drivers } = options
  const controllers = top
    .list('controllers')
    .map((item): ControllerEntry => readController(item, { names, findings, pool, drivers, memberships }))
  const measurementGroups = top.list('measurementGroups').map((item) => readMeasurementGroup(item, names, findings))
  const motorGroups = top.list('motorGroups').map((item) => readMotorGroup(item, names, findings))
  const grouped = top.list('measurementGroups')[0] ?? top.list('motorGroups')[0]
  if (pool === undefined && grouped !== undefined) findings.add(grouped.at, 'groups need a pool; add the field pool')
  const instruments = readInstruments(top, memberships, names, findings)
  const macroServer = readMacroServer(top, measurementGroups, names, findings)
  const doors = top.list('doors').map((item): DeviceEntry => {
    const fields = new Fields(item, 'door', ['server', 'device', 'alias'], findings)
    if (macroServer === undefined) findings.add(item.at, 'doors need a macro server; add the field macroServer')
    return readDevice(fields, 'door', names, { server: macroServer?.server })
  })
  const recorders = top.list('recorders').map((item): RecorderEntry => {
    const fields = new Fields(item, 'recorder', ['server', 'device', 'alias', 'recorders'], findings)
    return { ...readDevice(fields, 'recorder', names), recorders: fields.texts('recorders').map((r) => r.value) }
  })
  const devices = top.list('devices').map((item) => readPlainDevice(item, names, findings))
  const worldTree = top.tree('world')
  if (worldTree !== undefined && worldTree.kind !== 'map') findings.add(worldTree.at, 'world should be a map')
  names.reportIdleServers()
  const content = { controllers, motorGroups, measurementGroups, instruments }
  const sessions = readSessions(top, content, findings)
  for (const controller of controllers) {
    names.deriveDevice(controllerDevice(controller), `controller ${controller.name}`)
    for (const axis of controller.axes) names.deriveDevice(axisDevice(controller, axis), axis.name)
  }
  const groupNames = pool === undefined ? [] : groupDevices(pool, { motorGroups, measurementGroups })
  for (const { device, name } of groupNames) names.deriveDevice(device, name)
  for (const { name, server } of controllerHosts({ servers: names.servers, pool })) {
    names.deriveDevice(name, `the controllers of ${server}`)
  }
  names.reportTakenDevices()
  return {
    version: 1,
    name: top.text('name', WORD)?.value ?? '',
    simulators: simulators.map((simulator) => withNamedAxes(simulator, controllers)),
    world: worldTree?.kind === 'map' ? Object.fromEntries(plainEntries(worldTree)) : {},
    hosts,
    servers: names.servers,
    startup,
    devices,
    pool,
    controllers,
    measurementGroups,
    motorGroups,
    macroServer,
    doors,
    recorders,
    instruments,
    sessions,
  }
}

/** Reports what this version cannot do yet in words of its own. */
function withoutLaterParts(tree: Tree, findings: Findings): Tree {
  if (tree.kind !== 'map') return tree
  for (const { key, at } of tree.entries.filter((entry) => LATER.includes(entry.key))) {
    findings.add(at, `beamline: ${key} come with a later version; this one has motor and counter controllers`)
  }
  return { ...tree, entries: tree.entries.filter(({ key }) => !LATER.includes(key)) }
}

function readMacroServer(
  top: Fields,
  groups: readonly MeasurementGroupEntry[],
  names: Names,
  findings: Findings,
): MacroServerEntry | undefined {
  const tree = top.tree('macroServer')
  if (tree === undefined) return undefined
  const known = ['server', 'device', 'alias', 'macroPath', 'environment']
  const fields = new Fields(tree, 'macroServer', known, findings)
  const environment = readEnvironment(fields, 'environment', 'macroServer', findings)
  const active = environment.get('ActiveMntGrp')
  const groupNames = groups.map(({ name }) => name)
  if (active !== undefined) checkActiveGroup(active, groupNames, 'macroServer', findings)
  return {
    ...readDevice(fields, 'macroServer', names),
    macroPath: fields.texts('macroPath').map(({ value }) => value),
    environment: Object.fromEntries([...environment].map(([key, { value }]) => [key, value])),
  }
}

function single(
  top: Fields,
  key: string,
  known: readonly string[],
  names: Names,
  findings: Findings,
): DeviceEntry | undefined {
  const tree = top.tree(key)
  return tree === undefined ? undefined : readDevice(new Fields(tree, key, known, findings), key, names)
}

function readDevice(
  fields: Fields,
  place: string,
  names: Names,
  defaults: { readonly server?: string | undefined } = {},
): DeviceEntry {
  const server = fields.text('server', { ...SERVER, optional: defaults.server !== undefined })
  const device = fields.text('device', DEVICE)
  const alias = fields.text('alias', { ...WORD, optional: true })
  if (server !== undefined) names.needServer(server.value, server.at, place)
  else if (defaults.server !== undefined) names.use(defaults.server)
  if (device !== undefined) names.define('device', device.value, device.at)
  if (alias !== undefined) names.define('alias', alias.value, alias.at)
  return { server: server?.value ?? defaults.server ?? '', device: device?.value ?? '', alias: alias?.value }
}

/** A list of axis numbers as the simulators want it: options by number, here the name of the motor on it. */
function withNamedAxes(simulator: SimulatorEntry, controllers: readonly ControllerEntry[]): SimulatorEntry {
  const { axes } = simulator.options
  if (!Array.isArray(axes)) return simulator
  const motors = controllers.filter((c) => c.simulator === simulator.name).flatMap((c) => c.axes)
  const named = axes.map((axis: unknown) => {
    const name = motors.find((motor) => motor.axis === axis)?.name
    return [String(axis), name === undefined ? {} : { name }] as const
  })
  return { ...simulator, options: { ...simulator.options, axes: Object.fromEntries(named) } }
}

function plainEntries(tree: Tree & { readonly kind: 'map' }): readonly (readonly [string, unknown])[] {
  return tree.entries.map(({ key, value }) => [key, plain(value)] as const)
}

/** Fields of a map that are there, and those that are known anyhow: nothing is then unknown. */
function fieldNames(tree: Tree, known: readonly string[]): readonly string[] {
  return tree.kind === 'map' ? [...known, ...tree.entries.map(({ key }) => key)] : known
}
