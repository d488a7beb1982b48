// Scans whose log has no end, and the end that is written for them when nobody else can.

import { devFailed } from '#tango/pure'
import type { ScanStart } from '../documents/index.ts'
import { systemTimers, type Timers } from '../timers.ts'
import { writerIsGone } from './announcement.ts'
import type { ScanFolder } from './scan-folder.ts'
import { type ScanLogHeader, ScanLogReader, ScanLogWriter } from './scan-log.ts'

/** A scan without an end. */
export interface UnfinishedScan {
  readonly scan: string
  readonly header: ScanLogHeader
  readonly start: ScanStart
  /** Rows in the log. */
  readonly points: number
}

/** Scans of a folder whose logs have no end yet: running, or left behind by a process that died. */
export async function unfinishedScans(folder: ScanFolder): Promise<readonly UnfinishedScan[]> {
  const unfinished: UnfinishedScan[] = []
  for (const { scan, recorded } of await folder.list()) {
    const found = recorded ? undefined : await unfinishedScan(folder, scan)
    if (found !== undefined) unfinished.push(found)
  }
  return unfinished
}

/** The scan if its log has a beginning and no end. */
export async function unfinishedScan(folder: ScanFolder, scan: string): Promise<UnfinishedScan | undefined> {
  const reader = new ScanLogReader(folder.log(scan))
  let start: ScanStart | undefined
  let points = 0
  for (let atEnd = false; !atEnd; ) {
    const part = await reader.read()
    for (const { document } of part.documents) {
      if (document.kind === 'scan-end') return undefined
      if (document.kind === 'scan-start') start = document
      else points = document.first + (document.values[0]?.length ?? 0)
    }
    atEnd = part.atEnd
  }
  const { header } = reader
  return header === undefined || start === undefined ? undefined : { scan, header, start, points }
}

/**
 * Ends a scan in its log as failed if the process that scanned is gone.
 * Only the one recorder of a data folder may do so: a log has one writer.
 * @returns whether the end was written
 */
export async function endAbandoned(
  folder: ScanFolder,
  { scan, header, points }: UnfinishedScan,
  timers: Timers = systemTimers,
): Promise<boolean> {
  if (!(await writerIsGone(folder, header.door, header.writer))) return false
  // it may have written its end just before it went
  if ((await unfinishedScan(folder, scan)) === undefined) return false
  const writer = await ScanLogWriter.reopen(folder.log(scan), { timers })
  try {
    const message = `the process of ${header.door} ended before the scan did`
    writer.append({ kind: 'scan-end', scan, time: timers.now(), reason: 'failed', points, deadTime: NaN, message })
  } catch (error) {
    throw devFailed('Recorder_Failed', `the end of scan ${scan} cannot be written`, { cause: error })
  } finally {
    await writer.close()
  }
  return true
}
