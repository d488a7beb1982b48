// Edits of YAML text: what is changed, and that everything else stays as people wrote it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { isAlias, isCollection, isMap, isScalar, isSeq, parse, parseDocument } from 'yaml'
import { type DocumentEdit, editDocument } from '../../../../db-config/config/yaml-edit.ts'
import { FULL } from './corpus.ts'

const DEMO = readFileSync(new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url), 'utf8')

const TEXT = `# a beamline
version: 1     # of the language
name: "quoted"

# computers
hosts:
  - { name: one }   # in the hutch
  # the second
  - name: two
    # nobody knows
    description: 'it''s old'

limits: &limits [-1, 1] # shared
controllers:
  # first
  - name: rack
    axes:
      - &axis {
          name: a,
          axis: 1,   # left
          limits: *limits,
        }
      - { <<: *axis, name: b }
    properties:
      # where it is
      host: box
      port: 5000
  - name: other
    note: |
      two
      lines
empty:
tail: end
# the end
`

const set = (path: DocumentEdit['path'], value: unknown): DocumentEdit => ({ kind: 'set', path, value })
const remove = (...path: DocumentEdit['path']): DocumentEdit => ({ kind: 'delete', path })
const insert = (path: DocumentEdit['path'], index: number, value: unknown): DocumentEdit => ({
  kind: 'insert',
  path,
  index,
  value,
})

/** Checks that an edit replaces exactly this part of the text. */
function replaces(title: string, edit: DocumentEdit, from: string, to: string): void {
  it(title, () => {
    assert.equal(TEXT.split(from).length, 2, `${from} is not once in the text`)
    assert.equal(
      editDocument(TEXT, [edit]),
      TEXT.replace(from, () => to),
    )
  })
}

describe('editDocument', () => {
  describe('sets', () => {
    replaces('a number, and leaves the comment behind it', set(['version'], 2), 'version: 1  ', 'version: 2  ')
    replaces('a text in the quotes it had', set(['name'], 'a "b"'), '"quoted"', '"a \\"b\\""')
    replaces('a text in single quotes', set(['hosts', 1, 'description'], "it's new"), "'it''s old'", "'it''s new'")
    replaces('a text that needs quotes', set(['tail'], '12'), 'tail: end', "tail: '12'")
    replaces('a text of several lines', set(['tail'], 'a\nb: c'), 'tail: end', 'tail: "a\\nb: c"')
    replaces('an empty field', set(['empty'], true), 'empty:\n', 'empty: true\n')
    replaces('a text that was a block', set(['controllers', 1, 'note'], 'x'), '|\n      two\n      lines\n', 'x\n')
    replaces('a value of a map in brackets', set(['hosts', 0, 'name'], 'uno'), '{ name: one }', '{ name: uno }')
    replaces('an item of an anchored list', set(['limits', 0], -5), '[-1, 1] # shared', '[-5, 1] # shared')
    replaces(
      'a reference to a value of its own',
      set(['controllers', 0, 'axes', 0, 'limits'], [0, 2]),
      'limits: *limits,',
      'limits: [0, 2],',
    )
    replaces('a new field of a block', set(['hosts', 1, 'level'], 3), "'it''s old'\n", "'it''s old'\n    level: 3\n")
    replaces(
      'a new field of a map in brackets',
      set(['hosts', 0, 'level'], 3),
      '{ name: one }',
      '{ name: one, level: 3 }',
    )
    replaces(
      'a field beside those of a merged map',
      set(['controllers', 0, 'axes', 1, 'axis'], 2),
      'name: b }',
      'name: b, axis: 2 }',
    )
    replaces(
      'a field on a line of its own where the others are',
      set(['controllers', 0, 'axes', 0, 'unit'], 'mm'),
      '*limits,\n',
      '*limits,\n          unit: mm,\n',
    )
    replaces(
      'a field behind a block of text',
      set(['controllers', 1, 'x'], 1),
      '      lines\n',
      '      lines\n    x: 1\n',
    )
    replaces(
      'a field at the top, before the last comment',
      set(['more'], [1, 2]),
      'tail: end\n',
      'tail: end\nmore: [1, 2]\n',
    )
    replaces(
      'what is missing on the way',
      set(['pool', 'device'], 'a/b/c'),
      'tail: end\n',
      'tail: end\npool: { device: a/b/c }\n',
    )
    replaces('a map where nothing was', set(['empty', 'list', 0], 1), 'empty:\n', 'empty: { list: [1] }\n')
    replaces(
      'a long map in lines of its own',
      set(['tail'], { a: { b: 1 }, c: [{ d: 2 }] }),
      'tail: end',
      'tail:\n  a: { b: 1 }\n  c:\n    - { d: 2 }',
    )

    it('of a map only what differs, and keeps its comments', () => {
      const value = [{ name: 'one' }, { name: 'two', description: 'new', level: 1 }, { name: 'three' }]
      assert.equal(
        editDocument(TEXT, [set(['hosts'], value)]),
        TEXT.replace("'it''s old'\n", "'new'\n    level: 1\n  - { name: three }\n"),
      )
    })

    it('nothing when the value is what it was, references and merged maps included', () => {
      const value: unknown = parse(TEXT, { merge: true })
      assert.equal(editDocument(TEXT, [set([], value)]), TEXT)
    })
  })

  describe('deletes', () => {
    replaces('a field with its comment', remove('version'), 'version: 1     # of the language\n', '')
    replaces('a field of a block', remove('hosts', 1, 'description'), "    description: 'it''s old'\n", '')
    replaces('the first field beside a dash', remove('controllers', 1, 'name'), 'name: other\n    note', 'note')
    replaces('a field in brackets', remove('controllers', 0, 'axes', 1, 'name'), ', name: b }', ' }')
    replaces('an item with all it holds', remove('controllers', 0, 'axes', 1), '      - { <<: *axis, name: b }\n', '')
    replaces(
      'the first item and leaves the comment for the next',
      remove('hosts', 0),
      '  - { name: one }   # in the hutch\n',
      '',
    )
    replaces(
      'a field with a block of text',
      remove('controllers', 1, 'note'),
      '    note: |\n      two\n      lines\n',
      '',
    )
    replaces('the last field of a map in brackets', remove('hosts', 0, 'name'), '{ name: one }', '{}')

    it('the last items of a block', () => {
      const edited = editDocument(TEXT, [
        remove('controllers', 0, 'properties', 'host'),
        remove('controllers', 0, 'properties', 'port'),
      ])
      assert.ok(edited.includes('    properties: {}\n      # where it is\n  - name: other\n'), edited)
    })
  })

  describe('inserts', () => {
    replaces(
      'an item at the end of a list in brackets',
      insert(['limits'], 2, 3),
      '[-1, 1] # shared',
      '[-1, 1, 3] # shared',
    )
    replaces(
      'an item at the start of a list in brackets',
      insert(['limits'], 0, 'x'),
      '[-1, 1] # shared',
      '[x, -1, 1] # shared',
    )
    replaces(
      'an item in the style of the others',
      insert(['controllers', 0, 'axes'], 2, { name: 'c', axis: 3 }),
      'name: b }\n',
      'name: b }\n      - { name: c, axis: 3 }\n',
    )
    replaces(
      'a block among blocks',
      insert(['controllers'], 2, { name: 'c', axes: [{ name: 'x', axis: 1 }] }),
      '      lines\n',
      '      lines\n  - name: c\n    axes:\n      - { name: x, axis: 1 }\n',
    )
    replaces(
      'before the first item',
      insert(['hosts'], 0, { name: 'zero' }),
      '  - { name: one }',
      '  - { name: zero }\n  - { name: one }',
    )
    replaces(
      'before an item, and leaves the comment with its item',
      insert(['hosts'], 1, { name: 'x' }),
      '# in the hutch\n',
      '# in the hutch\n  - { name: x }\n',
    )
  })

  it('makes one edit after another', () => {
    const edited = editDocument(TEXT, [set(['a'], 1), set(['a'], 2), insert(['limits'], 2, 3), remove('limits', 0)])
    assert.deepEqual(parse(edited).limits, [1, 3])
    assert.equal(parse(edited).a, 2)
  })

  it('keeps the line breaks of other systems', () => {
    const edited = editDocument(TEXT.replaceAll('\n', '\r\n'), [
      set(['hosts', 1, 'level'], 3),
      insert(['hosts'], 0, { name: 'z' }),
    ])
    assert.equal(edited.replaceAll('\r\n', '').includes('\n'), false)
    assert.equal(parse(edited).hosts[2].level, 3)
  })

  it('begins a document that was empty', () => {
    assert.deepEqual(parse(editDocument('# only a comment\n', [set(['a', 'b'], 1)])), { a: { b: 1 } })
    assert.match(editDocument('# only a comment\n', [set(['a'], 1)]), /# only a comment/)
  })

  const REFUSED: readonly (readonly [title: string, edit: DocumentEdit, message: RegExp])[] = [
    ['a place that is not there', remove('hosts', 5), /hosts\[5\]: there is no such place/],
    ['a field that is not there', remove('nothing'), /nothing: there is no such place/],
    ['a field of a number', set(['version', 'x'], 1), /version\.x: there is no such place/],
    ['an item far behind a list', insert(['hosts'], 7, 1), /hosts: it has no place 7/],
    ['an item of a map', insert(['controllers', 0], 0, 1), /it is no list/],
    [
      'to change what others share',
      set(['controllers', 0, 'axes', 0, 'limits', 0], 3),
      /limits: it is \*limits; change it where &limits is written/,
    ],
    ['to delete what others refer to', remove('limits'), /it holds &limits, to which \*limits refers/],
    ['what a file cannot hold', set(['tail'], Number.NaN), /tail: the value holds something that a file cannot hold/],
  ]
  for (const [title, edit, message] of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.throws(() => editDocument(TEXT, [edit]), { reason: 'Beamline_Invalid', message })
    })
  }

  it('refuses a text that is no YAML', () => {
    assert.throws(() => editDocument('a: [', [set(['a'], 1)]), { reason: 'Beamline_Invalid', message: /no YAML/ })
  })

  for (const [name, text] of [
    ['a file of every style', TEXT],
    ['the demo', DEMO],
    ['a file of every field', FULL],
  ] as const) {
    it(`changes what it should and no comment, with random edits of ${name}`, function () {
      this.timeout(20_000)
      const random = generator(text.length)
      let made = 0
      let touched = 0
      for (let i = 0; i < 60; i += 1) {
        let current = text
        for (let n = 0; n < 3; n += 1) {
          const edit = randomEdit(current, random)
          let next: string
          try {
            next = editDocument(current, [edit])
          } catch (error) {
            // what others refer to is protected; nothing else is refused
            assert.match(String(error), /refers; change that first/, `${error} ${JSON.stringify(edit)}\n${current}`)
            continue
          }
          made += 1
          assert.deepEqual(model(next), applied(model(current), edit), `${JSON.stringify(edit)}\n${next}`)
          if (edit.kind !== 'delete' && !replacesCollection(current, edit)) {
            assert.deepEqual(comments(next), comments(current), `${JSON.stringify(edit)}\n${next}`)
            touched += linesLost(current, next)
          }
          current = next
        }
      }
      assert.ok(made > 100, `only ${made} edits were made`)
      // an edit changes its own line; rewriting the file would change many
      assert.ok(touched <= made * 1.5, `${touched} lines changed by ${made} edits`)
    })
  }
})

/** The content with references as such, so that a change shows in one place only. */
function model(text: string): unknown {
  const plain = (node: unknown): unknown => {
    if (isAlias(node)) return `*${node.source}`
    if (isMap(node))
      return Object.fromEntries(
        node.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', plain(value)]),
      )
    if (isSeq(node)) return node.items.map(plain)
    return isScalar(node) ? node.value : null
  }
  return plain(parseDocument(text).contents)
}

function applied(tree: unknown, edit: DocumentEdit): unknown {
  const copy: unknown = structuredClone(tree)
  const holder = edit.kind === 'insert' ? edit.path : edit.path.slice(0, -1)
  const at: unknown = holder.reduce<unknown>((value, key) => Object(value)[key], copy)
  const key = edit.path.at(-1) ?? ''
  if (edit.kind === 'insert' && Array.isArray(at)) at.splice(edit.index, 0, edit.value)
  else if (edit.kind === 'set') Object(at)[key] = edit.value
  else if (Array.isArray(at)) at.splice(Number(key), 1)
  else delete Object(at)[key]
  return copy
}

function randomEdit(text: string, random: () => number): DocumentEdit {
  const paths: (readonly (string | number)[])[] = []
  const lists: { readonly path: readonly (string | number)[]; readonly length: number }[] = []
  const maps: (readonly (string | number)[])[] = [[]]
  const walk = (node: unknown, path: readonly (string | number)[]): void => {
    if (path.length > 0) paths.push(path)
    if (isSeq(node)) {
      lists.push({ path, length: node.items.length })
      for (const [index, item] of node.items.entries()) walk(item, [...path, index])
    } else if (isMap(node)) {
      maps.push(path)
      for (const { key, value } of node.items) {
        const name = isScalar(key) ? String(key.value) : ''
        if (name !== '<<') walk(value, [...path, name])
      }
    }
  }
  walk(parseDocument(text).contents, [])
  const pick = <T>(from: readonly T[]): T => {
    const found = from[Math.floor(random() * from.length)]
    assert.ok(found !== undefined)
    return found
  }
  const value = pick([
    5,
    -1.5,
    true,
    null,
    'word',
    'two words',
    '12',
    "it's",
    '# no',
    'a: b',
    'ü',
    [1, 2],
    [],
    {},
    { a: 1 },
    { a: [{ b: 'c' }] },
  ])
  const kind = random()
  if (kind < 0.25) return remove(...pick(paths))
  if (kind < 0.5 && lists.length > 0) {
    const list = pick(lists)
    return insert(list.path, Math.floor(random() * (list.length + 1)), value)
  }
  if (kind < 0.75) return set([...pick(maps), `new${Math.floor(random() * 100)}`], value)
  return set(pick(paths), value)
}

/** Whether an edit puts something in the place of a map or list, of which the comments go with it. */
function replacesCollection(text: string, edit: DocumentEdit): boolean {
  return edit.kind === 'set' && isCollection(parseDocument(text).getIn(edit.path, true))
}

function comments(text: string): string[] {
  return text
    .split('\n')
    .flatMap((line) => /(?:^|\s)(# [a-zA-Z].*)$/.exec(line)?.[1] ?? [])
    .filter((comment) => comment !== "# no'")
    .sort()
}

function linesLost(before: string, after: string): number {
  const left = after.split('\n')
  return before.split('\n').filter((line) => {
    const index = left.indexOf(line)
    if (index >= 0) left.splice(index, 1)
    return index < 0
  }).length
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
