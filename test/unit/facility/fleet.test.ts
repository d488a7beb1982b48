import assert from 'node:assert/strict'
import { Fleet, type FleetProcess } from '../../../facility/fleet.ts'
import type { LauncherLog } from '../../../facility/launcher-log.ts'
import { type ProcessPlan, planProcesses } from '../../../facility/process-plan.ts'
import { devFailed } from '../../../tango/errors/dev-failed.ts'

const SERVERS = ['Pool/b1', 'Recorder/b1']

describe('Fleet', () => {
  let orders: string[]
  let errors: string[]
  let broken: Set<string>
  let gate: Promise<void>
  let changes: number

  beforeEach(() => {
    orders = []
    errors = []
    broken = new Set()
    gate = Promise.resolve()
    changes = 0
  })

  /** A process that notes what it is told. */
  function fake(name: string): FleetProcess {
    const refuse = (server: string): void => {
      if (broken.has(server)) throw devFailed('Box_Broken', `${server} will not`)
    }
    let first = ''
    return {
      name,
      pid: 7,
      logFile: '',
      phase: 'up',
      servers: [],
      fork: () => void orders.push(`${name}: fork`),
      run({ servers, database }) {
        first = servers[0] ?? ''
        orders.push(`${name}: run ${servers.join(' ')}${database === undefined ? '' : ` database ${database.port}`}`)
      },
      async reached(): Promise<never> {
        await gate
        refuse(first)
        return undefined as never
      },
      async change(kind, server) {
        orders.push(`${name}: ${kind} ${server}`)
        await gate
        refuse(server)
      },
      resume: () => undefined,
      stop: async () => void orders.push(`${name}: stop`),
      kill: () => undefined,
      watch: () => undefined,
    }
  }

  function fleet(options: { readonly isolated?: boolean; readonly databaseApart?: boolean } = {}): Fleet {
    const { isolated = false, databaseApart = isolated } = options
    const plans: readonly ProcessPlan[] = planProcesses(
      { servers: SERVERS, recorders: ['Recorder/b1'] },
      isolated,
      databaseApart,
    )
    const log: LauncherLog = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (message, fields) => void errors.push(`${message} ${JSON.stringify(fields)}`),
    }
    const made = new Fleet({
      isolated,
      plans,
      first: fake(plans[0]?.name ?? ''),
      make: (plan) => fake(plan.name),
      start: { tangoHost: 'h:1', dataFolder: '/data' },
      log,
    })
    made.onChange(() => {
      changes += 1
    })
    return made
  }

  const members = (of: Fleet): string[] =>
    of.members.map(({ process, servers, alone }) => `${process.name} ${servers.join(' ')}${alone ? ' alone' : ''}`)

  it('has what was planned, and starts the database before the others', async () => {
    const made = fleet({ isolated: true })
    assert.deepEqual(members(made), ['database ', 'pool-b1 Pool/b1 alone', 'recorder-b1 Recorder/b1 alone'])
    made.fork()
    await made.run({ first: { port: 1 }, again: { port: 1 } })
    assert.deepEqual(orders, [
      'pool-b1: fork',
      'recorder-b1: fork',
      'database: run  database 1',
      'pool-b1: run Pool/b1',
      'recorder-b1: run Recorder/b1',
    ])
    await made.close()
    assert.equal(orders.at(-1), 'database: stop')
  })

  for (const databaseApart of [false, true])
    it(`serves a new server with the others in the fast layout, database ${databaseApart ? 'apart' : 'too'}`, async () => {
      const made = fleet({ databaseApart })
      assert.equal(await made.host({ server: 'Controllers/x', wanted: 'usual' }), true)
      assert.deepEqual(orders, ['main: start-server Controllers/x'])
      assert.ok(members(made).includes('main Pool/b1 Controllers/x'), members(made).join())
      assert.equal(await made.host({ server: 'controllers/X', wanted: 'gone' }), true)
      assert.deepEqual(orders.slice(1), ['main: stop-server Controllers/x'])
      assert.ok(members(made).includes('main Pool/b1'), members(made).join())
      assert.equal(changes, 2)
    })

  it('gives a new server a process in the isolated layout, and a recorder in both, and ends it', async () => {
    for (const { isolated, wanted } of [
      { isolated: true, wanted: 'usual' },
      { isolated: false, wanted: 'apart' },
    ] as const) {
      orders = []
      const made = fleet({ isolated })
      await made.host({ server: 'New/x', wanted })
      assert.equal(members(made).at(-1), 'new-x New/x alone')
      await made.host({ server: 'New/x', wanted: 'gone' })
      assert.deepEqual(orders, ['new-x: fork', 'new-x: run New/x', 'new-x: stop'])
      assert.ok(!members(made).some((line) => line.startsWith('new-x')))
    }
  })

  it('brings a server once, however many ask', async () => {
    const made = fleet()
    await Promise.all([
      made.host({ server: 'New/x', wanted: 'apart' }),
      made.host({ server: 'new/X', wanted: 'apart' }),
    ])
    await made.host({ server: 'New/x', wanted: 'apart' })
    await made.host({ server: 'pool/B1', wanted: 'usual' })
    assert.deepEqual(orders, ['new-x: fork', 'new-x: run New/x'])
  })

  it('forgets a server that cannot start, and tells why', async () => {
    const made = fleet()
    const before = members(made)
    broken.add('New/x')
    for (const wanted of ['apart', 'usual'] as const) {
      await assert.rejects(made.host({ server: 'New/x', wanted }), { reason: 'Box_Broken' })
      assert.deepEqual(members(made), before)
    }
    assert.ok(orders.includes('new-x: stop'))
  })

  it('has forgotten a server before it ends, so that nobody takes that for a failure', async () => {
    const made = fleet()
    let open = (): void => undefined
    gate = new Promise((resolve) => {
      open = resolve
    })
    const ending = made.host({ server: 'Pool/b1', wanted: 'gone' })
    await Promise.resolve()
    assert.deepEqual(members(made), ['main ', 'recorder-b1 Recorder/b1 alone'])
    open()
    assert.equal(await ending, true)
  })

  it('leaves servers alone that are none of its own', async () => {
    assert.equal(await fleet().host({ server: 'TangoTest/b1', wanted: 'gone' }), false)
    assert.deepEqual(orders, [])
  })

  it('brings and ends what the configuration has changed unseen, and goes on after a failure', async () => {
    const made = fleet()
    broken.add('Broken/x')
    await made.follow([
      { name: 'Broken/x', wanted: 'usual' },
      { name: 'Pool/b1', wanted: 'usual' },
      { name: 'Controllers/x', wanted: 'usual' },
      { name: 'TangoTest/x' },
    ])
    assert.deepEqual(members(made), ['main Pool/b1 Controllers/x'])
    assert.match(errors.join(), /Broken\/x.*will not/)
    await made.follow([])
    assert.deepEqual(members(made), ['main Pool/b1 Controllers/x'])
  })

  it('starts nothing once it ends', async () => {
    const made = fleet()
    await made.close()
    await assert.rejects(made.host({ server: 'New/x', wanted: 'apart' }), { reason: 'API_ShutdownInProgress' })
  })
})
