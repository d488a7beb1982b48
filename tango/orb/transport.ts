// What a GIOP conversation needs from the world below it, and the pair that joins two ends in one process.

import { setImmediate } from 'node:timers'

/** Who is at the other end. */
export interface Remote {
  readonly transport: 'tcp' | 'unix' | 'memory'
  /** Address of the peer; `localhost` for a local socket, `local` within the process. */
  readonly host: string
  readonly port?: number
}

/** A two-way stream of octets. */
export interface Transport {
  /**
   * Queues octets for sending.
   * @returns true when the caller may overwrite them at once, false when they must stay as they are
   */
  send(bytes: Uint8Array): boolean
  /** Sends several pieces as one; all of them must stay as they are until they are sent. Sockets only. */
  sendPieces?(pieces: readonly Uint8Array[]): boolean
  /** Called with octets that are valid only during the call. */
  onData: ((chunk: Uint8Array) => void) | undefined
  /** Called once when the stream has ended, for whichever reason; not after `close`. */
  onClose: ((error?: Error) => void) | undefined
  /** Ends the stream after what was queued; idempotent. */
  close(): void
  readonly remote: Remote
  /** Absent within a process, where both ends trust each other. */
  readonly flow?: FlowControl
}

/** What a socket knows of how fast its peer takes octets, and how to take fewer of its own. */
export interface FlowControl {
  /** Octets sent that the system has not taken yet. */
  readonly backlog: number
  /** Octets that the system has taken so far. */
  readonly taken: number
  /** Called when the backlog has become nothing. */
  onDrain: (() => void) | undefined
  /** Reads no more until `resume`. */
  pause(): void
  resume(): void
  /** Ends the stream at once; what was queued is lost. */
  destroy(): void
}

/** Octets up to this number are copied so that the sender can use its buffer again. */
const COPIED_UP_TO = 16 * 1024

/**
 * Deliveries in one turn of the event loop before timers and sockets get their turn: else two devices that call each
 * other in a loop would stop everything else in the process.
 */
const DELIVERIES_PER_TURN = 1000

/** Two transports joined in memory. Delivery is asynchronous, like that of a socket, but without leaving the turn. */
export function memoryPair(remotes: { readonly a?: Remote; readonly b?: Remote } = {}): [Transport, Transport] {
  const local: Remote = { transport: 'memory', host: 'local' }
  const turn = new Turn()
  const a = new MemoryTransport(remotes.a ?? local, turn)
  const b = new MemoryTransport(remotes.b ?? local, turn)
  a.join(b)
  b.join(a)
  return [a, b]
}

class MemoryTransport implements Transport {
  readonly remote: Remote
  onData: ((chunk: Uint8Array) => void) | undefined
  onClose: ((error?: Error) => void) | undefined
  readonly #turn: Turn
  readonly #deliver: () => void
  #peer: MemoryTransport | undefined
  #inbox: Uint8Array[] = []
  #scheduled = false
  #closed = false
  #peerClosed = false

  constructor(remote: Remote, turn: Turn) {
    this.remote = remote
    this.#turn = turn
    this.#deliver = () => this.#delivery()
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer
  }

  send(bytes: Uint8Array): boolean {
    if (this.#closed) return true
    const copied = bytes.length <= COPIED_UP_TO
    this.#peer?.accept(copied ? bytes.slice() : bytes)
    return copied
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#inbox = []
    this.#peer?.peerClosed()
  }

  accept(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#inbox.push(bytes)
    this.#schedule()
  }

  peerClosed(): void {
    this.#peerClosed = true
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#turn.schedule(this.#deliver)
  }

  #delivery(): void {
    this.#scheduled = false
    const inbox = this.#inbox
    this.#inbox = []
    for (const bytes of inbox) if (!this.#closed) this.onData?.(bytes)
    if (!this.#peerClosed || this.#closed || this.#inbox.length > 0) return
    this.#closed = true
    this.onClose?.()
  }
}

/** Runs deliveries as microtasks, up to a limit for each turn of the event loop. */
class Turn {
  #deliveries = 0
  readonly #waiting: (() => void)[] = []

  schedule(deliver: () => void): void {
    if (this.#deliveries === 0) setImmediate(() => this.#next())
    this.#deliveries += 1
    if (this.#deliveries <= DELIVERIES_PER_TURN) queueMicrotask(deliver)
    else this.#waiting.push(deliver)
  }

  #next(): void {
    this.#deliveries = 0
    for (const deliver of this.#waiting.splice(0)) this.schedule(deliver)
  }
}
