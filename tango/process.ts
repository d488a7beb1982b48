// What a process has once, however many logical servers live in it: the listening port, connections to others, the
// event sockets, the clock and the log.

import { AttributeProxy } from './client/attribute-proxy.ts'
import type { ClientHost } from './client/client-host.ts'
import { DeviceConnections } from './client/connections.ts'
import type { DatabaseClient } from './client/database.ts'
import { DeviceProxy } from './client/device-proxy.ts'
import { Group } from './client/group.ts'
import { LockKeeper } from './client/lock-keeper.ts'
import { tangoVariable } from './client/tango-environment.ts'
import { type Clock, systemClock } from './clock.ts'
import { devFailed } from './errors/dev-failed.ts'
import type { LocalEvents } from './events/local-events.ts'
import { EventPublisher } from './events/publisher.ts'
import { EventSubscriber } from './events/subscriber.ts'
import { createLogger, type Logger } from './log.ts'
import { hostTowards, LOOPBACK } from './orb/listening-host.ts'
import { OrbClient } from './orb/orb-client.ts'
import { OrbServer } from './orb/orb-server.ts'
import { limitsFrom, type ServerLimits } from './orb/server-limits.ts'
import { DeviceServer, type StartServerOptions } from './server/device-server.ts'
import type { AttributeSpec, DeviceSpec } from './types/device-spec.ts'

/** Options of {@link TangoProcess.create}. */
export interface TangoProcessOptions {
  /**
   * Address to listen on and to publish. When absent, the one that routes to the database: loopback when the database
   * is on this machine's loopback or there is none.
   */
  readonly host?: string
  /** Port to listen on; a free one when absent or 0. */
  readonly port?: number
  /** `host:port` of the database device; when absent `TANGO_HOST` of the environment, of `~/.tangorc` or of `/etc/tangorc`. */
  readonly tangoHost?: string
  readonly clock?: Clock
  readonly log?: Logger
  /** `false` for a process that only calls others. */
  readonly listen?: boolean
  /** What clients are allowed; wins over the environment's variables (`BANDONEON_MAX_CONNECTIONS` ...). */
  readonly limits?: ServerLimits
}

/** The Tango side of an operating-system process. Whoever creates it closes it. */
export class TangoProcess implements ClientHost, AsyncDisposable {
  readonly tangoHost: string | undefined
  readonly orb: OrbServer
  readonly client: OrbClient
  readonly clock: Clock
  readonly log: Logger
  /** Sends the events of this process's devices. */
  readonly events: EventPublisher
  /** Receives events of any device. */
  readonly subscriber: EventSubscriber
  /** Devices that this process has talked to. */
  readonly connections: DeviceConnections
  /** Locks that this process holds on devices; given back by `close`. */
  readonly locks: LockKeeper
  readonly #servers = new Set<DeviceServer>()
  #serves = false
  #closed: Promise<void> | undefined

  private constructor(options: TangoProcessOptions, host: string) {
    this.tangoHost = options.tangoHost ?? tangoVariable('TANGO_HOST')
    this.clock = options.clock ?? systemClock
    this.log = options.log ?? createLogger({ clock: this.clock })
    this.orb = new OrbServer({
      limits: { ...limitsFrom(process.env), ...options.limits },
      onError: (error) => this.log.error('a request failed below Tango', { error }),
    })
    this.client = new OrbClient()
    this.client.registerLocal(this.orb)
    this.events = new EventPublisher({ clock: this.clock, log: this.log, host, environment: process.env })
    this.connections = new DeviceConnections(this)
    this.locks = new LockKeeper(this)
    this.subscriber = new EventSubscriber(this)
  }

  /** Makes the process ready: listens unless told otherwise. Nothing is contacted yet. */
  static async create(options: TangoProcessOptions = {}): Promise<TangoProcess> {
    const listens = options.listen !== false
    const host =
      options.host ?? (listens ? await hostTowards(options.tangoHost ?? tangoVariable('TANGO_HOST')) : LOOPBACK)
    const made = new TangoProcess(options, host)
    if (listens) await made.orb.listen({ host, port: options.port ?? 0 })
    return made
  }

  /** Events between devices and subscribers of this process. */
  get localEvents(): LocalEvents {
    return this.events.local
  }

  /** Whether devices live here, or did; such a process is not asked for its user's rights. */
  get servesDevices(): boolean {
    return this.#serves
  }

  /** The logical servers that run here. */
  get servers(): readonly DeviceServer[] {
    return [...this.#servers]
  }

  /**
   * Typed client of the database device.
   * @throws DevFailed `API_CantConnectToDatabase` when no `TANGO_HOST` is known
   */
  database(): DatabaseClient {
    return this.connections.database()
  }

  /** A proxy of any device; connects when it is used first. Typed when a spec is given. */
  proxy(name: string): DeviceProxy<DeviceSpec>
  proxy<S extends DeviceSpec>(name: string, spec: S): DeviceProxy<S>
  proxy(name: string, spec?: DeviceSpec): DeviceProxy<DeviceSpec> {
    return new DeviceProxy(this, name, spec)
  }

  /**
   * One attribute of any device: `device/attribute`, or an alias of an attribute. Typed when given its spec.
   * @throws DevFailed `API_WrongAttributeNameSyntax`, `API_UnsupportedDBaseModifier`
   */
  attribute(name: string): AttributeProxy
  attribute<A extends AttributeSpec>(name: string, spec: A): AttributeProxy<A>
  attribute<A extends AttributeSpec | undefined>(name: string, spec?: A): AttributeProxy<A> {
    return new AttributeProxy<A>(this, name, spec)
  }

  /** An empty group of devices. */
  group(name: string): Group {
    return new Group(this, name)
  }

  /**
   * Starts a logical server: its devices are created, initialised and, with a database, exported, the admin device last.
   * @throws DevFailed when the database does not know the server or it runs already; nothing is left behind then
   */
  async startServer(options: StartServerOptions): Promise<DeviceServer> {
    if (this.#closed !== undefined) throw devFailed('API_ShutdownInProgress', 'this process is closing')
    this.#serves = true
    const server = await DeviceServer.start(this, options)
    this.#servers.add(server)
    // never rejects
    void server.stopped.then(() => this.#servers.delete(server))
    return server
  }

  /** Stops all servers (they are unexported), then closes sockets and connections. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // in reverse order of start: a database must still answer when the others sign off
    for (const server of [...this.#servers].reverse()) await server.stop()
    await this.locks.close()
    await this.subscriber.close()
    await this.events.close()
    await this.orb.close()
    await this.client.close()
  }
}
