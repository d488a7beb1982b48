// Who writes a file: a process that can be told from a later one with the same pid, and whether it still lives.

import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** One process, unique over time. */
export interface ProcessIdentity {
  /** Host name and pid namespace: a pid means something only there. */
  readonly host: string
  readonly pid: number
  /** Start time in the unit of the system, empty where it cannot be learnt. */
  readonly started: string
}

/** Identity of this process. */
export function processIdentity(): ProcessIdentity {
  return { host: pidSpace(), pid: process.pid, started: statOf(process.pid)?.started ?? '' }
}

/** Whether a process still runs; `elsewhere` when it cannot be seen from here. */
export function lifeOf(identity: ProcessIdentity): 'alive' | 'dead' | 'elsewhere' {
  if (identity.host !== pidSpace()) return 'elsewhere'
  try {
    process.kill(identity.pid, 0)
  } catch (error) {
    // EPERM: it runs, under another account
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return 'dead'
  }
  const stat = statOf(identity.pid)
  if (stat === undefined || identity.started === '') return 'alive'
  // a killed process whose parent has not collected it yet still has its pid
  if (stat.state === 'Z' || stat.state === 'X') return 'dead'
  return stat.started === identity.started ? 'alive' : 'dead'
}

/** Whether both name the same process. */
export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.host === b.host && a.pid === b.pid && a.started === b.started
}

/** Reads an identity out of parsed JSON; undefined when it is none. */
export function identityOf(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!('host' in value) || !('pid' in value) || !('started' in value)) return undefined
  const { host, pid, started } = value
  if (typeof host !== 'string' || typeof pid !== 'number' || typeof started !== 'string') return undefined
  return Number.isSafeInteger(pid) && pid > 0 ? { host, pid, started } : undefined
}

function pidSpace(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return hostname() // no Linux: one pid space per host
  }
}

function statOf(pid: number): { state: string; started: string } | undefined {
  try {
    // the command in parentheses may contain blanks; fields are counted behind it (proc(5): state 3, starttime 22)
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: fields[19] ?? '' }
  } catch {
    return undefined
  }
}
