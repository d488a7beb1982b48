// Tango class ControllerHost: makes and deletes controllers and axes in its own server while that runs.

import { controllerHost } from '#interfaces/controller-host'
import { Device, deviceClass, type Serves } from '#tango'
import { devFailed } from '#tango/pure'
import { type ControllerDevice, isAxis, isController } from './axis.ts'
import { createAxis, createController, wholeNumber } from './creation.ts'
import { listDrivers } from './driver-files.ts'

class ControllerHost extends Device<typeof controllerHost> implements Serves<typeof controllerHost> {
  readControllerList(): readonly string[] {
    return this.server.devicesOfClass('Controller').map(({ name }) => name)
  }

  async readDriverList(): Promise<readonly string[]> {
    const { pluginPath } = this.properties
    const lists = await Promise.all(
      (['Motor', 'CTExpChannel'] as const).map(async (type) =>
        (await listDrivers(type, pluginPath)).map((name) => `${type}/${name}`),
      ),
    )
    return lists.flat()
  }

  createController(argument: readonly string[]): Promise<string> {
    const [type, driver, name, id, ...rest] = argument
    if (type === undefined || driver === undefined || name === undefined || rest.length % 2 !== 0) {
      throw devFailed('API_InvalidArgs', 'CreateController takes: type, driver, name, id, property, value, ...')
    }
    const properties: Record<string, string[]> = {}
    for (let at = 0; at + 1 < rest.length; at += 2) {
      const [property = '', value = ''] = [rest[at], rest[at + 1]]
      // a property may be repeated: one line each
      properties[property] = [...(properties[property] ?? []), value]
    }
    const { pluginPath } = this.properties
    return createController(this.server, { type, driver, name, id: wholeNumber(id, 'id'), properties, pluginPath })
  }

  createElement(argument: readonly string[]): Promise<string> {
    const [controller, axis, name, id, device] = argument
    if (controller === undefined || name === undefined) {
      throw devFailed('API_InvalidArgs', 'CreateElement takes: controller device, axis, name, id (, device)')
    }
    const wanted = { axis: wholeNumber(axis, 'axis'), name, id: wholeNumber(id ?? '0', 'id') }
    return createAxis(this.server, this.#controller(controller), { ...wanted, device })
  }

  async deleteElement(name: string): Promise<void> {
    const device = this.server.device(name)
    if (isController(device)) {
      const axes = device.axisDevices()
      if (axes.length > 0) {
        throw devFailed('Element_InUse', `${name} has the axes ${axes.join(', ')}; delete them first`)
      }
    } else if (!isAxis(device)) {
      throw devFailed('Element_Unknown', `${name} is neither a controller nor an axis of server ${this.server.name}`)
    } else if (device.isBusy()) {
      throw devFailed('Element_InUse', `${name} is busy; stop it first`)
    }
    await this.server.removeDevice(name)
  }

  #controller(name: string): ControllerDevice {
    const device = this.server.device(name)
    if (isController(device)) return device
    throw devFailed('Element_Unknown', `server ${this.server.name} has no controller ${name}`)
  }
}

export default deviceClass(controllerHost, ControllerHost)
