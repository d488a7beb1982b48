// The events of one attribute: which subscriptions it can serve, its topics, and what goes out when.

import { isChange } from '../events/change-detector.ts'
import type { EventPublisher } from '../events/publisher.ts'
import { devErrorList } from '../wire/tango-basic.ts'
import { attributeConfig3, attributeConfig5 } from '../wire/tango-config.ts'
import { type AttributeValue5, attributeValue4, attributeValue5 } from '../wire/tango-idl.ts'
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

/** Interface levels that clients use; level 3 shares the topic of 4. */
const LEVELS = [5, 4] as const

/** Early by this share of the period is early enough: timers are not exact. */
const PERIOD_SLACK = 0.98

/** Sends the events of one attribute. */
export class AttributeEvents {
  readonly #attribute: Attribute
  readonly #publisher: EventPublisher
  readonly #topics: Readonly<Record<ValueEvent | 'attr_conf', readonly [level5: string, level4: string]>>
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
    const topics = (event: EventName): readonly [string, string] => {
      const of = (idl: number): string => eventTopic({ ...names, device, member: attribute.name, event, idl })
      return [of(LEVELS[0]), of(LEVELS[1])]
    }
    this.#topics = {
      change: topics('change'),
      periodic: topics('periodic'),
      archive: topics('archive'),
      user_event: topics('user_event'),
      attr_conf: topics('attr_conf'),
    }
  }

  /** Topic of an event for clients of an interface level. */
  topic(event: ValueEvent | 'attr_conf', level: number): string {
    const [level5, level4] = this.#topics[event]
    return level >= 5 ? level5 : level4
  }

  /** Whether anybody listens to the event. */
  wanted(event: ValueEvent | 'attr_conf'): boolean {
    const [level5, level4] = this.#topics[event]
    return this.#publisher.wanted(level5) || this.#publisher.wanted(level4)
  }

  /** Sends a pushed value as a change event, or only if it passes the thresholds. */
  push(value: AttributeValue5, filtered: boolean): void {
    if (filtered && !isChange(this.#lastChange, value, this.#criteria('change'))) return
    this.#lastChange = value
    this.#send('change', value)
  }

  /** Forgets the last value sent, so that the next one goes out whatever it is. */
  forget(): void {
    this.#lastChange = undefined
  }

  /** Looks at a polled value and sends the events that are due. */
  polled(value: AttributeValue5, pushesItself: boolean): void {
    const now = this.#monotonic()
    const { config } = this.#attribute
    if (!pushesItself) {
      if (!this.wanted('change')) this.#lastChange = undefined
      else if (isChange(this.#lastChange, value, this.#criteria('change'))) {
        this.#lastChange = value
        this.#send('change', value)
      }
    }
    const period = Math.max(config.number('period') ?? 1000, 1)
    if (this.wanted('periodic') && now - this.#periodicAt >= period * PERIOD_SLACK) {
      this.#periodicAt = now
      this.#send('periodic', value)
    }
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
    const [level5, level4] = this.#topics.attr_conf
    const config = this.#attribute.config
    this.#publisher.send(level5, false, (w) => attributeConfig5.encode(w, config.wire()))
    this.#publisher.send(level4, false, (w) => attributeConfig3.encode(w, config.wire()))
  }

  #send(event: ValueEvent, value: AttributeValue5): void {
    const [level5, level4] = this.#topics[event]
    if (value.errList.length > 0) {
      this.#publisher.send(level5, true, (w) => devErrorList.encode(w, value.errList))
      this.#publisher.send(level4, true, (w) => devErrorList.encode(w, value.errList))
      return
    }
    this.#publisher.send(level5, false, (w) => attributeValue5.encode(w, value))
    this.#publisher.send(level4, false, (w) => attributeValue4.encode(w, value))
  }

  #criteria(event: 'change' | 'archive'): Parameters<typeof isChange>[2] {
    const { config } = this.#attribute
    return event === 'change'
      ? { abs: config.threshold('abs_change'), rel: config.threshold('rel_change') }
      : { abs: config.threshold('archive_abs_change'), rel: config.threshold('archive_rel_change') }
  }
}
