// A beamline as the content of a Tango database: which devices there should be, with which properties. Says nothing
// about what is in the database already, except the numbers (ids) that elements have and keep.

import type {
  AxisEntry,
  Beamline,
  ControllerEntry,
  DeviceEntry,
  InstrumentEntry,
  SessionEntry,
  StartupEntry,
} from './beamline.ts'
import { attributeSettings } from './plain-devices.ts'
import { asciiJson } from './text.ts'

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

/** The start-up record that a server should have: host, mode and level of `DbPutServerInfo`. */
export type WishedServer = StartupEntry

/** A free object of the database with its properties, which are all that it should have. */
export interface WishedObject {
  /** `bandoneon/session/alignment` */
  readonly name: string
  readonly properties: Readonly<Record<string, readonly string[]>>
}

/** Everything that a beamline wants to find in the database. */
export interface Wish {
  /** In the order of creation: what is referred to comes first. */
  readonly devices: readonly WishedDevice[]
  readonly servers: readonly WishedServer[]
  /** Sessions and instruments. Others below {@link SESSION_OBJECT} and {@link INSTRUMENT_OBJECT} should not be there. */
  readonly objects: readonly WishedObject[]
}

/** Free objects of sessions begin so. */
export const SESSION_OBJECT = 'bandoneon/session/'

/** Free objects of instruments begin so; the path of the instrument follows. */
export const INSTRUMENT_OBJECT = 'bandoneon/instrument/'

/** What a wish needs to know. */
export interface WishOptions {
  /** Number of a device or of an instrument's free object by name; the same at every call. Kept in the property `Id`. */
  readonly idOf: (name: string) => number
  /** Addresses of the simulated boxes that run, by name. */
  readonly boxes: Readonly<Record<string, { readonly host: string; readonly port: number }>>
  /** Folder for scan files and logs. */
  readonly dataFolder: string | undefined
}

/** Devices, start-up records and free objects of a beamline. */
export function wholeWishOf(beamline: Beamline, options: WishOptions): Wish {
  return {
    devices: wishOf(beamline, options),
    servers: beamline.startup,
    objects: [
      ...beamline.instruments.map((i) => instrumentObject(i, options)),
      ...beamline.sessions.map(sessionObject),
    ],
  }
}

/** The devices alone, in the order of creation. */
export function wishOf(beamline: Beamline, options: WishOptions): readonly WishedDevice[] {
  const instruments = new Map(beamline.instruments.flatMap((i) => i.elements.map((element) => [element, i] as const)))
  return [
    ...beamline.devices.map((device) => ({
      ...plainDevice(device.device, device.server, device.class, device.alias, device.properties),
      settings: attributeSettings(device),
    })),
    ...controllerHosts(beamline),
    ...beamline.controllers.flatMap((controller) => controllerDevices(controller, instruments, options)),
    ...poolDevices(beamline, options),
    ...beamline.recorders.map(({ server, device, alias, recorders }) =>
      plainDevice(device, server, 'Recorder', alias, {
        ...(recorders.length === 0 ? {} : { Recorders: recorders }),
        ...dataFolder(options),
      }),
    ),
    ...macroServerDevices(beamline, options),
  ]
}

function byPath(a: InstrumentEntry, b: InstrumentEntry): number {
  return a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1
}

function instrumentObject(instrument: InstrumentEntry, { idOf }: WishOptions): WishedObject {
  const name = instrumentObjectName(instrument)
  return {
    name,
    properties: {
      Id: [String(idOf(name))],
      Path: [instrument.name],
      Class: [instrument.class],
      Elements: instrument.elements,
      Description: instrument.description === undefined ? [] : [instrument.description],
    },
  }
}

function instrumentObjectName({ name }: InstrumentEntry): string {
  return `${INSTRUMENT_OBJECT}${name.slice(1)}`.toLowerCase()
}

function sessionObject(session: SessionEntry): WishedObject {
  return {
    name: `${SESSION_OBJECT}${session.name}`.toLowerCase(),
    properties: {
      Name: [session.name],
      Description: session.description === undefined ? [] : [session.description],
      Extends: session.extends,
      Include: session.include,
      Exclude: session.exclude,
      Elements: session.elements,
      Defaults: environmentLines(session.defaults),
      Metadata: session.metadata,
      Techniques: environmentLines(session.techniques),
      MacroPath: session.macroPath,
      Setup: session.setup === undefined ? [] : [session.setup],
    },
  }
}

/** `name=JSON`, one line per variable. */
function environmentLines(environment: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(environment).map(([key, value]) => `${key}=${asciiJson(value)}`)
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
export function controllerHosts({ servers, pool }: Pick<Beamline, 'servers' | 'pool'>): readonly WishedDevice[] {
  const hosts = servers
    .filter((server) => /^Controllers\//i.test(server))
    .map((server) => plainDevice(`controllerhost/${server.split('/')[1] ?? ''}/1`, server, 'ControllerHost'))
  if (pool === undefined) return hosts
  // the pool's instance may be called like one of the hosts
  return [...hosts, plainDevice(`controllerhost/${pool.server.replace('/', '_')}/1`, pool.server, 'ControllerHost')]
}

function controllerDevices(
  controller: ControllerEntry,
  instruments: ReadonlyMap<string, InstrumentEntry>,
  { idOf, boxes }: WishOptions,
): readonly WishedDevice[] {
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
    const instrument = instruments.get(axis.name)
    return {
      ...plainDevice(axisName, server, type === 'motor' ? 'Motor' : 'CTExpChannel', axis.name, {
        Axis: [String(axis.axis)],
        Ctrl_id: [String(idOf(device))],
        Id: [String(idOf(axisName))],
        Controller: [device],
        // without an instrument there should be no such property
        Instrument: instrument === undefined ? [] : [instrument.name],
        Instrument_id: instrument === undefined ? [] : [String(idOf(instrumentObjectName(instrument)))],
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

/** Devices of the groups of a pool, with the names of the groups. */
export function groupDevices(
  pool: DeviceEntry,
  { motorGroups, measurementGroups }: Pick<Beamline, 'motorGroups' | 'measurementGroups'>,
): readonly { readonly device: string; readonly name: string }[] {
  return [
    ...motorGroups.map(({ name }) => ({ device: groupDevice(pool, 'mg', name), name })),
    ...measurementGroups.map(({ name }) => ({ device: groupDevice(pool, 'mntgrp', name), name })),
  ]
}

function groupDevice({ alias, device }: DeviceEntry, domain: string, name: string): string {
  return `${domain}/${alias ?? device.replaceAll('/', '_')}/${name}`.toLowerCase()
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
    const device = groupDevice(pool, domain, name)
    return { ...plainDevice(device, pool.server, deviceClass, name, { Id: [String(idOf(device))] }), settings }
  }
  return [
    plainDevice(pool.device, pool.server, 'Pool', pool.alias, {
      Controllers: beamline.controllers.map(controllerDevice),
      // in the order of their paths, whatever that of the files
      InstrumentList: [...beamline.instruments]
        .sort(byPath)
        .flatMap((instrument) => [instrument.class, instrument.name, String(idOf(instrumentObjectName(instrument)))]),
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
  return [
    plainDevice(macroServer.device, macroServer.server, 'MacroServer', macroServer.alias, {
      PoolNames: pool === undefined ? [] : [pool.device],
      MacroPath: macroServer.macroPath,
      Recorders: beamline.recorders.map(({ device }) => device),
      Environment: environmentLines(macroServer.environment),
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
