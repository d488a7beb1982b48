// Our client against native servers, third part: all kinds of events, queues, older interfaces, several databases,
// servers without a database, access control.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { type DevFailed, type DeviceProxy, silentLogger, systemClock, type TangoEvent, TangoProcess } from '#tango'
import type { ClientHost } from '../../tango/client/client-host.ts'
import type { DeviceConnections } from '../../tango/client/connections.ts'
import { DeviceProxy as ClientProxy } from '../../tango/client/device-proxy.ts'
import { DeviceConnection } from '../../tango/client/reconnect.ts'
import { EventSubscriber, type SubscriberTimes } from '../../tango/events/subscriber.ts'
import { Collector } from '../support/collector.ts'
import { freePort } from '../support/free-port.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, PYTHON } from '../support/peers.ts'
import { eventually } from '../support/waiting.ts'

const script = (name: string): string => resolve(import.meta.dirname, '../../../test/interop/python', name)
const DEVICE = 'sys/tg_test/1'
const PEER = 'test/peer/1'

async function failureOf(promise: Promise<unknown>): Promise<DevFailed> {
  return promise.then(
    () => assert.fail('should fail'),
    (error: DevFailed) => error,
  )
}

describe('The client and the events of native servers', function () {
  this.timeout(60_000)
  let native: NativeTango
  let tango: TangoProcess
  let peer: DeviceProxy

  /** A client that takes devices for those of an older interface, or has times of its own. */
  function clientOf(level: number, times: SubscriberTimes = {}): { host: ClientHost; subscriber: EventSubscriber } {
    const { connections } = tango
    const older = {
      device: (name: string) => {
        const real = connections.device(name)
        if (/dserver/i.test(name)) return real
        return new DeviceConnection({
          name,
          clock: systemClock,
          database: true,
          tangoHost: real.tangoHost,
          sibling: real.sibling,
          find: async () => ({ ...(await real.target()), level }),
        })
      },
      access: async () => ({ right: 'WRITE' }),
    } as unknown as DeviceConnections
    const base = {
      client: tango.client,
      connections: level === 5 ? connections : older,
      localEvents: tango.localEvents,
      locks: tango.locks,
      log: silentLogger(),
      tangoHost: native.tangoHost,
      clock: systemClock,
    }
    const subscriber = new EventSubscriber(base, times)
    return { host: { ...base, subscriber }, subscriber }
  }

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest', 'pytango')
    native = await startNativeTango()
    tango = await TangoProcess.create({ tangoHost: native.tangoHost, listen: false, log: silentLogger() })
    await tango.database().addServer('peer/test', [{ class: 'Peer', name: PEER }])
    await tango.database().addServer('guard/test', [{ class: 'Guard', name: 'test/guard/1' }])
    await Promise.all([native.serve('TangoTest', 'test'), native.run(PYTHON, [script('peer.py'), 'test'])])
    peer = tango.proxy(PEER)
  })

  after(async () => {
    await tango?.close()
    await native?.stop()
  })

  it('receives pipes, archive, user, data-ready, periodic and alarming change events', async () => {
    const news = Object.fromEntries(
      ['pipe', 'archive', 'user', 'ready', 'periodic', 'warm', 'config'].map((name) => [
        name,
        new Collector<TangoEvent>(),
      ]),
    ) as Record<'pipe' | 'archive' | 'user' | 'ready' | 'periodic' | 'warm' | 'config', Collector<TangoEvent>>
    const subscriptions = [
      await peer.subscribe('pp', 'pipe', news.pipe.push),
      await peer.subscribe('pushed', 'archive', news.archive.push),
      await peer.subscribe('pushed', 'user_event', news.user.push),
      await peer.subscribe('pushed', 'data_ready', news.ready.push),
      await peer.subscribe('warm', 'periodic', news.periodic.push),
      await peer.subscribe('warm', 'change', news.warm.push),
      await peer.subscribe('level', 'attr_conf', news.config.push),
    ]
    assert.equal(news.pipe.items[0]?.pipe?.blob.name, 'bb')
    assert.equal(news.archive.items.length, 1)
    assert.equal(news.ready.items.length, 0)
    await peer.command('PushPipe', 'hot')
    const piped = await news.pipe.until((event) => event.counter !== undefined, 'the pipe event')
    assert.deepEqual(piped.pipe?.values, { word: 'hot', n: BigInt64Array.of(1n, 2n, 3n) })
    await peer.command('PushArchive', 5)
    assert.equal(
      (await news.archive.until((event) => event.counter !== undefined, 'the archive event')).reading?.value,
      5,
    )
    await peer.command('PushUser', 6)
    assert.equal((await news.user.until((event) => event.counter !== undefined, 'the user event')).reading?.value, 6)
    await peer.command('Ready', 7)
    assert.equal((await news.ready.until(() => true, 'the data-ready event')).dataReady, 7)
    await news.periodic.until((event) => (event.counter ?? 0) >= 3, 'three periodic events')
    await peer.command('SetWarm', 12)
    assert.equal(
      (await news.warm.until((event) => event.reading?.value === 12, 'the change')).reading?.quality,
      'ALARM',
    )
    await peer.command('SetWarm', 1)
    const [config] = await peer.attributeConfig(['level'])
    assert.ok(config)
    await peer.setAttributeConfig([{ ...config, unit: 'mm' }])
    await news.config.until((event) => event.config?.unit === 'mm', 'the new unit')
    for (const subscription of subscriptions) await subscription.close()
    for (const { items } of Object.values(news)) assert.ok(items.every(({ error }) => error === undefined))
    assert.equal(tango.subscriber.counts.sockets, 0)
  })

  it('tells changes of an interface', async () => {
    const news = new Collector<TangoEvent>()
    const subscription = await peer.subscribe('', 'intr_change', news.push)
    await peer.command('AddOne')
    const has = (event: TangoEvent): boolean =>
      event.interfaceChange?.attributes.some(({ name }) => name === 'added') === true
    await news.until(has, 'the added attribute')
    await peer.command('RemoveOne')
    await news.until((event) => event !== news.items[0] && event.counter !== undefined && !has(event), 'its removal')
    await subscription.close()
  })

  it('queues events for a loop, and says what was lost when nobody takes them', async () => {
    const stream = await peer.events('pushed', 'change', { filter: ({ reading }) => Number(reading?.value) >= 100 })
    for (let value = 98; value < 104; value += 1) await peer.command('Push', value)
    const seen: unknown[] = []
    for await (const { reading } of stream) {
      seen.push(reading?.value)
      if (reading?.value === 103) break
    }
    assert.deepEqual(seen, [100, 101, 102, 103])
    assert.equal(tango.subscriber.counts.subscriptions, 0)

    await using small = await peer.events('pushed', 'change', { capacity: 2 })
    for (let value = 1; value <= 5; value += 1) await peer.command('Push', value)
    await eventually('the last event', () => small.last?.reading?.value === 5)
    assert.deepEqual([small.size, small.lost], [2, 4])
    assert.deepEqual(
      small.take().map(({ reading, error }) => error?.reason ?? reading?.value),
      ['API_MissedEvents', 4, 5],
    )
  })

  it('subscribes to a device that is not there yet', async () => {
    await tango.database().addServer('peer/late', [{ class: 'Peer', name: 'test/late/1' }])
    const { host, subscriber } = clientOf(5, { retryMs: 300 })
    const news = new Collector<TangoEvent>()
    const late = new ClientProxy(host, 'test/late/1')
    assert.equal((await failureOf(late.subscribe('pushed', 'change', news.push))).reason, 'API_DeviceNotExported')
    await late.subscribe('pushed', 'change', news.push, { stateless: true })
    assert.equal(news.items[0]?.error?.reason, 'API_DeviceNotExported')
    const server = await native.run(PYTHON, [script('peer.py'), 'late'])
    await news.until(({ reading }) => reading?.value === 0, 'the first value', 10_000)
    await late.command('Push', 4)
    await news.until(({ reading }) => reading?.value === 4, 'the push')
    await subscriber.close()
    await server.stop()
  })

  it('confirms its subscriptions, so that the server does not forget them', async () => {
    const { host, subscriber } = clientOf(5, { confirmMs: 200 })
    const proxy = new ClientProxy(host, PEER)
    await proxy.subscribe('pushed', 'change', () => {})
    await proxy.subscribe('pp', 'pipe', () => {})
    await proxy.subscribe('', 'intr_change', () => {})
    const admin = tango.proxy('dserver/peer/test')
    // the box holds 50 lines, of which looking makes one each time
    const lines = (command: string): string[] => [...seen].filter((line) => line.includes(command))
    const seen = new Set<string>()
    await eventually('two confirmations', async () => {
      for (const line of await admin.blackBox(50)) seen.add(line)
      return lines('EventConfirmSubscription').length >= 2
    })
    // a refused confirmation would have been followed by new subscriptions
    const last = (command: string): string =>
      lines(command)
        .map((line) => line.slice(0, 22))
        .sort()
        .at(-1) ?? ''
    assert.ok(last('EventConfirmSubscription') > last('ZmqEventSubscriptionChange'))
    await subscriber.close()
  })

  for (const level of [1, 2, 3, 4]) {
    it(`speaks interface ${level} to a device that has no more`, async () => {
      const { host, subscriber } = clientOf(level)
      const proxy = new ClientProxy(host, DEVICE)
      assert.equal(await proxy.command('DevDouble', 1.5), 1.5)
      assert.deepEqual(await proxy.command('DevVarLongArray', [1, 2]), Int32Array.of(1, 2))
      await proxy.write('double_scalar_w', level)
      const reading = await proxy.read('double_scalar_w')
      assert.deepEqual([reading.value, reading.name], [level, 'double_scalar_w'])
      assert.ok((await proxy.read('wave')).value instanceof Float64Array)
      assert.equal(await proxy.state(), 'RUNNING')
      const configs = await proxy.attributeConfig(['ampli', 'wave'])
      assert.deepEqual(
        configs.map(({ name, dataFormat, writable }) => [name, dataFormat, writable]),
        [
          ['ampli', 'SCALAR', 'WRITE'],
          ['wave', 'SPECTRUM', 'READ'],
        ],
      )
      const [ampli] = configs
      assert.ok(ampli)
      await proxy.setAttributeConfig([{ ...ampli, label: `level ${level}` }])
      assert.equal((await proxy.attributeConfig(['ampli']))[0]?.label, `level ${level}`)
      assert.ok((await proxy.attributeConfig()).length > 50)
      assert.ok(
        (await proxy.commandList()).some(({ name, outType }) => name === 'DevDouble' && outType === 'DevDouble'),
      )
      assert.equal((await proxy.commandQuery('DevString')).inType, 'DevString')
      assert.equal((await proxy.info()).class, 'TangoTest')
      if (level >= 3) {
        await proxy.write('double_spectrum', [1, 2, 3])
        assert.deepEqual((await proxy.read('double_spectrum')).written, Float64Array.of(1, 2, 3))
        const [good, bad] = await proxy.readMany(['ampli', 'nope'])
        assert.ok(good !== undefined && 'value' in good && bad instanceof Error)
      }
      if (level >= 4) assert.equal((await proxy.writeRead('double_scalar', 9)).written, 9)
      else assert.equal((await failureOf(proxy.writeRead('double_scalar', 9))).reason, 'API_NotSupported')
      assert.equal((await failureOf(proxy.pipes.read('x'))).reason, 'API_NotSupported')

      const news = new Collector<TangoEvent>()
      const configured = new Collector<TangoEvent>()
      const pushing = new ClientProxy(host, PEER)
      await pushing.subscribe('pushed', 'change', news.push)
      await pushing.subscribe('level', 'attr_conf', configured.push)
      await pushing.command('Push', 40 + level)
      const pushed = await news.until((event) => event.counter !== undefined, 'a push')
      assert.equal(pushed.reading?.value, 40 + level)
      const [config] = await pushing.attributeConfig(['level'])
      assert.ok(config)
      await pushing.setAttributeConfig([{ ...config, description: `seen at ${level}` }])
      // native servers tell nobody of changes that came by the two oldest interfaces
      if (level >= 3)
        await configured.until((event) => event.config?.description === `seen at ${level}`, 'the new description')
      await subscriber.close()
    })
  }

  it('takes the next database of TANGO_HOST when one does not answer', async () => {
    const dead = await freePort()
    const { tangoHost } = native
    for (const list of [
      `127.0.0.1:${dead},${tangoHost}`,
      `${tangoHost},127.0.0.1:${dead}`,
      `127.0.0.1:${dead},127.0.0.1:${dead},${tangoHost}`,
    ]) {
      const other = await TangoProcess.create({ tangoHost: list, listen: false, log: silentLogger() })
      try {
        const proxy = other.proxy(PEER)
        assert.equal(await proxy.state(), 'ON', list)
        const news = new Collector<TangoEvent>()
        await proxy.subscribe('pushed', 'change', news.push)
        await proxy.command('Push', 77)
        await news.until(({ counter, reading }) => counter !== undefined && reading?.value === 77, 'the push')
      } finally {
        await other.close()
      }
    }
  })

  it('calls and listens to a server without a database', async () => {
    const port = await freePort()
    const endpoint = ['-ORBendPoint', `giop:tcp:127.0.0.1:${port}`]
    const server = await native.run(PYTHON, [script('peer.py'), 'nodb', '-nodb', '-dlist', 'test/nodb/1', ...endpoint])
    const other = await TangoProcess.create({ listen: false, log: silentLogger() })
    try {
      const proxy = other.proxy(`tango://127.0.0.1:${port}/Test/NoDB/1#dbase=no`)
      assert.equal(await proxy.command('Echo', 'x'), 'x')
      await proxy.polling.pollAttribute('text', 50)
      assert.equal(await proxy.polling.attributePeriod('text'), 50)
      await proxy.polling.stopAttribute('text')
      await proxy.lock.take()
      assert.equal(await proxy.lock.release(), 0)
      const news = new Collector<TangoEvent>()
      await proxy.subscribe('pushed', 'change', news.push)
      await proxy.command('Push', 5)
      await news.until(({ reading }) => reading?.value === 5, 'the push')
      assert.equal((await failureOf(proxy.properties.list())).reason, 'API_NonDatabaseDevice')
      const attribute = other.attribute(`tango://127.0.0.1:${port}/test/nodb/1/level#dbase=no`)
      await attribute.write(3)
      assert.equal((await attribute.read()).value, 3)
    } finally {
      await other.close()
      await server.stop()
    }
  })

  it('obeys access control', async () => {
    await native.run(PYTHON, [script('guard.py'), 'test'])
    const database = tango.database()
    await database.registerService({ name: 'AccessControl', instance: 'tango', device: 'test/guard/1' })
    assert.deepEqual(await database.services('accesscontrol'), [
      { name: 'AccessControl', instance: 'tango', device: 'test/guard/1' },
    ])
    const guarded = await TangoProcess.create({ tangoHost: native.tangoHost, listen: false, log: silentLogger() })
    try {
      const open = guarded.proxy(PEER)
      const closed = guarded.proxy(DEVICE)
      assert.deepEqual([await open.access(), await closed.access()], ['WRITE', 'READ'])
      await open.write('level', 1)
      assert.equal((await closed.read('State')).value, 'RUNNING')
      assert.equal(await closed.command('State'), 'RUNNING')
      assert.equal(await closed.command('DevString', 'x'), 'x')
      for (const refused of [
        () => closed.write('double_scalar_w', 1),
        () => closed.command('DevDouble', 1),
        () => closed.setAttributeConfig([]),
        () => closed.writeRead('double_scalar', 1),
        () => closed.properties.put({ a: 'b' }),
        () => closed.lock.take(),
      ]) {
        assert.equal((await failureOf(refused())).reason, 'API_ReadOnlyMode')
      }
    } finally {
      await guarded.close()
      await database.unregisterService({ name: 'AccessControl', instance: 'tango' })
    }
    assert.deepEqual(await database.services(), [])
  })
})
