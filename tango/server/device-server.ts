// One logical server (`Pool/demo1`): its devices, its admin device, start, changes at run time, stop. Several may live in
// one process; they share its port and its event sockets.

import type { PropertySpec } from '../types/device-spec.ts'
import type { TangoProcess } from '../process.ts'
import type { Device, DeviceClass } from './device.ts'

/** A device in a list of devices to serve. */
export interface DeviceDeclaration {
  readonly class: string
  readonly name: string
  readonly alias?: string
  /** Property name to its lines, as in the database. */
  readonly properties?: Readonly<Record<string, readonly string[]>>
}

/** Options of `TangoProcess.startServer`. */
export interface StartServerOptions {
  /** Executable name, the first half of the server's name. */
  readonly server: string
  readonly instance: string
  /** The classes that the server knows, or how to find one by its Tango name. */
  readonly classes: readonly DeviceClass[] | ((className: string) => Promise<DeviceClass>)
  /** `none` serves `devices` without a database, under object keys that are the lower-case names. */
  readonly database?: 'tango' | 'none'
  /** Devices without a database; with one they are registered first if they are missing there. */
  readonly devices?: readonly DeviceDeclaration[]
  /** Further object keys by device name, such as `database`. */
  readonly objectKeys?: Readonly<Record<string, string>>
}
