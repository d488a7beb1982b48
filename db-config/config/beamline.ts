// A beamline as its file describes it, version 1, checked and with all defaults filled in. Plain data.

/** A simulated box that the launcher starts; address and port are found out at its start. */
export interface SimulatorEntry {
  readonly name: string
  readonly kind: string
  /** Handed to the simulator; a list of axes has become their options by number. */
  readonly options: Readonly<Record<string, unknown>>
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

/** A device of which there is one per server, with an alias of its own. */
export interface DeviceEntry {
  readonly server: string
  readonly device: string
  readonly alias: string | undefined
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

/** All of a beamline file. */
export interface Beamline {
  readonly version: 1
  readonly name: string
  readonly simulators: readonly SimulatorEntry[]
  /** Handed to the simulators. */
  readonly world: Readonly<Record<string, unknown>>
  readonly servers: readonly string[]
  readonly pool: DeviceEntry | undefined
  readonly controllers: readonly ControllerEntry[]
  readonly measurementGroups: readonly MeasurementGroupEntry[]
  readonly motorGroups: readonly MotorGroupEntry[]
  readonly macroServer: MacroServerEntry | undefined
  readonly doors: readonly DeviceEntry[]
  readonly recorders: readonly RecorderEntry[]
}
