import assert from 'node:assert/strict'
import {
  type AttributeReading,
  type DevFailed,
  Device,
  type DeviceClass,
  defineInterface,
  devFailed,
  MultiDevFailed,
  type Reading,
  VirtualClock,
} from '#tango'
import { type ServeClassOptions, type ServedClass, serveClass } from '../../../support/served-class.ts'

const moodyInterface = defineInterface({
  class: 'Moody',
  attributes: {
    warm: {
      type: 'DevDouble',
      name: 'warm',
      label: 'Warmth',
      minAlarm: -10,
      maxAlarm: 10,
      minWarning: -5,
      maxWarning: 5,
    },
    pair: { type: 'DevDouble', format: 'spectrum', max: [4], name: 'pair', minAlarm: -10, maxAlarm: 10 },
    judged: { type: 'DevDouble', name: 'judged' },
    set: { type: 'DevDouble', name: 'set', writable: true, deltaVal: 2, deltaT: 100 },
    kept: { type: 'DevLong', name: 'kept', writable: true, memorized: true },
    shown: { type: 'DevLong', name: 'shown', writable: true, memorized: 'setPoint' },
    restricted: { type: 'DevLong', name: 'restricted', writable: true, states: ['ON'] },
  },
  commands: {
    restrictedCommand: { states: ['ON'] },
  },
})

class Moody extends Device<typeof moodyInterface> {
  warm = 0
  failing = false
  quality: Reading<number>['quality'] = 'VALID'
  refuse = false
  readonly writes: string[] = []
  hook: ((keys: readonly string[]) => void | Promise<void>) | undefined

  readWarm(): number {
    if (this.failing) throw devFailed('My_Reason', 'no contact')
    return this.warm
  }
  readPair(): number[] {
    return [this.warm, -this.warm]
  }
  readJudged(): Reading<number> {
    return { value: 1, ...(this.quality === undefined ? {} : { quality: this.quality }) }
  }
  readSet(): number {
    return 0
  }
  writeSet(value: number): void {
    this.writes.push(`set ${value}`)
    // what cannot be reached becomes something that can
    if (value > 1000) this.setWritten('set', 1111)
  }
  readKept(): number {
    return 0
  }
  writeKept(value: number): void {
    this.writes.push(`kept ${value}`)
    if (value === 500 || this.refuse) throw devFailed('Aaaa', 'Bbbb', { origin: 'Cccc' })
  }
  readShown(): number {
    return 0
  }
  writeShown(value: number): void {
    this.writes.push(`shown ${value}`)
  }
  readRestricted(): number {
    return 1
  }
  writeRestricted(): void {}
  restrictedCommand(): void {}

  override attributesWritten(keys: readonly string[]): void | Promise<void> {
    return this.hook?.(keys)
  }
}

const moody: DeviceClass = { spec: moodyInterface, create: (context) => new Moody(context) }
const ON = 'The device is in ON state.'
const ALARM = 'The device is in ALARM state.'

describe('State and Status', () => {
  let served: ServedClass<Moody>
  const start = async (options: ServeClassOptions = {}): Promise<void> => {
    served = await serveClass(moody, Moody, options)
  }
  afterEach(() => served[Symbol.asyncDispose]())
  const told = async (): Promise<[string, string]> => [await served.proxy.state(), await served.proxy.status()]
  const reasons = async (call: Promise<unknown>): Promise<string[]> => {
    const error: unknown = await call.then(
      () => undefined,
      (e: unknown) => e,
    )
    assert.ok(error instanceof Error && 'errors' in error, 'the call did not fail')
    return (error as DevFailed).errors.map((level) => level.reason)
  }

  it('go to ALARM and back with the values of the attributes, with a line for each', async () => {
    await start()
    for (const [warm, ...lines] of [
      [0],
      [5, 'Warning : Value too high for Warmth'],
      [11, 'Alarm : Value too high for Warmth', 'Alarm : Value too low for pair', 'Alarm : Value too high for pair'],
      [-7, 'Warning : Value too low for Warmth'],
      [-20, 'Alarm : Value too low for Warmth', 'Alarm : Value too low for pair', 'Alarm : Value too high for pair'],
    ] as const) {
      served.device.warm = warm
      const expected = lines.length === 0 ? ['ON', ON] : ['ALARM', [ALARM, ...lines].join('\n')]
      assert.deepEqual(await told(), expected, String(warm))
    }
  })

  it('keep the words of the device in front of the alarms', async () => {
    await start()
    served.device.setState('ON', 'warming up')
    served.device.warm = 7
    assert.deepEqual(await told(), ['ALARM', 'warming up\nWarning : Value too high for Warmth'])
  })

  it('look at limits only in ON and ALARM', async () => {
    await start()
    served.device.warm = 20
    served.device.setState('MOVING')
    assert.deepEqual(await told(), ['MOVING', 'The device is in MOVING state.'])
    served.device.warm = 0
    served.device.setState('ALARM', 'because I say so')
    assert.equal(await served.proxy.state(), 'ON', 'where attributes have limits, they decide')
  })

  it('tell of qualities that the device gave to a value, once it was read', async () => {
    await start()
    served.device.quality = 'ALARM'
    assert.deepEqual(await told(), ['ON', ON])
    await served.proxy.read('judged')
    assert.deepEqual(await told(), ['ALARM', `${ALARM}\nAlarm : Quality factor set to ALARM for attribute judged`])
    served.device.quality = 'CHANGING'
    await served.proxy.read('judged')
    assert.deepEqual(await told(), ['ON', ON])
  })

  it('take an attribute that cannot be read for one without alarm', async () => {
    await start()
    served.device.warm = 7
    assert.equal(await served.proxy.state(), 'ALARM')
    served.device.failing = true
    assert.equal(await served.proxy.state(), 'ON')
  })

  it('are computed anew within a request that reads other attributes, too', async () => {
    await start()
    served.device.warm = 20
    const [, state] = await served.proxy.readMany(['judged', 'State'])
    assert.equal((state as AttributeReading).value, 'ALARM')
  })

  it('tell when a value stays away from its set point', async () => {
    const clock = new VirtualClock()
    await start({ clock })
    await clock.run(async () => {
      await served.proxy.write('set', 5)
      assert.equal(await served.proxy.state(), 'ON')
      await clock.sleep(150)
      assert.deepEqual(await told(), ['ALARM', `${ALARM}\nAlarm : Read too Different than Set (RDS) for set`])
      await served.proxy.write('set', 1)
      await clock.sleep(150)
      assert.deepEqual(await told(), ['ON', ON])
    })
  })

  it('decide what is allowed, as they were read last', async () => {
    await start()
    await served.proxy.command('RestrictedCommand')
    served.device.warm = 20
    await served.proxy.command('RestrictedCommand')
    await served.proxy.state()
    await assert.rejects(
      served.proxy.command('RestrictedCommand'),
      /API_CommandNotAllowed: Command RestrictedCommand not allowed when the device is in ALARM state/,
    )
    assert.equal((await reasons(served.proxy.read('restricted')))[0], 'API_AttrNotAllowed')
    assert.equal((await reasons(served.proxy.write('restricted', 1)))[0], 'API_AttrNotAllowed')
    served.device.warm = 0
    await served.proxy.state()
    assert.equal((await served.proxy.read('restricted')).value, 1)
  })

  describe('with memorized values', () => {
    it('write them again, or only show them', async () => {
      await start({ attributes: { kept: { __value: ['7'] }, shown: { __value: ['8'] } } })
      assert.deepEqual(served.device.writes, ['kept 7'])
      assert.equal((await served.proxy.read('kept')).written, 7)
      assert.equal((await served.proxy.read('shown')).written, 8)
    })

    it('are in ALARM while one could not be written, until a good value is', async () => {
      await start({ attributes: { kept: { __value: ['500'] } } })
      const line = 'Memorized attribute kept has failed during device startup sequence'
      assert.deepEqual(await told(), ['ALARM', `${ALARM}\n${line}`])
      assert.deepEqual((await reasons(served.proxy.read('kept'))).slice(0, 2), ['Aaaa', 'API_MemAttFailedDuringInit'])
      await reasons(served.proxy.write('kept', 500))
      assert.equal(await served.proxy.state(), 'ALARM')
      await served.proxy.write('kept', 1)
      assert.deepEqual(await told(), ['ON', ON])
      assert.equal((await served.proxy.read('kept')).written, 1)
    })

    it('refuse limits that exclude the present one', async () => {
      await start()
      await served.proxy.write('kept', 5)
      const [config] = await served.proxy.attributeConfig(['kept'])
      assert.ok(config !== undefined)
      await assert.rejects(
        served.proxy.setAttributeConfig([{ ...config, maxValue: '3' }]),
        /API_AttrOptProp: .*\nThis attribute is memorized and the memorized value \(5\) is above the new limit!!/,
      )
    })
  })

  describe('and writing', () => {
    it('lets a handler choose another set point', async () => {
      await start()
      await served.proxy.write('set', 2000)
      assert.equal((await served.proxy.read('set')).written, 1111)
      await served.proxy.write('set', 20)
      assert.equal((await served.proxy.read('set')).written, 20)
    })

    it('gives the device a look at all that was written, and takes set points back when it objects', async () => {
      await start()
      const seen: (readonly string[])[] = []
      served.device.hook = (keys) => void seen.push(keys)
      await served.proxy.writeMany({ set: 1, shown: 2 })
      assert.deepEqual(seen, [['set', 'shown']])
      served.device.hook = () => {
        throw devFailed('Hook_Failed', 'not today')
      }
      await assert.rejects(served.proxy.writeMany({ set: 3, shown: 4 }), (error) => {
        assert.ok(error instanceof MultiDevFailed)
        assert.deepEqual(
          error.failures.map(({ name, index, errors }) => [name, index, errors[0]?.reason]),
          [
            ['set', 0, 'Hook_Failed'],
            ['shown', 1, 'Hook_Failed'],
          ],
        )
        return true
      })
      assert.equal((await served.proxy.read('set')).written, 1)
      served.device.hook = async () => {
        const errors = devFailed('Hook_Failed', 'this one').errors
        throw new MultiDevFailed([{ name: 'shown', index: 1, errors }])
      }
      await assert.rejects(served.proxy.writeMany({ set: 5, shown: 6 }), /Hook_Failed/)
      assert.equal((await served.proxy.read('set')).written, 5)
      assert.equal((await served.proxy.read('shown')).written, 2)
    })
  })
})
