// A beamline as its files describe it, version 1, checked and with all defaults filled in. Plain data.

/** A simulated box that the launcher starts; address and port are found out at its start. */
export interface SimulatorEntry {
  readonly name: string
  readonly kind: string
  /** Handed to the simulator; a list of axes has become their options by number. */
  readonly options: Readonly<Record<string, unknown>>
}

/** A computer that runs servers. */
export interface HostEntry {
  readonly name: string
  readonly description: string | undefined
}

/** Where a server runs and when it is started: the record that a Starter reads. */
export interface StartupEntry {
  readonly server: string
  readonly host: string
  /** Run level: servers of level 1 start first; 0 is started by nobody but people. */
  readonly level: number
  /** Whether a Starter may start and stop it. */
  readonly controlled: boolean
}

/** Kinds of controllers. */
export const CONTROLLER_TYPES = ['motor', 'counter'] as const

/** Kind of a controller. */
export type ControllerType = (typeof CONTROLLER_TYPES)[number]

/** One axis of a motor controller, or one channel of a counter controller. */
export interface AxisEntry {
  /** Alias of the device. */
  readonly name: string
  readonly axis: number
  readonly unit: string | undefined
  /** Lowest and highest position in user units. */
  readonly limits: readonly [number, number] | undefined
  /** First set points of memorized attributes, by Tango name. */
  readonly settings: Readonly<Record<string, number>>
}

/** A box, or a dummy, with its axes. */
export interface ControllerEntry {
  readonly name: string
  readonly server: string
  readonly type: ControllerType
  /** File name of the driver. */
  readonly driver: string
  /** Name of the simulator whose address is taken. */
  readonly simulator: string | undefined
  /** Properties of the driver by Tango name. */
  readonly properties: Readonly<Record<string, readonly string[]>>
  readonly axes: readonly AxisEntry[]
}

/** Channels counted together. */
export interface MeasurementGroupEntry {
  readonly name: string
  /** Names of channels, or full names of Tango attributes. */
  readonly channels: readonly string[]
  readonly timer: string
}

/** Motors moved together. */
export interface MotorGroupEntry {
  readonly name: string
  readonly motors: readonly string[]
}

/** Elements that belong together, as people and files know them; no device. */
export interface InstrumentEntry {
  /** Path: `/slits/front`. Its parents are entries too, and stand before it. */
  readonly name: string
  /** NeXus class: `NXslit`. */
  readonly class: string
  readonly description: string | undefined
  /** Elements that belong to it directly. */
  readonly elements: readonly string[]
}

/** What a group of users works with. */
export interface SessionEntry {
  readonly name: string
  readonly description: string | undefined
  /** Sessions whose content it takes over. */
  readonly extends: readonly string[]
  /** Names as the file says them: instruments (with all below them), controllers, elements, groups; empty for all. */
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** Elements and groups that it comes to, what it takes over included, in the order of the beamline. */
  readonly elements: readonly string[]
  /** First values of environment variables, those taken over included. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Elements of which every scan records the value, those taken over included. */
  readonly metadata: readonly string[]
  /** What a technique records in addition, by its name. */
  readonly techniques: Readonly<Record<string, readonly string[]>>
  /** Folders with macros, searched first; own ones before those taken over. */
  readonly macroPath: readonly string[]
  /** File that is run when the session starts, relative to the folder of the root file. */
  readonly setup: string | undefined
}

/** A device of which there is one per server, with an alias of its own. */
export interface DeviceEntry {
  readonly server: string
  readonly device: string
  readonly alias: string | undefined
}

/** A Tango device of any class, served by any program. */
export interface PlainDeviceEntry extends DeviceEntry {
  readonly class: string
  /** By name. */
  readonly properties: Readonly<Record<string, readonly string[]>>
  /** Properties of attributes, by attribute. */
  readonly attributes: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

/** The macro server. */
export interface MacroServerEntry extends DeviceEntry {
  readonly macroPath: readonly string[]
  /** First values of environment variables. */
  readonly environment: Readonly<Record<string, unknown>>
}

/** A writer of scan files. */
export interface RecorderEntry extends DeviceEntry {
  /** File names in `data/recorders`; empty for the default. */
  readonly recorders: readonly string[]
}

/** All of a beamline. */
export interface Beamline {
  readonly version: 1
  readonly name: string
  readonly simulators: readonly SimulatorEntry[]
  /** Handed to the simulators. */
  readonly world: Readonly<Record<string, unknown>>
  readonly hosts: readonly HostEntry[]
  readonly servers: readonly string[]
  /** One for each server that has a host. */
  readonly startup: readonly StartupEntry[]
  /** Plain Tango devices. */
  readonly devices: readonly PlainDeviceEntry[]
  readonly pool: DeviceEntry | undefined
  readonly controllers: readonly ControllerEntry[]
  readonly measurementGroups: readonly MeasurementGroupEntry[]
  readonly motorGroups: readonly MotorGroupEntry[]
  readonly macroServer: MacroServerEntry | undefined
  readonly doors: readonly DeviceEntry[]
  readonly recorders: readonly RecorderEntry[]
  readonly instruments: readonly InstrumentEntry[]
  readonly sessions: readonly SessionEntry[]
}
