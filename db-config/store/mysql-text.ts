// A SELECT in MySQL's spelling, as Tango clients send it, rewritten for SQLite: string literals and LIKE differ.

/** What cannot be rewritten. */
export class SelectTextError extends Error {}

/**
 * Rewrites a query.
 * - strings in double quotes, and backslash escapes in strings, become SQLite literals;
 * - LIKE gets `ESCAPE '\'`, which MySQL implies;
 * - without the word SELECT in front it is added, so that nothing else can be executed.
 * @throws SelectTextError for a second statement or an unfinished string
 */
export function toSqlite(query: string): string {
  const withVerb = /^\s*select\b/i.test(query) ? query : `SELECT ${query}`
  let out = ''
  let afterLike = false
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
    const word = /^[A-Za-z_]\w*/.exec(withVerb.slice(at))?.[0]
    if (word !== undefined) afterLike = word.toLowerCase() === 'like'
    else if (!/\s/.test(char)) afterLike = false
    out += word ?? char
    at += word?.length ?? 1
  }
  return out
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
