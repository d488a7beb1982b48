import assert from 'node:assert/strict'
import { type DevFailed, Device, type DeviceClass, defineInterface, devFailed, VirtualClock } from '#tango'
import { OPERATIONS as O } from '../../../../tango/wire/operations.ts'
import { DEVICE, type ServeClassOptions, type ServedClass, serveClass } from '../../../support/served-class.ts'

const polledInterface = defineInterface({
  class: 'Polled',
  attributes: {
    fast: { type: 'DevLong', name: 'fast', pollingMs: 100 },
    plain: { type: 'DevLong', name: 'plain' },
    both: { type: 'DevLong', name: 'both', writable: true },
  },
  commands: {
    tick: { out: 'DevLong', pollingMs: 200 },
    tock: { out: 'DevLong' },
    take: { in: 'DevLong' },
  },
})

class Polled extends Device<typeof polledInterface> {
  reads = 0
  readFast(): number {
    this.reads += 1
    return this.reads
  }
  readPlain(): number {
    this.reads += 1
    return this.reads
  }
  readBoth(): number {
    return 0
  }
  writeBoth(): void {}
  tick(): number {
    return 1
  }
  tock(): number {
    return 2
  }
  take(): void {}
}

const polled: DeviceClass = { spec: polledInterface, create: (context) => new Polled(context) }

describe('polling settings and control', () => {
  let served: ServedClass<Polled>
  let clock: VirtualClock
  const start = async (options: ServeClassOptions = {}): Promise<void> => {
    clock = new VirtualClock()
    served = await serveClass(polled, Polled, { clock, ...options })
  }
  afterEach(() => served[Symbol.asyncDispose]())
  const status = async (): Promise<string[]> => {
    return (await served.admin.command('DevPollStatus', DEVICE)) as string[]
  }
  const add = (periodMs: number, kind: string, name: string): Promise<unknown> =>
    served.admin.command('AddObjPolling', { lvalue: [periodMs], svalue: [DEVICE, kind, name] })
  const refused = async (call: Promise<unknown>): Promise<{ reason: string; desc: string }> => {
    const error: unknown = await call.then(
      () => undefined,
      (e: unknown) => e,
    )
    assert.ok(error instanceof Error && 'errors' in error, 'the call did not fail')
    const [first] = (error as DevFailed).errors
    assert.ok(first !== undefined)
    return { reason: first.reason, desc: first.desc }
  }

  it('begin with what the class declares, but for what the user has switched off', async () => {
    await start({ properties: { non_auto_polled_attr: ['FAST'] } })
    assert.deepEqual(
      (await status()).map((text) => text.split('\n')[0]),
      ['Polled command name = Tick'],
    )
  })

  it('keep as many results as the properties say', async () => {
    await start({ properties: { poll_ring_depth: ['7'], attr_poll_ring_depth: ['Fast', '3'] } })
    const texts = await status()
    assert.match(texts.find((text) => text.includes('= fast')) ?? '', /Polling ring buffer depth = 3/)
    assert.match(texts.find((text) => text.includes('= Tick')) ?? '', /Polling ring buffer depth = 7/)
    await clock.run(async () => {
      await clock.sleep(1000)
      assert.equal((await served.proxy.history('fast', 100)).length, 3)
    })
  })

  it('refuse periods below those of the properties, in the words of native servers', async () => {
    await start({ properties: { min_poll_period: ['200'], cmd_min_poll_period: ['Tock', '500'] } })
    assert.deepEqual(await refused(add(100, 'attribute', 'plain')), {
      reason: 'API_MethodArgument',
      desc: 'Polling period for attribute plain is below the min authorized (200)',
    })
    assert.equal((await refused(add(300, 'command', 'tock'))).reason, 'API_MethodArgument')
    assert.equal((await refused(add(-5, 'attribute', 'plain'))).reason, 'API_NotSupported')
    await add(300, 'attribute', 'plain')
    await add(500, 'command', 'tock')
  })

  it('call a value too old after as many periods as the property says', async () => {
    await start({ properties: { poll_old_factor: ['20'], polled_attr: ['plain', '0'] } })
    await clock.run(async () => {
      served.device.polling.fill('attribute', 'plain', [{ value: 5 }])
      served.proxy.source = 'CACHE'
      await clock.sleep(60_000)
      assert.equal((await served.proxy.read('plain')).value, 5, 'what is triggered from outside is never too old')
    })
  })

  it('do not poll what is triggered from outside until it is', async () => {
    await start()
    await clock.run(async () => {
      await add(0, 'attribute', 'plain')
      const text = (await status()).find((line) => line.includes('= plain'))
      assert.equal(
        text,
        'Polled attribute name = plain\nPolling externally triggered\nPolling ring buffer depth = 10\nNo data recorded yet',
      )
      served.proxy.source = 'CACHE'
      assert.equal((await refused(served.proxy.read('plain'))).reason, 'API_NoDataYet')
      await served.device.polling.trigger('attribute', 'PLAIN')
      assert.equal(typeof (await served.proxy.read('plain')).value, 'number')
      await assert.rejects(served.device.polling.trigger('attribute', 'fast'), /API_NotSupported/)
      await assert.rejects(served.device.polling.trigger('attribute', 'both'), /API_PollObjNotFound/)
    })
  })

  it('are ruled by the device itself, too', async () => {
    await start()
    const { polling } = served.device
    assert.equal(polling.period('attribute', 'plain'), undefined)
    polling.start('attribute', 'plain', 250)
    polling.start('attribute', 'plain', 300)
    assert.equal(polling.period('attribute', 'PLAIN'), 300)
    polling.stop('attribute', 'plain')
    polling.stop('attribute', 'plain')
    assert.equal(polling.period('attribute', 'plain'), undefined)
  })

  it('take results that the device fills in, with set points, qualities and errors', async () => {
    await start()
    await add(0, 'attribute', 'both')
    served.device.polling.fill('attribute', 'both', [
      { value: 1, written: 11, time: 100 },
      { value: 2, written: 12, quality: 'WARNING', time: 101 },
      { error: devFailed('My_Reason', 'no value'), time: 102 },
    ])
    const history = await served.call(O.read_attribute_history_5, ['both', 10])
    assert.deepEqual(history.value.value, Int32Array.of(2, 12, 1, 11))
    assert.deepEqual(history.quals, ['INVALID', 'WARNING', 'VALID'])
    assert.deepEqual(
      history.dates.map(({ sec }) => sec),
      [100, 101, 102],
    )
    assert.equal(history.errors[0]?.[0]?.reason, 'My_Reason')
    assert.throws(() => served.device.polling.fill('attribute', 'plain', []), /API_PollObjNotFound/)
  })

  it('answer no records for none, and refuse a negative number', async () => {
    await start()
    await add(0, 'attribute', 'plain')
    served.device.polling.fill('attribute', 'plain', [{ value: 1 }])
    assert.deepEqual((await served.call(O.read_attribute_history_5, ['plain', 0])).dates, [])
    await assert.rejects(served.call(O.read_attribute_history_5, ['plain', -1]), /API_MemoryAllocation/)
  })

  it('stay off for devices that are restarted meanwhile', async () => {
    await start()
    await clock.run(async () => {
      await served.admin.command('StopPolling')
      assert.match(await served.admin.status(), /The polling is OFF$/)
      await served.admin.command('DevRestart', DEVICE)
      await clock.sleep(1000)
      assert.equal(served.device.reads, 0)
      await served.admin.command('StartPolling')
      await clock.sleep(1000)
      assert.ok(served.device.reads > 5)
    })
  })

  it('are noted in the black box, whose depth is a property', async () => {
    await start({ properties: { blackbox_depth: ['3'] } })
    await clock.run(async () => {
      await clock.sleep(1050)
      const lines = await served.proxy.blackBox(10)
      assert.equal(lines.length, 3)
      assert.ok(
        lines.some((line) => / : Operation read_attributes_5 \(fast\) from device requested from polling$/.test(line)),
      )
    })
  })

  it('refuse what cannot be polled', async () => {
    await start()
    assert.equal((await refused(add(100, 'command', 'take'))).reason, 'API_IncompatibleCmdArgumentType')
    assert.equal((await refused(add(100, 'command', 'Init'))).reason, 'API_NotSupported')
    assert.equal((await refused(add(100, 'attribute', 'nope'))).reason, 'API_AttrNotFound')
    assert.equal((await refused(add(100, 'pipe', 'nope'))).reason, 'API_NotSupported')
    assert.equal((await refused(add(100, 'attribute', 'fast'))).reason, 'API_AlreadyPolled')
  })
})
