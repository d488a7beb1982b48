// Transports over sockets, TCP and local ones, with TCP_NODELAY and reading into one buffer shared by a process's
// connections of one kind.

import net from 'node:net'
import { devFailed } from '../errors/dev-failed.ts'
import type { FlowControl, Remote, Transport } from './transport.ts'

/** Where to connect. */
export type SocketAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** Octets up to this number are copied when the socket cannot take them at once. */
const COPIED_UP_TO = 16 * 1024
/** Octets of one chunk at most. */
export const READ_BUFFER_SIZE = 64 * 1024
const KEEP_ALIVE_MS = 60_000
/** How long a closing listener lets its connections send what they have queued. */
const CLOSE_PATIENCE_MS = 1000
/** How long a closed connection goes on sending what it has queued while its peer takes nothing. */
const SEND_PATIENCE_MS = 5000

/** Buffer that all sockets of one owner read into: each chunk is consumed before the next is read. */
export type ReadBuffer = Buffer

export function makeReadBuffer(): ReadBuffer {
  return Buffer.allocUnsafeSlow(READ_BUFFER_SIZE)
}

class SocketTransport implements Transport, FlowControl {
  readonly remote: Remote
  readonly flow: FlowControl = this
  onDrain: (() => void) | undefined
  onData: ((chunk: Uint8Array) => void) | undefined
  onClose: ((error?: Error) => void) | undefined
  #socket: net.Socket | undefined
  #error: Error | undefined
  #closed = false

  constructor(remote: Remote) {
    this.remote = remote
  }

  /** Separate from the constructor because the socket needs `received` at its own construction. */
  use(socket: net.Socket): void {
    this.#socket = socket
    if (this.remote.transport === 'tcp') {
      socket.setNoDelay(true)
      socket.setKeepAlive(true, KEEP_ALIVE_MS)
    }
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('drain', () => this.onDrain?.())
    socket.on('close', () => {
      if (this.#closed) return
      this.#closed = true
      this.onClose?.(this.#error)
    })
  }

  received(chunk: Uint8Array): void {
    if (!this.#closed) this.onData?.(chunk)
  }

  send(bytes: Uint8Array): boolean {
    const socket = this.#socket
    if (this.#closed || socket === undefined) return true
    const backlog = socket.writableLength
    const copied = backlog > 0 && bytes.length <= COPIED_UP_TO
    socket.write(copied ? bytes.slice() : bytes)
    // The kernel took everything during the call unless octets are waiting now.
    return socket.writableLength === 0 || copied
  }

  sendPieces(pieces: readonly Uint8Array[]): boolean {
    const socket = this.#socket
    if (this.#closed || socket === undefined) return true
    socket.cork()
    for (const piece of pieces) socket.write(piece)
    socket.uncork()
    return socket.writableLength === 0
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const socket = this.#socket
    if (socket === undefined) return
    socket.destroySoon()
    if (socket.writableLength > 0) this.#limitFarewell(socket)
  }

  get backlog(): number {
    return this.#socket?.writableLength ?? 0
  }

  get taken(): number {
    const socket = this.#socket
    if (socket === undefined) return 0
    // One big write counts in `writableLength` until its end; how far it got is known to the handle only.
    const handle: unknown = Reflect.get(socket, '_handle')
    const given = numberOf(handle, 'bytesWritten')
    const queued = numberOf(handle, 'writeQueueSize')
    return given === undefined || queued === undefined ? socket.bytesWritten - socket.writableLength : given - queued
  }

  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#closed) this.#socket?.resume()
  }

  destroy(): void {
    this.#closed = true
    this.#socket?.destroy()
  }

  /** Gives up on a closed connection whose peer does not take the rest. */
  #limitFarewell(socket: net.Socket): void {
    let before = this.taken
    const timer = setInterval(() => {
      const now = this.taken
      if (now === before) socket.destroy()
      before = now
    }, SEND_PATIENCE_MS)
    timer.unref()
    socket.once('close', () => clearInterval(timer))
  }
}

function numberOf(object: unknown, property: string): number | undefined {
  const value: unknown = typeof object === 'object' && object !== null ? Reflect.get(object, property) : undefined
  return typeof value === 'number' ? value : undefined
}

/**
 * Connects.
 * @param signal gives up when aborted
 * @throws Error of the operating system, or the signal's reason
 */
export function connectSocket(address: SocketAddress, buffer: ReadBuffer, signal: AbortSignal): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const remote: Remote =
      'path' in address
        ? { transport: 'unix', host: 'localhost' }
        : { transport: 'tcp', host: address.host, port: address.port }
    const transport = new SocketTransport(remote)
    const onread: net.OnReadOpts = {
      buffer,
      callback: (length) => {
        transport.received(buffer.subarray(0, length))
        return true
      },
    }
    const socket = net.connect({ ...address, onread })
    const onAbort = (): void => {
      socket.destroy()
      reject(signal.reason)
    }
    const onError = (error: Error): void => {
      signal.removeEventListener('abort', onAbort)
      reject(error)
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('error', onError)
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort)
      socket.off('error', onError)
      transport.use(socket)
      resolve(transport)
    })
  })
}

/** A listening socket. */
export class Listener {
  readonly #server: net.Server
  readonly #buffer: ReadBuffer
  readonly #onTransport: (transport: Transport) => void
  readonly #sockets = new Set<net.Socket>()
  #onEmpty: (() => void) | undefined

  constructor(buffer: ReadBuffer, onTransport: (transport: Transport) => void) {
    this.#buffer = buffer
    this.#onTransport = onTransport
    // Paused, so that the handle can be taken over before anything is read.
    this.#server = net.createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  /** @throws DevFailed `API_CorbaException` when the address cannot be used */
  async listen(address: SocketAddress): Promise<void> {
    const options = 'path' in address ? { ...address, readableAll: true, writableAll: true } : address
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => {
        const where = 'path' in address ? address.path : `${address.host}:${address.port}`
        reject(devFailed('API_CorbaException', `cannot listen on ${where}: ${error.message}`, { cause: error }))
      }
      this.#server.once('error', onError)
      this.#server.listen(options, () => {
        this.#server.off('error', onError)
        // Errors of single accepts (too many open files) must not end the process.
        this.#server.on('error', () => undefined)
        resolve()
      })
    })
  }

  /** Port in use; 0 for a local socket. */
  get port(): number {
    const address = this.#server.address()
    return address === null || typeof address === 'string' ? 0 : address.port
  }

  /** Stops accepting; resolves when all accepted sockets are gone. Close their transports first. */
  async close(): Promise<void> {
    if (this.#server.listening) this.#server.close()
    if (this.#sockets.size === 0) return
    const destroyAll = (): void => {
      for (const socket of this.#sockets) socket.destroy()
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(destroyAll, CLOSE_PATIENCE_MS)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #accept(accepted: net.Socket): void {
    const { remoteAddress, remotePort } = accepted
    const remote: Remote =
      remoteAddress === undefined || remotePort === undefined
        ? { transport: 'unix', host: 'localhost' }
        : { transport: 'tcp', host: remoteAddress.replace(/^::ffff:/, ''), port: remotePort }
    const transport = new SocketTransport(remote)
    const socket = this.#withFixedBuffer(accepted, transport) ?? withDataEvents(accepted, transport)
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#onEmpty?.()
    })
    transport.use(socket)
    this.#onTransport(transport)
  }

  /**
   * The same connection, read into the fixed buffer: about 1 us less for each call. Node has no public way to ask for
   * this on accepted sockets, so it works on the handle and falls back when there is none.
   */
  #withFixedBuffer(accepted: net.Socket, transport: SocketTransport): net.Socket | undefined {
    const handle: unknown = Reflect.get(accepted, '_handle')
    if (typeof handle !== 'object' || handle === null || !('readStart' in handle)) return undefined
    const buffer = this.#buffer
    const onread: net.OnReadOpts = {
      buffer,
      callback: (length) => {
        transport.received(buffer.subarray(0, length))
        return true
      },
    }
    const options = { handle, onread, allowHalfOpen: false }
    const socket = new net.Socket(options)
    Reflect.set(accepted, '_handle', null)
    socket.resume()
    socket.read(0)
    return socket
  }
}

function withDataEvents(socket: net.Socket, transport: SocketTransport): net.Socket {
  socket.on('data', (chunk) => transport.received(chunk))
  socket.resume()
  return socket
}
