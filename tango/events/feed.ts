// What the subscriber keeps: one member per subscription, one feed per topic, one channel per server. No sockets here.

import type { DeviceConnection } from '../client/reconnect.ts'
import type { DevFailed } from '../errors/dev-failed.ts'
import type { EventContent } from './event-content.ts'
import type { EventType, TangoEvent } from './event-types.ts'
import type { Route } from './subscription-route.ts'

/** What to subscribe to. */
export interface SubscriptionRequest {
  readonly connection: DeviceConnection
  /** Tango name. */
  readonly attribute: string
  readonly event: EventType
  readonly callback: (event: TangoEvent) => void
  readonly stateless: boolean
}

/** Events that may wait while a subscription reads its first value; the oldest go first. */
const MAX_EARLY_EVENTS = 10_000

/** One subscription. */
export class Member {
  readonly request: SubscriptionRequest
  readonly #onError: (error: unknown) => void
  feed: Feed | undefined
  closed = false
  /** Events that came before the first value was read. */
  early: { readonly content: EventContent; readonly counter: number | undefined }[] | undefined
  /** When a failed subscription is tried again. */
  retryAtMs: number | undefined
  /** Reason that was reported last, so that a failure is told once. */
  failedWith: string | undefined

  constructor(request: SubscriptionRequest, onError: (error: unknown) => void) {
    this.request = request
    this.#onError = onError
  }

  /** Calls back, or keeps the event until the first value has been delivered. */
  deliver(content: EventContent, counter: number | undefined): void {
    if (this.early === undefined) this.#call(content, counter)
    else {
      if (this.early.length >= MAX_EARLY_EVENTS) this.early.shift()
      this.early.push({ content, counter })
    }
  }

  /** Calls back with the first value (some events have none), then with what came meanwhile. */
  goLive(present: EventContent | undefined): void {
    const early = this.early ?? []
    this.early = undefined
    this.failedWith = undefined
    if (present !== undefined) this.#call(present, undefined)
    for (const { content, counter } of early) this.#call(content, counter)
  }

  #call(content: EventContent, counter: number | undefined): void {
    if (this.closed) return
    const { connection, attribute, event, callback } = this.request
    try {
      callback({ device: connection.name, attribute, event, counter, ...content })
    } catch (error) {
      this.#onError(error)
    }
  }
}

/** One topic. */
export class Feed {
  /** The topic, in several spellings when an old server does not say which is its own. */
  readonly topics: Route['topics']
  readonly event: EventType
  /** Interface level in which the events come. */
  readonly level: number
  readonly members = new Set<Member>()
  channel: Channel | undefined
  cancelLocal: (() => void) | undefined
  /** Resolves when events of the topic arrive. */
  listening: Promise<void> = Promise.resolve()
  #last: number | undefined
  /** The members have been told of an interruption since the last message. */
  #told = false
  /** The next message is the first one of another life of the server. */
  #restarted = false

  constructor(route: Pick<Route, 'topics' | 'level'>, request: Pick<SubscriptionRequest, 'event'>) {
    this.topics = route.topics
    this.level = route.level
    this.event = request.event
  }

  get topic(): string {
    return this.topics[0]
  }

  /**
   * Notes the counter of a message.
   * @returns number of messages that were missed before it, NaN when some were but nobody can know how many; undefined
   * when it is a repetition
   */
  count(counter: number): number | undefined {
    const last = this.#last
    const told = this.#told
    const step = last === undefined ? 1 : (counter - last) >>> 0
    if (step === 0 && !this.#restarted) return undefined
    // backwards: a restart that went unnoticed, because the new server has the endpoint of the old one
    const restarted = this.#restarted || step >= 2 ** 31
    this.#last = counter
    this.#told = false
    this.#restarted = false
    if (last === undefined) return 0
    if (!restarted) return step - 1
    // what the old server sent last is not known, and servers count from one on
    return told ? counter - 1 : Number.NaN
  }

  /** Tells all members of an interruption. */
  tell(error: DevFailed): void {
    this.#told = true
    for (const member of [...this.members]) member.deliver({ error }, undefined)
  }

  /** Another life of the server begins: what came before its first message here was missed. */
  restart(): void {
    this.#restarted = true
  }
}

/** One server with its two endpoints. */
export class Channel {
  /** Heartbeats have one of these and a suffix as topic; ZeroMQ matches the beginning. */
  readonly names: Route['channels']
  readonly admin: DeviceConnection
  readonly feeds = new Set<Feed>()
  heartbeat: string
  event: string
  heardAtMs: number
  confirmedAtMs: number
  /** When a silent server is tried again; undefined while it is alive. */
  retryAtMs: number | undefined
  /** Its silence has been reported in this moment. */
  justTold = false
  /** A revival or confirmation is under way. */
  busy = false

  constructor(route: Route, admin: DeviceConnection, nowMs: number) {
    this.names = route.channels
    this.admin = admin
    this.heartbeat = route.heartbeat
    this.event = route.event
    this.heardAtMs = nowMs
    this.confirmedAtMs = nowMs
  }

  get name(): string {
    return this.names[0]
  }
}
