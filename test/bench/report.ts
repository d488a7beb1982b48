// What the benchmarks print: sections, tables, and a description of the machine.

import { execFileSync } from 'node:child_process'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'

/** Prints one line. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** Prints a table as Markdown with aligned columns. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)))
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((w, i) => (cells[i] ?? '').padEnd(w)).join(' | ')} |`
  say(line(head))
  say(`|${widths.map((w) => '-'.repeat(w + 2)).join('|')}|`)
  for (const row of rows) say(line(row))
  say()
}

/** Prints what was measured on what. */
export function machine(): void {
  const processors = cpus()
  say(`${processors.length} processors ${processors[0]?.model.trim() ?? 'of an unknown kind'}, ${arch()}`)
  say(`${(totalmem() / 2 ** 30).toFixed(0)} GiB, ${platform()} ${release()}, Node.js ${process.version}`)
  say(`load average at the start ${load()}`)
  say(`PyTango: ${python('import tango; print(tango.__version__, "on cppTango", tango.constants.TgLibVers)')}`)
  say(`C++: ${output('pkg-config', ['--modversion', 'tango']) ?? 'no libtango with headers'}`)
}

/** Load average of the last minute. */
export function load(): string {
  return (loadavg()[0] ?? Number.NaN).toFixed(2)
}

/** Interpreter with PyTango. */
export const PYTHON = process.env.BENCH_PYTHON ?? '/usr/bin/python3'

/** What a Python program prints, or the reason why it cannot. */
function python(program: string): string {
  return output(PYTHON, ['-c', program]) ?? `not for ${PYTHON}`
}

/** First line of the output of a program; absent when it fails. */
export function output(program: string, words: readonly string[]): string | undefined {
  try {
    return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}
