import assert from 'node:assert/strict'
import { OwnServer, type ServingProcess } from '../../../../facility/starter/own-server.ts'

/** A process that notes what it is told. */
class FakeProcess implements ServingProcess {
  readonly name = 'main'
  readonly logFile = '/log/main.log'
  readonly orders: string[] = []
  pid: number | undefined = 7
  phase: 'down' | 'starting' | 'up' = 'up'
  servers: readonly string[] = ['Pool/b1', 'MacroServer/b1']
  gate: Promise<void> = Promise.resolve()

  async change(kind: string, server: string): Promise<void> {
    this.orders.push(`${kind} ${server} begins`)
    await this.gate
    this.orders.push(`${kind} ${server} ends`)
    this.servers = kind === 'stop-server' ? this.servers.filter((name) => name !== server) : [...this.servers, server]
  }
  resume(): void {
    this.orders.push('resume')
    this.phase = 'starting'
  }
  async stop(): Promise<void> {
    this.orders.push('stop')
    this.phase = 'down'
  }
  kill(): void {
    this.orders.push('kill')
  }
}

describe('OwnServer', () => {
  it('stops alone in a process that it shares, and starts there again', async () => {
    const process_ = new FakeProcess()
    const server = new OwnServer(process_, 'Pool/b1', { alone: false })
    assert.deepEqual([server.phase, server.pid, server.instances], ['up', 7, 1])
    await server.stop()
    assert.deepEqual([server.phase, server.pid, server.instances], ['down', undefined, 0])
    assert.deepEqual(process_.servers, ['MacroServer/b1'])
    assert.throws(() => server.kill(), { reason: 'SERVER_NOT_RUNNING' })
    await server.start()
    assert.equal(server.phase, 'up')
    assert.ok(!process_.orders.includes('stop') && !process_.orders.includes('resume'), process_.orders.join())
  })

  it('ends and starts the process that serves nothing else', async () => {
    const process_ = new FakeProcess()
    const server = new OwnServer(process_, 'Pool/b1', { alone: true })
    await server.stop()
    assert.equal(server.phase, 'down')
    await server.start()
    assert.equal(server.phase, 'starting')
    assert.deepEqual(process_.orders, ['stop', 'resume'])
  })

  it('starts a server that ended by itself in the process that still runs', async () => {
    const process_ = new FakeProcess()
    await new OwnServer(process_, 'Pool/b1', { alone: true }).start()
    assert.deepEqual(process_.orders, ['start-server Pool/b1 begins', 'start-server Pool/b1 ends'])
  })

  it('does one order after the other', async () => {
    const process_ = new FakeProcess()
    const server = new OwnServer(process_, 'Pool/b1', { alone: false })
    await Promise.all([server.stop(), server.start(), server.stop()])
    assert.deepEqual(
      process_.orders,
      ['stop-server', 'start-server', 'stop-server'].flatMap((kind) => [
        `${kind} Pool/b1 begins`,
        `${kind} Pool/b1 ends`,
      ]),
    )
  })
})
