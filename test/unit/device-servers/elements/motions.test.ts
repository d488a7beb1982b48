// Motions of one box in virtual time: checks, ends, stops, progress, backlash, lost boxes.

import assert from 'node:assert/strict'
import type { MotorDriver } from '#device-servers'
import { type DevFailed, devFailed, VirtualClock } from '#tango'
import { Box } from '../../../../device-servers/elements/box.ts'
import { Motions } from '../../../../device-servers/elements/motions.ts'
import { NotingAxis, SteeredDriver } from './fakes.ts'

const never = new AbortController().signal

describe('Motions', () => {
  let clock: VirtualClock
  let driver: SteeredDriver
  let axes: NotingAxis[]
  let box: Box<MotorDriver>
  let motions: Motions

  beforeEach(async () => {
    clock = new VirtualClock()
    driver = new SteeredDriver()
    axes = [1, 2, 3].map((axis) => new NotingAxis(axis))
    box = new Box<MotorDriver>({
      name: 'controller/test/1',
      clock,
      log: { info: () => {}, warn: () => {} },
      connect: async () => driver,
      probe: async () => {},
      onUp: async () => {},
      onDown: (reason) => motions.lost(reason),
    })
    await box.start(10)
    motions = new Motions({
      name: 'controller/test/1',
      clock,
      box,
      axis: (number) => {
        const axis = axes[number - 1]
        if (axis === undefined) throw devFailed('Controller_AxisUnknown', `no axis ${number}`)
        return axis
      },
    })
  })
  afterEach(() => box.close())

  it('answers at once, without a promise, when moves take no time', () => {
    driver.durations = [0, 0]
    const ends = motions.start([
      [1, 5],
      [2, -3],
    ])
    assert.ok(!(ends instanceof Promise))
    const outcome = motions.await([1, 2], never)
    assert.deepEqual(outcome, [
      { position: 5, reason: 'normal' },
      { position: -3, reason: 'normal' },
    ])
    assert.deepEqual(axes[0]?.told, ['MOVING', 'ON at 50'])
    assert.equal(clock.pendingTimers, 0)
  })

  it('tells MOVING and the end also for a motion of length zero', () => {
    driver.durations = [0]
    void motions.start([[1, 0]])
    assert.deepEqual(axes[0]?.told, ['MOVING', 'ON at 0'])
  })

  it('foretells the end in seconds since 1970', async () => {
    driver.durations = [1500]
    const [end] = await motions.start([[1, 5]])
    assert.ok(Math.abs((end ?? 0) - clock.now() - 1.5) < 1e-9)
    driver.arrive(1)
    await clock.run(async () => motions.await([1], never))
  })

  it('replies shortly after the end, with the position that the box tells', async () => {
    driver.durations = [1000]
    await motions.start([[1, 5]])
    clock.setTimer(1030, () => driver.arrive(1))
    assert.deepEqual(await clock.run(async () => motions.await([1], never)), [{ position: 5, reason: 'normal' }])
    assert.ok(clock.monotonic() >= 1030 && clock.monotonic() <= 1040, String(clock.monotonic()))
  })

  it('tells watchers about every 100 ms where a moving axis is', async () => {
    driver.durations = [350]
    await motions.start([[1, 5]])
    for (const [ms, steps] of [
      [50, 7],
      [150, 20],
      [250, 35],
    ] as const)
      clock.setTimer(ms, () => driver.at.set(1, steps))
    clock.setTimer(350, () => driver.arrive(1))
    await clock.run(async () => motions.await([1], never))
    assert.deepEqual(axes[0]?.told, ['MOVING', 'at 7', 'at 20', 'at 35', 'ON at 50'])
  })

  it('refuses as a whole, before anything moves', () => {
    assert.throws(
      () =>
        motions.start([
          [1, 5],
          [2, 200],
        ]),
      /Motion_LimitExceeded: mot02: 200 is beyond the limit 100/,
    )
    assert.throws(
      () =>
        motions.start([
          [1, 5],
          [9, 0],
        ]),
      /Controller_AxisUnknown/,
    )
    assert.throws(
      () =>
        motions.start([
          [1, 5],
          [1, 6],
        ]),
      /API_InvalidArgs.*twice in 1, 1/,
    )
    assert.deepEqual(driver.log, [])
    assert.equal(motions.isMoving(1), false)
  })

  it('refuses an axis in motion, and leaves the others of the request alone', async () => {
    driver.durations = [1000]
    await motions.start([[1, 5]])
    assert.throws(
      () =>
        motions.start([
          [2, 1],
          [1, 6],
        ]),
      /Element_InUse: mot01 is already in motion/,
    )
    assert.equal(motions.isMoving(2), false)
    assert.deepEqual(driver.log, ['start 1>50'])
    driver.arrive(1)
    await clock.run(async () => motions.await([1], never))
  })

  it('frees the axes when the box refuses the start', () => {
    driver.refuseStart = devFailed('Controller_DriverFailed', 'power is off')
    assert.throws(
      () => motions.start([[1, 5]]),
      (error: DevFailed) =>
        error.reason === 'Controller_DriverFailed' && error.has('Motion_Failed') && /mot01/.test(error.message),
    )
    driver.refuseStart = undefined
    driver.durations = [0]
    assert.ok(motions.start([[1, 5]]))
  })

  it('ends the waiting with the reason and the true position when somebody stops', async () => {
    driver.durations = [10_000, 10_000]
    await motions.start([
      [1, 5],
      [2, 5],
    ])
    const end = motions.await([1, 2], never)
    clock.setTimer(500, () => {
      driver.at.set(1, 12)
      driver.at.set(2, 13)
      void motions.stop([1, 2], 'stopped')
    })
    assert.deepEqual(await clock.run(async () => end), [
      { position: 1.2, reason: 'stopped' },
      { position: 1.3, reason: 'stopped' },
    ])
    assert.ok(clock.monotonic() < 520, String(clock.monotonic()))
  })

  it('says aborted after an abort', async () => {
    driver.durations = [10_000]
    await motions.start([[1, 5]])
    clock.setTimer(10, () => void motions.stop([1], 'aborted'))
    assert.deepEqual(await clock.run(async () => motions.await([1], never)), [{ position: 0, reason: 'aborted' }])
  })

  it('stops the axes when the caller goes away', async () => {
    driver.durations = [10_000]
    await motions.start([[1, 5]])
    const caller = new AbortController()
    const end = motions.await([1], caller.signal)
    clock.setTimer(100, () => caller.abort())
    assert.equal((await clock.run(async () => end))[0]?.reason, 'stopped')
    assert.deepEqual(driver.log, ['start 1>50', 'stop 1'])
  })

  it('stops the other axes of a motion when one ends before its target', async () => {
    driver.durations = [10_000, 10_000]
    await motions.start([
      [1, 5],
      [2, 5],
    ])
    const end = motions.await([1, 2], never)
    clock.setTimer(100, () => driver.arrive(1, 'limit'))
    assert.deepEqual(
      (await clock.run(async () => end)).map(({ reason }) => reason),
      ['limit', 'stopped'],
    )
    assert.deepEqual(driver.log.at(-1), 'stop 2')
  })

  it('reports an axis that goes on moving long after its expected end, and keeps it MOVING', async () => {
    driver.durations = [1000]
    await motions.start([[1, 5]])
    const [end] = await clock.run(async () => motions.await([1], never))
    assert.match(end?.reason ?? '', /^fault: still moving 2\.\d s after its expected end$/)
    assert.equal(motions.isMoving(1), true)
    assert.deepEqual(await motions.states([1]), ['MOVING'])
    driver.arrive(1)
    assert.equal((await clock.run(async () => motions.await([1], never)))[0]?.reason, 'normal')
  })

  it('waits without an expected end when the driver gives none', async () => {
    driver.durations = undefined
    await motions.start([[1, 5]])
    clock.setTimer(60_000, () => driver.arrive(1))
    assert.equal((await clock.run(async () => motions.await([1], never)))[0]?.reason, 'normal')
  })

  it('goes around for backlash, as one motion', async () => {
    const [axis] = axes
    assert.ok(axis)
    axis.backlash = 20
    driver.at.set(1, 500)
    driver.durations = [100]
    await motions.start([[1, 10]])
    clock.setTimer(100, () => driver.arrive(1))
    clock.setTimer(200, () => driver.arrive(1))
    assert.deepEqual(await clock.run(async () => motions.await([1], never)), [{ position: 10, reason: 'normal' }])
    assert.deepEqual(driver.log, ['start 1>80', 'start 1>100'])
    assert.deepEqual(
      axis.told.filter((text) => !text.startsWith('at')),
      ['MOVING', 'ON at 100'],
    )
  })

  it('does not start the second leg after a stop in the first', async () => {
    const [axis] = axes
    assert.ok(axis)
    axis.backlash = 20
    driver.at.set(1, 500)
    driver.durations = [100]
    await motions.start([[1, 10]])
    clock.setTimer(50, () => void motions.stop([1], 'stopped'))
    assert.deepEqual(await clock.run(async () => motions.await([1], never)), [{ position: 50, reason: 'stopped' }])
    assert.deepEqual(driver.log, ['start 1>80', 'stop 1'])
  })

  it('refuses a way around for backlash that leaves the limits', () => {
    const [axis] = axes
    assert.ok(axis)
    axis.backlash = 20
    assert.throws(() => motions.start([[1, -99]]), /Motion_LimitExceeded.*the way around for backlash/)
    assert.equal(motions.isMoving(1), false)
  })

  it('fails the waiting when the box cannot be asked any more', async () => {
    driver.durations = [1000]
    await motions.start([[1, 5]])
    const end = motions.await([1], never)
    clock.setTimer(300, () => {
      driver.lost = devFailed('Line_TimedOut', 'box 1.2.3.4:5000: no answer')
    })
    await assert.rejects(
      clock.run(async () => end),
      (error: DevFailed) => error.reason === 'Line_TimedOut' && error.has('Motion_Failed'),
    )
    assert.equal(motions.isMoving(1), false)
  })

  it('fails the waiting at once when the connection is lost', async () => {
    driver.durations = [60_000]
    await motions.start([[1, 5]])
    const end = motions.await([1], never)
    clock.setTimer(300, () => motions.lost('unplugged'))
    await assert.rejects(
      clock.run(async () => end),
      (error: DevFailed) => error.reason === 'Controller_NotConnected' && /unplugged/.test(error.message),
    )
    assert.ok(clock.monotonic() < 400)
  })

  it('gives up a motion that is released', async () => {
    driver.durations = [60_000]
    await motions.start([[1, 5]])
    const end = motions.await([1], never)
    clock.setTimer(10, () => motions.release([1]))
    await assert.rejects(
      clock.run(async () => end),
      /mot01: the motion was released/,
    )
    assert.equal(motions.isMoving(1), false)
  })

  it('takes in a motion that somebody else started', async () => {
    driver.moving.add(2)
    await motions.refresh([1, 2])
    assert.equal(motions.isMoving(2), true)
    clock.setTimer(500, () => driver.arrive(2))
    await clock.run(async () => motions.await([2], never))
    assert.equal(axes[1]?.told[0], 'MOVING')
    assert.equal(axes[1]?.told.at(-1), 'ON at 0')
    assert.deepEqual(axes[0]?.told, ['rests ON'])
  })

  it('says where an axis is that has not moved', async () => {
    driver.at.set(3, 70)
    assert.deepEqual(await motions.await([3], never), [{ position: 7, reason: 'normal' }])
  })

  it('does not take the stop code of the motion before for a stop of this one', () => {
    driver.durations = [0]
    driver.stops.set(1, 'stopped')
    void motions.start([[1, 0]])
    driver.stops.set(1, 'stopped')
    assert.deepEqual(motions.await([1], never), [{ position: 0, reason: 'normal' }])
  })

  it('lets an axis settle before its position counts', async () => {
    const [axis] = axes
    assert.ok(axis)
    axis.settlingMs = 50
    driver.durations = [100]
    await motions.start([[1, 5]])
    clock.setTimer(100, () => {
      driver.arrive(1)
      driver.at.set(1, 48)
    })
    clock.setTimer(140, () => driver.at.set(1, 50))
    assert.deepEqual(await clock.run(async () => motions.await([1], never)), [{ position: 5, reason: 'normal' }])
    assert.ok(clock.monotonic() >= 150 && clock.monotonic() < 160, String(clock.monotonic()))
  })

  it('checks targets without moving', () => {
    motions.check([
      [1, 5],
      [1, -5],
      [2, 100],
    ])
    assert.throws(
      () =>
        motions.check([
          [1, 5],
          [1, -500],
        ]),
      /Motion_LimitExceeded/,
    )
    assert.deepEqual(driver.log, [])
  })

  it('moves 10 000 times without a timer or a leak', () => {
    driver.durations = [0]
    for (let index = 0; index < 10_000; index++) {
      assert.ok(!(motions.start([[1, index / 1000]]) instanceof Promise))
      assert.ok(!(motions.await([1], never) instanceof Promise))
    }
    assert.equal(clock.pendingTimers, 0)
  })
})
