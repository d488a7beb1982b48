// Values between the command line and Tango: words to values, values to text.

import { type AttributeReading, DevFailed } from '#tango/pure'
import { UsageError } from './command.ts'

/** `motor/icepap/1/Position` split into device and attribute; aliases have one part before the attribute. */
export function splitAttribute(name: string): { device: string; attribute: string } {
  const at = name.replace(/#dbase=\w+$/, '').lastIndexOf('/')
  if (at <= 0) throw new UsageError(`'${name}' is no attribute; write <device>/<attribute>`)
  const suffix = /#dbase=\w+$/.exec(name)?.[0] ?? ''
  return { device: name.slice(0, at) + suffix, attribute: name.slice(at + 1).replace(/#dbase=\w+$/, '') }
}

/** Words as one value: JSON where it is JSON (`[1,2]`, `true`, `1e3`), else text; several words are a list. */
export function parseValue(words: readonly string[]): unknown {
  const values = words.map(parseWord)
  return values.length === 1 ? values[0] : values
}

function parseWord(word: string): unknown {
  if (/^[-+]?\d{16,}$/.test(word)) return BigInt(word)
  if (/^(nan|[-+]?inf(inity)?)$/i.test(word)) return Number(word.toLowerCase().replace(/inf(inity)?/, 'Infinity'))
  if (/^(true|false)$/i.test(word)) return word.toLowerCase() === 'true'
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(word)) return Number(word)
  if (/^[[{"]/.test(word)) {
    try {
      return JSON.parse(word)
    } catch {
      return word
    }
  }
  return word
}

/** A value as one line of text. */
export function formatValue(value: unknown): string {
  if (value === undefined) return '(no value)'
  if (typeof value === 'string') return value
  if (value instanceof DevFailed) return `error: ${value.message}`
  return JSON.stringify(plain(value))
}

/** A reading as one line: value, unless valid also the quality. */
export function formatReading(reading: AttributeReading): string {
  return reading.quality === 'VALID' ? formatValue(reading.value) : `${formatValue(reading.value)} (${reading.quality})`
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (ArrayBuffer.isView(value) && 'length' in value) return Array.from(value as unknown as ArrayLike<unknown>, plain)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]))
  return value
}
