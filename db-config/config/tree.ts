// A parsed file as plain values that know where they stand, and the reading of it: whatever is wrong becomes a finding
// with line and column, and reading goes on, so that one run shows all mistakes.

import { nearest } from './suggest.ts'

/** A place in the file, both counted from 1. */
export interface Mark {
  readonly line: number
  readonly column: number
}

/** A value with its place. */
export type Tree =
  | { readonly kind: 'map'; readonly at: Mark; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly at: Mark; readonly items: readonly Tree[] }
  | { readonly kind: 'value'; readonly at: Mark; readonly value: string | number | boolean | null }

/** A field of a map. */
export interface Entry {
  readonly key: string
  readonly at: Mark
  readonly value: Tree
}

/** Collects what is wrong with a file. */
export class Findings {
  readonly #file: string
  readonly #list: { readonly at: Mark; readonly text: string }[] = []

  constructor(file: string) {
    this.#file = file
  }

  add(at: Mark, text: string): void {
    this.#list.push({ at, text })
  }

  /** `file:line:column: text`, in the order of the file. */
  get lines(): readonly string[] {
    const sorted = [...this.#list].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column)
    // what is written once may be used in several places
    return [...new Set(sorted.map(({ at, text }) => `${this.#file}:${at.line}:${at.column}: ${text}`))]
  }
}

/** Something read, with its place, for checks that come later. */
export interface Read<T> {
  readonly value: T
  readonly at: Mark
}

/** What a field must be. */
export interface Rule {
  readonly optional?: boolean
  /** Shape of a text, and what to call it in a message. */
  readonly pattern?: { readonly test: RegExp; readonly what: string }
}

/** Reads the fields of one map. */
export class Fields {
  readonly at: Mark
  readonly #findings: Findings
  readonly #place: string
  readonly #entries = new Map<string, Entry>()

  /**
   * @param place what the map describes, for messages: `controller icepap`
   * @param known fields that may be there; others are reported with the nearest known one
   */
  constructor(tree: Tree, place: string, known: readonly string[], findings: Findings) {
    this.at = tree.at
    this.#findings = findings
    this.#place = place
    if (tree.kind !== 'map') {
      findings.add(tree.at, `${place}: ${show(tree)} should be a map with the fields ${known.join(', ')}`)
      return
    }
    for (const entry of tree.entries) {
      this.#entries.set(entry.key, entry)
      if (known.includes(entry.key)) continue
      const meant = nearest(entry.key, known)
      const hint = meant === undefined ? `known fields: ${known.join(', ')}` : `did you mean ${meant}?`
      findings.add(entry.at, `${place}: unknown field ${entry.key}; ${hint}`)
    }
  }

  /** The value of a field; absent and empty (null) are the same. */
  tree(key: string): Tree | undefined {
    const value = this.#entries.get(key)?.value
    return value?.kind === 'value' && value.value === null ? undefined : value
  }

  text(key: string, rule: Rule = {}): Read<string> | undefined {
    const tree = this.#present(key, rule)
    if (tree === undefined) return undefined
    if (tree.kind !== 'value' || typeof tree.value === 'boolean' || tree.value === null) {
      return this.#wrong(tree, key, 'a text')
    }
    const value = String(tree.value)
    if (rule.pattern?.test.test(value) === false) return this.#wrong(tree, key, rule.pattern.what)
    // Tango's texts are Latin-1
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the first is the first of Latin-1
    if (!/^[\x00-\xff]*$/.test(value)) return this.#wrong(tree, key, 'a text of Latin-1 characters')
    return { value, at: tree.at }
  }

  number(
    key: string,
    rule: Rule & { readonly integer?: boolean; readonly above?: number } = {},
  ): Read<number> | undefined {
    const tree = this.#present(key, rule)
    if (tree === undefined) return undefined
    const what = `${rule.integer ? 'a whole number' : 'a number'}${rule.above === undefined ? '' : ` above ${rule.above}`}`
    if (tree.kind !== 'value' || typeof tree.value !== 'number' || !Number.isFinite(tree.value)) {
      return this.#wrong(tree, key, what)
    }
    const { value } = tree
    const bad = (rule.integer && !Number.isInteger(value)) || (rule.above !== undefined && value <= rule.above)
    return bad ? this.#wrong(tree, key, what) : { value, at: tree.at }
  }

  /** Items of a list; empty when absent. */
  list(key: string, rule: Rule = { optional: true }): readonly Tree[] {
    const tree = this.#present(key, rule)
    if (tree === undefined) return []
    if (tree.kind === 'list') return tree.items
    this.#wrong(tree, key, 'a list')
    return []
  }

  /** A list of texts or numbers, as texts. */
  texts(key: string, rule: Rule = { optional: true }): readonly Read<string>[] {
    return this.list(key, rule).flatMap((item) => {
      if (item.kind === 'value' && (typeof item.value === 'string' || typeof item.value === 'number')) {
        return [{ value: String(item.value), at: item.at }]
      }
      this.#wrong(item, key, 'a list of texts')
      return []
    })
  }

  /** Fields of a map whose keys are free; empty when absent. */
  entries(key: string): readonly Entry[] {
    const tree = this.tree(key)
    if (tree === undefined) return []
    if (tree.kind === 'map') return tree.entries
    this.#wrong(tree, key, 'a map')
    return []
  }

  #present(key: string, rule: Rule): Tree | undefined {
    const tree = this.tree(key)
    if (tree === undefined && rule.optional !== true) this.#findings.add(this.at, `${this.#place}: ${key} is missing`)
    return tree
  }

  #wrong(tree: Tree, key: string, what: string): undefined {
    this.#findings.add(tree.at, `${this.#place}: ${key} is ${show(tree)}, it should be ${what}`)
    return undefined
  }
}

/** What a map describes, with its name if it has one: `controller icepap`. */
export function called(kind: string, tree: Tree): string {
  const name = tree.kind === 'map' ? tree.entries.find(({ key }) => key === 'name')?.value : undefined
  return name?.kind === 'value' && name.value !== null ? `${kind} ${name.value}` : kind
}

/** The value without its places. */
export function plain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'map':
      return Object.fromEntries(tree.entries.map(({ key, value }) => [key, plain(value)]))
    case 'list':
      return tree.items.map(plain)
    case 'value':
      return tree.value
  }
}

function show(tree: Tree): string {
  switch (tree.kind) {
    case 'map':
      return 'a map'
    case 'list':
      return 'a list'
    case 'value':
      return tree.value === null ? 'empty' : JSON.stringify(tree.value)
  }
}
