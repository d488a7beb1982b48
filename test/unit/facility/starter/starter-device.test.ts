import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { starter } from '#interfaces/starter'
import { type DeviceProxy, silentLogger, TangoProcess, typedProperties, VirtualClock } from '#tango'
import {
  StarterDevice,
  type StarterProperties,
  settingsFrom,
  starterClass,
} from '../../../../facility/starter/starter-device.ts'
import { StarterJournal } from '../../../../facility/starter/starter-journal.ts'
import { starterPaths } from '../../../../facility/starter/starter-paths.ts'
import { Supervision } from '../../../../facility/starter/supervision.ts'
import { FakeRunner, quietLog } from './fake-runner.ts'

const usual = typedProperties(starter, []).values as unknown as StarterProperties

describe('StarterDevice', () => {
  let folder: string
  let clock: VirtualClock
  let tango: TangoProcess
  let supervision: Supervision
  let device: StarterDevice
  let proxy: DeviceProxy<typeof starter>
  let runners: Map<string, FakeRunner>
  let configured: StarterProperties[]

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'starter-device-'))
    clock = new VirtualClock()
    tango = await TangoProcess.create({ log: silentLogger(), clock })
    runners = new Map()
    configured = []
    const runner = (name: string): FakeRunner => {
      const made = runners.get(name) ?? new FakeRunner('native')
      runners.set(name, made)
      return made
    }
    const journal = new StarterJournal(folder, () => clock.now())
    supervision = new Supervision(
      {
        clock,
        log: quietLog,
        journal,
        own: () => [],
        listed: async () => [
          { name: 'A/1', controlled: true, level: 1 },
          { name: 'B/1', controlled: false, level: 0 },
        ],
        ping: async (name) => (runner(name).phase === 'up' ? 'answers' : 'absent'),
        exported: async () => false,
        runner,
        look: async () => undefined,
        changed: () => device.refresh(),
      },
      { ...settingsFrom(usual, true), startAtStartup: false },
    )
    const deviceClass = starterClass({
      supervision,
      journal,
      configured: (properties) => void configured.push(properties),
      resources: async () => ['main\t7\t0.1\t90.0\tA/1'],
      logFile: (server) => join(folder, `${server}.log`),
    })
    const server = await tango.startServer({
      server: 'Starter',
      instance: 'here',
      classes: [deviceClass],
      database: 'none',
      devices: [
        {
          class: 'Starter',
          name: 'tango/admin/here',
          properties: { KeepLogFiles: ['7'], InterStartupLevelWait: ['2'] },
        },
      ],
    })
    const found = server.device('tango/admin/here')
    assert.ok(found instanceof StarterDevice)
    device = found
    const { host, port } = tango.orb.endpoint
    proxy = tango.proxy(`tango://${host}:${port}/tango/admin/here#dbase=no`, starter)
    await clock.run(supervision.begin())
  })
  afterEach(async () => {
    await clock.run(supervision.close())
    await tango.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  it('takes its properties at start and again at Init', async () => {
    assert.deepEqual(
      configured.map(({ keepLogFiles }) => keepLogFiles),
      [7],
    )
    assert.equal(configured[0] === undefined ? 0 : settingsFrom(configured[0], true).betweenLevelsMs, 2_000)
    await proxy.command('Init')
    assert.equal(configured.length, 2)
  })

  it('lists servers with state, control and level, and tells running from stopped ones', async () => {
    await clock.run(proxy.command('DevStart', 'A/1'))
    await clock.run(supervision.round())
    assert.deepEqual((await proxy.read('servers')).value, ['A/1\tON\t1\t1\t1', 'B/1\tFAULT\t0\t0\t0'])
    assert.deepEqual((await proxy.read('runningServers')).value, ['A/1'])
    assert.deepEqual((await proxy.read('stoppedServers')).value, ['B/1'])
    assert.deepEqual(await proxy.command('DevGetStopServers', true), ['B/1'])
    assert.deepEqual(await proxy.command('DevGetStopServers', false), [])
    assert.deepEqual(await proxy.command('DevGetRunningServers', false), ['A/1'])
    assert.deepEqual((await proxy.read('resources')).value, ['main\t7\t0.1\t90.0\tA/1'])
  })

  it('has a state, as a number too, and a status that names who does not run', async () => {
    assert.equal(await proxy.state(), 'OFF')
    assert.equal((await proxy.read('hostState')).value, 1)
    await clock.run(proxy.command('DevStart', 'A/1'))
    await clock.run(supervision.round())
    assert.equal(await proxy.state(), 'ON')
    assert.equal((await proxy.read('hostState')).value, 0)
    assert.match(await proxy.status(), /All controlled servers are running/)
  })

  it('pushes State and Servers when a server comes', async () => {
    const states: unknown[] = []
    const lines: unknown[] = []
    await proxy.subscribe('state', 'change', (event) => void (event.error ?? states.push(event.reading?.value)))
    await proxy.subscribe('servers', 'change', (event) => void (event.error ?? lines.push(event.reading?.value?.[0])))
    await clock.run(proxy.command('DevStart', 'A/1'))
    await clock.run(supervision.round())
    await clock.run(clock.sleep(10))
    assert.deepEqual(states, ['OFF', 'MOVING', 'ON'])
    assert.deepEqual(lines, ['A/1\tFAULT\t1\t1\t0', 'A/1\tMOVING\t1\t1\t1', 'A/1\tON\t1\t1\t1'])
  })

  it('kills, stops and starts by level', async () => {
    await proxy.command('DevStartAll', 1)
    await clock.run(clock.sleep(1_000))
    await clock.run(proxy.command('DevStopAll', 1))
    assert.deepEqual(runners.get('A/1')?.orders, ['start operator', 'stop'])
    await proxy.command('DevStartAll', 1)
    await clock.run(clock.sleep(1_000))
    await proxy.command('HardKillServer', 'a/1')
    assert.equal(runners.get('A/1')?.orders.at(-1), 'kill')
    await assert.rejects(proxy.command('DevStop', 'C/1'), /Starter_ServerUnknown/)
  })

  it('reads logs: of a server with path and time before, of itself without, the end of a long one', async () => {
    writeFileSync(join(folder, 'X.log'), `${'a'.repeat(1_200_000)}\nlast\n`)
    const long = await proxy.command('devReadLog', 'X')
    assert.match(
      long.slice(0, 300),
      /^\S+X\.log\n\d\d\/\d\d\/\d\d {3}\d\d:\d\d:\d\d\n\n\.\.\. 200006 octets before this/,
    )
    assert.ok(long.endsWith('\nlast\n'))
    await clock.run(proxy.command('DevStart', 'A/1'))
    assert.match(await proxy.command('devReadLog', 'Starter'), /^\d\d\/\d\d\/\d\d {3}\S+\tA\/1 started\n/)
    await proxy.command('ResetStatistics')
    assert.match(await proxy.command('devReadLog', 'Statistics'), /^A\/1\t(ON|FAULT)\t\d+\t-1\tfalse\n$/)
    await assert.rejects(proxy.command('devReadLog', 'Other'), /Starter_NoLog: .*Other\.log/)
  })

  it('has no notification daemon, which is fine', async () => {
    assert.equal((await proxy.read('notifdState')).value, 'ON')
    await assert.rejects(proxy.command('NotifyDaemonState'), /NOTIFY_NOT_AVAILABLE/)
  })
})

describe('starterPaths', () => {
  it('keeps logs in the data folder and looks where distributions put servers, unless the properties say otherwise', () => {
    assert.deepEqual(starterPaths(usual, '/data/log'), {
      logFolder: '/data/log',
      keepLogs: 3,
      programFolders: ['/usr/lib/tango'],
    })
    const paths = starterPaths(
      { ...usual, logFileHome: '/var/tmp', keepLogFiles: 0, startDsPath: ['/opt/ds'] },
      '/data/log',
    )
    assert.deepEqual(paths, { logFolder: '/var/tmp/ds.log', keepLogs: 1, programFolders: ['/opt/ds'] })
  })
})
