// The Starter of a running facility: servers stopped, started and killed through it, servers of other processes, levels, the end.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { starter } from '#interfaces/starter'
import { DevFailed, type DeviceProxy, type TangoProcess } from '#tango'
import { runCli, TestFacility } from '../support/facility.ts'
import { killProcess } from '../support/kill-process.ts'
import { isAlive, processTree } from '../support/processes.ts'
import { eventually } from '../support/waiting.ts'

const HOST = (hostname().split('.')[0] ?? '').toLowerCase()
const DEVICE = `tango/admin/${HOST}`
type Starter = DeviceProxy<typeof starter>

/** The Starter's device, once it is there: it comes after the ready line. */
async function starterOf(tango: TangoProcess): Promise<Starter> {
  return await eventually(
    'the Starter',
    async () => {
      const { exported } = await tango.database().importDevice(DEVICE)
      const proxy = tango.proxy(DEVICE, starter)
      return exported && (await proxy.state()) === 'ON' && proxy
    },
    20_000,
  )
}

async function stateOf(device: Starter, server: string): Promise<string | undefined> {
  const { value = [] } = await device.read('servers')
  return value.find((line) => line.startsWith(`${server}\t`))?.split('\t')[1]
}

const becomes = (device: Starter, server: string, state: string): Promise<unknown> =>
  eventually(`${server} ${state}`, async () => (await stateOf(device, server)) === state, 20_000)

async function answers(tango: TangoProcess, device: string): Promise<boolean> {
  try {
    await tango.proxy(device).ping()
    return true
  } catch (error) {
    if (error instanceof DevFailed) return false
    throw error
  }
}

for (const { layout, isolated, poolProcess } of [
  { layout: 'fast', isolated: false, poolProcess: 'main' },
  { layout: 'isolated', isolated: true, poolProcess: 'pool-demo1' },
])
  describe(`the Starter of a facility in the ${layout} layout`, function () {
    this.timeout(60_000)
    let facility: TestFacility
    let tango: TangoProcess
    let device: Starter

    before(async () => {
      facility = await TestFacility.start({ isolated })
      tango = await facility.client()
      device = await starterOf(tango)
    })
    after(() => facility?.close())

    it('shows all servers of the beamline as controlled, in the levels of their dependence, and its processes', async () => {
      const { value = [] } = await device.read('servers')
      assert.deepEqual([...value].sort(), [
        'Controllers/demo1\tON\t1\t1\t1',
        'MacroServer/demo1\tON\t1\t3\t1',
        'Pool/demo1\tON\t1\t2\t1',
        'Recorder/demo1\tON\t1\t1\t1',
      ])
      const lines = await eventually('the resources', async () => {
        const { value = [] } = await device.read('resources')
        return value.length >= 3 && value
      })
      const pids = new Map(lines.map((line) => [line.split('\t')[0], Number(line.split('\t')[1])]))
      assert.equal(pids.get('launcher'), facility.pid)
      assert.equal(pids.get(poolProcess), facility.processId(poolProcess))
      assert.equal(pids.get('simulators'), facility.processId('simulators'))
      assert.ok(
        lines.every((line) => Number(line.split('\t')[3]) > 10),
        lines.join('\n'),
      )
    })

    it('stops one server and starts it again, while the others go on', async () => {
      const former = facility.processId(poolProcess)
      const others = facility.processId('recorder-demo1')
      await device.command('devStop', 'Pool/demo1')
      await becomes(device, 'Pool/demo1', 'FAULT')
      assert.equal(await answers(tango, 'pool/demo1/1'), false)
      assert.equal(await answers(tango, 'motor/icepap/1'), true)
      assert.equal(await device.state(), 'ALARM')
      assert.equal(isAlive(former), !isolated)
      await device.command('devStart', 'pool/DEMO1')
      await becomes(device, 'Pool/demo1', 'ON')
      await eventually('the pool', () => answers(tango, 'pool/demo1/1'))
      assert.equal(facility.processId('recorder-demo1'), others)
      assert.equal(await device.state(), 'ON')
    })

    it('keeps a stopped server stopped when its process is restarted', async () => {
      await device.command('devStop', 'MacroServer/demo1')
      await becomes(device, 'MacroServer/demo1', 'FAULT')
      const former = facility.killProcess(poolProcess)
      await facility.restarted(poolProcess, former)
      await becomes(device, 'Pool/demo1', 'ON')
      assert.equal(await stateOf(device, 'MacroServer/demo1'), 'FAULT')
      assert.equal(await answers(tango, facility.doorName), false)
      await device.command('devStart', 'MacroServer/demo1')
      await becomes(device, 'MacroServer/demo1', 'ON')
      const door = await facility.doorReady()
      assert.equal((await door.run(['ct', '0.01'], 20_000)).states.at(-1), 'ON')
    })

    it('kills the process of a server, which comes back by itself', async () => {
      const former = facility.processId('recorder-demo1')
      await device.command('hardKillServer', 'Recorder/demo1')
      await facility.restarted('recorder-demo1', former)
      await becomes(device, 'Recorder/demo1', 'ON')
      assert.match(await device.command('devReadLog', 'Starter'), /\tRecorder\/demo1 killed\n/)
    })

    it('starts and stops a level', async () => {
      await device.command('devStopAll', 3)
      await becomes(device, 'MacroServer/demo1', 'FAULT')
      assert.deepEqual(await device.command('devGetStopServers', true), ['MacroServer/demo1'])
      await device.command('devStartAll', 3)
      await becomes(device, 'MacroServer/demo1', 'ON')
      await facility.doorReady()
    })

    it('reads the log of the process that serves a server', async () => {
      const log = await device.command('devReadLog', 'Controllers/demo1')
      const [path = ''] = log.split('\n')
      assert.equal(path, join(facility.data, 'log', isolated ? 'Controllers_demo1.log' : 'main.log'))
      assert.match(log, /box connected/)
    })

    it('says what is wrong with an order', async () => {
      await assert.rejects(device.command('devStart', 'Pool/demo1'), /ALREADY_RUNNING/)
      await assert.rejects(device.command('devStart', 'Nothing/x'), /CANNOT_RUN_FILE: .*StartDsPath/)
      await assert.rejects(device.command('devStop', 'Nothing/x'), /Starter_ServerUnknown: .*Pool\/demo1/)
      await assert.rejects(device.command('hardKillServer', 'Nothing/x'), /Starter_ServerUnknown/)
    })
  })

describe('the Starter and servers that the launcher does not serve', function () {
  this.timeout(90_000)

  it('starts servers of ours by level when the facility starts, restarts them after a crash, ends them with it', async () => {
    await using facility = await TestFacility.start()
    const tango = await facility.client()
    const database = tango.database()
    const first = await starterOf(tango)
    // nobody serves these yet; the database says on which computer and when they start
    for (const [server, level] of [
      ['TangoTest/late', 2],
      ['TangoTest/early', 1],
    ] as const) {
      await database.addDevice({ server, class: 'TangoTest', name: `test/starter/${server.split('/')[1]}` })
      await database.putServerInfo({ name: server, host: HOST, controlled: true, level })
    }
    // without native executables our own are taken
    await database.putDeviceProperty(DEVICE, { StartDsPath: ['/nowhere'] })
    await first.command('init')
    await first.command('updateServersInfo')
    await becomes(first, 'TangoTest/late', 'FAULT')
    await facility.interrupt()

    await using again = await TestFacility.start({ data: facility.data })
    const client = await again.client()
    const device = client.proxy(DEVICE, starter)
    await eventually('both servers', async () => (await stateOf(device, 'TangoTest/late')) === 'ON', 40_000)
    assert.equal(await stateOf(device, 'TangoTest/early'), 'ON')
    const journal = (await device.command('devReadLog', 'Starter')).split('Starter startup')[0] ?? ''
    assert.ok(journal.indexOf('TangoTest/late started') < journal.indexOf('TangoTest/early started'), journal)
    assert.equal(await answers(client, 'test/starter/late'), true)

    const pid = await eventually('its process', () => pidOf(device, 'TangoTest/late'))
    killProcess(pid)
    await eventually('another process', async () => (await pidOf(device, 'TangoTest/late')) !== pid, 20_000)
    await becomes(device, 'TangoTest/late', 'ON')
    const log = await device.command('devReadLog', 'TangoTest/late')
    assert.equal(log.match(/Ready to accept request/g)?.length, 2, log)

    await device.command('devStop', 'TangoTest/late')
    await becomes(device, 'TangoTest/late', 'FAULT')
    await device.command('devStart', 'TangoTest/late')
    await becomes(device, 'TangoTest/late', 'ON')
    const logs = readdirSync(join(again.data, 'log')).filter((name) => name.startsWith('TangoTest_late'))
    assert.deepEqual(logs.map((name) => name.replace(/\d/g, '0')).sort(), [
      'TangoTest_late.log',
      'TangoTest_late_[0000-00-00_00-00-00].log',
    ])

    const pids = [
      ...processTree(again.pid).map((entry) => entry.pid),
      await eventually('its process', () => pidOf(device, 'TangoTest/late')),
    ]
    assert.ok(pids.length >= 5, `${pids.length} processes`)
    await again.interrupt()
    assert.deepEqual(pids.filter(isAlive), [])
    assert.match(readFileSync(join(again.data, 'log', 'Starter.log'), 'utf8'), /^\S+ {3}\S+\tStarter shutdown\n/)
  })

  it('is one per computer and database, and runs alone on computers without a facility', async () => {
    await using facility = await TestFacility.start()
    await starterOf(await facility.client())
    const environment = { TANGO_HOST: facility.tangoHost }
    const second = await runCli(['serve', 'Starter', HOST], environment)
    assert.equal(second.code, 1)
    assert.match(second.stderr, /Server_AlreadyRunning/)
    const elsewhere = await runCli(['serve', 'Starter', 'elsewhere'], environment)
    assert.equal(elsewhere.code, 1)
    assert.match(elsewhere.stderr, new RegExp(`the Starter of this computer is Starter ${HOST}`))
  })

  it('takes the place of the Starter of a launcher that was killed', async () => {
    await using facility = await TestFacility.start()
    const tango = await facility.client()
    await starterOf(tango)
    // a facility whose launcher is killed leaves an exported Starter behind; the next one takes its place
    const former = (await tango.database().importDevice(DEVICE)).pid
    assert.equal(former, facility.pid)
    const tree = processTree(facility.pid).map((entry) => entry.pid)
    killProcess(facility.pid)
    await eventually('the end of all processes', () => !tree.some(isAlive), 20_000)
    await using next = await TestFacility.start({ data: facility.data })
    const client = await next.client()
    await starterOf(client)
    assert.equal((await client.database().importDevice(DEVICE)).pid, next.pid)
  })
})

/** Process id of a server. @throws Error while it has none */
async function pidOf(device: Starter, name: string): Promise<number> {
  const { value = [] } = await device.read('resources')
  const pid = Number(value.find((line) => line.startsWith(`${name}\t`))?.split('\t')[1])
  if (!(pid > 1)) throw new Error(`no process ${name} in ${value.join('; ')}`)
  return pid
}
