// The events of one attribute: which subscriptions it can serve, its topics, and what goes out when.

import { isChange } from '../events/change-detector.ts'
import type { EventPublisher } from '../events/publisher.ts'
import { TYPE_CODES } from '../types/dev-types.ts'
import { devErrorList } from '../wire/tango-basic.ts'
import { attributeConfig3, attributeConfig5 } from '../wire/tango-config.ts'
import { type AttributeValue5, attDataReady, attributeValue4, attributeValue5 } from '../wire/tango-idl.ts'
import { type EventName, eventTopic } from '../wire/zmq-event.ts'
import type { Attribute } from './attribute.ts'

/** What topics of a server begin with. */
export interface TopicNames {
  /** `host:port` of the database, or of the process without one. */
  readonly tangoHost: string
  readonly database: boolean
}

/** Events whose payload is a value. */
export type ValueEvent = 'change' | 'periodic' | 'archive' | 'user_event'

/** Topics of an event for clients of the interface levels. */
type Topics = readonly [level5: string, level4: string]

/** Interface levels that clients use; level 3 shares the topic of 4. */
const LEVELS = [5, 4] as const

/** Early by this share of the period is early enough: timers are not exact. */
const PERIOD_SLACK = 0.98

/** Sends the events of one attribute. */
export class AttributeEvents {
  readonly #attribute: Attribute
  readonly #publisher: EventPublisher
  readonly #device: string
  readonly #names: TopicNames
  /** Made at need: most of the topics of a large server are never asked for. */
  readonly #topics: Partial<Record<EventName, Topics>> = {}
  readonly #monotonic: () => number
  #lastChange: AttributeValue5 | undefined
  #lastArchive: AttributeValue5 | undefined
  #archivedAt = -Infinity
  #periodicAt = -Infinity

  constructor(
    attribute: Attribute,
    device: string,
    publisher: EventPublisher,
    names: TopicNames,
    monotonic: () => number,
  ) {
    this.#attribute = attribute
    this.#publisher = publisher
    this.#monotonic = monotonic
    this.#device = device
    this.#names = names
  }

  /** Topics of the data-ready events: native clients listen to the first, Java ones to the second. */
  get dataReadyTopics(): readonly [native: string, java: string] {
    const [native] = this.#topicsOf('data_ready')
    return [native, native.replace(/data_ready$/, 'idl5_data_ready')]
  }

  /** Sends a data-ready event. @param counter chosen by the device */
  dataReady(counter: number): void {
    const { name, spec } = this.#attribute
    const news = { name, dataType: TYPE_CODES[spec.type], ctr: counter }
    for (const topic of this.dataReadyTopics) this.#publisher.send(topic, false, (w) => attDataReady.encode(w, news))
  }

  /** Topic of an event for clients of an interface level. */
  topic(event: ValueEvent | 'attr_conf', level: number): string {
    const [level5, level4] = this.#topicsOf(event)
    return level >= 5 ? level5 : level4
  }

  /** Whether anybody listens to the event. */
  wanted(event: ValueEvent | 'attr_conf'): boolean {
    // at the start of a server all devices push, and nobody listens yet
    if (this.#publisher.idle) return false
    const [level5, level4] = this.#topicsOf(event)
    return this.#publisher.wanted(level5) || this.#publisher.wanted(level4)
  }

  /** Sends a pushed value as a change event, or only if it passes the thresholds. */
  push(value: AttributeValue5, filtered: boolean): void {
    if (filtered && !isChange(this.#lastChange, value, this.#criteria('change'))) return
    this.#lastChange = value
    this.#send('change', value)
  }

  /** Sends a pushed value as an archive event, or only if it passes the thresholds. */
  pushArchive(value: AttributeValue5, filtered: boolean): void {
    if (filtered && !isChange(this.#lastArchive, value, this.#criteria('archive'))) return
    this.#lastArchive = value
    this.#archivedAt = this.#monotonic()
    this.#send('archive', value)
  }

  /** Sends an event of the root of a forwarded attribute as it came. */
  forward(event: ValueEvent, value: AttributeValue5): void {
    this.#send(event, value)
  }

  /** Sends a pushed value as a user event. */
  pushUser(value: AttributeValue5): void {
    this.#send('user_event', value)
  }

  /** Forgets the last value sent, so that the next one goes out whatever it is. */
  forget(): void {
    this.#lastChange = undefined
  }

  /** Looks at a polled value and sends the events that are due. */
  polled(value: AttributeValue5, pushesItself: boolean, archivesItself = false): void {
    const now = this.#monotonic()
    const { config } = this.#attribute
    if (!pushesItself) {
      if (!this.wanted('change')) this.#lastChange = undefined
      else if (isChange(this.#lastChange, value, this.#criteria('change'))) {
        this.#lastChange = value
        this.#send('change', value)
      }
    }
    const period = Math.max(config.number('event_period') ?? 1000, 1)
    if (this.wanted('periodic') && now - this.#periodicAt >= period * PERIOD_SLACK) {
      this.#periodicAt = now
      this.#send('periodic', value)
    }
    if (archivesItself) return
    if (!this.wanted('archive')) this.#lastArchive = undefined
    else {
      const archivePeriod = config.number('archive_period')
      const due = archivePeriod !== undefined && now - this.#archivedAt >= archivePeriod * PERIOD_SLACK
      if (due || isChange(this.#lastArchive, value, this.#criteria('archive'))) {
        this.#lastArchive = value
        this.#archivedAt = now
        this.#send('archive', value)
      }
    }
  }

  /** Tells subscribers that the configuration has changed. */
  configurationChanged(): void {
    if (!this.wanted('attr_conf')) return
    const [level5, level4] = this.#topicsOf('attr_conf')
    const config = this.#attribute.config
    this.#publisher.send(level5, false, (w) => attributeConfig5.encode(w, config.wire()))
    this.#publisher.send(level4, false, (w) => attributeConfig3.encode(w, config.wire()))
  }

  #send(event: ValueEvent, value: AttributeValue5): void {
    const [level5, level4] = this.#topicsOf(event)
    if (value.errList.length > 0) {
      this.#publisher.send(level5, true, (w) => devErrorList.encode(w, value.errList))
      this.#publisher.send(level4, true, (w) => devErrorList.encode(w, value.errList))
      return
    }
    this.#publisher.send(level5, false, (w) => attributeValue5.encode(w, value))
    this.#publisher.send(level4, false, (w) => attributeValue4.encode(w, value))
  }

  #topicsOf(event: EventName): Topics {
    const known = this.#topics[event]
    if (known !== undefined) return known
    const topic = { ...this.#names, device: this.#device, member: this.#attribute.name, event }
    const topics: Topics = [eventTopic({ ...topic, idl: LEVELS[0] }), eventTopic({ ...topic, idl: LEVELS[1] })]
    this.#topics[event] = topics
    return topics
  }

  #criteria(event: 'change' | 'archive'): Parameters<typeof isChange>[2] {
    const { config } = this.#attribute
    return event === 'change'
      ? { abs: config.threshold('abs_change'), rel: config.threshold('rel_change') }
      : { abs: config.threshold('archive_abs_change'), rel: config.threshold('archive_rel_change') }
  }
}
