// Patterns of file names: `motors/*.yaml`, `**/*.yaml`. Hidden files fit only what names their dot.

import type { DocumentSource } from './documents.ts'

/** Deepest folder that `**` looks into, and most folders: links may lead round in circles. */
const MAX_DEPTH = 16
const MAX_FOLDERS = 1000

/** Whether a path has wildcards. */
export function isPattern(path: string): boolean {
  return /[*?]/.test(path)
}

/**
 * Files that fit, in the order of their names; what a folder holds stands where the folder's name stands.
 * @returns `undefined` when there are too many folders to look into
 */
export function filesOf(pattern: string, source: DocumentSource): readonly string[] | undefined {
  const found: string[] = []
  let folders = 0
  walk('', pattern.split('/'), 0)
  return folders > MAX_FOLDERS ? undefined : [...new Set(found)]

  function walk(folder: string, parts: readonly string[], depth: number): void {
    const [part, ...rest] = parts
    folders += 1
    if (part === undefined || depth > MAX_DEPTH || folders > MAX_FOLDERS) return
    if (part === '**') {
      walk(folder, rest, depth)
      for (const { name, folder: isFolder } of source.list(folder)) {
        // packages of programs hold no part of a beamline
        if (isFolder && !name.startsWith('.') && name !== 'node_modules') walk(join(folder, name), parts, depth + 1)
      }
      return
    }
    if (!isPattern(part) && rest.length > 0) {
      walk(join(folder, part), rest, depth)
      return
    }
    const test = expression(part)
    for (const { name, folder: isFolder } of source.list(folder)) {
      if (!test.test(name)) continue
      if (rest.length > 0 && isFolder) walk(join(folder, name), rest, depth + 1)
      if (rest.length === 0 && !isFolder) found.push(join(folder, name))
    }
  }
}

/**
 * A path seen from the folder of another file, without `.` and `..`.
 * @returns `undefined` when it leaves the root folder or is absolute
 */
export function resolvePath(from: string, path: string): string | undefined {
  if (path.startsWith('/') || path.includes('\\') || /^[A-Za-z]:/.test(path)) return undefined
  const parts = from.split('/').slice(0, -1)
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') parts.push(part)
    else if (parts.pop() === undefined) return undefined
  }
  return parts.join('/')
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}

function expression(part: string): RegExp {
  const text = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.')
  return new RegExp(part.startsWith('.') ? `^${text}$` : `^(?!\\.)${text}$`)
}
