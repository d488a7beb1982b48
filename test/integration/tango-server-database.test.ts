import assert from 'node:assert/strict'
import { memoryStore, startDatabase } from '#db-config'
import { type DevFailed, type DeviceServer, type StartServerOptions, silentLogger, TangoProcess } from '#tango'
import { EverythingDevice, everything } from '../support/everything-device.ts'
import { eventually } from '../support/waiting.ts'

const NAME = 'test/every/1'
const DEVICES = [
  { class: 'Everything', name: NAME, alias: 'every1', properties: { Port: ['77'] } },
  { class: 'Everything', name: 'test/every/2' },
]

describe('a server with a database', () => {
  let database: TangoProcess
  let tangoHost: string
  const open: TangoProcess[] = []
  const make = async (): Promise<TangoProcess> => {
    const tango = await TangoProcess.create({ tangoHost, log: silentLogger() })
    open.push(tango)
    return tango
  }
  const start = (tango: TangoProcess, more: Partial<StartServerOptions> = {}): Promise<DeviceServer> =>
    tango.startServer({ server: 'Everything', instance: 'db', classes: [everything], devices: DEVICES, ...more })

  beforeEach(async () => {
    database = await TangoProcess.create({ log: silentLogger() })
    await startDatabase(database, memoryStore())
    tangoHost = `127.0.0.1:${database.orb.endpoint.port}`
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((tango) => tango.close()))
    await database.close()
  })

  it('registers declared devices, exports them, the admin device last, and unexports them when it stops', async () => {
    const tango = await make()
    const server = await start(tango)
    const client = (await make()).database()
    const names = (await client.exportedDevices('*')).filter((name) => /every/i.test(name))
    assert.deepEqual(names.sort(), ['dserver/Everything/db', NAME, 'test/every/2'])
    assert.equal((await client.importDevice('every1')).pid, process.pid)
    const device = server.device(NAME)
    assert.ok(device instanceof EverythingDevice)
    assert.equal(device.properties.port, 77)
    await server.stop()
    assert.deepEqual(
      (await client.exportedDevices('*')).filter((name) => /every/i.test(name)),
      [],
    )
    assert.equal((await client.importDevice(NAME)).exported, false)
  })

  it('is reached by name and by alias from another process', async () => {
    await start(await make())
    const other = await make()
    assert.equal(await other.proxy(NAME).state(), 'ON')
    assert.equal(await other.proxy('every1').deviceName(), NAME)
  })

  it('refuses to start twice while it runs, and starts again after a crash', async () => {
    await start(await make())
    await assert.rejects(start(await make()), (e: DevFailed) => e.has('Server_AlreadyRunning'))
    const [crashed] = open
    // a process that dies unexports nothing
    await crashed?.orb.close()
    const again = await start(await make())
    assert.equal(again.devices().length, 2)
  })

  it('says what to do when the database does not know it', async () => {
    await assert.rejects(
      start(await make(), { devices: [] }),
      /The device server Everything\/db is not defined in database/,
    )
  })

  it('keeps set points, configuration and polling in the database', async () => {
    const first = await make()
    await start(first)
    const client = await make()
    const proxy = client.proxy(NAME)
    await proxy.write('Memorized', 4.5 as never)
    const [config] = await proxy.attributeConfig(['Warm'])
    assert.ok(config !== undefined)
    await proxy.setAttributeConfig([{ ...config, maxValue: '20', label: 'Temp' }])
    const admin = client.proxy('dserver/Everything/db')
    await admin.command('AddObjPolling', { lvalue: Int32Array.of(500), svalue: [NAME, 'attribute', 'doS'] } as never)
    const stored = await client.database().getDeviceAttributeProperty(NAME, ['Memorized', 'Warm'])
    assert.deepEqual(stored.get('Memorized'), new Map([['__value', ['4.5']]]))
    assert.deepEqual(
      stored.get('Warm'),
      new Map([
        ['label', ['Temp']],
        ['max_value', ['20']],
      ]),
    )
    const polled = await client.database().getDeviceProperty(NAME, ['polled_attr'])
    assert.deepEqual(polled.get('polled_attr'), ['polled', '50', 'dos', '500'])

    await first.close()
    const second = await make()
    const server = await start(second)
    const device = server.device(NAME)
    assert.ok(device instanceof EverythingDevice)
    assert.deepEqual(device.calls, ['init', 'memorized 4.5'])
    assert.equal((await proxy.attributeConfig(['Warm']))[0]?.maxValue, '20')
    await eventually('a polled value', async () => {
      const status = (await client
        .proxy('dserver/Everything/db')
        .command('DevPollStatus', NAME as never)) as unknown as string[]
      return status.some((text) => text.includes('doS') && text.includes('Data not updated'))
    })
  })

  it('reads properties again at Init', async () => {
    const server = await start(await make())
    const client = await make()
    await client.database().putDeviceProperty(NAME, { Port: '99' })
    await client.proxy(NAME).command('Init')
    assert.equal(server.device(NAME)?.properties.port, 99)
  })

  it('adds a device that others find at once, and removes it with its properties', async () => {
    const server = await start(await make())
    const client = await make()
    await server.addDevice({ class: 'Everything', name: 'test/every/9', alias: 'nine', properties: { Port: ['9'] } })
    assert.equal(await client.proxy('nine').state(), 'ON')
    await server.removeDevice('test/every/9')
    await assert.rejects(client.database().importDevice('test/every/9'), (e: DevFailed) => e.has('DB_DeviceNotDefined'))
  })

  it('skips a device whose class is missing and serves the others', async () => {
    const client = await make()
    await client.database().addDevice({ server: 'Everything/db', class: 'Missing', name: 'a/b/c' })
    const server = await start(await make())
    assert.deepEqual(
      server.devices().map(({ name }) => name),
      [NAME, 'test/every/2'],
    )
  })

  it('sends events to another process, MOVING before ON', async () => {
    const server = await start(await make())
    const device = server.device(NAME)
    assert.ok(device instanceof EverythingDevice)
    const client = await make()
    const seen: unknown[] = []
    const subscription = await client.proxy(NAME).subscribe('State', 'change', (event) => {
      if (event.reading !== undefined) seen.push(event.reading.value)
    })
    assert.deepEqual(seen, ['ON'])
    // a subscriber that has just connected may miss what is sent in the first milliseconds
    await eventually('the channel', () => {
      if (!seen.includes('STANDBY')) device.setState('STANDBY', undefined, { always: true })
      return seen.includes('STANDBY')
    })
    device.moveNowhere()
    await eventually('both states', () => seen.at(-1) === 'ON' && seen.includes('MOVING'))
    assert.deepEqual(seen.slice(seen.indexOf('MOVING')), ['MOVING', 'ON'])
    await subscription.close()
  })
})
