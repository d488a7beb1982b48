// The demo driven by PyTango and h5py alone, as users who have nothing of ours do.

import assert from 'node:assert/strict'
import { TestFacility } from '../support/facility.ts'
import { needPeers, runPython } from '../support/peers.ts'

const SCRIPTS = new URL('../../../test/interop/python/', import.meta.url).pathname
const INTERVALS = 20

/** What demo_session.py has seen. */
interface Session {
  readonly servers: readonly string[]
  readonly exported: readonly string[]
  readonly alias: string
  readonly motor_name: string
  readonly motor_alias: string
  readonly motor_class: string
  readonly motor_states: readonly string[]
  readonly motor_position: number
  readonly motor_position_events: number
  readonly limit: string
  readonly limits: readonly string[]
  readonly door_states: readonly string[]
  readonly output: readonly string[]
  readonly output_events: number
  readonly error: readonly string[]
  readonly statuses: readonly string[]
  readonly event_errors: readonly string[]
  readonly file: string
  readonly default_plot: readonly [string, string]
  readonly columns: readonly string[]
  readonly rows: number
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly peak: number
  readonly plot_rows: number
  readonly master_rows: number
  readonly unknown: readonly [string, string]
  readonly few: readonly [string, string]
  readonly beyond: readonly [string, string]
  readonly stop_seconds: number
  readonly after_stop: string
}

for (const isolated of [false, true]) {
  describe(`PyTango at the demo in the ${isolated ? 'isolated' : 'fast'} layout`, function () {
    this.timeout(120_000)
    let facility: TestFacility
    let seen: Session

    before(async function () {
      needPeers(this, 'pytango', 'h5py')
      facility = await TestFacility.start({ isolated })
      const result = await runPython(`${SCRIPTS}demo_session.py`, [facility.doorName, String(INTERVALS)], {
        env: { TANGO_HOST: facility.tangoHost },
        timeoutMs: 90_000,
      })
      assert.equal(result.code, 0, result.stderr + result.stdout)
      seen = JSON.parse(result.stdout) as Session
    })
    after(() => facility?.close())

    it('finds servers, devices and aliases in the database', () => {
      for (const server of ['Controllers/demo1', 'Pool/demo1', 'MacroServer/demo1', 'Recorder/demo1', 'DataBaseds/2'])
        assert.ok(seen.servers.includes(server), `${server} is not among ${seen.servers.join(', ')}`)
      const exported = seen.exported.map((name) => name.toLowerCase())
      for (const name of [
        'sys/database/2',
        'motor/icepap/1',
        'expchan/em01/1',
        'pool/demo1/1',
        'door/demo1/1',
        'recorder/demo1/1',
      ])
        assert.ok(exported.includes(name), `${name} is not exported`)
      assert.equal(seen.alias, 'motor/icepap/1')
      assert.equal(seen.motor_name, 'motor/icepap/1')
      assert.equal(seen.motor_alias, 'mot01')
      assert.equal(seen.motor_class, 'Motor')
    })

    it('moves a motor and sees MOVING, positions, then ON by events', () => {
      assert.deepEqual(
        seen.motor_states.filter((state, i) => state !== seen.motor_states[i - 1]),
        ['MOVING', 'ON'],
      )
      assert.ok(Math.abs(seen.motor_position) <= 0.001, `${seen.motor_position} mm beside the target`)
      assert.ok(seen.motor_position_events >= 3, `${seen.motor_position_events} position events`)
    })

    it('is refused a position beyond the limits that the attribute states', () => {
      assert.equal(seen.limit, 'API_WAttrOutsideLimit')
      assert.deepEqual(seen.limits.map(Number), [-100, 100])
    })

    it('runs a scan whose table arrives line by line while the door is RUNNING', () => {
      assert.deepEqual(
        seen.door_states.filter((state, i) => state !== seen.door_states[i - 1]),
        ['RUNNING', 'ON'],
      )
      const numbers = seen.output.map((line) => /^\s*(\d+)\s+-?[\d.]+/.exec(line)?.[1]).filter((n) => n !== undefined)
      assert.deepEqual(
        numbers.map(Number),
        Array.from({ length: INTERVALS + 1 }, (_, i) => i),
        seen.output.join('\n'),
      )
      assert.ok(seen.output_events > 5, `the table came in ${seen.output_events} events`)
      assert.ok(
        seen.output.some((line) => /mot01.*ct01/.test(line)),
        'the table has no header',
      )
      assert.equal(seen.statuses[0], 'start')
      assert.equal(seen.statuses.at(-1), 'finish')
      assert.ok(seen.statuses.includes('step'))
      assert.deepEqual(seen.error, [])
      assert.deepEqual(seen.event_errors, [])
    })

    it('opens the file with h5py: all rows, a default NXdata plot, a Gaussian where the beam is', () => {
      assert.equal(seen.rows, INTERVALS + 1)
      assert.equal(seen.plot_rows, INTERVALS + 1)
      assert.equal(seen.master_rows, INTERVALS + 1)
      assert.deepEqual(seen.default_plot, ['NXdata', 'ct01'])
      for (const name of ['mot01', 'ct01', 'ct02', 'ct03', 'ct04']) assert.ok(seen.columns.includes(name), name)
      for (const [i, x] of seen.x.entries()) assert.ok(Math.abs(x - i / INTERVALS) <= 0.001, `point ${i} is at ${x}`)
      assert.ok(Math.abs(seen.peak - 0.5) <= 0.05, `the peak is at ${seen.peak}`)
      // the shape: within 5 % of the largest value everywhere
      const top = Math.max(...seen.y)
      for (const [i, y] of seen.y.entries()) {
        const expected = Math.exp(-(((seen.x[i] ?? 0) - 0.5) ** 2) / (2 * 0.12 ** 2))
        assert.ok(
          Math.abs(y / top - expected) < 0.05,
          `ct01 at ${seen.x[i]} is ${y / top} of the peak, not ${expected}`,
        )
      }
    })

    it('is told why a macro is refused', () => {
      assert.match(seen.unknown.join(' '), /nosuchmacro/)
      assert.match(seen.few.join(' '), /usage: ascan/)
      assert.match(seen.beyond.join(' '), /mot01/)
      assert.match(seen.beyond.join(' '), /\b100\b/)
    })

    it('stops a scan within two seconds', () => {
      assert.ok(seen.stop_seconds < 2, `${seen.stop_seconds} s`)
      assert.equal(seen.after_stop, 'ON')
    })
  })
}

describe('Event sockets that several logical servers of one process share', function () {
  this.timeout(90_000)
  let facility: TestFacility

  before(async function () {
    needPeers(this, 'pytango')
    facility = await TestFacility.start()
  })
  after(() => facility?.close())

  it('go on for one server when a client drops all subscriptions of another', async () => {
    // clients look at heartbeats every ten seconds: one and a half rounds of it
    const result = await runPython(`${SCRIPTS}shared_sockets.py`, ['motor/icepap/1', facility.doorName, '15'], {
      env: { TANGO_HOST: facility.tangoHost },
      timeoutMs: 70_000,
    })
    assert.equal(result.code, 0, result.stderr)
    const seen = JSON.parse(result.stdout) as Record<string, { counts: readonly number[]; errors: readonly string[] }>
    for (const [which, { counts, errors }] of Object.entries(seen)) {
      assert.deepEqual(errors, [], which)
      assert.ok(counts.length >= 4, which)
      for (const count of counts) assert.ok(count >= 2, `${which}: ${counts.join(', ')} events per action`)
    }
  })
})
