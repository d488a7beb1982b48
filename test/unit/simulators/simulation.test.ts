import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../../../simulators/config.ts'
import { Simulation } from '../../../simulators/simulation.ts'
import { HandClock, TcpClient } from './support.ts'

interface Ready {
  readonly ready: boolean
  readonly boxes: Record<string, { readonly host: string; readonly port: number }>
  readonly control: { readonly host: string; readonly port: number }
}

const MAIN = fileURLToPath(new URL('../../../simulators/main.js', import.meta.url))

describe('Simulation', () => {
  const clock = new HandClock()
  let simulation: Simulation
  let control: TcpClient

  beforeEach(async () => {
    clock.nowS = 0
    simulation = await Simulation.start(readConfig({ world: { noise: false } }), clock.now)
    control = await TcpClient.connect(simulation.control.port)
  })

  afterEach(async () => {
    control.end()
    await simulation.close()
  })

  it('lets the motor on one box shape what the other box measures', async () => {
    const icepap = await TcpClient.connect(simulation.boxes.icepap?.port ?? 0)
    const electrometer = await TcpClient.connect(simulation.boxes.electrometer?.port ?? 0)
    const count = async () => {
      await electrometer.ask('ACQU:TIME 10\n')
      await electrometer.ask('ACQU:STAR SWTRIG\n')
      clock.advance(0.01)
      return Number(/\[\['CHAN01', \[(\S+)\]\]/.exec(await electrometer.ask('ACQU:MEAS?\n'))?.[1])
    }
    const values: number[] = []
    for (let i = 0; i <= 10; i++) {
      assert.equal(await icepap.ask(`#1:MOVE ${i * 100}\r`), '1:MOVE OK\r\n')
      clock.advance(1)
      values.push(await count())
    }
    assert.equal(values.indexOf(Math.max(...values)), 5)
    assert.ok((values[5] ?? 0) > 99000 && (values[0] ?? 1e5) < 100)
    assert.equal(await control.ask('position mot01\n'), 'OK 1\n')
    icepap.end()
    electrometer.end()
  })

  it('keeps the beam where it is when a client renames the position', async () => {
    const icepap = await TcpClient.connect(simulation.boxes.icepap?.port ?? 0)
    await icepap.ask('#1:POS AXIS 500\r')
    assert.equal(await icepap.ask('1:?POS\r'), '1:?POS 500\r\n')
    assert.equal(await control.ask('position mot01\n'), 'OK 0\n')
    icepap.end()
  })

  it('carries out faults of one box and leaves the others alone', async () => {
    const electrometer = await TcpClient.connect(simulation.boxes.electrometer?.port ?? 0)
    const { port } = simulation.boxes.icepap ?? { port: 0 }
    assert.equal(await control.ask('fault icepap unplug\n'), 'OK\n')
    await assert.rejects(TcpClient.connect(port), { code: 'ECONNREFUSED' })
    assert.equal(await electrometer.ask('ACQU:STAT?\n'), 'STATE_ON\r\n')
    assert.equal(await control.ask('fault icepap plug\n'), 'OK\n')
    const icepap = await TcpClient.connect(port)
    assert.equal(await control.ask('fault icepap garbage 1\n'), 'OK\n')
    assert.doesNotMatch(await icepap.ask('?VER\r'), /VER/)
    assert.equal(await icepap.ask('?VER\r'), '?VER 3.23\r\n')
    icepap.end()
    electrometer.end()
  })

  it('lets the axis run on while its box is unplugged', async () => {
    const { port } = simulation.boxes.icepap ?? { port: 0 }
    const before = await TcpClient.connect(port)
    await before.ask('#1:MOVE 1000\r')
    await control.ask('fault icepap unplug\n')
    clock.advance(5)
    await control.ask('fault icepap plug\n')
    const after = await TcpClient.connect(port)
    assert.equal(await after.ask('1:?POS\r'), '1:?POS 1000\r\n')
    before.end()
    after.end()
  })

  it('reads and changes the world', async () => {
    assert.equal(await control.ask('world get signals.diode.centre\n'), 'OK 0.5\n')
    assert.equal(await control.ask('world set signals.diode.centre 0.7\n'), 'OK 0.7\n')
    assert.equal(await control.ask('world get signals.diode.centre\n'), 'OK 0.7\n')
    assert.match(
      await control.ask('world set signals.diode.centre left\n'),
      /^ERROR world: "signals.diode.centre" is 0.7/,
    )
  })

  it('answers mistakes on the fault line with what it understands', async () => {
    assert.match(await control.ask('fault toaster mute\n'), /^ERROR no box "toaster"; known: icepap, electrometer/)
    assert.match(await control.ask('fault icepap melt\n'), /^ERROR "melt" is no fault; take unplug/)
    assert.match(await control.ask('fault icepap delay long\n'), /^ERROR fault delay: "long" should be a whole number/)
    assert.match(await control.ask('hello\n'), /^ERROR "hello" is no command; take: boxes/)
  })

  it('leaves nothing listening when one box cannot start', async () => {
    const taken = simulation.boxes.icepap?.port ?? 0
    const boxes = [
      { name: 'first', kind: 'electrometer' },
      { name: 'second', kind: 'icepap', port: taken },
    ]
    await assert.rejects(Simulation.start(readConfig({ boxes }), clock.now), /box second: cannot listen on 127.0.0.1:/)
  })
})

describe('simulator process', () => {
  const children: ChildProcess[] = []

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  function start(...argv: string[]): ChildProcess {
    const child = spawn(process.execPath, [MAIN, ...argv], { stdio: ['pipe', 'pipe', 'pipe'] })
    children.push(child)
    return child
  }

  async function ready(child: ChildProcess): Promise<Ready> {
    assert.ok(child.stdout)
    const [line] = await once(createInterface(child.stdout), 'line', { signal: AbortSignal.timeout(10000) })
    const parsed: Ready = JSON.parse(String(line))
    return parsed
  }

  async function exit(child: ChildProcess): Promise<unknown> {
    const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(10000) })
    return code
  }

  it('prints where its boxes are, and ends with code 0 when its standard input closes', async () => {
    const child = start()
    const { ready: isReady, boxes, control } = await ready(child)
    assert.equal(isReady, true)
    assert.deepEqual(Object.keys(boxes), ['icepap', 'electrometer'])
    const client = await TcpClient.connect(boxes.icepap?.port ?? 0)
    assert.equal(await client.ask('?FSTATUS 1 2 3 4\r'), '?FSTATUS 0x00A00203 0x00A00203 0x00A00203 0x00A00203\r\n')
    assert.ok(control.port > 0)
    child.stdin?.end()
    assert.equal(await exit(child), 0)
    client.end()
  }).timeout(20000)

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends with code 0 on ${signal}`, async () => {
      const child = start()
      await ready(child)
      child.kill(signal)
      assert.equal(await exit(child), 0)
    }).timeout(20000)
  }

  it('keeps its ports after it was killed with clients connected', async () => {
    const first = start()
    const { boxes, control } = await ready(first)
    const port = boxes.icepap?.port ?? 0
    const client = await TcpClient.connect(port)
    await client.ask('?VER\r')
    first.kill('SIGKILL')
    await client.closed()
    client.end()
    const folder = await mkdtemp(join(tmpdir(), 'simulators-'))
    try {
      const file = join(folder, 'config.json')
      const config = { boxes: [{ name: 'icepap', kind: 'icepap', port }], control: { port: control.port } }
      await writeFile(file, JSON.stringify(config))
      const second = await ready(start('--config', file))
      assert.deepEqual(second.boxes, { icepap: { host: '127.0.0.1', port } })
      assert.deepEqual(second.control, control)
    } finally {
      await rm(folder, { recursive: true })
    }
  }).timeout(20000)

  it('says in one line what is wrong and exits with code 1', async () => {
    const child = start('--config', '{"boxes":[{"name":"a","kind":"pump"}]}')
    const text: string[] = []
    child.stderr?.on('data', (bytes) => text.push(String(bytes)))
    assert.equal(await exit(child), 1)
    assert.equal(text.join(''), 'simulators: boxes[0].kind: "pump" is no box; take "icepap" or "electrometer"\n')
  }).timeout(20000)
})
