// A TCP proxy with the faults of real networks: delays, cuts, half-closed and dead connections, connections made in another
// order. Follows Tango's events: the endpoints that a server names in its answers are replaced by further proxies.

import { once } from 'node:events'
import net from 'node:net'

/** What may happen to connections. */
export type Fault = 'delay' | 'cut' | 'half-close' | 'stall' | 'dead' | 'refuse' | 'reorder'
export const FAULTS: readonly Fault[] = ['delay', 'cut', 'half-close', 'stall', 'dead', 'refuse', 'reorder']

/** An event endpoint in an answer; ports of four digits are not replaced. */
const ENDPOINT = /tcp:\/\/127\.0\.0\.1:(\d{5})/g
/** Proxies that wait for an endpoint to stand for. */
const SPARES = 6

/** One connection through the proxy. */
interface Link {
  readonly client: net.Socket
  readonly upstream: net.Socket
  /** Nothing is forwarded before this time (`performance.now`); Infinity: never. */
  heldUntil: number
  delayMs: number
  readonly timers: Set<NodeJS.Timeout>
}

/** A proxy before one port of this machine, and those before the event ports that it finds. */
export class FaultProxy implements AsyncDisposable {
  /** Octets forwarded, connections accepted and faults done. */
  readonly counts = { octets: 0, connections: 0, faults: 0 }
  readonly #targetPort: number
  readonly #entries: Entry[] = []
  readonly #links = new Set<Link>()
  readonly #waiting: (() => void)[] = []
  #delayMs = 0
  #refusing = false
  #reordering = false

  private constructor(targetPort: number) {
    this.#targetPort = targetPort
  }

  /** @param targetPort where the server listens on the loopback interface */
  static async start(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort)
    for (let i = 0; i < 1 + SPARES; i += 1) await proxy.#addEntry()
    const [main] = proxy.#entries
    if (main !== undefined) main.targetPort = targetPort
    return proxy
  }

  /** Where clients connect instead of the server. */
  get port(): number {
    return this.#entries[0]?.port ?? 0
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#links.size
  }

  /** Makes a fault happen to the connections there are (or to those that come). */
  inject(fault: Fault, pick: (links: number) => number = () => 0): void {
    this.counts.faults += 1
    const links = [...this.#links]
    const link = links[pick(Math.max(1, links.length))]
    switch (fault) {
      case 'delay':
        this.#delayMs = 20 + 10 * pick(8)
        for (const each of links) each.delayMs = this.#delayMs
        return
      case 'cut':
        if (link !== undefined) this.#cut(link)
        return
      case 'half-close':
        link?.client.end()
        return
      case 'stall':
        if (link !== undefined) link.heldUntil = performance.now() + 200 * (1 + pick(20))
        return
      case 'dead':
        if (link !== undefined) link.heldUntil = Infinity
        return
      case 'refuse':
        this.#refusing = true
        for (const each of links) if (pick(2) === 0) this.#cut(each)
        return
      case 'reorder':
        this.#reordering = true
        for (const each of links) if (pick(2) === 0) this.#cut(each)
    }
  }

  /** No more faults; dead connections are cut, as a host that comes back does. */
  heal(): void {
    this.#delayMs = 0
    this.#refusing = false
    this.#reordering = false
    for (const connect of this.#waiting.splice(0)) connect()
    for (const link of [...this.#links]) {
      link.delayMs = 0
      if (link.heldUntil === Infinity) this.#cut(link)
      link.heldUntil = 0
    }
  }

  /** Forgets the event ports of a server that ended. */
  forgetEvents(): void {
    for (const entry of this.#entries) if (entry.targetPort !== this.#targetPort) entry.targetPort = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of [...this.#links]) this.#cut(link)
    for (const { server } of this.#entries) {
      server.close()
      await once(server, 'close')
    }
  }

  async #addEntry(): Promise<void> {
    const server = net.createServer({ allowHalfOpen: true })
    do {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    } while (portOf(server) < 10_000)
    const entry: Entry = { server, port: portOf(server), targetPort: undefined }
    server.on('connection', (client) => this.#accept(client, entry))
    this.#entries.push(entry)
  }

  #accept(client: net.Socket, entry: Entry): void {
    this.counts.connections += 1
    client.on('error', () => undefined)
    if (this.#refusing || entry.targetPort === undefined) {
      client.destroy()
      return
    }
    const { targetPort } = entry
    client.pause()
    const connect = (): void => this.#connect(client, targetPort)
    if (!this.#reordering) {
      connect()
      return
    }
    // the last one first, two at a time
    this.#waiting.unshift(connect)
    if (this.#waiting.length >= 2) for (const each of this.#waiting.splice(0)) each()
  }

  #connect(client: net.Socket, port: number): void {
    if (client.destroyed) return
    const upstream = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const link: Link = { client, upstream, heldUntil: 0, delayMs: this.#delayMs, timers: new Set() }
    this.#links.add(link)
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined)
      socket.once('close', () => this.#cut(link))
    }
    this.#forward(link, client, upstream, (chunk) => chunk)
    this.#forward(link, upstream, client, (chunk) => this.#withProxies(chunk))
    client.resume()
  }

  /** Forwards in order: each chunk waits for the one before. */
  #forward(link: Link, from: net.Socket, to: net.Socket, change: (chunk: Buffer) => Buffer): void {
    const queue: (() => void)[] = []
    let last = 0
    const later = (work: () => void): void => {
      const now = performance.now()
      const at = Math.max(now + link.delayMs, last)
      if (queue.length === 0 && at <= now && link.heldUntil <= now) {
        work()
        return
      }
      last = at
      queue.push(work)
      if (queue.length === 1) this.#wake(link, queue, at)
    }
    from.on('data', (chunk) => {
      this.counts.octets += chunk.length
      const changed = change(chunk)
      later(() => to.write(changed))
    })
    from.once('end', () => later(() => to.end()))
  }

  #wake(link: Link, queue: (() => void)[], at: number): void {
    const timer = setTimeout(
      () => {
        link.timers.delete(timer)
        if (!this.#links.has(link)) return
        if (performance.now() >= link.heldUntil) for (const work of queue.splice(0)) work()
        else this.#wake(link, queue, Math.min(link.heldUntil, performance.now() + 50))
      },
      Math.max(1, at - performance.now()),
    )
    link.timers.add(timer)
  }

  /** Replaces the event endpoints in an answer. */
  #withProxies(chunk: Buffer): Buffer {
    const text = chunk.toString('latin1')
    if (!text.includes('tcp://127.0.0.1:')) return chunk
    return Buffer.from(
      text.replace(ENDPOINT, (_, port: string) => `tcp://127.0.0.1:${this.#proxyOf(Number(port))}`),
      'latin1',
    )
  }

  #proxyOf(port: number): number {
    if (this.#entries.some((entry) => entry.port === port)) return port
    const known = this.#entries.find((entry) => entry.targetPort === port)
    const entry = known ?? this.#entries.find(({ targetPort }) => targetPort === undefined)
    if (entry === undefined) throw new Error(`no spare proxy is left for port ${port}`)
    entry.targetPort = port
    return entry.port
  }

  #cut(link: Link): void {
    if (!this.#links.delete(link)) return
    for (const timer of link.timers) clearTimeout(timer)
    link.client.destroy()
    link.upstream.destroy()
  }
}

/** A listening port and what it stands for. */
interface Entry {
  readonly server: net.Server
  readonly port: number
  targetPort: number | undefined
}

function portOf(server: net.Server): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}
