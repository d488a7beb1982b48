// A temporary folder with a database file in it, damage to it, and the log lines that its store writes.

import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, type Logger } from '#tango'
import { SqliteStore, type SqliteStoreOptions } from '../../../../db-config/store/sqlite-store.ts'
import type { Place } from '../../../../db-config/store/store.ts'

/** Where the tests write. */
export const PLACE: Place = { scope: 'device', owner: 'a/b/1' }

/** Size of a page of a new file. */
export const PAGE = 4096

/** See the head of the file. */
export class StoreFolder {
  readonly folder: string
  readonly path: string
  readonly backups: string
  readonly lines: string[] = []
  /** Seconds since 1970, for the stores of this folder. */
  now = new Date(2026, 10, 20, 8, 20, 28).getTime() / 1000
  readonly log: Logger
  readonly #waiting = new Set<() => void>()
  readonly #stores: SqliteStore[] = []

  /** @param parent where the folder is made */
  constructor(parent = tmpdir()) {
    this.folder = mkdtempSync(join(parent, 'store-'))
    this.path = join(this.folder, 'tango.sqlite')
    this.backups = join(this.folder, 'backups')
    this.log = createLogger({
      write: (line) => {
        this.lines.push(line)
        for (const look of this.#waiting) look()
      },
    })
  }

  /** Opens the database; it is closed with the folder at the latest. */
  open(options: SqliteStoreOptions = {}): SqliteStore {
    const store = new SqliteStore(this.path, { now: () => this.now, log: this.log, ...options })
    this.#stores.push(store)
    return store
  }

  /** Makes a file of some 40 pages: 50 devices with `p` = `value`. */
  fill(value = 'old'): void {
    const store = this.open()
    store.transaction(() => {
      for (let n = 1; n <= 50; n += 1) {
        store.devices.define({ name: `a/b/${n}`, server: 'S/1', class: 'C' })
        store.properties.put({ scope: 'device', owner: `a/b/${n}` }, 'p', [value])
        store.properties.put({ scope: 'device', owner: `a/b/${n}` }, 'filling', ['x'.repeat(1000)])
      }
    })
    store.close()
  }

  /** Value of `p` in a file of its own, such as a backup. */
  valueIn(path: string): string | undefined {
    const store = new SqliteStore(path, { log: this.log })
    try {
      return store.properties.get(PLACE, 'p')[0]
    } finally {
      store.close()
    }
  }

  /** Resolves when a log line fits; the test's own time limit is the deadline. */
  logged(pattern: RegExp): Promise<string> {
    return new Promise((done) => {
      const look = (): void => {
        const found = this.lines.find((line) => pattern.test(line))
        if (found === undefined) return
        this.#waiting.delete(look)
        done(found)
      }
      this.#waiting.add(look)
      look()
    })
  }

  remove(): void {
    for (const store of this.#stores) store.close()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Writes nonsense over a part of a file. */
export function damage(path: string, offset: number, length = 200): void {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(length, 0xa5), 0, length, offset)
  closeSync(file)
}
