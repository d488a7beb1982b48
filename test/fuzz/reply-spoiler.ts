// A proxy before a server that changes what the server answers: what our client must live with.

import { once } from 'node:events'
import net from 'node:net'
import { mutate } from './mutations.ts'
import type { Random } from './random.ts'

/** The proxy. */
export class ReplySpoiler implements AsyncDisposable {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  /** Number of answers that were changed. */
  spoiled = 0

  private constructor(server: net.Server) {
    this.#server = server
  }

  static async start(to: { readonly host: string; readonly port: number }, random: Random): Promise<ReplySpoiler> {
    const server = net.createServer()
    const spoiler = new ReplySpoiler(server)
    let last: Uint8Array = new Uint8Array(0)
    server.on('connection', (client) => {
      const upstream = net.connect(to)
      for (const socket of [client, upstream]) {
        spoiler.#sockets.add(socket)
        socket.on('error', () => undefined)
        socket.once('close', () => {
          spoiler.#sockets.delete(socket)
          client.destroy()
          upstream.destroy()
        })
      }
      client.on('data', (chunk) => upstream.write(chunk))
      upstream.on('data', (chunk) => {
        if (random.chance(0.4)) {
          client.write(chunk)
          return
        }
        spoiler.spoiled += 1
        client.write(mutate(random, chunk, last))
        last = chunk.slice()
        if (random.chance(0.05)) client.destroy()
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return spoiler
  }

  get port(): number {
    const address = this.#server.address()
    return address !== null && typeof address === 'object' ? address.port : 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
