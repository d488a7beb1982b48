// CTExpChannel and the channel commands of Controller as Tango clients see them.

import assert from 'node:assert/strict'
import { controller as controllerSpec } from '#interfaces/controller'
import { ctExpChannel as channelSpec } from '#interfaces/ct-exp-channel'
import { DevFailed, type DeviceProxy, decodeEncoded } from '#tango'
import { steeredCounter } from './drivers/steered-counter.ts'
import { controllerWithAxes, ElementServer, EventLog } from './server.ts'

describe('Controller and CTExpChannel', () => {
  let elements: ElementServer
  let box: DeviceProxy<typeof controllerSpec>
  let channel: DeviceProxy<typeof channelSpec>
  const plain = steeredCounter.acquire

  const start = async (): Promise<void> => {
    elements = await ElementServer.start(controllerWithAxes('em', 'CTExpChannel', 'steered-counter', 2))
    box = elements.proxy('controller/steered-counter/em', controllerSpec)
    channel = elements.proxy('expchan/em/1', channelSpec)
  }

  beforeEach(() => {
    Object.assign(steeredCounter, { acquire: plain, read: undefined })
  })
  afterEach(() => elements.close())

  it('prepares once and acquires points with start, end and values', async () => {
    await start()
    await box.command('prepareMany', Float64Array.of(0.5, 3, 1, 2))
    const { dvalue, svalue } = await box.command('acquireMany', Float64Array.of(2, 2, 1))
    const [begin = 0, end = 0, ...values] = dvalue
    assert.deepEqual(values, [202.5, 102.5])
    assert.deepEqual(svalue, ['', ''])
    assert.ok(end >= begin && begin > 1e9)
    assert.equal((await channel.read('value')).value, 102.5)
    assert.deepEqual(await box.command('stateMany', Float64Array.of(1, 2)), ['ON', 'ON'])
  })

  it('pushes MOVING, the value buffer, the value and ON for each point', async () => {
    await start()
    const log = new EventLog()
    const buffers: unknown[] = []
    const subscriptions = [
      await channel.subscribe('state', 'change', log.note),
      await channel.subscribe('value', 'change', log.note),
      await channel.subscribe('valueBuffer', 'change', (event) => {
        if (event.reading?.value !== undefined) buffers.push(decodeEncoded(event.reading.value))
        log.lines.push('valuebuffer')
      }),
    ]
    const first = log.lines.length
    await box.command('prepareMany', Float64Array.of(0.5, 1, 1))
    await box.command('acquireMany', Float64Array.of(4, 1))
    await log.until(/state ON/, first)
    assert.deepEqual(log.lines.slice(first), [
      'state MOVING VALID',
      'valuebuffer',
      'value 104.5 VALID',
      'state ON VALID',
    ])
    assert.deepEqual(buffers, [{ index: [4], value: [104.5] }])
    for (const subscription of subscriptions) await subscription.close()
  })

  it('acquires alone with its own integration time', async () => {
    await start()
    const log = new EventLog()
    const subscription = await channel.subscribe('state', 'change', log.note)
    await channel.write('integrationTime', 0.25)
    const first = log.lines.length
    await channel.command('start')
    await log.until(/state ON/, first)
    assert.equal(log.lines[first], 'state MOVING VALID')
    assert.equal((await channel.read('value')).value, 100.25)
    await subscription.close()
  })

  it('ends early when it is stopped', async () => {
    steeredCounter.acquire = (axes, _seconds, _index, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(axes.map(() => 0.5))))
    await start()
    await box.command('prepareMany', Float64Array.of(100, 1, 1, 2))
    const point = box.command('acquireMany', Float64Array.of(0, 1, 2))
    assert.equal(await channel.state(), 'MOVING')
    await channel.command('stop')
    assert.deepEqual([...(await point).dvalue].slice(2), [0.5, 0.5])
    await channel.command('stop')
    assert.equal(await channel.state(), 'ON')
  })

  it('gives live values while it acquires, if the box can', async () => {
    steeredCounter.read = (axes) => axes.map(() => 42)
    steeredCounter.acquire = (axes, _seconds, _index, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(axes.map(() => 1))))
    await start()
    assert.equal((await channel.read('value')).quality, 'INVALID')
    await channel.command('start')
    const { value, quality } = await channel.read('value')
    assert.deepEqual([value, quality], [42, 'CHANGING'])
    await channel.command('abort')
  })

  it('refuses points without preparation, and the commands of motors', async () => {
    await start()
    const reason = (wanted: string) => (error: unknown) => error instanceof DevFailed && error.has(wanted)
    await assert.rejects(box.command('acquireMany', Float64Array.of(0, 1)), reason('MeasurementGroup_NotPrepared'))
    await assert.rejects(box.command('prepareMany', Float64Array.of(1, 1)), reason('API_InvalidArgs'))
    await assert.rejects(box.command('startMany', Float64Array.of(1, 1)), reason('API_NotSupportedFeature'))
    await assert.rejects(channel.write('integrationTime', -1), reason('API_InvalidArgs'))
    await assert.rejects(channel.read('valueBuffer'), reason('API_UnsupportedFeature'))
  })

  it('shows a failed point', async () => {
    steeredCounter.acquire = async () => {
      throw new Error('the box burns')
    }
    await start()
    await box.command('prepareMany', Float64Array.of(1, 1, 1))
    await assert.rejects(box.command('acquireMany', Float64Array.of(0, 1)), /the box burns/)
    assert.equal(await channel.state(), 'FAULT')
    assert.match(await channel.status(), /the box burns/)
  })
})
