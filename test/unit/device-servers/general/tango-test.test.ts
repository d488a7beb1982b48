import assert from 'node:assert/strict'
import { tangoBench } from '#interfaces/tango-bench'
import { tangoTest } from '#interfaces/tango-test'
import { type DeviceProxy, type DeviceServer, silentLogger, TangoProcess, VirtualClock } from '#tango'
import bench from '../../../../device-servers/general/tango-bench.ts'
import test from '../../../../device-servers/general/tango-test.ts'

describe('TangoTest', () => {
  const clock = new VirtualClock()
  let tango: TangoProcess
  let server: DeviceServer
  let proxy: DeviceProxy<typeof tangoTest>

  beforeEach(async () => {
    tango = await TangoProcess.create({ log: silentLogger(), clock })
    await start({})
  })
  afterEach(() => tango.close())

  async function start(properties: Record<string, readonly string[]>): Promise<void> {
    await server?.stop()
    server = await tango.startServer({
      server: 'TangoTest',
      instance: 'unit',
      classes: [test],
      database: 'none',
      devices: [{ class: 'TangoTest', name: 'test/unit/1', properties }],
    })
    const { host, port } = tango.orb.endpoint
    proxy = tango.proxy(`tango://${host}:${port}/test/unit/1#dbase=no`, tangoTest)
  }

  it('reads every attribute but the two that are there to fail', async () => {
    const failures = new Map<string, string>()
    for (const key of Object.keys(tangoTest.attributes)) {
      const [reading] = await proxy.readMany([snake(key)])
      if (reading instanceof Error) failures.set(key, reading.reason)
    }
    assert.deepEqual(
      [...failures],
      [
        ['noValue', 'API_AttrValueNotSet'],
        ['throwException', 'exception test'],
      ],
    )
  })

  it('keeps values for a period, then makes new ones', async () => {
    const first = (await proxy.read('wave')).value
    assert.deepEqual((await proxy.read('wave')).value, first)
    await clock.run(clock.sleep(2000))
    const second = (await proxy.read('wave')).value
    assert.equal(second?.[0], first?.[1])
  })

  it('follows the set point from the next period on', async () => {
    await proxy.write('shortScalar', 1)
    await proxy.write('ampli', 10)
    await clock.run(clock.sleep(2000))
    assert.equal((await proxy.read('shortScalar')).value, 0)
    assert.ok(Math.max(...((await proxy.read('wave')).value ?? [])) > 9.9)
  })

  it('shows the set point of the write attribute beside the value of the other one', async () => {
    await proxy.write('doubleScalarW', 4.5)
    assert.equal((await proxy.read('doubleScalarRww')).written, 4.5)
  })

  it('gives spectra and images back as they were written', async () => {
    await proxy.write('doubleSpectrum', [1, 2, 3])
    await proxy.write('longImage', { data: [1, 2, 3, 4, 5, 6], width: 3, height: 2 })
    assert.deepEqual([...((await proxy.read('doubleSpectrum')).value ?? [])], [1, 2, 3])
    const image = (await proxy.read('longImage')).value
    assert.deepEqual([image?.width, image?.height, ...(image?.data ?? [])], [3, 2, 1, 2, 3, 4, 5, 6])
  })

  it('forgets what was written at Init, but for the set points', async () => {
    await proxy.write('stringScalar', 'x')
    await proxy.command('Init')
    const { value, written } = await proxy.read('stringScalar')
    assert.deepEqual([value, written], ['Default string', 'x'])
  })

  it('switches between RUNNING and FAULT', async () => {
    assert.equal(await proxy.state(), 'RUNNING')
    await proxy.command('switchStates')
    assert.equal(await proxy.state(), 'FAULT')
    await proxy.command('switchStates')
    assert.equal(await proxy.state(), 'RUNNING')
  })

  it('makes new values at each read and tells no state without its background work', async () => {
    await start({ Mthreaded_impl: ['0'] })
    assert.equal(await proxy.state(), 'UNKNOWN')
    const first = (await proxy.read('doubleScalar')).value
    assert.notEqual((await proxy.read('doubleScalar')).value, first)
  })

  it('takes the size of the large image from its property', async () => {
    await start({ UShort_image_ro_size: ['16'] })
    const image = (await proxy.read('ushortImageRo')).value
    assert.deepEqual([image?.width, image?.height, image?.data.length], [16, 16, 256])
  })
})

describe('TangoBench', () => {
  it('keeps what is written and pushes events with the time of the push', async () => {
    await using tango = await TangoProcess.create({ log: silentLogger() })
    await tango.startServer({
      server: 'TangoBench',
      instance: 'unit',
      classes: [bench],
      database: 'none',
      devices: [{ class: 'TangoBench', name: 'bench/unit/1' }],
    })
    const { host, port } = tango.orb.endpoint
    const proxy = tango.proxy(`tango://${host}:${port}/bench/unit/1#dbase=no`, tangoBench)
    await proxy.write('longScalar', 42)
    assert.equal((await proxy.read('longScalar')).value, 42)
    assert.equal((await proxy.read('benchSpectrum')).value?.length, 10_000)
    const stamps: number[] = []
    const subscription = await proxy.subscribe('doubleScalar', 'change', ({ reading }) => {
      stamps.push(Number(reading?.value))
    })
    const took = await proxy.command('pushEvents', Int32Array.of(5, 1, 1000))
    await subscription.close()
    assert.ok(took > 0.003, `five pushes at a distance of 1 ms took ${took} s`)
    // the first one is the value at the time of the subscription
    const pushed = stamps.slice(1)
    assert.equal(pushed.length, 5)
    assert.deepEqual([...pushed].sort(), pushed)
  })
})

function snake(key: string): string {
  return key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
}
