// Device properties that rule polling: depths of the rings, shortest periods, when a value is too old, what is off.

import { DevFailed } from '../errors/dev-failed.ts'
import type { PolledKind } from './polling.ts'
import type { PropertyLines } from './properties.ts'

/** Shortest period that native servers allow at all. */
export const MIN_PERIOD_MS = 5
const RING_DEPTH = 10
const OLD_FACTOR = 4
const SHORT = { attribute: 'attr', command: 'cmd' } as const

/** Reads the settings of a device; they may change with each Init. */
export class PollingSettings {
  readonly #lines: () => PropertyLines

  constructor(lines: () => PropertyLines) {
    this.#lines = lines
  }

  /** A value older than this many periods is too old for the cache. */
  get oldFactor(): number {
    return this.#number('poll_old_factor') ?? OLD_FACTOR
  }

  /** How many results of an object are kept. */
  depth(kind: PolledKind, name: string): number {
    const depth =
      this.#ofObject(`${SHORT[kind]}_poll_ring_depth`, name) ?? this.#number('poll_ring_depth') ?? RING_DEPTH
    return Math.max(1, Math.floor(depth))
  }

  /** Names, in lower case, of what the class polls but the user has switched off. */
  off(kind: PolledKind): ReadonlySet<string> {
    return new Set((this.#lines().get(`non_auto_polled_${SHORT[kind]}`) ?? []).map((name) => name.toLowerCase()))
  }

  /** @throws DevFailed `API_NotSupported`, `API_MethodArgument` */
  checkPeriod(kind: PolledKind, name: string, periodMs: number, origin: string): void {
    if (periodMs === 0) return
    if (!(periodMs >= MIN_PERIOD_MS)) {
      throw failure('API_NotSupported', `${periodMs} is below the min authorized period (${MIN_PERIOD_MS} mS)`, origin)
    }
    const least = this.#ofObject(`${SHORT[kind]}_min_poll_period`, name) ?? this.#number('min_poll_period')
    if (least === undefined || periodMs >= least) return
    const desc = `Polling period for ${kind} ${name} is below the min authorized (${least})`
    throw failure('API_MethodArgument', desc, 'DServer::check_upd_authorized')
  }

  #number(property: string): number | undefined {
    const number = Number(this.#lines().get(property)?.[0] ?? Number.NaN)
    return number > 0 ? number : undefined
  }

  /** From a list of names and numbers. */
  #ofObject(property: string, name: string): number | undefined {
    const lines = this.#lines().get(property) ?? []
    const at = lines.findIndex((line, i) => i % 2 === 0 && line.toLowerCase() === name.toLowerCase())
    const number = Number(lines[at + 1] ?? Number.NaN)
    return at >= 0 && number > 0 ? number : undefined
  }
}

function failure(reason: string, desc: string, origin: string): DevFailed {
  return new DevFailed([{ reason, severity: 'ERR', desc, origin }])
}
