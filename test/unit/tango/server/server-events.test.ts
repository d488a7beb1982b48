import assert from 'node:assert/strict'
import { type DevFailed, Device, type DeviceClass, defineInterface, VirtualClock } from '#tango'
import { attDataReady, attributeValue5, devIntrChange } from '../../../../tango/wire/tango-idl.ts'
import { decodeEvent, type ReceivedEvent } from '../../../../tango/wire/zmq-event.ts'
import { DEVICE, type ServedClass, serveClass } from '../../../support/served-class.ts'

const noisyInterface = defineInterface({
  class: 'Noisy',
  attributes: {
    value: { type: 'DevDouble', name: 'value', pushesArchive: 'filtered', events: { archive: { abs: 1 } } },
    ready: { type: 'DevLong', name: 'ready', dataReady: true },
    silent: { type: 'DevLong', name: 'silent' },
  },
})

class Noisy extends Device<typeof noisyInterface> {
  readValue(): number {
    return 1
  }
  readReady(): number {
    return 1
  }
  readSilent(): number {
    return 1
  }
}

const noisy: DeviceClass = { spec: noisyInterface, create: (context) => new Noisy(context) }

describe('events of a device', () => {
  let served: ServedClass<Noisy>
  let clock: VirtualClock
  beforeEach(async () => {
    clock = new VirtualClock()
    served = await serveClass(noisy, Noisy, { clock })
  })
  afterEach(() => served[Symbol.asyncDispose]())

  const topicOf = async (attribute: string, event: string): Promise<string> => {
    const answer = await served.admin.command('ZmqEventSubscriptionChange', [
      DEVICE,
      attribute,
      'subscribe',
      event,
      '5',
    ])
    return (answer as { svalue: string[] }).svalue.at(-2) ?? ''
  }
  const listen = (topic: string): ReceivedEvent[] => {
    const received: ReceivedEvent[] = []
    served.tango.localEvents.subscribe(topic, (frames) => received.push(decodeEvent(frames)))
    return received
  }
  const value = ({ payload }: ReceivedEvent): unknown => {
    assert.ok(payload !== undefined)
    return attributeValue5.decode(payload).value.value
  }

  it('tell of data that is ready under the names of native and of Java clients', async () => {
    const topic = await topicOf('ready', 'data_ready')
    assert.match(topic, /\/ready#dbase=no\.data_ready$/)
    const native = listen(topic)
    const java = listen(topic.replace('.data_ready', '.idl5_data_ready'))
    served.device.pushDataReady('ready', 77)
    await Promise.resolve()
    for (const events of [native, java]) {
      const [event] = events
      assert.ok(event?.payload !== undefined)
      assert.deepEqual(attDataReady.decode(event.payload), { name: 'ready', dataType: 3, ctr: 77 })
    }
    await assert.rejects(topicOf('silent', 'data_ready'), (e: DevFailed) => e.has('API_AttributeNotDataReadyEnabled'))
  })

  it('are pushed as archive events when they pass the thresholds, and as user events always', async () => {
    const archive = listen(await topicOf('value', 'archive'))
    const user = listen(await topicOf('value', 'user_event'))
    for (const pushed of [1, 1.5, 2.5]) {
      served.device.pushArchive('value', pushed)
      served.device.pushUserEvent('value', pushed)
    }
    await Promise.resolve()
    assert.deepEqual(archive.map(value), [Float64Array.of(1), Float64Array.of(2.5)])
    assert.equal(user.length, 3)
    await assert.rejects(topicOf('silent', 'archive'), (e: DevFailed) => e.has('API_AttributePollingNotStarted'))
  })

  it('tell once of commands and attributes that come and go together', async () => {
    const events = listen(await topicOf('dummy', 'intr_change'))
    await clock.run(async () => {
      served.device.addCommand('extra', { out: 'DevFloat', states: ['ON'] }, () => 4)
      served.device.addAttribute('more', { type: 'DevLong', name: 'more' }, { read: () => 5 })
      assert.equal(await served.proxy.command('Extra'), 4)
      await clock.sleep(100)
      assert.equal(events.length, 1)
      const [event] = events
      assert.ok(event?.payload !== undefined)
      const change = devIntrChange.decode(event.payload)
      assert.equal(change.devStarted, false)
      assert.ok(change.cmds.some(({ cmdName }) => cmdName === 'Extra'))
      assert.ok(change.atts.some(({ name }) => name === 'more'))
      served.device.removeCommand('extra')
      await served.device.removeAttribute('more')
      await clock.sleep(100)
      assert.equal(events.length, 2)
      await assert.rejects(served.proxy.command('Extra'), /API_CommandNotFound/)
    })
  })

  it('leave what belongs to the class alone', () => {
    assert.throws(() => served.device.addCommand('state', { name: 'State' }, () => 1), /belongs to the class/)
    assert.throws(() => served.device.removeCommand('init'), /belongs to the class/)
    assert.throws(() => served.device.removeCommand('nope'), /API_CommandNotFound/)
  })

  it('tell of configurations that the device itself changes', async () => {
    const events = listen(await topicOf('value', 'attr_conf'))
    await served.device.configureAttribute('value', { maxValue: 12.5, unit: 'mm' })
    await Promise.resolve()
    assert.equal(events.length, 1)
    const [config] = await served.proxy.attributeConfig(['value'])
    assert.deepEqual([config?.maxValue, config?.unit], ['12.5', 'mm'])
    await assert.rejects(served.device.configureAttribute('value', { minValue: 20 }), /API_IncoherentValues/)
  })
})
