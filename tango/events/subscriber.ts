// Receives events of any device: one ZeroMQ socket for all events and one for all heartbeats of the process, the local hub
// for devices of the same process. Supervises the servers, counts, and subscribes again after a restart.
// Source of truth: what native clients do (cppTango 9, zmqeventconsumer), as seen on the wire.

import { findAdmin } from '../client/admin-device.ts'
import type { ClientHost } from '../client/client-host.ts'
import type { DeviceConnection } from '../client/reconnect.ts'
import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import { decodeEvent, type ReceivedEvent } from '../wire/zmq-event.ts'
import { decodeContent, type EventContent, readContent } from './event-content.ts'
import type { EventType, Subscription } from './event-types.ts'
import { Channel, Feed, Member, type SubscriptionRequest } from './feed.ts'
import { confirmRoutes, type Route, requestRoute } from './subscription-route.ts'
import { ZmqReceiver } from './zmq-receiver.ts'

/** Periods of the supervision; the defaults are those of native clients. */
export interface SubscriberTimes {
  /** Silence after which a server counts as gone. */
  readonly heartbeatMs?: number
  /** Between attempts to subscribe again. */
  readonly retryMs?: number
  /** Between confirmations; servers forget a subscription after ten minutes. */
  readonly confirmMs?: number
}

/** How often the supervision looks. */
const WATCH_MS = 500
const CALL_TIMEOUT_MS = 3000

/** The receiving side of events of a process. */
export class EventSubscriber {
  readonly #host: Omit<ClientHost, 'subscriber'>
  readonly #heartbeatMs: number
  readonly #retryMs: number
  readonly #confirmMs: number
  readonly #feeds = new Map<string, Feed>()
  readonly #channels = new Map<string, Channel>()
  readonly #members = new Set<Member>()
  readonly #events: ZmqReceiver
  readonly #heartbeats: ZmqReceiver
  readonly #running = new Set<Promise<void>>()
  #cancelWatch: (() => void) | undefined
  #closed = false

  constructor(host: Omit<ClientHost, 'subscriber'>, times: SubscriberTimes = {}) {
    this.#host = host
    this.#heartbeatMs = times.heartbeatMs ?? 10_000
    this.#retryMs = times.retryMs ?? 10_000
    this.#confirmMs = times.confirmMs ?? 195_000
    const onError = (error: unknown): void => host.log.error('the event socket failed', { error })
    this.#events = new ZmqReceiver({ onMessage: (frames) => this.#onEvent(frames), onError })
    this.#heartbeats = new ZmqReceiver({ onMessage: (frames) => this.#onHeartbeat(frames), onError })
  }

  /** Numbers of what is open, for tests that look for leaks. */
  get counts(): {
    readonly subscriptions: number
    readonly topics: number
    readonly servers: number
    readonly sockets: number
  } {
    return {
      subscriptions: this.#members.size,
      topics: new Set(this.#feeds.values()).size,
      servers: new Set(this.#channels.values()).size,
      sockets: Number(this.#events.open) + Number(this.#heartbeats.open),
    }
  }

  /**
   * Subscribes and delivers the present value before it resolves.
   * @throws DevFailed of the device or `API_DSFailedRegisteringEvent`, unless `stateless`
   */
  async subscribe(request: SubscriptionRequest): Promise<Subscription> {
    if (this.#closed) throw devFailed('API_ShutdownInProgress', 'this process is closing')
    const member = new Member(request, (error) =>
      this.#host.log.error('an event callback failed', { device: request.connection.name, error }),
    )
    this.#members.add(member)
    try {
      await this.#join(member)
    } catch (error) {
      if (!request.stateless) {
        this.#drop(member)
        throw error
      }
      this.#postpone(member, error)
    }
    return {
      close: async () => {
        this.#drop(member)
      },
    }
  }

  /** Ends all subscriptions and closes the sockets. */
  async close(): Promise<void> {
    this.#closed = true
    for (const member of [...this.#members]) this.#drop(member)
    this.#cancelWatch?.()
    this.#cancelWatch = undefined
    await Promise.all(this.#running)
    await Promise.all([this.#events.close(), this.#heartbeats.close()])
  }

  /** Subscribes at the server, listens, reads the first value. */
  async #join(member: Member): Promise<void> {
    const { connection } = member.request
    const { client, connections } = this.#host
    const admin = connections.device(await findAdmin(client, connection))
    const route = await requestRoute(client, connection, admin, member.request)
    if (member.closed) return
    member.early = []
    await this.#listen(member, route, admin)
    if (!member.closed) await this.#deliverPresent(member)
  }

  async #listen(member: Member, route: Route, admin: DeviceConnection): Promise<void> {
    const feed = this.#feeds.get(route.topics[0]) ?? this.#openFeed(route, member.request, admin)
    feed.members.add(member)
    member.feed = feed
    const { channel } = feed
    if (channel === undefined) return
    // the server may have been restarted without being missed so far
    if (channel.heartbeat !== route.heartbeat || channel.event !== route.event) this.#moveChannel(channel, route)
    await feed.listening
  }

  #openFeed(route: Route, request: SubscriptionRequest, admin: DeviceConnection): Feed {
    const feed = new Feed(route, request)
    for (const topic of route.topics) this.#feeds.set(topic, feed)
    if (route.local) {
      feed.cancelLocal = this.#host.localEvents.subscribe(feed.topic, (frames) => this.#onEvent(frames))
      return feed
    }
    let channel = this.#channels.get(route.channels[0])
    if (channel === undefined) {
      channel = new Channel(route, admin, this.#host.clock.monotonic())
      for (const name of channel.names) this.#channels.set(name, channel)
      // heartbeats need not be awaited
      this.#follow(listen(this.#heartbeats, channel.heartbeat, channel.names))
    }
    channel.feeds.add(feed)
    feed.channel = channel
    feed.listening = listen(this.#events, channel.event, feed.topics)
    this.#watch()
    return feed
  }

  async #deliverPresent(member: Member): Promise<void> {
    const { connection, event, attribute } = member.request
    const options = { timeoutMs: CALL_TIMEOUT_MS }
    const orb = this.#host.client
    let content: EventContent | undefined
    try {
      content = await connection.run('always', async (target) => {
        const read = await readContent(event, attribute, { orb, target, options })
        // lost connections are for `run` to handle, errors of the attribute are the content
        if (read?.error !== undefined && !read.error.has('API_CorbaException')) return read
        if (read?.error !== undefined) throw read.error
        return read
      })
    } catch (error) {
      content = { error: toDevFailed(error) }
    }
    if (member.closed) return
    member.goLive(content)
  }

  #drop(member: Member): void {
    member.closed = true
    this.#members.delete(member)
    const { feed } = member
    if (feed !== undefined) {
      feed.members.delete(member)
      if (feed.members.size === 0) this.#closeFeed(feed)
    }
    if (this.#channels.size === 0 && ![...this.#members].some((other) => other.retryAtMs !== undefined)) {
      this.#cancelWatch?.()
      this.#cancelWatch = undefined
    }
  }

  #closeFeed(feed: Feed): void {
    for (const topic of feed.topics) if (this.#feeds.get(topic) === feed) this.#feeds.delete(topic)
    feed.cancelLocal?.()
    const { channel } = feed
    if (channel === undefined || !channel.feeds.delete(feed)) return
    forget(this.#events, channel.event, feed.topics)
    if (channel.feeds.size > 0) return
    for (const name of channel.names) this.#channels.delete(name)
    forget(this.#heartbeats, channel.heartbeat, channel.names)
  }

  #onEvent(frames: readonly Uint8Array[]): void {
    let received: ReceivedEvent
    try {
      received = decodeEvent(frames)
    } catch (error) {
      // such as the messages with which libzmq looks for dead peers
      this.#host.log.debug('a message that is no event was dropped', { error })
      return
    }
    const feed = this.#feeds.get(received.topic)
    if (feed === undefined) return
    const counter = received.callInfo.ctr
    const missed = feed.count(counter)
    if (missed === undefined) return
    const content = decodeContent(feed.event, received, feed.level)
    for (const member of [...feed.members]) {
      if (missed !== 0) member.deliver({ error: missedEvents(feed.topic, missed) }, undefined)
      member.deliver(content, counter)
    }
  }

  #onHeartbeat(frames: readonly Uint8Array[]): void {
    const topic = frames[0] === undefined ? '' : Buffer.from(frames[0]).toString('latin1')
    // native servers without a database announce a channel without `#dbase=no` and send with it
    const channel = this.#channels.get(topic.replace(/(#dbase=no)?\.heartbeat$/, ''))
    if (channel !== undefined) channel.heardAtMs = this.#host.clock.monotonic()
  }

  // supervision

  #watch(): void {
    if (this.#cancelWatch !== undefined || this.#closed) return
    this.#cancelWatch = this.#host.clock.setTimer(WATCH_MS, () => {
      this.#cancelWatch = undefined
      this.#check()
      this.#watch()
    })
  }

  #check(): void {
    const now = this.#host.clock.monotonic()
    for (const channel of new Set(this.#channels.values())) {
      if (channel.busy) continue
      if (channel.retryAtMs === undefined && now - channel.heardAtMs > this.#heartbeatMs) {
        channel.retryAtMs = now
        channel.justTold = true
        this.#tell(channel, eventTimeout(channel.name))
      }
      if (channel.retryAtMs !== undefined && now >= channel.retryAtMs) this.#follow(this.#revive(channel))
      else if (now - channel.confirmedAtMs >= this.#confirmMs) this.#follow(this.#confirm(channel))
    }
    for (const member of this.#members) {
      if (member.retryAtMs !== undefined && now >= member.retryAtMs) this.#follow(this.#retry(member))
    }
  }

  /** Keeps track of background work, which must not reject, for `close`. */
  #follow(work: Promise<void>): void {
    this.#running.add(work)
    // never rejects: every caller catches
    void work.then(() => this.#running.delete(work))
  }

  /** Subscribes again to everything of a server that was silent. */
  async #revive(channel: Channel): Promise<void> {
    channel.busy = true
    try {
      channel.admin.forget()
      const { event, heartbeat } = channel
      for (const feed of [...channel.feeds]) {
        const route = await this.#renew(feed, channel.admin)
        if (route !== undefined) this.#moveChannel(channel, route)
      }
      // the same server: it was the network, and its connections may be dead without having been closed
      if (channel.event === event) this.#events.renew(event)
      if (channel.heartbeat === heartbeat) this.#heartbeats.renew(heartbeat)
      const now = this.#host.clock.monotonic()
      channel.retryAtMs = undefined
      channel.heardAtMs = now
      channel.confirmedAtMs = now
      const members = [...channel.feeds].flatMap((feed) => [...feed.members])
      await Promise.all([...channel.feeds].map((feed) => feed.listening))
      await Promise.all(members.map((member) => this.#deliverPresent(member)))
    } catch (error) {
      const failed = toDevFailed(error)
      this.#host.log.debug('a server is still silent', { server: channel.name, error: failed.message })
      channel.retryAtMs = this.#host.clock.monotonic() + this.#retryMs
      // the first attempt follows the first report at once
      if (!channel.justTold)
        this.#tell(channel, new DevFailed([...failed.errors, ...eventTimeout(channel.name).errors]))
    } finally {
      channel.justTold = false
      channel.busy = false
    }
  }

  /**
   * Subscribes again for a topic.
   * @returns undefined when the device is there but refuses: its subscribers are told and moved to the waiting ones
   */
  async #renew(feed: Feed, admin: DeviceConnection): Promise<Route | undefined> {
    const [first] = feed.members
    if (first === undefined) return undefined
    try {
      return await requestRoute(this.#host.client, first.request.connection, admin, first.request)
    } catch (error) {
      const failed = toDevFailed(error)
      // no server: the whole channel waits
      if (failed.has('API_CorbaException') || failed.has('API_DeviceNotExported')) throw error
      for (const member of [...feed.members]) {
        feed.members.delete(member)
        member.feed = undefined
        this.#postpone(member, failed)
      }
      this.#closeFeed(feed)
      return undefined
    }
  }

  #moveChannel(channel: Channel, route: Route): void {
    if (channel.heartbeat !== route.heartbeat) {
      forget(this.#heartbeats, channel.heartbeat, channel.names)
      channel.heartbeat = route.heartbeat
      this.#follow(listen(this.#heartbeats, channel.heartbeat, channel.names))
    }
    if (channel.event === route.event) return
    if (channel.retryAtMs === undefined) {
      // restarted before its silence was noticed: it does not know of the other subscriptions, which are made again
      this.#tell(channel, eventTimeout(channel.name))
      channel.retryAtMs = this.#host.clock.monotonic()
    }
    const former = channel.event
    channel.event = route.event
    for (const feed of channel.feeds) {
      feed.listening = listen(this.#events, channel.event, feed.topics)
      forget(this.#events, former, feed.topics)
      feed.restart()
    }
  }

  async #confirm(channel: Channel): Promise<void> {
    channel.busy = true
    try {
      const triplets: string[] = []
      for (const { members, event, level } of channel.feeds) {
        const [first] = members
        if (first === undefined) continue
        const { device } = await first.request.connection.target()
        const object = event === 'intr_change' ? 'dummy' : first.request.attribute
        triplets.push(
          device.toLowerCase(),
          object.toLowerCase(),
          PLAIN_EVENTS.has(event) || level < 5 ? event : `idl5_${event}`,
        )
      }
      await confirmRoutes(this.#host.client, channel.admin, triplets)
    } catch (error) {
      // older servers do not know the command, and a silent one is found by its heartbeats; subscribing serves both
      this.#host.log.debug('a subscription could not be confirmed', { server: channel.name, error })
      await this.#renewAll(channel)
    } finally {
      channel.confirmedAtMs = this.#host.clock.monotonic()
      channel.busy = false
    }
  }

  async #renewAll(channel: Channel): Promise<void> {
    try {
      for (const feed of [...channel.feeds]) {
        const route = await this.#renew(feed, channel.admin)
        if (route !== undefined) this.#moveChannel(channel, route)
      }
    } catch (error) {
      this.#host.log.debug('subscribing again failed', { server: channel.name, error })
    }
  }

  #postpone(member: Member, error: unknown): void {
    const failed = toDevFailed(error)
    // events that are dropped here are missed, whatever was told before
    const untold = member.failedWith !== failed.reason || (member.early ?? []).length > 0
    member.early = undefined
    member.retryAtMs = this.#host.clock.monotonic() + this.#retryMs
    if (untold) member.deliver({ error: failed }, undefined)
    member.failedWith = failed.reason
    this.#watch()
  }

  async #retry(member: Member): Promise<void> {
    member.retryAtMs = undefined
    try {
      await this.#join(member)
      member.failedWith = undefined
    } catch (error) {
      if (!member.closed) this.#postpone(member, error)
    }
  }

  #tell(channel: Channel, error: DevFailed): void {
    for (const feed of channel.feeds) feed.tell(error)
  }
}

async function listen(receiver: ZmqReceiver, endpoint: string, topics: readonly string[]): Promise<void> {
  await Promise.all(topics.map((topic) => receiver.add(endpoint, topic)))
}

function forget(receiver: ZmqReceiver, endpoint: string, topics: readonly string[]): void {
  for (const topic of topics) receiver.remove(endpoint, topic)
}

/** Events whose names have no prefix in confirmations. */
const PLAIN_EVENTS: ReadonlySet<EventType> = new Set(['data_ready', 'intr_change', 'pipe'])

function eventTimeout(server: string): DevFailed {
  return devFailed('API_EventTimeout', `no heartbeat from ${server}: the server or the network is down; trying again`, {
    origin: 'EventSubscriber',
  })
}

function missedEvents(topic: string, missed: number): DevFailed {
  const what = Number.isNaN(missed) ? 'the server was restarted: events' : `${missed} events`
  return devFailed('API_MissedEvents', `${what} of ${topic} were lost on the way`, { origin: 'EventSubscriber' })
}
