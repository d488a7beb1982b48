// The documents of a scan: start, points, end. Pure data, the same for step and continuous scans, for recorders, plots and replay.

/** One column of a scan. */
export interface ScanColumn {
  /** Key of the values: element alias for moveables, full name for channels, `point_nb`, `timestamp`. */
  readonly name: string
  /** Name for people. */
  readonly label: string
  readonly role: 'index' | 'moveable' | 'channel' | 'time'
  /** `float64` columns hold numbers; `string` columns hold references to files. */
  readonly dtype: 'float64' | 'int64' | 'string'
  /** `[]` for scalars. */
  readonly shape: readonly number[]
  readonly unit?: string
  readonly min?: number
  readonly max?: number
  /** First moveable of the scan: the default x axis. */
  readonly reference?: boolean
  readonly instrument?: string
  /** Channels to be shown by default. */
  readonly plot?: boolean
}

/** A value that was true when the scan started. */
export interface SnapshotEntry {
  readonly name: string
  readonly value: number | string
  readonly unit?: string
}

/** A scan begins. Times are seconds since 1970. */
export interface ScanStart {
  readonly kind: 'scan-start'
  /** Unique id of the scan: time-ordered text. */
  readonly scan: string
  /** Number of the scan in its environment (`ScanID`). */
  readonly scanId: number
  readonly title: string
  readonly macro: string
  readonly door: string
  readonly time: number
  readonly user: string
  readonly columns: readonly ScanColumn[]
  /** Number of points planned, 0 when open. */
  readonly points: number
  /** Size of each scan axis, slow axis first: `[21]`, or `[11, 21]` for a mesh. */
  readonly grid: readonly number[]
  readonly integrationTime: number
  readonly estimatedTime: number
  readonly snapshot: readonly SnapshotEntry[]
  /** Absolute path of the scan's file, absent when nothing is to be saved. */
  readonly file?: string
  /** Absolute path of the master file that links to it. */
  readonly master?: string
}

/** Points that were acquired: `values[column][row]`, all columns of the start document in order, rows from `first` on. */
export interface ScanPoints {
  readonly kind: 'scan-points'
  readonly scan: string
  /** Index of the first row. */
  readonly first: number
  readonly values: readonly (readonly (number | string)[])[]
}

/** Why a scan ended. */
export type ScanEndReason = 'done' | 'stopped' | 'aborted' | 'failed'

/** A scan is over; `points` rows are complete. */
export interface ScanEnd {
  readonly kind: 'scan-end'
  readonly scan: string
  readonly time: number
  readonly reason: ScanEndReason
  readonly points: number
  /** Wall time of all points less the exposures, s. */
  readonly deadTime: number
  readonly message?: string
}

/** Any document of a scan. */
export type ScanDocument = ScanStart | ScanPoints | ScanEnd
