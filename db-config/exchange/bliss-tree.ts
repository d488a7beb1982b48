// A configuration in the layout of BLISS (Beacon): a folder tree of YAML files in which every map with a name is an
// object, whatever its file; __init__.yml gives values to all below its folder. Source: the public BLISS documentation.

import { dirname } from 'node:path/posix'
import { type ExchangeReport, unreadable } from './report.ts'
import { type ForeignEntry, type ForeignTree, lineOfForeign, parseForeign } from './yaml-text.ts'

/** An object: a map with a name, or a controller without one. */
export interface BlissObject {
  readonly name: string | undefined
  readonly place: string
  /** As written; undefined without one. */
  readonly class: string | undefined
  /** Own, or inherited from the folders above. */
  readonly plugin: string | undefined
  /** All fields but name, class and plugin. */
  readonly fields: ReadonlyMap<string, ForeignEntry>
}

/** The objects of all files, and what the root folder says of the beamline. */
export interface BlissTree {
  readonly objects: readonly BlissObject[]
  /** Name of the beamline, from the root folder. */
  readonly instrument: string | undefined
}

const INIT = '__init__'
const IS_YAML = /\.ya?ml$/i

/** Fields of the root folder that name the beamline. */
const NAME_FIELDS = ['instrument', 'beamline']

/** Fields that hold objects of their own; others are data of the object that has them. */
const CONTAINERS = ['controller', 'controllers', 'cards', 'objects']

/**
 * Reads the tree.
 * @param files by path relative to the root of the configuration; files that are no YAML are not read
 * @throws DevFailed `Exchange_Invalid` with every mistake as `file:line:column: text`
 */
export function readBlissTree(files: ReadonlyMap<string, string>, report: ExchangeReport): BlissTree {
  const reader = new Reader(files, report)
  const objects = reader.read()
  if (reader.problems.length > 0) throw unreadable(reader.problems)
  return { objects, instrument: reader.instrument }
}

class Reader {
  readonly problems: string[] = []
  instrument: string | undefined
  readonly #files: ReadonlyMap<string, string>
  readonly #report: ExchangeReport
  readonly #folders = new Map<string, ReadonlyMap<string, ForeignEntry>>()
  readonly #objects: BlissObject[] = []
  readonly #names = new Map<string, string>()

  constructor(files: ReadonlyMap<string, string>, report: ExchangeReport) {
    this.#files = files
    this.#report = report
  }

  read(): readonly BlissObject[] {
    const paths = [...this.#files.keys()].filter((path) => IS_YAML.test(path)).sort()
    for (const path of paths) if (isInit(path)) this.#folder(path)
    for (const path of paths) {
      if (isInit(path)) continue
      if (this.#inherited(dirname(path), 'bliss_ignored') === 'true') {
        this.#report.note(path, 'not read: its folder says bliss_ignored')
        continue
      }
      const tree = this.#parse(path)
      if (tree !== undefined) this.#walk(tree, dirname(path))
    }
    return this.#objects
  }

  #parse(path: string): ForeignTree | undefined {
    const parsed = parseForeign(this.#files.get(path) ?? '', path)
    if ('tree' in parsed) return parsed.tree
    this.problems.push(...parsed.problems)
    return undefined
  }

  #folder(path: string): void {
    const tree = this.#parse(path)
    if (tree?.kind !== 'map') return
    const folder = dirname(path)
    this.#folders.set(folder, new Map(tree.entries.map((entry) => [entry.key, entry])))
    for (const { key, place, value } of tree.entries) {
      if (key === 'plugin' || key === 'bliss_ignored') continue
      if (folder === '.' && NAME_FIELDS.includes(key) && value.kind === 'value') this.instrument ??= value.source
      else this.#report.lost(place, `there is no place for ${key} of the folder ${folder}: ${lineOfForeign(value)}`)
    }
  }

  #inherited(folder: string, key: string): string | undefined {
    for (let at = folder; ; at = dirname(at)) {
      const entry = this.#folders.get(at)?.get(key)
      if (entry !== undefined) return lineOfForeign(entry.value)
      if (at === dirname(at)) return undefined
    }
  }

  #walk(tree: ForeignTree, folder: string): void {
    if (tree.kind === 'list') for (const item of tree.items) this.#walk(item, folder)
    if (tree.kind !== 'map') {
      if (tree.kind === 'value' && tree.value !== null) {
        this.#report.lost(tree.place, `${tree.source} stands outside of any object`)
      }
      return
    }
    const fields = new Map(tree.entries.map((entry) => [entry.key, entry]))
    const text = (key: string): string | undefined => {
      const value = fields.get(key)?.value
      return value?.kind === 'value' && value.value !== null ? value.source : undefined
    }
    const name = text('name')
    const plugin = text('plugin') ?? this.#inherited(folder, 'plugin')
    const isObject = name !== undefined || fields.has('axes') || fields.has('class')
    if (!isObject) {
      for (const entry of tree.entries) {
        if (CONTAINERS.includes(entry.key)) this.#walk(entry.value, folder)
        else if (entry.key !== 'plugin') {
          this.#report.lost(
            entry.place,
            `there is no place for ${entry.key}, it belongs to no object: ${lineOfForeign(entry.value)}`,
          )
        }
      }
      return
    }
    this.#defineName(name, tree.place)
    const ownClass = text('class') ?? className(tree.entries)
    for (const key of ['name', 'class', 'plugin']) fields.delete(key)
    this.#objects.push({ name, place: tree.place, class: ownClass, plugin, fields })
  }

  #defineName(name: string | undefined, place: string): void {
    if (name === undefined) return
    const before = this.#names.get(name)
    if (before !== undefined) this.problems.push(`${place}: the name ${name} is already taken in ${before}`)
    this.#names.set(name, place)
  }
}

/** Some controllers say only in which module they are. */
function className(entries: readonly ForeignEntry[]): string | undefined {
  const module = entries.find(({ key }) => key === 'module')?.value
  return module?.kind === 'value' ? module.source : undefined
}

function isInit(path: string): boolean {
  return path.split('/').pop()?.replace(IS_YAML, '') === INIT
}
