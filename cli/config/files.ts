// Files of a beamline as the command line reads and writes them.

import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { devFailed } from '#tango/pure'
import { type CommandContext, UsageError } from '../command.ts'

/** One file of a beamline; its path is relative to the folder of the root file. */
export interface FileDocument {
  readonly path: string
  readonly text: string
}

/**
 * Reads a beamline's files, the root first.
 * @throws DevFailed `Beamline_Invalid` with every finding as `file:line:column: text`
 */
export async function documentsFrom(path: string): Promise<readonly FileDocument[]> {
  const { checkFiles } = await import('#facility')
  const { documents, findings } = await checkFiles(path)
  if (findings.length === 0) return documents
  const lines = findings.map(({ file, line, column, text }) => `${file}:${line}:${column}: ${text}`)
  throw devFailed('Beamline_Invalid', lines.join('\n'))
}

/** Writes files below a new or empty place; nothing is overwritten. @returns their paths */
export async function writeDocuments(folder: string, documents: readonly FileDocument[]): Promise<readonly string[]> {
  const paths = documents.map(({ path }) => {
    const below = normalize(path)
    // a revision may have been written by anybody
    if (below.startsWith('..') || below.startsWith('/')) throw new UsageError(`${path} would be outside of ${folder}`)
    return join(folder, below)
  })
  const taken = paths.find((path) => existsSync(path))
  if (taken !== undefined) throw new UsageError(`${taken} is there already; choose another folder`)
  for (const [i, path] of paths.entries()) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, documents[i]?.text ?? '')
  }
  return paths
}

/** Writes a text to the file of `--output`, or shows it. */
export async function deliver({ options, out }: CommandContext, text: string): Promise<void> {
  if (typeof options.output === 'string') await writeFile(options.output, text)
  else out(text.replace(/\n$/, ''))
}
