// The electrometer driver: its text, and its way through a point.

import assert from 'node:assert/strict'
import { driverContext, scriptedBox } from '#device-servers'
import electrometer from '../../../../device-servers/counters/electrometer.ts'
import {
  checkAcknowledged,
  checkIdentity,
  parseLastPoint,
} from '../../../../device-servers/counters/electrometer-protocol.ts'

const IDENTITY = 'ALBASYNCHROTRON,Electrometer2,000000000,2.2.02'
const NOTHING = "[['CHAN01', []], ['CHAN02', []], ['CHAN03', []], ['CHAN04', []]]"
const POINT = "[['CHAN01', [1.5]], ['CHAN02', [200.25]], ['CHAN03', [-0.5]], ['CHAN04', [1e-7]]]"
const properties = { host: 'em', port: 5025, timeoutMs: 50 }

describe('electrometer protocol', () => {
  it('reads the last point of all inputs', () => {
    assert.deepEqual(parseLastPoint(POINT), [1.5, 200.25, -0.5, 1e-7])
    assert.deepEqual(
      parseLastPoint("[['CHAN01', [1, 2]], ['CHAN02', [3, 4]], ['CHAN03', [5, 6]], ['CHAN04', [7, 8]]]"),
      [2, 4, 6, 8],
    )
    assert.equal(parseLastPoint(NOTHING), undefined)
  })

  it('refuses answers that are none', () => {
    for (const answer of ['', 'ACK', '[]', POINT.slice(0, 40), POINT.replace('1.5', 'x'), '\x07?~ER}']) {
      assert.throws(() => parseLastPoint(answer), /Line_BadAnswer/, answer)
    }
    assert.throws(() => checkAcknowledged('ACQU:STAR', 'ACQU'), /Line_BadAnswer/)
    assert.throws(() => checkIdentity('KEITHLEY,6517,1,2'), /Line_BadAnswer/)
    assert.throws(
      () => parseLastPoint('ERROR: busy'),
      /Controller_DriverFailed: electrometer refused "ACQU:MEAS\?": busy/,
    )
  })
})

describe('electrometer driver', () => {
  it('prepares once, then triggers and reads each point', async () => {
    let asked = 0
    const box = scriptedBox((question) => {
      if (question === '*IDN?') return IDENTITY
      if (question !== 'ACQU:MEAS?') return 'ACK'
      // the first look comes too early
      return asked++ % 2 === 0 ? NOTHING : POINT
    })
    const driver = await electrometer.connect(properties, driverContext({ box }))
    await driver.prepare([1, 3], 0.001, 2)
    const prepared = box.received.length
    const { signal } = new AbortController()
    assert.deepEqual(await driver.acquire([1, 3], 0.001, 0, signal), [1.5, -0.5])
    assert.deepEqual(await driver.acquire([2], 0.001, 1, signal), [200.25])
    assert.deepEqual(box.received.slice(prepared), [
      'ACQU:STAR SWTRIG',
      'ACQU:MEAS?',
      'ACQU:MEAS?',
      'ACQU:STAR SWTRIG',
      'ACQU:MEAS?',
      'ACQU:MEAS?',
    ])
    assert.ok(box.received.includes('ACQU:TIME 1'))
    await driver.close()
  })

  it('stops the box when the point is ended early', async () => {
    const box = scriptedBox((question) =>
      question === '*IDN?' ? IDENTITY : question === 'ACQU:MEAS?' ? NOTHING : 'ACK',
    )
    const driver = await electrometer.connect(properties, driverContext({ box }))
    const abort = new AbortController()
    const point = driver.acquire([1, 2], 60, 0, abort.signal)
    while (box.received.at(-1) !== 'ACQU:STAR SWTRIG') await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    assert.deepEqual(await point, [Number.NaN, Number.NaN])
    assert.equal(box.received.at(-1), 'ACQU:STOP True')
  })

  it('refuses an integration time that the box cannot do', async () => {
    const box = scriptedBox((question) => (question === '*IDN?' ? IDENTITY : 'ACK'))
    const driver = await electrometer.connect(properties, driverContext({ box }))
    await assert.rejects(
      async () => driver.prepare([1], 0, 1),
      /API_InvalidArgs: integration time 0 s.*0\.0001 s to 1000 s/,
    )
  })

  it('gives up when the values never come', async () => {
    const box = scriptedBox((question) =>
      question === '*IDN?' ? IDENTITY : question === 'ACQU:MEAS?' ? NOTHING : 'ACK',
    )
    const driver = await electrometer.connect({ ...properties, timeoutMs: 5 }, driverContext({ box }))
    await assert.rejects(
      driver.acquire([1], 0.001, 0, new AbortController().signal),
      /no values 5 ms after the exposure/,
    )
  })
})
