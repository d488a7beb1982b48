// A file that holds disk space back, so that a full disk still takes the record of the running point.

import { randomFillSync } from 'node:crypto'
import * as fs from 'node:fs'
import { isFull } from '../disk-space.ts'

/** The file operations of the scan log, as in `node:fs`; replaceable in tests. */
export interface LogFileSystem {
  openSync(path: string, flags: string): number
  writeSync(file: number, data: Buffer, offset: number, length: number, position?: number | null): number
  closeSync(file: number): void
  ftruncateSync(file: number, length: number): void
  fdatasync(file: number, done: (error: Error | null) => void): void
  rmSync(path: string, options: { force: boolean }): void
}

/** Space held back for one writer of scan logs. */
export class DiskReserve {
  readonly path: string
  readonly bytes: number
  readonly #fs: LogFileSystem
  #held = false

  constructor(path: string, bytes: number, fileSystem: LogFileSystem = fs) {
    this.path = path
    this.bytes = bytes
    this.#fs = fileSystem
  }

  /** Whether the space is held back now. */
  get held(): boolean {
    return this.#held
  }

  /**
   * Takes the space unless it is held already.
   * @returns false when the disk is too full for it
   */
  hold(): boolean {
    if (this.#held) return true
    const file = this.#fs.openSync(this.path, 'w')
    try {
      // random bytes: a compressing file system must not make them small
      const block = randomFillSync(Buffer.allocUnsafe(this.bytes))
      let written = 0
      while (written < block.length) written += this.#fs.writeSync(file, block, written, block.length - written)
      this.#held = true
    } catch (error) {
      if (!isFull(error)) throw error
      this.#fs.rmSync(this.path, { force: true })
    } finally {
      this.#fs.closeSync(file)
    }
    return this.#held
  }

  /**
   * Gives the space back to the disk.
   * @returns false when none was held
   */
  release(): boolean {
    if (!this.#held) return false
    this.#held = false
    this.#fs.rmSync(this.path, { force: true })
    return true
  }
}
