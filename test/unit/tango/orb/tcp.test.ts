import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'
import { connectSocket, Listener, makeReadBuffer } from '../../../../tango/orb/tcp.ts'
import type { Transport } from '../../../../tango/orb/transport.ts'

/** A deadline for everything these tests wait for. */
const soon = (): AbortSignal => AbortSignal.timeout(2000)

describe('tcp', () => {
  let listener: Listener
  let accepted: Transport[]
  let onAccept: ((transport: Transport) => void) | undefined

  const nextAccepted = (): Promise<Transport> =>
    new Promise((resolve) => {
      onAccept = resolve
    })
  const firstData = (transport: Transport): Promise<Uint8Array> =>
    new Promise((resolve) => {
      transport.onData = (chunk) => resolve(chunk.slice())
    })

  beforeEach(async () => {
    accepted = []
    listener = new Listener(makeReadBuffer(), (transport) => {
      accepted.push(transport)
      onAccept?.(transport)
    })
    await listener.listen({ host: '127.0.0.1', port: 0 })
  })
  afterEach(async () => {
    for (const transport of accepted) transport.close()
    await listener.close()
  })

  const connect = async (): Promise<[Transport, Transport]> => {
    const peer = nextAccepted()
    const transport = await connectSocket({ host: '127.0.0.1', port: listener.port }, makeReadBuffer(), soon())
    return [transport, await peer]
  }

  it('says who is at the other end', async () => {
    const [client, server] = await connect()
    assert.deepEqual(client.remote, { transport: 'tcp', host: '127.0.0.1', port: listener.port })
    assert.equal(server.remote.transport, 'tcp')
    assert.equal(server.remote.host, '127.0.0.1')
    client.close()
  })

  it('tells the other end of a close, once, and not its own', async () => {
    const [client, server] = await connect()
    let own = 0
    client.onClose = () => {
      own += 1
    }
    const closed = new Promise<void>((resolve) => {
      server.onClose = () => resolve()
    })
    client.close()
    client.close()
    await closed
    assert.equal(own, 0)
  })

  it('sends everything that was queued before the close', async () => {
    const [client, server] = await connect()
    let received = 0
    client.onData = (chunk) => {
      received += chunk.length
    }
    const closed = new Promise<void>((resolve) => {
      client.onClose = () => resolve()
    })
    server.send(new Uint8Array(3_000_000))
    server.send(new Uint8Array(10))
    server.close()
    await closed
    assert.equal(received, 3_000_010)
  })

  for (const size of [1000, 50_000]) {
    it(`lets the sender use its buffer of ${size} octets again only when it says so`, async () => {
      const [client, server] = await connect()
      // More than the system takes at once, so that some of it has to wait.
      const count = Math.ceil(20_000_000 / size)
      let received = 0
      let wrong = 0
      const done = new Promise<void>((resolve) => {
        client.onData = (chunk) => {
          for (const octet of chunk) {
            if (octet !== Math.floor(received / size) % 256) wrong += 1
            received += 1
          }
          if (received === count * size) resolve()
        }
      })
      let buffer = new Uint8Array(size)
      for (let i = 0; i < count; i += 1) {
        buffer.fill(i)
        if (!server.send(buffer)) buffer = new Uint8Array(size)
      }
      await done
      assert.equal(wrong, 0)
      client.close()
    })
  }

  it('reads nothing while paused and tells when its backlog has been taken', async () => {
    const peer = nextAccepted()
    const lazy = net.connect(listener.port, '127.0.0.1')
    await once(lazy, 'connect')
    lazy.pause()
    const server = await peer
    const { flow } = server
    assert.ok(flow !== undefined)
    flow.pause()
    server.send(new Uint8Array(32 * 1024 * 1024))
    assert.ok(flow.backlog > 0)
    const before = flow.taken
    let going = false
    const heard = firstData(server).then(() => going)
    await new Promise<void>((resolve) => lazy.write('x', () => resolve()))
    // A whole exchange on another connection gives the server every chance to read the octet too early.
    const [other, otherServer] = await connect()
    const ping = firstData(otherServer)
    other.send(Uint8Array.of(1))
    await ping
    const pong = firstData(other)
    otherServer.send(Uint8Array.of(2))
    await pong
    const drained = new Promise<void>((resolve) => {
      flow.onDrain = resolve
    })
    lazy.resume()
    await drained
    assert.equal(flow.backlog, 0)
    assert.ok(flow.taken > before)
    going = true
    flow.resume()
    assert.equal(await heard, true)
    lazy.destroy()
    other.close()
  })

  it('refuses at once where nobody listens and gives up when told to', async () => {
    const { port } = listener
    await listener.close()
    await assert.rejects(connectSocket({ host: '127.0.0.1', port }, makeReadBuffer(), soon()), /ECONNREFUSED/)
    const reason = new Error('no more time')
    await assert.rejects(
      connectSocket({ host: '127.0.0.1', port }, makeReadBuffer(), AbortSignal.abort(reason)),
      reason,
    )
  })

  it('names the address that it cannot listen on', async () => {
    const second = new Listener(makeReadBuffer(), () => undefined)
    await assert.rejects(second.listen({ host: '127.0.0.1', port: listener.port }), (error: unknown) => {
      return error instanceof DevFailed && error.message.includes(`127.0.0.1:${listener.port}`)
    })
    await second.close()
  })
})
