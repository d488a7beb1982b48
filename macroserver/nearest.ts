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

/** Edit distance in which two letters that changed places count once; a longer name costs what is missing at its end. */
function distanceTo(a: string, b: string, allowed: number): number {
  if (a.length > 1 && b.startsWith(a)) return Math.min(allowed, b.length - a.length)
  if (Math.abs(a.length - b.length) > allowed) return allowed + 1
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : replaced
      row.push(Math.min(replaced, swapped, at(i - 1, j) + 1, at(i, j - 1) + 1))
    }
  }
  return at(a.length, b.length)
}
