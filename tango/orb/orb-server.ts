// The serving half of the ORB: listens, finds the servant of an object key, answers what every CORBA object answers.

import { networkInterfaces } from 'node:os'
import { CdrError } from '../wire/cdr.ts'
import type { RequestHeader } from '../wire/giop.ts'
import type { ObjectReference } from '../wire/ior.ts'
import { formatIor } from '../wire/ior.ts'
import { latin1Bytes, latin1Decode } from '../wire/latin1.ts'
import { COMPLETION, type Invocation } from './invocation.ts'
import { LocalSocketFolder } from './local-socket.ts'
import type { ConnectionOwner } from './server-connection.ts'
import { ServerConnection } from './server-connection.ts'
import type { ServerLimits } from './server-limits.ts'
import { DEFAULT_LIMITS } from './server-limits.ts'
import { Listener, makeReadBuffer } from './tcp.ts'
import type { Transport } from './transport.ts'
import { memoryPair } from './transport.ts'

/** An object that answers requests. */
export interface Servant {
  /** Interfaces for `_is_a`, most derived first. */
  readonly repositoryIds: readonly string[]
  /**
   * Answers now or later. Arguments are decoded before it returns.
   * What it throws becomes a system exception: MARSHAL for a CdrError, else UNKNOWN.
   */
  invoke(invocation: Invocation): void
}

/** Options of {@link OrbServer}. */
export interface OrbServerOptions {
  readonly limits?: ServerLimits
  /** Told what went wrong in a servant or connection; the server goes on. */
  readonly onError?: (error: unknown) => void
}

/** Where to listen. */
export interface ListenOptions {
  /** Address; all interfaces when absent. */
  readonly host?: string
  /** 0, the default, takes any free port. */
  readonly port?: number
  /** Host to publish in references when it is not the one listened to. */
  readonly publishedHost?: string
  /** Listen on a local socket, too, which clients on this machine prefer; by default on Linux. */
  readonly unix?: boolean
}

/** Minor codes that the C++ peers send. */
const MINOR = { unknownKey: 0x4f4d0001, noInterfaceRepository: 0x41540027 } as const
const OBJECT_ID = 'IDL:omg.org/CORBA/Object:1.0'
const ANY_HOST: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])
/** Errors that are reported in one period; of the others only the number is, so that nobody can fill the log. */
const REPORTS = 20
const REPORT_PERIOD_MS = 60_000

/** Serves objects to clients over TCP, local sockets and within the process. */
export class OrbServer {
  readonly #servants = new Map<string, Servant>()
  readonly #connections = new Set<ServerConnection>()
  readonly #limits: Required<ServerLimits>
  readonly #owner: ConnectionOwner
  readonly #report: (error: unknown) => void
  readonly #buffer = makeReadBuffer()
  readonly #listeners: Listener[] = []
  #endpoint = { host: `memory-${crypto.randomUUID()}`, port: 0 }
  #localHosts: ReadonlySet<string> = new Set()
  #unix: LocalSocketFolder | undefined
  readonly #timers: NodeJS.Timeout[] = []
  /** Octets of messages under way in all connections. */
  #held = 0
  #reports = 0
  #unreported = 0
  #closing: Promise<void> | undefined

  constructor(options: OrbServerOptions = {}) {
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#report = options.onError ?? (() => undefined)
    this.#owner = {
      limits: this.#limits,
      uses: 0,
      find: (key) => this.#servants.has(key),
      invoke: (key, request, invocation) => this.#invoke(key, request, invocation),
      onHeld: (octets) => this.#hold(octets),
      onClose: (connection) => this.#connections.delete(connection),
      onError: (error) => this.#onError(error),
    }
    const { idleMs, stallMs } = this.#limits
    if (idleMs > 0) this.#every(idleMs / 2, () => this.#forEach((connection) => connection.closeIfIdle()))
    if (stallMs > 0) this.#every(stallMs, () => this.#forEach((connection) => connection.closeIfStalled()))
    this.#every(REPORT_PERIOD_MS, () => this.#reportRest())
  }

  /** Whether the server was closed. */
  get closed(): boolean {
    return this.#closing !== undefined
  }

  /** Published host and port; before `listen` a name that only this process can reach. */
  get endpoint(): { readonly host: string; readonly port: number } {
    return this.#endpoint
  }

  /**
   * Starts accepting connections.
   * @throws DevFailed `API_CorbaException` when the address cannot be used
   */
  async listen(options: ListenOptions = {}): Promise<void> {
    const host = options.host ?? '0.0.0.0'
    const listener = new Listener(this.#buffer, (transport) => this.#accept(transport))
    await listener.listen({ host, port: options.port ?? 0 })
    this.#listeners.push(listener)
    const anyHost = ANY_HOST.has(host)
    const published = options.publishedHost ?? (anyHost ? outsideAddress() : host)
    this.#endpoint = { host: published, port: listener.port }
    const loopback = /^127\.|^::1$|^localhost$/.test(host)
    this.#localHosts = new Set([published, host, ...(anyHost || loopback ? ['127.0.0.1', 'localhost', '::1'] : [])])
    if (options.unix ?? (process.platform === 'linux' && (anyHost || loopback))) await this.#listenUnix()
  }

  /** What the server is busy with, for tests and people who look for leaks. */
  get counts(): { readonly connections: number; readonly heldOctets: number } {
    return { connections: this.#connections.size, heldOctets: this.#held }
  }

  /** Adds an object; an earlier one under the same key is replaced. */
  addServant(key: string | Uint8Array, servant: Servant): void {
    this.#servants.set(keyText(key), servant)
  }

  /** Removes an object: later requests get OBJECT_NOT_EXIST. */
  removeServant(key: string | Uint8Array): void {
    this.#servants.delete(keyText(key))
  }

  /** How to reach the object `key` of this server. */
  reference(key: string | Uint8Array, typeId: string): ObjectReference {
    return {
      typeId,
      ...this.#endpoint,
      objectKey: typeof key === 'string' ? latin1Bytes(key) : key,
      giopMinor: 2,
      alternates: [],
      ...(this.#unix === undefined ? {} : { unixPath: this.#unix.path, unixHost: this.#unix.host }),
    }
  }

  /** The reference as `IOR:` text. */
  ior(key: string | Uint8Array, typeId: string): string {
    return formatIor(this.reference(key, typeId))
  }

  /** Whether an address means this server. */
  serves(host: string, port: number): boolean {
    return port === this.#endpoint.port && (host === this.#endpoint.host || this.#localHosts.has(host))
  }

  /** The client's end of a connection that stays in this process. */
  connectLocal(): Transport {
    const [client, server] = memoryPair()
    this.#accept(server)
    return client
  }

  /** Closes all connections in good order, stops listening; idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#forEach((connection) => connection.close())
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    await this.#unix?.remove()
  }

  async #listenUnix(): Promise<void> {
    const folder = await LocalSocketFolder.create()
    if (folder === undefined) return
    const listener = new Listener(this.#buffer, (transport) => this.#accept(transport))
    try {
      await listener.listen({ path: folder.path })
    } catch (error) {
      // TCP alone works as well, only slower.
      await folder.remove()
      this.#onError(error)
      return
    }
    this.#listeners.push(listener)
    this.#unix = folder
  }

  #accept(transport: Transport): void {
    if (this.closed || !this.#makeRoom()) {
      transport.close()
      return
    }
    this.#connections.add(new ServerConnection(transport, this.#owner))
  }

  /**
   * Closes the connection that was idle longest when there are too many: its client comes back when it needs to. When all
   * wait for answers, the one whose last request is oldest.
   */
  #makeRoom(): boolean {
    if (this.#connections.size < this.#limits.maxConnections) return true
    let chosen: ServerConnection | undefined
    for (const connection of this.#connections) {
      if (connection.caller.transport === 'memory') continue
      if (chosen === undefined || isLessNeeded(connection, chosen)) chosen = connection
    }
    this.#onError(new Error(`more than ${this.#limits.maxConnections} connections`))
    chosen?.close()
    return chosen !== undefined
  }

  /** Keeps account of the memory that messages take; when it is too much, whoever takes most must go. */
  #hold(octets: number): void {
    this.#held += octets
    if (octets <= 0 || this.#held <= this.#limits.maxMemory) return
    let heaviest: ServerConnection | undefined
    for (const connection of this.#connections) {
      if (connection.held > (heaviest?.held ?? 0)) heaviest = connection
    }
    heaviest?.drop(`the messages of all clients hold ${this.#held} octets, its own ${heaviest.held} of them`)
  }

  #onError(error: unknown): void {
    this.#reports += 1
    if (this.#reports <= REPORTS) this.#report(error)
    else this.#unreported += 1
  }

  #reportRest(): void {
    if (this.#unreported > 0) this.#report(new Error(`${this.#unreported} more errors in the last minute`))
    this.#reports = 0
    this.#unreported = 0
  }

  #every(ms: number, work: () => void): void {
    const timer = setInterval(work, Math.max(1, ms))
    timer.unref()
    this.#timers.push(timer)
  }

  #forEach(work: (connection: ServerConnection) => void): void {
    for (const connection of [...this.#connections]) work(connection)
  }

  #invoke(key: string, request: RequestHeader, invocation: Invocation): void {
    const servant = this.#servants.get(key)
    if (servant === undefined) {
      invocation.systemException('OBJECT_NOT_EXIST', MINOR.unknownKey, COMPLETION.NO)
      return
    }
    try {
      if (request.operation.startsWith('_') && answerImplicit(servant, invocation)) return
      const returned: unknown = servant.invoke(invocation)
      if (returned instanceof Promise) returned.catch((error) => this.#failed(invocation, error))
    } catch (error) {
      this.#failed(invocation, error)
    }
  }

  /** The servant threw instead of answering. */
  #failed(invocation: Invocation, error: unknown): void {
    this.#onError(error)
    try {
      if (error instanceof CdrError) invocation.systemException('MARSHAL', 0, COMPLETION.NO)
      else invocation.systemException('UNKNOWN', 0, COMPLETION.MAYBE)
    } catch (failure) {
      this.#onError(failure)
    }
  }
}

function isLessNeeded(one: ServerConnection, other: ServerConnection): boolean {
  const busy = one.underWay > 0
  return busy === other.underWay > 0 ? one.lastUse < other.lastUse : !busy
}

/** Answers operations that every object has. @returns false when the servant must answer */
function answerImplicit(servant: Servant, invocation: Invocation): boolean {
  switch (invocation.operation) {
    case '_is_a': {
      const id = invocation.args.string()
      invocation.reply((w) => w.boolean(id === OBJECT_ID || servant.repositoryIds.includes(id)))
      return true
    }
    case '_non_existent':
    case '_not_existent':
      invocation.reply((w) => w.boolean(false))
      return true
    case '_interface':
      invocation.systemException('INTF_REPOS', MINOR.noInterfaceRepository, COMPLETION.NO)
      return true
    default:
      return false
  }
}

function keyText(key: string | Uint8Array): string {
  return typeof key === 'string' ? key : latin1Decode(key, 0, key.length)
}

/** An address of this machine that others can reach, else the loopback one. */
function outsideAddress(): string {
  for (const addresses of Object.values(networkInterfaces())) {
    for (const { family, internal, address } of addresses ?? []) if (family === 'IPv4' && !internal) return address
  }
  return '127.0.0.1'
}
