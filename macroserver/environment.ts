// The variables of the macro environment, kept in a file. Writes are gathered for a moment. No scan number is given out
// twice: numbers are reserved on the disk ahead of their use, so that no scan waits for the disk.

import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { devFailed, type Logger, silentLogger } from '#tango'

/** What has changed, as the event of the attribute `Environment` tells it. */
export interface EnvironmentChange {
  readonly new: ReadonlyMap<string, unknown>
  readonly change: ReadonlyMap<string, unknown>
  readonly del: readonly string[]
}

/** Variables and scan numbers, kept here or by a macro server elsewhere. */
export interface EnvironmentStore {
  get(name: string): unknown
  entries(): ReadonlyMap<string, unknown>
  apply(set: Iterable<readonly [string, unknown]>, unset?: readonly string[]): void
  onChange(listener: (change: EnvironmentChange) => void): () => void
  /** A number that no other scan gets. */
  nextScanId(): Promise<number>
  giveBackScanId(scanId: number): void
  /** Waits until everything is kept. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Options of {@link Environment.open}. */
export interface EnvironmentOptions {
  /** Values of variables that are not set; not written to the file. */
  readonly defaults?: Readonly<Record<string, unknown>>
  readonly log?: Logger
  /** Wait before changes are written, ms; default 50. */
  readonly delayMs?: number
}

/** Scan numbers that are reserved ahead. */
const RESERVE = 20
/** Member of the file that is no variable. */
const RESERVED = '(reserved scan numbers)'

/** Variables by name; scoped ones have dotted names, see {@link scopedNames}. */
export class Environment implements EnvironmentStore {
  readonly #path: string
  readonly #log: Logger
  readonly #delayMs: number
  readonly #defaults: ReadonlyMap<string, unknown>
  readonly #values: Map<string, unknown>
  readonly #listeners = new Set<(change: EnvironmentChange) => void>()
  readonly #boot: string
  /** Last scan number that is reserved on the disk; 0 when none is. */
  #reserved = 0
  /** Last scan number to be reserved with the next write. */
  #wished = 0
  /** Writes by the short way, which the long way must not undo. */
  #shortWrites = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> = Promise.resolve()
  #changes = 0
  #written = 0

  private constructor(path: string, boot: string, values: Map<string, unknown>, options: EnvironmentOptions) {
    this.#path = path
    this.#boot = boot
    this.#values = values
    this.#log = options.log ?? silentLogger()
    this.#delayMs = options.delayMs ?? 50
    this.#defaults = new Map(Object.entries(options.defaults ?? {}))
  }

  /**
   * Reads `environment.json` of a data folder; a missing file is an empty environment.
   * @throws DevFailed `Data_FolderUnusable` when the file is there but cannot be read, or the folder cannot be made
   */
  static async open(dataFolder: string, options: EnvironmentOptions = {}): Promise<Environment> {
    const path = join(dataFolder, 'environment.json')
    try {
      await mkdir(dataFolder, { recursive: true })
    } catch (cause) {
      throw devFailed('Data_FolderUnusable', `${dataFolder} cannot be made`, { cause })
    }
    const boot = await bootId()
    const environment = new Environment(path, boot, withoutReserved(await readValues(path), boot), options)
    environment.#reserveAhead()
    return environment
  }

  /** Value of a variable by its full name. */
  get(name: string): unknown {
    return this.#values.has(name) ? this.#values.get(name) : this.#defaults.get(name)
  }

  /** All variables with their defaults. */
  entries(): ReadonlyMap<string, unknown> {
    return new Map([...this.#defaults, ...this.#values])
  }

  /** Calls `listener` after every change; the returned function ends that. */
  onChange(listener: (change: EnvironmentChange) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Sets and removes variables; listeners are told at once, the file follows. */
  apply(set: Iterable<readonly [string, unknown]>, unset: readonly string[] = []): void {
    const known = this.entries()
    const added = new Map<string, unknown>()
    const changed = new Map<string, unknown>()
    for (const [name, value] of set) {
      checkName(name)
      const target = known.has(name) ? changed : added
      target.set(name, value)
      this.#values.set(name, value)
    }
    const removed = unset.filter((name) => this.#values.delete(name))
    const fallen = removed.filter((name) => this.#defaults.has(name))
    for (const name of fallen) changed.set(name, this.#defaults.get(name))
    if (added.size + changed.size + removed.length === 0) return
    this.#tell({ new: added, change: changed, del: removed.filter((name) => !fallen.includes(name)) })
    this.#later()
  }

  /**
   * The number of the next scan; it is never given out again, whatever dies.
   * @throws DevFailed `Data_FolderUnusable` when the environment cannot be written
   */
  async nextScanId(): Promise<number> {
    const last = Number(this.get('ScanID') ?? 0)
    const next = Number.isSafeInteger(last) && last >= 0 ? last + 1 : 1
    this.apply([['ScanID', next]])
    const margin = this.#reserved - next
    if (margin < 0 || margin > 2 * RESERVE) {
      // more scans at once than were reserved, or somebody has set ScanID
      this.#wished = next + RESERVE
      await this.#save()
      return next
    }
    // the death of this process loses nothing that was written; that of the machine is what numbers are reserved for
    this.#writeNow()
    if (margin < RESERVE / 2) this.#reserveAhead()
    return next
  }

  /** Takes back the number of a scan that did not begin, if no other scan has got one since. */
  giveBackScanId(scanId: number): void {
    if (this.get('ScanID') === scanId) this.apply([['ScanID', scanId - 1]])
  }

  /** Writes what has changed and waits for it; numbers that were reserved and not used are free again. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#wished > 0) this.#changes += 1
    this.#wished = 0
    await this.#save()
  }

  /** The same as {@link flush}: nothing else is held. */
  async close(): Promise<void> {
    await this.flush()
  }

  /** Reserves scan numbers in the background. */
  #reserveAhead(): void {
    this.#wished = Number(this.get('ScanID') ?? 0) + RESERVE
    this.#changes += 1
    this.#later()
  }

  #tell(change: EnvironmentChange): void {
    this.#changes += 1
    for (const listener of this.#listeners) listener(change)
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#save().catch((error: unknown) =>
        this.#log.error('the environment cannot be written', { path: this.#path, error: String(error) }),
      )
    }, this.#delayMs)
  }

  /** Resolves when everything set before the call is on the disk; writes follow one another. */
  async #save(): Promise<void> {
    const wanted = this.#changes
    const before = this.#writing
    const write = async () => {
      await before.catch(() => undefined) // its own caller was told
      if (this.#written >= wanted) return
      const covered = this.#changes
      await this.#write()
      this.#written = covered
    }
    this.#writing = write()
    await this.#writing
  }

  #text(): string {
    const reserved = this.#wished > 0 ? { [RESERVED]: { upTo: this.#wished, boot: this.#boot } } : {}
    return `${JSON.stringify({ ...Object.fromEntries(this.#values), ...reserved }, undefined, 2)}\n`
  }

  /** Hands the file to the operating system; some 0.1 ms, and the disk follows when it likes. */
  #writeNow(): void {
    const draft = `${this.#path}.now`
    this.#shortWrites += 1
    try {
      writeFileSync(draft, this.#text())
      renameSync(draft, this.#path)
    } catch (cause) {
      throw unwritable(this.#path, cause)
    }
  }

  async #write(): Promise<void> {
    const draft = `${this.#path}.new`
    try {
      for (;;) {
        const { shortWrites, wished } = { shortWrites: this.#shortWrites, wished: this.#wished }
        await writeFile(draft, this.#text(), { flush: true })
        if (shortWrites !== this.#shortWrites) continue // the draft is older than the file
        renameSync(draft, this.#path)
        await syncFolder(dirname(this.#path))
        this.#reserved = wished
        return
      }
    } catch (cause) {
      throw unwritable(this.#path, cause)
    }
  }
}

function unwritable(path: string, cause: unknown): Error {
  return devFailed('Data_FolderUnusable', `${path} cannot be written; scans need it for their numbers`, { cause })
}

/** Full names under which a variable is looked up for a macro on a door, most special first. */
export function scopedNames(
  name: string,
  scope: { readonly door: readonly string[]; readonly macro: string },
): string[] {
  const { door, macro } = scope
  return [...door.map((d) => `${d}.${macro}.${name}`), `${macro}.${name}`, ...door.map((d) => `${d}.${name}`), name]
}

/** `name=JSON` lines of the property `Environment`; a value that is no JSON is taken as text. */
export function environmentLines(lines: readonly string[]): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const line of lines) {
    const at = line.indexOf('=')
    if (at < 1) throw devFailed('Property_Invalid', `Environment: '${line}' is not name=value`)
    values[line.slice(0, at).trim()] = jsonOrText(line.slice(at + 1))
  }
  return values
}

/** A value as typed: JSON, Python's True, False and None, or text. */
export function jsonOrText(text: string): unknown {
  const python: Readonly<Record<string, unknown>> = { True: true, False: false, None: null }
  if (Object.hasOwn(python, text.trim())) return python[text.trim()]
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function checkName(name: string): void {
  if (!/^[^\s=]+$/.test(name))
    throw devFailed('API_InvalidArgs', `'${name}' is no name of a variable: no blanks and no '='`)
}

async function readValues(path: string): Promise<Map<string, unknown>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return new Map()
    throw devFailed('Data_FolderUnusable', `${path} cannot be read`, { cause })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is not a JSON object')
    return new Map(Object.entries(value))
  } catch (cause) {
    throw devFailed('Data_FolderUnusable', `${path} is damaged; correct it, or remove it to start with defaults`, {
      cause,
    })
  }
}

/** After the machine has stopped unexpectedly, numbers that may have been used count as used. */
function withoutReserved(values: Map<string, unknown>, boot: string): Map<string, unknown> {
  const reserved = values.get(RESERVED)
  values.delete(RESERVED)
  if (typeof reserved !== 'object' || reserved === null || !('upTo' in reserved) || !('boot' in reserved)) return values
  if (reserved.boot !== boot) values.set('ScanID', Math.max(Number(values.get('ScanID') ?? 0), Number(reserved.upTo)))
  return values
}

/** Tells whether the machine has been started since; the same text everywhere where that is not known. */
async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
}

/** Makes a rename durable; some file systems cannot, and then it is as durable as they make it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync().catch(() => undefined)
  } finally {
    await handle.close()
  }
}
