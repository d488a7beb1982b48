// What recorders have done for a scan, beside its log: the files they have begun, and that all is complete.

import { lstat, mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { devFailed } from '#tango/pure'
import { namesIn, readIfThere, type ScanFolder, writeWhole } from './broker/scan-folder.ts'
import { numbered } from './hdf5/master-file.ts'
import type { ClaimedFile } from './recorder.ts'

/** Files that belong to scans which are not complete: path to scan. Shared by all scans of one recorder. */
export type ClaimedPaths = Map<string, string>

/** Reads the claims that a former recorder has left. */
export async function claimedPaths(folder: ScanFolder): Promise<ClaimedPaths> {
  const claimed: ClaimedPaths = new Map()
  for (const name of await namesIn(folder.path)) {
    if (!name.endsWith('.recording')) continue
    const scan = name.slice(0, -'.recording'.length)
    const text = (await readIfThere(folder.recording(scan))) ?? '{}'
    for (const [, path] of textEntries(text)) claimed.set(path, scan)
  }
  return claimed
}

/** The files of one scan, remembered over restarts. */
export class RecordedFiles {
  readonly #folder: ScanFolder
  readonly #scan: string
  readonly #claimed: ClaimedPaths
  /** `<recorder> <wanted path>` -> path that was given. */
  readonly #claims: Map<string, string>
  /** A former process or attempt had begun. */
  readonly again: boolean

  private constructor(
    folder: ScanFolder,
    scan: string,
    claimed: ClaimedPaths,
    claims: Map<string, string>,
    again: boolean,
  ) {
    this.#folder = folder
    this.#scan = scan
    this.#claimed = claimed
    this.#claims = claims
    this.again = again
  }

  /** Reads what is known of a scan. */
  static async open(folder: ScanFolder, scan: string, claimed: ClaimedPaths): Promise<RecordedFiles> {
    const text = await readIfThere(folder.recording(scan))
    const claims = new Map(text === undefined ? [] : textEntries(text))
    return new RecordedFiles(folder, scan, claimed, claims, text !== undefined)
  }

  /** Path of the complete file of a scan; undefined while it is not complete, empty when there was nothing to save. */
  static async complete(folder: ScanFolder, scan: string): Promise<string | undefined> {
    const text = await readIfThere(folder.recorded(scan))
    return text === undefined ? undefined : (textEntries(text).find(([key]) => key === 'file')?.[1] ?? '')
  }

  /** See `RecorderContext.claim`. `onOther` is told when another name than the wanted one is given. */
  async claim(
    recorder: string,
    wanted: string,
    lost: string | undefined,
    onOther: (path: string) => void,
  ): Promise<ClaimedFile> {
    const key =
      [...this.#claims].find(([, path]) => lost !== undefined && path === lost)?.[0] ?? `${recorder} ${wanted}`
    const known = this.#claims.get(key)
    if (known !== undefined && known !== lost) return { path: known, exists: await exists(known) }
    const first = key.slice(key.indexOf(' ') + 1)
    await mkdir(dirname(first), { recursive: true })
    for (let n = 0; n < 1000; n += 1) {
      const path = numbered(first, n)
      if (path === lost || this.#claimed.has(path)) continue
      this.#claimed.set(path, this.#scan) // before waiting: another scan may ask meanwhile
      if (await exists(path)) {
        this.#claimed.delete(path)
        continue
      }
      this.#claims.set(key, path)
      await writeWhole(this.#folder.recording(this.#scan), `${JSON.stringify(Object.fromEntries(this.#claims))}\n`)
      if (n > 0) onOther(path)
      return { path, exists: false }
    }
    throw devFailed('Recorder_Failed', `${first}: a thousand files of this name exist; choose another ScanFile`)
  }

  /** Notes that everything is on the disk. */
  async finish(file: string): Promise<void> {
    await writeWhole(this.#folder.recorded(this.#scan), `${JSON.stringify({ file })}\n`)
    await rm(this.#folder.recording(this.#scan), { force: true })
    for (const path of this.#claims.values()) this.#claimed.delete(path)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}

function textEntries(json: string): readonly (readonly [string, string])[] {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).map(([key, member]) => [key, String(member)] as const)
  } catch {
    return []
  }
}
