// Records every scan of a data folder, whatever dies: follows the scans, gives them to the recorders, tries again after
// failures, and ends the scans whose processes are gone. One per data folder.

import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { devFailed } from '#tango/pure'
import { writerIsGone } from './broker/announcement.ts'
import { pruneScanLogs, ScanFolder } from './broker/scan-folder.ts'
import { type ScanLogHeader, ScanLogReader } from './broker/scan-log.ts'
import { ScanSubscriber } from './broker/subscriber.ts'
import { endAbandoned, unfinishedScan } from './broker/unfinished.ts'
import { checkFolder, plainReason } from './disk-space.ts'
import type { ScanDocument, ScanStart } from './documents/index.ts'
import { type FileLock, tryLock } from './file-lock.ts'
import { H5Writer } from './hdf5/h5-writer.ts'
import { claimedPaths, RecordedFiles } from './recorded-files.ts'
import type { Recorder, Recording } from './recorder.ts'
import { ScanSession } from './scan-session.ts'
import { type DataLog, noLog, systemTimers, type Timers } from './timers.ts'

/** What the recorder is doing. */
export interface RecorderStatus {
  /** Scan being recorded, empty when idle. */
  readonly scan: string
  /** File being written or written last. */
  readonly file: string
  readonly pointsWritten: number
  /** Scans that could not be recorded so far, with the reason; they are tried again. */
  readonly failures: ReadonlyMap<string, string>
}

/** Options of {@link ScanRecorder.open}. */
export interface ScanRecorderOptions {
  readonly recorders: ReadonlyMap<string, Recorder>
  readonly timers?: Timers
  readonly log?: DataLog
  /** Told after every change. */
  readonly onStatus?: (status: RecorderStatus) => void
  /** Period of looking for news that no message told of, and for abandoned scans, ms; default 1000. */
  readonly pollMs?: number
}

interface Waiter {
  readonly resolve: (file: string) => void
  readonly reject: (error: unknown) => void
}

/** Waits between attempts to record a scan, ms. */
const RETRY_MS = [1_000, 2_000, 5_000, 15_000, 60_000]

/** A log that has no beginning after so long will never get one, s. */
const EMPTY_LOG_S = 60

/** Records the scans of one data folder. */
export class ScanRecorder implements AsyncDisposable {
  readonly folder: ScanFolder
  readonly hdf5 = new H5Writer()
  readonly #options: Required<Omit<ScanRecorderOptions, 'recorders'>> & Pick<ScanRecorderOptions, 'recorders'>
  readonly #sessions = new Map<string, ScanSession>()
  readonly #headers = new Map<string, ScanLogHeader>()
  readonly #waiters = new Map<string, Set<Waiter>>()
  readonly #readable = new Map<string, string>()
  readonly #failures = new Map<string, string>()
  readonly #attempts = new Map<string, number>()
  readonly #cancelRetry = new Map<string, () => void>()
  readonly #lock: FileLock
  #claimed = new Map<string, string>()
  #status: Omit<RecorderStatus, 'failures'> = { scan: '', file: '', pointsWritten: 0 }
  #subscriber: ScanSubscriber | undefined
  #cancelSweep: (() => void) | undefined
  #sweeping: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(folder: ScanFolder, lock: FileLock, options: ScanRecorderOptions) {
    this.folder = folder
    this.#lock = lock
    this.#options = {
      recorders: options.recorders,
      timers: options.timers ?? systemTimers,
      log: options.log ?? noLog,
      onStatus: options.onStatus ?? (() => {}),
      pollMs: options.pollMs ?? 1000,
    }
  }

  /**
   * Starts to record what is not recorded yet and what comes.
   * @throws DevFailed `Data_FolderUnusable` when the folder cannot be used or another recorder serves it
   */
  static async open(dataFolder: string, options: ScanRecorderOptions): Promise<ScanRecorder> {
    const folder = new ScanFolder(dataFolder)
    folder.create()
    const recorder = new ScanRecorder(folder, takeLock(folder), options)
    try {
      await recorder.#open(dataFolder)
    } catch (error) {
      await recorder.close()
      throw error
    }
    return recorder
  }

  /** What is being done now. */
  get status(): RecorderStatus {
    return { ...this.#status, failures: this.#failures }
  }

  /**
   * Resolves when everything of a scan can be read in its file.
   * @returns path of the file, empty when nothing was to be saved
   * @throws DevFailed `API_InvalidArgs` for a scan that is not known, `Recorder_Failed` when an attempt fails
   */
  async awaitScan(scan: string, signal?: AbortSignal): Promise<string> {
    const known = this.#readable.get(scan) ?? (await RecordedFiles.complete(this.folder, scan))
    if (known !== undefined) return known
    if ((await stat(this.folder.log(scan)).catch(() => undefined)) === undefined) {
      throw devFailed('API_InvalidArgs', `${this.folder.path} has no log of scan ${scan}`)
    }
    // it may have become readable while the folder was asked; from here to the registration nothing waits
    const meanwhile = this.#readable.get(scan)
    if (meanwhile !== undefined) return meanwhile
    return new Promise((resolve, reject) => {
      const givenUp = (): Error => devFailed('Recorder_Failed', `nobody waits for scan ${scan} any more`)
      if (signal?.aborted === true) return reject(givenUp())
      const waiters = this.#waiters.get(scan) ?? new Set()
      const onAbort = (): void => {
        waiters.delete(waiter)
        reject(givenUp())
      }
      const waiter: Waiter = {
        resolve: (file) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(file)
        },
        reject: (error) => {
          signal?.removeEventListener('abort', onAbort)
          reject(error)
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      waiters.add(waiter)
      this.#waiters.set(scan, waiters)
      if (this.#cancelRetry.has(scan)) this.#retry(scan)
      else this.#subscriber?.follow(scan)
    })
  }

  /**
   * Tells whether a scan could be recorded, before it starts.
   * @param path file that is to be written
   * @param minimumFree bytes that must be free there and in the data folder
   * @throws DevFailed `Data_FolderUnusable` naming folder and space
   */
  async checkStart(path: string, minimumFree: number): Promise<void> {
    this.hdf5.warm()
    await checkFolder(this.folder.path, minimumFree)
    if (path === '') return
    await checkFolder(dirname(path), minimumFree)
    const there = await stat(path).catch(() => undefined)
    if (there?.isDirectory() === true) throw devFailed('Data_FolderUnusable', `${path}: is a folder, not a file`)
  }

  /** Stops; scans that are not complete are recorded from their logs by the next recorder. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelSweep?.()
    for (const cancel of this.#cancelRetry.values()) cancel()
    await this.#sweeping
    const abandoning = [...this.#sessions.values()].map((session) => session.abandon())
    await this.#subscriber?.close()
    await Promise.all(abandoning)
    await this.hdf5.close()
    const gone = devFailed('Recorder_Failed', 'the recorder was stopped')
    for (const waiters of this.#waiters.values()) for (const { reject } of waiters) reject(gone)
    this.#lock.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #open(dataFolder: string): Promise<void> {
    this.#claimed = await claimedPaths(this.folder)
    await this.#setAsideEmpty()
    await pruneScanLogs(this.folder, { now: this.#options.timers.now() })
    const { timers, log, pollMs } = this.#options
    this.#subscriber = await ScanSubscriber.open(dataFolder, {
      timers,
      log,
      pollMs,
      wants: (_scan, recorded) => !recorded,
      onDocuments: ({ scan, documents }) => this.#take(scan, documents),
      onError: (scan, error) => this.#fail(scan, error),
    })
    this.#sweepLater()
  }

  async #take(scan: string, documents: readonly ScanDocument[]): Promise<void> {
    if (this.#closed) return
    const [first] = documents
    if (first?.kind === 'scan-start') {
      await this.#sessions.get(scan)?.abandon()
      await this.#readHeader(scan)
      this.#sessions.set(scan, await this.#sessionOf(first))
    }
    await this.#sessions.get(scan)?.take(documents)
  }

  async #sessionOf(start: ScanStart): Promise<ScanSession> {
    const { scan } = start
    const { timers, log } = this.#options
    const files = await RecordedFiles.open(this.folder, scan, this.#claimed)
    this.#show({ scan, file: start.file ?? '', pointsWritten: 0 })
    return new ScanSession({
      start,
      timers,
      log,
      begin: () => this.#begin(start, files),
      events: {
        written: (rows) => this.#show({ ...this.#status, scan, pointsWritten: rows }),
        readable: (file) => this.#becameReadable(scan, file),
        complete: async (file) => {
          await files.finish(file)
          this.#forget(scan)
          log.info('scan recorded', { scan, file })
        },
        failed: (error) => this.#fail(scan, error),
      },
    })
  }

  async #begin(start: ScanStart, files: RecordedFiles): Promise<readonly Recording[]> {
    const begun: Recording[] = []
    const { log } = this.#options
    try {
      for (const [name, recorder] of this.#options.recorders) {
        const recording = await recorder.begin(start, {
          log,
          hdf5: this.hdf5,
          again: files.again,
          claim: (path, lost) =>
            files.claim(name, path, lost, (other) => {
              log.warn('the file exists and is kept; another name is used', {
                scan: start.scan,
                kept: path,
                file: other,
              })
              this.#show({ ...this.#status, file: other })
            }),
        })
        if (recording !== undefined) begun.push(recording)
      }
    } catch (error) {
      await Promise.allSettled(begun.map((recording) => recording.abandon()))
      throw error
    }
    return begun
  }

  #becameReadable(scan: string, file: string): void {
    this.#readable.set(scan, file)
    for (const { resolve } of this.#waiters.get(scan) ?? []) resolve(file)
    this.#waiters.delete(scan)
    this.#failures.delete(scan)
    this.#attempts.delete(scan)
    this.#show({ ...this.#status, scan: this.#status.scan === scan ? '' : this.#status.scan, file })
  }

  #fail(scan: string, error: unknown): void {
    if (this.#closed) return
    const attempt = this.#attempts.get(scan) ?? 0
    const delay = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 0
    this.#attempts.set(scan, attempt + 1)
    this.#failures.set(scan, plainReason(error))
    this.#options.log.error('scan not recorded yet; it is safe in its log and tried again', {
      scan,
      error: plainReason(error),
      againInMs: delay,
    })
    this.#cancelRetry.get(scan)?.()
    this.#cancelRetry.set(
      scan,
      this.#options.timers.setTimer(delay, () => this.#retry(scan)),
    )
    const told = devFailed('Recorder_Failed', `scan ${scan} is in its log, not yet in its file`, { cause: error })
    for (const { reject } of this.#waiters.get(scan) ?? []) reject(told)
    this.#waiters.delete(scan)
    this.#show({ ...this.#status, scan: this.#status.scan === scan ? '' : this.#status.scan })
  }

  #retry(scan: string): void {
    this.#cancelRetry.get(scan)?.()
    this.#cancelRetry.delete(scan)
    this.#subscriber?.restart(scan)
  }

  #forget(scan: string): void {
    this.#sessions.delete(scan)
    this.#headers.delete(scan)
    this.#readable.delete(scan) // the marker tells from now on
  }

  #show(status: Omit<RecorderStatus, 'failures'>): void {
    this.#status = status
    this.#options.onStatus(this.status)
  }

  async #readHeader(scan: string): Promise<void> {
    const reader = new ScanLogReader(this.folder.log(scan))
    await reader.read(4096)
    if (reader.header !== undefined) this.#headers.set(scan, reader.header)
  }

  #sweepLater(): void {
    if (this.#closed) return
    this.#cancelSweep = this.#options.timers.setTimer(this.#options.pollMs, () => {
      this.#sweeping = this.#sweep().finally(() => this.#sweepLater())
    })
  }

  /** Writes the end of scans whose process is gone. */
  async #sweep(): Promise<void> {
    for (const [scan, header] of this.#headers) {
      try {
        if (this.#readable.has(scan) || !(await writerIsGone(this.folder, header.door, header.writer))) continue
        const unfinished = await unfinishedScan(this.folder, scan)
        if (unfinished !== undefined && (await endAbandoned(this.folder, unfinished, this.#options.timers))) {
          this.#options.log.warn('the process of a scan is gone; the scan was ended', { scan, door: header.door })
        }
        this.#headers.delete(scan) // ended, by its process or now
        this.#subscriber?.follow(scan)
      } catch (error) {
        this.#options.log.warn('a scan without process could not be ended', { scan, error: plainReason(error) })
      }
    }
  }

  /** Logs whose process died before it wrote the start of the scan hold nothing to record. */
  async #setAsideEmpty(): Promise<void> {
    for (const { scan, recorded } of await this.folder.list()) {
      if (recorded) continue
      const path = this.folder.log(scan)
      const part = await new ScanLogReader(path).read()
      const age = this.#options.timers.now() - (await stat(path)).mtimeMs / 1000
      if (part.atEnd && part.documents.length === 0 && age > EMPTY_LOG_S) {
        await (await RecordedFiles.open(this.folder, scan, this.#claimed)).finish('')
      }
    }
  }
}

function takeLock(folder: ScanFolder): FileLock {
  const lock = tryLock(join(folder.path, 'recorder.lock'))
  if ('release' in lock) return lock
  throw devFailed(
    'Data_FolderUnusable',
    `${folder.path}: another recorder, process ${lock.owner?.pid ?? '?'}, serves this folder; end it or delete ${lock.path}`,
  )
}
