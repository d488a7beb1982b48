// Follows the scans of a data folder: every document of every scan that is wanted, in order, exactly once per
// subscriber. Messages make it fast, the logs make it complete: what was missed, sent before, or never sent is read there.

import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { plainReason } from '../disk-space.ts'
import { decodeDocument, type ScanDocument } from '../documents/index.ts'
import { lifeOf } from '../process-identity.ts'
import { type DataLog, noLog, systemTimers, type Timers } from '../timers.ts'
import { readAnnouncement } from './announcement.ts'
import { type DoorbellMessage, DoorbellReceiver } from './doorbell.ts'
import { namesIn, ScanFolder } from './scan-folder.ts'
import { type LoggedDocument, ScanLogReader } from './scan-log.ts'
import { findRecord } from './scan-record.ts'

/** Some documents of one scan, in order. */
export interface ScanNews {
  readonly scan: string
  readonly documents: readonly ScanDocument[]
}

/** Options of {@link ScanSubscriber.open}. */
export interface ScanSubscriberOptions {
  /**
   * Gets the documents. Calls for one scan never overlap: the next waits for the promise. When it throws, the scan is
   * dropped and `onError` is told.
   */
  onDocuments(news: ScanNews): void | Promise<void>
  /** A scan cannot be followed any more. */
  onError?(scan: string, error: unknown): void
  /** Whether a scan that is found in the folder is followed from its beginning; default: all. */
  wants?(scan: string, recorded: boolean): boolean
  readonly timers?: Timers
  readonly log?: DataLog
  /** Period at which logs are looked at even without messages; default 1000. */
  readonly pollMs?: number
  /** `false`: only the logs are used. */
  readonly messages?: boolean
}

/** Messages kept per scan while its documents are being handled; above, the log is read instead. */
const MAX_WAITING = 2_000

interface FollowedScan {
  readonly scan: string
  readonly path: string
  offset: number
  waiting: LoggedDocument[]
  /** The log may hold more than the messages. */
  lookAtLog: boolean
  /** Counts restarts: work that was begun before one must not move the offset. */
  restarts: number
  working: Promise<void> | undefined
}

/** Follows the scans of all doors of one data folder. */
export class ScanSubscriber implements AsyncDisposable {
  readonly folder: ScanFolder
  readonly #options: ScanSubscriberOptions
  readonly #timers: Timers
  readonly #log: DataLog
  readonly #following = new Map<string, FollowedScan>()
  /** Scans that are over or not wanted. */
  readonly #done = new Set<string>()
  #receiver: DoorbellReceiver | undefined
  #watcher: FSWatcher | undefined
  #cancelPoll: (() => void) | undefined
  #polling: Promise<void> | undefined
  #closed = false

  private constructor(folder: ScanFolder, options: ScanSubscriberOptions) {
    this.folder = folder
    this.#options = options
    this.#timers = options.timers ?? systemTimers
    this.#log = options.log ?? noLog
  }

  /**
   * Starts to follow; the first look at the folder is over on return, its documents may still be on their way.
   * @throws DevFailed `Data_FolderUnusable` when the folder cannot be made
   */
  static async open(dataFolder: string, options: ScanSubscriberOptions): Promise<ScanSubscriber> {
    const folder = new ScanFolder(dataFolder)
    folder.create()
    const subscriber = new ScanSubscriber(folder, options)
    if (options.messages !== false) {
      subscriber.#receiver = await DoorbellReceiver.open((message) => subscriber.#receive(message))
      subscriber.#watchDoors()
    }
    await subscriber.poll()
    return subscriber
  }

  /** Looks at the folder at once, for callers that know of news. */
  async poll(): Promise<void> {
    if (this.#closed) return
    this.#polling ??= this.#look().finally(() => {
      this.#polling = undefined
      this.#cancelPoll?.()
      if (!this.#closed) this.#cancelPoll = this.#timers.setTimer(this.#options.pollMs ?? 1000, () => void this.poll())
    })
    await this.#polling
  }

  /** Looks at the log of one scan at once; one that is not followed (any more) is followed from its beginning. */
  follow(scan: string): void {
    if (this.#closed) return
    this.#done.delete(scan)
    const followed = this.#following.get(scan)
    if (followed === undefined) this.#begin(scan)
    else this.#wake(followed, true)
  }

  /** Gives all documents of a scan again, from its start. */
  restart(scan: string): void {
    const followed = this.#following.get(scan)
    if (followed !== undefined) {
      followed.offset = 0
      followed.waiting = []
      followed.restarts += 1
    }
    this.follow(scan)
  }

  /** Ends following; waits for the call of `onDocuments` that is under way. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#cancelPoll?.()
    this.#watcher?.close()
    await this.#receiver?.close()
    await this.#polling
    this.#cancelPoll?.()
    await Promise.all([...this.#following.values()].map((followed) => followed.working))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #look(): Promise<void> {
    try {
      if (this.#receiver !== undefined) this.#receiver.follow(await this.#endpoints())
      const found = await this.folder.list()
      for (const { scan, recorded } of found) {
        if (this.#done.has(scan) || this.#following.has(scan)) continue
        if (this.#options.wants?.(scan, recorded) === false) this.#done.add(scan)
        else this.#begin(scan)
      }
      const there = new Set(found.map(({ scan }) => scan))
      for (const scan of this.#done) if (!there.has(scan)) this.#done.delete(scan)
      for (const followed of this.#following.values()) this.#wake(followed, true)
    } catch (error) {
      this.#log.warn('the scan logs cannot be looked at', { folder: this.folder.path, error: plainReason(error) })
    }
  }

  async #endpoints(): Promise<ReadonlySet<string>> {
    const endpoints = new Set<string>()
    for (const name of await namesIn(this.folder.doors)) {
      if (!name.endsWith('.json')) continue
      const announced = await readAnnouncement(join(this.folder.doors, name))
      if (announced !== undefined && lifeOf(announced.writer) !== 'dead') endpoints.add(announced.endpoint)
    }
    return endpoints
  }

  #watchDoors(): void {
    try {
      this.#watcher = watch(this.folder.doors, (_event, name) => {
        if (name === null || name.endsWith('.json')) void this.poll() // poll does not reject
      })
      this.#watcher.on('error', () => this.#watcher?.close())
    } catch {
      // no watches left on this machine: polling finds new doors within a second
    }
  }

  #receive(message: DoorbellMessage): void {
    if (this.#closed || this.#done.has(message.scan)) return
    const followed = this.#following.get(message.scan)
    if (followed === undefined) {
      void this.poll() // a new scan; poll does not reject
      return
    }
    if (followed.waiting.length >= MAX_WAITING || !takeRecords(message, followed.waiting)) followed.lookAtLog = true
    this.#wake(followed, false)
  }

  #begin(scan: string): void {
    const path = this.folder.log(scan)
    const followed: FollowedScan = {
      scan,
      path,
      offset: 0,
      waiting: [],
      lookAtLog: true,
      restarts: 0,
      working: undefined,
    }
    this.#following.set(scan, followed)
    this.#wake(followed, true)
  }

  #wake(followed: FollowedScan, lookAtLog: boolean): void {
    followed.lookAtLog ||= lookAtLog
    followed.working ??= this.#work(followed).finally(() => {
      followed.working = undefined
      // news may have come between the last look and now
      const more = followed.lookAtLog || followed.waiting.length > 0
      if (more && !this.#closed && this.#following.get(followed.scan) === followed) this.#wake(followed, false)
    })
  }

  async #work(followed: FollowedScan): Promise<void> {
    try {
      for (;;) {
        const documents = takeWaiting(followed) ?? (await this.#readLog(followed))
        if (documents === undefined || this.#closed) return
        if (documents.length === 0) continue
        const { restarts } = followed
        await this.#options.onDocuments({ scan: followed.scan, documents })
        if (documents.at(-1)?.kind !== 'scan-end' || followed.restarts !== restarts) continue
        this.#forget(followed.scan)
        return
      }
    } catch (error) {
      this.#forget(followed.scan)
      this.#log.warn('a scan is not followed any more', { scan: followed.scan, error: plainReason(error) })
      this.#options.onError?.(followed.scan, error)
    }
  }

  #forget(scan: string): void {
    this.#following.delete(scan)
    this.#done.add(scan)
  }

  /** Undefined when neither the messages nor the log have more. */
  async #readLog(followed: FollowedScan): Promise<readonly ScanDocument[] | undefined> {
    if (!followed.lookAtLog) return undefined
    followed.lookAtLog = false
    const log = new ScanLogReader(followed.path, followed.offset)
    const { restarts } = followed
    const part = await log.read()
    if (followed.restarts !== restarts) return []
    followed.offset = log.offset
    if (!part.atEnd) followed.lookAtLog = true
    if (part.damaged > 0) {
      this.#log.warn('damaged records of a scan log are left out', { scan: followed.scan, records: part.damaged })
    }
    return part.documents.map(({ document }) => document)
  }
}

/** Adds the documents of a message; false when it cannot be read to its end. */
function takeRecords({ offset, records }: DoorbellMessage, to: LoggedDocument[]): boolean {
  for (let at = 0; at < records.length; ) {
    const found = findRecord(records, at)
    if (found.kind !== 'record') return false
    try {
      to.push({ offset: offset + at, next: offset + found.next, document: decodeDocument(found.text) })
    } catch {
      return false // the log reader says more
    }
    at = found.next
  }
  return true
}

/** Takes the messages that follow what was handled last; undefined when there is none. */
function takeWaiting(followed: FollowedScan): readonly ScanDocument[] | undefined {
  const { waiting } = followed
  if (waiting.length === 0) return undefined
  followed.waiting = []
  const documents: ScanDocument[] = []
  for (const { offset, next, document } of waiting) {
    if (offset > followed.offset) {
      followed.lookAtLog = true // something is missing in between
      break
    }
    if (offset < followed.offset) continue // known from the log
    followed.offset = next
    documents.push(document)
  }
  return documents.length > 0 ? documents : undefined
}
