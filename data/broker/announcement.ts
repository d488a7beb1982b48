// How publishers make themselves known in a data folder: one small file per door, touched while the publisher lives.

import { stat } from 'node:fs/promises'
import { identityOf, lifeOf, type ProcessIdentity, sameProcess } from '../process-identity.ts'
import { readIfThere, type ScanFolder } from './scan-folder.ts'

/** Period at which a publisher touches its announcement, ms. */
export const HEARTBEAT_MS = 5_000

/** Age at which the announcement of a process that cannot be seen counts as left behind, ms. */
const SILENCE_MS = 30_000

/** Content of an announcement. */
export interface Announcement {
  readonly version: 1
  readonly door: string
  readonly writer: ProcessIdentity
  /** ZeroMQ endpoint of the documents. */
  readonly endpoint: string
}

/** Reads an announcement; undefined when it is missing or unreadable. */
export async function readAnnouncement(path: string): Promise<Announcement | undefined> {
  const text = await readIfThere(path)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    if (!('door' in value) || !('endpoint' in value) || !('writer' in value)) return undefined
    const { door, endpoint } = value
    const writer = identityOf(value.writer)
    if (typeof door !== 'string' || typeof endpoint !== 'string' || writer === undefined) return undefined
    return { version: 1, door, writer, endpoint }
  } catch {
    return undefined // half a file of a foreign program; the next poll looks again
  }
}

/**
 * Whether the process that wrote a log is certainly gone. One that runs where it cannot be seen (another host, another
 * container) counts as gone when its door's announcement is another's or has not been touched for half a minute.
 */
export async function writerIsGone(folder: ScanFolder, door: string, writer: ProcessIdentity): Promise<boolean> {
  const life = lifeOf(writer)
  if (life !== 'elsewhere') return life === 'dead'
  const path = folder.announcement(door)
  const announced = await readAnnouncement(path)
  if (announced === undefined || !sameProcess(announced.writer, writer)) return true
  const touched = await stat(path).catch(() => undefined)
  return touched === undefined || Date.now() - touched.mtimeMs > SILENCE_MS
}
