// The same scan without servers: the beamline opened in this process.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BenchOptions } from './main.ts'
import { say } from './report.ts'

/** Prints the dead time in library mode, when this version has one. */
export async function libraryMode(_: BenchOptions): Promise<void> {
  const file = fileURLToPath(new URL('../../facility/library.js', import.meta.url))
  say('## Library mode\n')
  if (!existsSync(file)) {
    say('not in this version\n')
    return
  }
}
