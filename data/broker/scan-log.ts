// The append-only log of one scan: what was appended survives the death of any process, because it is with the
// operating system before `append` returns; a power cut costs the last second. Its first record names the writer.

import * as fs from 'node:fs'
import { open } from 'node:fs/promises'
import { devFailed } from '#tango/pure'
import { isFull, plainReason } from '../disk-space.ts'
import { documentOf, encodeDocument, jsonOf, type ScanDocument } from '../documents/index.ts'
import { identityOf, type ProcessIdentity } from '../process-identity.ts'
import { systemTimers, type Timers } from '../timers.ts'
import type { DiskReserve, LogFileSystem } from './disk-reserve.ts'
import { encodeRecord, findRecord } from './scan-record.ts'

/** First record of a log. */
export interface ScanLogHeader {
  readonly kind: 'scan-log'
  readonly version: 1
  readonly door: string
  readonly writer: ProcessIdentity
}

/** A document and where its record lies: the place of the next record is the sequence number of the log. */
export interface LoggedDocument {
  readonly offset: number
  readonly next: number
  readonly document: ScanDocument
}

/** What `append` did. */
export interface AppendedRecord {
  /** The record; shared with nobody. */
  readonly bytes: Buffer
  /** The disk was full and the reserve made room: the scan should pause. */
  readonly reserveUsed: boolean
}

/** Options of {@link ScanLogWriter}. */
export interface ScanLogWriterOptions {
  readonly reserve?: DiskReserve
  readonly timers?: Timers
  readonly fileSystem?: LogFileSystem
  /** How long an appended record may stay with the operating system, ms; default 1000. */
  readonly syncMs?: number
}

/** Appends documents to the log of one scan. One writer per log. */
export class ScanLogWriter {
  readonly path: string
  readonly #file: number
  readonly #options: Required<Pick<ScanLogWriterOptions, 'timers' | 'fileSystem' | 'syncMs'>>
  readonly #reserve: DiskReserve | undefined
  #size: number
  #cancelSync: (() => void) | undefined
  #syncing: Promise<void> | undefined
  #dirty = false
  #closed = false

  private constructor(path: string, file: number, size: number, options: ScanLogWriterOptions) {
    this.path = path
    this.#file = file
    this.#size = size
    this.#reserve = options.reserve
    this.#options = {
      timers: options.timers ?? systemTimers,
      fileSystem: options.fileSystem ?? fs,
      syncMs: options.syncMs ?? 1000,
    }
  }

  /**
   * Begins a new log.
   * @throws DevFailed `Data_FolderUnusable` when the file exists or cannot be written
   */
  static create(
    path: string,
    header: Omit<ScanLogHeader, 'kind' | 'version'>,
    options: ScanLogWriterOptions = {},
  ): ScanLogWriter {
    const fileSystem = options.fileSystem ?? fs
    const writer = new ScanLogWriter(path, openFile(fileSystem, path, 'wx'), 0, options)
    try {
      const first: ScanLogHeader = { kind: 'scan-log', version: 1, ...header }
      writer.#write(encodeRecord(jsonOf(first)))
    } catch (error) {
      fileSystem.closeSync(writer.#file)
      fileSystem.rmSync(path, { force: true })
      throw error
    }
    return writer
  }

  /** Goes on with a log whose writer is gone; a torn record at its end is cut off. */
  static async reopen(path: string, options: ScanLogWriterOptions = {}): Promise<ScanLogWriter> {
    const fileSystem = options.fileSystem ?? fs
    const reader = new ScanLogReader(path)
    while (!(await reader.read()).atEnd);
    const file = openFile(fileSystem, path, 'r+')
    fileSystem.ftruncateSync(file, reader.offset)
    return new ScanLogWriter(path, file, reader.offset, options)
  }

  /** Length of the log in bytes: where the next record begins. */
  get size(): number {
    return this.#size
  }

  /**
   * Appends one document; it is with the operating system on return.
   * @throws DevFailed `Data_FolderUnusable` when it cannot be written; the log then ends with the record before
   */
  append(document: ScanDocument): AppendedRecord {
    const bytes = encodeRecord(encodeDocument(document))
    return { bytes, reserveUsed: this.#write(bytes) }
  }

  /** Waits until all records are on the disk and closes the file. */
  async close(): Promise<void> {
    if (this.#closed) return this.#syncing
    this.#closed = true
    this.#cancelSync?.()
    await this.#syncing
    this.#syncing = this.#sync().finally(() => this.#options.fileSystem.closeSync(this.#file))
    await this.#syncing
  }

  /** True when the reserve had to be used. */
  #write(bytes: Buffer): boolean {
    if (this.#closed) throw new Error(`unreachable: ${this.path} is closed`)
    const { fileSystem } = this.#options
    let reserveUsed = false
    let written = 0
    while (written < bytes.length) {
      try {
        written += fileSystem.writeSync(this.#file, bytes, written, bytes.length - written, this.#size + written)
      } catch (error) {
        if (isFull(error) && this.#reserve?.release() === true) {
          reserveUsed = true
          continue
        }
        if (written > 0) fileSystem.ftruncateSync(this.#file, this.#size)
        throw unusable(this.path, error)
      }
    }
    this.#size += bytes.length
    this.#dirty = true
    this.#cancelSync ??= this.#options.timers.setTimer(this.#options.syncMs, () => {
      this.#cancelSync = undefined
      // a failed sync is tried again with the next record; the record itself is with the operating system
      this.#syncing = this.#sync()
    })
    return reserveUsed
  }

  #sync(): Promise<void> {
    if (!this.#dirty) return Promise.resolve()
    this.#dirty = false
    return new Promise((resolve) => {
      this.#options.fileSystem.fdatasync(this.#file, (error) => {
        if (error !== null) this.#dirty = true
        resolve()
      })
    })
  }
}

/** What one `read` found. */
export interface ScanLogPart {
  readonly documents: readonly LoggedDocument[]
  /** No complete record follows at present. */
  readonly atEnd: boolean
  /** Damaged places that were skipped. */
  readonly damaged: number
}

/** Reads a log from any record on, also while it is being written. */
export class ScanLogReader {
  readonly path: string
  #offset: number
  #header: ScanLogHeader | undefined

  /** @param offset 0, or a `next` of an earlier reader */
  constructor(path: string, offset = 0) {
    this.path = path
    this.#offset = offset
  }

  /** Where the next record begins. */
  get offset(): number {
    return this.#offset
  }

  /** First record, once it has been read. */
  get header(): ScanLogHeader | undefined {
    return this.#header
  }

  /**
   * Reads the complete records that follow, about `bytes` of them at most.
   * A torn record at the end is left for the next call; damaged ones are skipped and counted.
   */
  async read(bytes = 1 << 20): Promise<ScanLogPart> {
    const file = await open(this.path, 'r')
    try {
      let size = bytes
      for (;;) {
        const block = Buffer.allocUnsafe(size)
        const { bytesRead } = await file.read(block, 0, size, this.#offset)
        const part = this.#take(block.subarray(0, bytesRead), bytesRead < size)
        if (part.documents.length > 0 || part.atEnd || part.damaged > 0 || part.moved) return part
        size *= 4 // one record is longer than the block
      }
    } finally {
      await file.close()
    }
  }

  #take(block: Buffer, last: boolean): ScanLogPart & { readonly moved: boolean } {
    const start = this.#offset
    const documents: LoggedDocument[] = []
    let damaged = 0
    let at = 0
    while (at < block.length) {
      const found = findRecord(block, at)
      if (found.kind === 'torn') break
      const next = start + found.next
      if (found.kind === 'damaged') damaged += 1
      else {
        const document = this.#decode(found.text)
        if (document === undefined) damaged += 1
        else if (document !== 'header') documents.push({ offset: this.#offset, next, document })
      }
      at = found.next
      this.#offset = next
    }
    return { documents, damaged, atEnd: last, moved: at > 0 }
  }

  #decode(text: string): ScanDocument | 'header' | undefined {
    try {
      const value: unknown = JSON.parse(text)
      const header = headerOf(value)
      if (header === undefined) return documentOf(value)
      this.#header = header
      return 'header'
    } catch {
      return undefined // counted as damaged: written by a newer version, or by somebody else
    }
  }
}

/** All documents of a log, in order, as far as they are there now. */
export async function* replay(path: string): AsyncGenerator<ScanDocument, void, undefined> {
  const reader = new ScanLogReader(path)
  for (let atEnd = false; !atEnd; ) {
    const part = await reader.read()
    for (const { document } of part.documents) yield document
    atEnd = part.atEnd
  }
}

function headerOf(value: unknown): ScanLogHeader | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'scan-log') return undefined
  if (!('version' in value) || value.version !== 1) throw new Error('a version of the scan log that is not known')
  const writer = 'writer' in value ? identityOf(value.writer) : undefined
  if (writer === undefined || !('door' in value) || typeof value.door !== 'string') throw new Error('no writer')
  return { kind: 'scan-log', version: 1, door: value.door, writer }
}

function openFile(fileSystem: LogFileSystem, path: string, flags: string): number {
  try {
    return fileSystem.openSync(path, flags)
  } catch (error) {
    throw unusable(path, error)
  }
}

function unusable(path: string, error: unknown): Error {
  return devFailed('Data_FolderUnusable', `${path}: the scan log cannot be written: ${plainReason(error)}`)
}
