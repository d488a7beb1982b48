// A whole facility, started through its command line as users do, for tests that drive it from outside.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger, TangoProcess } from '#tango'
import { DoorWatch } from './door-watch.ts'
import { isAlive, type ProcessEntry, processTree } from './processes.ts'
import { eventually, within } from './waiting.ts'

/** The command line program. */
export const CLI = fileURLToPath(new URL('../../cli/main.js', import.meta.url))

const START_MS = 30_000
const STOP_MS = 15_000

/** Options of {@link TestFacility.start}. */
export interface TestFacilityOptions {
  readonly isolated?: boolean
  /** Data folder; a new temporary one, removed at the end, when absent. */
  readonly data?: string
  readonly port?: number
  readonly beamline?: string
  /** Address of a MariaDB that holds the Tango database. */
  readonly database?: string
}

/** How a program ended, with all that it said. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A program of the command line that runs. */
export class CliProcess {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  /** From the spawn to the first output, ms; NaN before. */
  firstOutputAfterMs = Number.NaN
  readonly ended: Promise<Ending>

  /** @param environment added to a clean environment without TANGO_HOST */
  constructor(words: readonly string[], environment: Readonly<Record<string, string>> = {}, cwd = tmpdir()) {
    const { TANGO_HOST: _, ...inherited } = process.env
    const began = performance.now()
    const child = spawn(process.execPath, [CLI, ...words], {
      cwd,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child = child
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (this.stdout === '') this.firstOutputAfterMs = performance.now() - began
      this.stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }))
    })
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Waits for a text on standard output; fails at once when the program ends without it. */
  async says(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const found = (): RegExpExecArray | undefined => pattern.exec(this.stdout) ?? undefined
    const ended = this.ended.then(({ code, signal, stdout, stderr }) => {
      const match = found()
      if (match !== undefined) return match
      throw new Error(`the program ended (${signal ?? code}) with ${stdout}${stderr}`)
    })
    return await Promise.race([eventually(String(pattern), found, timeoutMs), ended])
  }
}

/** Runs a command of the command line to its end. */
export async function runCli(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Ending> {
  const program = new CliProcess(words, environment)
  try {
    return await within(`the end of bandoneon ${words.join(' ')}`, program.ended, START_MS)
  } finally {
    if (program.running) program.child.kill('SIGKILL')
  }
}

interface RunFile {
  readonly pid: number
  readonly processes: Readonly<Record<string, number>>
  readonly simulatorControl?: { readonly host: string; readonly port: number }
}

/** A running facility. Whoever starts it closes it. */
export class TestFacility implements AsyncDisposable {
  readonly program: CliProcess
  readonly tangoHost: string
  readonly doorName: string
  readonly data: string
  readonly #owned: string | undefined
  readonly #clients: TangoProcess[] = []

  private constructor(program: CliProcess, ready: RegExpExecArray, owned: string | undefined) {
    this.program = program
    this.tangoHost = ready[1] ?? ''
    this.doorName = ready[2] ?? ''
    this.data = ready[3] ?? ''
    this.#owned = owned
  }

  /** Starts a facility and waits for its ready line. */
  static async start(options: TestFacilityOptions = {}): Promise<TestFacility> {
    const owned = options.data === undefined ? mkdtempSync(join(tmpdir(), 'bandoneon-facility-')) : undefined
    const data = options.data ?? join(owned ?? '', 'data')
    const words = ['start', '--port', String(options.port ?? 0), '--data', data]
    if (options.isolated === true) words.push('--isolated')
    if (options.beamline !== undefined) words.push('--beamline', options.beamline)
    if (options.database !== undefined) words.push('--database', options.database)
    const program = new CliProcess(words)
    try {
      const ready = await program.says(/^bandoneon ready TANGO_HOST=(\S+) door=(\S+) data=(.+)$/m, START_MS)
      return new TestFacility(program, ready, owned)
    } catch (error) {
      for (const { pid } of processTree(program.child.pid ?? -1)) kill(pid)
      if (owned !== undefined) rmSync(owned, { recursive: true, force: true })
      throw error
    }
  }

  get pid(): number {
    return this.program.child.pid ?? -1
  }

  /** `run.json` as it is now. */
  get description(): RunFile {
    return JSON.parse(readFileSync(join(this.data, 'run.json'), 'utf8')) as RunFile
  }

  /** All living processes of the facility, the launcher first. */
  get processes(): readonly ProcessEntry[] {
    return processTree(this.pid)
  }

  /**
   * Process by its name in run.json, or `door` for the process in which macros run.
   * @throws Error when there is none
   */
  processId(name: string): number {
    const pid =
      name === 'door'
        ? this.processes.find(({ command }) => command.includes('door-process'))?.pid
        : this.description.processes[name]
    if (pid === undefined || pid <= 0 || !isAlive(pid))
      throw new Error(`no process ${name} in ${JSON.stringify(this.description.processes)}`)
    return pid
  }

  /** Ends a process at once (SIGKILL) and returns its former id. */
  killProcess(name: string): number {
    const pid = this.processId(name)
    process.kill(pid, 'SIGKILL')
    return pid
  }

  /** Resolves when a process of this name runs again under another id. */
  async restarted(name: string, formerPid: number): Promise<void> {
    await eventually(`a new process ${name}`, () => this.processId(name) !== formerPid, 20_000)
  }

  /** A Tango client of its own; closed with the facility. */
  async client(): Promise<TangoProcess> {
    const client = await TangoProcess.create({ listen: false, tangoHost: this.tangoHost, log: silentLogger() })
    this.#clients.push(client)
    return client
  }

  /** Watches the door through a new client. */
  async door(): Promise<DoorWatch> {
    return await DoorWatch.open(await this.client(), this.doorName)
  }

  /** Resolves with a watch of the door once it accepts macros, after restarts for example. */
  async doorReady(timeoutMs = 20_000): Promise<DoorWatch> {
    const client = await this.client()
    const proxy = client.proxy(this.doorName)
    await eventually(
      'a door that accepts macros',
      async () => {
        const state = await proxy.state()
        return state === 'ON' || state === 'ALARM'
      },
      timeoutMs,
    )
    return await eventually('events of the door', () => DoorWatch.open(client, this.doorName), timeoutMs)
  }

  /** Sends one line to the fault line of the simulators. @returns the answer */
  async simulators(line: string): Promise<string> {
    const control = this.description.simulatorControl
    if (control === undefined) throw new Error('no simulators')
    return await within(
      `the answer to ${line}`,
      new Promise((resolve, reject) => {
        const socket = connect(control.port, control.host, () => socket.write(`${line}\n`))
        let text = ''
        socket.setEncoding('utf8').on('data', (part: string) => {
          text += part
          if (!text.includes('\n')) return
          socket.destroy()
          resolve(text.trim())
        })
        socket.once('error', reject)
      }),
      5_000,
    )
  }

  /** Ctrl-C: sends SIGINT to the launcher and waits for its end. */
  async interrupt(): Promise<Ending> {
    await this.#closeClients()
    this.program.child.kill('SIGINT')
    return await within('the end after SIGINT', this.program.ended, STOP_MS)
  }

  /** Ends everything, whatever state it is in. */
  async close(): Promise<void> {
    await this.#closeClients()
    if (this.program.running) {
      const tree = this.processes
      this.program.child.kill('SIGINT')
      await within('the end', this.program.ended, STOP_MS).catch(() => undefined)
      for (const { pid } of tree) if (isAlive(pid)) kill(pid)
    }
    if (this.#owned !== undefined) rmSync(this.#owned, { recursive: true, force: true })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close().catch(() => undefined)))
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}
