// Tango's name patterns as SQL conditions: `*` stands for any text, everything else for itself.

/** A condition with its parameters. */
export interface Condition {
  readonly sql: string
  readonly parameters: readonly string[]
}

/** Whether a text is a pattern rather than a name. */
export function isPattern(text: string): boolean {
  return text.includes('*')
}

/**
 * Condition that a column fits a pattern. Names are compared as names, so that the index serves them; LIKE is for
 * patterns only, and its own special characters are escaped.
 */
export function fits(column: string, pattern: string): Condition {
  if (pattern === '*') return { sql: `${column} IS NOT NULL`, parameters: [] }
  if (!isPattern(pattern)) return { sql: `${column} = ?`, parameters: [pattern] }
  // a bar, because a literal backslash is written differently in SQLite and in MySQL
  const like = pattern.replace(/[|%_]/g, '|$&').replace(/\*/g, '%')
  return { sql: `${column} LIKE ? ESCAPE '|'`, parameters: [like] }
}

/** All conditions at once; true when there is none. */
export function all(conditions: readonly Condition[]): Condition {
  if (conditions.length === 0) return { sql: '1', parameters: [] }
  return {
    sql: conditions.map((c) => `(${c.sql})`).join(' AND '),
    parameters: conditions.flatMap((c) => c.parameters),
  }
}

/** One of two conditions. */
export function either(a: Condition, b: Condition): Condition {
  return { sql: `${a.sql} OR ${b.sql}`, parameters: [...a.parameters, ...b.parameters] }
}
