import assert from 'node:assert/strict'
import { Subscriber } from 'zeromq'
import { silentLogger, VirtualClock } from '#tango'
import { AwaitedTopics } from '../../../../tango/events/awaited-topics.ts'
import { EventPublisher } from '../../../../tango/events/publisher.ts'
import { decodeEvent } from '../../../../tango/wire/zmq-event.ts'

const TOPIC = 'tango://h:1/a/b/c/x.idl5_change'
const SERVER = 'tango://h:1/dserver/s/1.heartbeat'

describe('AwaitedTopics', () => {
  const make = (): {
    clock: VirtualClock
    topics: AwaitedTopics
    sent: number[]
    send(topic: string, n: number): void
  } => {
    const clock = new VirtualClock()
    const sent: number[] = []
    const topics = new AwaitedTopics(clock, ([first]) => sent.push(first?.[0] ?? -1))
    return { clock, topics, sent, send: (topic, n) => topics.send(topic, [Uint8Array.of(n)]) }
  }

  it('sends at once what nobody new has asked for', () => {
    const { sent, send } = make()
    send(TOPIC, 1)
    assert.deepEqual(sent, [1])
  })

  it('keeps events in their order until the subscription is there', () => {
    const { topics, sent, send } = make()
    topics.expect(TOPIC)
    send(TOPIC, 1)
    send('another', 2)
    send(TOPIC, 3)
    assert.deepEqual(sent, [2])
    topics.heard(1, TOPIC)
    send(TOPIC, 4)
    assert.deepEqual(sent, [2, 1, 3, 4])
  })

  it('waits for all who asked', () => {
    const { topics, sent, send } = make()
    topics.expect(TOPIC)
    topics.expect(TOPIC)
    send(TOPIC, 1)
    topics.heard(1, TOPIC)
    assert.deepEqual(sent, [])
    topics.heard(1, TOPIC)
    assert.deepEqual(sent, [1])
  })

  it('gives up after a second, and sooner when others have the topic', async () => {
    const { clock, topics, sent, send } = make()
    topics.expect(TOPIC)
    send(TOPIC, 1)
    await clock.advance(999)
    assert.deepEqual(sent, [])
    await clock.advance(1)
    assert.deepEqual(sent, [1])
    topics.heard(1, TOPIC)
    topics.expect(TOPIC)
    send(TOPIC, 2)
    await clock.advance(50)
    assert.deepEqual(sent, [1, 2])
    assert.equal(clock.pendingTimers, 0)
  })

  it('keeps no more than a thousand events, and none when it is closed', () => {
    const { topics, sent, send } = make()
    topics.expect(TOPIC)
    for (let i = 0; i < 1000; i += 1) send(TOPIC, 1)
    assert.equal(sent.length, 1000)
    topics.expect(TOPIC)
    send(TOPIC, 1)
    topics.close()
    assert.equal(sent.length, 1001)
  })

  it('does not mind nonsense', () => {
    const { topics, sent, send } = make()
    topics.expect(TOPIC)
    topics.heard(7, TOPIC)
    topics.heard(undefined, '')
    topics.heard(0, TOPIC)
    send(TOPIC, 1)
    assert.deepEqual(sent, [])
    topics.heard(1, TOPIC)
    assert.deepEqual(sent, [1])
  })
})

describe('A new subscriber', () => {
  it('gets the events that were sent before its subscription arrived', async () => {
    const clock = new VirtualClock()
    const publisher = new EventPublisher({ clock, log: silentLogger(), host: '127.0.0.1' })
    const { event } = await publisher.endpoints(SERVER)
    publisher.subscribe(TOPIC, SERVER)
    publisher.expect(TOPIC, SERVER)
    for (let i = 1; i <= 3; i += 1) publisher.send(TOPIC, false, (w) => w.double(i))
    const subscriber = new Subscriber({ receiveTimeout: 5000 })
    try {
      subscriber.connect(event)
      subscriber.subscribe(TOPIC)
      const values: unknown[] = []
      for await (const frames of subscriber) {
        values.push(decodeEvent(frames).payload?.double())
        if (values.length === 3) break
      }
      assert.deepEqual(values, [1, 2, 3])
    } finally {
      subscriber.close()
      await publisher.close()
    }
  })
})
