// One reading of an attribute: value with quality and time.

/** Qualities in wire order (Tango IDL, enum AttrQuality, without the prefix `ATTR_`). */
export const QUALITIES = ['VALID', 'INVALID', 'ALARM', 'CHANGING', 'WARNING'] as const

/** Quality of a reading. */
export type Quality = (typeof QUALITIES)[number]

/** What an attribute handler may return instead of the bare value. `value` is absent when quality is INVALID. */
export interface Reading<Value> {
  readonly value: Value | undefined
  readonly quality?: Quality
  /** Seconds since 1970; now when absent. */
  readonly time?: number
}

/** What a client gets: a reading with its name, and the set point of a writable attribute. */
export interface AttributeReading<Value = unknown> {
  readonly name: string
  readonly value: Value | undefined
  readonly written: Value | undefined
  readonly quality: Quality
  /** Seconds since 1970. */
  readonly time: number
}
