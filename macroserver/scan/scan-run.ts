// A scan as a macro runs it: its number and files, recorders that are asked before and confirm after, the table, plot
// packets and progress for those who watch.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { newScanId, type ScanPublisher } from '#data'
import {
  type ScanDocument,
  type ScanEnd,
  type ScanPoints,
  type ScanStart,
  scanTableHeader,
  scanTableRows,
} from '#data/documents'
import { recorder } from '#interfaces/recorder'
import { DevFailed, type DeviceProxy, devFailed, type TangoProcess } from '#tango'
import type { MacroControl } from '../control.ts'
import type { EnvironmentCopy } from '../environment-view.ts'
import type { MacroStatusEntry, News } from '../messages.ts'
import type { Outbox } from '../outbox.ts'
import type { PoolClient } from '../pool-client.ts'
import { ctime, dataDescription, recordEnd, recordPackets } from './record-data.ts'
import { takeSnapshot } from './snapshot.ts'
import { runStepScan, type ScanIdentity, type ScanResult, type StepScanOptions } from './step-scan.ts'

/** How long the recorders may take to confirm a scan, ms. */
const CONFIRM_MS = 10_000
const CONFIRM_ABORTED_MS = 1000
/** How long one question for a file waits, and the pause before the next, ms. */
const ASK_MS = 2000
const RETRY_MS = 100
/** How long a recorder may take to say whether it could write, ms. */
const CHECK_MS = 2000

/** What scans share in one process. */
export interface ScanServices {
  readonly tango: TangoProcess
  readonly pool: PoolClient
  /** Opened with the first scan. */
  publisher(): Promise<ScanPublisher>
  readonly environment: EnvironmentCopy
  readonly recorders: readonly string[]
  readonly dataFolder: string
  /** Device name of the Door, or what stands for it. */
  readonly door: string
  readonly user: string
  readonly outbox: Outbox
  /** A new number, durable before it is given. */
  nextScanId(): Promise<number>
  unusedScanId(scanId: number): void
}

/** The macro that scans. */
export interface ScanningMacro {
  readonly name: string
  readonly title: string
  readonly id: string | null
  /** Progress in percent, as news. */
  step(percent: number): MacroStatusEntry | undefined
}

/** Runs a step scan with everything around it; see {@link runStepScan}. */
export async function runScan(
  options: StepScanOptions,
  macro: ScanningMacro,
  control: MacroControl,
  services: ScanServices,
): Promise<ScanResult> {
  const { pool, outbox, tango } = services
  const recorders = services.recorders.map((name) => tango.proxy(name, recorder))
  const publisher = await services.publisher()
  let started: ScanStart | undefined
  const watch = watcherOf(macro, services)
  try {
    return await runStepScan(
      options,
      {
        obtain: () => identityOf(macro, recorders, services),
        giveBack: (identity) => services.unusedScanId(identity.scanId),
      },
      {
        system: pool,
        control,
        now: () => tango.clock.now(),
        sink: {
          start: (document) => {
            publisher.start(document)
            started = document
          },
          points: (document) => {
            if (publisher.points(document) === 'written') return undefined
            const reason = `${services.dataFolder}: the disk is full; this point is safe. Make room, then resume, or stop the scan.`
            control.pause(reason, () => publisher.renewReserve())
            return undefined
          },
          end: (document) => {
            publisher.end(document)
          },
        },
        watch,
      },
    )
  } finally {
    if (started !== undefined) {
      outbox.flush()
      await confirm(started, recorders, services, control.abort.aborted ? CONFIRM_ABORTED_MS : CONFIRM_MS)
    }
  }
}

type RecorderProxy = DeviceProxy<typeof recorder>

/** Number, files and snapshot; refuses when the scan could not be saved. */
async function identityOf(
  macro: ScanningMacro,
  recorders: readonly RecorderProxy[],
  services: ScanServices,
): Promise<ScanIdentity> {
  const { environment, pool, tango } = services
  const { folder, stem } = destinationOf(macro.name, services)
  const guess = Number(environment.lookUp('ScanID', macro.name) ?? 0) + 1
  const [number, snapshot, ...checks] = await Promise.allSettled([
    freeScanId(folder, stem, services),
    takeSnapshot(environment.lookUp('PreScanSnapshot', macro.name), {
      elements: (name) => pool.elements(name),
      find: (name) => pool.find(name),
      positions: (moveables) => pool.positions(moveables),
      attribute: (name) => readAttribute(tango, name),
    }),
    ...recorders.map((r) => checkStart(r, fileOf(folder, stem, guess), services)),
  ])
  for (const check of checks) {
    if (check.status === 'fulfilled') continue
    if (number.status === 'fulfilled') services.unusedScanId(number.value)
    throw check.reason
  }
  if (number.status === 'rejected') throw number.reason
  const entries = snapshot.status === 'fulfilled' ? snapshot.value.entries : []
  const missing = snapshot.status === 'fulfilled' ? snapshot.value.missing : ['everything']
  if (missing.length > 0)
    services.outbox.lines('warning', [`not in the snapshot, because it could not be read: ${missing.join(', ')}`])
  return {
    scan: newScanId(tango.clock.now()),
    scanId: number.value,
    title: macro.title,
    macro: macro.name,
    door: services.door,
    user: services.user,
    snapshot: entries,
    ...(recorders.length === 0 ? {} : { file: fileOf(folder, stem, number.value), master: join(folder, `${stem}.h5`) }),
  }
}

function destinationOf(macro: string, { environment, dataFolder }: ScanServices): { folder: string; stem: string } {
  const text = (name: string, fallback: string) => {
    const value = environment.lookUp(name, macro)
    const [first] = Array.isArray(value) ? value : [value]
    return typeof first === 'string' && first.trim() !== '' ? first.trim() : fallback
  }
  const stem = text('ScanFile', 'scan.h5').replace(/\.[A-Za-z]\w{0,4}$/, '')
  if (/[/\\]/.test(stem))
    throw devFailed('Data_FolderUnusable', `ScanFile '${stem}' must be a file name; folders go into ScanDir`)
  return { folder: resolve(dataFolder, text('ScanDir', 'scans')), stem }
}

function fileOf(folder: string, stem: string, scanId: number): string {
  return join(folder, `${stem}_${String(scanId).padStart(5, '0')}.h5`)
}

/** The next number whose file does not exist: somebody may have set ScanID back. */
async function freeScanId(folder: string, stem: string, services: ScanServices): Promise<number> {
  for (let tries = 0; tries < 100_000; tries++) {
    const scanId = await services.nextScanId()
    if (!existsSync(fileOf(folder, stem, scanId))) return scanId
    if (tries === 0)
      services.outbox.lines('warning', [`${fileOf(folder, stem, scanId)} exists already; taking the next free ScanID`])
  }
  throw devFailed('Data_FolderUnusable', `${folder}: no free file name for ${stem}; choose another ScanFile`)
}

/** A recorder that cannot write stops the scan; one that does not answer finds the scan in the log later. */
async function checkStart(proxy: RecorderProxy, file: string, services: ScanServices): Promise<void> {
  try {
    await proxy.command('checkStart', file, { timeoutMs: CHECK_MS })
  } catch (error) {
    if (error instanceof DevFailed && error.has('Data_FolderUnusable')) throw error
    services.outbox.lines('warning', [
      `the recorder ${proxy.name} does not answer: the scan goes into the scan log, and into its file when the recorder is back`,
    ])
  }
}

/** Waits for the recorders to have the scan in its file; tells those who watch. */
async function confirm(
  start: ScanStart,
  recorders: readonly RecorderProxy[],
  { outbox, tango }: ScanServices,
  timeoutMs: number,
): Promise<void> {
  if (recorders.length === 0) {
    outbox.lines('warning', ['no recorder is configured: the scan is kept in the scan log only'])
    return
  }
  const deadline = tango.clock.monotonic() + timeoutMs
  const files = await Promise.all(recorders.map((proxy) => recordedFile(proxy, start.scan, deadline, tango)))
  for (const [i, file] of files.entries()) {
    if (file !== undefined) outbox.lines('info', [`Operation saved in ${file === '' ? start.file : file}`])
    else
      outbox.lines('warning', [
        `Scan #${start.scanId} is safe in the scan log, but not yet in its file: ${recorders[i]?.name} has not confirmed it`,
      ])
  }
}

/** The file of a scan once it is complete; asks again when the recorder is restarted meanwhile. */
async function recordedFile(
  proxy: RecorderProxy,
  scan: string,
  deadline: number,
  tango: TangoProcess,
): Promise<string | undefined> {
  const left = () => deadline - tango.clock.monotonic()
  while (left() > 0) {
    try {
      return await proxy.command('awaitScan', scan, { timeoutMs: Math.max(1, Math.min(ASK_MS, left())) })
    } catch {
      await tango.clock.sleep(Math.max(0, Math.min(RETRY_MS, left()))) // what matters is whether the file comes in time
    }
  }
  return undefined
}

async function readAttribute(tango: TangoProcess, name: string): Promise<unknown> {
  const at = name.lastIndexOf('/')
  const reading = await tango.proxy(name.slice(0, at)).read(name.slice(at + 1))
  return reading.value
}

/** Console lines, plot packets and progress of a scan, made when they are sent. */
function watcherOf(macro: ScanningMacro, { outbox, environment }: ScanServices): (document: ScanDocument) => void {
  const withRecords = environment.lookUp('JsonRecorder', macro.name) === true
  let start: ScanStart | undefined
  return (document) => {
    switch (document.kind) {
      case 'scan-start':
        start = document
        return outbox.add(() => startNews(document, macro, withRecords))
      case 'scan-points':
        return outbox.add(
          () => (start === undefined ? [] : pointNews(start, document, macro, withRecords)),
          document.first === 0,
        )
      case 'scan-end':
        return outbox.add(() => (start === undefined ? [] : endNews(start, document, macro, withRecords)))
    }
  }
}

function startNews(start: ScanStart, macro: ScanningMacro, withRecords: boolean): News[] {
  const saved = start.file === undefined ? [] : [`Operation will be saved in ${start.file}`]
  const begun = `Scan #${start.scanId} started at ${ctime(start.time)}. It will take at least ${duration(start.estimatedTime)}`
  return [
    { kind: 'lines', channel: 'info', lines: [...saved, begun] },
    ...(withRecords ? [{ kind: 'record' as const, record: dataDescription(start, macro.id) }] : []),
    { kind: 'lines', channel: 'output', lines: [scanTableHeader(start)] },
  ]
}

function pointNews(start: ScanStart, points: ScanPoints, macro: ScanningMacro, withRecords: boolean): News[] {
  const rows = points.values[0]?.length ?? 0
  const step = start.points > 0 ? macro.step((100 * (points.first + rows)) / start.points) : undefined
  return [
    { kind: 'lines', channel: 'output', lines: scanTableRows(start, points) },
    ...(withRecords
      ? recordPackets(start, points, macro.id).map((record) => ({ kind: 'record' as const, record }))
      : []),
    ...(step === undefined ? [] : [{ kind: 'status' as const, status: step }]),
  ]
}

function endNews(start: ScanStart, end: ScanEnd, macro: ScanningMacro, withRecords: boolean): News[] {
  const total = end.time - start.time
  const share = total > 0 ? (100 * end.deadTime) / total : 0
  const early = end.reason === 'done' ? '' : ` (${end.reason} after ${end.points} of ${start.points} points)`
  const line = `Scan #${start.scanId} ended at ${ctime(end.time)}${early}, taking ${duration(total)}. Dead time ${share.toFixed(1)}%`
  return [
    { kind: 'lines', channel: 'info', lines: [line] },
    ...(withRecords ? [{ kind: 'record' as const, record: recordEnd(end, macro.id) }] : []),
  ]
}

/** As Python prints a time difference: `0:00:02.100000`. */
function duration(seconds: number): string {
  const micro = Math.round(Math.max(0, seconds) * 1e6)
  const whole = Math.floor(micro / 1e6)
  const two = (n: number) => String(n).padStart(2, '0')
  const fraction = micro % 1e6 === 0 ? '' : `.${String(micro % 1e6).padStart(6, '0')}`
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}${fraction}`
}
