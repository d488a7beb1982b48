// Acquisitions of one box in virtual time: preparation, points, early ends, boxes that do not answer.

import assert from 'node:assert/strict'
import type { CounterDriver } from '#device-servers'
import { type DevFailed, devFailed, VirtualClock } from '#tango'
import { Acquisitions } from '../../../../device-servers/elements/acquisitions.ts'
import type { ChannelAxis } from '../../../../device-servers/elements/axis.ts'
import { Box } from '../../../../device-servers/elements/box.ts'

const never = new AbortController().signal

describe('Acquisitions', () => {
  let clock: VirtualClock
  let acquisitions: Acquisitions
  let box: Box<CounterDriver>
  let told: string[]
  let acquire: CounterDriver['acquire']
  let prepared: string[]

  const channel = (axis: number): ChannelAxis => ({
    kind: 'channel',
    type: 'CTExpChannel',
    axis,
    name: `expchan/test/${axis}`,
    elementName: `ct0${axis}`,
    controllerName: 'controller/test/1',
    integrationTime: 1,
    isBusy: () => false,
    connected: () => {},
    lost: () => {},
    started: () => void told.push(`${axis} MOVING`),
    acquired: (index, value) => void told.push(`${axis} ${index}=${value}`),
    failed: () => void told.push(`${axis} failed`),
  })

  beforeEach(async () => {
    clock = new VirtualClock()
    told = []
    prepared = []
    acquire = async (axes, seconds, index, signal) => {
      try {
        await clock.sleep(seconds * 1000, signal)
      } catch {
        return axes.map(() => -1)
      }
      return axes.map((axis) => axis * 100 + index)
    }
    const driver: CounterDriver = {
      axes: [1, 2, 3],
      prepare: (axes, seconds, starts) => void prepared.push(`${axes.join(' ')} ${seconds} s x${starts}`),
      acquire: (...all) => acquire(...all),
      close: () => {},
    }
    box = new Box<CounterDriver>({
      name: 'controller/test/1',
      clock,
      log: { info: () => {}, warn: () => {} },
      connect: async () => driver,
      probe: async () => {},
      onUp: async () => {},
      onDown: () => {},
    })
    await box.start(10)
    acquisitions = new Acquisitions({ name: 'controller/test/1', clock, box, axis: channel })
  })
  afterEach(() => box.close())

  it('prepares once and acquires points in the order of the axes asked for', async () => {
    await acquisitions.prepare([1, 2], 0.5, 2)
    const begin = clock.now()
    const point = await clock.run(acquisitions.acquire([2, 1], 7, never))
    assert.deepEqual(point, { start: begin, end: begin + 0.5, values: [207, 107] })
    await clock.run(acquisitions.acquire([1], 8, never))
    assert.deepEqual(prepared, ['1 2 0.5 s x2'])
    assert.deepEqual(told, ['2 MOVING', '1 MOVING', '2 7=207', '1 7=107', '1 MOVING', '1 8=108'])
    assert.equal(clock.pendingTimers, 0)
  })

  it('refuses points that were not prepared', async () => {
    assert.throws(() => acquisitions.acquire([1], 0, never), /MeasurementGroup_NotPrepared/)
    await acquisitions.prepare([1], 0.5, 1)
    await acquisitions.prepare([2], 0.25, 1)
    assert.throws(() => acquisitions.acquire([1, 2], 0, never), /axes 1, 2 are not prepared together/)
  })

  it('refuses nonsense in the preparation', async () => {
    await assert.rejects(acquisitions.prepare([1], -1, 1), /API_InvalidArgs: .*integration time is -1 s/)
    await assert.rejects(acquisitions.prepare([1], Number.NaN, 1), /API_InvalidArgs/)
    await assert.rejects(acquisitions.prepare([1], 1, 0), /number of starts is 0/)
  })

  it('acquires one point at a time', async () => {
    await acquisitions.prepare([1, 2], 1, 1)
    const point = acquisitions.acquire([1], 0, never)
    assert.throws(() => acquisitions.acquire([2], 0, never), /Element_InUse: .*axes 1 are acquiring/)
    await assert.rejects(acquisitions.prepare([2], 1, 1), /Element_InUse/)
    assert.equal(acquisitions.isAcquiring(1), true)
    await clock.run(point)
    assert.equal(acquisitions.isAcquiring(1), false)
  })

  it('ends a point early, with what there is, when somebody stops or the caller goes away', async () => {
    await acquisitions.prepare([1], 10, 2)
    clock.setTimer(200, () => acquisitions.stop([1]))
    assert.deepEqual((await clock.run(acquisitions.acquire([1], 0, never))).values, [-1])
    const caller = new AbortController()
    clock.setTimer(200, () => caller.abort())
    assert.deepEqual((await clock.run(acquisitions.acquire([1], 1, caller.signal))).values, [-1])
    assert.equal(clock.monotonic(), 400)
  })

  it('does not wait for ever for a driver', async () => {
    acquire = () => new Promise(() => {})
    await acquisitions.prepare([1], 1, 1)
    const point = acquisitions.acquire([1], 3, never)
    await assert.rejects(
      clock.run(point),
      (error: DevFailed) =>
        /no values 5000 ms after the end/.test(error.message) && /point 3 was not acquired/.test(error.message),
    )
    assert.deepEqual(told, ['1 MOVING', '1 failed'])
    assert.equal(acquisitions.isAcquiring(1), false)
  })

  it('fails the point at once when the box is lost, and wants a new preparation', async () => {
    await acquisitions.prepare([1], 100, 1)
    const point = acquisitions.acquire([1], 0, never)
    clock.setTimer(10, () => acquisitions.lost('unplugged'))
    await assert.rejects(clock.run(point), /Controller_NotConnected: .*unplugged/)
    assert.throws(() => acquisitions.acquire([1], 0, never), /NotPrepared/)
  })

  it('does not believe a driver that gives too few values', async () => {
    acquire = async () => [1]
    await acquisitions.prepare([1, 2], 1, 1)
    await assert.rejects(acquisitions.acquire([1, 2], 0, never), /Line_BadAnswer: .*1 values came for 2 axes/)
  })

  it('passes on what the driver says', async () => {
    acquire = async () => {
      throw devFailed('Line_TimedOut', 'box em:5025: no answer')
    }
    await acquisitions.prepare([1], 1, 1)
    await assert.rejects(
      acquisitions.acquire([1], 0, never),
      (error: DevFailed) => error.reason === 'Line_TimedOut' && error.has('Controller_DriverFailed'),
    )
  })
})
