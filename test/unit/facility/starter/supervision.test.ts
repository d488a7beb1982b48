import assert from 'node:assert/strict'
import { type HostedServer, VirtualClock } from '#tango'
import type { Sign } from '../../../../facility/starter/controlled-server.ts'
import { type OwnEntry, Supervision, type SupervisionSettings } from '../../../../facility/starter/supervision.ts'
import { FakeRunner, quietLog } from './fake-runner.ts'

const SETTINGS: SupervisionSettings = {
  restartAfterMinutes: 0,
  restartCrashed: true,
  betweenLevelsMs: 1_000,
  startupMs: 5_000,
  startAtStartup: true,
  firstPauseMs: 0,
  levels: 5,
  movingMaxMs: 120_000,
  listMs: 10_000,
  stopAtShutdown: true,
}

const listed = (name: string, level: number, controlled = level > 0): HostedServer => ({ name, controlled, level })

describe('Supervision', () => {
  let clock: VirtualClock
  let database: readonly HostedServer[]
  let signs: Map<string, Sign>
  let runners: Map<string, FakeRunner>
  /** Starts with their time, ms. */
  let starts: string[]
  /** How long servers take until they answer, ms. */
  let slowness: Map<string, number>
  let changes: number
  let lists: number
  const made: Supervision[] = []

  beforeEach(() => {
    clock = new VirtualClock()
    database = []
    signs = new Map()
    runners = new Map()
    starts = []
    slowness = new Map()
    changes = 0
    lists = 0
  })
  afterEach(async () => {
    for (const supervision of made.splice(0)) await clock.run(supervision.close())
  })

  function runner(name: string, kind: 'own' | 'native' = 'native'): FakeRunner {
    const known = runners.get(name)
    if (known !== undefined) return known
    const fake = new FakeRunner(kind)
    fake.onStart = () => {
      starts.push(`${name} ${Math.round(clock.monotonic() / 100) * 100}`)
      signs.set(name, 'silent')
      clock.setTimer(slowness.get(name) ?? 0, () => void signs.set(name, 'answers'))
    }
    runners.set(name, fake)
    return fake
  }

  function supervise(settings: Partial<SupervisionSettings> = {}, own: readonly OwnEntry[] = []): Supervision {
    const supervision = new Supervision(
      {
        clock,
        log: quietLog,
        journal: { record: () => undefined, statistics: () => undefined, reset: async () => undefined },
        own: () => own,
        listed: async () => {
          lists += 1
          return database
        },
        ping: async (name) => (runner(name).phase === 'down' ? 'absent' : (signs.get(name) ?? 'silent')),
        exported: async () => true,
        runner,
        look: async () => undefined,
        changed: async () => {
          changes += 1
        },
      },
      { ...SETTINGS, ...settings },
    )
    made.push(supervision)
    return supervision
  }

  const pass = (ms: number): Promise<void> => clock.run(clock.sleep(ms))
  const state = (supervision: Supervision): string => supervision.summary().state

  it('starts the controlled servers level by level, each when the one before answers, with a pause between levels', async () => {
    database = [
      listed('C/3', 3),
      listed('B/1', 1),
      listed('A/1', 1),
      listed('Loose/0', 0),
      listed('Off/1', 1, false),
      listed('Late/6', 6),
    ]
    slowness.set('B/1', 950)
    const supervision = supervise()
    await clock.run(supervision.begin())
    assert.equal(state(supervision), 'MOVING')
    await pass(10_000)
    assert.deepEqual(starts, ['B/1 0', 'A/1 1000', 'C/3 2100'])
    assert.equal(state(supervision), 'ALARM') // Late/6 is controlled, and above the levels that start by themselves
    await supervision.start('late/6')
    await pass(2_000)
    assert.equal(state(supervision), 'ON')
  })

  it('goes on with the level when a server does not answer in time', async () => {
    database = [listed('Dead/1', 1), listed('A/1', 1)]
    slowness.set('Dead/1', 1_000_000)
    await clock.run(supervise().begin())
    await pass(10_000)
    assert.deepEqual(starts, ['Dead/1 0', 'A/1 5000'])
  })

  it('starts nothing by itself when it is told so, and after a pause when drivers need it', async () => {
    database = [listed('A/1', 1)]
    const never = supervise({ startAtStartup: false })
    await clock.run(never.begin())
    await pass(10_000)
    assert.deepEqual([starts, state(never)], [[], 'OFF'])
    await clock.run(supervise({ firstPauseMs: 3_000 }).begin())
    await pass(5_000)
    assert.deepEqual(starts, ['A/1 13000'])
  })

  it('starts no more of a level that is stopped meanwhile', async () => {
    database = [listed('A/1', 1), listed('B/1', 1)]
    slowness.set('A/1', 2_000)
    const supervision = supervise({ startAtStartup: false })
    await clock.run(supervision.begin())
    supervision.startLevel(1)
    await pass(1_000)
    await clock.run(supervision.stopLevel(1))
    await pass(10_000)
    assert.deepEqual(starts, ['A/1 0'])
    assert.deepEqual(runner('A/1').orders, ['start operator', 'stop'])
    assert.equal(state(supervision), 'OFF')
  })

  it('sums up: ON, ALARM, OFF of the controlled ones, whatever the others do', async () => {
    database = [listed('A/1', 1), listed('B/1', 1), listed('Loose/0', 0)]
    const supervision = supervise()
    await clock.run(supervision.begin())
    await pass(5_000)
    assert.equal(state(supervision), 'ON')
    await clock.run(supervision.stop('A/1'))
    assert.deepEqual(supervision.summary(), { state: 'ALARM', status: 'Not running: A/1' })
    await clock.run(supervision.stop('B/1'))
    assert.equal(state(supervision), 'OFF')
  })

  it('is in ALARM when a server runs twice, and STANDBY when one does not answer for long', async () => {
    database = [listed('A/1', 1)]
    const supervision = supervise()
    await clock.run(supervision.begin())
    await pass(5_000)
    runner('A/1').instances = 2
    assert.deepEqual(supervision.summary(), { state: 'ALARM', status: 'Running more than once: A/1' })
    runner('A/1').instances = 1
    signs.set('A/1', 'silent')
    await pass(60_000)
    assert.equal(state(supervision), 'MOVING')
    await pass(70_000)
    assert.deepEqual(supervision.summary(), { state: 'STANDBY', status: 'Not answering for long: A/1' })
  })

  it('is ON without servers, and hides those of the control system itself', async () => {
    database = [listed('DataBaseds/2', 1), listed('Starter/here', 1), listed('TangoAccessControl/1', 1)]
    const supervision = supervise()
    assert.equal(state(supervision), 'MOVING') // nothing is known yet
    await clock.run(supervision.begin())
    assert.deepEqual([supervision.servers.length, state(supervision)], [0, 'ON'])
  })

  it('takes changes of the database when it is told of them, else after a while', async () => {
    database = [listed('A/1', 0)]
    const supervision = supervise()
    await clock.run(supervision.begin())
    await pass(5_000)
    assert.equal(lists, 1)
    database = [listed('A/1', 2), listed('B/1', 0)]
    supervision.update()
    await pass(1_500)
    assert.deepEqual(
      supervision.servers.map(({ line }) => line),
      ['A/1\tFAULT\t1\t2\t0', 'B/1\tFAULT\t0\t0\t0'],
    )
    database = [listed('B/1', 0)]
    await pass(12_000)
    assert.deepEqual(
      supervision.servers.map(({ name }) => name),
      ['B/1'],
    )
  })

  it('counts servers of the launcher as controlled, with the level of the database when it has one', async () => {
    const own = ['Pool/b1', 'Controllers/b1'].map((name) => ({ name, runner: runner(name, 'own'), level: 2 }))
    database = [listed('Pool/b1', 0)]
    const supervision = supervise({ startAtStartup: false }, own)
    await clock.run(supervision.begin())
    const lines = () => supervision.servers.map(({ name, controlled, level }) => `${name} ${controlled} ${level}`)
    assert.deepEqual(lines(), ['Pool/b1 true 2', 'Controllers/b1 true 2'])
    database = [listed('Pool/b1', 4)]
    supervision.update()
    await pass(1_500)
    assert.deepEqual(lines(), ['Pool/b1 true 4', 'Controllers/b1 true 2'])
  })

  it('takes over at once that the launcher has other servers, without taking the end of one for a failure', async () => {
    const own = ['Pool/b1', 'Controllers/b1'].map((name) => ({ name, runner: runner(name, 'own'), level: 2 }))
    for (const { name } of own) {
      runner(name).begin()
      signs.set(name, 'answers')
    }
    database = [listed('Pool/b1', 2), listed('Controllers/b1', 2)]
    const supervision = supervise({ startAtStartup: false }, own)
    await clock.run(supervision.begin())
    assert.equal(state(supervision), 'ON')
    own.pop()
    database = [listed('Pool/b1', 2)]
    const followed = supervision.follow()
    assert.deepEqual(
      supervision.servers.map(({ name }) => name),
      ['Pool/b1'],
    )
    runner('Controllers/b1').end(false)
    await clock.run(followed)
    assert.equal(state(supervision), 'ON')
    // the database may tell of a new server before the launcher has it
    database = [listed('Pool/b1', 2), listed('New/b1', 1)]
    supervision.update()
    await pass(1_500)
    assert.equal(state(supervision), 'ALARM')
    const made = new FakeRunner('own')
    made.begin()
    runner('New/b1').begin()
    signs.set('New/b1', 'answers')
    own.push({ name: 'New/b1', runner: made, level: 1 })
    await clock.run(supervision.follow())
    assert.equal(supervision.servers.find(({ name }) => name === 'New/b1')?.runner, made)
    assert.equal(state(supervision), 'ON')
  })

  it('starts a server that the database does not list for this computer, and refuses what is no server', async () => {
    const supervision = supervise()
    await clock.run(supervision.begin())
    await supervision.start('New/1')
    assert.deepEqual(
      supervision.servers.map(({ name }) => name),
      ['New/1'],
    )
    await assert.rejects(supervision.start('New'), { reason: 'Starter_ServerUnknown' })
    await assert.rejects(supervision.stop('Other/1'), /Starter_ServerUnknown: .*there are New\/1/)
    assert.throws(() => supervision.kill('Other/1'), { reason: 'Starter_ServerUnknown' })
  })

  it('tells of changes after each look, and at once after an order', async () => {
    database = [listed('A/1', 0)]
    const supervision = supervise()
    await clock.run(supervision.begin())
    const before = changes
    await supervision.start('A/1')
    assert.equal(changes, before + 1)
    await pass(1_000)
    assert.ok(changes > before + 1)
  })

  it('ends what it started in the reverse order of the start, and controlled servers that it found; not those of people', async () => {
    database = [listed('A/1', 1), listed('B/2', 2), listed('C/2', 2), listed('Found/3', 3), listed('People/0', 0)]
    for (const name of ['Found/3', 'People/0']) {
      runner(name).begin()
      signs.set(name, 'answers')
    }
    const own = [{ name: 'Pool/b1', runner: runner('Pool/b1', 'own'), level: 2 }]
    runner('Pool/b1').begin()
    const supervision = supervise({}, own)
    await clock.run(supervision.begin())
    await supervision.start('Tried/1')
    await pass(5_000)
    const ends: string[] = []
    for (const [name, fake] of runners) {
      fake.endsAfter = name === 'Found/3' ? clock.sleep(3_000) : Promise.resolve()
      fake.onStop = () => void ends.push(`${name} ${Math.round((clock.monotonic() - before) / 100) * 100}`)
    }
    const before = clock.monotonic()
    await clock.run(supervision.close())
    assert.deepEqual(ends, ['Tried/1 0', 'Found/3 0', 'B/2 3000', 'C/2 3000', 'A/1 3000'])
  })

  it('ends what is being started while it ends, and starts nothing more', async () => {
    database = [listed('A/1', 1), listed('B/1', 1)]
    runner('A/1').startsAfter = clock.sleep(1_000)
    const supervision = supervise()
    await clock.run(supervision.begin())
    await clock.run(supervision.close())
    assert.deepEqual(runner('A/1').orders, ['start operator', 'stop'])
    await pass(10_000)
    await assert.rejects(supervision.start('B/1'), { reason: 'API_ShutdownInProgress' })
    assert.deepEqual(runner('B/1').orders, [])
  })

  it('leaves everything running when it is told so', async () => {
    database = [listed('A/1', 1)]
    const supervision = supervise({ stopAtShutdown: false })
    await clock.run(supervision.begin())
    await pass(5_000)
    await clock.run(supervision.close())
    assert.deepEqual(runner('A/1').orders, ['start operator'])
  })

  it('begins nothing any more after its end', async () => {
    database = [listed('A/1', 1), listed('B/2', 2)]
    slowness.set('A/1', 2_000)
    const supervision = supervise()
    await clock.run(supervision.begin())
    await pass(500)
    await clock.run(supervision.close())
    const { length } = starts
    await pass(60_000)
    assert.equal(starts.length, length)
    assert.equal(length, 1)
  })
})
