// JSON text as a tree that knows where each value stands (RFC 8259). Made for files of many megabytes, which are too
// slow for a YAML reader; a field that is there twice is an error, because one of the two would be lost unseen.

import type { Entry, Mark, Tree } from '../config/tree.ts'
import { unreadable } from './report.ts'

/** Nesting beyond which a file is refused. */
const MAX_DEPTH = 100

/**
 * Parses JSON.
 * @throws DevFailed `Exchange_Invalid` with `file:line:column: text`
 */
export function parseJson(text: string, file: string): Tree {
  return new JsonParser(text, file).parse()
}

class JsonParser {
  readonly #text: string
  readonly #file: string
  #at = 0
  #line = 1
  #lineStart = 0

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
    if (text.charCodeAt(0) === 0xfeff) this.#at = 1
  }

  parse(): Tree {
    this.#blank()
    const tree = this.#value(0)
    this.#blank()
    if (this.#at < this.#text.length) this.#fail(this.#mark(), 'something stands behind the end of the value')
    return tree
  }

  #mark(): Mark {
    return { file: this.#file, line: this.#line, column: this.#at - this.#lineStart + 1 }
  }

  #fail({ line, column }: Mark, what: string): never {
    throw unreadable([`${this.#file}:${line}:${column}: ${what}`])
  }

  #blank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at)
      if (code === 0x0a) {
        this.#line += 1
        this.#lineStart = this.#at + 1
      } else if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return
      this.#at += 1
    }
  }

  #value(depth: number): Tree {
    const at = this.#mark()
    if (depth > MAX_DEPTH) this.#fail(at, 'the file is nested too deeply')
    const first = this.#text[this.#at]
    if (first === '{') return { kind: 'map', at, entries: this.#map(depth) }
    if (first === '[') return { kind: 'list', at, items: this.#list(depth) }
    if (first === '"') return { kind: 'value', at, value: this.#string() }
    return { kind: 'value', at, value: this.#word(at) }
  }

  #map(depth: number): readonly Entry[] {
    const entries: Entry[] = []
    const seen = new Set<string>()
    this.#at += 1
    this.#blank()
    if (this.#take('}')) return entries
    for (;;) {
      const at = this.#mark()
      if (this.#text[this.#at] !== '"') this.#fail(at, 'a name in double quotes should stand here')
      const key = this.#string()
      if (seen.has(key)) this.#fail(at, `the name ${JSON.stringify(key)} is there twice`)
      seen.add(key)
      this.#blank()
      if (!this.#take(':')) this.#fail(this.#mark(), 'a colon should stand here')
      this.#blank()
      entries.push({ key, at, value: this.#value(depth + 1) })
      this.#blank()
      if (this.#take('}')) return entries
      if (!this.#take(',')) this.#fail(this.#mark(), 'a comma or } should stand here')
      this.#blank()
    }
  }

  #list(depth: number): readonly Tree[] {
    const items: Tree[] = []
    this.#at += 1
    this.#blank()
    if (this.#take(']')) return items
    for (;;) {
      items.push(this.#value(depth + 1))
      this.#blank()
      if (this.#take(']')) return items
      if (!this.#take(',')) this.#fail(this.#mark(), 'a comma or ] should stand here')
      this.#blank()
    }
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false
    this.#at += 1
    return true
  }

  #string(): string {
    const start = this.#at
    const at = this.#mark()
    let escaped = false
    for (let i = start + 1; ; i += 1) {
      const code = this.#text.charCodeAt(i)
      if (Number.isNaN(code) || code === 0x0a) this.#fail(at, 'the text has no closing quote')
      if (code === 0x5c) {
        escaped = true
        i += 1
      } else if (code === 0x22) {
        this.#at = i + 1
        return escaped ? this.#decode(start, i + 1, at) : this.#text.slice(start + 1, i)
      }
    }
  }

  /** Leaves the escapes to the platform. */
  #decode(start: number, end: number, at: Mark): string {
    try {
      const decoded: unknown = JSON.parse(this.#text.slice(start, end))
      if (typeof decoded === 'string') return decoded
    } catch (cause) {
      this.#fail(at, `the text has a wrong escape: ${cause instanceof Error ? cause.message : String(cause)}`)
    }
    return this.#fail(at, 'the text cannot be read')
  }

  #word(at: Mark): number | boolean | null {
    const word = /[^\s,:\]}[{"]*/y
    word.lastIndex = this.#at
    const [text = ''] = word.exec(this.#text) ?? []
    this.#at += text.length
    if (text === 'true') return true
    if (text === 'false') return false
    if (text === 'null') return null
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text)
    return this.#fail(at, text === '' ? 'a value should stand here' : `${text} is no JSON value`)
  }
}
