// What RunMacro is given: one XML text, or a macro's name and its parameters as texts (Spock's line). Both become calls
// with raw values; what the values mean is decided by the macro's parameters (parameters.ts).

import { devFailed } from '#tango/pure'
import { readXml, writeXml, type XmlElement, xml } from './request-xml.ts'

/** A value as it was typed: a text, nothing (use the default), or a list for a repeat parameter. */
export type RawValue = string | undefined | RawList

/** A list, with the text that it was made from. */
export interface RawList {
  readonly items: readonly RawValue[]
  readonly text: string
}

/** One macro to run. */
export interface MacroCall {
  readonly name: string
  /** Id that the client chose; empty when it chose none. */
  readonly id: string
  readonly values: readonly RawValue[]
  /** Names of macros nested in this one. */
  readonly hooks: readonly string[]
}

/** A request: one macro or several in a row. */
export interface MacroRequest {
  readonly form: 'xml' | 'texts'
  readonly calls: readonly MacroCall[]
  /** The document, for the echo; only of form `xml`. */
  readonly document: XmlElement | undefined
}

/**
 * Reads the argument of RunMacro.
 * @throws DevFailed `API_InvalidArgs` when it is neither XML nor a macro's name
 */
export function readRequest(argument: readonly string[]): MacroRequest {
  const [first = ''] = argument
  if (first.trimStart().startsWith('<')) {
    if (argument.length > 1) throw devFailed('API_InvalidArgs', 'a request in XML is one text')
    const document = readXml(first)
    return { form: 'xml', calls: callsOf(document), document }
  }
  const [name, ...values] =
    argument.length === 1 ? readLine(first) : [first.trim(), ...argument.slice(1).flatMap(readPart)]
  if (typeof name !== 'string' || name === '')
    throw devFailed('API_InvalidArgs', 'a macro has a name; the request starts with none')
  return { form: 'texts', calls: [{ name, id: '', values: closedLists(values), hooks: [] }], document: undefined }
}

/** The XML echo of a request in which every macro has an id; `ids` are for those that came without, in their order. */
export function echoOf(document: XmlElement, ids: readonly string[]): string {
  let next = 0
  const withIds = (element: XmlElement): XmlElement => {
    if (element.name === 'sequence') return { ...element, children: element.children.map(withIds) }
    if (element.name !== 'macro') return element
    const id = ids[next++] ?? ''
    return { ...element, attributes: new Map([...element.attributes, ['id', id]]) }
  }
  return writeXml(withIds(document))
}

/** XML of a macro with named values; values are texts, lists are repetitions with a name for each member. */
export function callXml(
  name: string,
  id: string,
  values: readonly (readonly [
    string,
    string | undefined | readonly (readonly (readonly [string, string | undefined])[])[],
  ])[],
): string {
  const param = (key: string, value: string | undefined) => xml('param', { name: key, value })
  const children = values.map(([key, value]) =>
    value === undefined || typeof value === 'string'
      ? param(key, value)
      : xml(
          'paramrepeat',
          { name: key },
          value.map((group, i) =>
            xml(
              'repeat',
              { nr: String(i + 1) },
              group.map(([member, text]) => param(member, text)),
            ),
          ),
        ),
  )
  return writeXml(xml('sequence', {}, [xml('macro', { name, id }, children)]))
}

function callsOf(document: XmlElement): MacroCall[] {
  if (document.name === 'macro') return [callOf(document)]
  if (document.name !== 'sequence')
    throw devFailed('API_InvalidArgs', `a request is a <macro> or a <sequence>, not <${document.name}>`)
  return document.children.map((child) => {
    if (child.name !== 'macro') throw devFailed('API_InvalidArgs', `a <sequence> holds <macro>, not <${child.name}>`)
    return callOf(child)
  })
}

function callOf(element: XmlElement): MacroCall {
  const name = element.attributes.get('name') ?? ''
  if (name === '') throw devFailed('API_InvalidArgs', 'a <macro> needs the attribute name')
  const values: RawValue[] = []
  const hooks: string[] = []
  for (const child of element.children) {
    if (child.name === 'param') values.push(child.attributes.get('value'))
    else if (child.name === 'paramrepeat') values.push(listOf(child))
    else if (child.name === 'macro') hooks.push(child.attributes.get('name') ?? '?')
    else if (child.name !== 'hookPlace')
      throw devFailed('API_InvalidArgs', `<macro name="${name}"> holds an unknown <${child.name}>`)
  }
  return { name, id: element.attributes.get('id') ?? '', values, hooks }
}

function listOf(element: XmlElement): RawList {
  const items = element.children.map((repetition) => {
    if (repetition.name !== 'repeat')
      throw devFailed('API_InvalidArgs', `a <paramrepeat> holds <repeat>, not <${repetition.name}>`)
    const values = repetition.children.map((child): RawValue => {
      if (child.name === 'param') return child.attributes.get('value')
      if (child.name === 'paramrepeat') return listOf(child)
      throw devFailed('API_InvalidArgs', `a <repeat> holds <param>, not <${child.name}>`)
    })
    return listWith(values)
  })
  return listWith(items)
}

function listWith(items: readonly RawValue[]): RawList {
  return { items, text: `[${items.map((item) => (typeof item === 'object' ? item.text : (item ?? ''))).join(' ')}]` }
}

/** A mark in a list of texts. */
const OPEN = Symbol('[')
const CLOSE = Symbol(']')
type Token = string | typeof OPEN | typeof CLOSE

/** A whole line: name, parameters, quotes, brackets. */
function readLine(line: string): RawValue[] {
  return closedLists(tokensOf(line))
}

/** One text of a list of texts: blanks in it belong to it unless it begins or ends a list; JSON lists have commas. */
function readPart(part: string): Token[] {
  return /^\[|\]$/.test(part) && !part.includes(',') ? tokensOf(part) : [unquoted(part)]
}

function tokensOf(line: string): Token[] {
  const tokens: Token[] = []
  for (const [token] of line.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[|\]|[^\s[\]]+/g)) {
    tokens.push(token === '[' ? OPEN : token === ']' ? CLOSE : unquoted(token))
  }
  return tokens
}

function unquoted(text: string): string {
  const quote = text[0]
  if (text.length < 2 || (quote !== '"' && quote !== "'") || text.at(-1) !== quote) return text
  return text.slice(1, -1).replace(/\\(.)/g, '$1')
}

function closedLists(tokens: readonly (Token | RawValue)[]): RawValue[] {
  const stack: RawValue[][] = [[]]
  for (const token of tokens) {
    const current = stack.at(-1)
    if (token === OPEN) stack.push([])
    else if (token === CLOSE) {
      const items = stack.pop() ?? []
      const below = stack.at(-1)
      if (below === undefined) throw devFailed('API_InvalidArgs', "a ']' without its '['")
      below.push(listWith(items))
    } else current?.push(typeof token === 'symbol' ? undefined : token)
  }
  const [all, ...open] = stack
  if (open.length > 0) throw devFailed('API_InvalidArgs', "a '[' without its ']'")
  return all ?? []
}
