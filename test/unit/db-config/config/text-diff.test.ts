// Unified diffs of texts and of sets of files.
import assert from 'node:assert/strict'
import { documentsDiff, textDiff } from '../../../../db-config/config/text-diff.ts'

const lines = (...list: readonly (string | number)[]): string => `${list.join('\n')}\n`

describe('textDiff', () => {
  it('is empty for the same text', () => {
    assert.deepEqual(textDiff('a\nb\n', 'a\nb\n'), [])
  })

  it('shows a change with three lines around it', () => {
    assert.deepEqual(textDiff(lines(1, 2, 3, 4, 5, 6, 7, 8, 9), lines(1, 2, 3, 4, 'x', 6, 7, 8, 9)), [
      '@@ -2,7 +2,7 @@',
      ' 2',
      ' 3',
      ' 4',
      '-5',
      '+x',
      ' 6',
      ' 7',
      ' 8',
    ])
  })

  it('shows changes that are far apart separately', () => {
    const many = Array.from({ length: 30 }, (_, i) => i)
    const diff = textDiff(lines(...many), lines('first', ...many, 'last'))
    assert.deepEqual(
      diff.filter((line) => line.startsWith('@@')),
      ['@@ -1,3 +1,4 @@', '@@ -28,3 +29,4 @@'],
    )
  })

  it('leads from the one text to the other, with the fewest lines, for any texts', () => {
    let seed = 1
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31
      return Math.floor((seed / 2 ** 31) * below)
    }
    for (let round = 0; round < 300; round += 1) {
      const [a, b] = [0, 1].map(() => Array.from({ length: random(12) }, () => 'abcd'.charAt(random(4))))
      assert.ok(a && b)
      const diff = textDiff(a.map((line) => `${line}\n`).join(''), b.map((line) => `${line}\n`).join(''))
      assert.deepEqual(patched(a, diff), b, `${a} ${b}\n${diff.join('\n')}`)
      const edits = diff.filter((line) => /^[+-]/.test(line)).length
      assert.equal(edits, a.length + b.length - 2 * longestCommon(a, b), `${a} ${b}`)
    }
  })

  it('comes to an end soon for large texts without anything in common', () => {
    const [a, b] = ['a', 'b'].map((letter) => Array.from({ length: 5000 }, (_, i) => `${letter}${i}`))
    assert.ok(a && b)
    assert.equal(textDiff(lines(...a), lines(...b)).length, 10_001)
  }).timeout(20_000)
})

describe('documentsDiff', () => {
  it('names files that come and go, and takes the root for the root whatever it is called', () => {
    const diff = documentsDiff(
      [
        { path: 'demo.yaml', text: 'a\n' },
        { path: 'old.yaml', text: 'b\n' },
      ],
      [
        { path: 'beamline.yaml', text: 'a\n' },
        { path: 'new.yaml', text: 'c\n' },
      ],
    )
    assert.deepEqual(diff, [
      ...['--- old.yaml', '+++ (none)', '@@ -1,1 +0,0 @@', '-b'],
      ...['--- (none)', '+++ new.yaml', '@@ -0,0 +1,1 @@', '+c'],
    ])
  })
})

/** Applies hunks. */
function patched(a: readonly string[], diff: readonly string[]): readonly string[] {
  const result: string[] = []
  let at = 0
  for (const line of diff) {
    const hunk = /^@@ -(\d+),(\d+)/.exec(line)
    if (hunk !== null) {
      const start = Number(hunk[1]) - (Number(hunk[2]) === 0 ? 0 : 1)
      while (at < start) result.push(a[at++] ?? '')
    } else if (line.startsWith('+')) result.push(line.slice(1))
    else {
      assert.equal(a[at], line.slice(1))
      if (line.startsWith(' ')) result.push(line.slice(1))
      at += 1
    }
  }
  return [...result, ...a.slice(at)]
}

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const x of a) {
    const next = [0]
    b.forEach((y, j) => {
      next.push(x === y ? (row[j] ?? 0) + 1 : Math.max(row[j + 1] ?? 0, next[j] ?? 0))
    })
    row = next
  }
  return row[b.length] ?? 0
}
