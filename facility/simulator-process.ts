// The child process with the simulated boxes: started with free ports, restarted on the same ones.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { devFailed } from '#tango/pure'
import { programFile } from './catalogue.ts'
import type { LauncherLog } from './launcher-log.ts'
import { LogFile } from './log-file.ts'
import type { BoxAddress, SimulatedBox } from './messages.ts'

/** Time for the simulators to come up, ms. */
const START_MS = 10_000
/** First pause before a restart, doubled each time up to the longest; the first again after a stable life, ms. */
const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 10_000
const STABLE_MS = 30_000
/** How long the boxes may take to end, ms. */
const STOP_MS = 2_000

/** The simulators of a facility. */
export class SimulatorProcess {
  readonly #boxes: readonly SimulatedBox[]
  readonly #world: unknown
  readonly #log: LauncherLog
  readonly #output: LogFile
  readonly #onReady: (() => void) | undefined
  #child: ChildProcess | undefined
  #addresses: Readonly<Record<string, BoxAddress>> = {}
  #control: BoxAddress | undefined
  #stopping = false
  #pause = FIRST_PAUSE_MS
  #timer: NodeJS.Timeout | undefined

  constructor(
    boxes: readonly SimulatedBox[],
    world: unknown,
    options: { log: LauncherLog; logFile: string; onReady?: () => void },
  ) {
    this.#boxes = boxes
    this.#world = world
    this.#log = options.log
    this.#output = new LogFile(options.logFile)
    this.#onReady = options.onReady
  }

  /** Where each box listens, once started. */
  get addresses(): Readonly<Record<string, BoxAddress>> {
    return this.#addresses
  }

  /** Text line for faults: `fault <box> unplug`. */
  get control(): BoxAddress | undefined {
    return this.#control
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the boxes and resolves when they listen. */
  async start(): Promise<void> {
    const config = {
      boxes: this.#boxes.map((box) => ({ ...box, port: this.#addresses[box.name]?.port ?? 0 })),
      world: this.#world,
      control: { port: this.#control?.port ?? 0 },
    }
    const child = spawn(process.execPath, [programFile('simulators/main'), '--config', JSON.stringify(config)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true, // Ctrl-C in the terminal is for the launcher, which ends its children in order
    })
    const began = performance.now()
    this.#child = child
    child.stderr.on('data', (text: Buffer) => this.#output.append(text))
    child.once('exit', (code, signal) => this.#ended(performance.now() - began, signal ?? `code ${code}`))
    const ready = await firstLine(child)
    this.#addresses = ready.boxes
    this.#control = ready.control
    this.#onReady?.()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    clearTimeout(this.#timer)
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.stdin?.end()
    child.kill('SIGTERM')
    const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
    await exited
    clearTimeout(kill)
    await this.#output.flush()
  }

  #ended(lived: number, how: string): void {
    // before the first ready line nobody is told anything by a restart: the start fails
    if (this.#stopping || this.#control === undefined) return
    if (lived > STABLE_MS) this.#pause = FIRST_PAUSE_MS
    this.#log.warn('simulators ended; they are restarted', { how, afterMs: this.#pause })
    this.#timer = setTimeout(() => {
      this.start().catch((error: unknown) => this.#log.error('simulators cannot start', { error: String(error) }))
    }, this.#pause)
    this.#pause = Math.min(LONGEST_PAUSE_MS, this.#pause * 2)
  }
}

interface ReadyLine {
  readonly boxes: Readonly<Record<string, BoxAddress>>
  readonly control?: BoxAddress
}

async function firstLine(child: ChildProcess): Promise<ReadyLine> {
  const { stdout } = child
  if (stdout === null) throw new Error('unreachable: stdout is a pipe')
  const lines = createInterface({ input: stdout })
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<ReadyLine>((resolve, reject) => {
      const failed = (desc: string, cause?: unknown) => reject(devFailed('Internal_Error', desc, { cause }))
      timer = setTimeout(() => {
        child.kill('SIGKILL')
        reject(devFailed('API_DeviceTimedOut', `the simulators did not start within ${START_MS / 1000} s`))
      }, START_MS)
      child.once('error', (error) => failed(`the simulators cannot be started: ${error.message}`))
      child.once('exit', (code, signal) =>
        failed(`the simulators ended (${signal ?? `code ${code}`}) before they were ready; see simulators.log`),
      )
      lines.once('line', (line) => {
        try {
          resolve(JSON.parse(line) as ReadyLine)
        } catch (error) {
          failed(`the simulators said '${line}' instead of where they are`, error)
        }
      })
    })
  } finally {
    clearTimeout(timer)
  }
}
