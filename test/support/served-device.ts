// A server with the one-of-everything device, without a database, and the means to call it.

import {
  type Clock,
  type DeviceDeclaration,
  type DeviceProxy,
  type DeviceServer,
  silentLogger,
  TangoProcess,
} from '#tango'
import type { Operation } from '../../tango/wire/operations.ts'
import type { ClntIdent } from '../../tango/wire/tango-basic.ts'
import { EverythingDevice, everything } from './everything-device.ts'

/** Name of the first device. */
export const NAME = 'Test/Every/1'

/** Another client than this process. */
export const OTHER: ClntIdent = { language: 'CPP', pid: 4242 }
/** The client that calls unless told otherwise. */
export const SELF: ClntIdent = { language: 'CPP', pid: 77 }

/** A running server and what calls it. */
export interface Served {
  readonly tango: TangoProcess
  readonly server: DeviceServer
  /** The object behind `NAME`. */
  readonly device: EverythingDevice
  readonly proxy: DeviceProxy
  readonly admin: DeviceProxy
  /** Calls an operation of a device over the in-memory transport. */
  call<In extends readonly unknown[], Out>(operation: Operation<In, Out>, args: In, device?: string): Promise<Out>
  [Symbol.asyncDispose](): Promise<void>
}

/** Options of {@link serve}. */
export interface ServeOptions {
  readonly clock?: Clock
  readonly devices?: readonly DeviceDeclaration[]
}

/** Starts the server. */
export async function serve(options: ServeOptions = {}): Promise<Served> {
  const tango = await TangoProcess.create({
    log: silentLogger(),
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  })
  const server = await tango.startServer({
    server: 'Everything',
    instance: 'test',
    classes: [everything],
    database: 'none',
    devices: options.devices ?? [{ class: 'Everything', name: NAME }],
  })
  const { host, port } = tango.orb.endpoint
  const address = (name: string): string => `tango://${host}:${port}/${name}#dbase=no`
  return {
    tango,
    server,
    get device() {
      const device = server.device(NAME)
      if (!(device instanceof EverythingDevice)) throw new Error('the device is not there')
      return device
    },
    proxy: tango.proxy(address(NAME)),
    admin: tango.proxy(address(server.adminName)),
    call: (operation, args, device = NAME) =>
      tango.client.call(tango.orb.reference(device.toLowerCase(), 'IDL:Tango/Device_5:1.0'), operation, args),
    [Symbol.asyncDispose]: () => tango.close(),
  }
}
