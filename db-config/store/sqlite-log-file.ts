// What a write-ahead log on the disk holds: which frames are whole, where transactions end, and whether something follows
// that the engine will not read. SQLite file format, section 4.

import { copyFileSync, readFileSync, statSync } from 'node:fs'
import type { Logger } from '#tango'
import { fileTime, freeName, logOf } from './sqlite-files.ts'

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24
const MAGIC = 0x377f0682

/** A longer log, which only a long import makes, is not looked through: it would take too much memory. */
const MAX_BYTES = 64e6

/** One page in the log. */
export interface LogFrame {
  /** Which page, from 1. */
  readonly page: number
  /** Byte after the frame. */
  readonly end: number
  /** Whether a transaction ends with it. */
  readonly commit: boolean
}

/** Content of a log. */
export interface LogContent {
  /** Frames that the engine reads, committed or not. */
  readonly frames: readonly LogFrame[]
  /** Ends of transactions behind the first frame that cannot be read: they were written, and are lost. */
  readonly lostCommits: number
  /** The engine ignores all of it, because its beginning is broken. */
  readonly unreadable: boolean
}

/**
 * Tells, before a database that was not closed properly is changed, when the end of its log did not reach the disk: then what was
 * answered in the last moments is lost, and the log is kept. A process that is killed does not cause this.
 */
export function reportLostLog(path: string, { now, log }: { now: number; log: Logger }): void {
  const file = logOf(path)
  const { size } = statSync(file, { throwIfNoEntry: false }) ?? { size: 0 }
  if (size === 0 || size > MAX_BYTES) return
  const { lostCommits, unreadable } = readLog(readFileSync(file))
  if (lostCommits === 0 && !unreadable) return
  const kept = freeName(`${file}.broken-${fileTime(now)}`)
  copyFileSync(file, kept)
  const lost = unreadable
    ? `the log of the database ${path} cannot be read, its beginning was not on the disk when the machine stopped: the ` +
      'last changes may be lost, unless they were in the database file already'
    : `the last ${lostCommits} changes of the database ${path} cannot be read, they were not wholly on the disk when the ` +
      'machine stopped; all before them are there'
  log.error(`${lost}. The log is kept as ${kept}`)
}

/** Reads a log as the engine does. */
export function readLog(bytes: Buffer): LogContent {
  // shorter than its header, it was never used
  if (bytes.length < HEADER_BYTES) return { frames: [], lostCommits: 0, unreadable: false }
  const magic = bytes.readUInt32BE(0)
  const sum = new Checksum(magic === MAGIC)
  sum.add(bytes, 0, 24)
  if ((magic !== MAGIC && magic !== MAGIC + 1) || !sum.isAt(bytes, 24)) {
    return { frames: [], lostCommits: 0, unreadable: true }
  }

  const pageBytes = bytes.readUInt32BE(8)
  const frameBytes = FRAME_HEADER_BYTES + pageBytes
  const frames: LogFrame[] = []
  let whole = true
  let bad = 0
  let lostCommits = 0
  for (let at = HEADER_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    // what is left of an earlier round of the log has other salts
    const ofThisRound = bytes.compare(bytes, 16, 24, at + 8, at + 16) === 0
    const commit = bytes.readUInt32BE(at + 4) !== 0
    if (whole && ofThisRound) {
      sum.add(bytes, at, at + 8)
      sum.add(bytes, at + FRAME_HEADER_BYTES, at + frameBytes)
      whole = sum.isAt(bytes, at + 16)
    } else whole = false
    if (whole) {
      frames.push({ page: bytes.readUInt32BE(at), end: at + frameBytes, commit })
      continue
    }
    bad += 1
    // the first one may just have been written when the process ended
    if (bad > 1 && ofThisRound && commit) lostCommits += 1
  }
  return { frames, lostCommits, unreadable: false }
}

class Checksum {
  readonly #littleEndian: boolean
  #a = 0
  #b = 0

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian
  }

  /** Adds the bytes from `start` to `end`, a multiple of 8. */
  add(bytes: Buffer, start: number, end: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    for (let at = start; at < end; at += 8) {
      this.#a = (this.#a + view.getUint32(at, this.#littleEndian) + this.#b) >>> 0
      this.#b = (this.#b + view.getUint32(at + 4, this.#littleEndian) + this.#a) >>> 0
    }
  }

  isAt(bytes: Buffer, offset: number): boolean {
    return bytes.readUInt32BE(offset) === this.#a && bytes.readUInt32BE(offset + 4) === this.#b
  }
}
