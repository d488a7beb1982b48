// ControllerHost: controllers and axes made and deleted while the server runs.

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { controller as controllerSpec } from '#interfaces/controller'
import { controllerHost as hostSpec } from '#interfaces/controller-host'
import { motor as motorSpec } from '#interfaces/motor'
import { DevFailed, type DeviceProxy } from '#tango'
import { controllerWithAxes, ElementServer } from './server.ts'

describe('ControllerHost', () => {
  let elements: ElementServer
  let host: DeviceProxy<typeof hostSpec>

  beforeEach(async () => {
    elements = await ElementServer.start([])
    host = elements.proxy('controllerhost/test/1', hostSpec)
  })
  afterEach(() => elements.close())

  const refusal = (reason: string, text: RegExp) => (error: unknown) => {
    assert.ok(error instanceof DevFailed)
    assert.ok(error.has(reason), error.message)
    assert.match(error.message, text)
    return true
  }
  const makeDummy = (): Promise<string> =>
    host.command('createController', ['Motor', 'dummy-motor', 'dummy', '7', 'AxisCount', '4'])

  it('lists the drivers by type', async () => {
    const drivers = (await host.read('driverList')).value ?? []
    for (const driver of [
      'Motor/icepap',
      'Motor/dummy-motor',
      'CTExpChannel/electrometer',
      'CTExpChannel/dummy-counter',
    ]) {
      assert.ok(drivers.includes(driver), driver)
    }
    assert.ok(!drivers.some((driver) => driver.includes('protocol')))
  })

  it('makes a controller and an axis that moves', async () => {
    const device = await makeDummy()
    assert.equal(device, 'controller/dummy-motor/dummy')
    assert.deepEqual((await host.read('controllerList')).value, [device])
    const axis = await host.command('createElement', [device, '2', 'dmot02', '8'])
    assert.equal(axis, 'motor/dummy/2')
    const motor = elements.proxy(axis, motorSpec)
    assert.equal(await motor.state(), 'ON')
    await motor.write('position', 4.5)
    assert.equal((await motor.read('position')).value, 4.5)
    const controller = elements.proxy(device, controllerSpec)
    assert.deepEqual((await controller.read('elementList')).value, ['dmot02'])
    assert.deepEqual(JSON.parse((await controller.read('description')).value ?? ''), {
      name: 'dummy',
      type: 'Motor',
      driver: 'dummy-motor',
      axes: [{ axis: 2, name: 'dmot02', device: 'motor/dummy/2' }],
    })
  })

  it('takes a driver written in TypeScript outside of this installation', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bandoneon-drivers-'))
    try {
      const source = `
        import { defineMotorController } from 'bandoneon/device-servers'
        export default defineMotorController({
          doc: 'One axis.',
          properties: { start: { type: 'DevDouble', default: 0 } },
          async connect({ start }: { start: number }) {
            let at = start
            return {
              axes: [1],
              status: () => [{ state: 'ON' as const, home: false, upper: false, lower: false }],
              position: () => [at],
              start: (moves) => { at = moves[0]?.target ?? at; return [0] },
              stop: () => {}, abort: () => {}, close: () => {},
            }
          },
        })`
      await writeFile(join(folder, 'acme-one.ts'), source)
      const other = await ElementServer.start(
        controllerWithAxes('acme', 'Motor', 'AcmeOne', 1, { PluginPath: [folder], Start: ['3'] }),
      )
      const motor = other.proxy('motor/acme/1', motorSpec)
      assert.equal((await motor.read('position')).value, 3)
      await motor.write('position', 4)
      assert.equal((await motor.read('position')).value, 4)
      await other.close()
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('makes channels under expchan, and axes with a device name of their own', async () => {
    const device = await host.command('createController', ['counter', 'dummy-counter', 'dct', '9'])
    assert.equal(await host.command('createElement', [device, '1', 'dct01', '10']), 'expchan/dct/1')
    assert.equal(await host.command('createElement', [device, '2', 'dct02', '11', 'b42/ct/2']), 'b42/ct/2')
    const controller = elements.proxy(device, controllerSpec)
    await controller.command('createElement', ['3', 'dct03'])
    assert.deepEqual((await controller.read('elementList')).value, ['dct01', 'dct02', 'dct03'])
    await controller.command('deleteElement', 'dct03')
    assert.deepEqual((await controller.read('elementList')).value, ['dct01', 'dct02'])
  })

  it('deletes axes first, then their controller', async () => {
    const device = await makeDummy()
    const axis = await host.command('createElement', [device, '1', 'dmot01', '8'])
    await assert.rejects(
      host.command('deleteElement', device),
      refusal('Element_InUse', /motor\/dummy\/1; delete them first/),
    )
    await host.command('deleteElement', axis)
    await host.command('deleteElement', device)
    assert.deepEqual((await host.read('controllerList')).value, [])
    assert.equal(elements.server.device(axis), undefined)
  })

  it('refuses what cannot be, and says what to do', async () => {
    const make = (...all: string[]): Promise<string> => host.command('createController', all)
    await assert.rejects(make('Motor', 'dummy-motor'), refusal('API_InvalidArgs', /takes: type, driver, name, id/))
    await assert.rejects(
      make('Robot', 'dummy-motor', 'x', '1'),
      refusal('Property_Invalid', /set Type to Motor or CTExpChannel/),
    )
    await assert.rejects(
      make('Motor', 'dumy', 'x', '1'),
      refusal('Property_Invalid', /no motor driver "dumy".*known: dummy-motor, icepap/),
    )
    await assert.rejects(make('Motor', 'dummy-motor', 'a b', '1'), refusal('API_InvalidArgs', /no element name/))
    await assert.rejects(
      make('Motor', 'dummy-motor', 'x', 'one'),
      refusal('API_InvalidArgs', /id is "one"; give a whole number/),
    )
    const device = await makeDummy()
    await assert.rejects(makeDummy(), refusal('API_InvalidArgs', /exists already/))
    await host.command('createElement', [device, '1', 'dmot01', '8'])
    await assert.rejects(
      host.command('createElement', [device, '1', 'again', '9', 'motor/other/1']),
      refusal('API_InvalidArgs', /axis 1 of .* is motor\/dummy\/1 already/),
    )
    await assert.rejects(
      host.command('createElement', ['a/b/c', '1', 'm', '9']),
      refusal('Element_Unknown', /no controller a\/b\/c/),
    )
    await assert.rejects(
      host.command('deleteElement', 'controllerhost/test/1'),
      refusal('Element_Unknown', /neither a controller nor an axis/),
    )
  })
})
