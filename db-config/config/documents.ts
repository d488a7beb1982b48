// Where the files of a beamline are: on disk, or in memory as an editor or an earlier revision holds them. Paths are
// relative to the folder of the root file, with `/`; files outside of that folder are not part of a beamline.

import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** One file of a beamline. */
export interface SourceDocument {
  /** `beamline.yaml`, `motors/slits.yaml` */
  readonly path: string
  readonly text: string
}

/** Reads the files of one beamline. */
export interface DocumentSource {
  /** Path of the root file. */
  readonly root: string
  /** What messages call a file. */
  display(path: string): string
  /** The text, or why it cannot be read. */
  read(path: string): { readonly text: string } | { readonly problem: string }
  /** Names in a folder (`''` is the one of the root file), sorted; empty when there is no such folder. */
  list(folder: string): readonly { readonly name: string; readonly folder: boolean }[]
}

/** Names that a folder may give its root file. */
const ROOT_NAMES: readonly string[] = ['beamline.yaml', 'beamline.yml']

/** Files on disk. @param path the root file, or a folder with a `beamline.yaml` */
export function fileSource(path: string): DocumentSource {
  const file = rootFile(path)
  const folder = dirname(file)
  return {
    root: basename(file),
    // the root file is called as it was asked for
    display: (name) => (name === basename(file) ? file : join(folder, name)),
    read(name) {
      try {
        if (!statSync(join(folder, name)).isFile()) return { problem: 'it is no file' }
        return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(join(folder, name))) }
      } catch (cause) {
        if (cause instanceof TypeError) return { problem: 'it is no UTF-8 text; save it as UTF-8' }
        return { problem: cause instanceof Error ? cause.message : String(cause) }
      }
    },
    list(name) {
      try {
        return readdirSync(join(folder, name))
          .sort()
          .map((entry) => ({ name: entry, folder: isFolder(join(folder, name, entry)) }))
      } catch {
        // what is not there has no names; whoever needs a name reports that it is missing
        return []
      }
    },
  }
}

/** Files in memory by path. */
export function memorySource(root: string, documents: ReadonlyMap<string, string>): DocumentSource {
  return {
    root,
    display: (path) => path,
    read(path) {
      const text = documents.get(path)
      return text === undefined ? { problem: 'there is no such document' } : { text }
    },
    list(folder) {
      const prefix = folder === '' ? '' : `${folder}/`
      const names = new Map<string, boolean>()
      for (const path of documents.keys()) {
        if (!path.startsWith(prefix)) continue
        const [name = '', ...below] = path.slice(prefix.length).split('/')
        names.set(name, names.get(name) === true || below.length > 0)
      }
      return [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, isBelow]) => ({ name, folder: isBelow }))
    },
  }
}

/** The root file of a folder, or the file itself. */
export function rootFile(path: string): string {
  if (!isFolder(path)) return path
  const names = ROOT_NAMES.map((name) => join(path, name))
  return names.find((name) => statSync(name, { throwIfNoEntry: false }) !== undefined) ?? join(path, 'beamline.yaml')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
