// The log of one child process. A disk that is full, or a process that never stops talking, costs lines of the log and
// never the facility.

import { appendFile, stat } from 'node:fs/promises'
import { archiveLog } from './log-history.ts'

/** A log that would grow beyond this goes on in a new file, octets. */
export const LARGEST_LOG = 10_000_000
/** Files of one log. */
const KEPT = 3
/** What may wait for the disk; more is dropped, octets. */
const MOST_WAITING = 1_000_000

/** Options of {@link LogFile}. */
export interface LogFileOptions {
  /** Size at which a new file begins, octets. */
  readonly largest?: number
  /** How many files are kept, the present one included. */
  readonly keep?: number
}

/** Appends in order; what cannot be written is dropped. */
export class LogFile {
  readonly #path: string
  readonly #largest: number
  readonly #keep: number
  #size: number | undefined
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #dropped = 0
  #writing: Promise<void> | undefined

  constructor(path: string, { largest = LARGEST_LOG, keep = KEPT }: LogFileOptions = {}) {
    this.#path = path
    this.#largest = largest
    this.#keep = keep
  }

  append(text: Uint8Array): void {
    if (this.#waitingBytes + text.length > MOST_WAITING) {
      this.#dropped += text.length
      return
    }
    this.#waiting.push(text)
    this.#waitingBytes += text.length
    this.#writing ??= this.#write() // never rejects
  }

  /** Resolves when everything so far is written or dropped. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (this.#dropped > 0) this.#waiting.push(Buffer.from(`\n... ${this.#dropped} octets are left out here\n`))
      const text = Buffer.concat(this.#waiting)
      this.#waiting = []
      this.#waitingBytes = 0
      this.#dropped = 0
      try {
        await this.#put(text)
      } catch {
        this.#size = undefined // whatever is there by then
      }
    }
    this.#writing = undefined
  }

  async #put(text: Uint8Array): Promise<void> {
    this.#size ??= await sizeOf(this.#path)
    if (this.#size > 0 && this.#size + text.length > this.#largest) {
      await archiveLog(this.#path, this.#keep)
      this.#size = 0
    }
    await appendFile(this.#path, text)
    this.#size += text.length
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0 // there is none yet, or appending says what is wrong
  }
}
