import assert from 'node:assert/strict'
import {
  DevFailed,
  Device,
  type DeviceClass,
  defineInterface,
  deviceClass,
  type Serves,
  silentLogger,
  TangoProcess,
  VirtualClock,
} from '#tango'
import type { EventFrames } from '../../../../tango/events/local-events.ts'
import { OPERATIONS as O } from '../../../../tango/wire/operations.ts'
import { attributeValue5 } from '../../../../tango/wire/tango-idl.ts'
import { decodeEvent } from '../../../../tango/wire/zmq-event.ts'
import { EverythingDevice } from '../../../support/everything-device.ts'
import { NAME, SELF, type Served, serve } from '../../../support/served-device.ts'
import { eventually } from '../../../support/waiting.ts'

/** Listens to change events of the device without a socket. */
function listen(served: Served, attribute: string, seen: unknown[]): () => void {
  const { host, port } = served.tango.orb.endpoint
  const topic = `tango://${host}:${port}/test/every/1/${attribute}#dbase=no.idl5_change`
  return served.tango.localEvents.subscribe(topic, (frames: EventFrames) => {
    const { payload, callInfo } = decodeEvent(frames)
    if (payload === undefined) throw new Error('an event without a payload')
    if (callInfo.callIsExcept) seen.push('error')
    else {
      const { value } = attributeValue5.decode(payload)
      seen.push(value.kind === 'DEVICE_STATE' ? value.value : value.kind === 'ATT_NO_DATA' ? undefined : value.value[0])
    }
  })
}

describe('a device in its server', () => {
  let served: Served
  beforeEach(async () => {
    served = await serve()
  })
  afterEach(async () => {
    await served[Symbol.asyncDispose]()
  })

  it('pushes State before Status, and MOVING before ON even when nothing took time', async () => {
    const seen: unknown[] = []
    for (const name of ['state', 'status']) listen(served, name, seen)
    served.device.moveNowhere()
    await Promise.resolve()
    assert.deepEqual(seen, ['MOVING', 'The device is in MOVING state.', 'ON', 'The device is in ON state.'])
  })

  it('pushes an equal state only when told to', async () => {
    const seen: unknown[] = []
    listen(served, 'state', seen)
    served.device.setState('ON')
    served.device.setState('ON', undefined, { always: true })
    await Promise.resolve()
    assert.deepEqual(seen, ['ON'])
  })

  it('sends pushed values, repeated ones too, and errors, in order', async () => {
    const seen: unknown[] = []
    const stop = listen(served, 'position', seen)
    served.device.pushPosition(1)
    served.device.pushPosition(1)
    served.device.pushFailure()
    served.device.pushPosition(2)
    await Promise.resolve()
    assert.deepEqual(seen, [1, 1, 'error', 2])
    stop()
    served.device.pushPosition(3)
    await Promise.resolve()
    assert.equal(seen.length, 4)
  })

  it('sends filtered pushes when they pass the threshold only', async () => {
    const seen: unknown[] = []
    listen(served, 'filtered', seen)
    for (const value of [0, 0.5, 1, 1.9, 2]) served.device.pushFiltered(value)
    await Promise.resolve()
    assert.deepEqual(seen, [0, 1, 2])
  })

  it('encodes nothing for an event that nobody listens to', () => {
    let asked = 0
    const get = (target: { value: number }, key: string | symbol): unknown => {
      asked += 1
      return Reflect.get(target, key)
    }
    const costly: { value: number } = new Proxy({ value: 1 }, { get })
    served.device.push('position', costly)
    assert.equal(asked, 0)
  })

  it('serves one request at a time, urgent ones and State at once', async () => {
    const slow = served.proxy.command('Slowly', 1 as never)
    await eventually('the first to start', () => served.device.calls.includes('slowly 1'))
    const second = served.proxy.command('Slowly', 2 as never)
    await served.proxy.command('Stop')
    assert.equal(await served.proxy.state(), 'ON')
    assert.deepEqual((await served.call(O.read_attributes_5, [['State', 'Status'], 'DEV', SELF])).length, 2)
    assert.equal(served.device.calls.includes('slowly 2'), false)
    served.device.release()
    assert.equal(await slow, 1)
    await eventually('the second to start', () => served.device.calls.includes('slowly 2'))
    served.device.release()
    assert.equal(await second, 2)
  })

  it('runs long commands beside the queue and answers at their end', async () => {
    const waiting = [served.proxy.command('Wait'), served.proxy.command('Wait')]
    await eventually('both to start', () => served.device.calls.filter((c) => c === 'wait').length === 2)
    assert.equal(await served.proxy.command('EchoDevLong', 3 as never), 3)
    await served.proxy.command('Stop')
    assert.equal(await waiting[1], 'stopped')
    await served.proxy.command('Init')
    assert.equal(await waiting[0], 'aborted')
  })

  it('aborts a long command when the connection of its caller closes', async () => {
    const caller = await TangoProcess.create({ listen: false, log: silentLogger() })
    const { host, port } = served.tango.orb.endpoint
    const lost = caller.proxy(`tango://${host}:${port}/${NAME}#dbase=no`).command('Wait')
    const rejected = assert.rejects(lost, DevFailed)
    await eventually('the command to start', () => served.device.calls.includes('wait'))
    await caller.close()
    await rejected
    await eventually('the abort', () => served.device.calls.includes('aborted'))
  })

  it('keeps a set point that it was given without a write', async () => {
    served.device.setWritten('position', 42)
    assert.equal((await served.proxy.read('position')).written, 42)
  })

  it('adds and removes attributes at run time', async () => {
    await served.proxy.command('AddOne')
    assert.equal((await served.proxy.read('added')).value, 11)
    const names = (await served.proxy.attributeConfig()).map(({ name }) => name)
    assert.deepEqual(names.slice(-3), ['added', 'State', 'Status'])
    await served.proxy.command('RemoveOne')
    await assert.rejects(served.proxy.read('added'), (e: DevFailed) => e.has('API_AttrNotFound'))
    assert.throws(() => served.device.removeAttribute('position'), /belongs to the class/)
  })

  it('changes limits from code', async () => {
    served.device.setAttributeLimits('position', { max: 3 })
    await assert.rejects(served.proxy.write('position', 4 as never), (e: DevFailed) => e.has('API_WAttrOutsideLimit'))
    assert.equal(served.device.attributeConfig('position').maxValue, '3')
  })

  it('is in ALARM while an attribute is outside its limits, and says which', async () => {
    served.device.warm = 11
    assert.equal((await served.proxy.read('warm')).quality, 'ALARM')
    assert.equal(await served.proxy.state(), 'ALARM')
    assert.equal(await served.proxy.status(), 'The device is in ALARM state.\nAlarm : Value too high for Warm')
    served.device.warm = -6
    assert.equal((await served.proxy.read('warm')).quality, 'WARNING')
    served.device.warm = 0
    assert.equal(await served.proxy.state(), 'ON')
    served.device.setState('MOVING')
    served.device.warm = 11
    assert.equal(await served.proxy.state(), 'MOVING')
  })

  it('writes a memorized set point again at Init and after a restart', async () => {
    await served.proxy.write('memorized', 4.5 as never)
    await served.proxy.command('Init')
    assert.deepEqual(served.device.calls.slice(-3), ['deleted', 'init', 'memorized 4.5'])
    await served.server.restartDevice(NAME)
    assert.deepEqual(served.device.calls, ['init', 'memorized 4.5'])
    assert.deepEqual((await served.proxy.read('memorized')).written, 4.5)
  })

  it('answers another client while locked with API_DeviceLocked, but lets it read', async () => {
    const other = { language: 'CPP', pid: 4242 } as const
    await served.admin.command('LockDevice', { lvalue: Int32Array.of(10), svalue: [NAME] } as never)
    const nothing = { type: 'DevVoid', value: undefined } as const
    await assert.rejects(
      served.call(O.command_inout_4, ['Init', nothing, 'DEV', other]),
      (e: DevFailed) => e.reason === 'API_DeviceLocked',
    )
    await served.call(O.command_inout_4, ['State', nothing, 'DEV', other])
    await served.call(O.read_attributes_5, [['doS'], 'DEV', other])
    await served.proxy.command('MoveNowhere')
    assert.equal(await served.admin.command('UnLockDevice', { lvalue: Int32Array.of(0), svalue: [NAME] } as never), 0)
    await served.call(O.command_inout_4, ['MoveNowhere', nothing, 'DEV', other])
  })
})

describe('the start of a device', () => {
  const start = async (properties: Record<string, string[]>): Promise<Served> =>
    serve({
      devices: [
        { class: 'Everything', name: NAME, properties },
        { class: 'Everything', name: 'test/every/2' },
      ],
    })

  it('puts it in FAULT with the reason when init fails, and serves the others', async () => {
    await using served = await start({ failInit: ['true'] })
    assert.equal(await served.proxy.state(), 'FAULT')
    assert.match(await served.proxy.status(), /Line_TimedOut: Test\/Every\/1: no answer from the box/)
    assert.equal(await served.call(O._get_state, [], 'test/every/2'), 'ON')
  })

  it('puts it in FAULT with the name of a wrong property', async () => {
    await using served = await start({ port: ['abc'] })
    assert.equal(await served.proxy.state(), 'FAULT')
    assert.equal(await served.proxy.status(), 'property Port: "abc" is no number; set it to a whole number')
    assert.deepEqual(served.device.calls, [])
  })

  it('gives typed properties to the class', async () => {
    await using served = await start({ Port: ['77'], Factors: ['1.5', '2'] })
    assert.deepEqual(
      [served.device.properties.port, served.device.properties.factors, served.device.properties.host],
      [77, [1.5, 2], 'localhost'],
    )
  })

  it('gives up an init that hangs, and starts the server', async () => {
    const spec = defineInterface({ class: 'Hanging' })
    class Hanging extends Device<typeof spec> implements Serves<typeof spec> {
      override init(): Promise<void> {
        return new Promise(() => {})
      }
    }
    const clock = new VirtualClock()
    const tango = await TangoProcess.create({ clock, log: silentLogger(), listen: false })
    const classes: DeviceClass[] = [deviceClass(spec, Hanging)]
    const devices = [{ class: 'Hanging', name: 'a/b/c' }]
    const server = await clock.run(
      tango.startServer({ server: 'H', instance: '1', classes, database: 'none', devices }),
    )
    assert.equal(server.device('a/b/c')?.state, 'FAULT')
    assert.match(server.device('a/b/c')?.status ?? '', /init did not end within 30 s/)
    await tango.close()
  })
})

describe('changes of a running server', () => {
  it('adds, finds and removes devices', async () => {
    await using served = await serve()
    const added = await served.server.addDevice({
      class: 'Everything',
      name: 'test/every/9',
      properties: { port: ['9'] },
    })
    assert.ok(added instanceof EverythingDevice)
    assert.equal(added.properties.port, 9)
    assert.equal(await served.call(O._get_name, [], 'test/every/9'), 'test/every/9')
    assert.deepEqual(
      served.server.devicesOfClass('everything').map(({ name }) => name),
      [NAME, 'test/every/9'],
    )
    await assert.rejects(
      served.server.addDevice({ class: 'Everything', name: 'TEST/every/9' }),
      /has the device TEST\/every\/9 already/,
    )
    await assert.rejects(served.server.addDevice({ class: 'Nope', name: 'a/b/c' }), (e: DevFailed) =>
      e.has('API_ClassNotFound'),
    )
    await served.server.removeDevice('test/every/9')
    assert.deepEqual(added.calls.at(-1), 'deleted')
    await assert.rejects(served.call(O.ping, [], 'test/every/9'), /OBJECT_NOT_EXIST/)
  })

  it('stops timers and long commands of a device that is removed', async () => {
    await using served = await serve()
    let beats = 0
    served.device.every(1, () => {
      beats += 1
    })
    await eventually('a beat', () => beats > 0)
    const waiting = served.proxy.command('Wait')
    await eventually('the command', () => served.device.calls.includes('wait'))
    await served.server.removeDevice(NAME)
    assert.equal(await waiting, 'aborted')
    const after = beats
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(beats, after)
  })

  it('serves the same name once in a process', async () => {
    await using served = await serve()
    const options = {
      server: 'Other',
      instance: '1',
      classes: [
        {
          spec:
            served.server.devices().length > 0
              ? (await import('../../../support/everything-device.ts')).everythingInterface
              : never(),
          create: never,
        },
      ],
      database: 'none',
      devices: [{ class: 'Everything', name: 'test/every/1' }],
    } as const
    await assert.rejects(served.tango.startServer(options), /served by Everything\/test in this process already/)
    assert.equal(await served.proxy.state(), 'ON')
  })
})

function never(): never {
  throw new Error('must not be called')
}
