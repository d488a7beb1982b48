// A server with one device of a class of the test, without a database, and the means to call it.

import { type Clock, type Device, type DeviceClass, type DeviceProxy, silentLogger, TangoProcess } from '#tango'
import type { Operation } from '../../tango/wire/operations.ts'

/** A running server and what calls it. */
export interface ServedClass<D extends Device> {
  readonly tango: TangoProcess
  /** The object of the class. */
  readonly device: D
  readonly proxy: DeviceProxy
  readonly admin: DeviceProxy
  /** Calls an operation of the device over the in-memory transport. */
  call<In extends readonly unknown[], Out>(operation: Operation<In, Out>, args: In): Promise<Out>
  [Symbol.asyncDispose](): Promise<void>
}

/** Options of {@link serveClass}. */
export interface ServeClassOptions {
  readonly clock?: Clock
  readonly properties?: Readonly<Record<string, readonly string[]>>
  /** Attribute properties by attribute. */
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

/** Name of the device. */
export const DEVICE = 'test/class/1'

/** Starts the server; `Class` is checked at run time, so that its device is typed. */
export async function serveClass<D extends Device>(
  deviceClass: DeviceClass,
  Class: abstract new (...values: never[]) => D,
  options: ServeClassOptions = {},
): Promise<ServedClass<D>> {
  const { clock, properties = {}, attributes = {} } = options
  const tango = await TangoProcess.create({ log: silentLogger(), ...(clock === undefined ? {} : { clock }) })
  const server = await tango.startServer({
    server: 'Test',
    instance: 'class',
    classes: [deviceClass],
    database: 'none',
    devices: [{ class: deviceClass.spec.class, name: DEVICE, properties, attributes }],
  })
  const { host, port } = tango.orb.endpoint
  const address = (name: string): string => `tango://${host}:${port}/${name}#dbase=no`
  return {
    tango,
    get device() {
      const device = server.device(DEVICE)
      if (!(device instanceof Class)) throw new Error('the device is not there')
      return device
    },
    proxy: tango.proxy(address(DEVICE)),
    admin: tango.proxy(address(server.adminName)),
    call: (operation, args) =>
      tango.client.call(tango.orb.reference(DEVICE, 'IDL:Tango/Device_5:1.0'), operation, args),
    [Symbol.asyncDispose]: () => tango.close(),
  }
}
