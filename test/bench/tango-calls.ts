// Every kind of Tango call: one libtango client against our server, a minimal server on cppTango and one on PyTango with the
// same interface and the same work; client and servers on one processor, servers in turns.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger, TangoProcess } from '#tango'
import { SERVER_RUNTIME } from '../../facility/runtime.ts'
import { CLI } from '../support/facility.ts'
import { eventually, within } from '../support/waiting.ts'
import { output, PYTHON, say, table } from './report.ts'
import { median, short, spread } from './statistics.ts'

const NATIVE = fileURLToPath(new URL('../../../test/bench/native/tango/', import.meta.url))
const CLIENT_LIMIT_MS = 900_000

/** What the ratios should at least be: ours to cppTango, ours to PyTango. */
const BUDGET: Readonly<Record<string, readonly [cpp: number, python: number]>> = {
  ping: [0.9, 0.9],
  cmd_void: [1.05, 2.2],
  cmd_double: [1.08, 2.2],
  cmd_state: [1.1, 2.2],
  cmd_double_threads: [1.25, 2.5],
  read_scalar: [0.95, 2.8],
  read_20_scalars: [1.3, 9],
  write_scalar: [0.92, 2.1],
  write_read_scalar: [0.95, 3.7],
  echo_1000_doubles: [1.1, 2],
  read_spectrum: [1.3, 2.5],
  read_image: [0.93, 1.05],
  event_burst_1: [1, 1.1],
  event_burst_8kB: [1, 1.1],
  event_latency_1: [1 / 1.6, 0],
  event_burst_subs: [0.55, 0],
}

/** Operations whose figure is a time: less is better. */
const TIMES: ReadonlySet<string> = new Set(['new_proxy', 'event_latency_1', 'event_latency_subs'])

/** How much is measured. */
export interface TangoCallOptions {
  readonly rounds: number
  /** Duration of one sample, s. */
  readonly seconds: number
  /** Operations to measure, by the beginning of their names; all when absent. */
  readonly only?: readonly string[]
  /** Whether to measure the local socket too; it needs a database, which is ours. */
  readonly localSocket?: boolean
}

/** One operation over one transport. */
export interface TangoCallRow {
  readonly transport: 'TCP' | 'local socket'
  readonly operation: string
  readonly unit: string
  /** Figures of all rounds by server: `ours`, `cppTango`, `PyTango`. */
  readonly values: Readonly<Record<string, readonly number[]>>
  readonly p50Us: Readonly<Record<string, number>>
  /** Processor time of the server for one call, us. */
  readonly cpuUs: Readonly<Record<string, number>>
  /** Ours to the other within each round, above 1 where ours is better. */
  readonly ratios: Readonly<Record<string, readonly number[]>>
}

/** What could not be measured, as sentences. */
export interface TangoCallResult {
  readonly rows: readonly TangoCallRow[]
  readonly missing: readonly string[]
}

interface Sample {
  readonly op: string
  readonly target: string
  readonly round: number
  readonly unit: string
  readonly value: number | null
  readonly p50_us: number | null
  readonly server_cpu: number | null
}

/** Prints {@link tangoCallRows} as tables. */
export async function tangoCalls(options: TangoCallOptions): Promise<void> {
  say(`## Tango calls of a C++ client, ${options.rounds} rounds of ${options.seconds} s, servers interleaved\n`)
  const { rows, missing } = await tangoCallRows({ localSocket: true, ...options })
  for (const sentence of missing) say(`${sentence}\n`)
  for (const transport of ['TCP', 'local socket'] as const) {
    const of = rows.filter((row) => row.transport === transport)
    if (of.length === 0) continue
    say(`${transport}: median (least-most), median latency in us, processor time of the server per call in us\n`)
    const servers = ['ours', 'cppTango', 'PyTango'].filter((name) => of.some((row) => name in row.values))
    const others = servers.filter((name) => name !== 'ours')
    const head = ['operation', 'unit', ...servers.flatMap((name) => [name, 'p50', 'CPU'])]
    for (const other of others) head.push(`ours/${other}`, 'by p50', 'wanted')
    table(
      head,
      of.map((row) => cells(row, servers, others)),
    )
  }
}

/** Measures; peers that are missing are told, not an error. */
export async function tangoCallRows(options: TangoCallOptions): Promise<TangoCallResult> {
  const missing: string[] = []
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  try {
    const compiled = spawnSync('make', ['-s', '-C', NATIVE, `BUILD=${folder}`], { encoding: 'utf8' })
    if (compiled.status !== 0) {
      const why = compiled.error?.message ?? compiled.stderr.trim().split('\n')[0]
      return { rows: [], missing: [`C++ client and peer: missing (${why})`] }
    }
    const python = output(PYTHON, ['-c', 'import tango, numpy']) !== undefined
    if (!python) missing.push(`PyTango peer: missing (no module tango for ${PYTHON})`)
    const bench = new Bench(folder, options, python)
    const rows = await bench.measure('TCP')
    if (options.localSocket === true) rows.push(...(await bench.measure('local socket')))
    return { rows, missing }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Starts servers, lets the client loose on them, ends them. */
class Bench {
  readonly #folder: string
  readonly #options: TangoCallOptions
  readonly #python: boolean
  readonly #pin = output('taskset', ['-c', '0', 'true']) === undefined ? [] : ['taskset', '-c', '0']
  #started: ChildProcess[] = []

  constructor(folder: string, options: TangoCallOptions, python: boolean) {
    this.#folder = folder
    this.#options = options
    this.#python = python
  }

  /** The rows of one transport. */
  async measure(transport: TangoCallRow['transport']): Promise<TangoCallRow[]> {
    const commands: [name: string, server: string, command: readonly string[]][] = [
      // as the Starter runs it
      ['ours', 'TangoBench', [process.execPath, ...SERVER_RUNTIME, CLI, 'serve', 'TangoBench']],
      ['cppTango', 'peer', [join(this.#folder, 'peer')]],
    ]
    if (this.#python) commands.push(['PyTango', 'peer', [PYTHON, join(NATIVE, 'peer.py')]])
    try {
      const targets: { name: string; url: string; pid: number }[] = []
      const tangoHost = transport === 'TCP' ? undefined : await this.#database()
      for (const [name, server, command] of commands) {
        const device = `bench/${name}/1`.toLowerCase()
        if (tangoHost === undefined) {
          const port = await freePort()
          const words = ['bench', '-nodb', '-dlist', device, '-ORBendPoint', `giop:tcp:127.0.0.1:${port}`]
          const { pid = 0 } = await this.#start([...command, ...words])
          targets.push({ name, pid, url: `tango://127.0.0.1:${port}/${device}#dbase=no` })
        } else {
          const className = name === 'ours' ? 'TangoBench' : 'BenchPeer'
          const instance = name.toLowerCase()
          await register(tangoHost, `${server}/${instance}`, className, device)
          const { pid = 0 } = await this.#start([...command, instance], { TANGO_HOST: tangoHost })
          targets.push({ name, pid, url: `tango://${tangoHost}/${device}` })
        }
      }
      const samples = await this.#run(targets)
      return rowsOf(transport, samples)
    } finally {
      for (const child of this.#started) child.kill('SIGKILL')
      this.#started = []
    }
  }

  /** A database of our own in a fresh folder. */
  async #database(): Promise<string> {
    const tangoHost = `127.0.0.1:${await freePort()}`
    await this.#start([process.execPath, CLI, 'serve', 'DataBaseds', '2'], { TANGO_HOST: tangoHost })
    return tangoHost
  }

  async #start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<ChildProcess> {
    const [program = '', ...words] = [...this.#pin, ...command]
    const child = spawn(program, words, {
      cwd: this.#folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#started.push(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    await eventually(`"Ready to accept request" of ${command.join(' ')}`, () => {
      if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended: ${said}`)
      return said.includes('Ready to accept request')
    })
    return child
  }

  async #run(targets: readonly { name: string; url: string; pid: number }[]): Promise<readonly Sample[]> {
    const { rounds, seconds, only } = this.#options
    const words = ['--rounds', String(rounds), '--secs', String(seconds)]
    words.push('--names', targets.map(({ name }) => name).join(','))
    words.push('--pids', targets.map(({ pid }) => String(pid)).join(','))
    if (only !== undefined) words.push('--only', only.join(','))
    const [program = '', ...rest] = [...this.#pin, join(this.#folder, 'client'), ...words]
    const child = spawn(program, [...rest, ...targets.map(({ url }) => url)], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#started.push(child)
    let lines = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (lines += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    await within('the C++ client', new Promise((resolve) => child.once('close', resolve)), CLIENT_LIMIT_MS)
    if (errors !== '') say(`client: ${errors.trim()}\n`)
    return lines
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Sample)
  }
}

function rowsOf(transport: TangoCallRow['transport'], samples: readonly Sample[]): TangoCallRow[] {
  const operations = [...new Set(samples.map(({ op }) => op))]
  return operations.map((operation) => {
    const all = samples.filter(({ op }) => op === operation)
    const servers = [...new Set(all.map(({ target }) => target))]
    const of = (name: string): readonly Sample[] => all.filter((s) => s.target === name && s.value !== null)
    const per = <T>(make: (name: string) => T): Record<string, T> =>
      Object.fromEntries(servers.filter((name) => of(name).length > 0).map((name) => [name, make(name)]))
    const ratio = (ours: number, other: number): number => (TIMES.has(operation) ? other / ours : ours / other)
    const unit = all[0]?.unit ?? ''
    return {
      transport,
      operation,
      unit,
      values: per((name) => of(name).map((s) => s.value ?? Number.NaN)),
      p50Us: per((name) => median(of(name).map((s) => s.p50_us ?? Number.NaN))),
      cpuUs: per((name) =>
        unit === 'call/s'
          ? median(of(name).map((s) => ((s.server_cpu ?? Number.NaN) / (s.value ?? Number.NaN)) * 1e6))
          : Number.NaN,
      ),
      ratios: per((name) =>
        of('ours').map(({ round, value }) => {
          const other = of(name).find((s) => s.round === round)?.value
          return ratio(value ?? Number.NaN, other ?? Number.NaN)
        }),
      ),
    }
  })
}

function cells(row: TangoCallRow, servers: readonly string[], others: readonly string[]): string[] {
  const figures = servers.flatMap((name) => [
    spread(row.values[name] ?? []),
    short(row.p50Us[name] ?? Number.NaN),
    short(row.cpuUs[name] ?? Number.NaN),
  ])
  const ratios = others.flatMap((name) => {
    const byLatency = (row.p50Us[name] ?? Number.NaN) / (row.p50Us.ours ?? Number.NaN)
    const wanted = BUDGET[row.operation]?.[name === 'cppTango' ? 0 : 1] ?? 0
    return [spread(row.ratios[name] ?? []), short(byLatency), wanted === 0 ? '-' : `>= ${short(wanted)}`]
  })
  return [row.operation, row.unit, ...figures, ...ratios]
}

async function register(tangoHost: string, server: string, className: string, name: string): Promise<void> {
  const tango = await TangoProcess.create({ tangoHost, listen: false, log: silentLogger() })
  try {
    await tango.database().addDevice({ server, class: className, name })
  } finally {
    await tango.close()
  }
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
