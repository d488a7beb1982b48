// Processes of this machine as /proc shows them (Linux): who lives, who is whose child, how much memory they take.

import { readdirSync, readFileSync } from 'node:fs'

/** One process. */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  /** Arguments joined with blanks. */
  readonly command: string
}

/** Memory of processes, MiB. */
export interface Memory {
  /** Resident pages; shared ones count in each process. */
  readonly rss: number
  /** Shared pages divided among those who share them. */
  readonly pss: number
}

/** Whether a process lives; a zombie does not. */
export function isAlive(pid: number): boolean {
  const stat = statOf(pid)
  return stat !== undefined && stat.state !== 'Z'
}

/** A process with its children and theirs, itself first. */
export function processTree(root: number): readonly ProcessEntry[] {
  const all = new Map<number, ProcessEntry>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? statOf(pid) : undefined
    if (stat !== undefined && stat.state !== 'Z') all.set(pid, { pid, parent: stat.parent, command: commandOf(pid) })
  }
  const tree: ProcessEntry[] = []
  const add = (pid: number): void => {
    const entry = all.get(pid)
    if (entry === undefined) return
    tree.push(entry)
    for (const child of all.values()) if (child.parent === pid) add(child.pid)
  }
  add(root)
  return tree
}

/** Memory of several processes together; those that are gone count nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  let rss = 0
  let pss = 0
  for (const pid of pids) {
    const text = readText(`/proc/${pid}/smaps_rollup`)
    rss += kilobytes(text, 'Rss')
    pss += kilobytes(text, 'Pss')
  }
  return { rss: rss / 1024, pss: pss / 1024 }
}

/** Processor time that a process has taken, s. */
export function cpuSeconds(pid: number): number {
  return (statOf(pid)?.ticks ?? 0) / 100
}

function statOf(pid: number): { state: string; parent: number; ticks: number } | undefined {
  const text = readText(`/proc/${pid}/stat`)
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent = ''] = fields
  if (state === '') return undefined
  return { state, parent: Number(parent), ticks: Number(fields[11]) + Number(fields[12]) }
}

function commandOf(pid: number): string {
  return readText(`/proc/${pid}/cmdline`).split('\0').join(' ').trim()
}

function kilobytes(text: string, key: string): number {
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
