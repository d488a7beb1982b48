// The client with devices of its own process and of another one: the same results, and nothing left behind.

import assert from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  DevFailed,
  Device,
  type DeviceProxy,
  defineInterface,
  devFailed,
  deviceClass,
  type PipeBlob,
  type Serves,
  silentLogger,
  type TangoEvent,
  TangoProcess,
} from '#tango'
import { Collector } from '../support/collector.ts'
import { eventually } from '../support/waiting.ts'

const gauge = defineInterface({
  class: 'Gauge',
  attributes: {
    pressure: { type: 'DevDouble', writable: true, maxValue: 100, pushes: 'unfiltered' },
    image: { type: 'DevUShort', format: 'image', max: [8, 8], writable: true },
    counted: { type: 'DevLong64' },
    failing: { type: 'DevDouble' },
    more: { type: 'DevDouble', pushes: 'unfiltered' },
  },
  commands: {
    echo: { in: 'DevVarDoubleStringArray', out: 'DevVarDoubleStringArray' },
    tick: { out: 'DevLong' },
    refuse: {},
  },
  pipes: { blob: { writable: true } },
})

class Gauge extends Device<typeof gauge> implements Serves<typeof gauge> {
  #pressure = 1
  #image = { data: new Uint16Array(0), width: 0, height: 0 }
  #ticks = 0
  #blob: PipeBlob = { name: 'empty', elements: [] }

  readPressure(): number {
    return this.#pressure
  }
  writePressure(value: number): void {
    this.#pressure = value
    this.push('pressure', value)
  }
  readImage(): { data: Uint16Array; width: number; height: number } {
    return this.#image
  }
  writeImage(value: { data: Uint16Array; width: number; height: number }): void {
    this.#image = { ...value, data: value.data.slice() }
  }
  readCounted(): bigint {
    return 2n ** 60n
  }
  readFailing(): number {
    throw devFailed('Controller_NotConnected', 'no box')
  }
  readMore(): number {
    return 2
  }
  echo(value: { dvalue: Float64Array; svalue: readonly string[] }): {
    dvalue: Float64Array
    svalue: readonly string[]
  } {
    return { dvalue: value.dvalue.slice(), svalue: [...value.svalue] }
  }
  tick(): number {
    this.#ticks += 1
    return this.#ticks
  }
  refuse(): void {
    throw devFailed('Controller_DriverFailed', 'refused')
  }
  readBlob(): PipeBlob {
    return this.#blob
  }
  writeBlob(blob: PipeBlob): void {
    this.#blob = blob
  }
}

const NAMES = ['test/gauge/1', 'test/gauge/2'] as const

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    return error instanceof DevFailed ? error.errors.map(({ reason }) => reason) : String(error)
  }
}

describe('The client of a process', () => {
  let server: TangoProcess
  let other: TangoProcess
  const nameOf = (device: string): string => `tango://127.0.0.1:${server.orb.endpoint.port}/${device}#dbase=no`

  beforeEach(async () => {
    server = await TangoProcess.create({ log: silentLogger() })
    other = await TangoProcess.create({ log: silentLogger(), listen: false })
    await server.startServer({
      server: 'Gauges',
      instance: 'test',
      classes: [deviceClass(gauge, Gauge)],
      database: 'none',
      devices: NAMES.map((name) => ({ class: 'Gauge', name })),
    })
  })

  afterEach(async () => {
    await other.close()
    await server.close()
  })

  /** What a client sees of one device, without times and counters. */
  async function seenBy(client: TangoProcess, device: string): Promise<Record<string, unknown>> {
    const proxy: DeviceProxy<typeof gauge> = client.proxy(nameOf(device), gauge)
    const seen: Record<string, unknown> = {}
    const note = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      seen[what] = await outcome(work)
    }
    await note('state', () => proxy.state())
    await note('read', async () => ({ ...(await proxy.read('counted')), time: 0 }))
    await note('write image', () => proxy.write('image', { data: [1, 2, 3, 4, 5, 6], width: 3, height: 2 }))
    await note('image', async () => (await proxy.read('image')).value)
    await note('failing', () => proxy.read('failing'))
    await note('none', () => proxy.read('none'))
    await note('limit', () => proxy.write('pressure', 101))
    await note('write read', async () => (await proxy.writeRead('pressure', 5)).value)
    await note('many', async () =>
      (await proxy.readMany(['pressure', 'failing'])).map((one) => one instanceof DevFailed),
    )
    await note('echo', () => proxy.command('echo', { dvalue: [1.5], svalue: ['é'] }))
    await note('refuse', () => proxy.command('refuse'))
    await note('config', () => proxy.attributeConfig(['pressure', 'image']))
    await note('commands', () => proxy.commandList())
    await note('write pipe', () => proxy.pipes.write('blob', { a: 1, inner: { words: ['x'] } }))
    await note('pipe', async () => (await proxy.pipes.read('blob')).blob)
    await note('no pipe', () => proxy.pipes.read('none'))
    await note('poll', () => proxy.polling.pollCommand('Tick', 20))
    await note('poll attribute', () => proxy.polling.pollAttribute('Counted', 20))
    await eventually('a history', async () => (await proxy.history('counted', 2)).length === 2)
    await note('period', async () => [
      await proxy.polling.commandPeriod('tick'),
      await proxy.polling.attributePeriod('x'),
    ])
    await note('history', async () => (await proxy.history('counted', 2)).map(({ reading }) => reading?.value))
    await note('command history', async () => (await proxy.commandHistory('tick', 1)).map(({ value }) => typeof value))
    await note('stop', () => proxy.polling.stopCommand('Tick'))
    await note('stop', () => proxy.polling.stopAttribute('Counted'))
    await note('stop again', () => proxy.polling.stopAttribute('Counted'))
    await note('lock', () => proxy.lock.take())
    await note('locked', async () => {
      const { locked, byMe } = await proxy.lock.status()
      return [locked, byMe, client.locks.count]
    })
    await note('unlock', () => proxy.lock.release())
    await note('level', async () => {
      await proxy.logging.setLevel('WARN')
      return proxy.logging.level()
    })
    await note('properties', () => proxy.properties.list())
    await note('black box', async () => (await proxy.blackBox(3)).length)
    const group = client.group('g')
    await group.add(NAMES.map(nameOf))
    await note('group', async () => (await group.command('State')).map((reply) => reply.status === 'ok' && reply.value))
    const attribute = client.attribute(`${nameOf(device).replace('#', '/Pressure#')}`)
    await note('attribute', async () => [(await attribute.read()).value, (await attribute.config()).name])

    const news = new Collector<TangoEvent>()
    for (const [member, event] of [
      ['pressure', 'change'],
      ['blob', 'pipe'],
      ['pressure', 'attr_conf'],
      ['', 'intr_change'],
    ] as const) {
      await proxy.subscribe(member, event, news.push)
    }
    await note('not polled', () => proxy.subscribe('failing', 'change', () => {}))
    await proxy.write('pressure', 7)
    await news.until(({ reading, counter }) => reading?.value === 7 && counter !== undefined, 'the push')
    const [config] = await proxy.attributeConfig(['pressure'])
    assert.ok(config)
    await proxy.setAttributeConfig([{ ...config, unit: 'mbar' }])
    await news.until((event) => event.config?.unit === 'mbar', 'the unit')
    seen.events = news.items.map(({ attribute: name, event, counter, reading, config: c, pipe, interfaceChange }) => [
      name,
      event,
      counter,
      reading?.value,
      c?.unit,
      pipe?.values,
      interfaceChange?.commands.map((command) => command.name),
    ])
    await proxy.setAttributeConfig([{ ...config, unit: '' }])
    return seen
  }

  it('sees a device of its own process as another process sees it', async () => {
    const [own, foreign] = [await seenBy(server, NAMES[0]), await seenBy(other, NAMES[1])]
    assert.deepEqual(own, foreign)
    assert.deepEqual(own['no pipe'], ['API_PipeNotFound', 'API_CommandFailed'])
    assert.deepEqual(own.locked, [true, true, 1])
    assert.equal(own.poll, undefined)
    assert.deepEqual(own.echo, { dvalue: Float64Array.of(1.5), svalue: ['é'] })
    assert.deepEqual(server.subscriber.counts.sockets, 0)
    assert.equal(other.subscriber.counts.sockets, 2)
  })

  for (const where of ['its own process', 'another process'] as const) {
    it(`leaves nothing behind after 10 000 subscriptions to devices of ${where}`, async function () {
      this.timeout(120_000)
      const client = where === 'its own process' ? server : other
      const proxies = NAMES.map((name) => client.proxy(nameOf(name), gauge))
      const turn = async (): Promise<void> => {
        const subscriptions = await Promise.all(
          Array.from({ length: 250 }, (_none, i) =>
            proxies[i % 2]?.subscribe(i % 4 < 2 ? 'pressure' : 'more', i % 3 === 0 ? 'user_event' : 'change', () => {}),
          ),
        )
        await Promise.all(subscriptions.map((subscription) => subscription?.close()))
      }
      await turn()
      const before = { heap: usedHeap(), handles: process.getActiveResourcesInfo().length }
      for (let done = 250; done < 10_000; done += 250) await turn()
      assert.deepEqual(client.subscriber.counts, { subscriptions: 0, topics: 0, servers: 0, sockets: 0 })
      const grown = await eventually('the memory to be free again', () => {
        const growth = usedHeap() - before.heap
        return growth < 4e6 ? growth : undefined
      })
      assert.ok(grown < 4e6)
      const handles = process.getActiveResourcesInfo().length
      assert.ok(handles <= before.handles + 5, `${before.handles} handles became ${handles}`)
    })
  }
})

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

function usedHeap(): number {
  collect()
  return process.memoryUsage().heapUsed
}
