import assert from 'node:assert/strict'
import type { DeviceConnection } from '../../../../tango/client/reconnect.ts'
import { devFailed } from '../../../../tango/errors/dev-failed.ts'
import type { TangoEvent } from '../../../../tango/events/event-types.ts'
import { Feed, Member, type SubscriptionRequest } from '../../../../tango/events/feed.ts'

function request(callback: (event: TangoEvent) => void): SubscriptionRequest {
  const connection = { name: 'a/b/c' } as DeviceConnection
  return { connection, attribute: 'x', event: 'change', callback, stateless: false }
}

describe('Feed', () => {
  const feed = (): Feed =>
    new Feed(
      { topics: ['topic'], level: 5 },
      request(() => {}),
    )

  it('takes the first counter as it is and then counts what is missing', () => {
    const counted = feed()
    assert.deepEqual(
      [17, 18, 21, 22].map((counter) => counted.count(counter)),
      [0, 0, 2, 0],
    )
  })

  it('drops a repetition', () => {
    const counted = feed()
    assert.deepEqual(
      [1, 1, 2, 2].map((counter) => counted.count(counter)),
      [0, undefined, 0, undefined],
    )
  })

  it('knows a restart by a smaller counter, and that something was missed', () => {
    const counted = feed()
    assert.deepEqual(
      [500, 1, 2].map((counter) => counted.count(counter)),
      [0, Number.NaN, 0],
    )
  })

  it('does not tell again of an interruption, unless events came since it was told', () => {
    const counted = feed()
    counted.count(500)
    counted.tell(devFailed('API_EventTimeout', 'gone'))
    assert.equal(counted.count(1), 0)
    counted.tell(devFailed('API_EventTimeout', 'gone'))
    counted.count(2)
    counted.restart()
    assert.equal(counted.count(2), Number.NaN)
    counted.tell(devFailed('API_EventTimeout', 'gone'))
    counted.restart()
    assert.equal(counted.count(3), 2)
  })

  it('follows the counter over the end of 32 bits', () => {
    const counted = feed()
    assert.deepEqual(
      [0xfffffffe, 0xffffffff, 0, 2].map((counter) => counted.count(counter)),
      [0, 0, 0, 1],
    )
  })
})

describe('Member', () => {
  it('delivers the first value before events that came while it was read', () => {
    const counters: (number | undefined)[] = []
    const member = new Member(
      request((event) => counters.push(event.counter)),
      assert.ifError,
    )
    member.early = []
    member.deliver({}, 1)
    member.deliver({}, 2)
    assert.deepEqual(counters, [])
    member.goLive({})
    member.deliver({}, 3)
    assert.deepEqual(counters, [undefined, 1, 2, 3])
  })

  it('keeps a bounded number of early events, the newest', () => {
    const counters: (number | undefined)[] = []
    const member = new Member(
      request((event) => counters.push(event.counter)),
      assert.ifError,
    )
    member.early = []
    for (let i = 1; i <= 10_010; i += 1) member.deliver({}, i)
    member.goLive(undefined)
    assert.deepEqual([counters.length, counters[0], counters.at(-1)], [10_000, 11, 10_010])
  })

  it('reports a callback that throws and goes on', () => {
    const errors: unknown[] = []
    const member = new Member(
      request(() => {
        throw new Error('bad callback')
      }),
      (error) => errors.push(error),
    )
    member.deliver({}, 1)
    member.deliver({}, 2)
    assert.equal(errors.length, 2)
  })

  it('is silent once it is closed', () => {
    const member = new Member(
      request(() => assert.fail('called')),
      assert.ifError,
    )
    member.closed = true
    member.deliver({}, 1)
    member.goLive({})
  })
})
