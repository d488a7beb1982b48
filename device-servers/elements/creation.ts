// Makes and removes controllers and axes in a running server, with their registration in the database.

import type { DeviceServer } from '#tango'
import { devFailed } from '#tango/pure'
import type { ControllerDevice } from './axis.ts'
import { type AxisType, controllerType, loadDriver } from './driver-files.ts'

/** A controller to be made. */
export interface NewController {
  readonly type: string
  /** File name of the driver. */
  readonly driver: string
  /** Element name: alias of the device. */
  readonly name: string
  readonly id: number
  readonly properties: Readonly<Record<string, readonly string[]>>
  readonly pluginPath: readonly string[]
}

/** An axis to be made. */
export interface NewAxis {
  readonly axis: number
  readonly name: string
  readonly id: number
  /** Device name; made of controller and axis when absent. */
  readonly device?: string | undefined
}

/** First part of the device names of axes. */
const DOMAINS: Readonly<Record<AxisType, string>> = { Motor: 'motor', CTExpChannel: 'expchan' }

/**
 * Makes a controller; returns its device name, `controller/<driver>/<name>`.
 * @throws DevFailed `API_InvalidArgs`, `Property_Invalid`
 */
export async function createController(server: DeviceServer, wanted: NewController): Promise<string> {
  const { type } = controllerType(wanted.type)
  checkName(wanted.name)
  // a wrong name is refused here, rather than with a device in FAULT
  await loadDriver(type, wanted.driver, wanted.pluginPath)
  const device = `controller/${wanted.driver}/${wanted.name}`.toLowerCase()
  checkFree(server, device)
  const { driver } = wanted
  await server.addDevice({
    class: 'Controller',
    name: device,
    alias: wanted.name,
    properties: {
      ...wanted.properties,
      Type: [type],
      Klass: [driver],
      Library: [driver],
      Id: [String(wanted.id)],
      ...(wanted.pluginPath.length > 0 ? { PluginPath: wanted.pluginPath } : {}),
    },
  })
  return device
}

/**
 * Makes an axis; returns its device name, `motor/<controller>/<axis>` or `expchan/<controller>/<axis>`.
 * @throws DevFailed `API_InvalidArgs`
 */
export async function createAxis(server: DeviceServer, controller: ControllerDevice, wanted: NewAxis): Promise<string> {
  const { axis, name, id } = wanted
  if (!Number.isInteger(axis) || axis < 0) throw devFailed('API_InvalidArgs', `axis ${axis} is no axis number`)
  checkName(name)
  const family = controller.name.split('/').at(-1) ?? ''
  const type = controller.axisType
  const device = (wanted.device ?? `${DOMAINS[type]}/${family}/${axis}`).toLowerCase()
  if (!/^[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(device)) {
    throw devFailed('API_InvalidArgs', `"${device}" is no device name; it has three parts, a/b/c`)
  }
  checkFree(server, device)
  const taken = controller.axisDevice(axis)
  if (taken !== undefined) throw devFailed('API_InvalidArgs', `axis ${axis} of ${controller.name} is ${taken} already`)
  await server.addDevice({
    class: type,
    name: device,
    alias: name,
    properties: {
      Axis: [String(axis)],
      Ctrl_id: [String(controller.id)],
      Id: [String(id)],
      Controller: [controller.name],
    },
  })
  return device
}

/** A whole number of a command's text argument. */
export function wholeNumber(text: string | undefined, what: string): number {
  const value = Number(text)
  if (text === undefined || text.trim() === '' || !Number.isInteger(value)) {
    throw devFailed('API_InvalidArgs', `${what} is "${text ?? ''}"; give a whole number`)
  }
  return value
}

function checkName(name: string): void {
  if (/^[A-Za-z_][\w-]*$/.test(name)) return
  throw devFailed('API_InvalidArgs', `"${name}" is no element name; use letters, digits, _ and -`)
}

function checkFree(server: DeviceServer, device: string): void {
  if (server.device(device) !== undefined) throw devFailed('API_InvalidArgs', `device ${device} exists already`)
}
