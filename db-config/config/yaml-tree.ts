// YAML text to a tree of values that know where they stand. What the values mean is not known here.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of variables are meant
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml'
import { nearest } from './suggest.ts'
import type { Entry, Findings, Mark, Tree } from './tree.ts'

/** Bounds for files whose references would make an endless tree. */
const MAX_DEPTH = 30
const MAX_REPEATED = 100_000

/** How the parser calls a stack that is full. */
const TOO_DEEP = /call stack/

/**
 * Parses one file. Anchors, references and merged maps are resolved; a value keeps the place where it is written.
 * @param file how messages call the file
 * @returns `undefined` when the text is no YAML or uses what is not supported; the findings say why
 */
export function parseTree(text: string, file: string, findings: Findings): Tree | undefined {
  findings.follow(file)
  const before = findings.count
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const mark = (offset: number): Mark => {
    const { line, col } = counter.linePos(offset)
    return { file, line, column: col }
  }
  // an unknown tag is only a warning of the parser, but its value is not what its author thinks
  for (const error of [...document.errors, ...document.warnings]) {
    if (text.startsWith('${', error.pos[0] - 1)) {
      findings.add(
        mark(error.pos[0] - 1),
        'put ${...} into quotes here: inside of { } and [ ] YAML reads its brace itself',
      )
      break // the others follow from it
    }
    findings.add(mark(error.pos[0]), messageOf(error, text))
    if (error.code === 'RESOURCE_EXHAUSTION' || TOO_DEEP.test(error.message)) break
  }
  if (findings.count > before) return undefined
  let repeated = 0
  let refused = false
  const { contents } = document
  const tree: Tree =
    contents === null ? { kind: 'map', at: mark(0), entries: [] } : toTree(contents, { depth: 0, inReference: false })
  return findings.count > before ? undefined : tree

  function toTree(node: Node | null, at: { readonly depth: number; readonly inReference: boolean }): Tree {
    const place = mark(node?.range?.[0] ?? 0)
    if (at.inReference) repeated += 1
    if (at.depth > MAX_DEPTH || repeated > MAX_REPEATED) {
      // one finding says it; the rest is not read
      if (!refused) findings.add(place, 'the file is nested too deeply, or its references repeat too much')
      refused = true
    }
    if (refused) return { kind: 'value', at: place, value: null }
    const inside = { depth: at.depth + 1, inReference: at.inReference }
    if (isAlias(node)) {
      const target = node.resolve(document)
      if (target === undefined) findings.add(place, unknownAnchor(node.source))
      return toTree(target ?? null, { depth: inside.depth, inReference: true })
    }
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }) => toEntry(asNode(key), asNode(value), place, inside))
      return { kind: 'map', at: place, entries: merged(entries, findings) }
    }
    if (isSeq(node)) return { kind: 'list', at: place, items: node.items.map((item) => toTree(asNode(item), inside)) }
    const value = isScalar(node) ? node.value : null
    if (typeof value === 'number' && isScalar(node) && node.source !== undefined) {
      return { kind: 'value', at: place, value, source: node.source }
    }
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return { kind: 'value', at: place, value }
    }
    findings.add(place, 'this kind of value is not used in beamline files')
    return { kind: 'value', at: place, value: null }
  }

  function toEntry(
    key: Node | null,
    value: Node | null,
    parent: Mark,
    at: { readonly depth: number; readonly inReference: boolean },
  ): Entry {
    const place = key?.range === undefined || key.range === null ? parent : mark(key.range[0])
    if (!isScalar(key)) findings.add(place, 'a field name should be a text')
    return {
      key: isScalar(key) ? String(key.value) : '',
      at: place,
      value: value === null ? { kind: 'value', at: place, value: null } : toTree(value, at),
    }
  }

  function unknownAnchor(name: string): string {
    const known = [...text.matchAll(/&([^\s,[\]{}]+)/g)].flatMap(([, anchor]) => anchor ?? [])
    const meant = nearest(name, known)
    const hint = meant === undefined ? `write &${name} at the value before it` : `did you mean *${meant}?`
    return `reference *${name}: there is no &${name} above in this file; ${hint}`
  }
}

/** What the parser says in words of its own, in ours. */
function messageOf({ code, message, pos }: YAMLError, text: string): string {
  if (TOO_DEEP.test(message)) return 'the file is nested too deeply'
  if (code === 'MULTIPLE_DOCS') return 'a file holds one document; put what follows --- into a file of its own'
  if (code !== 'DUPLICATE_KEY') return message
  const key = /^[\w.-]+/.exec(text.slice(pos[0]))?.[0]
  return key === undefined
    ? message
    : `the field ${key} is there twice in this map; remove one of them (keys must be unique)`
}

/** Replaces the field `<<` by the fields of the map it holds, or of the maps in the list; fields beside it win. */
function merged(entries: readonly Entry[], findings: Findings): readonly Entry[] {
  const own = entries.filter(({ key }) => key !== '<<')
  if (own.length === entries.length) return entries
  const sources = entries
    .filter(({ key }) => key === '<<')
    .flatMap(({ value }) => (value.kind === 'list' ? value.items : [value]))
  for (const source of sources) if (source.kind !== 'map') findings.add(source.at, '<< takes a map or a list of maps')
  const all = new Map<string, Entry>()
  for (const entry of [...own, ...sources.flatMap((source) => (source.kind === 'map' ? source.entries : []))]) {
    if (!all.has(entry.key)) all.set(entry.key, entry)
  }
  return [...all.values()]
}

function asNode(value: unknown): Node | null {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null
}
