// YAML of others: text to a tree that keeps what foreign formats give a meaning to (tags, flow style, the spelling of
// numbers), and values to text in the style of our beamline files.

import {
  Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  stringify,
} from 'yaml'

/** Bounds for files whose references would make an endless tree. */
const MAX_DEPTH = 60
const MAX_NODES = 1_000_000

/** Longest map or list that is written in one line. */
const FLOW_LENGTH = 100

/** A value of a foreign file with its place, `file:line:column`. */
export type ForeignTree =
  | { readonly kind: 'map'; readonly place: string; readonly flow: boolean; readonly entries: readonly ForeignEntry[] }
  | { readonly kind: 'list'; readonly place: string; readonly flow: boolean; readonly items: readonly ForeignTree[] }
  | {
      readonly kind: 'value'
      readonly place: string
      readonly value: string | number | boolean | null
      /** As it is written, without quotes. */
      readonly source: string
      /** `!include` */
      readonly tag: string | undefined
    }

/** A field of a map. */
export interface ForeignEntry {
  readonly key: string
  readonly place: string
  readonly value: ForeignTree
}

/** Parses one document. @returns what is wrong as `file:line:column: text`, one per line, when it cannot be read */
export function parseForeign(
  text: string,
  file: string,
): { readonly tree: ForeignTree } | { readonly problems: readonly string[] } {
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, logLevel: 'silent' })
  const place = (offset: number): string => {
    const { line, col } = counter.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const problems = document.errors.map((error) => `${place(error.pos[0])}: ${error.message}`)
  if (problems.length > 0) return { problems }
  let nodes = 0
  const tree = toTree(document.contents, 0)
  return problems.length > 0 ? { problems: problems.slice(0, 1) } : { tree }

  function toTree(node: Node | null, depth: number): ForeignTree {
    const at = place(node?.range?.[0] ?? 0)
    nodes += 1
    if (depth > MAX_DEPTH || nodes > MAX_NODES) {
      problems.push(`${at}: the file is nested too deeply, or its references repeat too much`)
      return { kind: 'value', place: at, value: null, source: '', tag: undefined }
    }
    if (problems.length > 0) return { kind: 'value', place: at, value: null, source: '', tag: undefined }
    if (isAlias(node)) return toTree(node.resolve(document) ?? null, depth + 1)
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): ForeignEntry => {
        const name = asNode(key)
        const where = name?.range === undefined || name.range === null ? at : place(name.range[0])
        const below = toTree(asNode(value), depth + 1)
        // an empty value has no place of its own
        const tree = asNode(value)?.range === undefined ? { ...below, place: where } : below
        return { key: isScalar(name) ? String(name.value) : String(key), place: where, value: tree }
      })
      return { kind: 'map', place: at, flow: node.flow === true, entries: merged(entries) }
    }
    if (isSeq(node)) {
      const items = node.items.map((item) => toTree(asNode(item), depth + 1))
      return { kind: 'list', place: at, flow: node.flow === true, items }
    }
    const value = isScalar(node) ? node.value : null
    const tag = node?.tag?.startsWith('tag:') === true ? undefined : node?.tag
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
      const source = isScalar(node) && typeof value === 'number' ? (node.source ?? String(value)) : String(value ?? '')
      return { kind: 'value', place: at, value, source, tag }
    }
    return { kind: 'value', place: at, value: String(value), source: String(value), tag }
  }
}

/** Replaces the field `<<` by the fields of the maps that it holds; fields beside it win. */
function merged(entries: readonly ForeignEntry[]): readonly ForeignEntry[] {
  const own = entries.filter(({ key }) => key !== '<<')
  if (own.length === entries.length) return entries
  const sources = entries
    .filter(({ key }) => key === '<<')
    .flatMap(({ value }) => (value.kind === 'list' ? value.items : [value]))
  const all = new Map<string, ForeignEntry>()
  for (const entry of [...own, ...sources.flatMap((source) => (source.kind === 'map' ? source.entries : []))]) {
    if (!all.has(entry.key)) all.set(entry.key, entry)
  }
  return [...all.values()]
}

function asNode(value: unknown): Node | null {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null
}

/** The value without its places. */
export function plainForeign(tree: ForeignTree): unknown {
  switch (tree.kind) {
    case 'map':
      return Object.fromEntries(tree.entries.map(({ key, value }) => [key, plainForeign(value)]))
    case 'list':
      return tree.items.map(plainForeign)
    case 'value':
      return tree.value
  }
}

/** The value in one line, as a flow-style text. */
export function lineOfForeign(tree: ForeignTree): string {
  if (tree.kind === 'value') return tree.source
  return stringify(plainForeign(tree), { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: false }).trim()
}

/**
 * YAML text of a value; maps and lists that are short stand in one line.
 * @param flow `never`: one line for each field and item, for formats that give the style a meaning
 */
export function yamlText(value: unknown, flow: 'short' | 'never' = 'short'): string {
  const document = new Document(value)
  if (flow === 'short') shorten(asNode(document.contents), true)
  return document.toString({ lineWidth: 0, indent: 2 })
}

/** @returns how long the node is in one line */
function shorten(node: Node | null, isTop: boolean): number {
  if (isMap(node) || isSeq(node)) {
    const lengths = isMap(node)
      ? node.items.map(({ key, value }) => shorten(asNode(key), false) + shorten(asNode(value), false) + 4)
      : node.items.map((item) => shorten(asNode(item), false) + 2)
    const length = lengths.reduce((sum, one) => sum + one, 4)
    if (!isTop && isCollection(node) && length <= FLOW_LENGTH) node.flow = true
    return length
  }
  return isScalar(node) ? String(node.value ?? '').length : 0
}
