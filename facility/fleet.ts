// The processes of a launcher and which logical servers each has: those of the first plan, and what a configuration adds
// and removes while they run.

import { devFailed } from '#tango/pure'
import type { LauncherLog } from './launcher-log.ts'
import type { AppliedServer, HostingRequest, StartMessage } from './messages.ts'
import { firstProcess, type ProcessPlan, planProcesses } from './process-plan.ts'
import type { SupervisedProcess } from './supervised-process.ts'

/** What the fleet needs of a process. */
export type FleetProcess = Pick<
  SupervisedProcess,
  | 'name'
  | 'pid'
  | 'logFile'
  | 'phase'
  | 'servers'
  | 'fork'
  | 'run'
  | 'reached'
  | 'change'
  | 'resume'
  | 'stop'
  | 'kill'
  | 'watch'
>

/** A process of the launcher. */
export interface Member {
  readonly process: FleetProcess
  /** Its logical servers, also those that people have stopped. */
  readonly servers: readonly string[]
  /** It serves one logical server and nothing else, and ends with it. */
  readonly alone: boolean
}

/** Options of a {@link Fleet}. */
export interface FleetOptions {
  /** Every logical server in a process of its own. */
  readonly isolated: boolean
  /** Plans of the beamline file, that of the database first. */
  readonly plans: readonly ProcessPlan[]
  /** Process of the database. */
  readonly first: FleetProcess
  /** Makes a process, without forking it. */
  readonly make: (plan: ProcessPlan) => FleetProcess
  /** What all processes are told when they start. */
  readonly start: Pick<StartMessage, 'tangoHost' | 'dataFolder'>
  readonly log: LauncherLog
}

/** Longest start of one process or server, ms. */
const START_MS = 30_000

/** Processes with their servers. */
export class Fleet {
  readonly #options: FleetOptions
  readonly #listeners = new Set<() => void>()
  /** Servers that are being brought, by lower-case name. */
  readonly #coming = new Map<string, Promise<boolean>>()
  #members: readonly Member[]
  #closed: Promise<void> | undefined

  constructor(options: FleetOptions) {
    this.#options = options
    this.#members = options.plans.map((plan, i) => ({
      process: i === 0 ? options.first : options.make(plan),
      servers: plan.servers,
      alone: i > 0 && plan.name !== firstProcess(false),
    }))
  }

  /** The process of the database first. */
  get members(): readonly Member[] {
    return this.#members
  }

  /** Calls `listener` whenever a server comes or goes. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** Forks the processes beside the one of the database, which runs already. */
  fork(): void {
    for (const { process } of this.#members.slice(1)) process.fork()
  }

  /** Has the processes serve what was planned, the database first. @throws DevFailed what cannot start */
  async run(database: {
    readonly first: StartMessage['database']
    readonly again: StartMessage['database']
  }): Promise<void> {
    const members = this.#members
    const { plans, first } = this.#options
    const orders = plans.map(({ servers }) => this.#order(servers))
    const [order = this.#order([])] = orders
    const { first: now, again } = database
    first.run({ ...order, ...(now && { database: now }) }, { ...order, ...(again && { database: again }) })
    await first.reached('database-ready', START_MS)
    // the order of the plan is the order of dependence: controllers, pool, macro server
    const independent = plans.slice(1).map(async ({ after }, i) => {
      const process = members[i + 1]?.process
      if (after !== undefined)
        await members[plans.findIndex(({ name }) => name === after)]?.process.reached('ready', START_MS)
      process?.run(orders[i + 1] ?? this.#order([]))
      await process?.reached('ready', START_MS)
    })
    await Promise.all([first.reached('ready', START_MS), ...independent])
  }

  /**
   * Serves a server that a configuration brings, or ends one that it has removed.
   * @returns false when it is none of the fleet's
   * @throws DevFailed why it cannot start
   */
  async host({ server, wanted }: Pick<HostingRequest, 'server' | 'wanted'>): Promise<boolean> {
    const key = server.toLowerCase()
    if (wanted === 'gone') {
      await this.#coming.get(key)?.catch(() => undefined) // who brings it hears of that
      return await this.#forget(key)
    }
    const coming = this.#coming.get(key) ?? this.#bring(server, wanted === 'apart')
    this.#coming.set(key, coming)
    try {
      return await coming
    } finally {
      this.#coming.delete(key)
    }
  }

  /** Serves what a configuration has, where that has changed unseen. Never rejects. */
  async follow(applied: readonly AppliedServer[]): Promise<void> {
    // a database without configuration says nothing about servers
    if (applied.length === 0) return
    const present = new Set(applied.map(({ name }) => name.toLowerCase()))
    const requests: Pick<HostingRequest, 'server' | 'wanted'>[] = [
      ...this.#members
        .flatMap(({ servers }) => servers)
        .filter((name) => !present.has(name.toLowerCase()))
        .map((server) => ({ server, wanted: 'gone' as const })),
      ...applied.flatMap(({ name, wanted }) => (wanted === undefined ? [] : [{ server: name, wanted }])),
    ]
    for (const request of requests) {
      try {
        await this.host(request)
      } catch (error) {
        this.#options.log.error('a server of the configuration is missing', { ...request, error: String(error) })
      }
    }
  }

  /** Ends all processes, that of the database last. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= (async () => {
      await Promise.all(this.#members.slice(1).map(({ process }) => process.stop()))
      await this.#options.first.stop()
    })()
    return this.#closed
  }

  async #bring(server: string, apart: boolean): Promise<boolean> {
    if (this.#closed !== undefined) throw devFailed('API_ShutdownInProgress', `${server} is not started: all ends`)
    if (this.#find(server.toLowerCase()) !== undefined) return true
    const shared = apart || this.#options.isolated ? undefined : this.#shared()
    if (shared !== undefined) {
      const { process } = shared
      this.#set([process, [...shared.servers, server]])
      try {
        await process.change('start-server', server, START_MS)
        return true
      } catch (error) {
        this.#drop(server.toLowerCase())
        throw error
      }
    }
    const plan = planProcesses({ servers: [], recorders: [server] }, false).at(-1)
    if (plan === undefined) throw new Error('unreachable: a plan without processes')
    const process = this.#options.make(plan)
    this.#members = [...this.#members, { process, servers: plan.servers, alone: true }]
    process.fork()
    this.#changed()
    try {
      process.run(this.#order(plan.servers))
      await process.reached('ready', START_MS)
      return true
    } catch (error) {
      this.#drop(server.toLowerCase())
      await process.stop()
      throw error
    }
  }

  async #forget(key: string): Promise<boolean> {
    const member = this.#find(key)
    const server = member?.servers.find((name) => name.toLowerCase() === key)
    if (member === undefined || server === undefined) return false
    // those who watch it must not take its end for a failure
    this.#drop(key)
    if (member.alone) await member.process.stop()
    else await member.process.change('stop-server', server, START_MS)
    return true
  }

  /** The process in which servers of the fast layout are together. */
  #shared(): Member | undefined {
    return this.#members.find(({ process }) => process.name === firstProcess(false))
  }

  #find(key: string): Member | undefined {
    return this.#members.find(({ servers }) => servers.some((name) => name.toLowerCase() === key))
  }

  #drop(key: string): void {
    const member = this.#find(key)
    if (member === undefined) return
    if (member.alone) this.#members = this.#members.filter((other) => other !== member)
    else this.#set([member.process, member.servers.filter((name) => name.toLowerCase() !== key)])
    if (member.alone) this.#changed()
  }

  #set([process, servers]: readonly [FleetProcess, readonly string[]]): void {
    this.#members = this.#members.map((member) => (member.process === process ? { ...member, servers } : member))
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }

  #order(servers: readonly string[]): StartMessage {
    return { kind: 'start', ...this.#options.start, servers }
  }
}
