// Controllers, motors and channels on simulated boxes over TCP: scans' commands, limits, unplugged and mute boxes, restarts.

import assert from 'node:assert/strict'
import { controller as controllerSpec } from '#interfaces/controller'
import { ctExpChannel as channelSpec } from '#interfaces/ct-exp-channel'
import { motor as motorSpec } from '#interfaces/motor'
import { DevFailed, type DeviceProxy } from '#tango'
import { readConfig } from '../../simulators/config.ts'
import { Simulation } from '../../simulators/simulation.ts'
import { eventually } from '../support/waiting.ts'
import { controllerWithAxes, ElementServer, EventLog } from '../unit/device-servers/elements/server.ts'

describe('elements on simulated boxes', () => {
  let simulation: Simulation
  let elements: ElementServer
  let box: DeviceProxy<typeof controllerSpec>
  let motor: DeviceProxy<typeof motorSpec>

  const address = (name: string): Record<string, string[]> => {
    const { host, port } = simulation.boxes[name] ?? { host: '', port: 0 }
    return { Host: [host], Port: [String(port)], TimeoutMs: ['200'] }
  }

  beforeEach(async () => {
    simulation = await Simulation.start(readConfig({}))
    elements = await ElementServer.start([
      ...controllerWithAxes('ipap', 'Motor', 'icepap', 2, address('icepap')),
      ...controllerWithAxes('em', 'CTExpChannel', 'electrometer', 2, address('electrometer')),
    ])
    box = elements.proxy('controller/icepap/ipap', controllerSpec)
    motor = elements.proxy('motor/ipap/1', motorSpec)
    await motor.write('stepPerUnit', 1000)
    await motor.write('velocity', 5)
    await motor.write('acceleration', 0.02)
  })
  afterEach(async () => {
    await elements.close()
    await simulation.close()
  })

  it('moves, and replies soon after the end with the true position', async () => {
    const [end = 0] = await box.command('startMany', Float64Array.of(1, 0.5))
    assert.equal(await motor.state(), 'MOVING')
    const { dvalue, svalue } = await box.command('awaitMany', Float64Array.of(1))
    assert.deepEqual([[...dvalue], svalue], [[0.5], ['normal']])
    assert.ok(Date.now() / 1000 - end < 0.1, 'the reply came late')
    assert.equal(await motor.state(), 'ON')
  })

  it('pushes states and positions of a motion that a client starts by writing the position', async () => {
    const log = new EventLog()
    const state = await motor.subscribe('state', 'change', log.note)
    const position = await motor.subscribe('position', 'change', log.note)
    const first = log.lines.length
    await motor.write('position', 1)
    await log.until(/state ON/, first)
    const lines = log.lines.slice(first)
    assert.equal(lines[0], 'state MOVING VALID')
    assert.ok(lines.filter((line) => /position .* CHANGING/.test(line)).length >= 1, lines.join('\n'))
    assert.deepEqual(lines.slice(-2), ['position 1 VALID', 'state ON VALID'])
    await state.close()
    await position.close()
  })

  it('counts with the electrometer', async () => {
    const em = elements.proxy('controller/electrometer/em', controllerSpec)
    await em.command('prepareMany', Float64Array.of(0.01, 2, 1, 2))
    const { dvalue, svalue } = await em.command('acquireMany', Float64Array.of(0, 1, 2))
    const [begin = 0, end = 0, , ring = 0] = dvalue
    assert.ok(end - begin >= 0.01 && end - begin < 0.2, String(end - begin))
    assert.ok(ring > 0)
    assert.deepEqual(svalue, ['', ''])
    const channel = elements.proxy('expchan/em/2', channelSpec)
    assert.equal((await channel.read('value')).value, ring)
  })

  it('ends the motion with an error, shows FAULT while unplugged, and works again afterwards', async () => {
    await box.command('startMany', Float64Array.of(1, 50))
    const end = box.command('awaitMany', Float64Array.of(1), { timeoutMs: 10_000 })
    const failed = assert.rejects(end, (error) => {
      assert.ok(error instanceof DevFailed)
      assert.ok(error.has('Motion_Failed') && error.has('Controller_NotConnected'), error.message)
      assert.match(error.message, /ipap1: the end of its motion is not known/)
      return true
    })
    await simulation.setFault('icepap', { kind: 'unplug' })
    await failed
    assert.equal(await box.state(), 'FAULT')
    assert.match(await box.status(), /connection lost to 127\.0\.0\.1:\d+/)
    assert.equal(await motor.state(), 'UNKNOWN')
    await assert.rejects(box.command('startMany', Float64Array.of(1, 0)), /Controller_NotConnected/)
    assert.equal(await elements.proxy('controller/electrometer/em', controllerSpec).state(), 'ON')

    await simulation.setFault('icepap', { kind: 'plug' })
    await eventually('the box to be back', async () => (await box.state()) === 'ON')
    // the simulated box went on moving on its own
    await eventually('the motion to be seen', async () => (await motor.state()) === 'MOVING')
    await motor.command('stop')
    await box.command('awaitMany', Float64Array.of(1))
    const { value: here = 0 } = await motor.read('position')
    assert.ok(here > 0 && here < 50)
    await box.command('startMany', Float64Array.of(1, here + 0.1))
    const { svalue } = await box.command('awaitMany', Float64Array.of(1))
    assert.deepEqual(svalue, ['normal'])
  })

  it('names the question when the box is mute, within the time-out of its driver', async () => {
    await box.command('startMany', Float64Array.of(1, 0.2))
    await simulation.setFault('icepap', { kind: 'mute' })
    await assert.rejects(
      box.command('awaitMany', Float64Array.of(1)),
      /no answer to "\?(FSTATUS|FPOS)[^"]*" within 200 ms/,
    )
    await eventually('the state', async () => (await box.state()) === 'FAULT')
    await simulation.setFault('icepap', { kind: 'plug' })
    await eventually('the box to be back', async () => (await box.state()) === 'ON')
  })

  it('fails a point when the electrometer is unplugged, and works again afterwards', async () => {
    const em = elements.proxy('controller/electrometer/em', controllerSpec)
    await em.command('prepareMany', Float64Array.of(60, 1, 1))
    const point = assert.rejects(
      em.command('acquireMany', Float64Array.of(0, 1), { timeoutMs: 10_000 }),
      /Controller_NotConnected/,
    )
    await eventually(
      'the exposure',
      async () => (await elements.proxy('expchan/em/1', channelSpec).state()) === 'MOVING',
    )
    await simulation.setFault('electrometer', { kind: 'unplug' })
    await point
    assert.equal(await em.state(), 'FAULT')
    await simulation.setFault('electrometer', { kind: 'plug' })
    await eventually('the box to be back', async () => (await em.state()) === 'ON')
    await em.command('prepareMany', Float64Array.of(0.001, 1, 1))
    await em.command('acquireMany', Float64Array.of(0, 1))
  })

  it('does not end the server when a box is missing at start', async () => {
    await simulation.setFault('icepap', { kind: 'unplug' })
    const other = await ElementServer.start(controllerWithAxes('late', 'Motor', 'icepap', 1, address('icepap')))
    try {
      const late = other.proxy('controller/icepap/late', controllerSpec)
      assert.equal(await late.state(), 'FAULT')
      assert.match(await late.status(), /cannot connect: .*is the box on/)
      await simulation.setFault('icepap', { kind: 'plug' })
      await eventually('the box', async () => (await late.state()) === 'ON')
    } finally {
      await other.close()
    }
  })

  it('tells the box the memorized values again after a restart', async () => {
    await box.command('sendToController', 'VELOCITY 1 100')
    assert.equal((await motor.read('velocity')).value, 0.1)
    await elements.server.restartDevice('motor/ipap/1')
    assert.equal(await box.command('sendToController', '?VELOCITY 1'), '?VELOCITY 5000')
    assert.equal((await motor.read('velocity')).value, 5)
    assert.equal((await motor.read('stepPerUnit')).value, 1000)
  })

  it('stops at once when the client of the wait goes away', async () => {
    const client = await elements.client()
    const { host, port } = elements.process.orb.endpoint
    const remote = client.proxy(`tango://${host}:${port}/controller/icepap/ipap#dbase=no`, controllerSpec)
    await remote.command('startMany', Float64Array.of(1, 50))
    const end = remote.command('awaitMany', Float64Array.of(1), { timeoutMs: 10_000 })
    const lost = assert.rejects(end)
    await eventually('the motion', async () => (await motor.state()) === 'MOVING')
    await client.close()
    await lost
    await eventually('the axis to stop', async () => (await motor.state()) === 'ON')
    const { value: here = 50 } = await motor.read('position')
    assert.ok(here < 49, String(here))
  })
})
