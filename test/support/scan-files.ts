// What a facility has kept of its scans: scan logs as they are, and the HDF5 files, read with a library of their own.

import { existsSync } from 'node:fs'
import h5wasm from 'h5wasm/node'
import { replay, type ScanEnd, ScanFolder, type ScanStart } from '#data'
import { eventually } from './waiting.ts'

/** A scan as its log has it at the moment. */
export interface LoggedScan {
  readonly scan: string
  readonly start: ScanStart
  /** One list of values per column of the start document. */
  readonly columns: readonly (readonly (number | string)[])[]
  readonly points: number
  readonly end: ScanEnd | undefined
}

/** A scan as its file has it. */
export interface SavedScan {
  readonly points: number
  /** Values of `measurement/<label>`. */
  readonly measurement: Readonly<Record<string, readonly number[]>>
  /** `SUCCEEDED`, `FAILED` or `RUNNING`. */
  readonly status: string
}

/** All scans of a data folder that have a beginning, oldest first. */
export async function loggedScans(data: string): Promise<readonly LoggedScan[]> {
  const folder = new ScanFolder(data)
  const scans: LoggedScan[] = []
  for (const { scan } of await folder.list()) {
    const logged = await readLog(folder.log(scan), scan)
    if (logged !== undefined) scans.push(logged)
  }
  return scans
}

/** The scan that began last. */
export async function lastScan(data: string): Promise<LoggedScan | undefined> {
  return (await loggedScans(data)).at(-1)
}

/** The scan after `former` (the id of the last one before it), as soon as its log has so many points. */
export async function runningScan(data: string, former: string | undefined, points: number): Promise<LoggedScan> {
  return await eventually(`${points} points of a new scan`, async () => {
    const scan = await lastScan(data)
    return scan !== undefined && scan.scan !== former && scan.points >= points ? scan : undefined
  })
}

/** The file of a scan, as soon as the recorder has marked it complete. */
export async function recordedScan(data: string, { scan, start }: LoggedScan): Promise<SavedScan> {
  const marker = new ScanFolder(data).recorded(scan)
  await eventually(`the complete file of scan ${start.scanId}`, () => existsSync(marker))
  return await savedScan(start)
}

/** Reads a finished file. */
export async function savedScan(start: ScanStart): Promise<SavedScan> {
  const path = start.file ?? ''
  if (!existsSync(path)) throw new Error(`no file ${path}`)
  await h5wasm.ready
  const file = new h5wasm.File(path, 'r')
  try {
    const entry = `entry${start.scanId}`
    const group = file.get(`${entry}/measurement`)
    if (!(group instanceof h5wasm.Group)) throw new Error(`${path} has no ${entry}/measurement`)
    const measurement: Record<string, readonly number[]> = {}
    for (const name of group.keys()) {
      const dataset = group.get(name)
      if (dataset instanceof h5wasm.Dataset) measurement[name] = numbers(dataset.value)
    }
    const status = file.get(`${entry}/writer/status`)
    return {
      points: Math.max(0, ...Object.values(measurement).map((values) => values.length)),
      measurement,
      status: status instanceof h5wasm.Dataset ? String(status.value).replace(/\0+$/, '') : '',
    }
  } finally {
    file.close()
  }
}

/** Values of a column of the log by its label. */
export function column(scan: LoggedScan, label: string): readonly number[] {
  const index = scan.start.columns.findIndex((c) => c.label === label || c.name === label)
  return (scan.columns[index] ?? []).map(Number)
}

async function readLog(path: string, scan: string): Promise<LoggedScan | undefined> {
  let start: ScanStart | undefined
  let end: ScanEnd | undefined
  let columns: (number | string)[][] = []
  for await (const document of replay(path)) {
    if (document.kind === 'scan-start') {
      start = document
      columns = document.columns.map(() => [])
    } else if (document.kind === 'scan-points') {
      for (const [i, values] of document.values.entries()) columns[i]?.push(...values)
    } else end = document
  }
  return start === undefined ? undefined : { scan, start, columns, points: columns[0]?.length ?? 0, end }
}

function numbers(value: unknown): readonly number[] {
  if (ArrayBuffer.isView(value) && 'length' in value) return Array.from(value as unknown as ArrayLike<number>, Number)
  return Array.isArray(value) ? value.map(Number) : []
}
