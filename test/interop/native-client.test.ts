// Our client against native servers: TangoTest, DataBaseds and a PyTango device.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import {
  DevFailed,
  decodeEncoded,
  encodePickle,
  silentLogger,
  systemClock,
  type TangoEvent,
  TangoProcess,
} from '#tango'
import type { ClientHost } from '../../tango/client/client-host.ts'
import { DeviceProxy } from '../../tango/client/device-proxy.ts'
import { EventSubscriber } from '../../tango/events/subscriber.ts'
import { Collector } from '../support/collector.ts'
import { type NativeServer, type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, PYTHON } from '../support/peers.ts'

const PUSHER = resolve(import.meta.dirname, '../../../test/interop/python/pusher.py')
const DEVICE = 'sys/tg_test/1'
const ADMIN = 'dserver/TangoTest/test'

/** What a reading of each type must be made of: scalar type, array class. */
const CLASSES: Readonly<Record<number, readonly [string, string]>> = {
  1: ['boolean', 'Array'],
  2: ['number', 'Int16Array'],
  3: ['number', 'Int32Array'],
  4: ['number', 'Float32Array'],
  5: ['number', 'Float64Array'],
  6: ['number', 'Uint16Array'],
  7: ['number', 'Uint32Array'],
  8: ['string', 'Array'],
  19: ['string', 'Array'],
  22: ['number', 'Uint8Array'],
  23: ['bigint', 'BigInt64Array'],
  24: ['bigint', 'BigUint64Array'],
}

async function reasonsOf(promise: Promise<unknown>): Promise<string[]> {
  const error = await promise.then(
    () => assert.fail('should fail'),
    (e: unknown) => e,
  )
  assert.ok(error instanceof DevFailed, String(error))
  return error.errors.map((level) => level.reason)
}

describe('The client with native servers', function () {
  this.timeout(90_000)
  let native: NativeTango
  let pusher: NativeServer
  let tango: TangoProcess
  let subscriber: EventSubscriber | undefined

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest', 'pytango')
    native = await startNativeTango()
    tango = await TangoProcess.create({ tangoHost: native.tangoHost, listen: false, log: silentLogger() })
    await tango.database().addServer('pusher/test', [{ class: 'Pusher', name: 'test/pusher/1' }])
    await native.serve('TangoTest', 'test')
    pusher = await native.run(PYTHON, [PUSHER, 'test'])
  })

  after(async () => {
    await subscriber?.close()
    await tango?.close()
    await native?.stop()
  })

  it('reads every attribute with the types that its configuration says', async () => {
    const proxy = tango.proxy(DEVICE)
    const configs = await proxy.attributeConfig()
    assert.ok(configs.length > 50)
    for (const config of configs) {
      if (config.name === 'throw_exception' || config.name === 'no_value') continue
      const { name, value, quality, time } = await proxy.read(config.name)
      assert.equal(name, config.name)
      assert.equal(quality, 'VALID')
      assert.ok(Math.abs(time - Date.now() / 1000) < 60, `${name}: time ${time}`)
      const [scalar, array] = CLASSES[config.dataType] ?? assert.fail(`${name}: type ${config.dataType}`)
      if (config.dataFormat === 'SCALAR') assert.equal(typeof value, scalar, name)
      else if (config.dataFormat === 'SPECTRUM') assert.equal(value?.constructor.name, array, name)
      else {
        const { data, width, height } = value as { data: ArrayLike<unknown>; width: number; height: number }
        assert.equal(data.constructor.name, array, name)
        assert.equal(data.length, width * height, name)
      }
    }
  })

  it('passes on native errors of attributes', async () => {
    const proxy = tango.proxy(DEVICE)
    assert.deepEqual(await reasonsOf(proxy.read('throw_exception')), ['exception test', 'API_AttributeFailed'])
    assert.deepEqual(await reasonsOf(proxy.read('no_value')), ['API_AttrValueNotSet', 'API_AttributeFailed'])
    assert.deepEqual(await reasonsOf(proxy.read('nope')), ['API_AttrNotFound', 'API_AttributeFailed'])
    assert.deepEqual(await reasonsOf(proxy.write('short_scalar_ro', 1)), ['API_AttrNotWritable', 'API_AttributeFailed'])
    const [good, bad] = await proxy.readMany(['State', 'nope'])
    assert.ok(good !== undefined && !(good instanceof DevFailed) && bad instanceof DevFailed)
  })

  it('writes scalars, spectra and images', async () => {
    const proxy = tango.proxy(DEVICE)
    await proxy.write('double_scalar_w', -1.25)
    assert.equal((await proxy.read('double_scalar_w')).value, -1.25)
    for (const [name, value] of [
      ['boolean_scalar', false],
      ['string_scalar', 'café'],
      ['uchar_scalar', 255],
      ['ulong64_scalar', 2n ** 64n - 1n],
      ['long64_scalar', -(2n ** 63n)],
      ['float_scalar', 0.5],
      ['double_spectrum', Float64Array.of(1, 2, 3)],
      ['boolean_spectrum', [true, false]],
      ['string_spectrum', ['a', '', 'é']],
      ['double_image', { data: Float64Array.of(1, 2, 3, 4, 5, 6), width: 3, height: 2 }],
      ['string_image', { data: ['a', 'b'], width: 1, height: 2 }],
    ] as const) {
      await proxy.write(name, value)
      assert.deepEqual((await proxy.read(name)).written, value, name)
    }
    await proxy.writeMany({ double_scalar_w: 2, short_scalar_w: 3 })
    assert.equal((await proxy.read('short_scalar_w')).value, 3)
  })

  it('executes commands of all types, without and with a spec', async () => {
    const proxy = tango.proxy(DEVICE)
    for (const [name, value] of [
      ['DevVoid', undefined],
      ['DevBoolean', true],
      ['DevShort', -32768],
      ['DevLong', 2147483647],
      ['DevLong64', -(2n ** 63n)],
      ['DevFloat', 1.5],
      ['DevDouble', Number.MIN_VALUE],
      ['DevUShort', 65535],
      ['DevULong', 4294967295],
      ['DevULong64', 2n ** 64n - 1n],
      ['DevString', 'café'],
      ['DevVarCharArray', Uint8Array.of(0, 255)],
      ['DevVarShortArray', Int16Array.of(-1)],
      ['DevVarLongArray', Int32Array.of(1, 2, 3)],
      ['DevVarLong64Array', BigInt64Array.of(-1n)],
      ['DevVarFloatArray', Float32Array.of(1.5)],
      ['DevVarDoubleArray', new Float64Array(5000).fill(1.25)],
      ['DevVarUShortArray', Uint16Array.of(1)],
      ['DevVarULongArray', Uint32Array.of(1)],
      ['DevVarULong64Array', BigUint64Array.of(1n)],
      ['DevVarStringArray', Array.from({ length: 2000 }, (_none, i) => `text ${i}`)],
      ['DevVarLongStringArray', { lvalue: Int32Array.of(1), svalue: ['x', 'y'] }],
      ['DevVarDoubleStringArray', { dvalue: Float64Array.of(1.5), svalue: [] }],
    ] as const) {
      assert.deepEqual(await proxy.command(name, value), value, name)
    }
    assert.equal(await proxy.command('State'), await proxy.state())
    assert.deepEqual(await reasonsOf(proxy.command('Nope')), ['API_CommandNotFound', 'API_CommandFailed'])
  })

  it('reads enumerations, payloads, state lists and qualities of a PyTango device', async () => {
    const proxy = tango.proxy('test/pusher/1')
    await proxy.write('mode', 'fast')
    assert.equal((await proxy.read('mode')).value, 1)
    const payload = (await proxy.read('payload')).value as { format: string; data: Uint8Array }
    assert.deepEqual(decodeEncoded(payload), { a: [1, 2.5] })
    await proxy.write('payload', encodePickle({ b: [1] }))
    assert.deepEqual(decodeEncoded((await proxy.read('payload')).value as typeof payload), { b: [1] })
    assert.deepEqual((await proxy.read('states')).value, ['ON', 'MOVING'])
    const invalid = await proxy.read('invalid')
    assert.deepEqual([invalid.value, invalid.quality], [undefined, 'INVALID'])
    const alarming = await proxy.read('alarming')
    assert.deepEqual([alarming.value, alarming.quality, alarming.time], [1.5, 'ALARM', 12.25])
  })

  it('says why a device cannot be reached', async () => {
    assert.equal((await reasonsOf(tango.proxy('a/b/c').ping()))[0], 'DB_DeviceNotDefined')
    assert.equal((await reasonsOf(tango.proxy('no_such_alias').ping()))[0], 'DB_DeviceNotDefined')
    assert.equal((await reasonsOf(tango.proxy('sys/access_control/1').ping()))[0], 'API_DeviceNotExported')
  })

  it('administers the native database', async () => {
    const database = tango.database()
    const odd = { Host: 'h', Lines: ['a b', "it's", 'back\\slash', '"quoted"', '100%'], Blank: ' ' }
    await database.putDeviceProperty(DEVICE, odd)
    const read = await database.getDeviceProperty(DEVICE, ['Missing', 'host', 'Lines', 'AlsoMissing', 'Blank'])
    assert.deepEqual(
      [...read],
      [
        ['host', ['h']],
        ['Lines', odd.Lines],
        ['Blank', [' ']],
      ],
    )
    assert.deepEqual((await database.devicePropertyList(DEVICE)).sort(), ['Blank', 'Host', 'Lines'])
    await database.deleteDeviceProperty(DEVICE, ['Host', 'Blank'])
    assert.deepEqual(await database.devicePropertyList(DEVICE), ['Lines'])
    const history = await database.devicePropertyHistory(DEVICE, 'Host')
    assert.deepEqual(
      history.map((entry) => entry.values),
      [['h'], []],
    )

    await database.putClassProperty('TangoTest', { P: ['1'] })
    assert.deepEqual([...(await database.getClassProperty('TangoTest', ['None', 'P']))], [['P', ['1']]])
    await database.putProperty('free/object', { P: ['1', '2'] })
    assert.deepEqual([...(await database.getProperty('free/object', ['None', 'P']))], [['P', ['1', '2']]])
    assert.ok((await database.objects('free*')).includes('free/object'))
    await database.putDeviceAttributeProperty(DEVICE, { ampli: { __value: '3', label: 'L' }, wave: { unit: 'V' } })
    const properties = await database.getDeviceAttributeProperty(DEVICE, ['ampli', 'wave', 'nope'])
    assert.deepEqual(properties.get('ampli')?.get('__value'), ['3'])
    assert.deepEqual(properties.get('wave')?.get('unit'), ['V'])
    assert.equal(properties.get('nope')?.size, 0)

    assert.equal(await database.deviceAlias(DEVICE), undefined)
    await database.putDeviceAlias(DEVICE, 'tester')
    assert.equal(await database.deviceAlias(DEVICE), 'tester')
    assert.equal(await database.deviceOfAlias('tester'), DEVICE)
    assert.deepEqual(await database.aliases('test*'), ['tester'])
    assert.equal(await tango.proxy('tester').deviceName(), DEVICE)

    await database.addDevice({ server: 'TangoTest/other', class: 'TangoTest', name: 'test/added/1', alias: 'added' })
    assert.deepEqual(await database.deviceList('TangoTest/other', 'TangoTest'), ['test/added/1'])
    assert.deepEqual(await database.serverClassList('TangoTest/other'), ['TangoTest'])
    assert.deepEqual(
      (await database.serverDevices('TangoTest/other')).map((device) => device.name.toLowerCase()).sort(),
      ['dserver/tangotest/other', 'test/added/1'],
    )
    assert.ok((await database.serverList('TangoTest/*')).includes('TangoTest/other'))
    assert.ok((await database.instances('TangoTest')).includes('other'))
    assert.deepEqual(await database.devices('test/added/*'), ['test/added/1'])
    assert.equal(await database.classOfDevice('test/added/1'), 'TangoTest')
    await database.putServerInfo({ name: 'TangoTest/other', host: 'h', controlled: true, level: 2 })
    assert.deepEqual(await database.serverInfo('TangoTest/other'), {
      name: 'TangoTest/other',
      host: 'h',
      controlled: true,
      level: 2,
    })
    assert.deepEqual(await database.serverInfo('TangoTest/none'), {
      name: 'TangoTest/none',
      host: '',
      controlled: false,
      level: 0,
    })
    const record = await database.deviceInfo('test/added/1')
    assert.deepEqual([record.class, record.exported, record.started], ['TangoTest', false, '?'])
    await database.deleteServer('TangoTest/other')
    assert.deepEqual(await database.devices('test/added/*'), [])
    assert.match((await database.databases()).join(), new RegExp(`:${native.tangoHost.split(':')[1]}$`))
    assert.ok((await database.info()).length > 3)

    const cache = await database.dataForServerCache('TangoTest/test', 'somewhere')
    assert.equal(cache?.admin.exported, true)
    const cached = cache?.classes[0]?.devices[0]
    assert.equal(cached?.name, DEVICE)
    assert.deepEqual(cached?.properties.get('Lines'), odd.Lines)
    assert.deepEqual(cached?.attributeProperties.get('ampli')?.get('__value'), ['3'])
    assert.equal(await database.dataForServerCache('No/server', 'somewhere'), undefined)
  })

  it('receives change, periodic and configuration events of a polled attribute', async () => {
    const proxy = tango.proxy(DEVICE)
    const admin = tango.proxy(ADMIN)
    const refused = await reasonsOf(proxy.subscribe('double_scalar', 'change', () => {}))
    assert.deepEqual(refused, ['API_AttributePollingNotStarted', 'API_DSFailedRegisteringEvent'])
    const polling = { lvalue: [50], svalue: [DEVICE, 'attribute', 'double_scalar'] }
    await admin.command('AddObjPolling', polling)
    const unset = await reasonsOf(proxy.subscribe('double_scalar', 'change', () => {}))
    assert.equal(unset[0], 'API_EventPropertiesNotSet')
    // the native server may hang when the configuration of an attribute changes while it is being polled
    await admin.command('RemObjPolling', polling.svalue)
    const [config] = await proxy.attributeConfig(['double_scalar'])
    assert.ok(config)
    const chEvent = { ...config.eventProp.chEvent, absChange: '0.1' }
    const perEvent = { period: '200', extensions: [] }
    await proxy.setAttributeConfig([{ ...config, eventProp: { ...config.eventProp, chEvent, perEvent } }])
    await admin.command('AddObjPolling', polling)

    const changes = new Collector<TangoEvent>()
    const periodic = new Collector<TangoEvent>()
    const configs = new Collector<TangoEvent>()
    const subscriptions = [
      await proxy.subscribe('Double_Scalar', 'change', changes.push),
      await proxy.subscribe('double_scalar', 'periodic', periodic.push),
      await proxy.subscribe('short_scalar', 'attr_conf', configs.push),
    ]
    assert.equal(typeof changes.items[0]?.reading?.value, 'number')
    const other = configs.items[0]?.config
    assert.equal(other?.label, 'short_scalar')
    await changes.until((event) => (event.counter ?? 0) >= 2, 'two changes', 10_000)
    await periodic.until((event) => (event.counter ?? 0) >= 5, 'five periodic events', 10_000)
    await proxy.setAttributeConfig([{ ...other, label: 'renamed' }])
    await configs.until((event) => event.config?.label === 'renamed', 'the new label')
    const counters = periodic.items.flatMap((event) => event.counter ?? [])
    assert.deepEqual(
      counters,
      counters.map((_none, i) => (counters[0] ?? 0) + i),
    )
    for (const subscription of subscriptions) await subscription.close()
    assert.equal(tango.subscriber.counts.sockets, 0)
  })

  it('receives pushed values, errors, states and data-ready events of a PyTango device in order', async () => {
    const proxy = tango.proxy('test/pusher/1')
    const news = new Collector<TangoEvent>()
    const states = new Collector<TangoEvent>()
    const ready = new Collector<TangoEvent>()
    const subscriptions = [
      await proxy.subscribe('value', 'change', news.push),
      await proxy.subscribe('State', 'change', states.push),
      await proxy.subscribe('value', 'data_ready', ready.push),
    ]
    await proxy.command('Push', 500)
    await news.until((event) => event.reading?.value === 500, 'the last push')
    assert.deepEqual(
      news.items.map((event) => event.reading?.value),
      Array.from({ length: 501 }, (_none, i) => i),
    )
    await proxy.command('PushError')
    const failed = await news.until((event) => event.error !== undefined, 'the pushed error')
    assert.equal(failed.error?.reason, 'Box_Broken')
    await proxy.command('MoveNowhere')
    await states.until((event) => event.counter === 2, 'the second state')
    assert.deepEqual(
      states.items.slice(-2).map((event) => event.reading?.value),
      ['MOVING', 'ON'],
    )
    await proxy.command('Ready', 42)
    await ready.until((event) => event.dataReady === 42, 'the data-ready event')
    for (const subscription of subscriptions) await subscription.close()
  })

  it('tells the interface of a device and its changes', async () => {
    const proxy = tango.proxy('test/pusher/1')
    const news = new Collector<TangoEvent>()
    const subscription = await proxy.subscribe('', 'intr_change', news.push)
    assert.ok(news.items[0]?.interfaceChange?.commands.some((command) => command.name === 'MoveNowhere'))
    assert.ok(news.items[0]?.interfaceChange?.attributes.every((attribute) => attribute.name !== 'added'))
    await proxy.command('AddOne')
    const changed = await news.until((event) => event.counter !== undefined, 'the change')
    assert.ok(changed.interfaceChange?.attributes.some((attribute) => attribute.name === 'added'))
    await subscription.close()
  })

  it('follows a device that gets a new object key when it is restarted', async () => {
    const proxy = tango.proxy(DEVICE)
    const before = await proxy.read('double_scalar_w')
    await tango.proxy(ADMIN).command('DevRestart', DEVICE)
    assert.equal((await proxy.read('double_scalar_w')).name, before.name)
    await proxy.write('double_scalar_w', 4)
    assert.equal((await proxy.read('double_scalar_w')).value, 4)
  })

  it('finds a restarted server again for calls and events', async () => {
    const host = {
      client: tango.client,
      connections: tango.connections,
      localEvents: tango.localEvents,
      locks: tango.locks,
      log: silentLogger(),
      tangoHost: native.tangoHost,
      clock: systemClock,
    }
    // native times but for the pause between attempts
    subscriber = new EventSubscriber(host, { retryMs: 500 })
    const complete: ClientHost = { ...host, subscriber }
    const proxy = new DeviceProxy(complete, 'test/pusher/1')
    const bystander = new DeviceProxy(complete, DEVICE)
    const news = new Collector<TangoEvent>()
    const others = new Collector<TangoEvent>()
    const first = await proxy.subscribe('value', 'change', news.push)
    const second = await bystander.subscribe('double_scalar', 'user_event', others.push)
    await pusher.stop('SIGKILL')
    assert.ok((await reasonsOf(proxy.read('value'))).some((reason) => /API_(Cant|Communication)/.test(reason)))
    await news.until((event) => event.error?.has('API_EventTimeout') === true, 'the time-out', 15_000)
    pusher = await native.run(PYTHON, [PUSHER, 'test'])
    await news.until((event) => event.reading?.value === 0 && event !== news.items[0], 'the value read again', 15_000)
    await proxy.command('Push', 3)
    await news.until((event) => event.reading?.value === 3, 'a push after the restart')
    assert.ok(!news.items.some((event) => event.error?.has('API_MissedEvents')))
    assert.deepEqual(
      others.items.filter((event) => event.error !== undefined),
      [],
    )
    await first.close()
    await second.close()
  })
})
