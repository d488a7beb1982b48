// The IcePAP driver against a scripted box.

import assert from 'node:assert/strict'
import { driverContext, type MotorDriver, scriptedBox } from '#device-servers'
import icepap from '../../../../device-servers/motors/icepap.ts'

const ANSWERS = {
  '?SYSSTAT': '?SYSSTAT 0x0001',
  '?SYSSTAT 0': '?SYSSTAT 0x03 0x03',
  '?FSTATUS 1 2': '?FSTATUS 0x00a00203 0x00a00403',
  '?FPOS AXIS 1': '?FPOS 100',
  '?FPOS AXIS 1 2': '?FPOS 100 -200',
  '?VELOCITY 1': '?VELOCITY 1000',
  '?ACCTIME 1': '?ACCTIME 0.1',
  '?VELOCITY 2': '?VELOCITY 1000',
  '?ACCTIME 2': '?ACCTIME 0.1',
  '#1:MOVE 1100': '1:MOVE OK',
  '#MOVE GROUP STRICT 1 1100 2 -200': 'MOVE OK',
  '#STOP 1 2': 'STOP OK',
  '#ABORT 1': 'ABORT OK',
  '#POS AXIS 1 5': 'POS OK',
  '#VELOCITY 1 500': 'VELOCITY OK',
  '#ACCTIME 1 0.2': 'ACCTIME OK',
  '?POWER 1': '?POWER ON',
  '#POWER OFF 1': 'POWER OK',
}
const properties = { host: 'box', port: 5000, axes: [], timeoutMs: 50 }

describe('IcePAP driver', () => {
  let box: ReturnType<typeof scriptedBox>
  let driver: MotorDriver

  beforeEach(async () => {
    box = scriptedBox(ANSWERS)
    driver = await icepap.connect(properties, driverContext({ box }))
  })
  afterEach(() => driver.close())

  it('opens the address of its properties and finds the axes that answer', async () => {
    const context = driverContext({ box })
    const other = await icepap.connect({ ...properties, axes: [2] }, context)
    assert.deepEqual(context.opened, ['box:5000'])
    assert.deepEqual(other.axes, [2])
    assert.deepEqual(driver.axes, [1, 2])
    await other.close()
  })

  it('asks for many axes with one question', async () => {
    const statuses = await driver.status([1, 2])
    assert.deepEqual(
      statuses.map(({ state }) => state),
      ['ON', 'MOVING'],
    )
    assert.deepEqual(await driver.position([1, 2]), [100, -200])
    assert.deepEqual(box.received.slice(-2), ['?FSTATUS 1 2', '?FPOS AXIS 1 2'])
  })

  it('starts axes together and foretells how long they take', async () => {
    const durations = await driver.start([
      { axis: 1, target: 1100.4 },
      { axis: 2, target: -200 },
    ])
    // 1000 steps at 1000/s with 0.1 s of ramp
    assert.ok(Math.abs((durations?.[0] ?? 0) - 1100) < 1e-6, String(durations))
    assert.ok(box.received.includes('#MOVE GROUP STRICT 1 1100 2 -200'))
  })

  it('does not ask again for what it knows', async () => {
    await driver.start([{ axis: 1, target: 1100 }])
    await driver.position([1])
    const asked = box.received.length
    await driver.start([{ axis: 1, target: 1100 }])
    assert.deepEqual(box.received.slice(asked), ['#1:MOVE 1100'])
  })

  it('stops, aborts, redefines, sets speeds and power', async () => {
    await driver.stop([1, 2])
    await driver.abort([1])
    await driver.definePosition?.(1, 5)
    await driver.setParameters?.(1, { velocity: 500, acceleration: 0.2 })
    assert.equal(await driver.power?.(1), true)
    await driver.setPower?.(1, false)
    assert.deepEqual(box.received.slice(2), [
      '#STOP 1 2',
      '#ABORT 1',
      '#POS AXIS 1 5',
      '#VELOCITY 1 500',
      '#ACCTIME 1 0.2',
      '?POWER 1',
      '#POWER OFF 1',
    ])
  })

  it('acknowledges free commands, so that they are answered', async () => {
    assert.equal(await driver.send?.('STOP 1 2'), 'STOP OK')
    assert.equal(await driver.send?.(' ?POWER 1 '), '?POWER ON')
    assert.equal(await driver.send?.(':STOP'), '')
  })

  it('fails with the reason of the line when the box is away or mute', async () => {
    box.unplug()
    await assert.rejects(async () => driver.position([1]), /Line_Closed/)
    const mute = scriptedBox((question) => (question.startsWith('?SYSSTAT') ? ANSWERS['?SYSSTAT'] : undefined))
    const deaf = await icepap.connect({ ...properties, axes: [1], timeoutMs: 5 }, driverContext({ box: mute }))
    await assert.rejects(async () => deaf.position([1]), /Line_TimedOut/)
  })
})
