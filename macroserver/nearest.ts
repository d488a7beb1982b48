// "Did you mean": the known names that come near a mistyped one.

/** Up to three of `names` that resemble `name`, best first; compared without case. */
export function nearest(name: string, names: Iterable<string>): string[] {
  const wanted = name.toLowerCase()
  const allowed = Math.max(1, Math.floor(wanted.length / 3))
  return [...names]
    .map((candidate) => ({ candidate, distance: distanceTo(wanted, candidate.toLowerCase(), allowed) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance || a.candidate.localeCompare(b.candidate))
    .slice(0, 3)
    .map(({ candidate }) => candidate)
}

/** `; did you mean a or b?`, or nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const found = nearest(name, names)
  return found.length === 0 ? '' : `; did you mean ${found.join(' or ')}?`
}

/** Levenshtein's edit distance; a common start costs nothing more than what is missing after it, at most `allowed`. */
function distanceTo(a: string, b: string, allowed: number): number {
  if (a.length > 1 && b.startsWith(a)) return Math.min(allowed, b.length - a.length)
  if (Math.abs(a.length - b.length) > allowed) return allowed + 1
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
