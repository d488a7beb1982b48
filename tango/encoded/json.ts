// The `json` and `utf8_json` payloads of DevEncoded as Python's json module writes and reads them: UTF-8, compact, and
// with the literals NaN, Infinity and -Infinity, which JSON itself (RFC 8259) does not have.

import { devFailed } from '../errors/dev-failed.ts'
import type { DevEncoded } from '../types/encoded.ts'
import { decodeUtf8, encodeUtf8 } from './utf8.ts'

/** Names of a JSON payload; both are UTF-8. */
export type JsonFormat = 'json' | 'utf8_json'

/**
 * Encodes a value for Python and web clients. Typed arrays become lists, `bigint` digits, `Map`s with text keys objects.
 * @throws DevFailed `API_InvalidArgs` when the value cannot be JSON
 */
export function encodeJson(value: unknown, format: JsonFormat = 'utf8_json'): DevEncoded {
  return { format, data: encodeUtf8(jsonText(value)) }
}

/** JSON text with Python's literals for numbers that are not finite; no spaces. */
export function jsonText(value: unknown): string {
  return textOf(value, 0) ?? 'null'
}

/**
 * Reads JSON text with or without Python's literals.
 * @throws DevFailed `API_InvalidArgs` when the text is neither
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    if (!/NaN|Infinity/.test(text)) throw notJson(text, cause)
  }
  return parseWithLiterals(text)
}

/** Payload of a `json` or `utf8_json` pair; an empty one means "nothing". */
export function decodeJson(data: Uint8Array): unknown {
  if (data.length === 0) return undefined
  let text: string
  try {
    text = decodeUtf8(data)
  } catch (cause) {
    throw devFailed('API_InvalidArgs', 'the JSON payload is not UTF-8 text', { cause })
  }
  return parseJson(text)
}

/** No value of ours is nested deeper; a loop would be. */
const MAX_DEPTH = 1000

function textOf(value: unknown, depth: number): string | undefined {
  if (depth > MAX_DEPTH)
    throw devFailed('API_InvalidArgs', `a value nested ${MAX_DEPTH} levels deep cannot be sent as JSON`)
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value)
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : String(value)
    case 'boolean':
    case 'bigint':
      return String(value)
    case 'undefined':
    case 'function':
    case 'symbol':
      return undefined
    case 'object':
      return value === null ? 'null' : objectText(value, depth)
  }
}

function objectText(value: object, depth: number): string | undefined {
  if ('toJSON' in value && typeof value.toJSON === 'function') return textOf(value.toJSON(), depth + 1)
  const list = listOf(value)
  if (list !== undefined) {
    const parts: string[] = []
    for (const item of list) parts.push(textOf(item, depth + 1) ?? 'null')
    return `[${parts.join()}]`
  }
  const members = value instanceof Map ? value.entries() : Object.entries(value)
  const parts: string[] = []
  for (const [key, member] of members) {
    const text = textOf(member, depth + 1)
    if (text !== undefined) parts.push(`${JSON.stringify(String(key))}:${text}`)
  }
  return `{${parts.join()}}`
}

/** Arrays, typed arrays and sets; undefined for anything else. */
function listOf(value: object): Iterable<unknown> | undefined {
  if (Array.isArray(value) || value instanceof Set) return value
  return ArrayBuffer.isView(value) && isIterable(value) ? value : undefined
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value
}

/** Replaces the literals outside strings by marked strings, which a reviver turns into numbers. */
function parseWithLiterals(text: string): unknown {
  let mark = '\u{e000}'
  while (text.includes(mark)) mark += '\u{e000}'
  const marked = text.replace(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (token) =>
    token.startsWith('"') ? token : `"${mark}${token}"`,
  )
  try {
    return JSON.parse(marked, (_key, value: unknown) =>
      typeof value === 'string' && value.startsWith(mark) ? Number(value.slice(mark.length)) : value,
    )
  } catch (cause) {
    throw notJson(text, cause)
  }
}

function notJson(text: string, cause: unknown): Error {
  const start = text.length > 60 ? `${text.slice(0, 60)}...` : text
  return devFailed('API_InvalidArgs', `not JSON: ${start}`, { cause })
}
