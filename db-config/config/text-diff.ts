// Differences between two sets of files, as unified diffs that people know. Shortest edit script after E. W. Myers,
// "An O(ND) difference algorithm and its variations" (1986).

import type { SourceDocument } from './documents.ts'

/** Lines around a difference. */
const CONTEXT = 3
/** Beyond this many differing lines a file is shown as replaced: the search takes their square. */
const MOST_EDITS = 4000

type Edit = { readonly kind: ' ' | '-' | '+'; readonly text: string }

/** Unified diff of files by path; empty when they are the same. */
export function documentsDiff(before: readonly SourceDocument[], after: readonly SourceDocument[]): readonly string[] {
  const [[oldRoot, ...old], [newRoot, ...now]] = [before, after]
  const paths = [...new Set([...old, ...now].map(({ path }) => path))]
  // the root is the root, whatever it is called
  const pairs = [
    [oldRoot, newRoot],
    ...paths.map((path) => [old, now].map((list) => list.find((d) => d.path === path))),
  ]
  return pairs.flatMap(([a, b]) => {
    if (a?.text === b?.text) return []
    return [`--- ${a?.path ?? '(none)'}`, `+++ ${b?.path ?? '(none)'}`, ...textDiff(a?.text ?? '', b?.text ?? '')]
  })
}

/** Unified diff of two texts, without the lines that name them. */
export function textDiff(before: string, after: string): readonly string[] {
  return hunks(edits(linesOf(before), linesOf(after)))
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function edits(a: readonly string[], b: readonly string[]): readonly Edit[] {
  // what is equal at both ends needs no search
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1
  const same = (from: number, to: number): readonly Edit[] => a.slice(from, to).map((text) => ({ kind: ' ', text }))
  return [
    ...same(0, head),
    ...search(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...same(a.length - tail, a.length),
  ]
}

function search(a: readonly string[], b: readonly string[]): readonly Edit[] {
  const reached: Map<number, number>[] = []
  let furthest = new Map([[1, 0]])
  for (let d = 0; d <= Math.min(a.length + b.length, MOST_EDITS); d += 1) {
    const next = new Map<number, number>()
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1))
      let x = down ? (furthest.get(k + 1) ?? 0) : (furthest.get(k - 1) ?? 0) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x += 1
      next.set(k, x)
      if (x >= a.length && x - k >= b.length) return path(a, b, [...reached, furthest], d)
    }
    reached.push(furthest)
    furthest = next
  }
  return [...a.map((text): Edit => ({ kind: '-', text })), ...b.map((text): Edit => ({ kind: '+', text }))]
}

/** Walks back from the end through what was reached with each number of edits. */
function path(
  a: readonly string[],
  b: readonly string[],
  reached: readonly ReadonlyMap<number, number>[],
  distance: number,
): readonly Edit[] {
  const found: Edit[] = []
  let [x, y] = [a.length, b.length]
  for (let d = distance; d > 0; d -= 1) {
    const before = reached[d] ?? new Map<number, number>()
    const k = x - y
    const down = k === -d || (k !== d && (before.get(k - 1) ?? -1) < (before.get(k + 1) ?? -1))
    const from = before.get(down ? k + 1 : k - 1) ?? 0
    const fromY = from - (down ? k + 1 : k - 1)
    while (x > from && y > fromY && x > 0 && y > 0 && a[x - 1] === b[y - 1]) {
      found.push({ kind: ' ', text: a[x - 1] ?? '' })
      x -= 1
      y -= 1
    }
    if (down) {
      y -= 1
      found.push({ kind: '+', text: b[y] ?? '' })
    } else {
      x -= 1
      found.push({ kind: '-', text: a[x] ?? '' })
    }
  }
  while (x > 0) {
    x -= 1
    found.push({ kind: ' ', text: a[x] ?? '' })
  }
  return found.reverse()
}

function hunks(list: readonly Edit[]): readonly string[] {
  const lines: string[] = []
  let at = 0
  while (at < list.length) {
    const first = list.findIndex((edit, i) => i >= at && edit.kind !== ' ')
    if (first < 0) break
    let last = first
    for (let i = first; i < list.length && i - last <= 2 * CONTEXT; i += 1) if (list[i]?.kind !== ' ') last = i
    const [from, to] = [Math.max(first - CONTEXT, at), Math.min(last + CONTEXT + 1, list.length)]
    const place = (without: '+' | '-'): string => {
      const count = (part: readonly Edit[]): number => part.filter(({ kind }) => kind !== without).length
      const length = count(list.slice(from, to))
      return `${count(list.slice(0, from)) + (length === 0 ? 0 : 1)},${length}`
    }
    lines.push(`@@ -${place('+')} +${place('-')} @@`, ...list.slice(from, to).map(({ kind, text }) => kind + text))
    at = to
  }
  return lines
}
