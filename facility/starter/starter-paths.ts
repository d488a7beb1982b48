// Where the Starter finds programs and keeps logs: from its properties, else from the data folder.

import { join } from 'node:path'
import { logFileName } from '../log-history.ts'
import { USUAL_FOLDERS } from './executable.ts'
import type { StarterProperties } from './starter-device.ts'

/** Folders and numbers that the properties of the device decide. */
export interface StarterPaths {
  readonly logFolder: string
  readonly keepLogs: number
  readonly programFolders: readonly string[]
}

/** @param dataLogs logs when the device has no property for them */
export function starterPaths(
  { logFileHome, keepLogFiles, startDsPath }: Pick<StarterProperties, 'logFileHome' | 'keepLogFiles' | 'startDsPath'>,
  dataLogs: string,
): StarterPaths {
  return {
    logFolder: logFileHome === undefined ? dataLogs : join(logFileHome, 'ds.log'),
    keepLogs: Math.max(1, keepLogFiles),
    programFolders: startDsPath ?? USUAL_FOLDERS,
  }
}

/** Log of a native server. */
export function serverLog(paths: StarterPaths, server: string): string {
  return join(paths.logFolder, logFileName(server))
}
