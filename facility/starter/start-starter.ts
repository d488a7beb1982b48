// Starts the Starter of this computer in the launcher: its Tango side, the device, what it supervises.

import { hostname } from 'node:os'
import { starter } from '#interfaces/starter'
import {
  createLogger,
  type DatabaseClient,
  DevFailed,
  type DeviceServer,
  findClassFile,
  TangoProcess,
  typedProperties,
} from '#tango'
import { CLASS_FOLDERS, programFile } from '../catalogue.ts'
import type { Fleet, Member } from '../fleet.ts'
import type { LauncherLog } from '../launcher-log.ts'
import { SERVER_RUNTIME } from '../runtime.ts'
import type { Sign } from './controlled-server.ts'
import { type Executable, findExecutable } from './executable.ts'
import { hostServers } from './host-servers.ts'
import { NativeServer } from './native-server.ts'
import { OwnServer } from './own-server.ts'
import { readProcessTable, servesServer, tangoHostOf } from './process-table.ts'
import { type MeasuredProcess, ResourceMeter } from './resource-meter.ts'
import { serverParts } from './server-runner.ts'
import { StarterDevice, type StarterProperties, settingsFrom, starterClass } from './starter-device.ts'
import { StarterJournal } from './starter-journal.ts'
import { type StarterPaths, serverLog, starterPaths } from './starter-paths.ts'
import { type OwnEntry, Supervision } from './supervision.ts'

/** Options of {@link serveStarter}. */
export interface StarterOptions {
  /** Folder of the logs, unless the property LogFileHome names another. */
  readonly logs: string
  /** Processes of the launcher; absent in a Starter that runs alone. */
  readonly launched?: Pick<Fleet, 'members' | 'onChange'>
  /** Further processes whose resources are shown. */
  readonly others?: () => readonly MeasuredProcess[]
  readonly log: LauncherLog
  /** Whether native servers end with it when the property StopServersAtShutdown does not say. */
  readonly stopServers: boolean
}

/** A running Starter. */
export interface RunningStarter {
  readonly server: DeviceServer
  /** `tango/admin/<host>`. */
  readonly device: string
  /** Stops native servers, then the device. The database must still answer. */
  close(): Promise<void>
}

/** How long a server may take to answer a ping, ms. */
const PING_MS = 2_000

/** Instance of the server, and device, of a computer, as native tools expect them. */
export function starterNames(host: string): { readonly instance: string; readonly device: string } {
  const short = (host.split('.')[0] ?? host).toLowerCase()
  return { instance: short, device: `tango/admin/${short}` }
}

/**
 * Starts the Starter of this computer in the launcher.
 * @throws DevFailed `Server_AlreadyRunning` when another one answers at this database
 */
export async function startStarter(
  options: Omit<StarterOptions, 'stopServers'> & { readonly tangoHost: string },
): Promise<RunningStarter> {
  const { tangoHost } = options
  const [host = '127.0.0.1'] = tangoHost.split(':')
  const tango = await TangoProcess.create({ host, tangoHost, log: createLogger({ level: 'WARN' }) })
  try {
    const running = await serveStarter(tango, { ...options, stopServers: true })
    const close = async (): Promise<void> => {
      await running.close()
      await tango.close()
    }
    return { ...running, close }
  } catch (error) {
    await tango.close()
    throw error
  }
}

/**
 * Starts the Starter of this computer in a process.
 * @throws DevFailed `Server_AlreadyRunning` when another one answers at this database
 */
export async function serveStarter(tango: TangoProcess, options: StarterOptions): Promise<RunningStarter> {
  const journal = new StarterJournal(options.logs, () => tango.clock.now())
  const names = starterNames(hostname())
  const scene = new Scene(options, tango, journal, names.instance)
  const server = await tango.startServer({
    server: starter.class,
    instance: names.instance,
    classes: [scene.deviceClass],
    devices: [{ class: starter.class, name: names.device }],
  })
  const device = server.device(names.device)
  scene.device = device instanceof StarterDevice ? device : undefined
  await scene.supervision.begin()
  let closed: Promise<void> | undefined
  const watch = (watcher: () => void): void => {
    for (const { process: own } of options.launched?.members ?? []) own.watch(watcher)
  }
  const look = () => void scene.supervision.round() // never rejects
  watch(look)
  options.launched?.onChange(() => {
    if (closed !== undefined) return
    watch(look)
    void scene.supervision.follow() // never rejects
  })
  const end = async (): Promise<void> => {
    watch(() => undefined)
    await scene.supervision.close()
    journal.record('Starter shutdown')
    await journal.flush()
    await server.stop()
  }
  return {
    server,
    device: names.device,
    close: () => {
      closed ??= end()
      return closed
    },
  }
}

/** Everything that device, supervision and servers share. */
class Scene {
  readonly supervision: Supervision
  readonly deviceClass: ReturnType<typeof starterClass>
  device: StarterDevice | undefined
  readonly #options: StarterOptions
  readonly #tango: TangoProcess
  readonly #natives = new Map<string, NativeServer>()
  readonly #pids = new Map<string, readonly number[]>()
  #paths: StarterPaths

  constructor(options: StarterOptions, tango: TangoProcess, journal: StarterJournal, instance: string) {
    this.#options = options
    this.#tango = tango
    // what the database says comes with the first init of the device
    const usual = typedProperties(starter, []).values as StarterProperties
    this.#paths = starterPaths(usual, options.logs)
    const { clock } = tango
    const meter = new ResourceMeter(clock)
    this.supervision = new Supervision(
      {
        clock,
        log: options.log,
        journal,
        own: ownEntries(options.launched),
        listed: () => hostServers(this.#database, instance),
        ping: (server) => this.#ping(server),
        exported: async (server) => (await this.#database.importDevice(`dserver/${server}`)).exported,
        runner: (server) => this.#native(server),
        look: (servers) => this.#look(servers),
        changed: async () => this.device?.refresh(),
      },
      settingsFrom(usual, options.stopServers),
    )
    this.deviceClass = starterClass({
      supervision: this.supervision,
      journal,
      configured: (properties) => {
        this.#paths = starterPaths(properties, options.logs)
        journal.moveTo(this.#paths.logFolder)
        this.supervision.configure(settingsFrom(properties, options.stopServers))
      },
      resources: () => meter.lines(this.#processes()),
      logFile: (server) => serverLog(this.#paths, server),
    })
  }

  get #database(): DatabaseClient {
    return this.#tango.database()
  }

  async #ping(server: string): Promise<Sign> {
    try {
      const admin = this.#tango.proxy(`dserver/${server}`)
      admin.timeoutMs = PING_MS
      await admin.ping()
      return 'answers'
    } catch (error) {
      const gone = ['API_DeviceNotExported', 'DB_DeviceNotDefined', 'API_DeviceNotDefined', 'API_DeviceNotFound']
      return error instanceof DevFailed && gone.some((reason) => error.has(reason)) ? 'absent' : 'silent'
    }
  }

  #native(name: string): NativeServer {
    const key = name.toLowerCase()
    const known = this.#natives.get(key)
    if (known !== undefined) return known
    const [server] = serverParts(name)
    const made = new NativeServer(name, {
      clock: this.#tango.clock,
      log: this.#options.log,
      environment: { TANGO_HOST: this.#tango.tangoHost },
      logFile: () => serverLog(this.#paths, name),
      keepLogs: () => this.#paths.keepLogs,
      executable: () => findExecutable(server, this.#paths.programFolders, () => this.#ourServe(name)),
      askToEnd: async () => {
        const admin = this.#tango.proxy(`dserver/${name}`)
        admin.timeoutMs = PING_MS
        await admin.command('Kill')
      },
      known: () => this.#pids.get(key) ?? [],
      onEnd: () => {
        this.#pids.delete(key)
        void this.supervision.round() // never rejects
      },
    })
    this.#natives.set(key, made)
    return made
  }

  /** Our command `serve`, when we have all classes of a server. */
  async #ourServe(name: string): Promise<Executable | undefined> {
    const classes = await this.#database.serverClassList(name)
    const files = await Promise.all(classes.map((className) => findClassFile(className, CLASS_FOLDERS)))
    if (files.length === 0 || files.includes(undefined)) return undefined
    const [server] = serverParts(name)
    return { file: process.execPath, words: [...SERVER_RUNTIME, programFile('cli/main'), 'serve', server] }
  }

  /** Finds the processes of servers that are none of the launcher's. */
  async #look(servers: readonly string[]): Promise<void> {
    const table = await readProcessTable()
    for (const name of servers) {
      const found = table.filter((entry) => servesServer(entry, name))
      // another control system may have a server of this name on the same computer
      const ours = await Promise.all(found.map(({ pid }) => this.#isOurs(pid, name)))
      const pids = found.flatMap(({ pid }, i) => (ours[i] === true ? [pid] : []))
      this.#pids.set(name.toLowerCase(), pids)
    }
    for (const native of this.#natives.values()) if (native.startedHere) await native.limitLog()
  }

  /** Whether a process belongs to this control system: by its TANGO_HOST, or because the database knows it. */
  async #isOurs(pid: number, name: string): Promise<boolean> {
    const tangoHost = await tangoHostOf(pid)
    if (tangoHost !== undefined) return tangoHost === this.#tango.tangoHost
    try {
      return (await this.#database.importDevice(`dserver/${name}`)).pid === pid
    } catch {
      return false
    }
  }

  #processes(): MeasuredProcess[] {
    const own = (this.#options.launched?.members ?? []).flatMap(({ process: { name, pid }, servers }) =>
      pid === undefined ? [] : [{ name, pid, servers }],
    )
    const native = this.supervision.servers.flatMap(({ name, runner }) =>
      runner.kind === 'native' && runner.pid !== undefined ? [{ name, pid: runner.pid, servers: [name] }] : [],
    )
    const self = this.#options.launched === undefined ? 'starter' : 'launcher'
    return [{ name: self, pid: process.pid, servers: [] }, ...own, ...(this.#options.others?.() ?? []), ...native]
  }
}

/** The launcher's servers as they are at each call; the same server in the same process is the same object. */
function ownEntries(launched: StarterOptions['launched']): () => readonly OwnEntry[] {
  const known = new WeakMap<Member['process'], Map<string, OwnServer>>()
  return () =>
    (launched?.members ?? []).flatMap(({ process, servers, alone }) => {
      const runners = known.get(process) ?? new Map<string, OwnServer>()
      known.set(process, runners)
      return servers.map((name) => {
        const runner = runners.get(name) ?? new OwnServer(process, name, { alone })
        runners.set(name, runner)
        return { name, runner, level: usualLevel(name) }
      })
    })
}

/** Controllers before the pool, the pool before the macro server. */
function usualLevel(server: string): number {
  if (/^MacroServer\//i.test(server)) return 3
  return /^Pool\//i.test(server) ? 2 : 1
}
