// The step scan: prepare once, then per point move, acquire, log. Used by macros, by the library and by tests alike.

import type { ScanColumn, ScanEnd, ScanEndReason, ScanStart, SnapshotEntry } from '#data/documents'
import { type DoubleStringArray, devFailed } from '#tango/pure'
import type { ElementReference } from '../macro.ts'
import { endOf, linkStops, refuseFailedChannels, refuseIncompleteMotion, throwIfEnded } from './outcomes.ts'
import type { ScanPath } from './points.ts'
import type { PreparedGroup, ScanControl, ScanSink, ScanSystem, ScanWatcher } from './scan-system.ts'

/** What a macro says of its scan. */
export interface StepScanOptions {
  readonly moveables: readonly ElementReference[]
  readonly path: ScanPath
  readonly integrationTime: number
  readonly group?: ElementReference
  /** Moves back to the first positions at the end, as `dscan` does. */
  readonly restore?: boolean
}

/** What the caller of the engine adds: identity and destination of the scan. */
export interface ScanIdentity {
  readonly scan: string
  readonly scanId: number
  readonly title: string
  readonly macro: string
  readonly door: string
  readonly user: string
  readonly file?: string
  readonly master?: string
  readonly snapshot: readonly SnapshotEntry[]
}

/** Everything the engine works with. */
export interface ScanEnvironment {
  readonly system: ScanSystem
  readonly sink: ScanSink
  readonly watch: ScanWatcher
  readonly control: ScanControl
  /** s since 1970 */
  now(): number
}

/** A finished scan. */
export interface ScanResult {
  readonly scan: string
  readonly scanId: number
  readonly reason: ScanEndReason
  readonly points: number
  readonly columns: readonly ScanColumn[]
  /** Values of a column by its name or label. */
  column(name: string): Float64Array
  /** Position of the first moveable where the channel is largest. */
  peak(channel: string): number
  readonly file: string | undefined
  /** Wall time less exposures, s, over all points. */
  readonly deadTime: number
}

/** How a scan gets its identity while the hardware is being prepared. */
export interface ScanRegistry {
  obtain(): Promise<ScanIdentity>
  /** The scan was refused before it began. */
  giveBack(identity: ScanIdentity): void
}

/**
 * Runs a step scan.
 * @throws DevFailed before anything moves when a target is beyond limits or the data cannot be saved;
 *   `Scan_Stopped`, `Scan_Aborted`, or the failure of a point, after the end document is written
 */
export async function runStepScan(
  options: StepScanOptions,
  registry: ScanRegistry,
  environment: ScanEnvironment,
): Promise<ScanResult> {
  const { system, sink, watch, control } = environment
  const { moveables, path, integrationTime, group } = options
  if (group === undefined) throw devFailed('API_InvalidArgs', 'a scan needs a measurement group; set ActiveMntGrp')
  if (!(integrationTime > 0))
    throw devFailed('API_InvalidArgs', `integration time ${integrationTime} s must be positive`)
  throwIfEnded(control)
  const { prepared, origin, units, identity } = await begin(options, group, registry, system)
  const columns = columnsOf(moveables, units, path, prepared)
  const begun = environment.now()
  const start: ScanStart = {
    kind: 'scan-start',
    ...identity,
    time: begun,
    columns,
    points: path.points,
    grid: path.grid,
    integrationTime,
    estimatedTime: path.points * integrationTime,
  }
  try {
    throwIfEnded(control)
    await sink.start(start)
  } catch (error) {
    registry.giveBack(identity)
    throw error
  }
  watch(start)

  const rows: (number | string)[][] = []
  const outcome: Outcome = { reason: 'done', error: undefined, exposure: 0, lastPoint: begun }
  const unlink = linkStops(system, control, [...moveables, group])
  try {
    await acquirePoints(options, identity, environment, prepared, begun, rows, outcome)
    if (outcome.reason === 'failed') await system.stop([...moveables, group]).catch(() => undefined) // the first failure says more
    if (options.restore === true) await restorePositions(environment, moveables, origin, outcome)
  } finally {
    unlink()
  }
  const end: ScanEnd = {
    kind: 'scan-end',
    scan: identity.scan,
    time: environment.now(),
    reason: outcome.reason,
    points: rows.length,
    deadTime: Math.max(0, outcome.lastPoint - begun - outcome.exposure),
    ...(outcome.error === undefined
      ? {}
      : { message: outcome.error instanceof Error ? outcome.error.message : String(outcome.error) }),
  }
  try {
    await sink.end(end)
  } catch (error) {
    outcome.error ??= error // why the scan ended says more than that its end could not be written
  }
  watch(end)
  if (outcome.error !== undefined) throw outcome.error
  return {
    scan: identity.scan,
    scanId: identity.scanId,
    reason: end.reason,
    points: rows.length,
    columns,
    file: identity.file,
    deadTime: end.deadTime,
    column: (name) => columnValues(columns, rows, name),
    peak: (channel) => peakOf(columns, rows, channel),
  }
}

interface Outcome {
  reason: ScanEndReason
  error: unknown
  /** Sum of the integration times of the points, s: an exposure that ends late counts as dead time. */
  exposure: number
  /** When the last point was in the log, s since 1970. */
  lastPoint: number
}

/** Everything that does not depend on one another at once; nothing has moved when it throws. */
async function begin(options: StepScanOptions, group: ElementReference, registry: ScanRegistry, system: ScanSystem) {
  const { moveables, path, integrationTime } = options
  // what takes longest first: other processes work on it meanwhile
  const [identity, prepared, checked, origin, units] = await Promise.allSettled([
    registry.obtain(),
    system.prepareGroup(group, integrationTime, path.points),
    system.checkTargets(moveables, path.targets()),
    system.positions(moveables),
    system.units(moveables),
  ])
  try {
    settledValue(checked)
    return {
      prepared: settledValue(prepared),
      origin: settledValue(origin),
      units: settledValue(units),
      identity: settledValue(identity),
    }
  } catch (error) {
    if (identity.status === 'fulfilled') registry.giveBack(identity.value)
    throw error
  }
}

function settledValue<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

async function acquirePoints(
  options: StepScanOptions,
  identity: ScanIdentity,
  environment: ScanEnvironment,
  prepared: PreparedGroup,
  begun: number,
  rows: (number | string)[][],
  outcome: Outcome,
): Promise<void> {
  const { system, sink, watch, control } = environment
  const { moveables, path } = options
  const labels = prepared.channels.map((c) => c.label)
  try {
    let index = 0
    for (const targets of path.targets()) {
      throwIfEnded(control)
      const moved = await system.moveTo(moveables, targets, control.abort)
      throwIfEnded(control)
      refuseIncompleteMotion(moveables, targets, moved)
      const acquired = await prepared.acquire(index, control.abort)
      throwIfEnded(control)
      const row = rowOf(index, moved, acquired, begun)
      refuseFailedChannels(labels, acquired)
      const document = { kind: 'scan-points' as const, scan: identity.scan, first: index, values: row.map((v) => [v]) }
      const warning = sink.points(document)
      rows.push(row)
      outcome.exposure += options.integrationTime
      outcome.lastPoint = environment.now()
      watch(document)
      if (warning !== undefined) control.pause(warning)
      index += 1
      const paused = index < path.points ? control.pausePoint() : undefined
      if (paused !== undefined) await paused
    }
  } catch (error) {
    fail(outcome, control, error)
  }
}

/** A call that ends early because the scan was stopped is no failure of its own. */
function fail(outcome: Outcome, control: ScanControl, error: unknown): void {
  const ended = endOf(control)
  outcome.error = ended ?? error
  outcome.reason = ended === undefined ? 'failed' : control.abort.aborted ? 'aborted' : 'stopped'
}

/** Values in the order of the columns: index, moveables, channels, time since the start. */
function rowOf(index: number, moved: DoubleStringArray, acquired: DoubleStringArray, begun: number): number[] {
  const row = [index]
  for (const position of moved.dvalue) row.push(position)
  for (let i = 2; i < acquired.dvalue.length; i++) row.push(acquired.dvalue[i] ?? Number.NaN)
  row.push((acquired.dvalue[0] ?? begun) - begun)
  return row
}

function columnsOf(
  moveables: readonly ElementReference[],
  units: readonly string[],
  path: ScanPath,
  prepared: PreparedGroup,
): ScanColumn[] {
  return [
    { name: 'point_nb', label: '#Pt No', role: 'index', dtype: 'int64', shape: [] },
    ...moveables.map((moveable, i): ScanColumn => {
      const [from, to] = path.ranges[i] ?? [0, 0]
      return {
        name: moveable.name,
        label: moveable.name,
        role: 'moveable',
        dtype: 'float64',
        shape: [],
        unit: units[i] ?? '',
        min: Math.min(from, to),
        max: Math.max(from, to),
        reference: i === 0,
      }
    }),
    ...prepared.channels.map(
      (channel): ScanColumn => ({
        name: channel.fullName,
        label: channel.label,
        role: 'channel',
        dtype: 'float64',
        shape: [],
        unit: channel.unit,
        plot: channel.plot,
      }),
    ),
    { name: 'timestamp', label: 'dt', role: 'time', dtype: 'float64', shape: [], unit: 's' },
  ]
}

/** Moves back unless aborted; what it costs an orderly end is reported, an earlier failure is kept. */
async function restorePositions(
  environment: ScanEnvironment,
  moveables: readonly ElementReference[],
  origin: readonly number[],
  outcome: Outcome,
): Promise<void> {
  const { system, control } = environment
  if (control.abort.aborted) return
  try {
    const moved = await system.moveTo(moveables, origin, control.abort)
    refuseIncompleteMotion(moveables, origin, moved)
  } catch (cause) {
    if (outcome.reason === 'done') return fail(outcome, control, cause)
    outcome.error = devFailed('Motion_Failed', 'moving back after the scan failed', { cause: outcome.error })
    if (control.abort.aborted) outcome.reason = 'aborted'
  }
}

function columnIndex(columns: readonly ScanColumn[], name: string): number {
  const found = columns.findIndex((c) => c.name === name || c.label === name)
  if (found < 0)
    throw devFailed(
      'API_InvalidArgs',
      `the scan has no column '${name}'; there are ${columns.map((c) => c.label).join(', ')}`,
    )
  return found
}

function columnValues(
  columns: readonly ScanColumn[],
  rows: readonly (readonly (number | string)[])[],
  name: string,
): Float64Array {
  const at = columnIndex(columns, name)
  return Float64Array.from(rows, (row) => Number(row[at]))
}

function peakOf(
  columns: readonly ScanColumn[],
  rows: readonly (readonly (number | string)[])[],
  channel: string,
): number {
  const values = columnValues(columns, rows, channel)
  const moveable = columns.find((c) => c.role === 'moveable')
  if (moveable === undefined || values.length === 0)
    throw devFailed('API_InvalidArgs', 'a scan without moveable or points has no peak')
  let best = 0
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i
  return columnValues(columns, rows, moveable.name)[best] ?? Number.NaN
}
