// What a scan needs of the beamline; a Door's child, the library mode and tests hand it in. Scans know no Door.

import type { ScanDocument, ScanEnd, ScanPoints, ScanStart } from '#data/documents'
import type { DoubleStringArray } from '#tango/pure'
import type { ElementReference } from '../macro.ts'

/** A channel of a prepared measurement group, in display order. */
export interface GroupChannel {
  readonly name: string
  readonly fullName: string
  readonly label: string
  readonly unit: string
  readonly plot: boolean
}

/** A measurement group prepared for a number of points. */
export interface PreparedGroup {
  readonly channels: readonly GroupChannel[]
  /** Acquires one point: dvalue start, end, one value per channel; svalue one text per channel. */
  acquire(index: number, abort: AbortSignal): Promise<DoubleStringArray>
}

/** Motion and acquisition. Calls end early when `abort` aborts; a stop goes through {@link stop}. */
export interface ScanSystem {
  checkTargets(moveables: readonly ElementReference[], rounds: Iterable<readonly number[]>): Promise<void>
  moveTo(
    moveables: readonly ElementReference[],
    targets: readonly number[],
    abort: AbortSignal,
  ): Promise<DoubleStringArray>
  positions(moveables: readonly ElementReference[]): Promise<readonly number[]>
  units(moveables: readonly ElementReference[]): Promise<readonly string[]>
  prepareGroup(group: ElementReference, integrationTime: number, points: number): Promise<PreparedGroup>
  stop(elements: readonly ElementReference[]): Promise<void>
  abort(elements: readonly ElementReference[]): Promise<void>
}

/** Where the documents go. `points` must have made the rows durable when it returns. */
export interface ScanSink {
  start(document: ScanStart): Promise<void> | void
  /** @returns a text when the scan should pause: the log uses its reserve */
  points(document: ScanPoints): string | undefined
  end(document: ScanEnd): Promise<void> | void
}

/** Watches a running scan: table, plot packets, progress. Called after the document is in the log. */
export type ScanWatcher = (document: ScanDocument) => void

/** How the scan is told to stop, abort or pause. */
export interface ScanControl {
  /** Orderly end: motions ramp down, rows so far are kept. */
  readonly stop: AbortSignal
  /** Immediate end. */
  readonly abort: AbortSignal
  /** Resolves at once unless paused; called after each point. */
  pausePoint(): Promise<void> | undefined
  pause(reason: string): void
}
