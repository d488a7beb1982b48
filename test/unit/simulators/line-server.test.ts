import assert from 'node:assert/strict'
import sinon from 'sinon'
import { type Client, LineServer, LineSplitter } from '../../../simulators/line-server.ts'
import { TcpClient } from './support.ts'

/** Answers each line with itself, and tells the test what it has heard. */
class Echo {
  #heard: (line: string) => void = () => {}

  readonly open = (client: Client) =>
    new LineSplitter((line) => {
      client.send(`${line}!\n`)
      this.#heard(line)
    })

  /** Resolves when a line has been heard and dealt with. */
  hears(wanted: string): Promise<void> {
    return new Promise((resolve) => {
      this.#heard = (line) => {
        if (line === wanted) resolve()
      }
    })
  }
}

describe('LineServer', () => {
  let echo: Echo
  let server: LineServer
  let client: TcpClient

  beforeEach(async () => {
    echo = new Echo()
    server = await LineServer.listen(echo)
    client = await TcpClient.connect(server.endpoint.port)
  })

  afterEach(async () => {
    client.end()
    await server.close()
  })

  it('serves several clients, each with its own conversation', async () => {
    const other = await TcpClient.connect(server.endpoint.port)
    client.send('on')
    assert.equal(await other.ask('two\n'), 'two!\n')
    assert.equal(await client.ask('e\n'), 'one!\n')
    other.end()
  })

  it('drops its clients and refuses new ones when unplugged, and comes back on the same port', async () => {
    const { port } = server.endpoint
    await server.setFault({ kind: 'unplug' })
    await client.closed()
    await assert.rejects(TcpClient.connect(port), { code: 'ECONNREFUSED' })
    await server.setFault({ kind: 'unplug' })
    await server.setFault({ kind: 'plug' })
    assert.equal(server.endpoint.port, port)
    const again = await TcpClient.connect(port)
    assert.equal(await again.ask('back\n'), 'back!\n')
    again.end()
  })

  it('delays answers without changing their order', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const other = await LineServer.listen(new Echo())
    const quick = await TcpClient.connect(other.endpoint.port)
    const events: string[] = []
    try {
      await server.setFault({ kind: 'delay', ms: 1500 })
      const heard = echo.hears('slow')
      const answered = client.ask('slow\n').then((line) => events.push(line))
      await heard
      await server.setFault({ kind: 'delay', ms: 0 })
      client.send('next\n')
      // A whole round trip elsewhere: an answer without a delay would have come by now.
      assert.equal(await quick.ask('elsewhere\n'), 'elsewhere!\n')
      clock.tick(1499)
      assert.equal(await quick.ask('elsewhere\n'), 'elsewhere!\n')
      events.push('time')
      clock.tick(1)
      await answered
      assert.deepEqual(events, ['time', 'slow!\n'])
      clock.tick(1)
      assert.equal(await client.line(), 'next!\n')
    } finally {
      clock.restore()
      quick.end()
      await other.close()
    }
  })

  it('answers rubbish as often as asked to, then properly', async () => {
    await server.setFault({ kind: 'garbage', count: 2 })
    assert.doesNotMatch(await client.ask('a\n'), /a!/)
    assert.doesNotMatch(await client.ask('b\n'), /b!/)
    assert.equal(await client.ask('c\n'), 'c!\n')
  })

  it('hears but says nothing when muted, until it is plugged again', async () => {
    await server.setFault({ kind: 'mute' })
    const heard = echo.hears('lost')
    client.send('lost\n')
    await heard
    await server.setFault({ kind: 'plug' })
    assert.equal(await client.ask('again\n'), 'again!\n')
  })

  it('says which port is taken', async () => {
    const { port } = server.endpoint
    await assert.rejects(
      LineServer.listen({ open: echo.open, port }),
      new RegExp(`cannot listen on 127.0.0.1:${port}: .*EADDRINUSE`),
    )
  })
})

describe('LineSplitter', () => {
  it('drops an endless line and understands the next one', () => {
    const lines: string[] = []
    const splitter = new LineSplitter((line) => lines.push(line))
    for (let i = 0; i < 40; i++) splitter.receive(Buffer.alloc(1000, 'A'))
    splitter.receive(Buffer.from('\nok\n'))
    assert.equal(lines.at(-1), 'ok')
  })
})
