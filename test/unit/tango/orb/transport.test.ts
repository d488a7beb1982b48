import assert from 'node:assert/strict'
import { memoryPair } from '../../../../tango/orb/transport.ts'

/** Resolves after everything that is queued in this turn. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('memoryPair', () => {
  it('delivers in order, in both directions, after the sender has returned', async () => {
    const [a, b] = memoryPair()
    const log: string[] = []
    a.onData = (chunk) => log.push(`a ${chunk.join()}`)
    a.send(Uint8Array.of(1))
    a.send(Uint8Array.of(2))
    log.push('sent')
    b.onData = (chunk) => {
      log.push(`b ${chunk.join()}`)
      b.send(chunk)
    }
    await settled()
    assert.deepEqual(log, ['sent', 'b 1', 'b 2', 'a 1', 'a 2'])
  })

  it('lets the sender use a small buffer again and keeps a big one', async () => {
    const [a, b] = memoryPair()
    const received: Uint8Array[] = []
    b.onData = (chunk) => received.push(chunk)
    const small = Uint8Array.of(1, 2, 3)
    assert.equal(a.send(small), true)
    small.fill(0)
    const big = new Uint8Array(100_000)
    assert.equal(a.send(big), false)
    await settled()
    assert.deepEqual(received[0], Uint8Array.of(1, 2, 3))
    assert.equal(received[1], big)
  })

  it('delivers what was sent before the close, then tells of it once', async () => {
    const [a, b] = memoryPair()
    const log: string[] = []
    b.onData = () => log.push('data')
    b.onClose = () => log.push('close')
    a.onClose = () => log.push('own close')
    a.send(Uint8Array.of(1))
    a.close()
    a.close()
    a.send(Uint8Array.of(2))
    await settled()
    b.send(Uint8Array.of(3))
    b.close()
    await settled()
    assert.deepEqual(log, ['data', 'close'])
  })

  it('hands over to the event loop after many deliveries in one turn', async () => {
    const [a, b] = memoryPair()
    let deliveries = 0
    b.onData = (chunk) => {
      deliveries += 1
      b.send(chunk)
    }
    a.onData = (chunk) => a.send(chunk)
    a.send(Uint8Array.of(1))
    await settled()
    const first = deliveries
    assert.ok(first > 100, `only ${first} deliveries in the first turn`)
    await settled()
    await settled()
    assert.ok(deliveries > first)
    a.close()
  })
})
