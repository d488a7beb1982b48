import assert from 'node:assert/strict'
import {
  DevFailed,
  Device,
  type DeviceProxy,
  defineInterface,
  devFailed,
  deviceClass,
  MultiDevFailed,
  type Serves,
  silentLogger,
  TangoProcess,
} from '#tango'

const gauge = defineInterface({
  class: 'Gauge',
  attributes: {
    position: { type: 'DevDouble', writable: true, maxValue: 100 },
    counts: { type: 'DevLong64' },
    profile: { type: 'DevFloat', format: 'spectrum', max: [8], writable: true },
    picture: { type: 'DevUChar', format: 'image', max: [8, 8], writable: true },
    mode: { type: 'DevEnum', writable: true, enumLabels: ['slow', 'fast'] },
    limitSwitches: { type: 'DevBoolean', format: 'spectrum', max: [3], name: 'Limit_switches' },
    failing: { type: 'DevDouble' },
  },
  commands: {
    reset: {},
    scale: { in: 'DevVarDoubleArray', out: 'DevVarDoubleArray' },
    describe: { in: 'DevVarLongStringArray', out: 'DevString' },
    hang: { longRunning: true },
  },
})

class Gauge extends Device<typeof gauge> implements Serves<typeof gauge> {
  #position = 0
  #profile = new Float32Array(0)
  #picture = { data: Uint8Array.of(1, 2), width: 2, height: 1 }
  #mode = 0

  readPosition(): number {
    return this.#position
  }
  writePosition(value: number): void {
    this.#position = value
  }
  readCounts(): bigint {
    return 2n ** 60n
  }
  readProfile(): Float32Array {
    return this.#profile
  }
  writeProfile(value: Float32Array): void {
    this.#profile = value.slice()
  }
  readPicture(): { data: Uint8Array; width: number; height: number } {
    return this.#picture
  }
  writePicture(value: { data: Uint8Array; width: number; height: number }): void {
    this.#picture = { ...value, data: value.data.slice() }
  }
  readMode(): number {
    return this.#mode
  }
  writeMode(value: number): void {
    this.#mode = value
  }
  readLimitSwitches(): boolean[] {
    return [true, false, true]
  }
  readFailing(): number {
    throw devFailed('Controller_NotConnected', 'no box')
  }
  reset(): void {
    this.#position = 0
  }
  scale(values: Float64Array): Float64Array {
    return values.map((value) => value * 2)
  }
  describe({ lvalue, svalue }: { lvalue: Int32Array; svalue: readonly string[] }): string {
    return `${lvalue.join()} ${svalue.join()}`
  }
  async hang(_none: undefined, call: { signal: AbortSignal }): Promise<void> {
    await new Promise<void>((resolve) => call.signal.addEventListener('abort', () => resolve(), { once: true }))
  }
}

async function rejected(promise: Promise<unknown>, reason: string): Promise<DevFailed> {
  try {
    await promise
  } catch (error) {
    assert.ok(error instanceof DevFailed, String(error))
    assert.equal(error.reason, reason)
    return error
  }
  throw new assert.AssertionError({ message: `should fail with ${reason}` })
}

describe('DeviceProxy', () => {
  let tango: TangoProcess
  let other: TangoProcess
  let name: string
  let typed: DeviceProxy<typeof gauge>
  let plain: DeviceProxy

  before(async () => {
    tango = await TangoProcess.create({ log: silentLogger() })
    other = await TangoProcess.create({ log: silentLogger(), listen: false })
    await tango.startServer({
      server: 'Gauges',
      instance: 'test',
      classes: [deviceClass(gauge, Gauge)],
      database: 'none',
      devices: [{ class: 'Gauge', name: 'test/gauge/1' }],
    })
    name = `tango://127.0.0.1:${tango.orb.endpoint.port}/test/gauge/1#dbase=no`
    // one proxy beside the device, one in another process: both take the same path from here
    typed = tango.proxy(name, gauge)
    plain = other.proxy(name)
  })

  after(async () => {
    await other.close()
    await tango.close()
  })

  it('reads and writes by the keys of its spec, with their types', async () => {
    await typed.write('position', 12.5)
    const reading = await typed.read('position')
    const value: number | undefined = reading.value
    assert.equal(value, 12.5)
    assert.deepEqual([reading.name, reading.written, reading.quality], ['Position', 12.5, 'VALID'])
    const counts: bigint | undefined = (await typed.read('counts')).value
    assert.equal(counts, 2n ** 60n)
    assert.deepEqual((await typed.read('limitSwitches')).value, [true, false, true])
  })

  it('rejects wrong types at compile time', () => {
    const compiles = (): void => {
      // @ts-expect-error the attribute is a number
      void typed.write('position', 'far')
      // @ts-expect-error the argument is missing
      void typed.command('scale')
      // @ts-expect-error the argument is a list of numbers
      void typed.command('scale', 'x')
      void typed.command('reset')
      void typed.write('Unknown_name', 'anything')
      void plain.write('anything', Symbol.iterator)
    }
    assert.equal(typeof compiles, 'function')
  })

  it('reads and writes by Tango names in any case', async () => {
    await typed.write('LIMIT_SWITCHES', [true]).catch((error) => assert.match(String(error), /API_AttrNotWritable/))
    await plain.write('pOSITION', 3)
    assert.equal((await typed.read('POSITION')).value, 3)
  })

  it('learns types where there is no spec', async () => {
    await plain.write('Profile', [1.5, 2.5])
    assert.deepEqual((await plain.read('Profile')).value, Float32Array.of(1.5, 2.5))
    await plain.write('Mode', 'fast')
    assert.equal((await plain.read('Mode')).value, 1)
    await plain.write('Picture', { data: [1, 2, 3, 4, 5, 6], width: 3, height: 2 })
    assert.deepEqual((await plain.read('Picture')).value, {
      data: Uint8Array.of(1, 2, 3, 4, 5, 6),
      width: 3,
      height: 2,
    })
    assert.deepEqual(await plain.command('Scale', [1, 2n]), Float64Array.of(2, 4))
    assert.equal(await plain.command('Describe', { lvalue: [1, 2], svalue: ['a'] }), '1,2 a')
    assert.equal(await plain.command('Reset'), undefined)
  })

  it('refuses values that do not fit before anything is sent', async () => {
    await plain.write('Position', 1)
    const error = await rejected(plain.write('Position', 'far'), 'API_IncompatibleAttrDataType')
    assert.match(error.message, /test\/gauge\/1.*\/Position: 'far' is no DevDouble/)
    await rejected(plain.command('Scale', 'x'), 'API_IncompatibleCmdArgumentType')
    await rejected(plain.command('Reset', 1), 'API_IncompatibleCmdArgumentType')
    assert.equal((await plain.read('Position')).value, 1)
  })

  it('passes on the reasons of the device and adds a level that names it', async () => {
    const error = await rejected(plain.read('Failing'), 'Controller_NotConnected')
    assert.equal(error.errors.at(-1)?.reason, 'API_AttributeFailed')
    assert.match(error.errors.at(-1)?.desc ?? '', /test\/gauge\/1.*Failing/)
    await rejected(plain.read('Nothing'), 'API_AttrNotFound')
    await rejected(plain.command('Nothing'), 'API_CommandNotFound')
    await rejected(typed.write('position', 101), 'API_WAttrOutsideLimit')
  })

  it('reads many attributes in one call and keeps errors beside values', async () => {
    await typed.write('position', 5)
    const [position, failed, unknown] = await typed.readMany(['position', 'failing', 'Nothing'])
    assert.ok(position !== undefined && !(position instanceof DevFailed))
    assert.equal(position.value, 5)
    assert.ok(failed instanceof DevFailed && failed.has('Controller_NotConnected'))
    assert.ok(unknown instanceof DevFailed && unknown.has('API_AttrNotFound'))
    assert.deepEqual(await typed.readMany([]), [])
  })

  it('writes many attributes in one call and names those that failed', async () => {
    await typed.writeMany({ position: 7, mode: 0 })
    assert.equal((await typed.read('position')).value, 7)
    const error = await typed.writeMany({ position: 1000, mode: 1 }).catch((e: unknown) => e)
    assert.ok(error instanceof MultiDevFailed)
    assert.deepEqual(
      error.failures.map((failure) => [failure.name.toLowerCase(), failure.index]),
      [['position', 0]],
    )
    assert.equal((await typed.read('mode')).value, 1)
  })

  it('answers state, status, ping, info, names and lists', async () => {
    for (const proxy of [typed, plain]) {
      assert.equal(await proxy.state(), 'ON')
      assert.match(await proxy.status(), /ON/)
      assert.ok((await proxy.ping()) >= 0)
      const info = await proxy.info()
      assert.deepEqual([info.class, info.server, info.idl], ['Gauge', 'Gauges/test', 5])
      assert.equal(await proxy.deviceName(), 'test/gauge/1')
      assert.equal((await proxy.adminName()).toLowerCase(), 'dserver/gauges/test')
    }
    const configs = await plain.attributeConfig()
    assert.deepEqual(
      configs.slice(-2).map((config) => config.name),
      ['State', 'Status'],
    )
    assert.deepEqual((await typed.attributeConfig(['mode']))[0]?.enumLabels, ['slow', 'fast'])
    const scale = await typed.commandQuery('scale')
    assert.deepEqual([scale.name, scale.inType, scale.outType], ['Scale', 'DevVarDoubleArray', 'DevVarDoubleArray'])
    assert.ok(
      (await plain.commandList()).some((command) => command.name === 'Describe' && command.outType === 'DevString'),
    )
    assert.ok((await plain.blackBox(1)).length === 1)
  })

  it('changes limits through the attribute configuration', async () => {
    const [config] = await typed.attributeConfig(['position'])
    assert.ok(config)
    await typed.setAttributeConfig([{ ...config, maxValue: '10' }])
    await rejected(typed.write('position', 11), 'API_WAttrOutsideLimit')
    await typed.setAttributeConfig([config])
    await typed.write('position', 11)
  })

  it('stops waiting at the time-out and when told', async () => {
    const timedOut = await rejected(plain.command('Hang', undefined, { timeoutMs: 30 }), 'API_CorbaException')
    assert.ok(timedOut.has('API_DeviceTimedOut'))
    const controller = new AbortController()
    const waiting = plain.command('Hang', undefined, { signal: controller.signal, timeoutMs: 10_000 })
    controller.abort()
    await assert.rejects(waiting)
  })

  it('says when neither database nor server are there', async () => {
    const lost = tango.proxy('tango://127.0.0.1:1/a/b/c#dbase=no')
    assert.ok((await rejected(lost.ping(), 'API_CorbaException')).has('API_CantConnectToDevice'))
    const noDatabase = tango.proxy('tango://127.0.0.1:1/a/b/c')
    assert.ok((await rejected(noDatabase.ping(), 'API_CorbaException')).has('API_CantConnectToDatabase'))
    assert.throws(() => tango.proxy('a/b'), /API_WrongDeviceNameSyntax/)
  })

  it('finds a device again after its server was restarted', async () => {
    // without a database the port is all that is known, so the restart happens on the same one
    const first = await TangoProcess.create({ log: silentLogger() })
    const { port } = first.orb.endpoint
    const options = {
      server: 'Gauges',
      instance: 'again',
      classes: [deviceClass(gauge, Gauge)],
      database: 'none',
      devices: [{ class: 'Gauge', name: 'test/gauge/2' }],
    } as const
    await first.startServer(options)
    const proxy = other.proxy(`tango://127.0.0.1:${port}/test/gauge/2#dbase=no`, gauge)
    await proxy.write('position', 1)
    await first.close()
    const second = await TangoProcess.create({ log: silentLogger(), port })
    try {
      await second.startServer(options)
      assert.equal((await proxy.read('position')).value, 0)
      await proxy.write('position', 2)
      assert.equal((await proxy.read('position')).value, 2)
    } finally {
      await second.close()
    }
  })
})
