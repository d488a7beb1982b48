// Finds the program of a server: an executable in the folders of StartDsPath, else our own `serve` when we have all of the
// server's classes.

import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { devFailed } from '#tango/pure'

/** How a server is run; its instance is the last argument. */
export interface Executable {
  readonly file: string
  readonly words: readonly string[]
}

/** Where native servers of a distribution are. */
export const USUAL_FOLDERS: readonly string[] = ['/usr/lib/tango']

/**
 * @param server `TangoTest`
 * @param own how to run the server when no folder has it; undefined when it is none of ours
 * @throws DevFailed `CANNOT_RUN_FILE` with the folders
 */
export async function findExecutable(
  server: string,
  folders: readonly string[],
  own: () => Promise<Executable | undefined>,
): Promise<Executable> {
  const isName = /^[^/\\\0]+$/.test(server) && !/^\.+$/.test(server)
  for (const folder of isName ? folders : []) {
    for (const name of [server, `${server}.py`]) {
      const file = join(folder, name)
      if (await isExecutable(file)) return { file, words: [] }
    }
  }
  const found = isName ? await own() : undefined
  if (found !== undefined) return found
  const where = folders.length === 0 ? 'no folder' : folders.join(', ')
  throw devFailed(
    'CANNOT_RUN_FILE',
    `there is no executable ${server} in ${where}; set the property StartDsPath of this device to its folder`,
  )
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK)
    return (await stat(file)).isFile()
  } catch {
    return false
  }
}
