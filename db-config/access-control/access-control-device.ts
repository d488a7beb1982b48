// The access control device `sys/access_control/1` over a store, and its server `TangoAccessControl/1`. It is always
// there; clients obey it once it is registered as a service of the control system.

import { hostname } from 'node:os'
import { tangoAccessControl } from '#interfaces/tango-access-control'
import { Device, type DeviceClass, type DeviceServer, type TangoProcess } from '#tango'
import type { Store } from '../store/store.ts'
import { accessControlCommands } from './commands.ts'

/** Server name that tools expect. */
export const ACCESS_CONTROL_SERVER = 'TangoAccessControl/1'

/** Name of the device that tools expect. */
export const ACCESS_CONTROL_DEVICE = 'sys/access_control/1'

const TYPE_ID = 'IDL:Tango/Device_5:1.0'

/** The device class over a store. The store stays its caller's, who closes it after the server has stopped. */
export function accessControlClass(store: Store): DeviceClass {
  return {
    spec: tangoAccessControl,
    create(context) {
      const device = new AccessControlDevice(context)
      return Object.assign(device, accessControlCommands(store, device.name))
    },
  }
}

/**
 * Starts `TangoAccessControl/1` in the process of the database and notes it in the store as running.
 * @throws what the store or the start of the server throws; nothing is left running then
 */
export async function startAccessControl(process: TangoProcess, store: Store): Promise<DeviceServer> {
  const [server = '', instance = ''] = ACCESS_CONTROL_SERVER.split('/')
  const running = await process.startServer({
    server,
    instance,
    classes: [accessControlClass(store)],
    database: 'none',
    devices: [{ class: tangoAccessControl.class, name: ACCESS_CONTROL_DEVICE }],
  })
  store.transaction(() => {
    for (const [name, deviceClass] of [
      [ACCESS_CONTROL_DEVICE, tangoAccessControl.class],
      [`dserver/${ACCESS_CONTROL_SERVER}`, 'DServer'],
    ] as const) {
      if (store.devices.get(name) === undefined) {
        store.devices.define({ name, server: ACCESS_CONTROL_SERVER, class: deviceClass })
      }
      store.devices.export(name, {
        ior: process.orb.ior(name.toLowerCase(), TYPE_ID),
        host: hostname(),
        pid: globalThis.process.pid,
        version: '5',
      })
    }
  })
  return running
}

/** What the device does besides its commands. */
class AccessControlDevice extends Device<typeof tangoAccessControl> {
  override init(): void {
    this.setState('ON', 'Device is OK')
  }
}
