// Backups of an open database file, beside the event loop, by hand and once a day. The write-ahead log is brought into
// the file; while the file is copied, new writes stay in the log. Only a copy that was checked gets its name.

import { closeSync, existsSync, fstatSync, mkdirSync, openSync, read, readdirSync, writeFileSync } from 'node:fs'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { type Logger, workerUrl } from '#tango'
import { DevFailed, devFailed } from '#tango/pure'
import type { CheckResult } from './sqlite-check.worker.ts'
import { type Connection, checkpoint, messageOf, troubleOf } from './sqlite-connection.ts'
import { backupFolder, discard, fileTime, freeName, nameOf, stemOf, suspicionOf } from './sqlite-files.ts'
import { type BackupFile, backupsOf } from './sqlite-restore.ts'

/** Time from the opening to the first look whether a backup is due, ms: a starting facility has other work. */
const FIRST_LOOK_MS = 20_000

/** Time between two looks, ms. */
const LOOK_MS = 3600_000

/** Age of the last backup at which the next one is due, s. */
const DAY_S = 86_400

/** Backups that stay: so many, and the last one of each of so many days. */
const KEPT = 7

/** Room that a backup made by itself leaves to others, bytes. */
const RESERVE_BYTES = 64e6

/** Longest check of a copy, ms; 1 GB takes some seconds. */
const CHECK_MS = 300_000

/** SQLite's own choice: pages in the log at which it is brought into the file. */
const CHECKPOINT_PAGES = 1000

const CHUNK_BYTES = 1 << 20

const readFile = promisify(read)

/** What {@link SqliteBackups} needs beside the open file. */
export interface BackupOptions {
  /** Seconds since 1970. */
  readonly now: () => number
  readonly log: Logger
}

/** See the head of the file. Belongs to the store that has the file open. */
export class SqliteBackups {
  readonly #path: string
  readonly #db: Connection
  readonly #now: () => number
  readonly #log: Logger
  /** Stays open until the database is closed: closing any descriptor of a file gives up the process's locks on it. */
  #source: number | undefined
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #checking: Worker | undefined
  #reading = false
  #copying = false
  #written = false
  #closed = false

  /** @param db the open database in the file `path` */
  constructor(path: string, db: Connection, options: BackupOptions) {
    this.#path = path
    this.#db = db
    this.#now = options.now
    this.#log = options.log
    this.#lookIn(FIRST_LOOK_MS, true)
  }

  /** While the file is being copied, its log must not be brought into it. */
  get copying(): boolean {
    return this.#copying
  }

  /** To be called after each transaction. */
  written(): void {
    this.#written = true
  }

  /** See `Store.backup`. One at a time; the next one waits. */
  async backup(target?: string): Promise<string> {
    return this.#alone(async () => {
      if (target === undefined) return this.#dated(0)
      const file = resolve(target)
      if (existsSync(file)) {
        throw devFailed('DB_IncorrectArguments', `${file} exists: give the backup another name`)
      }
      if (!existsSync(dirname(file))) {
        throw devFailed('DB_IncorrectArguments', `there is no folder ${dirname(file)} for the backup`)
      }
      return this.#make(file, 0)
    })
  }

  /** Ends what runs; idempotent. The database itself has been closed before. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    // nobody waits for its result any more, see #check
    void this.#checking?.terminate()
    this.#giveUpSource()
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running !== undefined) await this.#running
    let finished = (): void => {}
    this.#running = new Promise((done) => {
      finished = done
    })
    try {
      return await work()
    } finally {
      this.#running = undefined
      finished()
    }
  }

  #lookIn(delayMs: number, first: boolean): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => {
      this.#lookIn(LOOK_MS, false)
      // the first one keeps the state that a facility was started with
      if (first || this.#written) void this.#makeDue()
    }, delayMs)
    this.#timer.unref()
  }

  /** Never rejects. */
  async #makeDue(): Promise<void> {
    try {
      const [last] = backupsOf(this.#path).filter(({ dated }) => dated)
      // a clock that was set back must not end the backups
      if (last !== undefined && Math.abs(this.#now() - last.time) < DAY_S) return
      const file = await this.#alone(() => this.#dated(RESERVE_BYTES))
      this.#log.info('backup of the database made', { file })
    } catch (error) {
      if (this.#closed) return
      this.#log.error('no backup of the database could be made; tried again in an hour', {
        file: this.#path,
        error: messageOf(error),
      })
    }
  }

  async #dated(reserve: number): Promise<string> {
    const folder = backupFolder(this.#path)
    mkdirSync(folder, { recursive: true })
    for (const name of readdirSync(folder)) {
      // of a process that ended in the middle
      if (/\.sqlite\.part(-\w+)?$/.test(name)) discard(join(folder, name))
    }
    const name = `${stemOf(this.#path)}-${fileTime(this.#now())}.sqlite`
    const file = await this.#make(freeName(join(folder, name)), reserve)
    const files = backupsOf(this.#path).filter(({ dated }) => dated)
    for (const { path } of superfluous(files)) await rm(path, { force: true })
    return file
  }

  /** @param reserve bytes that stay free */
  async #make(file: string, reserve: number): Promise<string> {
    const part = `${file}.part`
    try {
      await this.#copy(part, reserve)
      const result = await this.#check(part)
      if (!result.good) throw this.#damaged(result.finding)
      await syncFile(part)
      await rename(part, file)
      await syncFile(dirname(file))
      return file
    } catch (error) {
      for (const end of ['', '-wal', '-journal']) discard(`${part}${end}`)
      if (error instanceof DevFailed) throw error
      throw devFailed('DB_SQLError', `no backup ${file}: ${messageOf(error)}`)
    }
  }

  async #copy(part: string, reserve: number): Promise<void> {
    this.#mustBeOpen()
    this.#freeze()
    try {
      const source = this.#open()
      const { size } = fstatSync(source)
      await mustHaveRoom(dirname(part), size + reserve)
      const copy = await open(part, 'w')
      try {
        const buffer = Buffer.allocUnsafe(Math.min(size, CHUNK_BYTES))
        for (let at = 0; at < size; ) {
          const bytes = await this.#read(source, buffer, at)
          this.#mustBeOpen()
          if (bytes === 0) throw new Error(`${this.#path} became shorter while it was copied`)
          await copy.write(buffer, 0, bytes, at)
          at += bytes
        }
      } finally {
        await copy.close()
      }
      this.#mustBeOpen()
    } finally {
      this.#thaw()
    }
  }

  #freeze(): void {
    try {
      checkpoint(this.#db)
    } catch (error) {
      const full = troubleOf(error) === 'full' ? ': the disk is full' : ''
      throw devFailed('DB_SQLError', `no backup of ${this.#path}${full} (${messageOf(error)})`)
    }
    this.#db.exec('PRAGMA wal_autocheckpoint = 0')
    this.#copying = true
    this.#written = false
  }

  #thaw(): void {
    this.#copying = false
    if (!this.#closed) this.#db.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`)
  }

  #open(): number {
    this.#source ??= openSync(this.#path, 'r')
    return this.#source
  }

  async #read(source: number, buffer: Buffer, at: number): Promise<number> {
    // the descriptor is gone with the database, its number may be another file's
    this.#mustBeOpen()
    this.#reading = true
    try {
      const { bytesRead } = await readFile(source, buffer, 0, buffer.length, at)
      return bytesRead
    } finally {
      this.#reading = false
      if (this.#closed) this.#giveUpSource()
    }
  }

  #giveUpSource(): void {
    if (this.#source === undefined || this.#reading) return
    closeSync(this.#source)
    this.#source = undefined
  }

  async #check(part: string): Promise<CheckResult> {
    const worker = new Worker(workerUrl(import.meta.url, './sqlite-check.worker'), { workerData: part })
    this.#checking = worker
    let deadline: NodeJS.Timeout | undefined
    try {
      return await new Promise<CheckResult>((done, fail) => {
        worker.once('message', done)
        worker.once('error', fail)
        worker.once('exit', () => fail(new Error('the check of the copy ended early')))
        deadline = setTimeout(() => fail(new Error('the check of the copy takes too long')), CHECK_MS)
      })
    } finally {
      clearTimeout(deadline)
      this.#checking = undefined
      await worker.terminate()
    }
  }

  #damaged(finding: string): DevFailed {
    try {
      writeFileSync(suspicionOf(this.#path), '')
    } catch {
      // the next start then checks less; the message is what matters
    }
    const [last] = backupsOf(this.#path)
    const instead = last === undefined ? 'there is no older one' : `the last good one is ${nameOf(last.path)}`
    return devFailed(
      'DB_SQLError',
      `no backup of ${this.#path}: the copy is damaged (${finding}), so the database itself probably is, too; ${instead}. ` +
        'At the next start the file is checked and, if damaged, replaced by the last good backup',
    )
  }

  #mustBeOpen(): void {
    if (this.#closed) throw devFailed('DB_SQLError', `${this.#path} was closed before its backup was complete`)
  }
}

/** Backups that may go: neither of the last ones nor the last one of one of the last days. @param files newest first */
export function superfluous(files: readonly BackupFile[]): readonly BackupFile[] {
  const days = new Set<string>()
  return files.filter((file, index) => {
    const day = fileTime(file.time).slice(0, 8)
    const lastOfDay = !days.has(day) && days.size < KEPT
    if (lastOfDay) days.add(day)
    return index >= KEPT && !lastOfDay
  })
}

async function mustHaveRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= bytes) return
  const mb = (n: number): string => `${(n / 1e6).toFixed(1)} MB`
  throw devFailed('DB_SQLError', `no backup in ${folder}: it needs ${mb(bytes)}, ${mb(free)} are free`)
}

/** Also for the names in a folder. */
async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
