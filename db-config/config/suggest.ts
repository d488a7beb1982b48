// "Did you mean": the known word that is nearest to a misspelt one.

/** Names that a message lists. */
const MOST_SHOWN = 12

/** The nearest of `known`, if it is near enough to be meant: about one slip in three letters. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3))
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const distance = edits(word.toLowerCase(), candidate.toLowerCase())
    if (distance <= limit && (best === undefined || distance < best.distance)) best = { word: candidate, distance }
  }
  return best?.word
}

/** The end of a message about an unknown name: the one that may be meant, or those that there are. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known)
  if (meant !== undefined) return `did you mean ${meant}?`
  if (known.length === 0) return 'there are none'
  // a long list helps nobody
  const shown = known.slice(0, MOST_SHOWN).join(', ')
  return known.length > MOST_SHOWN ? `known: ${shown} and ${known.length - MOST_SHOWN} more` : `known: ${shown}`
}

/** Edits from `a` to `b`: insert, delete, replace, swap neighbours (optimal string alignment). */
function edits(a: string, b: string): number {
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const differs = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + differs)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(before, j - 2) + 1)
      row.push(cost)
    }
    before = last
    last = row
  }
  return at(last, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
