// The calling half of the ORB: one connection for each server, many requests under way on it, time-outs.

import type { ObjectReference } from '../wire/ior.ts'
import type { Operation } from '../wire/operations.ts'
import type { LocalServer } from './channel.ts'
import { Channel } from './channel.ts'
import type { AnyCall, Router } from './pending-call.ts'
import { PendingCall } from './pending-call.ts'
import { makeReadBuffer } from './tcp.ts'

/** Options of {@link OrbClient}. */
export interface OrbClientOptions {
  /** How long making a connection may take. */
  readonly connectTimeoutMs?: number
  /** Octets of one reply. */
  readonly maxMessageSize?: number
}

/** Options of one call. */
export interface CallOptions {
  /** How long the answer may take; `Infinity` waits as long as the connection lasts. */
  readonly timeoutMs?: number
  /** Gives up when aborted; the server is not told. */
  readonly signal?: AbortSignal
}

const CONNECT_TIMEOUT_MS = 3000
const CALL_TIMEOUT_MS = 3000
const NO_OPTIONS: CallOptions = {}

/** Calls operations of objects anywhere. Share one in a process; `close` it at the end. */
export class OrbClient implements Router {
  readonly #options: { readonly connectTimeoutMs: number; readonly maxMessageSize?: number }
  readonly #channels = new Map<string, Channel>()
  /** Channels with a connection or with calls that wait for one. */
  readonly #inUse = new Set<Channel>()
  /** Channels of references that were used before, so that a call need not make a key. */
  readonly #byReference = new WeakMap<ObjectReference, Channel>()
  readonly #localServers = new Set<LocalServer>()
  readonly #buffer = makeReadBuffer()
  #closed = false

  constructor(options: OrbClientOptions = {}) {
    this.#options = { connectTimeoutMs: CONNECT_TIMEOUT_MS, ...options }
  }

  /** Number of connections, for tests that look for leaks. */
  get connections(): number {
    return this.#inUse.size
  }

  /** References that point into this server are called without a socket from now on. */
  registerLocal(server: LocalServer): void {
    this.#localServers.add(server)
  }

  /**
   * Calls an operation.
   * @throws DevFailed, MultiDevFailed as the object raised them
   * @throws SystemException with `API_CorbaException` and `API_DeviceTimedOut`, `API_CantConnectToDevice` or
   *   `API_CommunicationFailed`
   */
  call<In extends readonly unknown[], Out>(
    reference: ObjectReference,
    operation: Operation<In, Out>,
    args: In,
    options: CallOptions = NO_OPTIONS,
  ): Promise<Out> {
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? CALL_TIMEOUT_MS
      const call = new PendingCall(this, reference, operation, args, timeoutMs, resolve, reject)
      this.submit(reference, call)
      if (options.signal !== undefined) call.abortBy(options.signal)
    })
  }

  /** Sends a call that exists already, where `reference` points to. */
  submit(reference: ObjectReference, call: AnyCall): void {
    this.#channelOf(reference).submit(call)
  }

  /** Sends a request that is not answered; resolves when it is on its way. */
  async send<In extends readonly unknown[]>(
    reference: ObjectReference,
    operation: Operation<In, unknown>,
    args: In,
  ): Promise<void> {
    await this.#channelOf(reference).submitOneway(reference, operation, args)
  }

  /** Closes all connections; calls under way fail with `API_CommunicationFailed`. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true
    this.#channels.clear()
    for (const channel of [...this.#inUse]) channel.close()
  }

  #channelOf(reference: ObjectReference): Channel {
    const used = this.#byReference.get(reference)
    if (used !== undefined && !used.resting) return used
    const key = `${reference.host}:${reference.port} ${reference.unixPath ?? ''}`
    // another reference to the same server may have made another channel meanwhile
    const channel = this.#channels.get(key) ?? used ?? this.#newChannel(reference, key)
    this.#channels.set(key, channel)
    this.#byReference.set(reference, channel)
    return channel
  }

  /** A channel that is not in use is forgotten: servers that are restarted again and again leave nothing behind. */
  #newChannel(reference: ObjectReference, key: string): Channel {
    const channel = new Channel(reference, {
      ...this.#options,
      buffer: this.#buffer,
      localServers: this.#localServers,
      onUse: (used) => {
        if (this.#closed) used.close()
        else this.#inUse.add(used)
      },
      onRest: (unused) => {
        this.#inUse.delete(unused)
        if (this.#channels.get(key) === unused) this.#channels.delete(key)
      },
    })
    this.#channels.set(key, channel)
    return channel
  }
}
