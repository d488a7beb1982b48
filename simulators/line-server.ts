// A TCP server for simulated boxes with a fault line between the box and its clients. Knows no box protocol.
import { createServer, type Server, type Socket } from 'node:net'

/** What can go wrong between a box and its clients. */
export type Fault =
  /** Drops all connections and refuses new ones. */
  | { readonly kind: 'unplug' }
  /** A healthy box again: listens on its old port; delay, garbage and mute end too. */
  | { readonly kind: 'plug' }
  /** Each answer comes so much later; 0 ends it. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The next answers are rubbish; 0 ends it. */
  | { readonly kind: 'garbage'; readonly count: number }
  /** Commands are carried out, nothing is answered. */
  | { readonly kind: 'mute' }

/** One client as the box sees it; `send` passes the fault line, one call is one write. */
export interface Client {
  send(answer: string | Uint8Array): void
}

/** One conversation with a client; bytes arrive in any pieces. */
export interface Session {
  receive(bytes: Uint8Array): void
}

/** Where and with whom a `LineServer` talks. */
export interface LineServerOptions {
  readonly host?: string
  /** 0 takes any free port. */
  readonly port?: number
  readonly open: (client: Client) => Session
}

/** Where a server listens. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** Rubbish as a loose plug produces it: control bytes and halves of words, ended as a line so that clients go on. */
const GARBAGE = Buffer.from('\x07\x7f?~ER}\x1b 0xZZ #\xff\r\n', 'latin1')

/** Longest wait for a port that somebody else holds for a moment. */
const REPLUG_ATTEMPTS = 40
const REPLUG_PAUSE_MS = 50

/** Listens, hands bytes to sessions, and carries the faults of one box. */
export class LineServer {
  readonly #options: LineServerOptions
  readonly #sockets = new Set<Socket>()
  readonly #delayed = new Set<NodeJS.Timeout>()
  #server: Server | undefined
  #endpoint: Endpoint | undefined
  #delayMs = 0
  #garbage = 0
  #muted = false

  private constructor(options: LineServerOptions) {
    this.#options = options
  }

  /**
   * Starts listening.
   * @throws Error naming host and port when the port is taken or not allowed
   */
  static async listen(options: LineServerOptions): Promise<LineServer> {
    const server = new LineServer(options)
    await server.#listen(options.host ?? '127.0.0.1', options.port ?? 0)
    return server
  }

  /** The address clients connect to; stays the same through unplug and plug. */
  get endpoint(): Endpoint {
    if (this.#endpoint === undefined) throw new Error('unreachable: the server has never listened')
    return this.#endpoint
  }

  /** Applies one fault; returns when it is in force. */
  async setFault(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'unplug':
        return this.#stopListening()
      case 'plug':
        this.#delayMs = 0
        this.#garbage = 0
        this.#muted = false
        return this.#replug()
      case 'delay':
        this.#delayMs = fault.ms
        return
      case 'garbage':
        this.#garbage = fault.count
        return
      case 'mute':
        this.#muted = true
    }
  }

  /** Drops all clients and stops listening; safe to call twice. */
  async close(): Promise<void> {
    await this.#stopListening()
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
      server.once('error', (cause) =>
        reject(new Error(`cannot listen on ${host}:${port}: ${cause.message}`, { cause })),
      )
      server.listen(port, host, () => {
        const address = server.address()
        if (address === null || typeof address === 'string') throw new Error('unreachable: a TCP server has a port')
        this.#server = server
        this.#endpoint = { host, port: address.port }
        resolve()
      })
    })
  }

  async #replug(): Promise<void> {
    if (this.#server !== undefined) return
    const { host, port } = this.endpoint
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#listen(host, port)
      } catch (cause) {
        // While unplugged, the port may serve somebody's outgoing connection for a moment.
        if (attempt === REPLUG_ATTEMPTS) throw cause
        await new Promise((resolve) => setTimeout(resolve, REPLUG_PAUSE_MS))
      }
    }
  }

  async #stopListening(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const timer of this.#delayed) clearTimeout(timer)
    this.#delayed.clear()
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('close', () => this.#sockets.delete(socket))
    // A client that resets its connection is everyday life for a box; 'close' follows and does the work.
    socket.on('error', () => socket.destroy())
    let dueMs = 0
    const session = this.#options.open({
      send: (answer) => {
        if (this.#muted) return
        let bytes = typeof answer === 'string' ? Buffer.from(answer, 'latin1') : answer
        if (this.#garbage > 0) {
          this.#garbage--
          bytes = GARBAGE
        }
        // Answers keep their order also when the delay becomes shorter between two of them.
        const nowMs = performance.now()
        dueMs = Math.max(dueMs, nowMs + this.#delayMs)
        if (dueMs <= nowMs) this.#write(socket, bytes)
        else this.#writeLater(socket, bytes, dueMs - nowMs)
      },
    })
    socket.on('data', (bytes) => session.receive(bytes))
  }

  #writeLater(socket: Socket, bytes: Uint8Array, ms: number): void {
    const timer = setTimeout(() => {
      this.#delayed.delete(timer)
      this.#write(socket, bytes)
    }, ms)
    this.#delayed.add(timer)
  }

  #write(socket: Socket, bytes: Uint8Array): void {
    if (socket.writable) socket.write(bytes)
  }
}

/** Longest text line a simulated box takes; more is thrown away up to the next line end. */
const MAX_LINE = 8192

/** Cuts a byte stream into LF-ended text lines, without CR, LF and outer blanks. Empty lines are left out. */
export class LineSplitter {
  readonly #onLine: (line: string) => void
  #partial = ''

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
  }

  /** Takes bytes in any pieces. */
  receive(bytes: Uint8Array): void {
    const pieces = (this.#partial + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#partial = (pieces.pop() ?? '').slice(0, MAX_LINE)
    for (const piece of pieces) {
      const line = piece.trim()
      if (line !== '' && line.length <= MAX_LINE) this.#onLine(line)
    }
  }
}
