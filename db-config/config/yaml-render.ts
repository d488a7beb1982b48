// Plain values as YAML text, in one line or in a block. Quotes only where they are needed.

import { parse } from 'yaml'

/** What a file can hold. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly PlainValue[]
  | { readonly [key: string]: PlainValue }

/** How a text was quoted before. */
export type Quoting = 'single' | 'double' | undefined

/** Longest line that is not broken. */
const WIDTH = 118

/** A value in one line: `{ name: mot01, limits: [-1, 1] }`. */
export function inline(value: PlainValue, quoting?: Quoting): string {
  if (isList(value)) return `[${value.map((item) => inline(item)).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, item]) => `${inline(key)}: ${inline(item)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  if (typeof value !== 'string') return String(value)
  // JSON's texts are YAML's
  if (quoting === 'double' || /[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufefe]/.test(value)) return JSON.stringify(value)
  if (quoting === undefined && isPlain(value)) return value
  return `'${value.replaceAll("'", "''")}'`
}

/** A map or list in lines of its own, all of them indented. Parts that are short stand in one line. */
export function block(value: PlainValue, indent: number): string[] {
  const margin = ' '.repeat(indent)
  if (isList(value)) {
    return value.flatMap((item) => {
      if (fits(item, indent + 2)) return [`${margin}- ${inline(item)}`]
      const [first = '', ...rest] = block(item, indent + 2)
      return [`${margin}- ${first.trimStart()}`, ...rest]
    })
  }
  if (typeof value !== 'object' || value === null) return [margin + inline(value)]
  return Object.entries(value).flatMap(([key, item]) => {
    const start = `${margin}${inline(key)}:`
    return fits(item, start.length + 1) ? [`${start} ${inline(item)}`] : [start, ...block(item, indent + 2)]
  })
}

/** Whether a value is written in one line at this column. */
export function fits(value: PlainValue, column: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  const parts = Object.values(value)
  if (parts.length === 0) return true
  // lists of maps are easier to read, and to change, in lines of their own
  const isNested = parts.some((part: unknown) => typeof part === 'object' && part !== null && !isFlatList(part))
  return !isNested && column + inline(value).length <= WIDTH
}

/** @returns the value if files can hold it */
export function plainValue(value: unknown): PlainValue | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (Array.isArray(value)) {
    const items = value.map(plainValue)
    return items.every((item) => item !== undefined) ? items : undefined
  }
  if (typeof value !== 'object') return undefined
  const entries = Object.entries(value).map(([key, item]) => [key, plainValue(item)] as const)
  const known = entries.flatMap(([key, item]) => (item === undefined ? [] : [[key, item] as const]))
  return known.length === entries.length ? Object.fromEntries(known) : undefined
}

export function isList(value: unknown): value is readonly PlainValue[] {
  return Array.isArray(value)
}

function isFlatList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)
}

/** Whether a text needs no quotes, not even inside of brackets. */
function isPlain(text: string): boolean {
  return (
    /^[A-Za-z0-9_/.+-](?:[\w./+() %-]*[\w./+()%-])?$/.test(text) && !/^(---|\.\.\.)/.test(text) && parse(text) === text
  )
}
