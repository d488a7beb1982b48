// Drivers against the simulated boxes over TCP: motion, limits, currents, unplugged and mute boxes.

import assert from 'node:assert/strict'
import { type DriverContext, type Line, type MotorDriver, openLine } from '#device-servers'
import { systemClock } from '#tango'
import electrometer from '../../device-servers/counters/electrometer.ts'
import icepap from '../../device-servers/motors/icepap.ts'
import { readConfig } from '../../simulators/config.ts'
import { Simulation } from '../../simulators/simulation.ts'

/** The context of a real controller, which also shows the lines that it opened. */
function realContext(lines: Line[]): DriverContext {
  return {
    openLine: async (host, port, options) => {
      const line = await openLine(host, port, options ?? {}, { clock: systemClock })
      lines.push(line)
      return line
    },
    now: () => systemClock.monotonic(),
    wait: (ms, signal) => systemClock.sleepExactly(ms, signal),
    log: { info: () => {}, warn: () => {} },
  }
}

function change(line: Line | undefined, wanted: boolean): Promise<void> {
  return new Promise((resolve) =>
    line?.onConnectionChange((connected) => {
      if (connected === wanted) resolve()
    }),
  )
}

describe('drivers on simulated boxes', () => {
  let simulation: Simulation
  let lines: Line[]

  beforeEach(async () => {
    lines = []
    const axes = { 1: {}, 2: {}, 3: { upperLimit: 100 }, 4: {} }
    const boxes = [
      { name: 'icepap', kind: 'icepap', options: { axes } },
      { name: 'electrometer', kind: 'electrometer' },
    ]
    simulation = await Simulation.start(readConfig({ boxes }))
  })
  afterEach(async () => {
    for (const line of lines) await line.close()
    await simulation.close()
  })

  const address = (box: string): { host: string; port: number } => {
    const endpoint = simulation.boxes[box]
    assert.ok(endpoint)
    return endpoint
  }
  const connectIcepap = (timeoutMs = 1000): Promise<MotorDriver> =>
    icepap.connect({ ...address('icepap'), axes: [], timeoutMs }, realContext(lines))

  /** Polls until the axis rests, as a controller does. */
  const rest = async (driver: MotorDriver, axis: number): Promise<string | undefined> => {
    for (const end = performance.now() + 5000; performance.now() < end; await systemClock.sleep(5)) {
      const [status] = await driver.status([axis])
      if (status?.state !== 'MOVING') return status?.stop
    }
    return assert.fail(`axis ${axis} did not come to rest`)
  }

  it('IcePAP: moves two axes together as long as it foretold', async () => {
    const driver = await connectIcepap()
    assert.deepEqual(driver.axes, [1, 2, 3, 4])
    await driver.setParameters?.(1, { velocity: 5000, acceleration: 0.02 })
    const durations = await driver.start([
      { axis: 1, target: 400 },
      { axis: 2, target: -100 },
    ])
    const startMs = performance.now()
    assert.equal((await driver.status([1]))[0]?.state, 'MOVING')
    assert.equal(await rest(driver, 1), 'normal')
    const tookMs = performance.now() - startMs
    assert.ok(tookMs > (durations?.[0] ?? 0) - 10, `${tookMs} of ${durations?.[0]}`)
    await rest(driver, 2)
    assert.deepEqual(await driver.position([1, 2]), [400, -100])
  })

  it('IcePAP: stops with a ramp and says so', async () => {
    const driver = await connectIcepap()
    await driver.start([{ axis: 1, target: 50_000 }])
    while ((await driver.position([1]))[0] === 0) await systemClock.sleep(1)
    await driver.stop([1])
    assert.equal(await rest(driver, 1), 'stopped')
    const [position = 0] = await driver.position([1])
    assert.ok(position > 0 && position < 50_000, String(position))
  })

  it('IcePAP: ends at a limit switch', async () => {
    const driver = await connectIcepap()
    await driver.start([{ axis: 3, target: 10_000 }])
    assert.equal(await rest(driver, 3), 'limit')
    const [status] = await driver.status([3])
    assert.deepEqual([status?.state, status?.upper], ['ALARM', true])
  })

  it('IcePAP: reads and sets speeds, power and position', async () => {
    const driver = await connectIcepap()
    await driver.setParameters?.(2, { velocity: 1234, acceleration: 0.5 })
    assert.deepEqual(await driver.parameters?.(2), { velocity: 1234, acceleration: 0.5 })
    await driver.setPower?.(2, false)
    assert.equal(await driver.power?.(2), false)
    assert.equal((await driver.status([2]))[0]?.state, 'ALARM')
    await assert.rejects(async () => driver.start([{ axis: 2, target: 10 }]), /Controller_DriverFailed: IcePAP refused/)
    await driver.setPower?.(2, true)
    await driver.definePosition?.(2, 777)
    assert.deepEqual(await driver.position([2]), [777])
  })

  it('IcePAP: fails at once while unplugged and comes back', async () => {
    const driver = await connectIcepap()
    const lost = change(lines[0], false)
    await simulation.setFault('icepap', { kind: 'unplug' })
    await lost
    await assert.rejects(async () => driver.position([1]), /Line_Closed/)
    const back = change(lines[0], true)
    await simulation.setFault('icepap', { kind: 'plug' })
    await back
    assert.deepEqual(await driver.position([1]), [0])
  })

  it('IcePAP: times out on a mute box and does not believe rubbish', async () => {
    const driver = await connectIcepap(50)
    await simulation.setFault('icepap', { kind: 'garbage', count: 1 })
    await assert.rejects(async () => driver.position([1]), /Line_BadAnswer: IcePAP answered/)
    assert.deepEqual(await driver.position([1]), [0])
    await simulation.setFault('icepap', { kind: 'mute' })
    await assert.rejects(
      async () => driver.position([1]),
      /Line_TimedOut: box 127\.0\.0\.1:\d+: no answer to "\?FPOS AXIS 1"/,
    )
  })

  it('electrometer: measures the beam where the motor is', async () => {
    const motors = await connectIcepap()
    await motors.setParameters?.(1, { velocity: 100_000, acceleration: 0.01 })
    const driver = await electrometer.connect({ ...address('electrometer'), timeoutMs: 1000 }, realContext(lines))
    await driver.prepare([1, 2], 0.01, 2)
    const { signal } = new AbortController()
    await motors.start([{ axis: 1, target: 500 }])
    await rest(motors, 1)
    const [onBeam = 0, ring = 0] = await driver.acquire([1, 2], 0.01, 0, signal)
    await motors.start([{ axis: 1, target: 3000 }])
    await rest(motors, 1)
    const [offBeam = 0] = await driver.acquire([1], 0.01, 1, signal)
    assert.ok(onBeam > 100 * Math.abs(offBeam), `${onBeam} on, ${offBeam} off the beam`)
    assert.ok(ring > 0)
    const [live] = (await driver.read?.([2])) ?? []
    assert.ok((live ?? 0) > 0)
  })

  it('electrometer: can be stopped in a long exposure and used again', async () => {
    const driver = await electrometer.connect({ ...address('electrometer'), timeoutMs: 1000 }, realContext(lines))
    await driver.prepare([1], 100, 1)
    const abort = new AbortController()
    const point = driver.acquire([1], 100, 0, abort.signal)
    await driver.read?.([1])
    abort.abort()
    assert.deepEqual(await point, [Number.NaN])
    await driver.prepare([1], 0.001, 1)
    const [value] = await driver.acquire([1], 0.001, 0, new AbortController().signal)
    assert.ok(Number.isFinite(value))
  })
})
