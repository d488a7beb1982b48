// kill -9 of every process in the middle of a scan: it is restarted, every acknowledged point is in the file, and the next scan works.

import assert from 'node:assert/strict'
import { pool } from '#interfaces/pool'
import type { DoorWatch } from '../support/door-watch.ts'
import { TestFacility } from '../support/facility.ts'
import { isAlive } from '../support/processes.ts'
import { column, lastScan, recordedScan, runningScan, savedScan } from '../support/scan-files.ts'
import { eventually } from '../support/waiting.ts'

interface Victim {
  readonly name: string
  /** Whether the scan can go on without it. */
  readonly survives: boolean
  /** Whether the door dies with it. */
  readonly takesDoor: boolean
}

const FAST: readonly Victim[] = [
  { name: 'recorder-demo1', survives: true, takesDoor: false },
  { name: 'door', survives: false, takesDoor: false },
  { name: 'simulators', survives: false, takesDoor: false },
  { name: 'main', survives: false, takesDoor: true },
]
const ISOLATED: readonly Victim[] = [
  { name: 'database', survives: true, takesDoor: false },
  { name: 'recorder-demo1', survives: true, takesDoor: false },
  { name: 'door', survives: false, takesDoor: false },
  { name: 'simulators', survives: false, takesDoor: false },
  { name: 'controllers-demo1', survives: false, takesDoor: false },
  { name: 'pool-demo1', survives: false, takesDoor: false },
  { name: 'macroserver-demo1', survives: false, takesDoor: true },
]
const POINTS = 61

for (const { layout, isolated, victims } of [
  { layout: 'fast', isolated: false, victims: FAST },
  { layout: 'isolated', isolated: true, victims: ISOLATED },
])
  describe(`kill -9 in the middle of a scan in the ${layout} layout`, function () {
    this.timeout(90_000)
    let facility: TestFacility

    before(async () => {
      facility = await TestFacility.start({ isolated })
    })
    after(() => facility?.close())

    for (const victim of victims)
      it(`${victim.name}: ${victim.survives ? 'the scan goes on' : 'the scan ends'}, no acknowledged point is lost, the next scan works`, async () => {
        const door = await facility.doorReady()
        const before = (await lastScan(facility.data))?.scan
        const seen = rowsSeenBy(door)
        const running = await door.start(['ascan', 'mot01', '0', '1', String(POINTS - 1), '0.05'], 60_000)
        await runningScan(facility.data, before, 5)

        const former = facility.killProcess(victim.name)
        const acknowledged = await lastScan(facility.data)
        assert.ok(acknowledged !== undefined && acknowledged.points < POINTS, 'the scan was over before the kill')

        if (!victim.takesDoor) {
          const outcome = await running.ended
          assert.equal(outcome.state, victim.survives ? 'ON' : 'ALARM', outcome.error.join('\n'))
          if (!victim.survives) assert.notEqual(outcome.error.join(''), '', 'the door does not say why')
        }
        const rows = seen()
        await facility.restarted(victim.name, former)
        assert.ok(!isAlive(former))

        const logged = await eventually('the end of the scan in its log', async () => {
          const scan = await lastScan(facility.data)
          assert.equal(scan?.scan, acknowledged.scan)
          return scan?.end === undefined ? undefined : scan
        })
        assert.equal(logged.end?.reason === 'done', victim.survives, `it ended ${logged.end?.reason}`)
        assert.equal(logged.end?.points, logged.points)
        assert.ok(logged.points >= acknowledged.points)
        for (const row of rows) assert.ok(row < logged.points, `row ${row} was shown but is not in the log`)
        const saved = await recordedScan(facility.data, logged)
        assert.equal(saved.points, logged.points)
        assert.notEqual(saved.status, 'RUNNING')
        for (const label of ['mot01', 'ct01', 'ct02', 'ct03', 'ct04'])
          assert.deepEqual(saved.measurement[label], column(logged, label), label)

        await door.close()
        const next = await nextScan()
        assert.equal(next.points, 5)
        assert.equal((await savedScan(next.start)).points, 5)
      })

    /** The first scan that works after a restart. */
    async function nextScan() {
      const door = await facility.doorReady()
      const client = await facility.client()
      await eventually(
        'a pool that reaches motors and channels',
        async () => {
          const states = await Promise.all(
            ['motor/icepap/1', 'expchan/em01/1'].map((name) => client.proxy(name).state()),
          )
          const positions = await client.proxy('pool/demo1/1', pool).command('positions', ['mot01', 'dmot01'])
          return states.every((state) => state === 'ON') && positions.every(Number.isFinite)
        },
        20_000,
      )
      // a client looks a device that it could not reach up again after one second, not earlier
      await eventually(
        'a scan that works',
        async () => {
          const outcome = await door.run(['ascan', 'mot01', '0', '1', '4', '0.02'])
          if (outcome.state !== 'ON') throw new Error(outcome.error.join('\n'))
          return true
        },
        3_000,
      )
      await door.close()
      const scan = await lastScan(facility.data)
      assert.ok(scan !== undefined)
      return scan
    }
  })

/** Numbers of the table rows that the door has shown so far. */
function rowsSeenBy(door: DoorWatch): () => readonly number[] {
  const from = door.output.length
  return () =>
    door.output
      .slice(from)
      .map((line) => /^\s*(\d+)\s+\S/.exec(line)?.[1])
      .filter((number) => number !== undefined)
      .map(Number)
}
