// The child process with the simulated boxes: started with free ports, restarted on the same ones.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Logger } from '#tango'
import { devFailed } from '#tango/pure'
import { programFile } from './catalogue.ts'
import { LogFile } from './log-file.ts'
import type { BoxAddress } from './messages.ts'

/** A box to simulate. */
export interface SimulatedBox {
  readonly name: string
  readonly kind: string
  readonly options: Readonly<Record<string, unknown>>
}

/** Time for the simulators to come up, ms. */
const START_MS = 10_000
const RESTART_MS = 200

/** The simulators of a facility. */
export class SimulatorProcess {
  readonly #boxes: readonly SimulatedBox[]
  readonly #world: unknown
  readonly #log: Logger
  readonly #output: LogFile
  readonly #onReady: (() => void) | undefined
  #child: ChildProcess | undefined
  #addresses: Readonly<Record<string, BoxAddress>> = {}
  #control: BoxAddress | undefined
  #stopping = false
  #timer: NodeJS.Timeout | undefined

  constructor(
    boxes: readonly SimulatedBox[],
    world: unknown,
    options: { log: Logger; logFile: string; onReady?: () => void },
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
    this.#child = child
    child.stderr.on('data', (text: Buffer) => this.#output.append(text))
    child.once('exit', (code, signal) => {
      if (this.#stopping) return
      this.#log.warn('simulators ended; they are restarted', { how: signal ?? `code ${code}` })
      this.#timer = setTimeout(() => {
        this.start().catch((error: unknown) => this.#log.error('simulators cannot start', { error: String(error) }))
      }, RESTART_MS)
    })
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
    const kill = setTimeout(() => child.kill('SIGKILL'), 2_000)
    await exited
    clearTimeout(kill)
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
  return await new Promise<ReadyLine>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(devFailed('API_DeviceTimedOut', 'the simulators did not start within 10 s')),
      START_MS,
    )
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(devFailed('Internal_Error', `the simulators ended with code ${code} before they were ready`))
    })
    lines.once('line', (line) => {
      clearTimeout(timer)
      resolve(JSON.parse(line) as ReadyLine)
    })
  })
}
