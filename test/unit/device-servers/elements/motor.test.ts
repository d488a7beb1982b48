// Controller and Motor as Tango clients see them, over a driver that the test steers.

import assert from 'node:assert/strict'
import { controller as controllerSpec } from '#interfaces/controller'
import { motor as motorSpec } from '#interfaces/motor'
import { DevFailed, type DeviceProxy, devFailed } from '#tango'
import { eventually } from '../../../support/waiting.ts'
import { steered } from './drivers/steered.ts'
import { SteeredDriver } from './fakes.ts'
import { controllerWithAxes, ElementServer, EventLog } from './server.ts'

const CONTROLLER = 'controller/steered/box'

const failure =
  (reason: string, text: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DevFailed)
    assert.ok(error.has(reason), error.message)
    assert.match(error.message, text)
    return true
  }

describe('Controller and Motor', () => {
  let elements: ElementServer
  let box: DeviceProxy<typeof controllerSpec>
  let motor: DeviceProxy<typeof motorSpec>
  let driver: SteeredDriver

  const start = async (devices = controllerWithAxes('box', 'Motor', 'steered', 2)): Promise<void> => {
    elements = await ElementServer.start(devices)
    box = elements.proxy(CONTROLLER, controllerSpec)
    motor = elements.proxy('motor/box/1', motorSpec)
  }

  beforeEach(() => {
    driver = new SteeredDriver()
    driver.durations = [0]
    Object.assign(steered, { driver, refuse: undefined, properties: undefined })
  })
  afterEach(() => elements.close())

  it('is ready when the server is, if the box answers at once', async () => {
    await start()
    assert.equal(await box.state(), 'ON')
    assert.equal(await motor.state(), 'ON')
    assert.deepEqual((await box.read('elementList')).value, ['box1', 'box2'])
    assert.match(await motor.status(), /^box1 is Stopped\nMotor HW is ON/)
  })

  it('does not depend on the order in which the devices are made', async () => {
    await start(controllerWithAxes('box', 'Motor', 'steered', 2).reverse())
    await eventually('both axes to be on', async () => (await motor.state()) === 'ON' && (await box.state()) === 'ON')
    await motor.write('position', 3)
    assert.equal((await motor.read('position')).value, 3)
  })

  it('gives the driver its properties with their types', async () => {
    await start(controllerWithAxes('box', 'Motor', 'steered', 1, { Speed: ['2.5'] }))
    assert.deepEqual(steered.properties, { speed: 2.5, label: '' })
  })

  it('goes FAULT and says why when a property has a wrong type', async () => {
    await start(controllerWithAxes('box', 'Motor', 'steered', 1, { Speed: ['fast'] }))
    assert.equal(await box.state(), 'FAULT')
    assert.match(await box.status(), /driver steered: property Speed: "fast" is no number/)
    assert.equal(await motor.state(), 'UNKNOWN')
    assert.match(await motor.status(), /Speed/)
  })

  it('goes FAULT and names the drivers there are when there is none of this name', async () => {
    const devices = controllerWithAxes('box', 'Motor', 'steered', 1, { Klass: ['steerd'] })
    await start(devices)
    assert.equal(await box.state(), 'FAULT')
    assert.match(await box.status(), /no motor driver "steerd".*known: dummy-motor, icepap, steered/s)
  })

  it('stays FAULT while the box does not answer, and comes up when it does', async () => {
    steered.refuse = devFailed('Line_Closed', 'box 1.2.3.4:5000: cannot connect')
    await start()
    assert.equal(await box.state(), 'FAULT')
    assert.match(await box.status(), /1\.2\.3\.4:5000: cannot connect/)
    assert.equal(await motor.state(), 'UNKNOWN')
    await assert.rejects(motor.write('position', 1), failure('Controller_NotConnected', /1\.2\.3\.4/))
    await assert.rejects(motor.read('position'), failure('Controller_NotConnected', /1\.2\.3\.4/))
    steered.refuse = undefined
    await eventually('the controller', async () => (await box.state()) === 'ON' && (await motor.state()) === 'ON', 4000)
  })

  it('says so when an axis is not in the box or has a controller of another server', async () => {
    await start([
      ...controllerWithAxes('box', 'Motor', 'steered', 1),
      { class: 'Motor', name: 'motor/box/9', properties: { Axis: ['9'], Controller: [CONTROLLER] } },
      { class: 'Motor', name: 'motor/lost/1', properties: { Axis: ['1'], Controller: ['controller/x/y'] } },
      { class: 'Motor', name: 'motor/twice/1', properties: { Axis: ['1'], Controller: [CONTROLLER] } },
    ])
    await eventually('the status of the axes', async () =>
      /the box has no axis 9; it has 1, 2, 3/.test(await elements.proxy('motor/box/9', motorSpec).status()),
    )
    assert.match(
      await elements.proxy('motor/lost/1', motorSpec).status(),
      /controller controller\/x\/y is not in this server/,
    )
    assert.match(await elements.proxy('motor/twice/1', motorSpec).status(), /axis 1 of .* is motor\/box\/1 already/)
    await assert.rejects(
      box.command('startMany', Float64Array.of(9, 0)),
      failure('Controller_AxisUnknown', /no axis 9; there are 1/),
    )
  })

  it('converts units, sign and offset', async () => {
    await start()
    await motor.write('stepPerUnit', 1000)
    await motor.write('sign', -1)
    await motor.write('offset', 2)
    await motor.write('position', 5)
    assert.deepEqual(driver.log, ['start 1>-3000'])
    assert.equal((await motor.read('position')).value, 5)
    assert.equal((await motor.read('dialPosition')).value, -3)
  })

  it('starts and awaits several axes', async () => {
    await start()
    driver.durations = [0, 0]
    const ends = await box.command('startMany', Float64Array.of(1, 5, 2, -5))
    assert.equal(ends.length, 2)
    const { dvalue, svalue } = await box.command('awaitMany', Float64Array.of(2, 1))
    assert.deepEqual([...dvalue], [-5, 5])
    assert.deepEqual(svalue, ['normal', 'normal'])
    assert.deepEqual([...(await box.command('positionMany', Float64Array.of(1, 2)))], [5, -5])
    assert.deepEqual(await box.command('stateMany', Float64Array.of(1, 2)), ['ON', 'ON'])
  })

  it('refuses targets beyond the limits of any axis before anything moves, naming motor, value and limit', async () => {
    await start()
    elements.server.device('motor/box/2')?.setAttributeLimits('position', { min: -1, max: 10 })
    driver.durations = [0, 0]
    const beyond = failure('Motion_LimitExceeded', /box2: 10\.5 is above the upper limit 10/)
    await assert.rejects(box.command('startMany', Float64Array.of(1, 1, 2, 10.5)), beyond)
    await assert.rejects(box.command('checkMany', Float64Array.of(1, 1, 2, 10.5)), beyond)
    await assert.rejects(
      box.command('startMany', Float64Array.of(2, -2)),
      failure('Motion_LimitExceeded', /below the lower limit -1/),
    )
    await assert.rejects(
      box.command('startMany', Float64Array.of(1, Number.NaN)),
      failure('API_InvalidArgs', /NaN is no position/),
    )
    await assert.rejects(box.command('startMany', Float64Array.of(1)), failure('API_InvalidArgs', /axis, target/))
    assert.deepEqual(driver.log, [])
    await box.command('checkMany', Float64Array.of(1, 1, 2, 10, 2, -1))
    await box.command('startMany', Float64Array.of(1, 1, 2, 10))
  })

  it('pushes MOVING and ON with the positions between them, also for a move that takes no time', async () => {
    await start()
    const log = new EventLog()
    const subscriptions = [
      await motor.subscribe('state', 'change', log.note),
      await motor.subscribe('position', 'change', log.note),
      await motor.subscribe('dialPosition', 'change', log.note),
      await motor.subscribe('limitSwitches', 'change', log.note),
    ]
    const first = log.lines.length
    await motor.write('position', 0)
    await log.until(/limit_switches/, first)
    assert.deepEqual(log.lines.slice(first), [
      'state MOVING VALID',
      'dialposition 0 VALID',
      'position 0 VALID',
      'state ON VALID',
      'limit_switches false,false,false VALID',
    ])
    for (const subscription of subscriptions) await subscription.close()
  })

  it('shows the same whoever starts the motion, with positions on the way', async () => {
    await start()
    const log = new EventLog()
    const state = await motor.subscribe('state', 'change', log.note)
    const position = await motor.subscribe('position', 'change', log.note)
    const first = log.lines.length
    driver.durations = [150]
    await box.command('startMany', Float64Array.of(1, 5))
    assert.equal(await motor.state(), 'MOVING')
    assert.equal((await motor.read('position')).quality, 'CHANGING')
    driver.at.set(1, 2)
    await log.until(/position 2 CHANGING/, first)
    driver.arrive(1)
    await log.until(/state ON/, first)
    assert.equal(log.lines[first], 'state MOVING VALID')
    assert.deepEqual(log.lines.slice(-2), ['position 5 VALID', 'state ON VALID'])
    await state.close()
    await position.close()
  })

  it('refuses a second motion of an axis', async () => {
    await start()
    driver.durations = [10_000]
    await motor.write('position', 5)
    await assert.rejects(motor.write('position', 6), failure('Element_InUse', /box1 is already in motion/))
    await assert.rejects(box.command('startMany', Float64Array.of(2, 1, 1, 6)), failure('Element_InUse', /box1/))
    await assert.rejects(motor.command('definePosition', 0), failure('Element_InUse', /DefinePosition has to wait/))
    driver.arrive(1)
    assert.deepEqual(driver.log, ['start 1>5'])
  })

  it('ends the waiting of the engine when somebody stops the axis', async () => {
    await start()
    driver.durations = [60_000]
    await box.command('startMany', Float64Array.of(1, 5))
    const end = box.command('awaitMany', Float64Array.of(1))
    driver.at.set(1, 3)
    await motor.command('stop')
    const { dvalue, svalue } = await end
    assert.deepEqual([[...dvalue], svalue], [[3], ['stopped']])
    assert.equal(await motor.state(), 'ON')
    await motor.command('stop')
    await motor.command('abort')
  })

  it('stops the axes when the call of the engine is given up', async () => {
    await start()
    driver.durations = [60_000]
    await box.command('startMany', Float64Array.of(1, 5))
    const device = elements.server.device(CONTROLLER)
    assert.ok(device && 'awaitMany' in device && typeof device.awaitMany === 'function')
    const caller = new AbortController()
    const end: Promise<{ svalue: readonly string[] }> = device.awaitMany(Float64Array.of(1), {
      host: 'x',
      signal: caller.signal,
    })
    caller.abort()
    assert.deepEqual((await end).svalue, ['stopped'])
    assert.deepEqual(driver.log.at(-1), 'stop 1')
  })

  it('replies with an error when the box is lost on the way', async () => {
    await start()
    driver.durations = [100]
    await box.command('startMany', Float64Array.of(1, 5))
    driver.lost = devFailed('Line_TimedOut', 'box 1.2.3.4:5000: no answer')
    await assert.rejects(
      box.command('awaitMany', Float64Array.of(1)),
      failure('Line_TimedOut', /box1: the end of its motion is not known/),
    )
  })

  it('tells the box speeds in steps and keeps them in units', async () => {
    const told: string[] = []
    Object.assign(driver, {
      parameters: () => ({ velocity: 2000, acceleration: 0.5 }),
      setParameters: (axis: number, parameters: object) => void told.push(`${axis} ${JSON.stringify(parameters)}`),
    })
    await start()
    await motor.write('stepPerUnit', -1000)
    await motor.write('velocity', 2)
    await motor.write('acceleration', 0.5)
    assert.equal((await motor.read('velocity')).value, 2)
    assert.equal((await motor.read('acceleration')).value, 0.5)
    await motor.write('stepPerUnit', 500)
    await motor.command('restore')
    assert.deepEqual(told, [
      '1 {"velocity":2000}',
      '1 {"acceleration":0.5}',
      '1 {"velocity":1000,"acceleration":0.5}',
      '1 {"velocity":1000,"acceleration":0.5}',
    ])
    for (const wrong of [0, -1]) {
      await assert.rejects(motor.write('velocity', wrong), failure('API_InvalidArgs', /Velocity .* above 0/))
    }
    await assert.rejects(motor.write('stepPerUnit', 0), failure('API_InvalidArgs', /Step_per_unit/))
    await assert.rejects(motor.write('sign', 2), failure('API_InvalidArgs', /Sign 2: it has to be 1 or -1/))
  })

  it('tells a box that connects later what was set before', async () => {
    const told: string[] = []
    Object.assign(driver, {
      setParameters: (_: number, parameters: object) => void told.push(JSON.stringify(parameters)),
    })
    steered.refuse = devFailed('Line_Closed', 'away')
    await start()
    await motor.write('stepPerUnit', 10)
    await motor.write('velocity', 3)
    assert.deepEqual(told, [])
    steered.refuse = undefined
    await eventually('the parameters', () => told.length > 0, 4000)
    assert.deepEqual(told, ['{"velocity":30}'])
  })

  it('does not keep a speed that the box refuses', async () => {
    Object.assign(driver, {
      setParameters: () => {
        throw devFailed('Controller_DriverFailed', 'Out of range parameter(s)')
      },
    })
    await start()
    await assert.rejects(motor.write('velocity', 3), failure('Controller_DriverFailed', /Out of range/))
    assert.equal((await motor.read('velocity')).value, 0)
  })

  it('redefines the position and moves relative to it', async () => {
    Object.assign(driver, { definePosition: (axis: number, steps: number) => void driver.at.set(axis, steps) })
    await start()
    await motor.write('stepPerUnit', 10)
    await motor.command('definePosition', 7)
    assert.equal((await motor.read('position')).value, 7)
    await motor.command('moveRelative', -2)
    assert.deepEqual(driver.log, ['start 1>50'])
    assert.equal((await motor.read('position')).value, 5)
  })

  it('says what a box cannot do', async () => {
    await start()
    await assert.rejects(motor.command('definePosition', 1), failure('API_NotSupportedFeature', /write Offset instead/))
    await assert.rejects(motor.write('power', false), failure('API_NotSupportedFeature', /motor power/))
    await assert.rejects(box.command('sendToController', 'x'), failure('API_NotSupportedFeature', /takes no texts/))
    await assert.rejects(
      box.command('acquireMany', Float64Array.of(0, 1)),
      failure('API_NotSupportedFeature', /has no channels/),
    )
    assert.equal((await motor.read('power')).value, true)
  })

  it('stops all axes of a box with one command', async () => {
    await start()
    driver.durations = [60_000, 60_000]
    await box.command('startMany', Float64Array.of(1, 5, 2, 5))
    await box.command('stop')
    const { svalue } = await box.command('awaitMany', Float64Array.of(1, 2))
    assert.deepEqual(svalue, ['stopped', 'stopped'])
    assert.deepEqual(driver.log.at(-1), 'stop 1 2')
  })

  it('starts again with the command Init', async () => {
    await start()
    await elements.untyped(CONTROLLER).command('Init')
    await eventually('the axes', async () => (await box.state()) === 'ON' && (await motor.state()) === 'ON')
    await motor.write('position', 1)
  })
})
