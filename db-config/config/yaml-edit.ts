// Changes values in YAML text and leaves everything else as it is: comments, order, quotes, anchors, line breaks.
// A change is cut into the text; what cannot be cut in is left to the YAML library, which keeps all but the layout.

import { type Document, isAlias, isCollection, isMap, isScalar, isSeq, type Node, parseDocument, visit } from 'yaml'
import { devFailed } from '#tango/pure'
import { isList, type PlainValue, plainValue } from './yaml-render.ts'
import { cut, pathText, wrapped } from './yaml-splice.ts'

/** Bound for references that repeat much. */
const MAX_VALUES = 100_000

/** Where in a document: names of fields and indices of lists. */
export type DocumentPath = readonly (string | number)[]

/** One change of a document. */
export type DocumentEdit =
  /** Sets a value; what is missing on the way is made. Of a map or list only what differs is changed. */
  | { readonly kind: 'set'; readonly path: DocumentPath; readonly value: unknown }
  /** Takes a field or an item away. */
  | { readonly kind: 'delete'; readonly path: DocumentPath }
  /** Puts an item into the list at `path`, before the one that has this index now. */
  | { readonly kind: 'insert'; readonly path: DocumentPath; readonly index: number; readonly value: unknown }

/** A change of which the value is known to be one that files can hold. */
export type CheckedEdit =
  | { readonly kind: 'set'; readonly path: DocumentPath; readonly value: PlainValue }
  | { readonly kind: 'delete'; readonly path: DocumentPath }
  | { readonly kind: 'insert'; readonly path: DocumentPath; readonly index: number; readonly value: PlainValue }

/**
 * Makes changes one after another.
 * @throws DevFailed `Beamline_Invalid` when the text is no YAML, a place does not exist, is shared by a reference, or
 * holds an anchor that is still referred to; nothing is changed then
 */
export function editDocument(text: string, edits: readonly DocumentEdit[]): string {
  return edits.reduce((current, edit) => expand(current, checked(edit)).reduce(changed, current), text)
}

function checked(edit: DocumentEdit): CheckedEdit {
  if (edit.kind === 'delete') return edit
  const value = plainValue(edit.value)
  if (value === undefined) throw refused(edit.path, 'the value holds something that a file cannot hold')
  return { ...edit, value }
}

/** A map or list that replaces another one becomes the changes between them, so that what stays the same is not touched. */
function expand(text: string, edit: CheckedEdit): readonly CheckedEdit[] {
  if (edit.kind !== 'set') return [edit]
  const document = parsed(text)
  const node = edit.path.reduce<unknown>((at, key) => below(at, key), document.contents)
  const value = node === undefined ? undefined : contentOf(node, document, { left: MAX_VALUES })
  return differences(node, value, edit) ?? [edit]
}

/** The value of a node with references and merged maps resolved; what is too large or wrong becomes `undefined`. */
function contentOf(node: unknown, document: Document, budget: { left: number }): unknown {
  budget.left -= 1
  if (budget.left < 0) return undefined
  if (isAlias(node)) return contentOf(node.resolve(document), document, budget)
  if (isSeq(node)) return node.items.map((item) => contentOf(item, document, budget))
  if (!isMap(node)) return isScalar(node) ? node.value : null
  const entries = node.items.map(({ key, value }) => [keyText(key), contentOf(value, document, budget)] as const)
  const merged = entries
    .filter(([key]) => key === '<<')
    .flatMap(([, value]) => (Array.isArray(value) ? value : [value]))
  const sources: unknown[] = merged.reverse().filter(isRecord)
  return Object.assign({}, ...sources, Object.fromEntries(entries.filter(([key]) => key !== '<<')))
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : '?'
}

/** @returns `undefined` when the value is to be replaced as a whole */
function differences(node: unknown, present: unknown, edit: CheckedEdit): readonly CheckedEdit[] | undefined {
  if (edit.kind !== 'set') return undefined
  const { path, value } = edit
  if (node !== undefined && JSON.stringify(present) === JSON.stringify(value)) return []
  if (isSeq(node) && isList(value) && isList(present) && present.length > 0 && value.length > 0) {
    const kept = Math.min(present.length, value.length)
    const same = value.slice(0, kept).flatMap((item, index) => {
      const inner: CheckedEdit = { kind: 'set', path: [...path, index], value: item }
      return differences(node.items[index], present[index], inner) ?? [inner]
    })
    const more = value
      .slice(kept)
      .map((item, i): CheckedEdit => ({ kind: 'insert', path, index: kept + i, value: item }))
    const fewer = present.slice(kept).map((): CheckedEdit => ({ kind: 'delete', path: [...path, kept] }))
    return [...same, ...more, ...fewer]
  }
  if (!isMap(node) || !isRecord(present) || !isRecord(value) || Array.isArray(value)) return undefined
  const gone = Object.keys(present).filter((key) => !(key in value))
  const own = new Set(node.items.map(({ key }) => keyText(key)))
  // a field of a merged map cannot be taken away here; and a map of which nothing stays is another one
  if (gone.some((key) => !own.has(key)) || gone.length === own.size) return undefined
  const set = Object.entries(value).flatMap(([key, item]) => {
    const inner: CheckedEdit = { kind: 'set', path: [...path, key], value: item }
    return differences(own.has(key) ? below(node, key) : undefined, present[key], inner) ?? [inner]
  })
  const needed = set.filter(
    (one) => one.kind !== 'set' || own.has(String(one.path[path.length])) || !sameAt(present, one, path),
  )
  return [...needed, ...gone.map((key): CheckedEdit => ({ kind: 'delete', path: [...path, key] }))]
}

/** Whether a merged map gives the value already. */
function sameAt(
  present: Readonly<Record<string, unknown>>,
  edit: CheckedEdit & { kind: 'set' },
  path: DocumentPath,
): boolean {
  const key = edit.path[path.length]
  return key !== undefined && JSON.stringify(present[key]) === JSON.stringify(edit.value)
}

function changed(text: string, edit: CheckedEdit): string {
  const document = parsed(text)
  const wanted = JSON.stringify(shapeAfter(shapeOf(document.contents), edit))
  const read = (result: string): Document | undefined => {
    const next = parseDocument(result, { logLevel: 'silent' })
    return next.errors.length === 0 && JSON.stringify(shapeOf(next.contents)) === wanted ? next : undefined
  }
  const spliced = cut(text, document, edit)
  const after = spliced === undefined ? undefined : read(spliced)
  if (spliced !== undefined && after !== undefined) {
    reportLostAnchors(after, edit)
    return spliced
  }
  const result = rewritten(document, edit)
  const other = read(result)
  if (other === undefined) throw refused(edit.path, 'the change cannot be written; edit the file by hand')
  reportLostAnchors(other, edit)
  return result
}

function reportLostAnchors(document: Document, edit: CheckedEdit): void {
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return
      throw refused(edit.path, `it holds &${alias.source}, to which *${alias.source} refers; change that first`)
    },
  })
}

/** The change as the library makes it. */
function rewritten(document: Document, edit: CheckedEdit): string {
  const { path } = edit
  if (edit.kind === 'delete') document.deleteIn(path)
  else if (edit.kind === 'set') {
    const old = document.getIn(path, true)
    const node = document.createNode(edit.value)
    if ((isScalar(old) || isCollection(old)) && old.anchor !== undefined) node.anchor = old.anchor
    if (path.length === 0) document.contents = node
    else document.setIn(path, node)
  } else {
    const list = document.getIn(path, true)
    if (isSeq(list)) list.items.splice(edit.index, 0, document.createNode(edit.value))
  }
  return document.toString({ lineWidth: 0 })
}

function parsed(text: string): Document {
  const document = parseDocument(text, { logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) throw devFailed('Beamline_Invalid', `the document is no YAML: ${error.message}`)
  return document
}

/** The content of a document with its anchors and references, without comments and layout. */
type Shape =
  | { readonly alias: string }
  | { readonly anchor?: string; readonly value: unknown }
  | { readonly anchor?: string; readonly items: readonly Shape[] }
  | { readonly anchor?: string; readonly entries: readonly (readonly [string, Shape])[] }

function shapeOf(node: unknown): Shape {
  if (isAlias(node)) return { alias: node.source }
  const anchor = anchorOf(node)
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => [keyText(key), shapeOf(value)] as const)
    return { ...anchor, entries }
  }
  if (isSeq(node)) return { ...anchor, items: node.items.map(shapeOf) }
  return { ...anchor, value: isScalar(node) ? node.value : null }
}

function anchorOf(node: unknown): { anchor?: string } {
  const named = isScalar(node) || isCollection(node) ? node.anchor : undefined
  return named === undefined ? {} : { anchor: named }
}

function shapeOfValue(value: PlainValue): Shape {
  if (isList(value)) return { items: value.map(shapeOfValue) }
  if (typeof value !== 'object' || value === null) return { value }
  return { entries: Object.entries(value).map(([key, item]) => [key, shapeOfValue(item)] as const) }
}

/** What the document should be after the change. */
function shapeAfter(shape: Shape, edit: CheckedEdit, depth = 0): Shape {
  const { path } = edit
  const [key, ...rest] = path.slice(depth)
  const missing = (): never => {
    throw refused(path.slice(0, depth + 1), 'there is no such place')
  }
  if (key === undefined) {
    if (edit.kind === 'delete') return missing()
    const anchor = 'anchor' in shape ? { anchor: shape.anchor } : {}
    if (edit.kind === 'set') return { ...anchor, ...shapeOfValue(edit.value) }
    if (!('items' in shape)) throw refused(path, 'it is no list')
    if (!isIndex(edit.index, shape.items.length)) throw refused(path, `it has no place ${edit.index}`)
    const items = [...shape.items]
    items.splice(edit.index, 0, shapeOfValue(edit.value))
    return { ...shape, items }
  }
  if ('alias' in shape)
    throw refused(path.slice(0, depth), `it is *${shape.alias}; change it where &${shape.alias} is written`)
  if ('entries' in shape) {
    const index = shape.entries.findIndex(([name]) => name === String(key))
    const found = shape.entries[index]
    if (found === undefined) {
      if (edit.kind !== 'set') return missing()
      return { ...shape, entries: [...shape.entries, [String(key), shapeOfValue(wrapped(rest, edit))]] }
    }
    if (edit.kind === 'delete' && rest.length === 0) return { ...shape, entries: shape.entries.toSpliced(index, 1) }
    return { ...shape, entries: shape.entries.with(index, [found[0], shapeAfter(found[1], edit, depth + 1)]) }
  }
  if ('items' in shape) {
    const index = Number(key)
    const found = shape.items[index]
    if (!isIndex(index, shape.items.length)) return missing()
    if (found === undefined) {
      if (edit.kind !== 'set') return missing()
      return { ...shape, items: [...shape.items, shapeOfValue(wrapped(rest, edit))] }
    }
    if (edit.kind === 'delete' && rest.length === 0) return { ...shape, items: shape.items.toSpliced(index, 1) }
    return { ...shape, items: shape.items.with(index, shapeAfter(found, edit, depth + 1)) }
  }
  if (shape.value !== null || edit.kind !== 'set') return missing()
  const anchor = 'anchor' in shape ? { anchor: shape.anchor } : {}
  return { ...anchor, ...shapeOfValue(wrapped([key, ...rest], edit)) }
}

function below(node: unknown, key: string | number): unknown {
  if (isSeq(node)) return node.items[Number(key)]
  if (!isMap(node)) return undefined
  return node.items.find((pair) => keyText(pair.key) === String(key))?.value as Node | undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isIndex(index: number, length: number): boolean {
  return Number.isInteger(index) && index >= 0 && index <= length
}

function refused(path: DocumentPath, why: string) {
  return devFailed('Beamline_Invalid', `${pathText(path)}: ${why}`)
}
