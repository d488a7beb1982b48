// A beamline of ours as a Sardana system, for people who go the other way or compare.

import type { AxisEntry, Beamline, ControllerEntry, MeasurementGroupEntry } from '../config/beamline.ts'
import type { ExchangeReport } from './report.ts'
import type {
  SardanaAttribute,
  SardanaChannel,
  SardanaController,
  SardanaGroup,
  SardanaMacroServer,
  SardanaPool,
  SardanaSystem,
} from './sardana-model.ts'

/** Our drivers to Sardana's controllers. */
const CLASSES: Readonly<
  Record<string, { readonly class: string; readonly library: string; readonly axisOffset?: number }>
> = {
  'dummy-motor': { class: 'DummyMotorController', library: 'DummyMotorController.py' },
  'dummy-counter': { class: 'DummyCounterTimerController', library: 'DummyCounterTimerController.py' },
  icepap: { class: 'IcepapController', library: 'IcepapCtrl.py' },
  electrometer: { class: 'Albaem2CoTiCtrl', library: 'Albaem2CoTiCtrl.py', axisOffset: 1 },
}

interface Target {
  readonly name: string
  readonly factor?: number
}

/** Our properties to those of Sardana's controllers; a factor converts numbers. */
const PROPERTIES: Readonly<Record<string, Readonly<Record<string, Target>>>> = {
  icepap: { host: { name: 'Host' }, port: { name: 'Port' }, timeoutms: { name: 'Timeout', factor: 0.001 } },
  electrometer: { host: { name: 'AlbaEmHost' }, port: { name: 'Port' } },
  'dummy-motor': {},
  'dummy-counter': {},
}

/** Makes the system; what Sardana has no place for goes to the report. */
export function sardanaSystem(beamline: Beamline, report: ExchangeReport): SardanaSystem {
  const name = beamline.pool?.server.split('/')[1] ?? beamline.name
  reportOwn(beamline, report)
  const instruments = new Map(
    beamline.instruments.flatMap((i) => i.elements.map((element) => [element, i.name] as const)),
  )
  const pool: SardanaPool = {
    name,
    place: 'pool',
    server: beamline.pool?.server ?? `Pool/${name}`,
    device: beamline.pool?.device ?? `pool/${name}/1`,
    alias: beamline.pool?.alias,
    properties: [],
    instruments: beamline.instruments.map((entry) => ({ name: entry.name, class: entry.class, place: entry.name })),
    controllers: beamline.controllers.map((controller) => controllerOf(controller, beamline, instruments, report)),
    groups: beamline.measurementGroups.map((group) => groupOf(group, beamline)),
    motorGroups: [],
  }
  const { macroServer } = beamline
  const macroServers: SardanaMacroServer[] =
    macroServer === undefined
      ? []
      : [
          {
            name: macroServer.server.split('/')[1] ?? name,
            place: 'macroServer',
            server: macroServer.server,
            device: macroServer.device,
            alias: macroServer.alias,
            macroPath: [],
            properties: [],
            pools: [name],
            doors: beamline.doors.map(({ device, alias, server }) => ({ place: device, device, alias, server })),
            environment: new Map(Object.entries(macroServer.environment)),
          },
        ]
  return { pools: [pool], macroServers }
}

function controllerOf(
  controller: ControllerEntry,
  beamline: Beamline,
  instruments: ReadonlyMap<string, string>,
  report: ExchangeReport,
): SardanaController {
  const { name, driver, type, server, simulator } = controller
  const place = `controller ${name}`
  const known = CLASSES[driver]
  if (known === undefined) {
    report.changed(place, `Sardana has no controller for our driver ${driver}; python_class ${driver} is a placeholder`)
  }
  if (server !== beamline.pool?.server) {
    report.changed(place, `it runs in the pool's server there, not in ${server}`)
  }
  if (simulator !== undefined) report.lost(place, `there is no place for the simulator ${simulator}; set its host`)
  const properties = Object.entries(controller.properties).flatMap(([key, values]) => {
    const target: Target | undefined = known === undefined ? { name: key } : PROPERTIES[driver]?.[key.toLowerCase()]
    if (target === undefined) {
      // the dummies there have any number of axes
      if (key !== 'AxisCount') report.lost(place, `there is no place for property ${key} (${values.join(', ')})`)
      return []
    }
    const { factor } = target
    const scaled = factor === undefined ? values : values.map((value) => String(Number(value) * factor))
    return [{ name: target.name, place, values: scaled }]
  })
  const offset = known?.axisOffset ?? 0
  if (offset !== 0) report.changed(place, `axes are numbered from ${1 + offset} there: axis 1 is the timer`)
  return {
    name,
    place,
    type: type === 'motor' ? 'Motor' : 'CTExpChannel',
    class: known?.class ?? driver,
    library: known?.library ?? `${driver}.py`,
    device: undefined,
    server: undefined,
    description: undefined,
    properties,
    attributes: [],
    roles: [],
    elements: controller.axes.map((axis) => ({
      name: axis.name,
      place: `${place}, axis ${axis.name}`,
      axis: axis.axis + offset,
      device: undefined,
      instrument: instruments.get(axis.name),
      description: undefined,
      attributes: attributesOf(axis, type),
      properties: [],
    })),
  }
}

function attributesOf({ unit, limits, settings }: AxisEntry, type: ControllerEntry['type']): SardanaAttribute[] {
  const attribute = (name: string, config: readonly (readonly [string, string])[]): SardanaAttribute[] =>
    config.length === 0 ? [] : [{ name, place: name, config: new Map(config) }]
  const ofUnit = unit === undefined ? [] : [['unit', unit] as const]
  if (type === 'counter') return attribute('Value', ofUnit)
  const ofLimits =
    limits === undefined ? [] : [['min_value', String(limits[0])] as const, ['max_value', String(limits[1])] as const]
  return [
    ...attribute('Position', [...ofUnit, ...ofLimits]),
    ...attribute('DialPosition', ofUnit),
    ...Object.entries(settings).flatMap(([name, value]) => attribute(name, [['value', String(value)]])),
  ]
}

function groupOf({ name, channels, timer }: MeasurementGroupEntry, beamline: Beamline): SardanaGroup {
  const controllers = beamline.controllers.map(({ axes }) => new Set(axes.map((axis) => axis.name)))
  const ofTimer = controllers.find((axes) => axes.has(timer))
  const first = channels.find((channel) => ofTimer?.has(channel))
  const items = channels.map((channel): SardanaChannel => {
    // the first channel of a controller is its timer anyhow
    const isNamed = timer !== first && ofTimer?.has(channel) === true
    return { name: channel, place: name, options: new Map(isNamed ? [['timer', timer]] : []) }
  })
  return { name, place: `measurement group ${name}`, description: undefined, channels: items, timer: undefined }
}

function reportOwn(beamline: Beamline, report: ExchangeReport): void {
  const lost = (what: string, names: readonly string[]): void => {
    if (names.length > 0) report.lost(what, `there is no place for ${what}: ${names.join(', ')}`)
  }
  lost(
    'simulators',
    beamline.simulators.map(({ name }) => name),
  )
  lost(
    'devices',
    beamline.devices.map(({ device }) => device),
  )
  lost(
    'recorders',
    beamline.recorders.map(({ device }) => device),
  )
  lost(
    'motorGroups',
    beamline.motorGroups.map(({ name }) => name),
  )
  lost(
    'sessions',
    beamline.sessions.map(({ name }) => name),
  )
  lost(
    'hosts',
    beamline.hosts.map(({ name }) => name),
  )
  lost('macroPath', beamline.macroServer?.macroPath ?? [])
}
