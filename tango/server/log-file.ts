// A log file of a device, with one older part (property `logging_rft`: largest size in kB).

import { appendFile, mkdir, rename, stat } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { devFailed } from '../errors/dev-failed.ts'
import { formatLogRecord, type LogSink } from '../log.ts'
import type { HostedDevice } from './hosted-device.ts'

/** Largest size where nothing is said, as in native servers. */
const DEFAULT_KB = 20_480
/** What stands behind the name of the older part. */
const OLDER = '_1'

/** Where the log of a device goes when a file target names no file; folders are made as needed. */
export async function defaultLogFile(device: HostedDevice): Promise<string> {
  const [stored] = device.storedProperties.get('logging_path') ?? []
  const base = stored ?? join(tmpdir(), `tango-${userInfo().username}`)
  const folder = join(base, device.server.name)
  await mkdir(folder, { recursive: true })
  return join(folder, `${device.lowerName.replaceAll('/', '_')}.log`)
}

/**
 * Writes line after line. A file that cannot be written later must not stop the device: one line on the console says so.
 * @throws DevFailed `API_CannotOpenFile`
 */
export async function openLogFile(path: string, device: HostedDevice): Promise<LogSink> {
  const limit = 1000 * (positive(device.storedProperties.get('logging_rft')?.[0]) ?? DEFAULT_KB)
  let size: number
  try {
    await appendFile(path, '')
    size = (await stat(path)).size
  } catch (error) {
    const desc = `Could not open logging file ${path}`
    throw devFailed('API_CannotOpenFile', desc, { cause: error, origin: 'DeviceImpl::add_logging_target' })
  }
  let last: Promise<void> = Promise.resolve()
  let broken = false
  const write = async (before: Promise<void>, line: string): Promise<void> => {
    await before
    try {
      if (size > 0 && size + line.length > limit) {
        await rename(path, path + OLDER)
        size = 0
      }
      await appendFile(path, line)
      size += line.length
      broken = false
    } catch (error) {
      if (!broken) device.tango.log.warn('a logging target cannot be written', { path, folder: dirname(path), error })
      broken = true
    }
  }
  return (record) => {
    last = write(last, `${formatLogRecord(record)}\n`)
  }
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text ?? Number.NaN)
  return number > 0 ? number : undefined
}
