// A beamline as the content of a Tango database: which devices there should be, with which properties. Says nothing
// about what is in the database already, except the numbers (ids) that elements have and keep.

import type { AxisEntry, Beamline, ControllerEntry } from './beamline.ts'

/** A device that should be defined. */
export interface WishedDevice {
  readonly name: string
  readonly server: string
  readonly class: string
  readonly alias: string | undefined
  /** Properties that the beamline file owns: set whenever they differ. */
  readonly properties: Readonly<Record<string, readonly string[]>>
  /** Values that users may change: set when missing, and when the file has changed. */
  readonly settings: readonly Setting[]
}

/** A device property, or with `attribute` an attribute property, that users may change. */
export interface Setting {
  readonly attribute: string | undefined
  readonly property: string
  readonly values: readonly string[]
}

/** What a wish needs to know. */
export interface WishOptions {
  /** Number of an element by device name; the same at every call. */
  readonly idOf: (device: string) => number
  /** Addresses of the simulated boxes that run, by name. */
  readonly boxes: Readonly<Record<string, { readonly host: string; readonly port: number }>>
  /** Folder for scan files and logs. */
  readonly dataFolder: string | undefined
}

/** Everything that a beamline wants to find in the database, in the order of creation. */
export function wishOf(beamline: Beamline, options: WishOptions): readonly WishedDevice[] {
  return [
    ...controllerHosts(beamline),
    ...beamline.controllers.flatMap((controller) => controllerDevices(controller, options)),
    ...poolDevices(beamline, options),
    ...macroServerDevices(beamline, options),
    ...beamline.recorders.map(({ server, device, alias, recorders }) =>
      plainDevice(device, server, 'Recorder', alias, {
        ...(recorders.length === 0 ? {} : { Recorders: recorders }),
        ...dataFolder(options),
      }),
    ),
  ]
}

/** `controller/icepap/icepap` */
export function controllerDevice({ driver, name }: ControllerEntry): string {
  return `controller/${driver}/${name}`.toLowerCase()
}

/** Device of an axis: `motor/icepap/1`, `expchan/em01/1`. */
export function axisDevice(controller: ControllerEntry, { axis }: AxisEntry): string {
  const domain = controller.type === 'motor' ? 'motor' : 'expchan'
  return `${domain}/${controller.name}/${axis}`.toLowerCase()
}

/** One in every server of controllers, and one in the pool's server for the controllers that name no server. */
function controllerHosts({ servers, pool }: Beamline): readonly WishedDevice[] {
  const hosts = servers
    .filter((server) => /^Controllers\//i.test(server))
    .map((server) => plainDevice(`controllerhost/${server.split('/')[1] ?? ''}/1`, server, 'ControllerHost'))
  if (pool === undefined) return hosts
  // the pool's instance may be called like one of the hosts
  return [...hosts, plainDevice(`controllerhost/${pool.server.replace('/', '_')}/1`, pool.server, 'ControllerHost')]
}

function controllerDevices(controller: ControllerEntry, { idOf, boxes }: WishOptions): readonly WishedDevice[] {
  const { name, server, type, driver, simulator, properties } = controller
  const device = controllerDevice(controller)
  const box = simulator === undefined ? undefined : boxes[simulator]
  const host = plainDevice(device, server, 'Controller', name, {
    Type: [type === 'motor' ? 'Motor' : 'CTExpChannel'],
    Klass: [driver],
    Library: [driver],
    Id: [String(idOf(device))],
    ...(simulator === undefined ? {} : { Connection: [simulator] }),
    ...(box === undefined ? {} : { Host: [box.host], Port: [String(box.port)] }),
    ...properties,
  })
  const axes = controller.axes.map((axis): WishedDevice => {
    const axisName = axisDevice(controller, axis)
    return {
      ...plainDevice(axisName, server, type === 'motor' ? 'Motor' : 'CTExpChannel', axis.name, {
        Axis: [String(axis.axis)],
        Ctrl_id: [String(idOf(device))],
        Id: [String(idOf(axisName))],
        Controller: [device],
      }),
      settings: axisSettings(controller, axis),
    }
  })
  return [host, ...axes]
}

function axisSettings({ type }: ControllerEntry, { unit, limits, settings }: AxisEntry): readonly Setting[] {
  const wished: Setting[] = []
  const add = (attribute: string, property: string, value: string | number): void => {
    wished.push({ attribute, property, values: [String(value)] })
  }
  const value = type === 'motor' ? 'Position' : 'Value'
  if (limits !== undefined) {
    add(value, 'min_value', limits[0])
    add(value, 'max_value', limits[1])
  }
  if (unit !== undefined) {
    add(value, 'unit', unit)
    if (type === 'motor') {
      add('DialPosition', 'unit', unit)
      add('Velocity', 'unit', `${unit}/s`)
    }
  }
  for (const [attribute, first] of Object.entries(settings)) add(attribute, '__value', first)
  return wished
}

function poolDevices(beamline: Beamline, { idOf }: WishOptions): readonly WishedDevice[] {
  const { pool } = beamline
  if (pool === undefined) return []
  const devices = new Map(
    beamline.controllers.flatMap((c) => c.axes.map((axis) => [axis.name, axisDevice(c, axis)] as const)),
  )
  /** Elements are kept by number; what is no element of the pool stays a text. */
  const reference = (name: string): string => {
    const device = devices.get(name)
    return device === undefined ? name : String(idOf(device))
  }
  const group = (domain: string, deviceClass: string, name: string, settings: readonly Setting[]): WishedDevice => {
    const device = `${domain}/${pool.alias ?? pool.device.replaceAll('/', '_')}/${name}`.toLowerCase()
    return { ...plainDevice(device, pool.server, deviceClass, name, { Id: [String(idOf(device))] }), settings }
  }
  return [
    plainDevice(pool.device, pool.server, 'Pool', pool.alias, {
      Controllers: beamline.controllers.map(controllerDevice),
    }),
    ...beamline.motorGroups.map(({ name, motors }) =>
      group('mg', 'MotorGroup', name, [setting('Elements', motors.map(reference))]),
    ),
    ...beamline.measurementGroups.map(({ name, channels, timer }) =>
      group('mntgrp', 'MeasurementGroup', name, [
        setting('Elements', channels.map(reference)),
        setting('Timer', [timer]),
      ]),
    ),
  ]
}

function macroServerDevices(beamline: Beamline, options: WishOptions): readonly WishedDevice[] {
  const { macroServer, pool } = beamline
  if (macroServer === undefined) return []
  const environment = Object.entries(macroServer.environment).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return [
    plainDevice(macroServer.device, macroServer.server, 'MacroServer', macroServer.alias, {
      PoolNames: pool === undefined ? [] : [pool.device],
      MacroPath: macroServer.macroPath,
      Recorders: beamline.recorders.map(({ device }) => device),
      Environment: environment,
      ...dataFolder(options),
    }),
    ...beamline.doors.map(({ server, device, alias }) =>
      plainDevice(device, server, 'Door', alias, {
        MacroServerName: [macroServer.device],
        Id: [String(options.idOf(device))],
      }),
    ),
  ]
}

function dataFolder({ dataFolder: folder }: WishOptions): Record<string, readonly string[]> {
  return folder === undefined ? {} : { DataFolder: [folder] }
}

function setting(property: string, values: readonly string[]): Setting {
  return { attribute: undefined, property, values }
}

function plainDevice(
  name: string,
  server: string,
  deviceClass: string,
  alias?: string,
  properties: Readonly<Record<string, readonly string[]>> = {},
): WishedDevice {
  return { name: name.toLowerCase(), server, class: deviceClass, alias, properties, settings: [] }
}
