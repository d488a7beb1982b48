// Ids of scans: text that sorts by time and reads as a date.

import { randomBytes } from 'node:crypto'

/**
 * A new unique id, such as `20261120T081501123Z-7f3a9c`.
 * @param time seconds since 1970
 */
export function newScanId(time: number): string {
  const date = new Date(time * 1000).toISOString().replace(/[-:.]/g, '')
  return `${date}-${randomBytes(3).toString('hex')}`
}
