import assert from 'node:assert/strict'
import { EventStream, type TangoEvent } from '#tango'

const event = (value: number): TangoEvent => ({
  device: 'a/b/c',
  attribute: 'x',
  event: 'change',
  counter: value,
  reading: { name: 'x', value, written: undefined, quality: 'VALID', time: 0 },
})
const shown = (events: readonly TangoEvent[]): unknown[] =>
  events.map(({ reading, error }) => error?.reason ?? reading?.value)

/** A stream with its publisher. */
async function opened(options: ConstructorParameters<typeof EventStream>[0] = {}) {
  let push: (news: TangoEvent) => void = () => {}
  let closed = 0
  const stream = await new EventStream(options).open(async (deliver) => {
    push = deliver
    return {
      close: async () => {
        closed += 1
      },
    }
  })
  return {
    stream,
    push: (...values: number[]) => {
      for (const value of values) push(event(value))
    },
    closed: () => closed,
  }
}

describe('EventStream', () => {
  it('gives events in order, those that wait and those that come', async () => {
    const { stream, push, closed } = await opened()
    push(1, 2)
    const seen: unknown[] = []
    setImmediate(() => push(3))
    for await (const { reading } of stream) {
      seen.push(reading?.value)
      if (reading?.value === 3) break
    }
    assert.deepEqual(seen, [1, 2, 3])
    assert.equal(closed(), 1)
  })

  it('drops the oldest when it is full, and says how many once', async () => {
    const { stream, push } = await opened({ capacity: 3 })
    push(1, 2, 3, 4, 5)
    assert.deepEqual([stream.size, stream.lost], [3, 2])
    const taken = stream.take(2)
    assert.deepEqual(shown(taken), ['API_MissedEvents', 3])
    assert.match(taken[0]?.error?.message ?? '', /2 events of a\/b\/c\/x were lost/)
    push(6)
    assert.deepEqual(shown(stream.take()), [4, 5, 6])
    assert.deepEqual(stream.take(), [])
    assert.equal(stream.last?.reading?.value, 6)
    await stream.close()
  })

  it('keeps its order and its size over many turns', async () => {
    const { stream, push } = await opened({ capacity: 100 })
    for (let turn = 0; turn < 1000; turn += 1) push(turn)
    assert.deepEqual([stream.size, stream.lost], [100, 900])
    assert.deepEqual(shown(stream.take()), ['API_MissedEvents', ...Array.from({ length: 100 }, (_none, i) => 900 + i)])
    await stream.close()
  })

  it('ends with an error when it is told to', async () => {
    const { stream, push, closed } = await opened({ capacity: 2, overflow: 'end' })
    push(1, 2, 3)
    const seen: unknown[] = []
    await assert.rejects(async () => {
      for await (const { reading } of stream) seen.push(reading?.value)
    }, /API_MissedEvents/)
    assert.deepEqual(seen, [1, 2])
    assert.ok(closed() >= 1)
  })

  it('lets filtered events go before they take a place', async () => {
    const { stream, push } = await opened({ capacity: 2, filter: ({ counter }) => (counter ?? 0) % 2 === 0 })
    push(1, 2, 3, 4, 5)
    assert.deepEqual([shown(stream.take()), stream.lost], [[2, 4], 0])
    await stream.close()
  })

  it('ends a waiting loop when it is closed, and takes nothing afterwards', async () => {
    const { stream, push, closed } = await opened()
    const next = stream.next()
    await stream.close()
    await stream.close()
    push(1)
    assert.deepEqual([(await next).done, stream.size, (await stream.next()).done], [true, 0, true])
    assert.ok(closed() >= 1)
  })

  it('refuses a capacity that is none', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN])
      assert.throws(() => new EventStream({ capacity }), /API_InvalidArgs/)
  })
})
