import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LauncherLog } from '../../../facility/launcher-log.ts'
import type { StartMessage } from '../../../facility/messages.ts'
import { type SupervisedOptions, SupervisedProcess } from '../../../facility/supervised-process.ts'
import { devFailed } from '../../../tango/errors/dev-failed.ts'
import { killProcess } from '../../support/kill-process.ts'
import { isAlive } from '../../support/processes.ts'
import { eventually } from '../../support/waiting.ts'

const PROGRAM = fileURLToPath(new URL('./fake-server.js', import.meta.url))
const TIMEOUT_MS = 10_000

describe('SupervisedProcess', function () {
  this.timeout(30_000)
  let folder: string
  let warnings: { message: string; fields: Readonly<Record<string, unknown>> }[]
  let running: SupervisedProcess[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'supervised-'))
    warnings = []
    running = []
  })
  afterEach(async () => {
    await Promise.all(running.map((process) => process.stop()))
    rmSync(folder, { recursive: true, force: true })
  })

  const start = (server: string): StartMessage => {
    return { kind: 'start', tangoHost: '127.0.0.1:1', dataFolder: folder, servers: [server] }
  }

  function supervised(options: Partial<SupervisedOptions> = {}): SupervisedProcess {
    const nothing = () => undefined
    const warn: LauncherLog['warn'] = (message, fields = {}) => void warnings.push({ message, fields })
    const process = new SupervisedProcess({
      name: 'fake',
      program: PROGRAM,
      logFile: join(folder, 'fake.log'),
      log: { debug: nothing, info: nothing, warn, error: nothing },
      ...options,
    })
    running.push(process)
    process.fork()
    return process
  }

  it('is ready when its process says so, writes what it prints to its log, and ends when told', async () => {
    const child = supervised()
    child.run(start('Good/1'))
    await child.reached('ready', TIMEOUT_MS)
    const { pid = 0 } = child
    assert.ok(isAlive(pid))
    await child.stop()
    assert.ok(!isAlive(pid))
    assert.equal(readFileSync(join(folder, 'fake.log'), 'utf8'), 'serves Good/1\n')
    assert.deepEqual(warnings, [])
  })

  it('is started again after a kill, with what it is to be told then', async () => {
    let ready = 0
    const child = supervised({ onReady: () => (ready += 1), patience: { firstPause: 1 } })
    child.run(start('Good/1'), { ...start('Good/1'), database: { port: 1 } })
    await child.reached('ready', TIMEOUT_MS)
    const { pid: first = 0 } = child
    killProcess(first)
    await eventually('the next process', () => ready === 2)
    assert.notEqual(child.pid, first)
    await child.stop()
    assert.equal(readFileSync(join(folder, 'fake.log'), 'utf8'), 'serves Good/1\nserves Good/1 again\n')
    assert.equal(warnings[0]?.fields.how, 'SIGKILL')
  })

  it('waits longer each time before it starts a process that keeps dying, up to a limit', async () => {
    const child = supervised({ patience: { firstPause: 1, longestPause: 6 } })
    child.run(start('Dies/later'))
    await eventually('six ends', () => warnings.length >= 6)
    const pauses = warnings.slice(0, 6).map(({ fields }) => fields.afterMs)
    assert.deepEqual(pauses, [1, 2, 4, 6, 6, 6])
    assert.equal(warnings[0]?.fields.how, 'code 4')
  })

  it('begins with the first pause again after a stable life', async () => {
    const child = supervised({ patience: { firstPause: 1, stable: 0 } })
    child.run(start('Dies/later'))
    await eventually('three ends', () => warnings.length >= 3)
    assert.deepEqual(
      warnings.slice(0, 3).map(({ fields }) => fields.afterMs),
      [1, 1, 1],
    )
  })

  it('tells how a process ended that was waited for, and where its log is', async () => {
    const child = supervised({ patience: { firstPause: 60_000 } })
    child.run(start('Dies/now'))
    await assert.rejects(
      child.reached('ready', TIMEOUT_MS),
      /fake ended \(code 3\) before it was ready; see .*fake\.log/,
    )
  })

  it('tells why a process cannot start, below that it cannot', async () => {
    const child = supervised()
    child.run(start('Fails/always'))
    await assert.rejects(child.reached('ready', TIMEOUT_MS), /fake cannot start; see .*fake\.log.*it has no mind to/)
  })

  it('reports what is wrong with a beamline file as it is, and restarts nothing that only read', async () => {
    const child = supervised({ patience: { firstPause: 1 } })
    child.read('b.yaml', { isolated: false })
    await assert.rejects(child.reached('plan', TIMEOUT_MS), {
      reason: 'Beamline_Invalid',
      message: 'Beamline_Invalid: b.yaml:1:1: wrong',
    })
    const { pid = 0 } = child
    killProcess(pid)
    await eventually('its end', () => !isAlive(pid))
    await child.stop()
    assert.equal(child.pid, undefined)
    assert.deepEqual(warnings, [])
  })

  it('starts and stops single servers, and comes back after a crash as it was then, in the first order', async () => {
    const child = supervised({ patience: { firstPause: 1 } })
    let ready = 0
    child.watch(() => {
      if (child.phase === 'up') ready += 1
    })
    assert.equal(child.phase, 'starting')
    child.run({ ...start('A/1'), servers: ['A/1', 'B/1', 'C/1'] })
    await child.reached('ready', TIMEOUT_MS)
    assert.equal(child.phase, 'up')
    await child.change('stop-server', 'A/1', TIMEOUT_MS)
    await child.change('stop-server', 'B/1', TIMEOUT_MS)
    assert.deepEqual(child.servers, ['C/1'])
    await child.change('start-server', 'A/1', TIMEOUT_MS)
    child.kill()
    await eventually('the next process', () => ready === 2)
    await child.stop()
    assert.equal(
      readFileSync(join(folder, 'fake.log'), 'utf8'),
      'serves A/1 B/1 C/1\nstop-server A/1\nstop-server B/1\nstart-server A/1\nserves A/1 C/1\n',
    )
  })

  it('tells why a single server did not start, and does not try it again after a crash', async () => {
    const child = supervised({ patience: { firstPause: 60_000 } })
    child.run(start('Good/1'))
    await child.reached('ready', TIMEOUT_MS)
    await assert.rejects(child.change('start-server', 'Broken/1', TIMEOUT_MS), /Box_Broken: Broken\/1 will not/)
    assert.deepEqual(child.servers, ['Good/1'])
    await assert.rejects(child.change('stop-server', 'Silent/1', 20), { reason: 'API_DeviceTimedOut' })
    const waiting = child.change('stop-server', 'Silent/1', TIMEOUT_MS)
    child.kill()
    await assert.rejects(waiting, /fake ended \(SIGKILL\)/)
    assert.equal(child.phase, 'down')
  })

  it('runs again when it is told to after it was stopped, and not twice', async () => {
    const child = supervised()
    child.run(start('Good/1'))
    await child.reached('ready', TIMEOUT_MS)
    const { pid: first } = child
    child.resume()
    assert.equal(child.pid, first)
    await child.stop()
    assert.equal(child.phase, 'down')
    child.resume()
    await child.reached('ready', TIMEOUT_MS)
    assert.notEqual(child.pid, first)
  })

  it('answers what the configuration asks for, and tells of its servers', async () => {
    const applied: string[] = []
    const child = supervised({
      async onHosting({ server }) {
        if (server === 'Broken/1') throw devFailed('Box_Broken', 'it will not')
        return true
      },
      onApplied: (servers) => void applied.push(...servers.map(({ name }) => name)),
    })
    child.run(start('Asks/for'))
    const said = () => readFileSync(join(folder, 'fake.log'), 'utf8')
    await eventually('the answers', () => said() === '1 true \n2 false Box_Broken\n')
    assert.deepEqual(applied, ['New/1'])
  })

  it('tells of its ends, and has no process id then', async () => {
    const pids: (number | undefined)[] = []
    const child = supervised({ onEnd: () => void pids.push(child.pid) })
    child.run(start('Good/1'))
    await child.reached('ready', TIMEOUT_MS)
    await child.stop()
    assert.deepEqual([pids, child.pid], [[undefined], undefined])
  })

  it('does not wait for ever', async () => {
    const child = supervised()
    await assert.rejects(child.reached('ready', 20), { reason: 'API_DeviceTimedOut' })
  })

  it('ends a process that does not obey by SIGTERM, and one that does not mind that by SIGKILL', async () => {
    for (const [stubborn, term, said] of [
      ['somewhat', TIMEOUT_MS, 1],
      ['very', 20, 2],
    ] as const) {
      warnings = []
      const child = supervised({ environment: { STUBBORN: stubborn }, patience: { stop: 20, term } })
      child.run(start('Good/1'))
      await child.reached('ready', TIMEOUT_MS)
      const { pid = 0 } = child
      await child.stop()
      assert.ok(!isAlive(pid))
      assert.equal(warnings.length, said, JSON.stringify(warnings))
    }
  })

  it('reports a program that does not exist', async () => {
    const child = supervised({ program: join(folder, 'nothing.js'), patience: { firstPause: 60_000 } })
    child.run(start('Good/1'))
    await assert.rejects(child.reached('ready', TIMEOUT_MS), /fake ended \(code 1\)/)
  })
})
