// Keeps what is set while a server with a resource file (`-file=`) runs: writes it back into the file, which stays as its
// author has written it, comments included.

import { readFile, rename, writeFile } from 'node:fs/promises'
import { devFailed } from '../errors/dev-failed.ts'
import type { ConfigChange } from './config-properties.ts'
import { logicalLines } from './resource-file.ts'
import type { SaveChange } from './server-store.ts'

/** Writes changes into a resource file, one after the other; a crash leaves the file as it was before or after one. */
export function resourceWriter(path: string): SaveChange {
  let last: Promise<void> = Promise.resolve()
  return (owner, change) => {
    const work = async (): Promise<void> => {
      const text = await readFile(path, 'latin1')
      const changed = changeResources(text, owner, change)
      if (changed === text) return
      await writeFile(`${path}.new`, changed, 'latin1')
      await rename(`${path}.new`, path)
    }
    const result = last.then(work)
    last = result.catch(() => undefined) // told to the one who asked
    return result
  }
}

/**
 * The text of a resource file after a change.
 * @param owner device or `device/attribute`
 * @throws DevFailed `API_NotSupported` for a value with a line break, which such a file cannot hold
 */
export function changeResources(text: string, owner: string, change: ConfigChange): string {
  const wanted = new Map([...change.put].map(([name, values]) => [name.toLowerCase(), { name, values }]))
  const removed = new Set([...change.remove.map((name) => name.toLowerCase()), ...wanted.keys()])
  const device = owner.split('/').slice(0, 3).join('/').toLowerCase()
  const lines = text.split(/\r?\n/)
  const kept: (string | undefined)[] = [...lines]
  let end = lines.at(-1) === '' ? lines.length - 1 : lines.length
  for (const { line, last, content } of logicalLines(text)) {
    const match = /^([^\s:]+?)->([^\s:]+)\s*:/.exec(content)
    if (match === null) continue
    const [, holder = '', property = ''] = match
    const lower = holder.toLowerCase()
    // new properties of a device go to its others
    if (lower === device || lower.startsWith(`${device}/`)) end = last
    if (lower !== owner.toLowerCase() || !removed.has(property.toLowerCase())) continue
    const replacement = wanted.get(property.toLowerCase())
    wanted.delete(property.toLowerCase())
    kept.fill(undefined, line - 1, last)
    if (replacement !== undefined && replacement.values.length > 0) {
      kept[line - 1] = propertyLine(holder, property, replacement.values)
    }
  }
  const added = [...wanted.values()]
    .filter(({ values }) => values.length > 0)
    .map(({ name, values }) => propertyLine(owner, name, values))
  const all = [...kept.slice(0, end), ...added, ...kept.slice(end)]
  return all.filter((each) => each !== undefined).join('\n')
}

function propertyLine(owner: string, name: string, values: readonly string[]): string {
  const quoted = values.map((value) => {
    if (/[\r\n]/.test(value)) {
      throw devFailed('API_NotSupported', `${owner}->${name}: a resource file cannot hold a value with a line break`)
    }
    return `"${value.replaceAll('"', '\\"')}"`
  })
  return `${owner}->${name}: ${quoted.join(', ')}`
}
