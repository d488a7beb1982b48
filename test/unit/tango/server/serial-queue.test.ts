import assert from 'node:assert/strict'
import { VirtualClock } from '#tango'
import { SerialQueue } from '../../../../tango/server/serial-queue.ts'

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<T>((a, b) => {
    resolve = a
    reject = b
  })
  return { promise, resolve, reject }
}

describe('SerialQueue', () => {
  const make = (): { queue: SerialQueue; slow: string[]; clock: VirtualClock } => {
    const clock = new VirtualClock()
    const slow: string[] = []
    return { queue: new SerialQueue(clock, (what, ms) => slow.push(`${what} ${ms}`)), slow, clock }
  }

  it('answers synchronous work of an idle device without a promise', () => {
    const { queue } = make()
    assert.equal(
      queue.run('a', () => 5),
      5,
    )
    assert.equal(queue.busy, false)
  })

  it('runs requests one after the other in the order of arrival', async () => {
    const { queue } = make()
    const order: string[] = []
    const first = deferred<void>()
    const one = queue.run('one', async () => {
      order.push('one starts')
      await first.promise
      order.push('one ends')
    })
    const two = queue.run('two', () => {
      order.push('two')
      return 2
    })
    const three = queue.run('three', async () => {
      order.push('three')
    })
    assert.equal(queue.waiting, 2)
    first.resolve()
    await Promise.all([one, two, three])
    assert.deepEqual(order, ['one starts', 'one ends', 'two', 'three'])
    assert.equal(await two, 2)
  })

  it('goes on after work that failed, now or later', async () => {
    const { queue } = make()
    assert.throws(
      () =>
        queue.run('a', () => {
          throw new Error('now')
        }),
      /now/,
    )
    const gate = deferred<void>()
    const failing = queue.run('b', () => gate.promise)
    const waiting = queue.run('c', () => {
      throw new Error('in turn')
    })
    const last = queue.run('d', () => 'done')
    gate.reject(new Error('later'))
    await assert.rejects(async () => failing, /later/)
    await assert.rejects(async () => waiting, /in turn/)
    assert.equal(await last, 'done')
    assert.equal(queue.busy, false)
  })

  it('keeps the stack flat however many requests wait', async () => {
    const { queue } = make()
    const gate = deferred<void>()
    const first = queue.run('gate', () => gate.promise)
    const rest = Array.from({ length: 20_000 }, (_, i) => queue.run('n', () => i))
    gate.resolve()
    await first
    assert.equal((await Promise.all(rest)).at(-1), 19_999)
  })

  it('reports work that takes more than a second, while it still runs', async () => {
    const { queue, slow, clock } = make()
    const gate = deferred<void>()
    const work = queue.run('read Position', () => gate.promise)
    await clock.advance(999)
    assert.deepEqual(slow, [])
    await clock.advance(2)
    assert.deepEqual(slow, ['read Position 1000'])
    gate.resolve()
    await work
    assert.equal(clock.pendingTimers, 0)
  })

  it('refuses requests that could not begin for 3.2 s, in the words of native servers', async () => {
    const { queue, clock } = make()
    const gate = deferred<void>()
    const hanging = queue.run('hangs', () => gate.promise)
    const refused = assert.rejects(async () => queue.run('early', () => 'never'), /Not able to acquire serialization/)
    await clock.advance(2000)
    const later = queue.run('later', () => 'in time')
    await clock.advance(1201)
    await refused
    assert.equal(queue.waiting, 1)
    gate.resolve()
    await hanging
    assert.equal(await later, 'in time')
    assert.equal(clock.pendingTimers, 0)
  })
})
