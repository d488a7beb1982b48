// Parsed files as plain values that know where they stand, and the reading of them: whatever is wrong becomes a finding
// with file, line and column, and reading goes on, so that one run shows all mistakes.

import { nearest } from './suggest.ts'

/** A place in a file; line and column are counted from 1. */
export interface Mark {
  /** The file as messages call it. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** A value with its place. */
export type Tree =
  | { readonly kind: 'map'; readonly at: Mark; readonly entries: readonly Entry[] }
  | { readonly kind: 'list'; readonly at: Mark; readonly items: readonly Tree[] }
  | {
      readonly kind: 'value'
      readonly at: Mark
      readonly value: string | number | boolean | null
      /** How a number is written, where that is known. */
      readonly source?: string
    }

/** A field of a map. */
export interface Entry {
  readonly key: string
  readonly at: Mark
  readonly value: Tree
}

/** One mistake and its place. */
export interface Finding extends Mark {
  /** What is wrong, and what would be right. */
  readonly text: string
}

/** Collects what is wrong with the files of a beamline. */
export class Findings {
  readonly #files: string[] = []
  readonly #list: Finding[] = []

  /** @param files in the order in which their findings are listed; others come behind them */
  constructor(...files: readonly string[]) {
    this.#files.push(...files)
  }

  get count(): number {
    return this.#list.length
  }

  /** Gives a file its place in the order. */
  follow(file: string): void {
    if (!this.#files.includes(file)) this.#files.push(file)
  }

  add({ file, line, column }: Mark, text: string): void {
    this.follow(file)
    this.#list.push({ file, line, column, text })
  }

  /** In the order of the files; what is written once may be used in several places, but is reported once. */
  get list(): readonly Finding[] {
    const order = new Map(this.#files.map((file, index) => [file, index]))
    const rank = ({ file }: Finding): number => order.get(file) ?? 0
    const sorted = [...this.#list].sort((a, b) => rank(a) - rank(b) || a.line - b.line || a.column - b.column)
    return [...new Map(sorted.map((finding) => [findingLine(finding), finding])).values()]
  }

  /** `file:line:column: text`, in the order of the files. */
  get lines(): readonly string[] {
    return this.list.map(findingLine)
  }
}

/** `file:line:column: text` */
export function findingLine({ file, line, column, text }: Finding): string {
  return `${file}:${line}:${column}: ${text}`
}

/** Another place, as somebody at `from` looks for it: `line 12`, or `motors.yaml:12`. */
export function otherPlace(mark: Mark, from: Mark): string {
  return mark.file === from.file ? `line ${mark.line}` : `${mark.file}:${mark.line}`
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
    const lost = lostDigits(tree)
    if (lost !== undefined) this.#findings.add(tree.at, `${this.#place}: ${key} is ${lost}`)
    if (!isLatin1(value)) return this.#wrong(tree, key, 'a text of Latin-1 characters')
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
      const hasUnit = tree.kind === 'value' && /^[-+]?\d[\d.]*\s*[a-z]/i.test(String(tree.value))
      return this.#wrong(tree, key, hasUnit ? `${what}, without its unit` : what)
    }
    const { value } = tree
    const bad = (rule.integer && !Number.isInteger(value)) || (rule.above !== undefined && value <= rule.above)
    return bad ? this.#wrong(tree, key, what) : { value, at: tree.at }
  }

  boolean(key: string, rule: Rule = { optional: true }): Read<boolean> | undefined {
    const tree = this.#present(key, rule)
    if (tree === undefined) return undefined
    if (tree.kind !== 'value' || typeof tree.value !== 'boolean') return this.#wrong(tree, key, 'true or false')
    return { value: tree.value, at: tree.at }
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
        const lost = lostDigits(item)
        if (lost !== undefined) this.#findings.add(item.at, `${this.#place}: ${key} holds ${lost}`)
        if (!isLatin1(String(item.value))) {
          this.#wrong(item, key, 'a list of texts of Latin-1 characters')
          return []
        }
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

/** Whether a Tango database can keep a text. */
export function isLatin1(text: string): boolean {
  return !/[\u0100-\uffff]/.test(text)
}

/** Says what a number would lose as a text: `007` and `1.10` are 7 and 1.1 to YAML. */
export function lostDigits(tree: Tree): string | undefined {
  if (tree.kind !== 'value' || typeof tree.value !== 'number') return undefined
  const { value, source } = tree
  if (source === undefined || source === String(value)) return undefined
  return `${source}, which YAML reads as the number ${value}; put it in quotes: '${source}'`
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

/** What stands there, for a message: `a map`, `empty`, `"text"`. */
export function show(tree: Tree): string {
  switch (tree.kind) {
    case 'map':
      return 'a map'
    case 'list':
      return 'a list'
    case 'value':
      return tree.value === null ? 'empty' : JSON.stringify(tree.value)
  }
}
