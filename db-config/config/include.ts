// One tree of several files: a file names others under `include`; their lists are put behind its own, their maps are
// joined, and what is said twice must be said alike.

import { type DocumentSource, fileSource, memorySource, type SourceDocument } from './documents.ts'
import { filesOf, isPattern, resolvePath } from './glob.ts'
import { nearest } from './suggest.ts'
import { type Entry, type Finding, Findings, type Mark, otherPlace, show, type Tree } from './tree.ts'
import { substitute } from './variables.ts'
import { parseTree } from './yaml-tree.ts'

/** Most files of one beamline. */
const MAX_FILES = 1000

/** Longest file, characters. */
const MAX_TEXT = 16_000_000

/** The files of a beamline as one tree. */
export interface LoadedTree {
  /** In the order of reading, the root first; also those that could not be parsed. */
  readonly documents: readonly SourceDocument[]
  /** The same files as messages call them. */
  readonly files: readonly string[]
  /** Includes, references and variables resolved; only of use when there are no findings. */
  readonly tree: Tree
  readonly findings: readonly Finding[]
}

/**
 * Reads a beamline's files: the root and all that it includes.
 * @param root path of the root file or of its folder; with `documents` one of their keys
 * @param documents takes them from memory instead of from disk
 */
export function loadTree(root: string, documents?: ReadonlyMap<string, string>): LoadedTree {
  const source = documents === undefined ? fileSource(root) : memorySource(root, documents)
  const loader = new Loader(source)
  const tree = loader.load()
  const { findings } = loader
  // a variable may be defined in any file, so they come last
  const complete = findings.count > 0 ? tree : substitute(tree, findings)
  const files = loader.documents.map(({ path }) => source.display(path))
  return { documents: loader.documents, files, tree: complete, findings: findings.list }
}

/** Names of the drivers that the controllers of a tree ask for; what is no name is left out. */
export function driversNamed({ tree }: LoadedTree): readonly string[] {
  const controllers = field(tree, 'controllers')
  const items = controllers?.kind === 'list' ? controllers.items : []
  const names = items.map((item) => field(item, 'driver'))
  return [
    ...new Set(names.flatMap((name) => (name?.kind === 'value' && typeof name.value === 'string' ? name.value : []))),
  ]
}

function field(tree: Tree, key: string): Tree | undefined {
  return tree.kind === 'map' ? tree.entries.find((entry) => entry.key === key)?.value : undefined
}

class Loader {
  readonly documents: SourceDocument[] = []
  readonly findings = new Findings()
  readonly #source: DocumentSource
  readonly #read = new Set<string>()

  constructor(source: DocumentSource) {
    this.#source = source
  }

  load(): Tree {
    const { root } = this.#source
    const at = { file: this.#source.display(root), line: 1, column: 1 }
    const trees = this.#file(root, at, [])
    if (trees.length === 0) return { kind: 'map', at, entries: [] }
    return trees.reduce((all, tree) => this.#joined(all, tree, ''))
  }

  /** The tree of a file without its includes, and those of what it includes. */
  #file(path: string, at: Mark, chain: readonly string[]): readonly Tree[] {
    this.#read.add(path)
    const file = this.#source.display(path)
    this.findings.follow(file)
    const read = this.#source.read(path)
    if ('problem' in read) {
      this.findings.add(at, `${file} cannot be read: ${read.problem}`)
      return []
    }
    if (read.text.length > MAX_TEXT) {
      this.findings.add(at, `${file} has more than ${MAX_TEXT} characters; split it`)
      return []
    }
    this.documents.push({ path, text: read.text })
    const tree = parseTree(read.text, file, this.findings)
    if (tree === undefined) return []
    if (tree.kind !== 'map') {
      this.findings.add(tree.at, `a beamline file should be a map, this is ${show(tree)}`)
      return []
    }
    const own: Tree = { ...tree, entries: tree.entries.filter(({ key }) => key !== 'include') }
    const included = tree.entries.filter(({ key }) => key === 'include').flatMap(({ value }) => texts(value))
    const below = included.flatMap(({ value, at: place }) => this.#include(value, place, path, [...chain, path]))
    for (const { value } of tree.entries.filter(({ key }) => key === 'include')) this.#checkInclude(value)
    return [own, ...below]
  }

  #checkInclude(value: Tree): void {
    const wrong = value.kind === 'list' ? value.items.filter((item) => !isText(item)) : isText(value) ? [] : [value]
    for (const item of wrong) {
      if (item.kind === 'value' && item.value === null) continue
      this.findings.add(item.at, `include is ${show(item)}, it should be a list of file names: [motors/*.yaml]`)
    }
  }

  #include(name: string, at: Mark, from: string, chain: readonly string[]): readonly Tree[] {
    if (name.includes('${')) {
      this.findings.add(at, `include ${name}: variables cannot be used here, because files may define them`)
      return []
    }
    const path = resolvePath(from, name)
    if (path === undefined || path === '') {
      this.findings.add(at, `include ${name}: it should be a path below the folder of the root file, with /`)
      return []
    }
    const fitting = isPattern(path) ? filesOf(path, this.#source) : [path]
    if (fitting === undefined) {
      this.findings.add(at, `include ${name}: there are too many folders to look into; name them`)
      return []
    }
    const paths = isPattern(path) ? fitting.filter((found) => !chain.includes(found)) : fitting
    if (paths.length === 0) this.findings.add(at, `include ${name}: no file fits`)
    return paths.flatMap((found) => {
      if (chain.includes(found)) {
        const circle = [...chain.slice(chain.indexOf(found)), found].join(' -> ')
        this.findings.add(at, `include ${name}: the files include each other: ${circle}`)
        return []
      }
      // what fits two patterns is taken once, at the first
      if (this.#read.has(found)) return []
      if (this.#read.size >= MAX_FILES) {
        this.findings.add(at, `include ${name}: a beamline may have ${MAX_FILES} files, this would be one more`)
        return []
      }
      if (!isPattern(path) && !this.#exists(found)) {
        this.findings.add(at, `include ${name}: there is no such file${this.#hint(found)}`)
        return []
      }
      return this.#file(found, at, chain)
    })
  }

  #exists(path: string): boolean {
    return this.#siblings(path).some(({ name, folder }) => name === path.split('/').pop() && !folder)
  }

  #hint(path: string): string {
    const files = this.#siblings(path).filter(({ folder }) => !folder)
    const meant = nearest(
      path.split('/').pop() ?? '',
      files.map(({ name }) => name),
    )
    return meant === undefined ? '' : `; did you mean ${[...path.split('/').slice(0, -1), meant].join('/')}?`
  }

  #siblings(path: string): ReturnType<DocumentSource['list']> {
    return this.#source.list(path.split('/').slice(0, -1).join('/'))
  }

  /** Joins what two files say at the same place. */
  #joined(first: Tree, second: Tree, path: string): Tree {
    if (first.kind === 'map' && second.kind === 'map') return this.#joinedMaps(first, second, path)
    if (first.kind === 'list' && second.kind === 'list') return { ...first, items: [...first.items, ...second.items] }
    if (isEmpty(second)) return first
    if (isEmpty(first)) return second
    if (first.kind === 'value' && second.kind === 'value' && first.value === second.value) return first
    const other = `${show(first)} in ${otherPlace(first.at, second.at)}`
    this.findings.add(second.at, `${path} is ${show(second)} here and ${other}; say it in one file only`)
    return first
  }

  #joinedMaps(first: Tree & { kind: 'map' }, second: Tree & { kind: 'map' }, path: string): Tree {
    const entries = new Map<string, Entry>(first.entries.map((entry) => [entry.key, entry]))
    for (const entry of second.entries) {
      const known = entries.get(entry.key)
      const below = path === '' ? entry.key : `${path}.${entry.key}`
      entries.set(
        entry.key,
        known === undefined ? entry : { ...known, value: this.#joined(known.value, entry.value, below) },
      )
    }
    return { ...first, entries: [...entries.values()] }
  }
}

function texts(tree: Tree): readonly { readonly value: string; readonly at: Mark }[] {
  if (tree.kind === 'list') return tree.items.flatMap(texts)
  return tree.kind === 'value' && typeof tree.value === 'string' ? [{ value: tree.value, at: tree.at }] : []
}

function isText(tree: Tree): boolean {
  return tree.kind === 'value' && typeof tree.value === 'string'
}

function isEmpty(tree: Tree): boolean {
  return tree.kind === 'value' && tree.value === null
}
