// Reads a beamline file (YAML). The only user of the YAML library; what a file means is in check-beamline.ts.

import { readFileSync } from 'node:fs'
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument } from 'yaml'
import { devFailed } from '#tango/pure'
import type { Beamline } from './beamline.ts'
import { type CheckOptions, checkBeamline } from './check-beamline.ts'
import { type Entry, Findings, type Mark, type Tree } from './tree.ts'

/** Bounds for files whose references would make an endless tree. */
const MAX_DEPTH = 30
const MAX_NODES = 100_000

/**
 * Reads and checks a beamline file.
 * @throws DevFailed `Beamline_Invalid` with every mistake as `file:line:column: text`, one per line
 */
export function readBeamlineFile(path: string, options: CheckOptions = {}): Beamline {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw devFailed('Beamline_Invalid', `${path} cannot be read: ${what}`)
  }
  return parseBeamline(text, path, options)
}

/**
 * Checks the text of a beamline file.
 * @param file how messages call the file
 * @throws DevFailed `Beamline_Invalid` as {@link readBeamlineFile}
 */
export function parseBeamline(text: string, file: string, options: CheckOptions = {}): Beamline {
  const findings = new Findings(file)
  const counter = new LineCounter()
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false })
  const mark = (offset: number): Mark => {
    const { line, col } = counter.linePos(offset)
    return { line, column: col }
  }
  for (const error of document.errors) findings.add(mark(error.pos[0]), error.message)
  refuse(findings)
  let nodes = 0
  // a wrong tree is reported before its contents are looked at
  const tree = document.contents === null ? emptyMap() : toTree(document.contents, 0)
  refuse(findings)
  const beamline = checkBeamline(tree, findings, options)
  refuse(findings)
  return beamline

  function toTree(node: Node | ParsedNode | null, depth: number): Tree {
    const at = mark(node?.range?.[0] ?? 0)
    // references may repeat or contain themselves
    nodes += 1
    if (depth > MAX_DEPTH || nodes > MAX_NODES) {
      if (findings.lines.length === 0)
        findings.add(at, 'the file is nested too deeply, or its references repeat too much')
      return { kind: 'value', at, value: null }
    }
    // what an anchor holds keeps the place where it is written
    if (isAlias(node)) return toTree(node.resolve(document) ?? null, depth + 1)
    if (isMap(node)) {
      return { kind: 'map', at, entries: merged(node.items.map((pair) => toEntry(pair, at, depth))) }
    }
    if (isSeq(node)) return { kind: 'list', at, items: node.items.map((item) => toTree(asNode(item), depth + 1)) }
    const value = isScalar(node) ? node.value : null
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null) {
      return { kind: 'value', at, value }
    }
    findings.add(at, 'this kind of value is not used in beamline files')
    return { kind: 'value', at, value: null }
  }

  function toEntry({ key, value }: { key: unknown; value: unknown }, parent: Mark, depth: number): Entry {
    const at = asNode(key)?.range?.[0]
    const place = at === undefined ? parent : mark(at)
    const tree = asNode(value)
    return {
      key: isScalar(key) ? String(key.value) : String(key),
      at: place,
      value: tree === null ? { kind: 'value', at: place, value: null } : toTree(tree, depth + 1),
    }
  }
}

/** Replaces the field `<<` by the fields of the map it holds, or of the maps in the list; fields beside it win. */
function merged(entries: readonly Entry[]): readonly Entry[] {
  const own = entries.filter(({ key }) => key !== '<<')
  if (own.length === entries.length) return entries
  const sources = entries
    .filter(({ key }) => key === '<<')
    .flatMap(({ value }) => (value.kind === 'list' ? value.items : [value]))
  const all = new Map<string, Entry>()
  for (const entry of [...own, ...sources.flatMap((source) => (source.kind === 'map' ? source.entries : []))]) {
    if (!all.has(entry.key)) all.set(entry.key, entry)
  }
  return [...all.values()]
}

function asNode(value: unknown): Node | null {
  return isMap(value) || isSeq(value) || isScalar(value) || isAlias(value) ? value : null
}

function emptyMap(): Tree {
  return { kind: 'map', at: { line: 1, column: 1 }, entries: [] }
}

function refuse(findings: Findings): void {
  if (findings.lines.length > 0) throw devFailed('Beamline_Invalid', findings.lines.join('\n'))
}
