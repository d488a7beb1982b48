// Where scan documents leave the process that scans: first into the log of the scan, then to whoever listens. The scan
// never waits for a listener.

import { rm, utimes } from 'node:fs/promises'
import { devFailed } from '#tango/pure'
import { bytesText, plainReason } from '../disk-space.ts'
import { jsonOf, type ScanDocument, type ScanEnd, type ScanPoints, type ScanStart } from '../documents/index.ts'
import { processIdentity } from '../process-identity.ts'
import { type DataLog, noLog, systemTimers, type Timers } from '../timers.ts'
import { type Announcement, HEARTBEAT_MS } from './announcement.ts'
import { DiskReserve, type LogFileSystem } from './disk-reserve.ts'
import { DoorbellSender } from './doorbell.ts'
import { ScanFolder, writeWhole } from './scan-folder.ts'
import { ScanLogWriter } from './scan-log.ts'

/** Options of {@link ScanPublisher.open}. */
export interface ScanPublisherOptions {
  /** Device name of the door, or another name of the one who scans. */
  readonly door: string
  readonly timers?: Timers
  readonly log?: DataLog
  /** Disk space held back for the running point; default 1 MiB. */
  readonly reserveBytes?: number
  /** Host name or address on which listeners connect; default 127.0.0.1. `none`: listeners read the log alone. */
  readonly host?: string
  /** Replaces file operations in tests. */
  readonly fileSystem?: LogFileSystem
}

/** `reserve used`: the document is safe, but the disk is full and the scan should pause until `renewReserve` succeeds. */
export type PublishOutcome = 'written' | 'reserve used'

interface OpenScan {
  readonly writer: ScanLogWriter
  readonly columns: number
  rows: number
}

/** Publishes the scans of one door. */
export class ScanPublisher implements AsyncDisposable {
  readonly folder: ScanFolder
  readonly door: string
  readonly #timers: Timers
  readonly #log: DataLog
  readonly #fileSystem: LogFileSystem | undefined
  readonly #reserve: DiskReserve
  readonly #scans = new Map<string, OpenScan>()
  readonly #closing = new Set<Promise<void>>()
  #doorbell: DoorbellSender | undefined
  #ready: Promise<void> = Promise.resolve()
  #heartbeat: NodeJS.Timeout | undefined
  #closed = false

  private constructor(folder: ScanFolder, options: ScanPublisherOptions) {
    this.folder = folder
    this.door = options.door
    this.#timers = options.timers ?? systemTimers
    this.#log = options.log ?? noLog
    this.#fileSystem = options.fileSystem
    this.#reserve = new DiskReserve(folder.reserve(options.door), options.reserveBytes ?? 1 << 20, options.fileSystem)
  }

  /**
   * Prepares the scan log folder. Listeners are served as soon as the network library is loaded, in the background.
   * @throws DevFailed `Data_FolderUnusable`
   */
  static async open(dataFolder: string, options: ScanPublisherOptions): Promise<ScanPublisher> {
    const folder = new ScanFolder(dataFolder)
    folder.create()
    const publisher = new ScanPublisher(folder, options)
    publisher.renewReserve() // a scan tells when it cannot be held
    publisher.#ready = publisher.#announce(options.host ?? '127.0.0.1')
    return publisher
  }

  /** Resolves when listeners can connect; never rejects, because scans work without. */
  get ready(): Promise<void> {
    return this.#ready
  }

  /**
   * Takes the disk reserve again after it was used.
   * @returns false while the disk is too full
   * @throws DevFailed `Data_FolderUnusable` when the folder cannot be written at all
   */
  renewReserve(): boolean {
    try {
      return this.#reserve.hold()
    } catch (error) {
      throw devFailed('Data_FolderUnusable', `${this.folder.doors}: cannot be written: ${plainReason(error)}`)
    }
  }

  /**
   * Begins the log of a scan.
   * @throws DevFailed `Data_FolderUnusable` when the log cannot be written or the disk is too full for the reserve
   */
  start(document: ScanStart): PublishOutcome {
    if (!this.renewReserve()) {
      const need = bytesText(this.#reserve.bytes)
      throw devFailed(
        'Data_FolderUnusable',
        `${this.folder.path}: less than ${need} are free; make room before scanning`,
      )
    }
    const writer = ScanLogWriter.create(
      this.folder.log(document.scan),
      { door: this.door, writer: processIdentity() },
      {
        reserve: this.#reserve,
        timers: this.#timers,
        ...(this.#fileSystem === undefined ? {} : { fileSystem: this.#fileSystem }),
      },
    )
    this.#scans.set(document.scan, { writer, columns: document.columns.length, rows: 0 })
    return this.#publish(writer, document)
  }

  /**
   * Appends rows. They must follow the rows before.
   * @throws DevFailed `API_InvalidArgs` for rows that do not fit, `Data_FolderUnusable` when they cannot be written
   */
  points(document: ScanPoints): PublishOutcome {
    const scan = this.#scanOf(document.scan)
    if (document.first !== scan.rows || document.values.length !== scan.columns) {
      throw devFailed(
        'API_InvalidArgs',
        `scan ${document.scan}: rows from ${document.first} with ${document.values.length} columns do not follow ` +
          `${scan.rows} rows of ${scan.columns} columns`,
      )
    }
    const outcome = this.#publish(scan.writer, document)
    scan.rows += document.values[0]?.length ?? 0
    return outcome
  }

  /**
   * Ends a scan; its log is closed.
   * @throws DevFailed `Data_FolderUnusable` when the end cannot be written; the scan stays open then
   */
  end(document: ScanEnd): PublishOutcome {
    const { writer } = this.#scanOf(document.scan)
    const outcome = this.#publish(writer, document)
    this.#scans.delete(document.scan)
    const closing = writer.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
    return outcome
  }

  /** Ends what is open, as failed, takes the announcement away and gives the reserve back. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#ready
    clearInterval(this.#heartbeat)
    for (const [scan, { rows }] of this.#scans) {
      const message = `${this.door} was closed before the scan ended`
      this.end({
        kind: 'scan-end',
        scan,
        time: this.#timers.now(),
        reason: 'failed',
        points: rows,
        deadTime: NaN,
        message,
      })
    }
    await Promise.all(this.#closing)
    await this.#doorbell?.close()
    if (this.#doorbell !== undefined) await rm(this.folder.announcement(this.door), { force: true })
    this.#reserve.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #scanOf(scan: string): OpenScan {
    const open = this.#scans.get(scan)
    if (open === undefined) throw devFailed('API_InvalidArgs', `scan ${scan} is not open; start it first`)
    return open
  }

  #publish(writer: ScanLogWriter, document: ScanDocument): PublishOutcome {
    const offset = writer.size
    const { bytes, reserveUsed } = writer.append(document)
    // recorders confirm a scan when they have its end
    this.#doorbell?.send(document.scan, offset, bytes, document.kind === 'scan-end')
    return reserveUsed ? 'reserve used' : 'written'
  }

  async #announce(host: string): Promise<void> {
    if (host === 'none') return
    const path = this.folder.announcement(this.door)
    try {
      const doorbell = await DoorbellSender.bind(host)
      const { door } = this
      const announcement: Announcement = { version: 1, door, writer: processIdentity(), endpoint: doorbell.endpoint }
      this.#doorbell = doorbell
      await writeWhole(path, `${jsonOf(announcement)}\n`)
      this.#heartbeat = setInterval(() => {
        // a missed beat is harmless; a folder that is gone shows at the next scan
        void utimes(path, new Date(), new Date()).catch(() => {})
      }, HEARTBEAT_MS)
      this.#heartbeat.unref()
    } catch (error) {
      this.#log.warn('scan documents are not sent; listeners read the log', {
        door: this.door,
        error: plainReason(error),
      })
    }
  }
}
