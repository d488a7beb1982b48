import assert from 'node:assert/strict'
import {
  DevFailed,
  Device,
  defineInterface,
  devFailed,
  deviceClass,
  type Serves,
  type Subscription,
  silentLogger,
  systemClock,
  type TangoEvent,
  TangoProcess,
  VirtualClock,
} from '#tango'
import type { ClientHost } from '../../../../tango/client/client-host.ts'
import { DeviceProxy } from '../../../../tango/client/device-proxy.ts'
import { EventSubscriber, type SubscriberTimes } from '../../../../tango/events/subscriber.ts'
import { Collector } from '../../../support/collector.ts'

const axis = defineInterface({
  class: 'Axis',
  attributes: {
    position: { type: 'DevDouble', pushes: 'unfiltered' },
    silent: { type: 'DevDouble' },
    failing: { type: 'DevDouble', pushes: 'unfiltered' },
  },
  commands: { pushValues: { in: 'DevVarDoubleArray' }, pushFailure: {}, moveNowhere: {} },
})

class Axis extends Device<typeof axis> implements Serves<typeof axis> {
  #position = 0

  readPosition(): number {
    return this.#position
  }
  readSilent(): number {
    return 1
  }
  readFailing(): number {
    throw devFailed('Controller_NotConnected', 'no box')
  }
  pushValues(values: Float64Array): void {
    for (const value of values) {
      this.#position = value
      this.push('position', value)
    }
  }
  pushFailure(): void {
    this.push('position', devFailed('Controller_DriverFailed', 'broken'))
  }
  moveNowhere(): void {
    this.setState('MOVING')
    this.setState('ON')
  }
}

const DEVICES = [{ class: 'Axis', name: 'Test/Axis/1' }] as const

function serve(tango: TangoProcess): Promise<unknown> {
  const classes = [deviceClass(axis, Axis)]
  return tango.startServer({ server: 'Axes', instance: 'test', classes, database: 'none', devices: DEVICES })
}

const deviceName = (port: number): string => `tango://127.0.0.1:${port}/test/axis/1#dbase=no`
const values = (news: Collector<TangoEvent>): unknown[] =>
  news.items.map((event) => event.reading?.value ?? event.error?.reason)

/** A client with periods of its own; its supervision runs on the given clock. */
function client(process: TangoProcess, times: SubscriberTimes, clock = new VirtualClock()) {
  const host = {
    client: process.client,
    connections: process.connections,
    localEvents: process.localEvents,
    locks: process.locks,
    log: silentLogger(),
    tangoHost: undefined,
    clock,
  }
  const subscriber = new EventSubscriber(host, times)
  const complete: ClientHost = { ...host, subscriber }
  return { subscriber, clock, proxy: (name: string) => new DeviceProxy(complete, name, axis) }
}

describe('EventSubscriber', () => {
  let server: TangoProcess
  let other: TangoProcess
  let port: number

  beforeEach(async () => {
    server = await TangoProcess.create({ log: silentLogger() })
    other = await TangoProcess.create({ log: silentLogger(), listen: false })
    port = server.orb.endpoint.port
    await serve(server)
  })

  afterEach(async () => {
    await other.close()
    await server.close()
  })

  for (const where of ['the same process', 'another process'] as const) {
    describe(`for a device of ${where}`, () => {
      const own = (): TangoProcess => (where === 'the same process' ? server : other)

      it('delivers the present value before it resolves and then every push in order', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        const news = new Collector<TangoEvent>()
        const subscription = await proxy.subscribe('position', 'change', news.push)
        assert.deepEqual(values(news), [0])
        assert.equal(news.items[0]?.counter, undefined)
        const many = Float64Array.from({ length: 200 }, (_none, i) => i + 1)
        await proxy.command('pushValues', many)
        await news.until((event) => event.reading?.value === 200, 'the last push')
        assert.deepEqual(values(news), [0, ...many])
        assert.deepEqual(
          [news.items[1]?.device, news.items[1]?.attribute, news.items[1]?.event],
          [proxy.name, 'Position', 'change'],
        )
        await subscription.close()
      })

      it('delivers MOVING and ON of a motion that takes no time', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        const news = new Collector<TangoEvent>()
        const subscription = await proxy.subscribe('State', 'change', news.push)
        await proxy.command('moveNowhere')
        await news.until((event) => event.counter === 2, 'the second state')
        assert.deepEqual(values(news).slice(1), ['MOVING', 'ON'])
        await subscription.close()
      })

      it('delivers errors as events, also as the first one', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        const news = new Collector<TangoEvent>()
        const failing = await proxy.subscribe('failing', 'change', news.push)
        assert.deepEqual(values(news), ['Controller_NotConnected'])
        const subscription = await proxy.subscribe('position', 'change', news.push)
        await proxy.command('pushFailure')
        await news.until((event) => event.error?.reason === 'Controller_DriverFailed', 'the pushed error')
        await failing.close()
        await subscription.close()
      })

      it('delivers changes of the attribute configuration', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        const news = new Collector<TangoEvent>()
        const subscription = await proxy.subscribe('position', 'attr_conf', news.push)
        const config = news.items[0]?.config
        assert.ok(config)
        await proxy.setAttributeConfig([{ ...config, label: 'new label' }])
        await news.until((event) => event.config?.label === 'new label', 'the new label')
        await subscription.close()
      })

      it('serves several callbacks of one topic and ends each by itself', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        const first = new Collector<TangoEvent>()
        const second = new Collector<TangoEvent>()
        const a = await proxy.subscribe('position', 'change', first.push)
        const b = await proxy.subscribe('position', 'change', second.push)
        assert.equal(own().subscriber.counts.topics, 1)
        await proxy.command('pushValues', [1])
        await second.until((event) => event.reading?.value === 1, 'the first push')
        await a.close()
        await a.close()
        await proxy.command('pushValues', [2])
        await second.until((event) => event.reading?.value === 2, 'the second push')
        assert.deepEqual(values(first), [0, 1])
        await b.close()
        assert.deepEqual(own().subscriber.counts, { subscriptions: 0, topics: 0, servers: 0, sockets: 0 })
      })

      it('passes on the refusal of the device', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        await assert.rejects(
          proxy.subscribe('silent', 'change', () => {}),
          (error) =>
            error instanceof DevFailed &&
            error.reason === 'API_AttributePollingNotStarted' &&
            error.has('API_DSFailedRegisteringEvent'),
        )
        assert.equal(own().subscriber.counts.subscriptions, 0)
      })

      it('leaves nothing behind after many subscriptions', async () => {
        const proxy = own().proxy(deviceName(port), axis)
        const kept = await proxy.subscribe('State', 'change', () => {})
        for (let round = 0; round < 10; round += 1) {
          const many = Array.from({ length: 30 }, () => proxy.subscribe('position', 'change', () => {}))
          await Promise.all((await Promise.all(many)).map((subscription) => subscription.close()))
        }
        assert.equal(own().subscriber.counts.topics, 1)
        await kept.close()
        assert.deepEqual(own().subscriber.counts, { subscriptions: 0, topics: 0, servers: 0, sockets: 0 })
        assert.equal(server.events.local.topics, 0)
      })

      it('ends all subscriptions when its process closes', async () => {
        const news = new Collector<TangoEvent>()
        await own().proxy(deviceName(port), axis).subscribe('position', 'change', news.push)
        await own().close()
        assert.deepEqual(own().subscriber.counts, { subscriptions: 0, topics: 0, servers: 0, sockets: 0 })
      })
    })
  }

  it('needs no sockets within a process, and two in all for any number of servers', async () => {
    const subscriptions: Subscription[] = []
    subscriptions.push(await server.proxy(deviceName(port), axis).subscribe('position', 'change', () => {}))
    assert.equal(server.subscriber.counts.sockets, 0)
    const third = await TangoProcess.create({ log: silentLogger() })
    await serve(third)
    const proxies = [deviceName(port), deviceName(third.orb.endpoint.port)].map((name) => other.proxy(name, axis))
    for (const proxy of proxies) subscriptions.push(await proxy.subscribe('position', 'change', () => {}))
    assert.deepEqual(other.subscriber.counts, { subscriptions: 2, topics: 2, servers: 2, sockets: 2 })
    for (const subscription of subscriptions) await subscription.close()
    await third.close()
  })

  it('reports a silent server, subscribes again after its restart and goes on', async () => {
    const { subscriber, clock, proxy } = client(other, { retryMs: 1000 })
    const device = proxy(deviceName(port))
    const news = new Collector<TangoEvent>()
    const subscription = await device.subscribe('position', 'change', news.push)
    await device.command('pushValues', [1, 2, 3])
    await news.until((event) => event.reading?.value === 3, 'the value before the restart')

    await server.close()
    await clock.advance(10_000)
    assert.deepEqual(values(news), [0, 1, 2, 3])
    await clock.advance(1000)
    await news.until((event) => event.error?.has('API_EventTimeout') === true, 'the time-out')

    server = await TangoProcess.create({ log: silentLogger(), port })
    await serve(server)
    // attempts to reach the server in the meantime end in real time, so the clock is moved until one succeeds
    const returned = news.until(
      (event) => event.reading?.value === 0 && event !== news.items[0],
      'the value after the restart',
    )
    const ticking = keepAdvancing(clock)
    await returned
    await ticking.stop()
    await device.command('pushValues', [7])
    const event = await news.until((event) => event.reading?.value === 7, 'a push after the restart')
    assert.equal(event.counter, 1)
    assert.ok(!news.items.some((item) => item.error?.has('API_MissedEvents')))
    await subscription.close()
    await subscriber.close()
  })

  it('renews all subscriptions of a server when a new one shows that it was restarted', async () => {
    const { subscriber, clock, proxy } = client(other, {})
    const device = proxy(deviceName(port))
    const news = new Collector<TangoEvent>()
    const first = await device.subscribe('position', 'change', news.push)
    await server.close()
    server = await TangoProcess.create({ log: silentLogger(), port })
    await serve(server)
    // long before its silence would be noticed
    const second = await device.subscribe('state', 'change', () => {})
    assert.ok(news.items.at(-1)?.error?.has('API_EventTimeout'))
    const again = news.until((event) => event.reading?.value === 0 && event !== news.items[0], 'the value, read again')
    const ticking = keepAdvancing(clock)
    await again
    await ticking.stop()
    await device.command('pushValues', [5])
    await news.until((event) => event.reading?.value === 5, 'a push after the restart')
    await first.close()
    await second.close()
    await subscriber.close()
  })

  it('waits for a device that is not there yet when it is stateless', async () => {
    const { subscriber, clock, proxy } = client(other, { retryMs: 1000 })
    await server.close()
    const news = new Collector<TangoEvent>()
    const subscription = await proxy(deviceName(port)).subscribe('position', 'change', news.push, { stateless: true })
    assert.ok(news.items[0]?.error?.has('API_CantConnectToDevice'))
    server = await TangoProcess.create({ log: silentLogger(), port })
    await serve(server)
    const ticking = keepAdvancing(clock)
    await news.until((event) => event.reading?.value === 0, 'the first value')
    await ticking.stop()
    // the failure was told once, not at each attempt
    assert.equal(news.items.filter((event) => event.error !== undefined).length, 1)
    await subscription.close()
    await subscriber.close()
  })

  it('confirms its subscriptions so that the server keeps them', async () => {
    const { subscriber, clock, proxy } = client(other, { heartbeatMs: Number.POSITIVE_INFINITY })
    const subscription = await proxy(deviceName(port)).subscribe('position', 'change', () => {})
    const admin = other.proxy(`tango://127.0.0.1:${port}/dserver/axes/test#dbase=no`)
    await clock.advance(201_000)
    const lines = await eventually(
      () => admin.blackBox(50),
      (box) => box.some((line) => line.includes('EventConfirmSubscription')),
    )
    assert.ok(lines)
    await subscription.close()
    await subscriber.close()
  })
})

/** Lets virtual time pass, a second for each turn of real work, until stopped. */
function keepAdvancing(clock: VirtualClock): { stop(): Promise<void> } {
  let running = true
  const done = (async () => {
    while (running) {
      await clock.advance(1000)
      await systemClock.sleep(5)
    }
  })()
  return {
    stop: () => {
      running = false
      return done
    },
  }
}

/** Asks until the answer is as wanted. */
async function eventually<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  for (const deadline = performance.now() + 3000; ; ) {
    const answer = await ask()
    if (wanted(answer)) return answer
    if (performance.now() > deadline) assert.fail(`still ${JSON.stringify(answer)}`)
    await systemClock.sleep(5)
  }
}
