// Brings the write-ahead log of a database to the disk soon after writes, beside the event loop.

import { close, fdatasync, fsync, open, openSync } from 'node:fs'
import { dirname } from 'node:path'

/** Longest time that an answered write may stay in the operating system's memory only, without the disk's own time. */
export const SYNC_DELAY_MS = 50

/** `fdatasync` of node, or a test's. */
export type FileSync = (file: number, done: (error: NodeJS.ErrnoException | null) => void) => void

/** Options of {@link LogSync}. */
export interface LogSyncOptions {
  /** Called with the error of the disk: what was answered since the last success may be lost in a power cut. */
  readonly failed: (error: Error) => void
  readonly sync?: FileSync
}

/** See the head of the file. */
export class LogSync {
  readonly #path: string
  readonly #failed: (error: Error) => void
  readonly #fdatasync: FileSync
  #file: number | undefined
  #timer: NodeJS.Timeout | undefined
  #busy = false
  #closed = false

  /** @param path the log; it need not exist yet */
  constructor(path: string, options: LogSyncOptions) {
    this.#path = path
    this.#failed = options.failed
    this.#fdatasync = options.sync ?? fdatasync
  }

  /** To be called after each transaction. */
  written(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = setTimeout(() => this.#sync(), SYNC_DELAY_MS)
    // the log is complete without us; only a power cut needs this
    this.#timer.unref()
  }

  /** Idempotent; the database itself has been closed before. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    if (!this.#busy) this.#release()
  }

  #sync(): void {
    this.#timer = undefined
    if (this.#busy) {
      this.written()
      return
    }
    this.#busy = true
    let file: number
    try {
      file = this.#open()
    } catch {
      // without a log file everything is in the database file, which SQLite has synchronized itself
      this.#busy = false
      return
    }
    this.#fdatasync(file, (error) => {
      this.#busy = false
      if (this.#closed) this.#release()
      else if (error !== null) this.#failed(error)
    })
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file
    const file = openSync(this.#path, 'r')
    this.#file = file
    syncFolder(dirname(this.#path))
    return file
  }

  #release(): void {
    if (this.#file !== undefined) close(this.#file)
    this.#file = undefined
  }
}

/** The name of a new log must reach the disk as well, once. Best effort: most file systems do it with the content. */
function syncFolder(folder: string): void {
  open(folder, 'r', (failure, file) => {
    if (failure === null) fsync(file, () => close(file))
  })
}
