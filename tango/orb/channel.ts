// The connection of an OrbClient to one server: made when needed, made again after it was closed.

import { hostname } from 'node:os'
import type { CdrError, CdrReader } from '../wire/cdr.ts'
import { CdrWriter } from '../wire/cdr.ts'
import type { ReplyHeader } from '../wire/giop.ts'
import { writeLocateRequest } from '../wire/giop.ts'
import type { ObjectReference } from '../wire/ior.ts'
import type { Operation } from '../wire/operations.ts'
import type { GiopHandler } from './giop-connection.ts'
import { GiopConnection } from './giop-connection.ts'
import type { AnyCall } from './pending-call.ts'
import { writeRequest } from './pending-call.ts'
import { callTimedOut, connectFailed, connectionLost } from './system-exception.ts'
import type { ReadBuffer, SocketAddress } from './tcp.ts'
import { connectSocket } from './tcp.ts'
import type { Transport } from './transport.ts'

/** A server of this process that can be reached without a socket. */
export interface LocalServer {
  readonly closed: boolean
  serves(host: string, port: number): boolean
  connectLocal(): Transport
}

/** What a channel shares with the others of its client. */
export interface ChannelOptions {
  readonly connectTimeoutMs: number
  readonly maxMessageSize?: number
  readonly buffer: ReadBuffer
  readonly localServers: ReadonlySet<LocalServer>
  /** Told when the channel is in use and when it has neither a connection nor calls. */
  onUse(channel: Channel): void
  onRest(channel: Channel): void
}

const WRITER_CAPACITY = 16 * 1024
/**
 * A connection on which a call has timed out is asked for a sign of life; without any for this time it is given up. A
 * host that went away without a word would else be waited for until the system gives up, a quarter of an hour.
 */
const SIGN_OF_LIFE_MS = 15_000
/** Longest delay of a timer. */
const MAX_DELAY_MS = 2 ** 31 - 1

/** Sends calls to one server. */
export class Channel {
  readonly #target: ObjectReference
  readonly #options: ChannelOptions
  readonly #address: string
  /** Sent and not answered, by request id. */
  readonly #pending = new Map<number, AnyCall>()
  /** Waiting for a connection. */
  #queue: AnyCall[] = []
  #transport: Transport | undefined
  #giop: GiopConnection | undefined
  #connecting: Promise<void> | undefined
  #writer: CdrWriter | undefined
  /** Chunks received so far. */
  #heard = 0
  #probeTimer: NodeJS.Timeout | undefined
  #nextId = 2
  #timer: NodeJS.Timeout | undefined
  #timerAt = Infinity
  #resting = true
  #closed = false
  readonly #abort = new AbortController()

  constructor(target: ObjectReference, options: ChannelOptions) {
    this.#target = target
    this.#options = options
    this.#address = `${target.host}:${target.port}`
  }

  /** Whether it has neither a connection nor calls that wait for one. */
  get resting(): boolean {
    return this.#resting
  }

  /** Sends a call now, or as soon as there is a connection. */
  submit(call: AnyCall): void {
    if (this.#transport === undefined) this.#awake()
    if (this.#closed) {
      call.fail(connectFailed(this.#describe(call), 'this client is closed'))
      return
    }
    this.#watch(call.deadline)
    if (this.#transport !== undefined) {
      this.#send(call)
      return
    }
    if (this.#connectLocal()) {
      this.#send(call)
      return
    }
    this.#queue.push(call)
    // Failures reach the queued calls.
    void this.#connect()
  }

  /** Sends a request without a reply. */
  async submitOneway<In extends readonly unknown[]>(
    reference: ObjectReference,
    operation: Operation<In, unknown>,
    args: In,
  ): Promise<void> {
    if (this.#transport === undefined && !this.#closed && !this.#connectLocal()) await this.#connect()
    const transport = this.#transport
    if (transport === undefined) {
      throw connectFailed({ operation: operation.name, address: this.#address }, 'no connection')
    }
    const w = new CdrWriter()
    writeRequest(w, this.#newId(), reference, operation, args, false)
    transport.send(w.written)
  }

  /** Closes for good. */
  close(): void {
    this.#closed = true
    this.#abort.abort(new Error('this client is closed'))
    this.#drop()?.close()
    this.#failAll('this client is closed')
    clearTimeout(this.#timer)
  }

  #send(call: AnyCall): void {
    if (call.settled) return
    const transport = this.#transport
    if (transport === undefined) {
      this.submit(call)
      return
    }
    const requestId = this.#newId()
    const w = this.#writer ?? new CdrWriter({ capacity: WRITER_CAPACITY })
    this.#writer = undefined
    w.reset()
    try {
      call.write(w, requestId)
    } catch (error) {
      this.#writer = w
      call.fail(error)
      return
    }
    this.#pending.set(requestId, call)
    if (!transport.send(w.written)) w.detach()
    this.#writer = w
  }

  #newId(): number {
    // Even numbers: the odd ones belong to the server's side of a connection.
    const id = this.#nextId
    this.#nextId = id >= 0xfffffffe ? 2 : id + 2
    return id
  }

  #connectLocal(): boolean {
    if (this.#connecting !== undefined) return false
    for (const server of this.#options.localServers) {
      if (server.closed || !server.serves(this.#target.host, this.#target.port)) continue
      this.#use(server.connectLocal())
      return true
    }
    return false
  }

  #connect(): Promise<void> {
    this.#connecting ??= this.#tryAddresses().finally(() => {
      this.#connecting = undefined
      // calls of those who have just been told that there is no connection
      if (this.#queue.length > 0) void this.#connect()
      this.#restIfUnused()
    })
    return this.#connecting
  }

  async #tryAddresses(): Promise<void> {
    const { connectTimeoutMs, buffer } = this.#options
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(connectTimeoutMs)])
    let why = 'its server is not in this process'
    for (const address of this.#addresses()) {
      try {
        const transport = await connectSocket(address, buffer, signal)
        if (this.#closed) transport.close()
        else this.#use(transport)
        break
      } catch (error) {
        if (signal.aborted) {
          why = `no connection within ${connectTimeoutMs} ms`
          break
        }
        why = error instanceof Error ? error.message : String(error)
      }
    }
    const queue = this.#queue
    this.#queue = []
    for (const call of queue) {
      if (this.#transport !== undefined) this.#send(call)
      else call.fail(connectFailed(this.#describe(call), why))
    }
  }

  #addresses(): SocketAddress[] {
    const { host, port, unixPath, unixHost, alternates } = this.#target
    // Port 0 stands for a server that does not listen and so is reachable in its own process only.
    const tcp = [{ host, port }, ...alternates].filter((endpoint) => endpoint.port !== 0)
    return unixPath !== undefined && unixHost === hostname() ? [{ path: unixPath }, ...tcp] : tcp
  }

  #use(transport: Transport): void {
    const { maxMessageSize } = this.#options
    let orderly = false
    const handler: GiopHandler = {
      onReply: (reply: ReplyHeader, result: CdrReader) => this.#answered(reply, result),
      onLocateReply: () => undefined,
      onCloseConnection: () => {
        orderly = true
        transport.close()
        this.#lost(transport, 'closed by the server', orderly)
      },
      onError: (error: CdrError) => {
        transport.close()
        this.#lost(transport, error.message, false)
      },
    }
    const giop = new GiopConnection(handler, maxMessageSize === undefined ? {} : { maxMessageSize })
    transport.onData = (chunk) => {
      this.#heard += 1
      giop.receive(chunk)
    }
    transport.onClose = (error) => this.#lost(transport, error?.message ?? 'closed by the server', false)
    this.#giop = giop
    this.#transport = transport
    this.#awake()
  }

  #awake(): void {
    this.#resting = false
    this.#options.onUse(this)
  }

  #answered(reply: ReplyHeader, result: CdrReader): void {
    const call = this.#pending.get(reply.requestId)
    // Late replies of calls that were given up find nobody.
    if (call === undefined) return
    this.#pending.delete(reply.requestId)
    if (!call.settled) call.answer(reply.status, result, this.#address)
  }

  /** The connection is gone. What an orderly closing server has not answered was not executed: it is sent again. */
  #lost(transport: Transport, why: string, orderly: boolean): void {
    if (transport !== this.#transport) return
    this.#drop()
    const calls = [...this.#pending.values()]
    this.#pending.clear()
    for (const call of calls) {
      if (call.settled) continue
      if (orderly && !call.resent) {
        call.resent = true
        this.submit(call)
      } else call.fail(connectionLost(this.#describe(call), why))
    }
    this.#restIfUnused()
  }

  #restIfUnused(): void {
    if (this.#transport !== undefined || this.#connecting !== undefined || this.#queue.length > 0) return
    this.#writer = undefined
    clearTimeout(this.#timer)
    this.#timerAt = Infinity
    this.#resting = true
    this.#options.onRest(this)
  }

  /** Asks for an answer that costs the server nothing, of any object. */
  #probe(transport: Transport): void {
    if (this.#probeTimer !== undefined || transport.flow === undefined) return
    const heard = this.#heard
    const w = new CdrWriter()
    writeLocateRequest(w, this.#target.giopMinor, this.#newId(), this.#target.objectKey)
    transport.send(w.written)
    this.#probeTimer = setTimeout(() => {
      this.#probeTimer = undefined
      if (transport !== this.#transport || heard !== this.#heard) return
      transport.flow?.destroy()
      this.#lost(transport, `no sign of life for ${SIGN_OF_LIFE_MS / 1000} s`, false)
    }, SIGN_OF_LIFE_MS)
    this.#probeTimer.unref()
  }

  #drop(): Transport | undefined {
    const transport = this.#transport
    this.#transport = undefined
    clearTimeout(this.#probeTimer)
    this.#probeTimer = undefined
    this.#giop?.end()
    this.#giop = undefined
    return transport
  }

  #failAll(why: string): void {
    const calls = [...this.#pending.values(), ...this.#queue]
    this.#pending.clear()
    this.#queue = []
    for (const call of calls) call.fail(connectionLost(this.#describe(call), why))
  }

  /** One timer for all calls: it wakes at the earliest deadline that was known when it was set. */
  #watch(deadline: number): void {
    if (deadline >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = deadline
    const delay = Math.min(MAX_DELAY_MS, Math.max(1, Math.ceil(deadline - performance.now())))
    this.#timer = setTimeout(() => this.#expire(), delay)
    // Only the connection keeps the process alive.
    this.#timer.unref()
  }

  #expire(): void {
    this.#timerAt = Infinity
    const now = performance.now()
    const transport = this.#transport
    let earliest = Infinity
    const check = (call: AnyCall): boolean => {
      if (call.settled) return false
      if (call.deadline <= now) {
        call.fail(callTimedOut(this.#describe(call), call.timeoutMs))
        return false
      }
      earliest = Math.min(earliest, call.deadline)
      return true
    }
    for (const [id, call] of this.#pending) {
      if (check(call)) continue
      this.#pending.delete(id)
      if (transport !== undefined) this.#probe(transport)
    }
    this.#queue = this.#queue.filter(check)
    if (earliest < Infinity) this.#watch(earliest)
  }

  #describe(call: AnyCall): { operation: string; address: string } {
    return { operation: call.operationName, address: this.#address }
  }
}
