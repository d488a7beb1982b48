// A box that is unplugged in the middle of a scan: the door says what happened, nothing moves on, nothing is lost.

import assert from 'node:assert/strict'
import { TestFacility } from '../support/facility.ts'
import { column, lastScan, recordedScan, runningScan } from '../support/scan-files.ts'
import { eventually } from '../support/waiting.ts'

/** Longest time from the fault to the alarm: the time-outs of the drivers, ms. */
const ALARM_MS = 8_000

describe('A box unplugged in the middle of a scan', function () {
  this.timeout(60_000)
  let facility: TestFacility

  before(async () => {
    facility = await TestFacility.start()
  })
  after(() => facility?.close())

  for (const { box, controller } of [
    { box: 'icepap', controller: 'icepap' },
    { box: 'em01', controller: 'em01' },
  ])
    it(`${box}: ends in ALARM with its reason, keeps the points so far, and the next scan works`, async () => {
      const door = await facility.doorReady()
      const former = (await lastScan(facility.data))?.scan
      // the second motor takes part, so that something else has to be stopped
      const scan = await door.start(['a2scan', 'mot01', '0', '2', 'mot02', '0', '2', '60', '0.05'])
      await runningScan(facility.data, former, 4)

      assert.equal(await facility.simulators(`fault ${box} unplug`), 'OK')
      const began = performance.now()
      const outcome = await scan.ended

      assert.ok(performance.now() - began < ALARM_MS, `the door took ${performance.now() - began} ms`)
      assert.equal(outcome.state, 'ALARM')
      const said = outcome.error.join('\n')
      assert.match(said, new RegExp(controller), said)
      assert.match(said, /Controller_\w+|API_\w+|Motion_\w+|Line_\w+/, said)
      const exception = outcome.statuses.find(({ state }) => state === 'exception')
      assert.ok(exception !== undefined, JSON.stringify(outcome.statuses.slice(-3)))

      const axis = async (): Promise<string> => await facility.simulators('position mot01')
      const stopped = await axis()
      assert.equal(await facility.simulators(`fault ${box} plug`), 'OK')

      const logged = await lastScan(facility.data)
      assert.ok(logged?.end !== undefined, 'the scan has no end')
      assert.equal(logged.end.reason, 'failed')
      assert.ok(logged.points >= 4 && logged.points < 61)
      const saved = await recordedScan(facility.data, logged)
      assert.equal(saved.status, 'FAILED')
      assert.equal(saved.points, logged.points)
      assert.deepEqual(saved.measurement.ct01, column(logged, 'ct01'))
      if (box === 'em01') assert.equal(await axis(), stopped, 'the motor moves on')

      const client = await facility.client()
      await eventually('motor and channel to be usable again', async () => {
        const states = await Promise.all(['motor/icepap/1', 'expchan/em01/1'].map((name) => client.proxy(name).state()))
        return states.every((state) => state === 'ON' || state === 'ALARM')
      })
      const next = await door.run(['ascan', 'mot01', '0', '1', '4', '0.02'])
      assert.equal(next.state, 'ON', next.error.join('\n'))
      assert.equal((await lastScan(facility.data))?.points, 5)
      await door.close()
    })

  it('both boxes: says so for a motor that is read while its box is away', async () => {
    const motor = (await facility.client()).proxy('motor/icepap/1')
    await facility.simulators('fault icepap unplug')
    try {
      await assert.rejects(motor.read('Position'), /icepap/)
    } finally {
      await facility.simulators('fault icepap plug')
    }
    await eventually('the position again', async () => Number.isFinite(Number((await motor.read('Position')).value)))
  })
})
