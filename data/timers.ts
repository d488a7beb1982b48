// The two things that data code needs from a clock; every Clock of the core fits.

/** Wall time and one-shot timers. */
export interface Timers {
  /** Seconds since 1970. */
  now(): number
  /** Calls `fn` once after `ms`; returns what cancels it. */
  setTimer(ms: number, fn: () => void): () => void
}

/** The machine's clock. */
export const systemTimers: Timers = {
  now: () => Date.now() / 1000,
  setTimer: (ms, fn) => {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  },
}

/** Where data code reports; every Logger of the core fits. */
export interface DataLog {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

/** Reports nowhere. */
export const noLog: DataLog = { info: () => {}, warn: () => {}, error: () => {} }
