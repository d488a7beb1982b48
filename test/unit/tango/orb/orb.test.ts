import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import net from 'node:net'
import { dirname } from 'node:path'
import sinon from 'sinon'
import { DevFailed, devFailed, MultiDevFailed } from '../../../../tango/errors/dev-failed.ts'
import { GiopConnection } from '../../../../tango/orb/giop-connection.ts'
import type { Invocation } from '../../../../tango/orb/invocation.ts'
import { OrbClient } from '../../../../tango/orb/orb-client.ts'
import type { OrbServerOptions, Servant } from '../../../../tango/orb/orb-server.ts'
import { OrbServer } from '../../../../tango/orb/orb-server.ts'
import { SystemException } from '../../../../tango/orb/system-exception.ts'
import { CdrWriter } from '../../../../tango/wire/cdr.ts'
import { doubles, nothing, string, tuple } from '../../../../tango/wire/codec.ts'
import { beginReply, beginRequest, endMessage, MESSAGE, REPLY, writeBareMessage } from '../../../../tango/wire/giop.ts'
import type { ObjectReference } from '../../../../tango/wire/ior.ts'
import { encodeReference } from '../../../../tango/wire/ior.ts'
import { latin1Bytes } from '../../../../tango/wire/latin1.ts'
import type { Operation } from '../../../../tango/wire/operations.ts'
import { DEVICE_REPOSITORY_IDS, EXCEPTION_IDS, OPERATIONS } from '../../../../tango/wire/operations.ts'
import { devErrorList } from '../../../../tango/wire/tango-basic.ts'
import { fromHex, toHex } from '../../../interop/golden.ts'

const TYPE = DEVICE_REPOSITORY_IDS[0]
const { ping, black_box: blackBox, _get_state: getState, _get_name: getName, _is_a: isA } = OPERATIONS
const echo: Operation<readonly [Float64Array], Float64Array> = {
  name: 'echo',
  in: tuple([doubles]),
  out: doubles,
  raises: [],
}
const say: Operation<readonly [string], undefined> = { name: 'say', in: tuple([string]), out: nothing, raises: [] }

/** A servant from handlers by operation. */
function servant(handlers: Record<string, (inv: Invocation) => void>): Servant {
  return {
    repositoryIds: DEVICE_REPOSITORY_IDS,
    invoke(inv) {
      const handler = handlers[inv.operation]
      if (handler === undefined) inv.systemException('BAD_OPERATION', 0x41540026, 1)
      else handler(inv)
    },
  }
}

const answering = servant({
  ping: (inv) => inv.reply(),
  _get_state: (inv) => inv.replyWith(getState.out, 'MOVING'),
  _get_name: (inv) => inv.reply((w) => w.string(`${inv.caller.transport} ${inv.caller.host}`)),
  echo: (inv) => {
    const value = inv.args.doubles()
    inv.reply((w) => w.doubles(value))
  },
})

function failure<T>(work: Promise<T>): Promise<unknown> {
  return work.then(
    (value) => assert.fail(`resolved with ${String(value)}`),
    (error: unknown) => error,
  )
}

function assertStack(error: unknown, exception: string, reasons: readonly string[]): void {
  assert.ok(error instanceof SystemException, String(error))
  assert.equal(error.exception, exception)
  assert.deepEqual(
    error.errors.map((level) => level.reason),
    reasons,
  )
}

describe('OrbServer and OrbClient', () => {
  let closers: (() => Promise<unknown>)[] = []
  let serverErrors: unknown[] = []

  const newServer = (options: OrbServerOptions = {}): OrbServer => {
    const server = new OrbServer({ onError: (error) => serverErrors.push(error), ...options })
    closers.push(() => server.close())
    return server
  }
  const newClient = (connectTimeoutMs = 2000): OrbClient => {
    const client = new OrbClient({ connectTimeoutMs })
    closers.push(() => client.close())
    return client
  }
  const listening = async (object: Servant, options: OrbServerOptions = {}, unix = false): Promise<OrbServer> => {
    const server = newServer(options)
    server.addServant('a/b/c', object)
    await server.listen({ host: '127.0.0.1', unix })
    return server
  }
  /** A raw TCP server for peers that misbehave. */
  const rawServer = async (onSocket: (socket: net.Socket, count: number) => void): Promise<ObjectReference> => {
    let count = 0
    const sockets = new Set<net.Socket>()
    const server = net.createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
      count += 1
      onSocket(socket, count)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    closers.push(async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    })
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    const objectKey = Uint8Array.of(1)
    return { typeId: TYPE, host: '127.0.0.1', port: address.port, objectKey, giopMinor: 2, alternates: [] }
  }
  const rawReply = (
    requestId: number,
    write?: (w: CdrWriter) => void,
    status: number = REPLY.noException,
  ): Uint8Array => {
    const w = new CdrWriter()
    const mark = beginReply(w, 2, requestId, status)
    write?.(w)
    endMessage(w, 2, mark)
    return w.toBytes()
  }
  const bare = (type: number): Uint8Array => {
    const w = new CdrWriter()
    writeBareMessage(w, 2, type)
    return w.toBytes()
  }

  beforeEach(() => {
    closers = []
    serverErrors = []
  })
  afterEach(async () => {
    for (const close of closers.reverse()) await close()
  })

  for (const transport of ['tcp', 'unix', 'memory'] as const) {
    describe(`over ${transport}`, () => {
      const connect = async (object: Servant): Promise<[OrbClient, ObjectReference, OrbServer]> => {
        const server = transport === 'memory' ? newServer() : await listening(object, {}, transport === 'unix')
        if (transport === 'memory') server.addServant('a/b/c', object)
        const client = newClient()
        if (transport === 'memory') client.registerLocal(server)
        return [client, server.reference('a/b/c', TYPE), server]
      }

      it('answers calls of GIOP 1.0, 1.1 and 1.2 on one connection', async () => {
        const connections = new Set<object>()
        const [client, reference] = await connect(
          servant({
            ping: (inv) => {
              connections.add(inv.caller.connection)
              inv.reply()
            },
            _get_state: (inv) => inv.reply((w) => getState.out.encode(w, 'FAULT')),
          }),
        )
        for (const giopMinor of [0, 1, 2]) {
          assert.equal(await client.call({ ...reference, giopMinor }, ping, []), undefined)
          assert.equal(await client.call({ ...reference, giopMinor }, getState, []), 'FAULT')
        }
        assert.equal(connections.size, 1)
      })

      it('tells the servant who calls', async () => {
        const [client, reference] = await connect(answering)
        const expected = { tcp: 'tcp 127.0.0.1', unix: 'unix localhost', memory: 'memory local' }
        assert.equal(await client.call(reference, getName, []), expected[transport])
      })

      it('carries arrays of all sizes', async () => {
        const [client, reference] = await connect(answering)
        for (const size of [0, 1, 100, 3000, 100_000, 1_000_000]) {
          const sent = Float64Array.from({ length: size }, (_, i) => i / 7)
          const received = await client.call(reference, echo, [sent])
          assert.deepEqual(
            Buffer.from(received.buffer, received.byteOffset, received.byteLength).compare(Buffer.from(sent.buffer)),
            0,
          )
          assert.notEqual(received.buffer, sent.buffer)
        }
      })

      it('keeps many calls under way and matches answers that come in another order', async () => {
        const open: (() => void)[] = []
        const [client, reference] = await connect(
          servant({
            black_box: (inv) => {
              const n = inv.args.long()
              open.push(() => inv.reply((w) => w.strings([String(n)])))
              if (open.length === 100) for (const answer of open.reverse()) answer()
            },
          }),
        )
        const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => client.call(reference, blackBox, [n])))
        assert.deepEqual(
          answers.flat(),
          Array.from({ length: 100 }, (_, n) => String(n)),
        )
      })

      it('aborts the signal of the caller when its connection closes', async () => {
        let signal: AbortSignal | undefined
        const [client, reference] = await connect(
          servant({
            ping: (inv) => {
              signal = inv.caller.signal
              inv.reply()
            },
          }),
        )
        await client.call(reference, ping, [])
        assert.equal(signal?.aborted, false)
        const aborted = once(signal, 'abort')
        await client.close()
        await aborted
      })

      it('fails calls that the closing server was working on, and later ones', async () => {
        const [client, reference, server] = await connect(servant({ ping: () => void server.close() }))
        const during = await failure(client.call(reference, ping, []))
        assertStack(during, 'COMM_FAILURE', ['API_CorbaException', 'API_CommunicationFailed'])
        const after = await failure(client.call(reference, ping, []))
        assertStack(after, 'TRANSIENT', ['API_CorbaException', 'API_CantConnectToDevice'])
      })

      if (transport === 'memory') return
      it('notices a server that closes an idle connection and reaches its successor', async () => {
        const [client, reference, server] = await connect(answering)
        await client.call(reference, ping, [])
        await server.close()
        const successor = newServer()
        successor.addServant('a/b/c', answering)
        await successor.listen({ host: '127.0.0.1', port: server.endpoint.port, unix: false })
        assert.equal(await client.call(reference, getState, []), 'MOVING')
      })
    })
  }

  it('decodes DevFailed and MultiDevFailed of the servant', async () => {
    const multi = new MultiDevFailed([{ name: 'x', index: 3, errors: devFailed('API_AttrNotWritable', 'x').errors }])
    const server = await listening(
      servant({
        ping: (inv) =>
          inv.devFailed(devFailed('DB_SQLError', 'first', { cause: devFailed('API_InvalidArgs', 'below') })),
        _get_state: (inv) => inv.devFailed(multi, true),
        _get_name: (inv) => inv.devFailed(multi),
        info: (inv) => inv.userException(EXCEPTION_IDS.DevFailed, (w) => devErrorList.encode(w, [])),
      }),
    )
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    const first = await failure(client.call(reference, ping, []))
    assert.ok(first instanceof DevFailed && !(first instanceof SystemException))
    assert.deepEqual(
      first.errors.map((level) => level.reason),
      ['API_InvalidArgs', 'DB_SQLError'],
    )
    const second = await failure(client.call(reference, getState, []))
    assert.ok(second instanceof MultiDevFailed)
    assert.deepEqual(second.failures, multi.failures)
    const third = await failure(client.call(reference, getName, []))
    assert.ok(third instanceof DevFailed && !(third instanceof MultiDevFailed))
    assert.ok((await failure(client.call(reference, OPERATIONS.info, []))) instanceof DevFailed)
  })

  it('answers what every object answers', async () => {
    const server = await listening(answering)
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    assert.equal(await client.call(reference, isA, ['IDL:Tango/Device_5:1.0']), true)
    assert.equal(await client.call(reference, isA, ['IDL:Tango/Device_6:1.0']), false)
    assert.equal(await client.call(reference, isA, ['IDL:omg.org/CORBA/Object:1.0']), true)
    assert.equal(await client.call(reference, isA, ['Dummy']), false)
    assert.equal(await client.call(reference, OPERATIONS._non_existent, []), false)
    const unknown = await failure(client.call(reference, { ...ping, name: '_interface' }, []))
    assertStack(unknown, 'INTF_REPOS', ['API_CorbaException', 'API_CommunicationFailed'])
  })

  it('says OBJECT_NOT_EXIST for unknown and for removed objects', async () => {
    const server = await listening(answering)
    const client = newClient()
    const absent = await failure(client.call(server.reference('x/y/z', TYPE), isA, [TYPE]))
    assert.ok(absent instanceof SystemException)
    assert.deepEqual([absent.exception, absent.minor, absent.completed], ['OBJECT_NOT_EXIST', 0x4f4d0001, 'NO'])
    const reference = server.reference('a/b/c', TYPE)
    await client.call(reference, ping, [])
    server.removeServant('a/b/c')
    assertStack(await failure(client.call(reference, ping, [])), 'OBJECT_NOT_EXIST', [
      'API_CorbaException',
      'API_CommunicationFailed',
    ])
    server.addServant(Uint8Array.of(0, 0xff), answering)
    await client.call(server.reference(Uint8Array.of(0, 0xff), TYPE), ping, [])
  })

  it('survives servants that throw, now or later, and arguments that do not fit', async () => {
    const rejecting: Servant = {
      repositoryIds: [],
      async invoke(inv) {
        await Promise.resolve()
        throw new Error(`later: ${inv.operation}`)
      },
    }
    const server = await listening(
      servant({
        ping: () => {
          throw new Error('now')
        },
        _get_state: (inv) => inv.reply(() => assert.fail('while writing')),
        say: (inv) => void inv.args.doubles(),
      }),
    )
    server.addServant('later', rejecting)
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    for (const [operation, exception] of [
      [ping, 'UNKNOWN'],
      [getState, 'UNKNOWN'],
    ] as const) {
      const error = await failure(client.call<readonly [], unknown>(reference, operation, []))
      assertStack(error, exception, ['API_CorbaException', 'API_CommunicationFailed'])
    }
    const marshal = await failure(client.call(reference, say, ['text that is no sequence of doubles']))
    assertStack(marshal, 'MARSHAL', ['API_CorbaException', 'API_CommunicationFailed'])
    const later = await failure(client.call(server.reference('later', TYPE), ping, []))
    assertStack(later, 'UNKNOWN', ['API_CorbaException', 'API_CommunicationFailed'])
    assert.equal(serverErrors.length, 4)
  })

  it('drops second answers and answers to closed connections', async () => {
    let kept: Invocation | undefined
    const server = await listening(
      servant({
        ping: (inv) => {
          inv.reply()
          inv.reply()
          inv.systemException('UNKNOWN', 0, 0)
        },
        _get_state: (inv) => {
          kept = inv
        },
        _get_name: (inv) => inv.reply((w) => w.string('n')),
      }),
    )
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    await client.call(reference, ping, [])
    const open = failure(client.call(reference, getState, []))
    assert.equal(await client.call(reference, getName, []), 'n')
    const gone = once(kept!.caller.signal, 'abort')
    await client.close()
    await gone
    kept!.replyWith(getState.out, 'ON')
    assertStack(await open, 'COMM_FAILURE', ['API_CorbaException', 'API_CommunicationFailed'])
  })

  it('sends no answer to a oneway request', async () => {
    const heard: string[] = []
    const server = await listening(
      servant({
        say: (inv) => {
          heard.push(inv.args.string())
          inv.reply(() => assert.fail('nothing is to be written'))
          inv.systemException('UNKNOWN', 0, 0)
        },
        ping: (inv) => inv.reply(),
      }),
    )
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    await client.send(reference, say, ['one'])
    await client.send(reference, say, ['two'])
    await client.call(reference, ping, [])
    assert.deepEqual(heard, ['one', 'two'])
  })

  it('gives up after the time-out and drops the late answer by its id', async () => {
    const late: Invocation[] = []
    const server = await listening(
      servant({
        _get_state: (inv) => void late.push(inv),
        _get_name: (inv) => inv.reply((w) => w.string('still here')),
      }),
    )
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    const error = await failure(client.call(reference, getState, [], { timeoutMs: 20 }))
    assertStack(error, 'TRANSIENT', ['API_CorbaException', 'API_DeviceTimedOut'])
    assert.ok(error instanceof SystemException)
    assert.equal(error.errors[0]?.desc, 'TRANSIENT CORBA system exception: TRANSIENT_CallTimedout')
    late[0]?.replyWith(getState.out, 'ON')
    assert.equal(await client.call(reference, getName, []), 'still here')
  })

  it('times out early calls before late ones, whatever their order', async () => {
    const server = await listening(servant({ ping: () => undefined }))
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    const order: string[] = []
    const call = async (name: string, timeoutMs: number): Promise<void> => {
      await failure(client.call(reference, ping, [], { timeoutMs }))
      order.push(name)
    }
    await Promise.all([call('late', 120), call('early', 20), call('middle', 60)])
    assert.deepEqual(order, ['early', 'middle', 'late'])
  })

  it('gives up when the signal of the call is aborted', async () => {
    const server = await listening(
      servant({ ping: () => undefined, _get_name: (inv) => inv.reply((w) => w.string('n')) }),
    )
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    const abort = new AbortController()
    const call = failure(client.call(reference, ping, [], { signal: abort.signal, timeoutMs: Infinity }))
    await client.call(reference, getName, [])
    const reason = devFailed('API_InvalidArgs', 'stopped')
    abort.abort(reason)
    assert.equal(await call, reason)
    const before = await failure(client.call(reference, ping, [], { signal: AbortSignal.abort('no more') }))
    assert.ok(before instanceof DevFailed && before.has('API_CommunicationFailed'))
  })

  it('says that nobody listens', async () => {
    const server = await listening(answering)
    const reference = server.reference('a/b/c', TYPE)
    await server.close()
    const client = newClient()
    const errors = await Promise.all([1, 2, 3].map(() => failure(client.call(reference, ping, []))))
    for (const error of errors) {
      assertStack(error, 'TRANSIENT', ['API_CorbaException', 'API_CantConnectToDevice'])
      assert.ok(error instanceof SystemException && error.completed === 'NO')
    }
  })

  it('tries other addresses, and TCP when the local socket is gone', async () => {
    const server = await listening(answering)
    const reference = server.reference('a/b/c', TYPE)
    const closed = await listening(answering)
    const { port } = closed.endpoint
    await closed.close()
    const { hostname } = await import('node:os')
    const client = newClient()
    const elsewhere = { ...reference, port, alternates: [{ host: '127.0.0.1', port: reference.port }] }
    await client.call(elsewhere, ping, [])
    const stale = { ...reference, unixHost: hostname(), unixPath: '/nowhere/orb' }
    assert.equal(await client.call(stale, getName, []), 'tcp 127.0.0.1')
    const foreign = { ...reference, unixHost: 'another-host', unixPath: '/nowhere/orb' }
    assert.equal(await client.call(foreign, getName, []), 'tcp 127.0.0.1')
  })

  it('reports a lost connection and makes a new one for the next call', async () => {
    const reference = await rawServer((socket, count) => {
      socket.on('data', () => (count === 1 ? socket.destroy() : socket.write(rawReply(4))))
    })
    const client = newClient()
    assertStack(await failure(client.call(reference, ping, [])), 'COMM_FAILURE', [
      'API_CorbaException',
      'API_CommunicationFailed',
    ])
    await client.call(reference, ping, [])
  })

  it('sends unanswered calls again, once, when the server closes in good order', async () => {
    let seen = 0
    const reference = await rawServer((socket, count) => {
      socket.on('data', () => {
        seen += 1
        if (count === 1) socket.end(bare(MESSAGE.closeConnection))
        else socket.write(rawReply(4))
      })
    })
    const client = newClient()
    await client.call(reference, ping, [])
    assert.equal(seen, 2)
    const always = await rawServer((socket) => {
      socket.on('data', () => socket.end(bare(MESSAGE.closeConnection)))
    })
    const error = await failure(client.call(always, ping, []))
    assertStack(error, 'COMM_FAILURE', ['API_CorbaException', 'API_CommunicationFailed'])
  })

  it('follows a forward once', async () => {
    const server = await listening(answering)
    const target = server.reference('a/b/c', TYPE)
    const forwarding = await rawServer((socket) => {
      socket.on('data', () => socket.write(rawReply(2, (w) => encodeReference(w, target), REPLY.locationForward)))
    })
    const client = newClient()
    assert.equal(await client.call(forwarding, getState, []), 'MOVING')
    const loop: { reference?: ObjectReference } = {}
    let id = 0
    loop.reference = await rawServer((socket) => {
      socket.on('data', () => {
        id += 2
        const { reference } = loop
        assert.ok(reference !== undefined)
        socket.write(rawReply(id, (w) => encodeReference(w, reference), REPLY.locationForward))
      })
    })
    assertStack(await failure(client.call(loop.reference, ping, [])), 'MARSHAL', [
      'API_CorbaException',
      'API_CommunicationFailed',
    ])
  })

  it('reports answers that do not fit the operation', async () => {
    const reference = await rawServer((socket, count) => {
      socket.on('data', () => {
        if (count === 1) socket.write(rawReply(2, (w) => w.ulong(0xffffffff)))
        else socket.write('HTTP/1.1 400 Bad Request')
      })
    })
    const client = newClient()
    const wrong = await failure(client.call(reference, blackBox, [1]))
    assertStack(wrong, 'MARSHAL', ['API_CorbaException', 'API_CommunicationFailed'])
    await client.close()
    const other = newClient()
    const bad = await failure(other.call(reference, ping, []))
    assertStack(bad, 'COMM_FAILURE', ['API_CorbaException', 'API_CommunicationFailed'])
  })

  it('rejects values that cannot be encoded without harming the connection', async () => {
    const server = await listening(answering)
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    const bad: Operation<readonly [], undefined> = {
      ...ping,
      in: {
        ...ping.in,
        encode(w) {
          w.string('half')
          throw new Error('no')
        },
      },
    }
    assert.match(String(await failure(client.call(reference, bad, []))), /no/)
    assert.equal(await client.call(reference, getState, []), 'MOVING')
  })

  it('closes the connection of a peer that does not speak GIOP, and of nobody else', async () => {
    const server = await listening(answering)
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    await client.call(reference, ping, [])
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      fromHex('47494f5001020100ffffffff'),
      fromHex('47494f500103010000000000'),
    ]) {
      const socket = net.connect(server.endpoint.port, '127.0.0.1')
      socket.resume()
      socket.write(bytes)
      await once(socket, 'close')
    }
    assert.equal(serverErrors.length, 3)
    await client.call(reference, ping, [])
  })

  it('answers locate requests and takes a cancel request in its stride', async () => {
    const server = await listening(answering)
    const socket = net.connect(server.endpoint.port, '127.0.0.1')
    const received: Buffer[] = []
    // LocateRequest 1.2 of `a/b/c`, of `x`, CancelRequest, LocateRequest 1.0 of `a/b/c`.
    socket.write(fromHex(`47494f500102010311000000${'09000000'}00000000${'05000000'}612f622f63`))
    socket.write(fromHex(`47494f50010201030d000000${'0a000000'}00000000${'01000000'}78`))
    socket.write(fromHex('47494f50010201020400000009000000'))
    socket.write(fromHex(`47494f50010001030d000000${'0b000000'}${'05000000'}612f622f63`))
    for await (const chunk of socket) {
      received.push(chunk)
      if (Buffer.concat(received).length >= 60) break
    }
    assert.equal(
      toHex(Buffer.concat(received)),
      [
        '47494f50010201040800000009000000',
        '01000000',
        '47494f5001020104080000000a000000',
        '00000000',
        '47494f5001000104080000000b000000',
        '01000000',
      ].join(''),
    )
  })

  it('publishes a local socket while it listens and removes it afterwards', async () => {
    const server = await listening(answering, {}, true)
    const { unixPath } = server.reference('a/b/c', TYPE)
    assert.ok(unixPath !== undefined && existsSync(unixPath))
    await server.close()
    assert.equal(existsSync(dirname(unixPath)), false)
  })

  it('calls its own process without a socket once the server is registered', async () => {
    const server = await listening(answering, {}, true)
    const client = newClient()
    client.registerLocal(server)
    assert.equal(await client.call(server.reference('a/b/c', TYPE), getName, []), 'memory local')
    const parsed = { ...server.reference('a/b/c', TYPE), host: 'localhost', giopMinor: 0 }
    assert.equal(await client.call(parsed, getName, []), 'memory local')
  })

  it('lets timers and sockets have their turn while two objects call each other in a loop', async () => {
    const server = newServer()
    server.addServant('a/b/c', answering)
    const client = newClient()
    client.registerLocal(server)
    const reference = server.reference('a/b/c', TYPE)
    let stop = false
    setTimeout(() => {
      stop = true
    }, 5)
    while (!stop) await client.call(reference, ping, [])
  })

  it('closes the connection that was used least recently when there are too many', async () => {
    const server = await listening(answering, { limits: { maxConnections: 2 } })
    const sockets: net.Socket[] = []
    const closed: number[] = []
    const ping = (socket: net.Socket): Promise<unknown> => {
      const w = new CdrWriter()
      const options = {
        minor: 2,
        requestId: 1,
        objectKey: latin1Bytes('a/b/c'),
        operation: 'ping',
        responseExpected: true,
      }
      endMessage(w, 2, beginRequest(w, options))
      const answered = once(socket, 'data')
      socket.write(w.toBytes())
      return answered
    }
    const connect = async (): Promise<net.Socket> => {
      const number = sockets.length
      const socket = net.connect(server.endpoint.port, '127.0.0.1')
      socket.on('close', () => closed.push(number))
      sockets.push(socket)
      await ping(socket)
      return socket
    }
    const first = await connect()
    const second = await connect()
    await ping(first)
    const gone = once(second, 'close')
    const third = await connect()
    await gone
    assert.deepEqual(closed, [1])
    await ping(first)
    await ping(third)
    assert.equal(server.counts.connections, 2)
    for (const socket of sockets) socket.destroy()
  })

  it('reads on when the answers were taken, and the requests that waited are answered in order', async () => {
    const big = new Uint8Array(300_000)
    const server = await listening(
      servant({
        big: (inv) => {
          const id = inv.args.ulong()
          inv.reply((w) => {
            w.ulong(id)
            w.octets(big)
          })
        },
      }),
      { limits: { maxUnread: 1_000_000 } },
    )
    const socket = net.connect(server.endpoint.port, '127.0.0.1')
    socket.pause()
    const requests = Array.from({ length: 200 }, (_, id) => {
      const w = new CdrWriter()
      const options = {
        minor: 2,
        requestId: id,
        objectKey: latin1Bytes('a/b/c'),
        operation: 'big',
        responseExpected: true,
      }
      const mark = beginRequest(w, options)
      w.ulong(id)
      endMessage(w, 2, mark)
      return w.toBytes()
    })
    socket.write(Buffer.concat(requests))
    // another client's calls give the server every chance to go too far, and go through the same read buffer
    const reference = server.reference('a/b/c', TYPE)
    const other = newClient()
    for (let i = 0; i < 20; i += 1) await failure(other.call(reference, echo, [new Float64Array(4000)]))
    assert.ok(server.counts.heldOctets < 2_000_000, `${server.counts.heldOctets} octets wait`)
    const ids: number[] = []
    const reader = new GiopConnection({
      onReply: ({ requestId }, result) => {
        ids.push(requestId)
        assert.equal(result.ulong(), requestId)
      },
      onCloseConnection: () => undefined,
      onError: (error) => assert.fail(error),
    })
    const all = new Promise<void>((resolve) => {
      socket.on('data', (chunk) => {
        reader.receive(chunk)
        if (ids.length === 200) resolve()
      })
    })
    socket.resume()
    await all
    assert.deepEqual(
      ids,
      requests.map((_, id) => id),
    )
    socket.destroy()
  })

  it('begins no more requests of a connection than its limit, and goes on as they are answered', async () => {
    const open: Invocation[] = []
    const server = await listening(servant({ wait: (inv) => open.push(inv) }), { limits: { maxPending: 3 } })
    const reference = server.reference('a/b/c', TYPE)
    const wait: Operation<readonly [], undefined> = { name: 'wait', in: tuple([]), out: nothing, raises: [] }
    const client = newClient()
    const calls = Array.from({ length: 8 }, () => client.call(reference, wait, []))
    const other = newClient()
    await failure(other.call(reference, getName, []))
    let answered = 0
    while (answered < 8) {
      assert.ok(open.length <= 3, `${open.length} at a time`)
      open.shift()?.reply()
      await calls[answered]
      answered += 1
    }
    assert.equal(server.counts.heldOctets, 0)
  })

  it('reports many errors in one', async () => {
    const server = await listening(answering)
    for (let i = 0; i < 40; i += 1) {
      const socket = net.connect(server.endpoint.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.resume()
      socket.write('GET / HTTP/1.0\r\n\r\n')
      await once(socket, 'close')
    }
    assert.equal(serverErrors.length, 20)
    assert.match(String(serverErrors[0]), /connection of 127\.0\.0\.1:\d+ closed: message does not start with GIOP/)
  })

  it('closes idle connections in good order, but none with a call under way', async () => {
    let answer: (() => void) | undefined
    const server = await listening(
      servant({
        ping: (inv) => inv.reply(),
        _get_name: (inv) => {
          answer = () => inv.reply((w) => w.string('done'))
        },
      }),
      { limits: { idleMs: 20 } },
    )
    const reference = server.reference('a/b/c', TYPE)
    const busy = newClient()
    const long = busy.call(reference, getName, [])
    const socket = net.connect(server.endpoint.port, '127.0.0.1')
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    await once(socket, 'close')
    assert.equal(toHex(Buffer.concat(chunks)).slice(14, 16), '05')
    answer?.()
    assert.equal(await long, 'done')
    const other = newClient()
    await other.call(reference, ping, [])
  })

  it('refuses messages above its limit and says so by closing', async () => {
    const server = await listening(answering, { limits: { maxMessageSize: 1000 } })
    const client = newClient()
    const reference = server.reference('a/b/c', TYPE)
    await failure(client.call(reference, echo, [new Float64Array(1000)]))
    await client.call(reference, echo, [new Float64Array(10)])
  })

  it('forgets servers that it has no connection to, and finds them again', async () => {
    const client = newClient()
    const references: ObjectReference[] = []
    for (let i = 0; i < 5; i += 1) {
      const server = await listening(answering)
      const reference = server.reference('a/b/c', TYPE)
      references.push(reference)
      await client.call(reference, ping, [])
      assert.equal(client.connections, 1)
      await server.close()
      await failure(client.call(reference, ping, []))
      assert.equal(client.connections, 0)
    }
    const again = newServer()
    again.addServant('a/b/c', answering)
    await again.listen({ host: '127.0.0.1', port: references[0]?.port ?? 0, unix: false })
    assert.ok(references[0] !== undefined)
    await client.call(references[0], ping, [])
    assert.equal(client.connections, 1)
  })

  it('gives up a connection whose peer has gone without a word', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    closers.push(async () => clock.restore())
    let connections = 0
    let silent = true
    let got = 0
    const reference = await rawServer((socket, count) => {
      connections = count
      socket.on('data', (chunk: Buffer) => {
        got += 1
        if (!silent) socket.write(rawReply(chunk.readUInt32LE(12)))
      })
    })
    const client = newClient()
    const first = failure(client.call(reference, ping, [], { timeoutMs: 1000 }))
    while (got < 1) await new Promise((resolve) => setImmediate(resolve))
    clock.tick(1001)
    assertStack(await first, 'TRANSIENT', ['API_CorbaException', 'API_DeviceTimedOut'])
    while (got < 2) await new Promise((resolve) => setImmediate(resolve))
    const second = failure(client.call(reference, ping, [], { timeoutMs: 60_000 }))
    while (got < 3) await new Promise((resolve) => setImmediate(resolve))
    clock.tick(15_000)
    assertStack(await second, 'COMM_FAILURE', ['API_CorbaException', 'API_CommunicationFailed'])
    silent = false
    await client.call(reference, ping, [])
    assert.equal(connections, 2)
  })

  it('explains why it cannot listen', async () => {
    const server = await listening(answering)
    const error = await failure(newServer().listen({ host: '127.0.0.1', port: server.endpoint.port }))
    assert.ok(error instanceof DevFailed)
    assert.match(error.message, new RegExp(`127.0.0.1:${server.endpoint.port}`))
  })

  it('closes more than once', async () => {
    const server = await listening(answering)
    await Promise.all([server.close(), server.close()])
    const client = newClient()
    await client.close()
    await client.close()
    assertStack(await failure(client.call(server.reference('a', TYPE), ping, [])), 'TRANSIENT', [
      'API_CorbaException',
      'API_CantConnectToDevice',
    ])
  })
})
