// Statements for MariaDB with their values written in, as the text protocol wants them. The session has backslash
// escapes and the character set Latin-1, so that each character is one byte.

import { devFailed } from '#tango/pure'
import type { Parameter } from './sql.ts'

/**
 * A statement with each `?` replaced by its value.
 * @throws DevFailed `DB_SQLError` for a character that is not in Latin-1; such texts cannot come from a Tango client
 */
export function filled(text: string, parameters: readonly Parameter[]): string {
  if (parameters.length === 0) return text
  const parts = text.split('?')
  if (parts.length !== parameters.length + 1) throw new Error(`unreachable: ${parameters.length} values for: ${text}`)
  return parts.map((part, i) => (i < parameters.length ? part + literal(parameters[i] ?? null) : part)).join('')
}

/** A value as it is written in a statement. */
export function literal(value: Parameter): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'object') return value.expression
  const foreign = /[\u{100}-\u{10ffff}]/u.exec(value)?.[0]
  if (foreign !== undefined) {
    const desc = `'${foreign}' (in '${shortened(value)}') cannot be stored: the characters of a Tango database are those of Latin-1`
    throw devFailed('DB_SQLError', desc)
  }
  return `'${value.replace(/['\\]/g, '\\$&')}'`
}

/** A text for a message. */
export function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
