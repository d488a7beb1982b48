// Cuts one change into YAML text at the place it belongs. Where that is not plain to see it gives up; whoever calls it
// checks the result anyway.

import {
  type Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { CheckedEdit, DocumentPath } from './yaml-edit.ts'
import { block, fits, inline, isList, type PlainValue, type Quoting } from './yaml-render.ts'

/** @returns the changed text, or `undefined` when the change is not of the kinds that are cut in */
export function cut(text: string, document: Document, edit: CheckedEdit): string | undefined {
  const splice = new Splice(text, document)
  switch (edit.kind) {
    case 'set':
      return splice.set(edit.path, edit.value)
    case 'delete':
      return splice.delete(edit.path)
    case 'insert':
      return splice.insert(edit.path, edit.index, edit.value)
  }
}

/** `controllers[0].axes` */
export function pathText(path: DocumentPath): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  return text === '' ? 'the document' : text.replace(/^\./, '')
}

/** The value with the maps around it that its path asks for. */
export function wrapped(path: DocumentPath, { value }: { readonly value: PlainValue }): PlainValue {
  return path.reduceRight<PlainValue>((inner, key) => (key === 0 ? [inner] : { [key]: inner }), value)
}

class Splice {
  readonly #text: string
  readonly #document: Document
  readonly #newLine: string

  constructor(text: string, document: Document) {
    this.#text = text
    this.#document = document
    this.#newLine = text.includes('\r\n') ? '\r\n' : '\n'
  }

  set(path: DocumentPath, value: PlainValue): string | undefined {
    const key = path.at(-1)
    if (key === undefined) return undefined
    const parentPath = path.slice(0, -1)
    const parent = this.#at(parentPath)
    if (isMap(parent)) {
      const pair = pairOf(parent, key)
      return pair === undefined ? this.#addPair(parent, String(key), value) : this.#replaceValue(parent, pair, value)
    }
    if (isSeq(parent)) {
      const index = Number(key)
      return index === parent.items.length
        ? this.#addItem(parent, index, value)
        : this.#replaceItem(parent, index, value)
    }
    if (parent !== undefined && !(isScalar(parent) && parent.value === null)) return undefined
    return this.set(parentPath, wrapped([key], { value }))
  }

  insert(path: DocumentPath, index: number, value: PlainValue): string | undefined {
    const list = this.#at(path)
    return isSeq(list) ? this.#addItem(list, index, value) : undefined
  }

  delete(path: DocumentPath): string | undefined {
    const key = path.at(-1)
    const parent = this.#at(path.slice(0, -1))
    if (key === undefined || !isCollection(parent) || !hasRange(parent)) return undefined
    if (parent.items.length === 1) return this.#empty(path.slice(0, -1), parent)
    const index = isMap(parent)
      ? parent.items.findIndex((pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
      : Number(key)
    if (index < 0 || index >= parent.items.length) return undefined
    if (parent.flow) return this.#deleteInFlow(parent, index)
    const start = this.#itemStart(parent, index)
    const end = endOf(parent.items[index])
    if (start === undefined || end === undefined) return undefined
    if (this.#isFirstOnLine(start)) return this.#replaced(this.#lineStart(start), this.#nextLine(end), '')
    // the first field beside the dash of its item: the next one takes its place, if no comment is between
    const next = this.#itemStart(parent, index + 1)
    if (next === undefined || !isMap(parent) || this.#text.slice(end, next).includes('#')) return undefined
    return this.#replaced(start, next, '')
  }

  #deleteInFlow(parent: YAMLMap | YAMLSeq, index: number): string | undefined {
    const next = startOf(parent.items[index + 1])
    const end = endOf(parent.items[index])
    const [from, to] = next === undefined ? [endOf(parent.items[index - 1]), end] : [startOf(parent.items[index]), next]
    if (from === undefined || to === undefined || this.#text.slice(from, to).includes('#')) return undefined
    return this.#replaced(from, to, '')
  }

  /** Takes the only item away: what is left is `[]` or `{}`. */
  #empty(
    path: DocumentPath,
    collection: (YAMLMap | YAMLSeq) & { range: readonly [number, number, number] },
  ): string | undefined {
    const nothing = isSeq(collection) ? '[]' : '{}'
    if (collection.flow) return this.#replaced(collection.range[0], collection.range[1], nothing)
    const key = path.at(-1)
    const parent = this.#at(path.slice(0, -1))
    const end = endOf(collection)
    if (key === undefined || end === undefined) return undefined
    if (isSeq(parent)) return this.#replaced(collection.range[0], end, nothing)
    const pair = isMap(parent) ? pairOf(parent, key) : undefined
    const colon = pair === undefined ? undefined : this.#afterColon(pair)
    const start = this.#itemStart(collection, 0)
    if (colon === undefined || start === undefined || !this.#isFirstOnLine(start)) return undefined
    const kept = this.#text.slice(colon, this.#lineStart(start))
    return this.#replaced(colon, this.#nextLine(end), ` ${nothing}${kept}`)
  }

  #replaceValue(map: YAMLMap, pair: Pair, value: PlainValue): string | undefined {
    const old = pair.value
    const colon = this.#afterColon(pair)
    const keyStart = startOf(pair.key)
    if (!isNode(old) || !hasRange(old) || colon === undefined || keyStart === undefined) return undefined
    const [start] = old.range
    const end = endOf(old) ?? start
    const column = this.#column(keyStart)
    const closing = this.#text[end - 1] === '\n' ? this.#newLine : ''
    if (this.#isInline(map, value, this.#column(start))) {
      const text = inline(value, quotingOf(old))
      if (isBlock(old)) return this.#replaced(colon, end, ` ${text}${closing}`)
      const space = start === end && !/\s$/.test(this.#text.slice(0, start)) ? ' ' : ''
      return this.#replaced(start, end, space + text + closing)
    }
    const lines = block(value, column + 2)
    // comments between the field and its content stay
    if (isBlock(old)) {
      const own = block(value, this.#column(start)).join(this.#newLine)
      return this.#replaced(start, end, own.trimStart() + closing)
    }
    return this.#replaced(colon, end, this.#newLine + lines.join(this.#newLine) + closing)
  }

  #replaceItem(list: YAMLSeq, index: number, value: PlainValue): string | undefined {
    const old = list.items[index]
    if (!isNode(old) || !hasRange(old)) return undefined
    const [start] = old.range
    const end = endOf(old) ?? start
    const closing = this.#text[end - 1] === '\n' ? this.#newLine : ''
    const column = this.#column(start)
    const text = this.#isInline(list, value, column)
      ? inline(value, quotingOf(old))
      : block(value, column).join(this.#newLine).trimStart()
    const space = start === end && !/\s$/.test(this.#text.slice(0, start)) ? ' ' : ''
    return this.#replaced(start, end, space + text + closing)
  }

  #addPair(map: YAMLMap, key: string, value: PlainValue): string | undefined {
    const first = map.items[0]
    const last = map.items.at(-1)
    const end = endOf(last)
    if (!hasRange(map)) return undefined
    if (first === undefined) return this.#replaced(map.range[0], map.range[1], inline({ [key]: value }))
    if (end === undefined) return undefined
    if (map.flow) return this.#addInFlow(last, end, `${inline(key)}: ${inline(value)}`)
    const start = startOf(first.key)
    if (start === undefined) return undefined
    const column = this.#column(start)
    const head = `${' '.repeat(column)}${inline(key)}:`
    const lines = this.#isInline(map, value, head.length + 1)
      ? [`${head} ${inline(value)}`]
      : [head, ...block(value, column + 2)]
    return this.#addLines(end, lines)
  }

  #addItem(list: YAMLSeq, index: number, value: PlainValue): string | undefined {
    if (!hasRange(list) || index < 0 || index > list.items.length) return undefined
    const before = list.items[index - 1]
    const after = list.items[index]
    if (list.items.length === 0) return this.#replaced(list.range[0], list.range[1], `[${inline(value)}]`)
    if (list.flow) {
      const end = endOf(before)
      if (after === undefined && end !== undefined) return this.#addInFlow(before, end, inline(value))
      const start = this.#withAnchor(after)
      return start === undefined ? undefined : this.#replaced(start, start, `${inline(value)}, `)
    }
    const dash = this.#itemStart(list, 0)
    if (dash === undefined) return undefined
    const column = this.#column(dash)
    const margin = ' '.repeat(column)
    const [first = '', ...rest] = this.#isInline(list, value, column + 2) ? [inline(value)] : block(value, column + 2)
    const lines = [`${margin}- ${first.trimStart()}`, ...rest]
    if (before !== undefined) {
      const end = endOf(before)
      return end === undefined ? undefined : this.#addLines(end, lines)
    }
    if (!this.#isFirstOnLine(dash)) return undefined
    const start = this.#lineStart(dash)
    return this.#replaced(start, start, lines.map((line) => line + this.#newLine).join(''))
  }

  /** Behind an item of a map or list in brackets; on a line of its own if that one is. */
  #addInFlow(last: unknown, end: number, text: string): string {
    const start = this.#withAnchor(last)
    const isOwn = start !== undefined && this.#isFirstOnLine(start)
    const gap = isOwn ? this.#newLine + ' '.repeat(this.#column(start)) : ' '
    return this.#replaced(end, end, `,${gap}${text}`)
  }

  /** Whole lines behind the one on which something ends. */
  #addLines(end: number, lines: readonly string[]): string {
    if (this.#text[end - 1] === '\n') {
      return this.#replaced(end, end, lines.map((line) => line + this.#newLine).join(''))
    }
    const at = this.#lineEnd(end)
    return this.#replaced(at, at, lines.map((line) => this.#newLine + line).join(''))
  }

  /** Short values, and everything inside of brackets; lists keep the style of their items. */
  #isInline(parent: YAMLMap | YAMLSeq, value: PlainValue, column: number): boolean {
    if (parent.flow || typeof value !== 'object' || value === null) return true
    if (Object.keys(value).length === 0) return true
    const siblings = isSeq(parent) ? parent.items.filter((item) => isCollection(item)) : []
    if (!isList(value) && siblings.length > 0 && siblings.every((item) => !item.flow)) return false
    if (siblings.length > 0 && siblings.every((item) => item.flow === true)) return column + inline(value).length <= 118
    return fits(value, column)
  }

  #at(path: DocumentPath): unknown {
    return path.reduce<unknown>((node, key) => {
      if (isMap(node)) return pairOf(node, key)?.value ?? undefined
      return isSeq(node) ? node.items[Number(key)] : undefined
    }, this.#document.contents)
  }

  /** Where a pair's key or an item's dash is; in brackets where the item begins. */
  #itemStart(parent: YAMLMap | YAMLSeq, index: number): number | undefined {
    if (isMap(parent)) return startOf(parent.items[index]?.key)
    if (parent.flow) return this.#withAnchor(parent.items[index])
    const item = startOf(parent.items[index])
    const list = hasRange(parent) ? parent.range[0] : undefined
    if (list === undefined || index === 0) return list
    if (item === undefined) return undefined
    // the dash is in the column of the first one, on the last such line before the content
    const column = this.#column(list)
    const from = endOf(parent.items[index - 1])
    if (from === undefined) return undefined
    let found: number | undefined
    const lines = this.#text.slice(0, item + 1)
    for (let at = this.#lineStart(item); at >= this.#lineStart(from); at = this.#lineStart(at - 1)) {
      if (/^ *-/.test(lines.slice(at)) && lines.slice(at).search(/-/) === column) {
        found = at + column
        break
      }
      if (at === 0) break
    }
    return found
  }

  #withAnchor(item: unknown): number | undefined {
    const start = startOf(item)
    const anchor = (isScalar(item) || isCollection(item)) && item.anchor
    return start !== undefined && typeof anchor === 'string' ? this.#text.lastIndexOf(`&${anchor}`, start) : start
  }

  /** Behind the colon of a pair, and behind what names its value (`&anchor`). */
  #afterColon({ key, value }: Pair): number | undefined {
    if (!isNode(key) || !hasRange(key) || !isNode(value) || !hasRange(value)) return undefined
    const end = key.range[1]
    const match = /^\s*:([ \t]*[&!][^\s,{}[\]]+)*/.exec(this.#text.slice(end, Math.max(end + 1, value.range[0])))
    return match === null ? undefined : end + match[0].length
  }

  #replaced(start: number, end: number, text: string): string {
    return this.#text.slice(0, start) + text + this.#text.slice(end)
  }

  #column(at: number): number {
    return at - this.#lineStart(at)
  }

  #lineStart(at: number): number {
    return this.#text.lastIndexOf('\n', at - 1) + 1
  }

  /** Before the line break. */
  #lineEnd(at: number): number {
    const end = this.#text.indexOf('\n', at)
    if (end < 0) return this.#text.length
    return this.#text[end - 1] === '\r' ? end - 1 : end
  }

  /** Where the line after the one at `at` begins. */
  #nextLine(at: number): number {
    if (this.#text[at - 1] === '\n') return at
    const end = this.#text.indexOf('\n', at)
    return end < 0 ? this.#text.length : end + 1
  }

  #isFirstOnLine(at: number): boolean {
    return /^[ ]*$/.test(this.#text.slice(this.#lineStart(at), at))
  }
}

type Ranged = { readonly range: readonly [number, number, number] }

function hasRange<T extends object>(node: T): node is T & Ranged {
  return 'range' in node && Array.isArray(node.range)
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value
}

function pairOf(map: YAMLMap, key: string | number): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key))
}

function isPair(value: unknown): value is Pair {
  return typeof value === 'object' && value !== null && 'key' in value && 'value' in value
}

/** Whether a value has lines of its own. */
function isBlock(node: Node): boolean {
  return isCollection(node) && !node.flow
}

function startOf(item: unknown): number | undefined {
  if (isPair(item)) return startOf(item.key)
  return isNode(item) && hasRange(item) ? item.range[0] : undefined
}

/** Where the content of a node ends; the range of a block reaches over the comments that follow. */
function endOf(item: unknown): number | undefined {
  if (isPair(item)) return endOf(item.value) ?? endOf(item.key)
  if (isCollection(item) && !item.flow && item.items.length > 0) return endOf(item.items.at(-1))
  return isNode(item) && hasRange(item) ? item.range[1] : undefined
}

function quotingOf(node: Node): Quoting {
  if (!isScalar(node)) return undefined
  if (node.type === 'QUOTE_DOUBLE') return 'double'
  return node.type === 'QUOTE_SINGLE' ? 'single' : undefined
}
