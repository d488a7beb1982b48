// One attempt to record one scan: collects rows into blocks and hands them to the recorders.

import { open } from 'node:fs/promises'
import type { ScanDocument, ScanEnd, ScanPoints, ScanStart } from './documents/index.ts'
import type { Recording } from './recorder.ts'
import type { DataLog, Timers } from './timers.ts'

/** Rows wait for company at most so long, ms, or until there are so many. */
const BLOCK_MS = 250
const BLOCK_ROWS = 100

/** What a session tells. */
export interface SessionEvents {
  /** Rows that recorders have taken. */
  written(rows: number): void
  /** Everything can be read by others; `file` is empty when nothing was to be saved. */
  readable(file: string): void
  /** Everything is on the disk. */
  complete(file: string): Promise<void>
  failed(error: unknown): void
}

/** Options of {@link ScanSession}. */
export interface SessionOptions {
  readonly start: ScanStart
  readonly begin: () => Promise<readonly Recording[]>
  readonly events: SessionEvents
  readonly timers: Timers
  readonly log: DataLog
}

/** Records one scan, once. After a failure it does nothing any more. */
export class ScanSession {
  readonly start: ScanStart
  readonly #options: SessionOptions
  readonly #columns: (number | string)[][]
  #recordings: readonly Recording[] = []
  /** Rows that were handed on. */
  #written = 0
  #cancelTimer: (() => void) | undefined
  #tail: Promise<void>
  #over = false

  constructor(options: SessionOptions) {
    this.start = options.start
    this.#options = options
    this.#columns = options.start.columns.map(() => [])
    this.#tail = this.#guarded(async () => {
      this.#recordings = await options.begin()
    })
  }

  /** Neither failed nor complete. */
  get active(): boolean {
    return !this.#over
  }

  /** Takes documents after the start; resolves when they are handed on or wait for company. */
  take(documents: readonly ScanDocument[]): Promise<void> {
    return this.#enqueue(async () => {
      for (const document of documents) {
        if (document.kind === 'scan-points') this.#collect(document)
        if (this.#waiting >= BLOCK_ROWS) await this.#handOn()
        if (document.kind === 'scan-end') return this.#end(document)
      }
      if (this.#waiting > 0)
        this.#cancelTimer ??= this.#options.timers.setTimer(BLOCK_MS, () => void this.#enqueue(() => this.#handOn()))
    })
  }

  /** Gives up without a word; what the recorders have is abandoned. */
  async abandon(): Promise<void> {
    this.#over = true
    this.#cancelTimer?.()
    await this.#tail
    await this.#abandonRecordings()
  }

  get #waiting(): number {
    return this.#columns[0]?.length ?? 0
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#tail = this.#tail.then(() => this.#guarded(task))
    return this.#tail
  }

  async #guarded(task: () => Promise<void>): Promise<void> {
    if (this.#over) return
    try {
      await task()
    } catch (error) {
      if (this.#over) return
      this.#over = true
      this.#cancelTimer?.()
      await this.#abandonRecordings()
      this.#options.events.failed(error)
    }
  }

  async #abandonRecordings(): Promise<void> {
    const recordings = this.#recordings
    this.#recordings = []
    for (const recording of recordings) {
      await recording.abandon().catch((error: unknown) => {
        this.#options.log.warn('a recorder could not give up', { scan: this.start.scan, error: String(error) })
      })
    }
  }

  #collect({ first, values }: ScanPoints): void {
    const next = this.#written + this.#waiting
    const rows = values[0]?.length ?? 0
    if (values.length !== this.#columns.length)
      throw new Error(`rows of ${values.length} columns instead of ${this.#columns.length}`)
    if (first > next) {
      // a damaged record of the log; other rows must not move up
      this.#options.log.error('rows are missing in the scan log', { scan: this.start.scan, from: next, to: first - 1 })
    }
    this.#columns.forEach((column, index) => {
      const missing = this.start.columns[index]?.dtype === 'string' ? '' : Number.NaN
      for (let row = next; row < first; row += 1) column.push(missing)
      const added = values[index] ?? []
      for (let row = Math.max(0, next - first); row < rows; row += 1) column.push(added[row] ?? missing)
    })
  }

  async #handOn(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const rows = this.#waiting
    if (rows === 0) return
    const values = this.#columns.map((column) => column.splice(0))
    const points: ScanPoints = { kind: 'scan-points', scan: this.start.scan, first: this.#written, values }
    await Promise.all(this.#recordings.map((recording) => recording.points(points)))
    this.#written += rows
    this.#options.events.written(this.#written)
  }

  async #end(end: ScanEnd): Promise<void> {
    await this.#handOn()
    const files = await Promise.all(this.#recordings.map((recording) => recording.end(end)))
    this.#recordings = []
    const { events } = this.#options
    events.readable(files[0] ?? '')
    for (const file of files) if (file !== '') await syncFile(file)
    await events.complete(files[0] ?? '')
    this.#over = true
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
