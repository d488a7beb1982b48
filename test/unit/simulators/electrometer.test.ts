import assert from 'node:assert/strict'
import { DEFAULT_CHANNELS, Electrometer } from '../../../simulators/electrometer.ts'
import { demoWorld, World } from '../../../simulators/world.ts'
import { Conversation, HandClock } from './support.ts'

function lab(positionOf: (tS: number) => number = () => 0.5) {
  const clock = new HandClock()
  const config = demoWorld()
  config.noise = false
  config.ring.lifetimeS = Infinity
  const world = new World(config, (axis, tS) => (axis === 'mot01' ? positionOf(tS) : 0))
  const client = new Conversation(new Electrometer({ channels: DEFAULT_CHANNELS }, world, clock.now))
  const ask = (line: string) => client.ask(`${line}\n`).replace(/\r\n$/, '')
  return { clock, world, client, ask }
}

/** One software-triggered point of the given integration time. */
function count(box: ReturnType<typeof lab>, ms: number): number[] {
  assert.equal(box.ask(`ACQU:TIME ${ms}`), 'ACK')
  assert.equal(box.ask('ACQU:START SWTRIG'), 'ACK')
  box.clock.advance(ms / 1000)
  assert.equal(box.ask('ACQU:STAT?'), 'STATE_ON')
  return parse(box.ask('ACQU:MEAS? 0,1')).map(([value]) => value ?? Number.NaN)
}

function parse(answer: string): number[][] {
  const rows: [string, number[]][] = JSON.parse(answer.replaceAll("'", '"'))
  assert.deepEqual(
    rows.map(([name]) => name),
    ['CHAN01', 'CHAN02', 'CHAN03', 'CHAN04'],
  )
  return rows.map(([, values]) => values)
}

describe('electrometer simulator', () => {
  it('identifies itself with a firmware that clients accept', () => {
    assert.equal(lab().ask('*IDN?'), 'ALBASYNCHROTRON,Electrometer2,000000000,2.2.02')
    assert.equal(lab().ask('*idn?'), 'ALBASYNCHROTRON,Electrometer2,000000000,2.2.02')
  })

  it('goes from armed to acquiring to done, point by point', () => {
    const { ask, clock } = lab()
    for (const line of ['ACQU:TIME 10', 'TRIG:MODE SOFTWARE', 'ACQU:NTRI 2']) assert.equal(ask(line), 'ACK')
    assert.equal(ask('ACQU:STAR'), 'ACK')
    assert.equal(ask('ACQU:STAT?'), 'STATE_RUNNING')
    assert.equal(ask('TRIG:SWSE True'), 'ACK')
    assert.equal(ask('ACQU:STAT?'), 'STATE_ACQUIRING')
    assert.equal(ask('ACQU:NDAT?'), '0')
    clock.advance(0.01)
    assert.equal(ask('ACQU:STAT?'), 'STATE_RUNNING')
    assert.equal(ask('ACQU:NDAT?'), '1')
    ask('TRIG:SWSE True')
    clock.advance(0.02)
    assert.equal(ask('ACQU:STAT?'), 'STATE_ON')
    assert.equal(ask('ACQU:NDAT?'), '2')
    assert.deepEqual(parse(ask('ACQU:MEAS? 1,1')), [[100020], [200], [20], [50020]])
    assert.deepEqual(parse(ask('ACQU:MEAS?'))[1], [200, 200])
  })

  it('shows a Gaussian when the motor is scanned', () => {
    let position = 0
    const box = lab(() => position)
    const points: number[] = []
    for (let i = 0; i <= 20; i++) {
      position = i / 20
      points.push(count(box, 10)[0] ?? Number.NaN)
    }
    points.forEach((value, i) => {
      const expected = 1e5 * Math.exp(-0.5 * ((i / 20 - 0.5) / 0.12) ** 2) + 20
      assert.ok(Math.abs(value - expected) < 1e-4, `point ${i}: ${value}`)
    })
    assert.equal(points.indexOf(Math.max(...points)), 10)
  })

  it('integrates over the motion while it acquires', () => {
    // Through the beam at 1 mm/s: the mean over 0.2 s is lower than the peak and symmetric about it.
    const mean = count(
      lab((tS) => 0.4 + tS),
      200,
    )[0]
    assert.ok(mean !== undefined && mean > 80000 && mean < 95000, `${mean}`)
  })

  it('reads the world of the time of acquisition, even when it is asked later', () => {
    const { ask, clock, world } = lab()
    ask('ACQU:TIME 10')
    ask('ACQU:STAR SWTRIG')
    clock.advance(1)
    world.set('signals.diode.peak', '0')
    assert.deepEqual(parse(ask('ACQU:MEAS?'))[0], [100020])
  })

  it('gives charge in charge mode', () => {
    const box = lab()
    box.ask('ACQU:MODE CHARGE')
    assert.deepEqual(count(box, 500), [50010, 100, 10, 25010])
  })

  it('repeats by itself in autotrigger mode, and stamps the points', () => {
    const { ask, clock } = lab()
    for (const line of ['TRIG:MODE AUTOTRIGGER', 'ACQU:TIME 9', 'ACQU:LOWT 1', 'ACQU:NTRI 5', 'TMST True']) ask(line)
    ask('ACQU:STAR')
    clock.advance(0.0295)
    assert.equal(ask('ACQU:NDAT?'), '3')
    clock.advance(0.03)
    assert.equal(ask('ACQU:STAT?'), 'STATE_ON')
    assert.match(ask('ACQU:MEAS? 1,2'), /^\[\['CHAN01', \[\[0\.019, 100020\], \[0\.029, 100020\]\]\], /)
  })

  it('stops at once, keeps finished points and drops the one in progress', () => {
    const { ask, clock } = lab()
    for (const line of ['ACQU:TIME 100', 'ACQU:NTRI 10', 'ACQU:STAR SWTRIG']) ask(line)
    clock.advance(0.15)
    ask('TRIG:SWSE True')
    clock.advance(0.05)
    assert.equal(ask('ACQU:STOP True'), 'ACK')
    assert.equal(ask('ACQU:STAT?'), 'STATE_ON')
    clock.advance(1)
    assert.equal(ask('ACQU:NDAT?'), '1')
    assert.equal(ask('ACQU:STOP True'), 'ACK')
  })

  it('waits for the trigger delay', () => {
    const { ask, clock } = lab()
    for (const line of ['ACQU:TIME 10', 'TRIG:DELA 5', 'ACQU:STAR SWTRIG']) ask(line)
    assert.equal(ask('ACQU:STAT?'), 'STATE_RUNNING')
    clock.advance(0.006)
    assert.equal(ask('ACQU:STAT?'), 'STATE_ACQUIRING')
    clock.advance(0.01)
    assert.equal(ask('ACQU:NDAT?'), '1')
  })

  it('cuts a current off at full scale, unless it may choose its range', () => {
    const box = lab()
    assert.equal(box.ask('CHAN01:CABO:RANG 10uA'), 'ACK')
    assert.equal(count(box, 10)[0], 10000)
    box.ask('CHAN01:CABO:ARNG On')
    assert.equal(count(box, 10)[0], 100020)
    box.ask('CHAN01:CABO:INVE On')
    assert.equal(count(box, 10)[0], -100020)
  })

  it('reads instant currents at any time', () => {
    const { ask } = lab()
    assert.equal(ask('CHAN02:INSC?'), '200')
    assert.equal(ask('CHAN04:INSCurrent?'), '50020')
  })

  it('answers mistakes with an error that names them, and goes on', () => {
    const { ask } = lab()
    assert.match(ask('ACQU:COLOUR 3'), /^ERROR: Unknown command/)
    assert.match(ask('ACQU:TIME soon'), /^ERROR: "soon" is no number from 0.1 to 1000000/)
    assert.match(ask('ACQU:TIME'), /^ERROR: "" is no number/)
    assert.match(ask('TRIG:MODE NEVER'), /^ERROR: "NEVER" is none of SOFTWARE HARDWARE/)
    assert.match(ask('ACQU:MODE STREAMING'), /^ERROR: STREAMING is not simulated/)
    assert.match(ask('TRIG:SWSE True'), /^ERROR: Not ready for a trigger in STATE_ON/)
    assert.match(ask('ACQU:STAT BUSY'), /^ERROR: ACQU:STAT can only be queried/)
    assert.match(ask('ACQU:STAR?'), /^ERROR: ACQU:STAR\? cannot be queried/)
    assert.match(ask('CHAN05:INSC?'), /^ERROR: Unknown command/)
    ask('ACQU:STAR SWTRIG')
    assert.match(ask('ACQU:TIME 5'), /^ERROR: Acquisition is running; send ACQU:STOP True first/)
    assert.match(ask('ACQU:STAR'), /^ERROR: Acquisition is running/)
    assert.match(ask('TRIG:SWSE True'), /^ERROR: Not ready for a trigger in STATE_ACQUIRING/)
    assert.equal(ask('ACQU:STOP'), 'ACK')
  })

  it('takes lines in any pieces and answers each with one write', () => {
    const { client } = lab()
    for (const byte of Buffer.from('ACQU:STAT?\r\nACQU:NDAT?\n\n')) client.ask(Uint8Array.of(byte))
    assert.deepEqual(client.answers, ['STATE_ON\r\n', '0\r\n'])
  })
})
