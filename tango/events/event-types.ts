// What subscribers of events see.

import type { AttributeConfig, CommandInfo } from '../client/proxy-types.ts'
import type { DevFailed } from '../errors/dev-failed.ts'
import type { PipeReading } from '../types/pipe.ts'
import type { AttributeReading } from '../types/reading.ts'

/** Events that can be subscribed to. */
export const EVENT_TYPES = [
  'change',
  'periodic',
  'archive',
  'user_event',
  'attr_conf',
  'data_ready',
  'intr_change',
  'pipe',
] as const

/** An event that can be subscribed to. */
export type EventType = (typeof EVENT_TYPES)[number]

/** The commands or attributes of a device have changed. */
export interface InterfaceChange {
  /** Whether the device was restarted. */
  readonly restarted: boolean
  readonly commands: readonly CommandInfo[]
  readonly attributes: readonly AttributeConfig[]
}

/** One event. Which of the optional fields is there follows from `event`; `error` stands instead of any of them. */
export interface EventOf<Value> {
  /** Name under which the device was opened. */
  readonly device: string
  readonly attribute: string
  readonly event: EventType
  /** Counter of the publisher; undefined for values read at (re)subscription and for errors found here. */
  readonly counter: number | undefined
  /** change, periodic, archive, user_event. */
  readonly reading?: AttributeReading<Value>
  /** attr_conf. */
  readonly config?: AttributeConfig
  /** data_ready: the number that the device chose. */
  readonly dataReady?: number
  /** pipe: what was pushed. */
  readonly pipe?: PipeReading
  /** intr_change. */
  readonly interfaceChange?: InterfaceChange
  /**
   * What the device reports instead of a value; `API_EventTimeout` when its server has been silent for ten seconds,
   * `API_MissedEvents` when events were lost on the way.
   */
  readonly error?: DevFailed
}

/** An event whose value type is not known at compile time. */
export type TangoEvent = EventOf<unknown>

/** Options of a subscription. */
export interface SubscribeOptions {
  /** Succeed also when the device is not there or sends no events yet, report that, and try again every ten seconds. */
  readonly stateless?: boolean
}

/** A subscription; whoever made it closes it. */
export interface Subscription {
  /** Ends it; the callback is not called afterwards. Safe to call twice. */
  close(): Promise<void>
}
