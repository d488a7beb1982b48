// The XML of macro requests: elements, attributes and text only, bounded. Not an XML parser for anything else: no
// document types, no namespaces, no processing instructions but the declaration.

import { devFailed } from '#tango/pure'

/** One element. */
export interface XmlElement {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** Text directly in the element, without blanks at its ends. */
  readonly text: string
}

const MAX_LENGTH = 1_000_000
const MAX_DEPTH = 30
const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['quot', '"'],
  ['apos', "'"],
])

/**
 * Reads one element with everything in it.
 * @throws DevFailed `API_InvalidArgs` with the place of the error
 */
export function readXml(text: string): XmlElement {
  if (text.length > MAX_LENGTH) throw devFailed('API_InvalidArgs', `a request of ${text.length} characters is too long`)
  const reader = new XmlReader(text)
  return reader.document()
}

/** Compact text of an element. */
export function writeXml(element: XmlElement): string {
  const attributes = [...element.attributes].map(([key, value]) => ` ${key}="${escaped(value)}"`).join('')
  const content = escaped(element.text) + element.children.map(writeXml).join('')
  return content === ''
    ? `<${element.name}${attributes}/>`
    : `<${element.name}${attributes}>${content}</${element.name}>`
}

/** Makes an element; attributes that are undefined are left out. */
export function xml(
  name: string,
  attributes: Readonly<Record<string, string | undefined>>,
  children: readonly XmlElement[] = [],
): XmlElement {
  const present = Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return { name, attributes: new Map(present), children, text: '' }
}

class XmlReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  document(): XmlElement {
    this.#skipProlog()
    const root = this.#element(0)
    this.#skipBlanksAndComments()
    if (this.#at < this.#text.length) this.#fail('nothing may follow the first element')
    return root
  }

  #skipProlog(): void {
    this.#skipBlanksAndComments()
    if (this.#text.startsWith('<?xml', this.#at)) {
      this.#skipTo('?>')
      this.#skipBlanksAndComments()
    }
  }

  #element(depth: number): XmlElement {
    if (depth > MAX_DEPTH) this.#fail('elements are nested too deeply')
    if (this.#text[this.#at] !== '<') this.#fail("'<' expected")
    this.#at += 1
    const name = this.#name()
    const attributes = this.#attributes()
    if (this.#taken('/>')) return { name, attributes, children: [], text: '' }
    if (!this.#taken('>')) this.#fail(`'>' expected at the end of <${name}`)
    const children: XmlElement[] = []
    let text = ''
    for (;;) {
      const next = this.#text.indexOf('<', this.#at)
      if (next < 0) this.#fail(`</${name}> is missing`)
      text += this.#decoded(this.#text.slice(this.#at, next))
      this.#at = next
      if (this.#text.startsWith('<!--', this.#at)) this.#skipTo('-->')
      else if (this.#taken('</')) break
      else children.push(this.#element(depth + 1))
    }
    const closed = this.#name()
    if (closed !== name) this.#fail(`</${closed}> closes <${name}>`)
    this.#skipBlanks()
    if (!this.#taken('>')) this.#fail(`'>' expected after </${name}`)
    return { name, attributes, children, text: text.trim() }
  }

  #attributes(): Map<string, string> {
    const attributes = new Map<string, string>()
    for (;;) {
      this.#skipBlanks()
      const char = this.#text[this.#at]
      if (char === undefined || char === '>' || char === '/') return attributes
      const key = this.#name()
      this.#skipBlanks()
      if (!this.#taken('=')) this.#fail(`'=' expected after the attribute ${key}`)
      this.#skipBlanks()
      const quote = this.#text[this.#at]
      if (quote !== '"' && quote !== "'") this.#fail(`the value of ${key} is not in quotes`)
      const end = this.#text.indexOf(quote ?? '"', this.#at + 1)
      if (end < 0) this.#fail(`the value of ${key} has no end`)
      attributes.set(key, this.#decoded(this.#text.slice(this.#at + 1, end)))
      this.#at = end + 1
    }
  }

  #name(): string {
    const match = /[A-Za-z_][\w.-]*/y
    match.lastIndex = this.#at
    const found = match.exec(this.#text)?.[0]
    if (found === undefined) this.#fail('a name expected')
    this.#at += found.length
    return found
  }

  #decoded(raw: string): string {
    if (!raw.includes('&')) return raw
    return raw.replace(/&(#x[0-9a-fA-F]{1,6}|#\d{1,7}|\w{1,8});|&/g, (whole, code: string | undefined) => {
      const text = code === undefined ? undefined : characterOf(code)
      return text ?? this.#fail(`'${whole}' is no entity that requests may have`)
    })
  }

  #taken(what: string): boolean {
    if (!this.#text.startsWith(what, this.#at)) return false
    this.#at += what.length
    return true
  }

  #skipBlanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #skipBlanksAndComments(): void {
    this.#skipBlanks()
    while (this.#text.startsWith('<!--', this.#at)) {
      this.#skipTo('-->')
      this.#skipBlanks()
    }
  }

  #skipTo(end: string): void {
    const found = this.#text.indexOf(end, this.#at)
    if (found < 0) this.#fail(`${end} is missing`)
    this.#at = found + end.length
  }

  #fail(what: string): never {
    throw devFailed('API_InvalidArgs', `the XML of the request is wrong at character ${this.#at + 1}: ${what}`)
  }
}

function characterOf(code: string): string | undefined {
  if (!code.startsWith('#')) return ENTITIES.get(code)
  const point = code.startsWith('#x') ? Number.parseInt(code.slice(2), 16) : Number(code.slice(1))
  return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}

function escaped(text: string): string {
  return text.replace(/[<>&"\n\r\t]/g, (c) => {
    switch (c) {
      case '<':
        return '&lt;'
      case '>':
        return '&gt;'
      case '&':
        return '&amp;'
      case '"':
        return '&quot;'
      default:
        return `&#${c.charCodeAt(0)};`
    }
  })
}
