import assert from 'node:assert/strict'
import { IcepapRack } from '../../../simulators/icepap.ts'
import { Conversation, golden, HandClock } from './support.ts'

interface WireCall {
  readonly call: string
  readonly writes: readonly { readonly text: string | null; readonly hex: string }[]
}

const IDLE = '0x00A00203'
const MOVING = '0x00A00403'

function lab(options: Record<number, object> = { 1: {}, 2: {}, 3: {}, 5: {} }) {
  const clock = new HandClock()
  const rack = new IcepapRack({ axes: options }, clock.now)
  return { clock, rack, client: new Conversation(rack) }
}

/** The bytes of a recorded call. */
function recorded(calls: readonly WireCall[], name: string): Buffer {
  const call = calls.find(({ call }) => call === name)
  assert.ok(call, name)
  return Buffer.concat(call.writes.map(({ hex }) => Buffer.from(hex, 'hex')))
}

describe('IcePAP simulator and the wire of a published client', () => {
  const { calls } = golden<{ calls: readonly WireCall[] }>('icepap-wire.json')

  /** Brings the rack into the state in which a client would make the call. */
  function prepare(name: string, { client, clock }: ReturnType<typeof lab>): void {
    const path = recorded(calls, 'parametric table spline')
    const block = path.subarray(path.indexOf('\r') + 1)
    const onPath = () => {
      for (const axis of [1, 2]) client.ask(Buffer.concat([Buffer.from(`${axis}:*PARDAT SPLINE\r`), block]))
      for (const axis of [1, 2]) client.ask(`#${axis}:PARVEL 0.5\r`)
    }
    if (name === 'movel 2') client.ask(recorded(calls, 'list table float cyclic'))
    if (name.startsWith('cfg') || name.startsWith('config')) client.ask('#5:CONFIG\r')
    if (name === 'group movep 0.5') onPath()
    if (name === 'group pmove 1.5') {
      onPath()
      client.ask('#MOVEP GROUP 0.5 1 2\r')
      clock.advance(10)
    }
  }

  for (const { call, writes } of calls) {
    it(`accepts "${call}"`, () => {
      const setup = lab()
      prepare(call, setup)
      for (const { text, hex } of writes) {
        const answer = setup.client.ask(Buffer.from(hex, 'hex'))
        if (text?.startsWith('#')) assert.match(answer, /^\S+ OK\r\n$/)
        else if (text?.includes('?')) assert.match(answer, /^\S+ (?!ERROR).*\r\n$/)
        else assert.equal(answer, '')
      }
    })
  }

  it('keeps the tables that were sent', () => {
    const { client } = lab()
    client.ask(recorded(calls, 'ecam table float [10,20,30.5]'))
    assert.equal(client.ask('5:?ECAMDAT\r'), '5:?ECAMDAT $\r\n0/2 : 0 : 10\r\n1/2 : 1 : 20\r\n2/2 : 2 : 30.5\r\n$\r\n')
    client.ask(recorded(calls, 'ecam table dword [10,20,-30]'))
    assert.match(client.ask('5:?ECAMDAT 1 0\r'), /0\/2 : 0 : -30\r\n\$/)
    client.ask(recorded(calls, 'ecam clear'))
    assert.equal(client.ask('5:?ECAMDAT\r'), '5:?ECAMDAT $\r\n$\r\n')
    client.ask(recorded(calls, 'parametric table with slopes'))
    assert.equal(client.ask('5:?PARDAT 0 2\r'), '5:?PARDAT $\r\n0 0 10\r\n1 100 20\r\n$\r\n')
  })
})

describe('IcePAP simulator', () => {
  it('tells which racks and boards there are', () => {
    const { client } = lab({ 1: {}, 5: {}, 151: {}, 152: {} })
    assert.equal(client.ask('?SYSSTAT\r'), '?SYSSTAT 0x8001\r\n')
    assert.equal(client.ask('?sysstat 0\r'), '?SYSSTAT 0x11 0x11\r\n')
    assert.equal(client.ask('?SYSSTAT 15\r'), '?SYSSTAT 0x03 0x03\r\n')
    assert.equal(client.ask('?SYSSTAT 3\r'), '?SYSSTAT ERROR Board is not present in the system\r\n')
  })

  it('moves with the ramps of its velocity and acceleration time', () => {
    const { client, clock } = lab()
    client.ask('1:VELOCITY 1000;1:ACCTIME 0.5\r')
    assert.equal(client.ask('#1:MOVE 2000\r'), '1:MOVE OK\r\n')
    assert.equal(client.ask('?FSTATUS 1\r'), `?FSTATUS ${MOVING}\r\n`)
    clock.advance(0.5)
    assert.equal(client.ask('1:?POS;1:?VELOCITY CURRENT\r'), '1:?POS 250\r\n1:?VELOCITY 1000\r\n')
    clock.advance(1.99)
    assert.equal(client.ask('1:?STATUS\r'), `1:?STATUS ${MOVING}\r\n`)
    clock.advance(0.02)
    assert.equal(client.ask('1:?STATUS;1:?POS\r'), `1:?STATUS ${IDLE}\r\n1:?POS 2000\r\n`)
  })

  it('moves relative to where it is and takes new targets on the run', () => {
    const { client, clock } = lab()
    client.ask('1:RMOVE 100\r')
    clock.advance(1)
    client.ask('1:RMOVE -30\r')
    clock.advance(1)
    assert.equal(client.ask('1:?POS\r'), '1:?POS 70\r\n')
    client.ask('1:MOVE 5000\r')
    clock.advance(0.1)
    assert.match(client.ask('#1:MOVE 0\r'), /ERROR Axis is moving/)
    assert.equal(client.ask('#1:UMOVE 0\r'), '1:UMOVE OK\r\n')
    clock.advance(1)
    assert.equal(client.ask('1:?POS\r'), '1:?POS 0\r\n')
  })

  it('ramps down on STOP and halts on ABORT, with their stop codes', () => {
    const { client, clock } = lab()
    client.ask('1:MOVE 50000\r')
    clock.advance(1)
    const before = Number(client.ask('1:?POS\r').split(' ')[1])
    assert.equal(client.ask('#1:STOP\r'), '1:STOP OK\r\n')
    assert.match(client.ask('?FSTATUS 1\r'), /0x00A04403/)
    clock.advance(0.03)
    assert.equal(client.ask('1:?STATUS\r'), '1:?STATUS 0x00A04203\r\n')
    // v²/2a with v = 5000/s and a ramp of 0.02 s.
    assert.equal(client.ask('1:?POS\r'), `1:?POS ${before + 50}\r\n`)
    client.ask('1:MOVE 50000\r')
    clock.advance(1)
    const there = client.ask('1:?POS\r')
    client.ask('1:ABORT\r')
    assert.equal(client.ask('1:?STATUS\r'), '1:?STATUS 0x00A08203\r\n')
    assert.equal(client.ask('1:?POS\r'), there)
  })

  it('stops at a limit switch, says so, refuses to go on and lets the axis back', () => {
    const { client, clock } = lab({ 1: { upperLimit: 1000, lowerLimit: -1000 } })
    client.ask('1:MOVE 5000\r')
    clock.advance(2)
    // Stop code 3 and LIMIT+.
    assert.equal(client.ask('1:?STATUS\r'), '1:?STATUS 0x00A4C203\r\n')
    assert.equal(client.ask('1:?POS\r'), '1:?POS 1050\r\n')
    assert.equal(client.ask('#1:RMOVE 1\r'), '1:RMOVE ERROR Limit switch + is active\r\n')
    assert.equal(client.ask('#1:MOVE -5000\r'), '1:MOVE OK\r\n')
    clock.advance(5)
    assert.equal(client.ask('1:?STATUS\r'), '1:?STATUS 0x00A90203\r\n')
    assert.equal(client.ask('#1:MOVE 0\r'), '1:MOVE OK\r\n')
    clock.advance(2)
    assert.equal(client.ask('1:?STATUS\r'), `1:?STATUS ${IDLE}\r\n`)
  })

  it('may stop exactly on a limit switch without a limit stop', () => {
    const { client, clock } = lab({ 1: { upperLimit: 1000 } })
    client.ask('1:MOVE 1000\r')
    clock.advance(2)
    assert.equal(client.ask('1:?STATUS\r'), '1:?STATUS 0x00A40203\r\n')
  })

  it('starts a group together and stops all of it when one meets a limit', () => {
    const { client, clock } = lab({ 1: { upperLimit: 1000 }, 2: {}, 3: {} })
    assert.equal(client.ask('#MOVE GROUP 1 50000 2 50000 3 10\r'), 'MOVE OK\r\n')
    clock.advance(5)
    const answer = client.ask('?FPOS 1 2 3\r').split(' ').slice(1).map(Number)
    assert.deepEqual(answer, [1050, 1050, 10])
    assert.equal(client.ask('?FSTATUS 1 2 3\r'), `?FSTATUS 0x00A4C203 0x00A04203 ${IDLE}\r\n`)
  })

  it('stops all axes of a group with one of them, but not those moved without GROUP', () => {
    const { client, clock } = lab()
    client.ask('MOVE GROUP 1 50000 2 -50000\r')
    client.ask('MOVE 3 50000 5 50000\r')
    clock.advance(1)
    client.ask('1:STOP\r3:STOP\r')
    clock.advance(1)
    const moving = client.ask('?FSTATUS 1 2 3 5\r').trim().split(' ').slice(1)
    assert.deepEqual(moving, ['0x00A04203', '0x00A04203', '0x00A04203', MOVING])
  })

  it('refuses all with STRICT when one cannot move, and skips that one without', () => {
    const { client, clock } = lab()
    client.ask('2:POWER OFF\r')
    assert.equal(client.ask('#MOVE STRICT 1 100 2 100\r'), 'MOVE ERROR Axis 2: Motor power is off\r\n')
    assert.equal(client.ask('?FSTATUS 1\r'), `?FSTATUS ${IDLE}\r\n`)
    assert.equal(client.ask('#MOVE 1 100 2 100\r'), 'MOVE OK\r\n')
    clock.advance(1)
    assert.equal(client.ask('?FPOS 1 2\r'), '?FPOS 100 0\r\n')
  })

  it('halts when the power goes, and says disabled', () => {
    const { client, clock } = lab()
    client.ask('1:MOVE 50000\r')
    clock.advance(1)
    client.ask('POWER OFF 1\r')
    // Not ready, disabled by software (7), stop code 6, no POWERON.
    assert.equal(client.ask('?FSTATUS 1;?POWER 1 2\r'), '?FSTATUS 0x00218073\r\n?POWER OFF ON\r\n')
    client.ask('POWER ON 1\r')
    assert.equal(client.ask('#1:MOVE 0\r'), '1:MOVE OK\r\n')
  })

  it('shifts registers without moving the motor', () => {
    const { client, clock, rack } = lab()
    client.ask('1:MOVE 500\r')
    clock.advance(1)
    assert.equal(client.ask('#POS AXIS 1 10 2 20 \r'), 'POS OK\r\n')
    assert.equal(client.ask('?POS AXIS 1 2;1:?POS MEASURE\r'), '?POS 10 20\r\n1:?POS 500\r\n')
    assert.equal(rack.physicalAt(1, clock.now()), 500)
    client.ask('1:MOVE 0\r')
    clock.advance(1)
    assert.equal(rack.physicalAt(1, clock.now()), 490)
    client.ask('1:ESYNC\r')
    assert.equal(client.ask('ESYNC 1\r1:?POS\r'), '1:?POS 490\r\n')
  })

  it('counts encoders by their steps per turn', () => {
    const { client, clock } = lab()
    client.ask('1:CONFIG;1:CFG EINNSTEP 4000;1:CONFIG me@here\r')
    client.ask('1:MOVE 100\r')
    clock.advance(1)
    assert.equal(
      client.ask('1:?ENC ENCIN;1:?POS ENCIN;1:?CONFIG\r'),
      '1:?ENC 1000\r\n1:?POS 100\r\n1:?CONFIG me@here\r\n',
    )
    assert.match(client.ask('#1:CFG ANSTEP 200\r'), /ERROR Axis is not in CONFIG mode/)
  })

  it('finds the home switch, remembers where, and reports a search in vain', () => {
    const { client, clock } = lab({ 1: { home: 2000, homeHalfWidth: 50, upperLimit: 10000, lowerLimit: -3000 } })
    assert.equal(client.ask('#1:HOME 1\r1:?HOMESTAT\r'), '1:HOME OK\r\n1:?HOMESTAT MOVING 1\r\n')
    assert.match(client.ask('1:?HOMEPOS\r'), /ERROR/)
    clock.advance(2)
    assert.equal(client.ask('1:?HOMESTAT;1:?HOMEPOS AXIS\r'), '1:?HOMESTAT FOUND 1\r\n1:?HOMEPOS 1950\r\n')
    assert.equal(client.ask('1:?STATUS\r'), '1:?STATUS 0x00B00203\r\n')
    client.ask('1:SRCH HOME NEGEDGE -1\r')
    clock.advance(2)
    assert.equal(client.ask('1:?SRCHSTAT;1:?SRCHPOS\r'), '1:?SRCHSTAT FOUND -1\r\n1:?SRCHPOS 1950\r\n')
    client.ask('1:HOME -1\r')
    clock.advance(5)
    assert.equal(client.ask('1:?HOMESTAT;1:?STOPCODE\r'), '1:?HOMESTAT NOTFOUND -1\r\n1:?STOPCODE 0x0004\r\n')
  })

  it('finds a limit switch as a signal and forgets a search that was stopped', () => {
    const { client, clock } = lab({ 1: { upperLimit: 1000 } })
    client.ask('1:SRCH LIM+ POSEDGE +1\r')
    clock.advance(2)
    assert.equal(client.ask('1:?SRCHSTAT;1:?SRCHPOS\r'), '1:?SRCHSTAT FOUND 1\r\n1:?SRCHPOS 1000\r\n')
    client.ask('1:HOME -1\r')
    clock.advance(0.1)
    client.ask('1:ABORT\r')
    clock.advance(60)
    assert.equal(client.ask('1:?HOMESTAT\r'), '1:?HOMESTAT NOTFOUND -1\r\n')
  })

  it('jogs, changes speed on the run, and stops at speed 0', () => {
    const { client, clock } = lab()
    client.ask('#1:JOG 250.5\r')
    clock.advance(1)
    assert.equal(client.ask('1:?JOG\r'), '1:?JOG 250.5\r\n')
    assert.equal(client.ask('#1:JOG -100\r'), '1:JOG OK\r\n')
    clock.advance(1)
    assert.equal(client.ask('1:?VELOCITY CURRENT\r'), '1:?VELOCITY -100\r\n')
    client.ask('1:JOG 0\r')
    clock.advance(1)
    assert.equal(client.ask('1:?STATUS\r'), `1:?STATUS ${IDLE}\r\n`)
  })

  it('runs two axes along their trajectories', () => {
    const { client, clock } = lab()
    const { calls } = golden<{ calls: readonly WireCall[] }>('icepap-wire.json')
    const table = recorded(calls, 'parametric table spline')
    const block = table.subarray(table.indexOf('\r') + 1)
    for (const axis of [1, 2]) client.ask(Buffer.concat([Buffer.from(`${axis}:*PARDAT SPLINE\r`), block]))
    client.ask('MOVEP GROUP 1 1 2\r')
    clock.advance(1)
    assert.equal(client.ask('?FPOS 1 2;1:?PARPOS\r'), '?FPOS 100 100\r\n1:?PARPOS 1\r\n')
    client.ask('1:PARVEL 0.5;2:PARVEL 0.5;1:PARACCT 0.1;2:PARACCT 0.1\r')
    assert.equal(client.ask('#PMOVE GROUP 2 1 2\r'), 'PMOVE OK\r\n')
    clock.advance(1.05)
    assert.equal(client.ask('1:?PARPOS\r'), '1:?PARPOS 1.5\r\n')
    clock.advance(1.1)
    assert.equal(client.ask('?FPOS 1 2\r'), '?FPOS 300 300\r\n')
    assert.match(client.ask('#PMOVE 7 1\r'), /ERROR Out of range/)
    client.ask('1:RMOVE 40\r')
    clock.advance(1)
    assert.match(client.ask('#PMOVE 1 1\r'), /ERROR Axis is not on its trajectory/)
  })

  it('answers every kind of mistake with its error text', () => {
    const { client } = lab()
    const cases = [
      ['?FOO', '?FOO ERROR Command not recognised'],
      ['1:?FOO', '1:?FOO ERROR Command not recognised'],
      ['#1:CONSTRUCTOR', '1:CONSTRUCTOR ERROR Command not recognised'],
      ['4:?POS', '4:?POS ERROR Board is not present in the system'],
      ['9:?POS', '9:?POS ERROR Bad board address'],
      ['?FPOS 1 4', '?FPOS ERROR Board is not present in the system'],
      [':?STATUS', ':?STATUS ERROR Cannot broadcast a query'],
      ['#:STOP', ':STOP ERROR Cannot acknowledge a broadcast'],
      ['0:?POS', '0:?POS ERROR Command or option not valid in controller boards'],
      ['#1:MOVE', '1:MOVE ERROR Wrong number of parameter(s)'],
      ['#1:MOVE x', '1:MOVE ERROR Wrong parameter(s)'],
      ['#1:MOVE 1.5', '1:MOVE ERROR Wrong parameter(s)'],
      ['#MOVE 1 2 3', 'MOVE ERROR Wrong number of parameter(s)'],
      ['#MOVE 1 2 1 3', 'MOVE ERROR Wrong parameter(s)'],
      ['#VELOCITY 1 1e9', 'VELOCITY ERROR Axis 1: Out of range parameter(s)'],
      ['#1:POWER MAYBE', '1:POWER ERROR Wrong parameter(s)'],
      ['?POS HEIGHT 1', '?POS ERROR Axis 1: Wrong parameter(s)'],
    ]
    for (const [command, answer] of cases) assert.equal(client.ask(`${command}\r`), `${answer}\r\n`)
  })

  it('never answers a broadcast, and obeys it', () => {
    const { client, clock } = lab()
    client.ask('MOVE 1 50000 2 50000\r')
    clock.advance(1)
    assert.equal(client.ask(':STOP\r'), '')
    clock.advance(1)
    assert.equal(client.ask('?FSTATUS 1 2\r'), '?FSTATUS 0x00A04203 0x00A04203\r\n')
  })

  it('shows all clients the same rack, and starts anew on RESET', () => {
    const { client, clock, rack } = lab()
    const other = new Conversation(rack)
    client.ask('1:MOVE 30\r')
    clock.advance(1)
    assert.equal(other.ask('1:?POS\r'), '1:?POS 30\r\n')
    assert.equal(other.ask('RESET\r'), '')
    assert.equal(client.ask('1:?POS\r'), '1:?POS 0\r\n')
  })

  it('sends each answer in one write', () => {
    const { client } = lab()
    client.ask('1:?CFG;?VER INFO;1:?HELP\r')
    assert.equal(client.answers.length, 3)
  })

  it('remembers where an axis was while a detector integrated', () => {
    const { client, clock, rack } = lab()
    client.ask('1:MOVE 1000\r')
    clock.advance(0.1)
    const before = rack.physicalAt(1, clock.now())
    client.ask('1:ABORT\r')
    client.ask('1:MOVE 0\r')
    clock.advance(5)
    assert.equal(rack.physicalAt(1, 0), 0)
    assert.ok(Math.abs((rack.physicalAt(1, 0.0999999) ?? 0) - (before ?? 0)) < 0.01)
  })

  it('refuses a rack with axes that cannot exist', () => {
    assert.throws(() => lab({ 9: {} }), /axis 9 does not exist; take 10 x rack \+ slot/)
  })
})
