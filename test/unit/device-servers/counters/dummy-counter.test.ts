// The dummy counter: exact exposures, values by index, early end.

import assert from 'node:assert/strict'
import { driverContext } from '#device-servers'
import { VirtualClock } from '#tango'
import dummyCounter from '../../../../device-servers/counters/dummy-counter.ts'

const properties = { axisCount: 4, exact: true }

describe('dummy counter', () => {
  it('exposes as long as it is told, and axis 1 returns that time', async () => {
    const clock = new VirtualClock()
    const driver = await dummyCounter.connect(properties, driverContext({ clock }))
    const values = await clock.run(driver.acquire([1, 2], 0.25, 0, new AbortController().signal))
    assert.equal(clock.monotonic(), 250)
    assert.deepEqual(values, [0.25, 250])
  })

  it('gives the same values for the same index', async () => {
    const driver = await dummyCounter.connect({ ...properties, exact: false }, driverContext())
    const { signal } = new AbortController()
    const [first, again, other] = [
      await driver.acquire([3], 0.1, 7, signal),
      await driver.acquire([3], 0.1, 7, signal),
      await driver.acquire([3], 0.1, 8, signal),
    ]
    assert.deepEqual(first, again)
    assert.notDeepEqual(first, other)
  })

  it('ends early with the time that has passed', async () => {
    const clock = new VirtualClock()
    const driver = await dummyCounter.connect(properties, driverContext({ clock }))
    const abort = new AbortController()
    const point = driver.acquire([1], 10, 0, abort.signal)
    clock.setTimer(1500, () => abort.abort())
    assert.deepEqual(await clock.run(point), [1.5])
  })

  it('refuses axes that it does not have and a wrong number of axes', async () => {
    const driver = await dummyCounter.connect(properties, driverContext())
    await assert.rejects(
      async () => driver.prepare([5], 1, 1),
      /Controller_AxisUnknown: there is no axis 5; axes are 1 \.\.\. 4/,
    )
    await assert.rejects(
      dummyCounter.connect({ ...properties, axisCount: 0 }, driverContext()),
      /Property_Invalid.*AxisCount/,
    )
  })
})
