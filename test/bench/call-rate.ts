// Small calls per second: PyTango, C++ and our client against our server and the same server on PyTango and cppTango.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CLI } from '../support/facility.ts'
import { eventually, within } from '../support/waiting.ts'
import type { BenchOptions } from './main.ts'
import { output, PYTHON, say, table } from './report.ts'
import { median, short, spread } from './statistics.ts'

const NATIVE = fileURLToPath(new URL('../../../test/bench/native/', import.meta.url))
const OWN_CLIENT = 'our client'
const DEVICES = fileURLToPath(new URL('./devices', import.meta.url))

interface Sample {
  readonly op: string
  readonly target: string
  readonly round: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

/** Processes that were started here; ended in any case. */
type Started = ChildProcess[]

/** Prints call rates side by side. */
export async function callRates({ rounds, seconds }: BenchOptions): Promise<void> {
  say(`## Calls of one synchronous client, ${rounds} rounds of ${seconds} s, clients and servers in turns\n`)
  const pin = output('taskset', ['-c', '0', 'true']) === undefined ? [] : ['taskset', '-c', '0']
  say(
    `${pin.length > 0 ? 'Client and servers on one processor' : 'Not pinned (no taskset)'}; GIOP over TCP on the loopback.\n`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  const started: Started = []
  try {
    const native = compile(folder)
    const python = output(PYTHON, ['-c', 'import tango, numpy; print(1)']) !== undefined
    if (!python) say(`PyTango peers: missing (no module tango for ${PYTHON})\n`)
    const targets = new Map<string, string>()
    const add = async (name: string, command: readonly string[]): Promise<void> => {
      const port = await freePort()
      const device = `bench/${name}/1`
      const endPoint = `giop:tcp:127.0.0.1:${port}`
      await startServer([...pin, ...command, 'bench', '-nodb', '-dlist', device, '-ORBendPoint', endPoint], started)
      targets.set(name, `tango://127.0.0.1:${port}/${device}#dbase=no`)
    }
    await add('ours', [process.execPath, CLI, '--plugins', DEVICES, 'serve', 'BenchPeer'])
    if (python) await add('pytango', [PYTHON, join(NATIVE, 'peer.py')])
    if (native) await add('cpptango', [join(folder, 'peer')])
    const clients = new Map<string, readonly string[]>()
    if (python) clients.set('PyTango client', [PYTHON, join(NATIVE, 'client.py')])
    if (native) clients.set('C++ client (libtango)', [join(folder, 'client')])
    clients.set(OWN_CLIENT, [process.execPath, fileURLToPath(new URL('./own-client.js', import.meta.url))])
    const samples = new Map<string, Sample[]>(Array.from(clients.keys(), (name) => [name, []]))
    for (let round = 0; round < rounds; round += 1) {
      const urls = Array.from(targets, ([name, url]) => `${name}=${url}`)
      const order = [...clients]
      if (round % 2 === 1) for (const list of [urls, order]) list.reverse()
      for (const [name, command] of order) {
        const measured = await runClient([...pin, ...command, '1', String(seconds), ...urls], started)
        samples.get(name)?.push(...measured.map((sample) => ({ ...sample, round })))
      }
    }
    for (const [client, measured] of samples) show(client, measured, [...targets.keys()])
    if (native) compareClients(samples, 'cpptango')
  } finally {
    for (const child of started) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
}

function show(client: string, samples: readonly Sample[], targets: readonly string[]): void {
  const others = targets.filter((name) => name !== 'ours')
  say(`${client}: calls/s median (least-most); latency p50/p99 in us; ratio of the rates, above 1: ours is faster\n`)
  const operations = [...new Set(samples.map(({ op }) => op))]
  const rows = operations.map((op) => {
    const of = (target: string): readonly Sample[] => samples.filter((s) => s.op === op && s.target === target)
    const cells = targets.flatMap((target) => [
      spread(of(target).map((s) => s.rate)),
      `${short(median(of(target).map((s) => s.p50)))}/${short(median(of(target).map((s) => s.p99)))}`,
    ])
    const ratios = others.map((other) =>
      spread(
        of('ours').map(({ round, rate }) => rate / (of(other).find((s) => s.round === round)?.rate ?? Number.NaN)),
      ),
    )
    return [op, ...cells, ...ratios]
  })
  table(['operation', ...targets.flatMap((t) => [t, 'p50/p99']), ...others.map((other) => `ours/${other}`)], rows)
}

/** The clients against one and the same native server. */
function compareClients(samples: ReadonlyMap<string, readonly Sample[]>, target: string): void {
  const others = [...samples.keys()].filter((name) => name !== OWN_CLIENT)
  say(
    `Clients against the cppTango server: calls/s; ratio of the rates, above 1: our client is faster. ` +
      'cmd_double_64: 64 calls in flight on one connection.\n',
  )
  const of = (client: string, op: string): readonly Sample[] =>
    (samples.get(client) ?? []).filter((s) => s.op === op && s.target === target)
  const operations = [...new Set((samples.get(OWN_CLIENT) ?? []).map(({ op }) => op))]
  table(
    ['operation', ...samples.keys(), ...others.map((other) => `ours/${other}`)],
    operations.map((op) => [
      op,
      ...Array.from(samples.keys(), (client) => spread(of(client, op).map(({ rate }) => rate))),
      ...others.map((other) =>
        spread(
          of(OWN_CLIENT, op).map(
            ({ round, rate }) => rate / (of(other, op).find((s) => s.round === round)?.rate ?? Number.NaN),
          ),
        ),
      ),
    ]),
  )
}

/** Builds the C++ programs; false when that is not possible here. */
function compile(folder: string): boolean {
  const flags = output('pkg-config', ['--cflags', '--libs', 'tango'])
  if (flags === undefined) {
    say('C++ peers: missing (no libtango with headers)\n')
    return false
  }
  for (const name of ['peer', 'client']) {
    const words = ['-std=c++17', '-O2', '-w', join(NATIVE, `${name}.cpp`), '-o', join(folder, name)]
    const built = spawnSync('g++', [...words, ...flags.split(/\s+/)], { encoding: 'utf8' })
    if (built.status !== 0) {
      say(
        `C++ peers: missing (${name}.cpp does not compile: ${built.stderr?.split('\n')[0] ?? built.error?.message})\n`,
      )
      return false
    }
  }
  return true
}

async function startServer(command: readonly string[], started: Started): Promise<void> {
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  await eventually(`"Ready to accept request" of ${command.join(' ')}`, () => {
    if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended: ${said}`)
    return said.includes('Ready to accept request')
  })
}

async function runClient(command: readonly string[], started: Started): Promise<readonly Sample[]> {
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  started.push(child)
  let lines = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (lines += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const code = await within('the client', new Promise((resolve) => child.once('close', resolve)), 600_000)
  if (code !== 0) say(`${program} ended with ${code}: ${errors.trim().split('\n').at(-1)}`)
  return lines
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Sample)
}

async function freePort(): Promise<number> {
  const server = createServer()
  return await new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    }),
  )
}
