// A whole facility from one beamline file: simulators, database, servers; one ready line; supervision; ordered shutdown.

import { join } from 'node:path'
import { type Beamline, readBeamlineFile } from '#db-config'
import { createLogger, type Logger } from '#tango'
import { driverNames, packagedBeamline, programFile } from './catalogue.ts'
import { DataFolder } from './data-folder.ts'
import { freePort } from './free-port.ts'
import { SimulatorProcess } from './simulator-process.ts'
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
  readonly log?: Logger
}

/** Longest start of one process, ms. */
const START_MS = 30_000

/** A running facility. */
export class Facility {
  readonly tangoHost: string
  readonly doors: readonly string[]
  readonly #folder: DataFolder
  readonly #simulators: SimulatorProcess | undefined
  readonly #processes: readonly SupervisedProcess[]
  readonly #started = new Date().toISOString()
  #closed: Promise<void> | undefined

  private constructor(
    tangoHost: string,
    doors: readonly string[],
    folder: DataFolder,
    simulators: SimulatorProcess | undefined,
    processes: readonly SupervisedProcess[],
  ) {
    this.tangoHost = tangoHost
    this.doors = doors
    this.#folder = folder
    this.#simulators = simulators
    this.#processes = processes
  }

  /** Starts everything and resolves when everything answers. Nothing is left behind when it throws. */
  static async start(options: LauncherOptions): Promise<Facility> {
    const log = options.log ?? createLogger({})
    const beamlineFile = options.beamline ?? packagedBeamline('demo')
    const beamline = readBeamlineFile(beamlineFile, { drivers: await driverNames() })
    const port = await freePort(options.port)
    const folder = new DataFolder(options.data)
    const tangoHost = `127.0.0.1:${port}`
    let facility: Facility | undefined
    const plans = planProcesses(beamline, options.isolated)
    const processes = plans.map(
      ({ name }) =>
        new SupervisedProcess({
          name,
          program: programFile('facility/server-process'),
          logFile: join(folder.path, 'log', `${name}.log`),
          log,
          environment: { TANGO_HOST: tangoHost },
          onReady: () => facility?.redescribe(log),
        }),
    )
    const simulators = simulatorsOf(beamline, log, join(folder.path, 'log', 'simulators.log'), () =>
      facility?.redescribe(log),
    )
    facility = new Facility(
      tangoHost,
      beamline.doors.map((d) => d.device),
      folder,
      simulators,
      processes,
    )
    try {
      for (const process of processes) process.fork()
      await simulators?.start()
      await facility.#startServers(plans, port, beamlineFile)
    } catch (error) {
      await facility.close()
      throw error
    }
    facility.describe()
    return facility
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
    const pids = this.#processes.map((p) => [p.name, p.pid ?? 0] as const)
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
  redescribe(log: Logger): void {
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
    const database = this.#processes[0]
    await Promise.all(this.#processes.slice(1).map((p) => p.stop()))
    await database?.stop()
    await this.#simulators?.stop()
    this.#folder.close()
  }

  async #startServers(plans: readonly ProcessPlan[], port: number, beamline: string): Promise<void> {
    const [first, ...others] = plans
    const database = this.#processes[0]
    if (first === undefined || database === undefined) throw new Error('unreachable: a plan without processes')
    const common = { kind: 'start' as const, tangoHost: this.tangoHost, dataFolder: this.data }
    database.run({
      ...common,
      servers: first.servers,
      database: { port, beamline, boxes: this.#simulators?.addresses ?? {} },
    })
    await database.reached('database-ready', START_MS)
    // the order of the plan is the order of dependence: controllers, pool, macro server
    const independent = others.map(async (plan, i) => {
      const process = this.#processes[i + 1]
      if (plan.after !== undefined)
        await this.#processes[plans.findIndex((p) => p.name === plan.after)]?.reached('ready', START_MS)
      process?.run({ ...common, servers: plan.servers })
      await process?.reached('ready', START_MS)
    })
    await Promise.all([database.reached('ready', START_MS), ...independent])
  }
}

/** One process and its logical servers; the first one also serves the database. */
interface ProcessPlan {
  readonly name: string
  readonly servers: readonly string[]
  /** Process that must be ready before. */
  readonly after?: string
}

function planProcesses(beamline: Beamline, isolated: boolean): ProcessPlan[] {
  const recorders = new Set(beamline.recorders.map((r) => r.server))
  const rank = (server: string) => (server.startsWith('Pool/') ? 1 : server.startsWith('MacroServer/') ? 2 : 0)
  const inMain = beamline.servers.filter((s) => !recorders.has(s)).sort((a, b) => rank(a) - rank(b))
  const recorderPlans = [...recorders].map((server) => ({ name: processName(server), servers: [server] }))
  if (!isolated) return [{ name: 'main', servers: inMain }, ...recorderPlans]
  const plans: ProcessPlan[] = [{ name: 'database', servers: [] }]
  for (const server of inMain) {
    const before = plans.filter((p) => p.servers.length > 0 && rank(p.servers[0] ?? '') < rank(server)).pop()
    plans.push({
      name: processName(server),
      servers: [server],
      ...(before === undefined ? {} : { after: before.name }),
    })
  }
  return [...plans, ...recorderPlans]
}

function processName(server: string): string {
  return server.toLowerCase().replace('/', '-')
}

function simulatorsOf(
  beamline: Beamline,
  log: Logger,
  logFile: string,
  onReady: () => void,
): SimulatorProcess | undefined {
  const { simulators, world } = beamline
  return simulators.length === 0 ? undefined : new SimulatorProcess(simulators, world, { log, logFile, onReady })
}
