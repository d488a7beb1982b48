// IcePAP text against bytes that the published Python client sends and answers as the manual gives them.

import assert from 'node:assert/strict'
import {
  abortCommand,
  axesOfRack,
  COMMAND_END,
  checkAcknowledged,
  decodeStatus,
  definePositionCommand,
  isComplete,
  moveCommand,
  parameterCommand,
  parseIntegers,
  parseNumber,
  parseRacks,
  parseStatuses,
  parseSwitch,
  positionQuestion,
  powerCommand,
  statusQuestion,
  stopCommand,
} from '../../../../device-servers/motors/icepap-protocol.ts'

/** Bytes of the published client; it pads with blanks, which the box counts as one separator. */
const CLIENT = {
  move: '23353a4d4f564520313030300d',
  groupMoveStrict: '234d4f56452047524f5550205354524943542031203130302032202d323030200d',
  stop: '2353544f50203120320d',
  abort: '2341424f5254203120320d',
  fstatus: '3f46535441545553203120320d',
  setPosition: '23504f53204158495320312031302032203230200d',
  velocity: '2356454c4f43495459203120313030302e30203220323030302e35200d',
  acceleration: '2341434354494d45203120302e3235200d',
  power: '23504f574552204f4e203120320d',
}

const words = (text: string): string[] => text.trim().split(/\s+/)
const bytes = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1')
const sent = (text: string): string => text + COMMAND_END

describe('IcePAP protocol', () => {
  it('sends exactly the bytes of the published client where there is nothing to pad', () => {
    assert.equal(sent(moveCommand([{ axis: 5, target: 1000 }])), bytes(CLIENT.move))
    assert.equal(sent(stopCommand([1, 2])), bytes(CLIENT.stop))
    assert.equal(sent(abortCommand([1, 2])), bytes(CLIENT.abort))
    assert.equal(sent(statusQuestion([1, 2])), bytes(CLIENT.fstatus))
    assert.equal(positionQuestion([1, 2]), '?FPOS AXIS 1 2')
  })

  it('sends the words of the published client', () => {
    const moves = [
      { axis: 1, target: 100 },
      { axis: 2, target: -200 },
    ]
    assert.deepEqual(words(moveCommand(moves)), words(bytes(CLIENT.groupMoveStrict)))
    assert.deepEqual(words(`${definePositionCommand(1, 10)} 2 20`), words(bytes(CLIENT.setPosition)))
    assert.deepEqual(words(`${parameterCommand('VELOCITY', 1, 1000)}.0 2 2000.5`), words(bytes(CLIENT.velocity)))
    assert.deepEqual(words(parameterCommand('ACCTIME', 1, 0.25)), words(bytes(CLIENT.acceleration)))
    assert.deepEqual(words(`${powerCommand(1, true)} 2`), words(bytes(CLIENT.power)))
  })

  it('knows when an answer is whole, cut at any place', () => {
    for (const whole of ['?FPOS 1000 -5\r\n', '5:MOVE OK\r\n', '?CFG $\r\nANSTEP 400\r\nANTURN 1\r\n$\r\n']) {
      for (let end = 0; end < whole.length; end++) {
        assert.equal(isComplete(whole.slice(0, end)), false, JSON.stringify(whole.slice(0, end)))
      }
      assert.equal(isComplete(whole), true)
    }
  })

  it('reads the status words of the manual', () => {
    assert.deepEqual(decodeStatus(0x00a00203), { state: 'ON', home: false, upper: false, lower: false, stop: 'normal' })
    assert.equal(decodeStatus(0x00a00403).state, 'MOVING')
    // present, alive, not active, out of window, stop code 1, 5 V on, power off
    const disabled = decodeStatus(0x00205013)
    assert.equal(disabled.state, 'ALARM')
    assert.equal(disabled.stop, 'stopped')
    assert.equal(disabled.text, 'motor power off (axis not active)')
  })

  it('takes settling for motion', () => {
    assert.equal(decodeStatus(0x00a00203 | (1 << 11)).state, 'MOVING')
  })

  it('tells limit switches apart and names them', () => {
    const upper = decodeStatus(0x00a00203 | (1 << 18) | (3 << 14))
    assert.deepEqual([upper.state, upper.upper, upper.lower, upper.stop], ['ALARM', true, false, 'limit'])
    const lower = decodeStatus(0x00a00203 | (1 << 19) | (4 << 14))
    assert.deepEqual([lower.state, lower.upper, lower.lower, lower.stop], ['ALARM', false, true, 'limit'])
    assert.match(lower.text ?? '', /lower limit switch/)
  })

  it('keeps bit 31 of a status word', () => {
    assert.equal(decodeStatus(0xffa00203).state, 'ON')
    assert.equal(decodeStatus(0x00000000).state, 'FAULT')
  })

  it('says which failure ended a motion', () => {
    const status = decodeStatus(0x00a00203 | (12 << 14))
    assert.equal(status.stop, 'fault')
    assert.match(status.text ?? '', /closed-loop error/)
  })

  it('reads values and acknowledgements', () => {
    assert.deepEqual(parseIntegers('?FPOS AXIS 1 2', '?FPOS 100 -200', 2), [100, -200])
    assert.equal(parseNumber('?VELOCITY 1', '?VELOCITY 5000'), 5000)
    assert.equal(parseSwitch('?POWER 1', '?POWER OFF'), false)
    assert.equal(parseStatuses('?FSTATUS 1', '?FSTATUS 0x00a00203', 1)[0]?.state, 'ON')
    checkAcknowledged('#5:MOVE 1000', '5:MOVE OK')
    checkAcknowledged('#MOVE GROUP STRICT 1 1 2 2', 'MOVE OK')
  })

  it('finds axis numbers in the masks of racks and boards', () => {
    assert.deepEqual(parseRacks('?SYSSTAT', '?SYSSTAT 0x8001'), [0, 15])
    assert.deepEqual(axesOfRack(0, 0x11), [1, 5])
    assert.deepEqual(axesOfRack(15, 0x07), [151, 152, 153])
  })

  it('passes the refusal of the box on, with the command', () => {
    assert.throws(
      () => checkAcknowledged('#5:MOVE 1000', '5:MOVE ERROR Out of range parameter(s)'),
      /Controller_DriverFailed: IcePAP refused "#5:MOVE 1000": Out of range parameter\(s\)/,
    )
  })

  it('refuses answers that are none', () => {
    for (const answer of [
      '',
      '\x07\x7f?~ER}\x1b 0xZZ #',
      '?FPOS',
      '?FPOS 1',
      '?FPOS 1 x',
      '?FPOS 1 2 3',
      '?FSTATUS 1 2',
    ]) {
      assert.throws(() => parseIntegers('?FPOS AXIS 1 2', answer, 2), /Line_BadAnswer/, JSON.stringify(answer))
    }
    assert.throws(() => parseStatuses('?FSTATUS 1', '?FSTATUS 12', 1), /Line_BadAnswer/)
    assert.throws(() => checkAcknowledged('#5:STOP', '5:STOP'), /Line_BadAnswer/)
  })
})
