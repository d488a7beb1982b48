// Former logs of a process: `Pool_demo1_[2026-11-20_13-01-58].log` beside `Pool_demo1.log`, named as a native Starter does.

import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Name of the log of a server: `Pool/demo1` has `Pool_demo1.log`. */
export function logFileName(server: string): string {
  return `${server.replaceAll('/', '_')}.log`
}

/**
 * Renames a log after the time of its last line and removes the oldest ones. Nothing happens when there is no log.
 * @param keep how many logs may remain, the one that comes next included
 * @param log whose name the former log gets, when its text was copied to `path`
 * @throws what the file system throws when the log cannot be renamed
 */
export async function archiveLog(path: string, keep: number, log = path): Promise<void> {
  let last: Date
  try {
    last = (await stat(path)).mtime
  } catch {
    return
  }
  const former = await formerLogs(log)
  const surplus = former.slice(0, Math.max(0, former.length - Math.max(0, keep - 2)))
  await Promise.all(surplus.map((file) => rm(file, { force: true })))
  if (keep <= 1) return await rm(path, { force: true })
  await rename(path, await freeName(log, last))
}

/** Paths of the former logs of a log, oldest first. */
export async function formerLogs(path: string): Promise<string[]> {
  const folder = dirname(path)
  const start = `${basename(path, '.log')}_[`
  const names = (await readdir(folder)).filter((name) => name.startsWith(start) && name.endsWith('].log'))
  return names.sort().map((name) => join(folder, name))
}

/** Two logs may end in one second. */
async function freeName(path: string, time: Date): Promise<string> {
  for (let second = 0; ; second++) {
    const name = join(dirname(path), `${basename(path, '.log')}_[${stamp(time, second)}].log`)
    try {
      await stat(name)
    } catch {
      return name
    }
  }
}

/** Local time `2026-11-20_13-01-58`. */
function stamp(time: Date, moreSeconds: number): string {
  const t = new Date(time.getTime() + moreSeconds * 1000)
  const two = (n: number): string => String(n).padStart(2, '0')
  const date = [t.getFullYear(), two(t.getMonth() + 1), two(t.getDate())].join('-')
  return `${date}_${[t.getHours(), t.getMinutes(), t.getSeconds()].map(two).join('-')}`
}
