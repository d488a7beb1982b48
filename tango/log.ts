// Small structured logger with Tango's levels: one line per record, text or JSON, on stderr unless told otherwise.

import { type Clock, systemClock } from './clock.ts'

/** Tango's logging levels, in the order of their wire numbers (0 to 5). */
export const LOG_LEVELS = ['OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG'] as const

/** A logging level; a logger writes its level and all before it. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** One record as sinks get it. */
export interface LogRecord {
  /** Seconds since 1970. */
  readonly time: number
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Receives records; must not throw. */
export type LogSink = (record: LogRecord) => void

/** What the parts of the program log with. A child adds fields and has a level of its own, its parent's at first. */
export interface Logger {
  level: LogLevel
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
  /** A logger whose records carry `fields` as well; `device` is shown in front of the message. */
  child(fields: Readonly<Record<string, unknown>>): Logger
  /**
   * Sends the records of this logger and its children to one more place.
   * @returns ends it
   */
  attach(sink: LogSink): () => void
}

/** Options of {@link createLogger}. */
export interface LoggerOptions {
  readonly format?: 'text' | 'json'
  /** Takes one finished line without its end; `process.stderr` when absent. */
  readonly write?: (line: string) => void
  readonly level?: LogLevel
  readonly clock?: Pick<Clock, 'now'>
}

/** Makes the root logger of a process. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const format = options.format === 'json' ? formatJson : formatLogRecord
  const sink: LogSink = (record) => write(format(record))
  return new TreeLogger(undefined, {}, options.level ?? 'INFO', options.clock ?? systemClock, [sink])
}

/** A logger that writes nothing. */
export function silentLogger(): Logger {
  return createLogger({ level: 'OFF', write: () => {} })
}

/** One record as a line of text. */
export function formatLogRecord(record: LogRecord): string {
  const { device, ...fields } = record.fields
  const who = device === undefined ? '' : `${String(device)}: `
  const rest = Object.entries(fields).map(([key, value]) => ` ${key}=${text(value)}`)
  return `${new Date(record.time * 1000).toISOString()} ${record.level.padEnd(5)} ${who}${record.message}${rest.join('')}`
}

class TreeLogger implements Logger {
  readonly #parent: TreeLogger | undefined
  readonly #fields: Readonly<Record<string, unknown>>
  readonly #clock: Pick<Clock, 'now'>
  readonly #sinks: LogSink[]
  #rank: number

  constructor(
    parent: TreeLogger | undefined,
    fields: Readonly<Record<string, unknown>>,
    level: LogLevel,
    clock: Pick<Clock, 'now'>,
    sinks: LogSink[],
  ) {
    this.#parent = parent
    this.#fields = fields
    this.#clock = clock
    this.#sinks = sinks
    this.#rank = LOG_LEVELS.indexOf(level)
  }

  get level(): LogLevel {
    return LOG_LEVELS[this.#rank] ?? 'OFF'
  }

  set level(level: LogLevel) {
    this.#rank = LOG_LEVELS.indexOf(level)
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.#rank >= 5) this.#log('DEBUG', message, fields)
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.#rank >= 4) this.#log('INFO', message, fields)
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.#rank >= 3) this.#log('WARN', message, fields)
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (this.#rank >= 2) this.#log('ERROR', message, fields)
  }

  child(fields: Readonly<Record<string, unknown>>): Logger {
    return new TreeLogger(this, { ...this.#fields, ...fields }, this.level, this.#clock, [])
  }

  attach(sink: LogSink): () => void {
    this.#sinks.push(sink)
    return () => {
      const at = this.#sinks.indexOf(sink)
      if (at >= 0) this.#sinks.splice(at, 1)
    }
  }

  #log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void {
    const record = { time: this.#clock.now(), level, message, fields: { ...this.#fields, ...fields } }
    // the level was decided by the logger that was called, so the way up only collects the sinks
    for (let logger: TreeLogger | undefined = this; logger !== undefined; logger = logger.#parent) {
      for (const sink of logger.#sinks) sink(record)
    }
  }
}

function formatJson(record: LogRecord): string {
  const time = new Date(record.time * 1000).toISOString()
  const plain = (_key: string, value: unknown): unknown => (value === undefined ? undefined : jsonSafe(value))
  return JSON.stringify({ time, level: record.level, message: record.message, ...record.fields }, plain)
}

function jsonSafe(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return value.stack ?? value.message
  return value
}

function text(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  if (value instanceof Error) return JSON.stringify(value.stack ?? value.message)
  if (typeof value === 'object' && value !== null) return JSON.stringify(value, (_key, v: unknown) => jsonSafe(v))
  return String(value)
}
