// The servers of this computer: which there are, how they are, and orders to them. Knows neither Tango nor processes.

import type { Clock, HostedServer } from '#tango'
import { type DevState, devFailed } from '#tango/pure'
import type { LauncherLog } from '../launcher-log.ts'
import { ControlledServer, type RestartRule, type Sign } from './controlled-server.ts'
import { type LevelTimes, RunLevels } from './run-levels.ts'
import type { ServerRunner } from './server-runner.ts'
import type { StarterJournal } from './starter-journal.ts'

/** What the properties of the device say. */
export interface SupervisionSettings extends RestartRule, LevelTimes {
  readonly startAtStartup: boolean
  /** Pause before the first level, ms. */
  readonly firstPauseMs: number
  /** Levels that are started by themselves: 1 to this. */
  readonly levels: number
  /** A server that is MOVING for longer makes the whole STANDBY, ms. */
  readonly movingMaxMs: number
  /** How often the database is asked for its list, ms. */
  readonly listMs: number
  readonly stopAtShutdown: boolean
}

/** A server of the launcher. */
export interface OwnEntry {
  readonly name: string
  readonly runner: ServerRunner
  /** Run level when the database has none. */
  readonly level: number
}

/** What the supervision needs of its surroundings. */
export interface SupervisionSurroundings {
  readonly clock: Clock
  readonly log: LauncherLog
  readonly journal: Pick<StarterJournal, 'record' | 'statistics' | 'reset'>
  /** The launcher's servers; what a configuration brings comes among them. */
  own(): readonly OwnEntry[]
  /** Servers of this computer in the database. */
  listed(): Promise<readonly HostedServer[]>
  ping(server: string): Promise<Sign>
  exported(server: string): Promise<boolean>
  /** Makes what starts a server that is none of the launcher's. */
  runner(server: string): ServerRunner
  /** Looks at the processes of this computer, when there are servers that are none of the launcher's. */
  look(servers: readonly string[]): Promise<void>
  /** Called after every look at the servers. */
  changed(): Promise<void>
}

/** How often all servers are looked at, ms; more often while one is starting. */
const CHECK_MS = 1_000
const CHECK_MOVING_MS = 250

/** How often the processes of this computer are looked at, ms. */
const LOOK_MS = 5_000

/** Servers of the control system itself, which nobody stops from here. */
const HIDDEN = new Set(['starter', 'databaseds', 'tangoaccesscontrol', 'logconsumer', 'beamlineconfiguration'])

/** Watches and orders servers. */
export class Supervision {
  readonly #around: SupervisionSurroundings
  readonly #levels: RunLevels
  /** By lower-case name, in the order of the database. */
  #servers = new Map<string, ControlledServer>()
  #settings: SupervisionSettings
  readonly #ending = new AbortController()
  #listedAt = Number.NEGATIVE_INFINITY
  #looked = false
  #lookedAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  #round: Promise<void> | undefined

  constructor(around: SupervisionSurroundings, settings: SupervisionSettings) {
    this.#around = around
    this.#settings = settings
    this.#levels = new RunLevels({
      clock: around.clock,
      log: around.log,
      journal: around.journal,
      times: () => this.#settings,
      signal: () => this.#ending.signal,
    })
  }

  /** Takes other settings from now on. */
  configure(settings: SupervisionSettings): void {
    this.#settings = settings
  }

  /** All servers, in the order of the database. */
  get servers(): readonly ControlledServer[] {
    return [...this.#servers.values()]
  }

  /** Begins to watch, and starts the controlled servers level by level. Resolves after the first look at all servers. */
  async begin(): Promise<void> {
    await this.round()
    this.#running ??= this.#run() // never rejects
    void this.#startLevels() // never rejects
  }

  /** State and Status of the whole. */
  summary(): { readonly state: DevState; readonly status: string } {
    if (!this.#looked) return { state: 'MOVING', status: 'The servers are not known yet' }
    const controlled = this.servers.filter((server) => server.controlled)
    const named = (servers: readonly ControlledServer[]): string => servers.map(({ name }) => name).join(', ')
    const inState = (state: string): ControlledServer[] => controlled.filter((server) => server.state === state)
    const moving = inState('MOVING')
    const since = this.#around.clock.monotonic() - this.#settings.movingMaxMs
    const stuck = moving.filter(({ movingSince }) => movingSince < since)
    if (stuck.length > 0 && stuck.length === moving.length && !this.#levels.busy)
      return { state: 'STANDBY', status: `Not answering for long: ${named(stuck)}` }
    if (moving.length > 0 || this.#levels.busy)
      return { state: 'MOVING', status: `Starting, or not answering: ${named(moving)}` }
    const twice = controlled.filter(({ runner }) => runner.instances > 1)
    if (twice.length > 0) return { state: 'ALARM', status: `Running more than once: ${named(twice)}` }
    const down = inState('FAULT')
    if (down.length === 0) return { state: 'ON', status: 'All controlled servers are running' }
    if (down.length === controlled.length) return { state: 'OFF', status: 'No controlled server is running' }
    return { state: 'ALARM', status: `Not running: ${named(down)}` }
  }

  /** The list is read from the database with the next look. */
  update(): void {
    this.#listedAt = Number.NEGATIVE_INFINITY
  }

  /** Takes over that the launcher's servers are others now. Never rejects. */
  async follow(): Promise<void> {
    if (this.#ending.signal.aborted) return
    const runners = new Set(this.#around.own().map(({ runner }) => runner))
    for (const [key, server] of this.#servers) {
      if (server.runner.kind !== 'own' || runners.has(server.runner)) continue
      this.#servers.delete(key)
      void server.dispose() // its end is no failure; never rejects
    }
    this.update()
    await this.#round // it may have begun with the former list
    await this.round()
  }

  /** Looks at everything. Never rejects. */
  round(): Promise<void> {
    this.#round ??= (async () => {
      try {
        await this.#list()
        await this.#look()
        await Promise.all(this.servers.map((server) => server.check()))
        this.#looked = true
        await this.#around.changed()
      } catch (error) {
        this.#around.log.warn('servers cannot be watched', { error: String(error) })
      } finally {
        this.#round = undefined
      }
    })()
    return this.#round
  }

  /** @throws DevFailed `ALREADY_RUNNING`, `CANNOT_RUN_FILE` */
  async start(name: string): Promise<void> {
    const server = this.#find(name) ?? this.#unlisted(name)
    await this.#ordered(server.start())
    if (this.#find(name) === undefined) this.#servers.set(name.toLowerCase(), server)
  }

  /** @throws DevFailed `Starter_ServerUnknown`, `SERVER_NOT_RUNNING`, `SERVER_NOT_RESPONDING` */
  async stop(name: string): Promise<void> {
    await this.#ordered(this.#get(name).stop())
  }

  /** @throws DevFailed `Starter_ServerUnknown`, `SERVER_NOT_RUNNING` */
  kill(name: string): void {
    this.#get(name).kill()
  }

  /** Begins to start the stopped servers of a level. */
  startLevel(level: number): void {
    void this.#levels.start(level, this.#ofLevel(level)) // never rejects
  }

  /** Stops the running servers of a level; tries all of them. @throws DevFailed the first failure */
  async stopLevel(level: number): Promise<void> {
    this.#levels.cancel(level)
    const running = this.#ofLevel(level).filter(({ state }) => state !== 'FAULT')
    await this.#ordered(settleAll(running.map((server) => server.stop())))
  }

  /** A server by its name in any case. */
  #find(name: string): ControlledServer | undefined {
    return this.#servers.get(name.toLowerCase())
  }

  /** Runner of a server, for its log; also of one that is not in the list. */
  runnerOf(name: string): ServerRunner {
    return this.#find(name)?.runner ?? this.#around.runner(name)
  }

  /** Begins the statistics anew. */
  async resetStatistics(): Promise<void> {
    const watched = this.servers.filter(({ controlled, level }) => controlled && level > 0)
    await this.#around.journal.reset(watched.map(({ statistics }) => statistics))
  }

  /** Ends: native servers that are its own business are stopped, the highest level first. Idempotent. */
  async close(): Promise<void> {
    if (this.#ending.signal.aborted) return
    this.#ending.abort(new Error('the Starter ends'))
    this.#levels.cancel()
    await this.#running
    await this.#round
    const all = this.servers
    // what is being started at this moment is there afterwards, and ends with the others
    await Promise.all(all.map((server) => server.dispose()))
    const foreign = all.filter(({ runner }) => runner.kind === 'native' && runner.phase !== 'down')
    const ending = this.#settings.stopAtShutdown
      ? foreign.filter(({ runner, controlled, level }) => runner.startedHere || (controlled && level > 0))
      : []
    // people's own experiments first, then in the reverse order of the start
    const levels = [...new Set(ending.map(({ level }) => level))].sort((a, b) => order(b) - order(a))
    for (const level of levels) {
      const stops = ending.filter((server) => server.level === level).map(({ runner }) => runner.stop())
      for (const stop of await Promise.allSettled(stops))
        if (stop.status === 'rejected') this.#around.log.error('server not ended', { error: String(stop.reason) })
    }
  }

  async #run(): Promise<void> {
    const { clock } = this.#around
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        await clock.sleep(this.servers.some(({ state }) => state === 'MOVING') ? CHECK_MOVING_MS : CHECK_MS, signal)
      } catch {
        return
      }
      await this.round()
    }
  }

  async #startLevels(): Promise<void> {
    const { clock, log, journal } = this.#around
    const { startAtStartup, firstPauseMs, levels } = this.#settings
    journal.record('Starter startup')
    if (!startAtStartup) return
    try {
      if (firstPauseMs > 0) await clock.sleep(firstPauseMs, this.#ending.signal)
      for (let level = 1; level <= levels; level++) this.startLevel(level)
    } catch (error) {
      if (!this.#ending.signal.aborted) log.error('servers are not started', { error: String(error) })
    }
  }

  /** Looks at processes when it is time, or when one comes or goes. */
  async #look(): Promise<void> {
    const foreign = this.servers.filter(({ runner }) => runner.kind === 'native')
    const now = this.#around.clock.monotonic()
    const due = now - this.#lookedAt >= LOOK_MS || foreign.some(({ state }) => state === 'MOVING')
    if (foreign.length === 0 || !due) return
    this.#lookedAt = now
    await this.#around.look(foreign.map(({ name }) => name))
  }

  /** Takes the list of the database, when it is time. */
  async #list(): Promise<void> {
    const { clock, listed, log } = this.#around
    if (clock.monotonic() - this.#listedAt < this.#settings.listMs) return
    const before = this.#listedAt
    // what changes while the database is asked is read with the next look
    this.#listedAt = clock.monotonic()
    let found: readonly HostedServer[]
    try {
      found = await listed()
    } catch (error) {
      // what was known goes on being watched
      log.debug('the list of servers cannot be read', { error: String(error) })
      if (this.#servers.size > 0) {
        this.#listedAt = before
        return
      }
      found = []
    }
    const own = this.#around.own()
    const wanted = found.filter(({ name }) => !HIDDEN.has(name.split('/')[0]?.toLowerCase() ?? ''))
    const present = new Set(wanted.map(({ name }) => name.toLowerCase()))
    for (const { name, level } of own)
      if (!present.has(name.toLowerCase())) wanted.push({ name, controlled: true, level })
    const servers = new Map<string, ControlledServer>()
    for (const { name, controlled, level } of wanted) {
      const key = name.toLowerCase()
      const ours = own.find((entry) => entry.name.toLowerCase() === key)
      const known = this.#servers.get(key)
      const isSame = ours === undefined ? known?.runner.kind !== 'own' : known?.runner === ours.runner
      if (!isSame) void known?.dispose() // never rejects
      const server = (isSame ? known : undefined) ?? this.#make(name)
      const edited = controlled || level > 0
      server.controlled = controlled || (ours !== undefined && !edited)
      server.level = ours !== undefined && !edited ? ours.level : level
      servers.set(key, server)
    }
    for (const [key, server] of this.#servers) {
      if (servers.has(key)) continue
      // somebody's server that was started here without being in the list stays while it runs
      if (server.runner.kind === 'own' || server.runner.phase === 'down')
        void server.dispose() // never rejects
      else servers.set(key, server)
    }
    this.#servers = servers
  }

  #make(name: string): ControlledServer {
    const { clock, log, journal, own, ping, exported, runner } = this.#around
    const ours = own().find((entry) => entry.name.toLowerCase() === name.toLowerCase())
    return new ControlledServer(name, ours?.runner ?? runner(name), {
      clock,
      log,
      journal,
      ping: () => ping(name),
      exported: () => exported(name),
      restartRule: () => this.#settings,
    })
  }

  /** A server that the database does not list for this computer, as it may be before its first start. */
  #unlisted(name: string): ControlledServer {
    if (!/^[^/]+\/[^/]+$/.test(name))
      throw devFailed('Starter_ServerUnknown', `'${name}' is no server; its name is executable/instance`)
    return this.#make(name)
  }

  #get(name: string): ControlledServer {
    const server = this.#find(name)
    if (server !== undefined) return server
    const names = this.servers.map((known) => known.name).join(', ')
    throw devFailed('Starter_ServerUnknown', `${name} is no server of this computer; there are ${names || 'none'}`)
  }

  #ofLevel(level: number): ControlledServer[] {
    return this.servers.filter((server) => server.controlled && server.level === level)
  }

  /** After an order clients see its effect at once. */
  async #ordered(order: Promise<void>): Promise<void> {
    try {
      await order
    } finally {
      await this.#around.changed()
    }
  }
}

function order(level: number): number {
  return level === 0 ? Number.POSITIVE_INFINITY : level
}

async function settleAll(orders: readonly Promise<void>[]): Promise<void> {
  for (const order of await Promise.allSettled(orders)) if (order.status === 'rejected') throw order.reason
}
