// What a recorder is: a file that turns the documents of a scan into something that stays. One file in `recorders/` or
// on a plug-in path adds one.

import type { ScanEnd, ScanPoints, ScanStart } from './documents/index.ts'
import type { H5Writer } from './hdf5/h5-writer.ts'
import type { DataLog } from './timers.ts'

/** What a recorder is given with a scan. */
export interface RecorderContext {
  readonly log: DataLog
  /** Shared writer of HDF5 files. */
  readonly hdf5: H5Writer
  /** A former process or attempt has begun to record this scan: its files may be there, incomplete. */
  readonly again: boolean
  /**
   * Reserves a file for this scan and recorder. A file that somebody else has made is never given: the answer then has
   * a number before its ending, and the log says so. Asked again for the same scan, the answer is the same.
   * @param lost a former answer that turned out to be taken by somebody else meanwhile
   */
  claim(path: string, lost?: string): Promise<ClaimedFile>
}

/** A file that belongs to one scan. */
export interface ClaimedFile {
  readonly path: string
  /** It exists, from a former attempt; it may be damaged and may be overwritten. */
  readonly exists: boolean
}

/** A recorder as its file declares it. */
export interface RecorderDeclaration<State> {
  readonly doc: string
  /**
   * Begins a scan. May be called for a scan that was begun before: everything comes again from the first row.
   * Undefined: this scan is not for this recorder.
   */
  start(scan: ScanStart, context: RecorderContext): Promise<State | undefined>
  /** Takes rows in order, in blocks. */
  points(state: State, points: ScanPoints): Promise<void>
  /**
   * Completes the scan; on return other processes can read all of it.
   * @returns path of the complete file
   */
  end(state: State, end: ScanEnd): Promise<string>
  /** Gives up after an error or at shutdown; must not throw. The scan comes again later. */
  abandon?(state: State): Promise<void>
}

/** A scan being recorded. */
export interface Recording {
  points(points: ScanPoints): Promise<void>
  end(end: ScanEnd): Promise<string>
  abandon(): Promise<void>
}

/** A recorder. */
export interface Recorder {
  readonly kind: 'recorder'
  readonly doc: string
  /** Undefined: this scan is not for this recorder. */
  begin(scan: ScanStart, context: RecorderContext): Promise<Recording | undefined>
}

/**
 * Declares a recorder; default export of its file.
 *
 * ```ts
 * export default defineRecorder({
 *   doc: 'Prints scans.',
 *   start: async (scan) => ({ title: scan.title }),
 *   points: async ({ title }, { first, values }) => console.log(title, first, values),
 *   end: async () => '',
 * })
 * ```
 */
export function defineRecorder<State>(declaration: RecorderDeclaration<State>): Recorder {
  return {
    kind: 'recorder',
    doc: declaration.doc,
    begin: async (scan, context) => {
      const state = await declaration.start(scan, context)
      if (state === undefined) return undefined
      return {
        points: (points) => declaration.points(state, points),
        end: (end) => declaration.end(state, end),
        abandon: async () => declaration.abandon?.(state),
      }
    },
  }
}

/** Whether a value is a recorder, such as the default export of a plug-in file. */
export function isRecorder(value: unknown): value is Recorder {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'recorder' && 'begin' in value
}
