// What a server allows its clients, so that none of them can take it from the others. Tango has no authentication:
// whoever reaches the port may send anything. The reasons for the defaults are in docs/reference/network.md.

import { devFailed } from '../errors/dev-failed.ts'
import { MAX_MESSAGE_SIZE } from './giop-connection.ts'

/** Limits of an `OrbServer`; what is absent has the value of {@link DEFAULT_LIMITS}. */
export interface ServerLimits {
  /** Connections at a time; for a further one the one that was idle longest is closed. */
  readonly maxConnections?: number
  /** Octets of one message. */
  readonly maxMessageSize?: number
  /** Messages of one connection whose last fragment is missing. */
  readonly maxUnfinished?: number
  /** Requests of one connection that wait for their answer; further ones are not read. */
  readonly maxPending?: number
  /** Octets of answers that one client may leave unread; then its further requests are not read. */
  readonly maxUnread?: number
  /** Octets that messages under way hold in all connections together; then the connection with most is closed. */
  readonly maxMemory?: number
  /** A connection without requests under way is closed after this time; 0 never. */
  readonly idleMs?: number
  /** A client that goes on neither with its message nor with reading its answers is closed after this time; 0 never. */
  readonly stallMs?: number
}

const MEBIBYTE = 1024 * 1024

/** Safe for a machine with 2 GiB, and more than a beamline needs. */
export const DEFAULT_LIMITS: Required<ServerLimits> = {
  maxConnections: 1024,
  maxMessageSize: MAX_MESSAGE_SIZE,
  maxUnfinished: 64,
  maxPending: 1024,
  maxUnread: 8 * MEBIBYTE,
  maxMemory: 768 * MEBIBYTE,
  idleMs: 600_000,
  stallMs: 60_000,
}

/** Environment variable, limit, and what one of its units is. */
const VARIABLES: readonly (readonly [string, keyof ServerLimits, number])[] = [
  ['BANDONEON_MAX_CONNECTIONS', 'maxConnections', 1],
  ['BANDONEON_MAX_MESSAGE_SIZE', 'maxMessageSize', 1],
  ['BANDONEON_MAX_UNFINISHED', 'maxUnfinished', 1],
  ['BANDONEON_MAX_PENDING', 'maxPending', 1],
  ['BANDONEON_MAX_UNREAD', 'maxUnread', 1],
  ['BANDONEON_MAX_MEMORY', 'maxMemory', 1],
  ['BANDONEON_IDLE_SECONDS', 'idleMs', 1000],
  ['BANDONEON_STALL_SECONDS', 'stallMs', 1000],
]
/** The limits of native servers that have an equal here; they are also options of the command line, such as `-ORBgiopMaxMsgSize`. */
const NATIVE_VARIABLES: typeof VARIABLES = [
  ['ORBgiopMaxMsgSize', 'maxMessageSize', 1],
  ['ORBinConScanPeriod', 'idleMs', 1000],
  ['ORBmaxServerThreadPerConnection', 'maxPending', 1],
]

/** Limits that may be zero, which means never. */
const MAY_BE_ZERO: ReadonlySet<keyof ServerLimits> = new Set(['idleMs', 'stallMs', 'maxUnfinished'])
/** Least size of a message: a request with the longest device name, and the answer to it. */
const LEAST_MESSAGE = 1024

/**
 * Limits set by environment variables; the project's own names win over the native ones.
 * @throws DevFailed `API_InvalidArgs` for a value that is no number
 */
export function limitsFrom(environment: Readonly<Record<string, string | undefined>>): ServerLimits {
  const limits: Partial<Record<keyof ServerLimits, number>> = {}
  for (const [variable, limit, unit] of [...NATIVE_VARIABLES, ...VARIABLES]) {
    const text = environment[variable]
    if (text === undefined || text === '') continue
    const value = Number(text) * unit
    const least = limit === 'maxMessageSize' ? LEAST_MESSAGE : MAY_BE_ZERO.has(limit) ? 0 : 1
    if (!Number.isFinite(value) || value < least) {
      throw devFailed('API_InvalidArgs', `${variable} is '${text}'; give a number of at least ${least}`)
    }
    limits[limit] = value
  }
  return limits
}
