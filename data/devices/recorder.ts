// Tango class Recorder: records the scans of one data folder in a process of its own, away from the scan.

import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { recorder as spec } from '#interfaces/recorder'
import {
  type CallContext,
  Device,
  devFailed,
  deviceClass,
  findClassFile,
  importDefault,
  type Serves,
  toDevFailed,
} from '#tango'
import { isRecorder, type Recorder as ScanFormat } from '../recorder.ts'
import { type RecorderStatus, ScanRecorder } from '../scan-recorder.ts'

/** How long until a folder that could not be used is tried again, ms. */
const RETRY_MS = 2_000

class Recorder extends Device<typeof spec> implements Serves<typeof spec> {
  #recorder: ScanRecorder | undefined
  #retry: { stop(): void } | undefined
  #shown: Omit<RecorderStatus, 'failures'> = { scan: '', file: '', pointsWritten: 0 }

  override async init(): Promise<void> {
    const formats = await loadFormats(this.properties.recorders)
    if (await this.#open(formats)) return
    // the folder may come back, or the recorder that still holds it may end: nobody should have to restart this one
    let trying = false
    this.#retry = this.every(RETRY_MS, () => {
      if (trying) return
      trying = true
      void this.#open(formats).then((opened) => {
        trying = false
        if (opened) this.#retry?.stop()
      }) // does not reject
    })
  }

  override async deleted(): Promise<void> {
    this.#retry?.stop()
    const recorder = this.#recorder
    this.#recorder = undefined
    await recorder?.close()
  }

  readScan(): string {
    return this.#shown.scan
  }

  readFile(): string {
    return this.#shown.file
  }

  readPointsWritten(): number {
    return this.#shown.pointsWritten
  }

  awaitScan(scan: string, call: CallContext): Promise<string> {
    return this.#opened().awaitScan(scan, call.signal)
  }

  checkStart(path: string): Promise<void> {
    return this.#opened().checkStart(path, this.properties.minimumFreeSpace)
  }

  #opened(): ScanRecorder {
    if (this.#recorder !== undefined) return this.#recorder
    throw devFailed('Recorder_Failed', `${this.name}: does not record: ${this.status}`)
  }

  async #open(formats: ReadonlyMap<string, ScanFormat>): Promise<boolean> {
    const dataFolder = resolve(this.properties.dataFolder)
    try {
      const opened = await ScanRecorder.open(dataFolder, {
        recorders: formats,
        timers: this.clock,
        log: this.log,
        onStatus: (status) => this.#show(status),
      })
      if (this.signal.aborted) {
        await opened.close()
        return true
      }
      this.#recorder = opened
      this.#show(opened.status)
      return true
    } catch (error) {
      this.setState('FAULT', toDevFailed(error).message)
      return false
    }
  }

  #show({ scan, file, pointsWritten, failures }: RecorderStatus): void {
    const before = this.#shown
    this.#shown = { scan, file, pointsWritten }
    if (file !== before.file) this.push('file', file)
    if (scan !== before.scan) this.push('scan', scan)
    if (pointsWritten !== before.pointsWritten) this.push('pointsWritten', pointsWritten)
    const [failed] = failures
    if (failed !== undefined) {
      this.setState('ALARM', `${failures.size} scan(s) in the log, not yet in their files; ${failed[0]}: ${failed[1]}`)
    } else if (scan !== '') this.setState('RUNNING', `Writes scan ${scan} to ${file}`)
    else this.setState('ON', file === '' ? 'Waits for scans' : `Waits for scans; last file ${file}`)
  }
}

export default deviceClass(spec, Recorder)

async function loadFormats(names: readonly string[]): Promise<ReadonlyMap<string, ScanFormat>> {
  const folder = fileURLToPath(new URL('../recorders/', import.meta.url))
  const formats = new Map<string, ScanFormat>()
  for (const name of names) {
    const path = await findClassFile(name, [folder])
    const format = path === undefined ? undefined : await importDefault(path)
    if (!isRecorder(format)) {
      throw devFailed('Property_Invalid', `Recorders: there is no recorder '${name}' in ${folder}`)
    }
    formats.set(name, format)
  }
  return formats
}
