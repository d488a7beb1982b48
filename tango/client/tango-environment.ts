// Where the control system is when a program does not say: TANGO_HOST, else ~/.tangorc, else /etc/tangorc.

import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Files that may name the control system, the nearest first. */
export function tangorcFiles(): readonly string[] {
  return [join(homedir(), '.tangorc'), '/etc/tangorc']
}

/** Variables that clients know, from the environment or one of the files. */
export type TangoVariable = 'TANGO_HOST' | 'SUPER_TANGO'

/**
 * Value of a variable: of the environment, else of the first file that has it; undefined when nobody says it.
 * A file has lines `NAME=value`; `#` begins a comment, quotes around the value go, names are read in any case.
 */
export function tangoVariable(
  name: TangoVariable,
  env: Readonly<Record<string, string | undefined>> = process.env,
  files: readonly string[] = tangorcFiles(),
): string | undefined {
  const said = env[name]?.trim()
  if (said !== undefined && said !== '') return said
  for (const file of files) {
    const value = valueIn(readText(file), name)
    if (value !== undefined) return value
  }
  return undefined
}

function valueIn(text: string, name: string): string | undefined {
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]+)\s*=\s*(.*?)\s*$/.exec(line.replace(/#.*/, ''))
    const value = match?.[2]?.replace(/^(["'])(.*)\1$/, '$2')
    if (match?.[1]?.toUpperCase() === name && value !== undefined && value !== '') return value
  }
  return undefined
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // an absent or unreadable file says nothing
    return ''
  }
}
