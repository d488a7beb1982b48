import assert from 'node:assert/strict'
import { memoryStore, startDatabase } from '#db-config'
import {
  type DevFailed,
  Device,
  type DeviceClass,
  type DeviceServer,
  defineInterface,
  devFailed,
  silentLogger,
  type TangoEvent,
  TangoProcess,
} from '#tango'
import { eventually } from '../support/waiting.ts'

const rootInterface = defineInterface({
  class: 'Root',
  attributes: {
    number: { type: 'DevDouble', name: 'number', writable: true, unit: 'mm', events: { change: { abs: 1 } } },
    picture: { type: 'DevString', name: 'picture', format: 'image', max: [4, 4] },
  },
  commands: { pushNumber: { in: 'DevDouble' } },
  pipes: { info: { name: 'info', label: 'from code' } },
})

class Root extends Device<typeof rootInterface> {
  number = 1
  readNumber(): number {
    return this.number
  }
  writeNumber(value: number): void {
    this.number = value
  }
  readPicture(): { data: string[]; width: number; height: number } {
    return { data: ['a', 'b'], width: 2, height: 1 }
  }
  readInfo(): { x: number } {
    return { x: 1 }
  }
  pushNumber(value: number): void {
    this.number = value
    this.push('number', value)
  }
}

const root: DeviceClass = { spec: rootInterface, create: (context) => new Root(context) }

const forwarding: DeviceClass = {
  spec: defineInterface({
    class: 'Forwarding',
    forwarded: {
      mirror: { name: 'mirror', label: 'my own label' },
      picture: { name: 'mirrored_picture', root: 'test/root/1/picture' },
      broken: { name: 'broken' },
    },
  }),
  create: (context) => new (class extends Device {})(context),
}

const ROOT = 'test/root/1'
const FORWARDING = 'test/forwarding/1'

describe('a server and its database', () => {
  let database: TangoProcess
  let databaseServer: DeviceServer
  let tangoHost: string
  const open: TangoProcess[] = []
  const make = async (): Promise<TangoProcess> => {
    const tango = await TangoProcess.create({ tangoHost, log: silentLogger() })
    open.push(tango)
    return tango
  }
  const startRoot = (tango: TangoProcess): Promise<DeviceServer> =>
    tango.startServer({
      server: 'Root',
      instance: 'test',
      classes: [root],
      devices: [{ class: 'Root', name: ROOT, properties: { unused: ['x'] } }],
    })

  beforeEach(async () => {
    database = await TangoProcess.create({ log: silentLogger() })
    databaseServer = await startDatabase(database, memoryStore())
    tangoHost = `127.0.0.1:${database.orb.endpoint.port}`
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((tango) => tango.close()))
    await database.close()
  })

  it('starts with single calls when the database refuses the one that has it all', async () => {
    const first = await make()
    await startRoot(first)
    const client = await make()
    await client.database().putDeviceAttributeProperty(ROOT, { number: { label: 'stored', max_value: '9' } })
    await client.database().putClassAttributeProperty('Root', { number: { unit: 'cm' } })
    await client.database().putDeviceProperty(ROOT, { polled_attr: ['number', '1000'] })
    await first.close()

    let asked = 0
    const [device] = databaseServer.devices()
    assert.ok(device !== undefined)
    Reflect.set(device, 'dbGetDataForServerCache', () => {
      asked += 1
      throw devFailed('DB_SQLError', 'procedure ds_start does not exist')
    })
    const second = await make()
    const server = await startRoot(second)
    assert.equal(asked > 0, true)
    const proxy = client.proxy(ROOT)
    const [config] = await proxy.attributeConfig(['number'])
    assert.deepEqual([config?.label, config?.maxValue, config?.unit], ['stored', '9', 'cm'])
    const polled = await client.proxy(server.adminName).command('PolledDevice')
    assert.deepEqual(polled, [ROOT])
    assert.deepEqual(await client.database().exportedDevices('*root*'), [`dserver/Root/test`, ROOT])
    await assert.rejects(startRoot(await make()), (e: DevFailed) => e.has('Server_AlreadyRunning'))
    await assert.rejects(
      (await make()).startServer({ server: 'Nobody', instance: 'knows', classes: [root] }),
      /The device server Nobody\/knows is not defined in database/,
    )
  })

  it('keeps what clients configure: thresholds, labels, pipes', async () => {
    const first = await make()
    await startRoot(first)
    const client = await make()
    const proxy = client.proxy(ROOT)
    const [config] = await proxy.attributeConfig(['number'])
    assert.ok(config !== undefined)
    const { eventProp } = config
    const chEvent = { ...eventProp.chEvent, absChange: '-1,2', relChange: '5' }
    const perEvent = { ...eventProp.perEvent, period: '500' }
    await proxy.setAttributeConfig([{ ...config, label: 'mine', eventProp: { ...eventProp, chEvent, perEvent } }])
    const stored = await client.database().getDeviceAttributeProperty(ROOT, ['number'])
    assert.deepEqual(Object.fromEntries(stored.get('number') ?? []), {
      abs_change: ['-1', '2'],
      event_period: ['500'],
      label: ['mine'],
      rel_change: ['-5', '5'],
    })
    const [pipe] = await proxy.pipes.config(['info'])
    assert.ok(pipe !== undefined)
    await proxy.pipes.setConfig([{ ...pipe, label: 'a pipe' }])
    await first.close()

    await startRoot(await make())
    const [again] = await proxy.attributeConfig(['number'])
    assert.deepEqual(
      [again?.label, again?.eventProp.chEvent.absChange, again?.eventProp.chEvent.relChange],
      ['mine', '1,2', '5'],
    )
    assert.equal((await proxy.pipes.config(['info']))[0]?.label, 'a pipe')
  })

  it('forgets the stored properties of an attribute that it removes', async () => {
    const tango = await make()
    const server = await startRoot(tango)
    const device = server.device(ROOT)
    device?.addAttribute('extra', { type: 'DevLong', name: 'extra' }, { read: () => 1 })
    const proxy = (await make()).proxy(ROOT)
    const [config] = await proxy.attributeConfig(['extra'])
    assert.ok(config !== undefined)
    await proxy.setAttributeConfig([{ ...config, label: 'stored' }])
    const stored = () => tango.database().getDeviceAttributeProperty(ROOT, ['extra'])
    assert.deepEqual((await stored()).get('extra')?.get('label'), ['stored'])
    await device?.removeAttribute('extra')
    assert.equal((await stored()).get('extra')?.size ?? 0, 0)
  })

  it('takes the sizes of event buffers from the control system', async () => {
    const client = await make()
    await client.database().putProperty('CtrlSystem', { EventBufferHwm: '777', DSEventBufferHwm: '888' })
    const tango = await make()
    const server = await startRoot(tango)
    assert.deepEqual(tango.events.highWaterMarks, { publisher: 888, subscriber: 777 })
    const answer = await client
      .proxy(server.adminName)
      .command('ZmqEventSubscriptionChange', [ROOT, 'number', 'subscribe', 'attr_conf', '5'])
    assert.equal((answer as { lvalue: Int32Array }).lvalue[2], 777)
  })

  describe('with forwarded attributes', () => {
    let client: TangoProcess
    let rootServer: DeviceServer
    beforeEach(async () => {
      rootServer = await startRoot(await make())
      client = await make()
      const declared = await make()
      await client.database().addServer('Forwarding/test', [{ class: 'Forwarding', name: FORWARDING }])
      await client.database().putDeviceAttributeProperty(FORWARDING, {
        mirror: { __root_att: `${ROOT}/number` },
        broken: { __root_att: `${FORWARDING}/x` },
      })
      await declared.startServer({ server: 'Forwarding', instance: 'test', classes: [forwarding] })
    })

    it('reads, writes and describes the root, with a label of its own', async () => {
      const proxy = client.proxy(FORWARDING)
      await proxy.write('mirror', 7.5)
      const device = rootServer.device(ROOT)
      assert.ok(device instanceof Root)
      assert.equal(device.number, 7.5)
      const { name, value, written, quality } = await proxy.read('mirror')
      assert.deepEqual([name, value, written, quality], ['mirror', 7.5, 7.5, 'VALID'])
      assert.deepEqual((await proxy.read('mirrored_picture')).value, { data: ['a', 'b'], width: 2, height: 1 })
      const [config] = await proxy.attributeConfig(['mirror'])
      assert.deepEqual([config?.label, config?.unit, config?.writable], ['my own label', 'mm', 'READ_WRITE'])
      assert.equal(config?.rootAttrName, `tango://${tangoHost}/${ROOT}/number`)
    })

    it('says in Status which root is wrong', async () => {
      const proxy = client.proxy(FORWARDING)
      assert.equal(await proxy.state(), 'ALARM')
      assert.match(await proxy.status(), /Forwarded attribute broken .*\n.*\nError: Root device is local device$/)
    })

    it('passes changes of the configuration both ways', async () => {
      const proxy = client.proxy(FORWARDING)
      const [config] = await proxy.attributeConfig(['mirror'])
      assert.ok(config !== undefined)
      await proxy.setAttributeConfig([{ ...config, unit: 'um' }])
      const [ofRoot] = await client.proxy(ROOT).attributeConfig(['number'])
      assert.deepEqual([ofRoot?.unit, ofRoot?.label], ['um', 'number'])
      await client.proxy(ROOT).setAttributeConfig([{ ...(ofRoot ?? config), maxValue: '50' }])
      await eventually('the new limit', async () => {
        const [now] = await proxy.attributeConfig(['mirror'])
        return now?.maxValue === '50' && now.label === 'my own label'
      })
    })

    it('passes events on under its own name, or the refusal of the root', async () => {
      const proxy = client.proxy(FORWARDING)
      const rootDevice = client.proxy(ROOT)
      await assert.rejects(
        proxy.subscribe('mirror', 'periodic', () => {}),
        (e: DevFailed) => e.has('API_AttributePollingNotStarted'),
      )
      await rootDevice.command('PushNumber', 3)
      const events: TangoEvent[] = []
      const subscription = await proxy.subscribe('mirror', 'change', (event) => events.push(event))
      await eventually('a forwarded event', async () => {
        await rootDevice.command('PushNumber', 42)
        return events.some(({ reading, counter }) => counter !== undefined && reading?.value === 42)
      })
      assert.ok(events.every(({ reading }) => reading === undefined || reading.name === 'mirror'))
      await subscription.close()
    })

    it('locks the devices of its roots along with itself, as often, and renews that', async function () {
      this.timeout(10_000)
      const proxy = client.proxy(FORWARDING)
      const rootLock = client.proxy(ROOT).lock
      // without a lock there is nothing to give back, also not the lock that somebody has on a root
      await rootLock.take()
      assert.equal(await proxy.lock.release(), 0)
      assert.equal((await rootLock.status()).locked, true)
      assert.equal(await rootLock.release(), 0)
      await proxy.lock.take({ validityS: 2 })
      await proxy.lock.take({ validityS: 2 })
      assert.equal((await rootLock.status()).locked, true)
      assert.equal(await proxy.lock.release(), 1)
      // longer than the lock of the root holds by itself
      await new Promise((resolve) => setTimeout(resolve, 2500))
      assert.equal((await rootLock.status()).locked, true)
      assert.equal(await proxy.lock.release(), 0)
      assert.equal((await rootLock.status()).locked, false)
    })

    it('tells which devices it uses', async () => {
      const used = await client.proxy('dserver/Forwarding/test').command('QuerySubDevice')
      assert.deepEqual(used, [`${FORWARDING} ${ROOT}`])
    })

    it('cannot be polled here, and has the history of the root', async () => {
      const proxy = client.proxy(FORWARDING)
      await assert.rejects(proxy.polling.pollAttribute('mirror', 1000), /API_NotSupportedFeature/)
      await client.proxy(ROOT).polling.pollAttribute('number', 20)
      await eventually('a history', async () => {
        const records = await proxy.history('mirror', 3).catch(() => [])
        return records.length === 3 && records.every(({ reading }) => reading?.name === 'mirror')
      })
    })
  })
})
