// A whole facility from one beamline file: simulators, database, servers; one ready line; supervision; ordered shutdown.

import { join, resolve } from 'node:path'
import { packagedBeamline, programFile } from './catalogue.ts'
import { DataFolder } from './data-folder.ts'
import { Fleet } from './fleet.ts'
import { freePort } from './free-port.ts'
import { type LauncherLog, launcherLog } from './launcher-log.ts'
import { logFileName } from './log-history.ts'
import type { BeamlinePlan } from './messages.ts'
import { firstProcess, planProcesses } from './process-plan.ts'
import { SERVER_RUNTIME } from './runtime.ts'
import { SimulatorProcess } from './simulator-process.ts'
import type { RunningStarter } from './starter/start-starter.ts'
import { SupervisedProcess } from './supervised-process.ts'

/** Options of `bandoneon start`. */
export interface LauncherOptions {
  /** Port of the database; 0 is any free one. */
  readonly port: number
  readonly data: string
  /** Path of the beamline file; the demo when absent. */
  readonly beamline?: string
  /** Every logical server in a process of its own. */
  readonly isolated: boolean
  /** Address of a MariaDB or MySQL that holds the database; absent: a file in the data folder. */
  readonly database?: string
  readonly log?: LauncherLog
}

/** Longest start of one process, ms. */
const START_MS = 30_000

/** Longest end of the Starter with its native servers, ms. */
const STARTER_END_MS = 30_000

/** A running facility. */
export class Facility {
  readonly tangoHost: string
  readonly doors: readonly string[]
  readonly #folder: DataFolder
  readonly #simulators: SimulatorProcess | undefined
  readonly #fleet: Fleet
  readonly #started = new Date().toISOString()
  #closed: Promise<void> | undefined
  /** Resolves with nothing when there is no Starter, for example because the computer has one already. Never rejects. */
  #starter: Promise<RunningStarter | undefined> = Promise.resolve(undefined)

  private constructor(
    tangoHost: string,
    doors: readonly string[],
    folder: DataFolder,
    simulators: SimulatorProcess | undefined,
    fleet: Fleet,
  ) {
    this.tangoHost = tangoHost
    this.doors = doors
    this.#folder = folder
    this.#simulators = simulators
    this.#fleet = fleet
  }

  /** Starts everything and resolves when everything answers. Nothing is left behind when it throws. */
  static async start(options: LauncherOptions): Promise<Facility> {
    const log = options.log ?? launcherLog()
    const port = await freePort(options.port)
    const tangoHost = `127.0.0.1:${port}`
    const logs = join(resolve(options.data), 'log')
    let facility: Facility | undefined
    let fleet: Fleet | undefined
    const supervised = (name: string, logName = `${name}.log`) =>
      new SupervisedProcess({
        name,
        program: programFile('facility/server-process'),
        logFile: join(logs, logName),
        log,
        environment: { TANGO_HOST: tangoHost },
        runtime: SERVER_RUNTIME,
        onReady: () => facility?.redescribe(log),
        onEnd: () => facility?.redescribe(log),
        onHosting: async (request) => (await fleet?.host(request)) === true,
        onApplied: (servers) => void fleet?.follow(servers), // never rejects
      })
    // the process that serves the database reads the beamline file: the launcher stays small, and it is read once
    const databaseApart = options.isolated || options.database !== undefined
    const first = supervised(firstProcess(databaseApart))
    let plan: BeamlinePlan
    let folder: DataFolder
    try {
      first.fork()
      first.read(options.beamline ?? packagedBeamline('demo'), { isolated: databaseApart })
      plan = (await first.reached('plan', START_MS)).plan
      folder = new DataFolder(options.data)
    } catch (error) {
      await first.stop()
      throw error
    }
    const plans = planProcesses(plan, options.isolated, databaseApart)
    fleet = new Fleet({
      isolated: options.isolated,
      plans,
      first,
      make: ({ name, servers }) => supervised(name, servers.length === 1 ? logFileName(servers[0] ?? name) : undefined),
      start: { tangoHost, dataFolder: folder.path },
      log,
    })
    const simulators = simulatorsOf(plan, log, join(logs, 'simulators.log'), () => facility?.redescribe(log))
    facility = new Facility(tangoHost, plan.doors, folder, simulators, fleet)
    try {
      fleet.fork()
      await simulators?.start()
      const held = { port, ...(options.database === undefined ? {} : { where: options.database }) }
      await fleet.run({ first: { ...held, boxes: simulators?.addresses ?? {} }, again: held })
    } catch (error) {
      await facility.close()
      throw error
    }
    facility.describe()
    fleet.onChange(() => facility?.redescribe(log))
    facility.#beStarter(logs, log)
    return facility
  }

  /** Resolves when this launcher is the Starter of its computer, or cannot be. */
  get starterReady(): Promise<unknown> {
    return this.#starter
  }

  get data(): string {
    return this.#folder.path
  }

  /** The line that tells people and scripts that everything answers. */
  get readyLine(): string {
    return `bandoneon ready TANGO_HOST=${this.tangoHost} door=${this.doors.join(',')} data=${this.data}`
  }

  /** Writes run.json. */
  describe(): void {
    if (this.#closed !== undefined) return
    const pids = this.#fleet.members.flatMap(({ process: { name, pid } }) =>
      pid === undefined ? [] : [[name, pid] as const],
    )
    const simulators = this.#simulators?.pid
    this.#folder.describe({
      pid: process.pid,
      tangoHost: this.tangoHost,
      doors: this.doors,
      data: this.data,
      started: this.#started,
      processes: Object.fromEntries(simulators === undefined ? pids : [...pids, ['simulators', simulators]]),
      ...(this.#simulators?.control === undefined ? {} : { simulatorControl: this.#simulators.control }),
    })
  }

  /** Writes run.json again after a restart; a full disk must not end the facility. */
  redescribe(log: LauncherLog): void {
    try {
      this.describe()
    } catch (error) {
      log.warn('run.json cannot be written', { error: String(error) })
    }
  }

  /** Ends all processes, the ones started last first, then the simulators. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#endStarter()
    await this.#fleet.close()
    await this.#simulators?.stop()
    this.#folder.close()
  }

  /** The processes below are ended even when a native server, or the database, keeps the Starter waiting. */
  async #endStarter(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STARTER_END_MS)
    })
    const end = async (): Promise<void> => (await this.#starter)?.close()
    try {
      await Promise.race([end(), late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Begins after the ready line: until then the launcher does without Tango, which costs time and memory. */
  #beStarter(logs: string, log: LauncherLog): void {
    const { tangoHost } = this
    this.#starter = (async () => {
      await new Promise((resolve) => setImmediate(resolve))
      if (this.#closed !== undefined) return undefined
      try {
        const { startStarter } = await import('./starter/start-starter.ts')
        if (this.#closed !== undefined) return undefined
        const others = () => {
          const pid = this.#simulators?.pid
          return pid === undefined ? [] : [{ name: 'simulators', pid, servers: [] }]
        }
        return await startStarter({ tangoHost, logs, launched: this.#fleet, others, log })
      } catch (error) {
        if (this.#closed === undefined) log.warn('this launcher is no Starter', { error: String(error) })
        return undefined
      }
    })()
  }
}

function simulatorsOf(
  { simulators, world }: BeamlinePlan,
  log: LauncherLog,
  logFile: string,
  onReady: () => void,
): SimulatorProcess | undefined {
  return simulators.length === 0 ? undefined : new SimulatorProcess(simulators, world, { log, logFile, onReady })
}
