import assert from 'node:assert/strict'
import { VirtualClock } from '#tango'
import { ControlledServer, type RestartRule, type Sign } from '../../../../facility/starter/controlled-server.ts'
import { FakeRunner, quietLog } from './fake-runner.ts'

describe('ControlledServer', () => {
  let clock: VirtualClock
  let runner: FakeRunner
  let sign: Sign
  let exported: boolean
  let rule: RestartRule
  let notes: string[]
  let statistics: string[]

  beforeEach(() => {
    clock = new VirtualClock({ start: 1_000_000 })
    runner = new FakeRunner('native')
    sign = 'absent'
    exported = false
    rule = { restartAfterMinutes: 0, restartCrashed: true }
    notes = []
    statistics = []
  })

  function made(): ControlledServer {
    const server = new ControlledServer('Fake/b1', runner, {
      clock,
      log: quietLog,
      journal: {
        record: (text) => void notes.push(text),
        statistics: ({ running, restarted }) => void statistics.push(`${running ? 'ON' : 'FAULT'} ${restarted}`),
      },
      ping: async () => sign,
      exported: async () => exported,
      restartRule: () => rule,
    })
    server.controlled = true
    server.level = 1
    return server
  }

  /** One that runs and answers. */
  async function running(): Promise<ControlledServer> {
    const server = made()
    await server.start()
    sign = 'answers'
    await server.check()
    assert.equal(server.state, 'ON')
    return server
  }

  async function crash(server: ControlledServer): Promise<void> {
    runner.end(true)
    sign = 'silent'
    await server.check()
    assert.equal(server.state, 'FAULT')
  }

  /** Lets time pass, with what is due. */
  const pass = (ms: number): Promise<void> => clock.run(clock.sleep(ms))

  it('is FAULT without a process, MOVING with one that does not answer, ON when it answers', async () => {
    const server = made()
    await server.check()
    assert.equal(server.state, 'FAULT')
    await server.start()
    assert.equal(server.state, 'MOVING')
    sign = 'silent'
    await server.check()
    assert.equal(server.state, 'MOVING')
    sign = 'answers'
    await server.check()
    assert.equal(server.line, 'Fake/b1\tON\t1\t1\t1')
    await assert.rejects(server.start(), { reason: 'ALREADY_RUNNING' })
  })

  it('is FAULT when it ended alone in a process of the launcher that goes on', async () => {
    runner = new FakeRunner('own')
    const server = await running()
    sign = 'absent'
    await server.check()
    assert.equal(server.state, 'FAULT')
  })

  it('is not restarted when it was stopped, and cannot be stopped twice', async () => {
    const server = await running()
    const stop = server.stop()
    sign = 'absent'
    await clock.run(stop)
    assert.equal(server.state, 'FAULT')
    await pass(60_000)
    assert.deepEqual(runner.orders, ['start operator', 'stop'])
    await assert.rejects(server.stop(), { reason: 'SERVER_NOT_RUNNING' })
    assert.deepEqual(notes, ['Fake/b1 started', 'Fake/b1 stopped'])
  })

  it('answers after two seconds to the order to stop what takes long to end', async () => {
    const server = await running()
    runner.endsAfter = clock.sleep(5_000)
    const began = clock.monotonic()
    await clock.run(server.stop())
    assert.equal(clock.monotonic() - began, 2_000)
    assert.equal(notes.at(-1), 'Fake/b1 started')
    sign = 'absent'
    await pass(4_000)
    assert.equal(server.state, 'FAULT')
    assert.equal(notes.at(-1), 'Fake/b1 stopped')
  })

  it('is restarted after a crash, with a pause that doubles up to ten seconds', async () => {
    const server = await running()
    const pauses: number[] = []
    for (let i = 0; i < 8; i++) {
      await crash(server)
      const ended = clock.monotonic()
      const before = runner.orders.length
      while (runner.orders.length === before) await pass(10)
      pauses.push(clock.monotonic() - ended)
      sign = 'answers'
      await server.check()
    }
    assert.deepEqual(
      pauses.map((ms) => Math.round(ms / 10) * 10),
      [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000],
    )
    assert.ok(runner.orders.slice(1).every((order) => order === 'start restart'))
    assert.deepEqual(statistics.slice(0, 3), ['ON false', 'FAULT false', 'ON true'])
  })

  it('is not restarted when it ended in order, whoever asked it', async () => {
    const server = await running()
    runner.end(false)
    sign = 'absent'
    await server.check()
    await pass(60_000)
    assert.deepEqual(runner.orders, ['start operator'])
    assert.equal(server.state, 'FAULT')
  })

  it('asks the database about a crash of a process that it did not start', async () => {
    for (const [stillExported, starts] of [
      [true, 1],
      [false, 0],
    ] as const) {
      runner = new FakeRunner('native')
      runner.begin()
      sign = 'answers'
      const server = made()
      await server.check()
      runner.end(undefined)
      exported = stillExported
      sign = 'silent'
      await server.check()
      await pass(1_000)
      assert.equal(runner.orders.length, starts)
    }
  })

  it('is not restarted when nobody controls it', async () => {
    const server = await running()
    server.controlled = false
    await crash(server)
    await pass(60_000)
    assert.deepEqual(runner.orders, ['start operator'])
  })

  it('follows AutoRestartDuration when it is set: only what has run for longer is restarted, at once', async () => {
    rule = { restartAfterMinutes: 2, restartCrashed: true }
    const server = await running()
    await pass(60_000)
    await crash(server)
    await pass(60_000)
    assert.equal(runner.orders.length, 1)
    await server.start()
    sign = 'answers'
    await server.check()
    await pass(121_000)
    await crash(server)
    await pass(1)
    assert.deepEqual(runner.orders.at(-1), 'start restart')
  })

  it('can be told not to restart anything', async () => {
    rule = { restartAfterMinutes: 0, restartCrashed: false }
    await crash(await running())
    await pass(60_000)
    assert.deepEqual(runner.orders, ['start operator'])
  })

  it('gives up a planned restart when it is stopped meanwhile', async () => {
    const server = await running()
    await crash(server)
    await server.stop()
    await pass(60_000)
    assert.deepEqual(runner.orders, ['start operator'])
  })

  it('leaves restarts of processes of the launcher to the launcher', async () => {
    runner = new FakeRunner('own')
    await crash(await running())
    await pass(60_000)
    assert.deepEqual(runner.orders, ['start operator'])
    assert.ok(notes.includes('Fake/b1 ended unasked'))
  })

  it('asks one to end whose process nobody knows, and says that it cannot when it does not even answer', async () => {
    const server = made()
    sign = 'answers'
    await server.check()
    await clock.run(server.stop())
    assert.deepEqual(runner.orders, ['stop'])
    runner.phase = 'starting'
    sign = 'silent'
    await server.check()
    runner.phase = 'down'
    await assert.rejects(server.stop(), { reason: 'SERVER_NOT_RESPONDING' })
  })
})
