import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#tango'
import { devFailed } from '#tango/pure'
import type { Executable } from '../../../../facility/starter/executable.ts'
import { NativeServer, type NativeSurroundings } from '../../../../facility/starter/native-server.ts'
import { killProcess } from '../../../support/kill-process.ts'
import { isAlive } from '../../../support/processes.ts'
import { eventually } from '../../../support/waiting.ts'

const PATIENT = { ask: 10_000, term: 10_000, kill: 10_000 }
const quiet = () => undefined

describe('NativeServer', function () {
  this.timeout(20_000)
  let folder: string
  let logFile: string
  let ends: number
  let servers: NativeServer[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'native-server-'))
    logFile = join(folder, 'log', 'Fake_b1.log')
    ends = 0
    servers = []
  })
  afterEach(async () => {
    for (const server of servers) if (server.pid !== undefined) server.kill()
    await eventually('all ends', () => servers.every(({ startedHere }) => !startedHere))
    rmSync(folder, { recursive: true, force: true })
  })

  /** A server whose program is a text of JavaScript; it gets the instance as its last argument. */
  function native(text: string, around: Partial<NativeSurroundings> = {}): NativeServer {
    const file = join(folder, 'fake.cjs')
    writeFileSync(file, text)
    const executable: Executable = { file: process.execPath, words: [file] }
    const server = new NativeServer('Fake/b1', {
      clock: systemClock,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      environment: { TANGO_HOST: 'here:1' },
      logFile: () => logFile,
      keepLogs: () => 3,
      executable: async () => executable,
      askToEnd: async () => {
        throw devFailed('API_CantConnectToDevice', 'it does not answer')
      },
      known: () => [],
      onEnd: () => {
        ends += 1
      },
      patience: PATIENT,
      ...around,
    })
    servers.push(server)
    return server
  }

  const says = (text: string): Promise<unknown> =>
    eventually(`'${text}' in the log`, () => readFileSync(logFile, 'utf8').includes(text))
  const logs = (): string[] => readdirSync(join(folder, 'log')).sort()

  it('runs with its instance and environment, writes its log, ends by SIGTERM when it cannot be asked', async () => {
    const server = native(
      'console.log(process.argv[2], process.env.TANGO_HOST, process.cwd()); setInterval(() => {}, 1000)',
    )
    await server.start('operator')
    await says(`b1 here:1 ${join(folder, 'log')}`)
    const { pid = -1 } = server
    assert.deepEqual([server.phase, server.instances, server.startedHere, server.crashed], ['up', 1, true, undefined])
    await server.stop()
    assert.ok(!isAlive(pid))
    assert.deepEqual([server.phase, server.pid, server.instances], ['down', undefined, 0])
    assert.equal(ends, 1)
  })

  it('is killed when it minds neither the question nor SIGTERM', async () => {
    const server = native(
      "process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 1000)",
      {
        askToEnd: async () => undefined,
        patience: { ask: 100, term: 100, kill: 10_000 },
      },
    )
    await server.start('operator')
    await says('up')
    await server.stop()
    assert.match(readFileSync(logFile, 'utf8'), /no\n/)
    assert.equal(server.phase, 'down')
  })

  it('knows a crash from an end in order', async () => {
    const server = native('process.exit(process.env.CRASH === undefined ? 0 : 1)')
    await server.start('operator')
    await eventually('the end', () => ends === 1)
    assert.equal(server.crashed, false)
    const other = native('setInterval(() => {}, 1000)')
    await other.start('operator')
    other.kill()
    await eventually('the other end', () => ends === 2)
    assert.equal(other.crashed, true)
  })

  it('begins a new log when people start it, and goes on in the log of a crash', async () => {
    const server = native("console.log('started')")
    for (const order of ['operator', 'restart', 'operator'] as const) {
      const before = ends
      await server.start(order)
      await eventually('the end', () => ends > before)
    }
    assert.equal(readFileSync(logFile, 'utf8'), 'started\n')
    const [former = ''] = logs().filter((name) => name !== 'Fake_b1.log')
    assert.equal(readFileSync(join(folder, 'log', former), 'utf8'), 'started\nstarted\n')
  })

  it('goes on in a new log when the present one is too long, without the process noticing', async () => {
    const server = native(
      "console.log('x'.repeat(10_100_000)); process.on('SIGUSR2', () => console.log('later')); setInterval(() => {}, 1000)",
    )
    await server.start('operator')
    await eventually('a long log', () => readFileSync(logFile).length > 10_000_000)
    await server.limitLog()
    const { pid = -1 } = server
    killProcess(pid, 'SIGUSR2')
    await says('later')
    assert.equal(readFileSync(logFile, 'utf8'), 'later\n')
    assert.equal(logs().length, 2)
    assert.match(logs().find((name) => name !== 'Fake_b1.log') ?? '', /^Fake_b1_\[.*\]\.log$/)
  })

  it('takes over a process that somebody else has started', async () => {
    const foreign = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    await once(foreign, 'spawn')
    const { pid = -1 } = foreign
    try {
      const server = native('', { known: () => (isAlive(pid) ? [pid] : []) })
      assert.deepEqual([server.phase, server.pid, server.startedHere], ['up', pid, false])
      await server.stop()
      assert.ok(!isAlive(pid))
    } finally {
      foreign.kill('SIGKILL')
    }
  })

  it('reports a program that cannot be run', async () => {
    const server = native('', { executable: async () => ({ file: join(folder, 'none'), words: [] }) })
    await assert.rejects(server.start('operator'), { reason: 'CANNOT_RUN_FILE' })
    assert.throws(() => server.kill(), { reason: 'SERVER_NOT_RUNNING' })
  })
})
