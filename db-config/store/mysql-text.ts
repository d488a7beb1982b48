// A SELECT in MySQL's spelling, as Tango clients send it, rewritten for SQLite: string literals and LIKE differ.

/** What cannot be rewritten. */
export class SelectTextError extends Error {}

/**
 * Rewrites a query.
 * - strings in double quotes, and backslash escapes in strings, become SQLite literals;
 * - LIKE gets `ESCAPE '\'`, which MySQL implies;
 * - values are compared without regard to case, as the name columns of the schema are anyway;
 * - ORDER BY sorts texts as MySQL does, where an underscore comes after the letters;
 * - without the word SELECT in front it is added, so that nothing else can be executed.
 * @throws SelectTextError for a second statement or an unfinished string
 */
export function toSqlite(query: string): string {
  const withVerb = /^\s*select\b/i.test(query) ? query : `SELECT ${query}`
  let out = ''
  let afterLike = false
  let order: 'none' | 'order' | 'by' = 'none'
  const union = /\bunion\b/i.test(withVerb)
  for (let at = 0; at < withVerb.length; ) {
    const char = withVerb.charAt(at)
    if (char === "'" || char === '"') {
      const { value, end } = literal(withVerb, at)
      out += `'${value.replaceAll("'", "''")}'${afterLike ? " ESCAPE '\\'" : ''}`
      afterLike = false
      at = end
      continue
    }
    if (char === ';') {
      if (withVerb.slice(at + 1).trim() !== '') throw new SelectTextError('only one statement is allowed')
      break
    }
    const word = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?/.exec(withVerb.slice(at))?.[0]
    if (word !== undefined) {
      const lower = word.toLowerCase()
      afterLike = lower === 'like'
      if (order === 'by' && !union && isTextColumn(lower)) out += `upper(${word})`
      else out += /^(\w+\.)?value$/.test(lower) && !/\bas\s+$/i.test(out) ? `${word} COLLATE NOCASE` : word
      if (lower === 'order' || lower === 'limit') order = lower === 'order' ? 'order' : 'none'
      else if (lower === 'by' && order === 'order') order = 'by'
    } else {
      if (!/\s/.test(char)) afterLike = false
      if (char === '(' || char === ')') order = 'none'
      out += char
    }
    at += word?.length ?? 1
  }
  return out
}

const TEXT_COLUMNS = new Set(
  'name alias domain family member host server class object device attribute pipe value'.split(' '),
)

/** Whether a name, perhaps after its table's, is that of a column of texts. */
function isTextColumn(word: string): boolean {
  return TEXT_COLUMNS.has(word.slice(word.indexOf('.') + 1))
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', 0: '\0', b: '\b', Z: '\x1a' }

/** Reads the string literal that starts at `start`. */
function literal(source: string, start: number): { value: string; end: number } {
  const quote = source.charAt(start)
  let value = ''
  for (let at = start + 1; at < source.length; at += 1) {
    const char = source.charAt(at)
    if (char === '\\') {
      at += 1
      const next = source.charAt(at)
      // MySQL keeps \% and \_ as they are, for LIKE
      if (next === '%' || next === '_') value += `\\${next}`
      else value += ESCAPES[next] ?? next
    } else if (char === quote) {
      if (source.charAt(at + 1) !== quote) return { value, end: at + 1 }
      value += quote
      at += 1
    } else value += char
  }
  throw new SelectTextError('a string is not closed')
}
