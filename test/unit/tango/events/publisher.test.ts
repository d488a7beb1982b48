import assert from 'node:assert/strict'
import { Subscriber } from 'zeromq'
import { silentLogger, systemClock, VirtualClock } from '#tango'
import { EventPublisher, HEARTBEAT_MS, SUBSCRIPTION_MS } from '../../../../tango/events/publisher.ts'
import { decodeEvent } from '../../../../tango/wire/zmq-event.ts'
import { eventually } from '../../../support/waiting.ts'

const TOPIC = 'tango://h:1/a/b/c/x.idl5_change'
const HEARTBEAT = 'tango://h:1/dserver/s/1.heartbeat'

describe('EventPublisher', () => {
  it('sends nothing and encodes nothing to a topic without subscribers', () => {
    const publisher = new EventPublisher({ clock: systemClock, log: silentLogger(), host: '127.0.0.1' })
    publisher.send(TOPIC, false, () => assert.fail('encoded'))
  })

  it('forgets a subscription after ten minutes without confirmation', async () => {
    const clock = new VirtualClock()
    const publisher = new EventPublisher({ clock, log: silentLogger(), host: '127.0.0.1' })
    publisher.subscribe(TOPIC)
    await clock.advance(SUBSCRIPTION_MS - 1)
    assert.equal(publisher.wanted(TOPIC), true)
    publisher.subscribe(TOPIC)
    await clock.advance(SUBSCRIPTION_MS)
    assert.equal(publisher.wanted(TOPIC), true)
    await clock.advance(1)
    assert.equal(publisher.wanted(TOPIC), false)
  })

  it('delivers to local listeners in order, counting from one, and survives one that throws', async () => {
    const publisher = new EventPublisher({ clock: systemClock, log: silentLogger(), host: '127.0.0.1' })
    const counters: number[] = []
    const bad = publisher.local.subscribe(TOPIC, () => {
      throw new Error('a callback failed')
    })
    const good = publisher.local.subscribe(TOPIC, (frames) => counters.push(decodeEvent(frames).callInfo.ctr))
    publisher.send(TOPIC, false, (w) => w.long(1))
    assert.deepEqual(counters, [])
    publisher.send(TOPIC, false, (w) => w.long(2))
    await Promise.resolve()
    assert.deepEqual(counters, [1, 2])
    bad()
    good()
    assert.equal(publisher.local.topics, 0)
  })

  it('puts events and heartbeats of a server on two sockets of its own', async () => {
    const clock = new VirtualClock()
    const publisher = new EventPublisher({ clock, log: silentLogger(), host: '127.0.0.1' })
    const { heartbeat, event } = await publisher.endpoints(HEARTBEAT)
    assert.notEqual(heartbeat, event)
    assert.deepEqual(await publisher.endpoints(HEARTBEAT), { heartbeat, event, alternates: [] })
    const other = await publisher.endpoints('tango://h:1/dserver/s/2.heartbeat')
    assert.equal(new Set([heartbeat, event, other.heartbeat, other.event]).size, 4)
    const events = new Subscriber({ receiveTimeout: 5000 })
    const heartbeats = new Subscriber({ receiveTimeout: 5000 })
    try {
      events.connect(event)
      events.subscribe(TOPIC)
      heartbeats.connect(heartbeat)
      heartbeats.subscribe(HEARTBEAT)
      publisher.subscribe(TOPIC, HEARTBEAT)
      const received: { ctr: number; value: number }[] = []
      const listening = (async () => {
        for await (const frames of events) {
          const { callInfo, payload } = decodeEvent(frames)
          received.push({ ctr: callInfo.ctr, value: payload?.double() ?? Number.NaN })
          if (received.at(-1)?.value === -1) return
        }
      })()
      // a new subscriber is heard of by the socket some milliseconds later
      await eventually('the subscriber to be connected', () => {
        publisher.send(TOPIC, false, (w) => w.double(0))
        return received.length > 0
      })
      const before = received.length
      for (let i = 1; i <= 500; i += 1) publisher.send(TOPIC, false, (w) => w.double(i))
      publisher.send(TOPIC, false, (w) => w.double(-1))
      await listening
      const burst = received.filter(({ value }) => value > 0).map(({ value }) => value)
      assert.deepEqual(
        burst,
        Array.from({ length: 500 }, (_, i) => i + 1),
      )
      assert.ok(received.every(({ ctr }, i) => i < before || ctr > (received[i - 1]?.ctr ?? 0)))

      publisher.startHeartbeat(HEARTBEAT)
      let beats = 0
      const beating = (async () => {
        for await (const frames of heartbeats) {
          assert.equal(decodeEvent(frames).payload, undefined)
          beats += 1
          if (beats === 2) return
        }
      })()
      await eventually('two heartbeats', async () => {
        await clock.advance(HEARTBEAT_MS)
        return beats >= 2
      })
      await beating
      publisher.stopHeartbeat(HEARTBEAT)
      assert.equal(clock.pendingTimers, 0)
    } finally {
      events.close()
      heartbeats.close()
      await publisher.close()
    }
  })

  it('gives each server sockets of its own and sends an event on those of its server only', async () => {
    const other = 'tango://h:1/dserver/s/2.heartbeat'
    const publisher = new EventPublisher({ clock: systemClock, log: silentLogger(), host: '127.0.0.1' })
    const mine = await publisher.endpoints(HEARTBEAT)
    const theirs = await publisher.endpoints(other)
    assert.equal(new Set([mine.heartbeat, mine.event, theirs.heartbeat, theirs.event]).size, 4)
    const right = new Subscriber({ receiveTimeout: 5000 })
    const wrong = new Subscriber({ receiveTimeout: 5000 })
    const END = `${TOPIC}.end`
    try {
      for (const [socket, { event }] of [
        [right, mine],
        [wrong, theirs],
      ] as const) {
        socket.connect(event)
        socket.subscribe(TOPIC)
      }
      publisher.subscribe(TOPIC, HEARTBEAT)
      publisher.subscribe(END, other)
      const first = async (socket: Subscriber): Promise<string> => String((await socket.receive())[0])
      let reached = 0
      const count = (topic: string) => {
        reached += 1
        return topic
      }
      const received = Promise.all([first(right).then(count), first(wrong).then(count)])
      // a new subscriber is heard of by the socket some milliseconds later
      await eventually('both subscribers to be reached', () => {
        publisher.send(TOPIC, false, (w) => w.long(1))
        publisher.send(END, false, (w) => w.long(1))
        return reached === 2
      })
      assert.deepEqual(await received, [TOPIC, END])
    } finally {
      right.close()
      wrong.close()
      await publisher.close()
    }
  })

  it('forgets the subscriptions of a server that has stopped, and binds new sockets when it is back', async () => {
    const publisher = new EventPublisher({ clock: systemClock, log: silentLogger(), host: '127.0.0.1' })
    try {
      const before = await publisher.endpoints(HEARTBEAT)
      publisher.subscribe(TOPIC, HEARTBEAT)
      assert.equal(publisher.wanted(TOPIC), true)
      await publisher.closeServer(HEARTBEAT)
      assert.equal(publisher.wanted(TOPIC), false)
      const after = await publisher.endpoints(HEARTBEAT)
      publisher.subscribe(TOPIC, HEARTBEAT)
      assert.equal(publisher.wanted(TOPIC), true)
      assert.notEqual(after.event, before.event)
    } finally {
      await publisher.close()
    }
  })
})
