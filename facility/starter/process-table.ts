// Processes of this computer that serve Tango servers, whoever started them, and what they use (Linux: /proc). Elsewhere
// only the processes that the Starter itself has started are known.

import { readdir, readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { serverParts } from './server-runner.ts'

/** A process with its arguments. */
export interface TableEntry {
  readonly pid: number
  readonly words: readonly string[]
}

/** Interpreters with their options come before the name of a program. */
const MOST_WORDS_BEFORE = 6

/** Clock ticks of a second in /proc. */
const TICKS = 100

/** All processes; empty where there is no /proc. */
export async function readProcessTable(): Promise<readonly TableEntry[]> {
  const names = await readdir('/proc').catch(() => [])
  const read = async (name: string): Promise<TableEntry | undefined> => {
    const text = await readText(`/proc/${name}/cmdline`)
    return text === '' ? undefined : { pid: Number(name), words: text.split('\0') }
  }
  const entries = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(read))
  return entries.filter((entry) => entry !== undefined)
}

/** Programs that run others. */
const INTERPRETER = /^(python[\d.]*|node|java|bash|sh)$/

/** Whether a command line runs a server: `/usr/lib/tango/TangoTest b1 -v2`, `python3 -u TangoTest.py b1`. */
export function servesServer({ words }: TableEntry, name: string): boolean {
  const [server, instance] = serverParts(name.toLowerCase())
  // an editor of the file TangoTest is no TangoTest
  const places = INTERPRETER.test(programName(words[0] ?? '')) ? MOST_WORDS_BEFORE : 1
  return words
    .slice(0, places)
    .some((word, i) => programName(word) === server && words[i + 1]?.toLowerCase() === instance)
}

/** `TANGO_HOST` with which a process was started; undefined when it cannot be read. */
export async function tangoHostOf(pid: number): Promise<string | undefined> {
  const text = await readText(`/proc/${pid}/environ`)
  return text
    .split('\0')
    .find((line) => line.startsWith('TANGO_HOST='))
    ?.slice('TANGO_HOST='.length)
}

/** What a process has used so far. */
export interface Usage {
  /** Processor time, s. */
  readonly cpu: number
  /** Resident memory, MiB. */
  readonly rss: number
}

/** Usage of a process; undefined when it is gone. */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  const [stat, status] = await Promise.all([readText(`/proc/${pid}/stat`), readText(`/proc/${pid}/status`)])
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields.length < 13) return undefined
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
  return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS, rss }
}

/** Whether a process lives; one that only waits for its parent to notice its end does not. */
export async function lives(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const stat = await readText(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
}

function programName(word: string): string {
  return basename(word)
    .toLowerCase()
    .replace(/\.(py|js|jar|exe)$/, '')
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch {
    return '' // the process has ended, or belongs to somebody else
  }
}
