// Shared by the simulator tests: golden files, a hand-driven clock, a text conversation with a box without a socket.
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client, Session } from '../../../simulators/line-server.ts'

/** A parsed file of `test/interop/golden`, found from sources and from `dist` alike. */
export function golden<T>(name: string): T {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'test/interop/golden', name))) {
    if (folder === dirname(folder)) throw new Error(`no golden file ${name}`)
    folder = dirname(folder)
  }
  const parsed: T = JSON.parse(readFileSync(join(folder, 'test/interop/golden', name), 'utf8'))
  return parsed
}

/** Monotonic seconds that pass only when told. */
export class HandClock {
  nowS = 0
  readonly now = (): number => this.nowS

  advance(seconds: number): void {
    this.nowS += seconds
  }
}

/** Talks to a box in memory: text in, the text of all answers out. */
export class Conversation {
  readonly answers: string[] = []
  readonly #session: Session

  constructor(box: { open(client: Client): Session }) {
    this.#session = box.open({ send: (answer) => this.answers.push(Buffer.from(answer).toString('latin1')) })
  }

  ask(text: string | Uint8Array): string {
    const before = this.answers.length
    this.#session.receive(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    return this.answers.slice(before).join('')
  }
}

/** A text client on TCP. Every wait ends after two seconds with an error. */
export class TcpClient {
  readonly #socket
  #text = ''
  #wake: () => void = () => {}
  #closed = false

  private constructor(socket: ReturnType<typeof connect>) {
    this.#socket = socket
    socket.on('data', (bytes) => {
      this.#text += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#wake()
    })
  }

  static connect(port: number): Promise<TcpClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', reject)
      socket.once('connect', () => resolve(new TcpClient(socket)))
    })
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** The next line, line end included. */
  async line(): Promise<string> {
    await this.#until(() => this.#text.includes('\n'))
    const end = this.#text.indexOf('\n') + 1
    const line = this.#text.slice(0, end)
    this.#text = this.#text.slice(end)
    return line
  }

  ask(text: string): Promise<string> {
    this.send(text)
    return this.line()
  }

  /** Resolves when the other side has ended the connection. */
  closed(): Promise<void> {
    return this.#until(() => this.#closed)
  }

  end(): void {
    this.#socket.destroy()
  }

  #until(done: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`nothing came within 2 s; so far: ${this.#text}`)), 2000)
      this.#wake = () => {
        if (!done()) return
        clearTimeout(timer)
        resolve()
      }
      this.#wake()
    })
  }
}
