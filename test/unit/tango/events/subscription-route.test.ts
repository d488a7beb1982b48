import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:net'
import { DeviceConnection } from '../../../../tango/client/reconnect.ts'
import { type Route, requestRoute } from '../../../../tango/events/subscription-route.ts'
import type { OrbClient } from '../../../../tango/orb/orb-client.ts'

function connection(name: string, tangoHost: string, level = 5, database = true): DeviceConnection {
  return new DeviceConnection({
    name,
    tangoHost,
    database,
    clock: { monotonic: () => 0 },
    sibling: (device) => device,
    find: async () => ({
      reference: { typeId: '', host: '127.0.0.1', port: 1, objectKey: new Uint8Array(0), giopMinor: 2, alternates: [] },
      level,
      device: 'A/b/c',
    }),
  })
}

/** The route for an answer of the admin device; also the argument that it got. */
async function routeFor(
  answer: { readonly lvalue: readonly number[]; readonly svalue: readonly string[] },
  options: { readonly tangoHost?: string; readonly level?: number; readonly database?: boolean } = {},
): Promise<{ route: Route; asked: unknown }> {
  const { tangoHost = 'db:10000', level = 5, database = true } = options
  let asked: unknown
  const client = {
    call: async (_reference: unknown, _operation: unknown, [, argument]: readonly [string, { value: unknown }]) => {
      asked = argument.value
      return {
        type: 'DevVarLongStringArray',
        value: { lvalue: Int32Array.from(answer.lvalue), svalue: answer.svalue },
      }
    },
  } as unknown as OrbClient
  const admin = connection('tango://db:10000/dserver/Exec/1', tangoHost)
  const route = await requestRoute(client, connection('x', tangoHost, level, database), admin, {
    attribute: 'Pos',
    event: 'change',
  })
  return { route, asked }
}

describe('requestRoute', () => {
  const sockets: Server[] = []
  let open: string

  before(async () => {
    const server = createServer((socket) => socket.destroy())
    sockets.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    open = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  })

  after(() => {
    for (const server of sockets) server.close()
  })

  const pair = (host: string): string[] => [`tcp://${host}:1`, `tcp://${host}:2`]

  it('takes topic and channel from the answer of servers of release 9.3 and later', async () => {
    const { route, asked } = await routeFor({
      lvalue: [934, 5],
      svalue: [...pair('127.0.0.1'), 'the topic', 'the channel'],
    })
    assert.deepEqual([route.topics, route.channels, route.level], [['the topic'], ['the channel'], 5])
    assert.deepEqual([route.heartbeat, route.event], pair('127.0.0.1'))
    assert.deepEqual(asked, ['A/b/c', 'Pos', 'subscribe', 'change', '5'])
  })

  it('builds them for older servers, with each database that the control system may be called by', async () => {
    const { route } = await routeFor(
      { lvalue: [925, 5], svalue: pair('127.0.0.1') },
      { tangoHost: 'One:10000,two:10000' },
    )
    assert.deepEqual(route.topics, [
      'tango://one:10000/a/b/c/pos.idl5_change',
      'tango://two:10000/a/b/c/pos.idl5_change',
    ])
    assert.deepEqual(route.channels, ['tango://one:10000/dserver/exec/1', 'tango://two:10000/dserver/exec/1'])
  })

  it('builds topics without a level for devices before interface 5, and with the modifier for those without a database', async () => {
    const { route, asked } = await routeFor(
      { lvalue: [820, 4], svalue: pair('127.0.0.1') },
      { level: 4, database: false },
    )
    assert.deepEqual(route.topics, ['tango://db:10000/a/b/c/pos#dbase=no.change'])
    assert.equal(route.level, 4)
    assert.deepEqual(asked, ['A/b/c', 'Pos', 'subscribe', 'change'])
  })

  it('takes the addresses at which the calls are answered, else the first that can be reached', async () => {
    const names = ['t', 'c']
    const same = await routeFor({ lvalue: [934, 5], svalue: [...pair('192.0.2.77'), ...pair('127.0.0.1'), ...names] })
    assert.equal(same.route.event, 'tcp://127.0.0.1:2')
    const reachable = await routeFor({
      lvalue: [934, 5],
      svalue: [
        'tcp://localhost:9',
        'tcp://localhost:9',
        'tcp://localhost:1',
        `tcp://localhost:${open.split(':')[1]}`,
        ...names,
      ],
    })
    assert.equal(reachable.route.event, `tcp://localhost:${open.split(':')[1]}`)
  })

  it('looks for the ports at the address of the admin device when the server does not know its own', async () => {
    const port = open.split(':')[1]
    const { route } = await routeFor({
      lvalue: [934, 5],
      svalue: ['tcp://no.such.host.invalid:7', `tcp://no.such.host.invalid:${port}`, 't', 'c'],
    })
    assert.deepEqual([route.heartbeat, route.event], ['tcp://127.0.0.1:7', `tcp://127.0.0.1:${port}`])
  })

  it('refuses an answer without endpoints', async () => {
    await assert.rejects(routeFor({ lvalue: [934, 5], svalue: ['t', 'c'] }), /API_ZmqFailed/)
  })
})
