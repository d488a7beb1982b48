// One beamline over several files, on disk and in memory: order, conflicts, and mistakes with the file they are in.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder of a variable is meant
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkTree, readBeamlineFile } from '../../../../db-config/config/beamline-file.ts'
import { loadTree } from '../../../../db-config/config/include.ts'
import { findingLine, plain } from '../../../../db-config/config/tree.ts'

const ROOT = `version: 1
name: split
include: [motors/*.yaml, counters.yaml]
servers: [Pool/split]
pool: { server: Pool/split, device: pool/split/1 }
`
const controller = (name: string, type: 'motor' | 'counter', axis: string) =>
  `controllers:\n  - { name: ${name}, type: ${type}, driver: dummy-${type}, axes: [{ name: ${axis}, axis: 1 }] }\n`

const FILES: Readonly<Record<string, string>> = {
  'root.yaml': ROOT,
  'motors/b.yaml': controller('cb', 'motor', 'mb'),
  'motors/a.yaml': controller('ca', 'motor', 'ma'),
  'counters.yaml': `${controller('cc', 'counter', 'c1')}measurementGroups: [{ name: mg, channels: [c1] }]\n`,
}

function load(changes: Readonly<Record<string, string>> = {}, root = 'root.yaml') {
  return loadTree(root, new Map(Object.entries({ ...FILES, ...changes })))
}

function findings(changes: Readonly<Record<string, string>>): string[] {
  return checkTree(load(changes)).findings.map(findingLine)
}

function assertFinding(changes: Readonly<Record<string, string>>, expected: RegExp): void {
  const found = findings(changes)
  assert.ok(
    found.some((line) => expected.test(line)),
    `${expected} is not in\n${found.join('\n')}`,
  )
}

describe('loadTree', () => {
  it('joins the files of a beamline, the root first, then what it includes in the order of names', () => {
    const loaded = load()
    assert.deepEqual(loaded.findings, [])
    assert.deepEqual(
      loaded.documents.map(({ path }) => path),
      ['root.yaml', 'motors/a.yaml', 'motors/b.yaml', 'counters.yaml'],
    )
    const { beamline } = checkTree(loaded)
    assert.deepEqual(
      beamline?.controllers.map(({ name }) => name),
      ['ca', 'cb', 'cc'],
    )
    assert.equal(beamline?.measurementGroups[0]?.timer, 'c1')
  })

  it('reads the same from disk, and a folder by its beamline.yaml', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-include-'))
    try {
      for (const [path, text] of Object.entries(FILES)) {
        const file = join(folder, path === 'root.yaml' ? 'beamline.yaml' : path)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, text)
      }
      const loaded = loadTree(folder)
      assert.deepEqual(
        loaded.documents.map(({ path }) => path),
        ['beamline.yaml', 'motors/a.yaml', 'motors/b.yaml', 'counters.yaml'],
      )
      assert.deepEqual(plain(loaded.tree), plain(load().tree))
      assert.equal(readBeamlineFile(folder).controllers.length, 3)
      writeFileSync(join(folder, 'motors/a.yaml'), 'controlers: []\n')
      assert.deepEqual(checkTree(loadTree(folder)).findings.map(findingLine), [
        `${join(folder, 'motors/a.yaml')}:1:1: beamline: unknown field controlers; did you mean controllers?`,
      ])
      writeFileSync(join(folder, 'motors/a.yaml'), Buffer.from([0x6e, 0xff, 0xfe]))
      assert.match(
        loadTree(folder).findings.map(findingLine).join(),
        /beamline\.yaml:3:11: .*a\.yaml cannot be read: .*UTF-8/,
      )
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('includes relative to the including file, and each file once', () => {
    const loaded = load({
      'root.yaml': ROOT.replace('counters.yaml', 'parts/all.yaml, counters.yaml'),
      'parts/all.yaml': 'include: [../counters.yaml, "../**/*.yaml"]\nmotorGroups: [{ name: mgr, motors: [ma, mb] }]\n',
    })
    assert.deepEqual(loaded.findings, [])
    assert.deepEqual(
      loaded.documents.map(({ path }) => path),
      ['root.yaml', 'motors/a.yaml', 'motors/b.yaml', 'parts/all.yaml', 'counters.yaml'],
    )
    assert.equal(checkTree(loaded).beamline?.controllers.length, 3)
  })

  it('joins maps, and accepts what two files say alike', () => {
    const { tree, findings: found } = load({
      'root.yaml': `${ROOT}world: { seed: 1, signals: { a: { kind: constant } } }\n`,
      'counters.yaml': `version: 1\nworld: { seed: 1, signals: { b: { kind: constant } } }\n${FILES['counters.yaml']}`,
    })
    assert.deepEqual(found, [])
    assert.deepEqual(Object(plain(tree)).world, {
      seed: 1,
      signals: { a: { kind: 'constant' }, b: { kind: 'constant' } },
    })
  })

  it('names the file of every mistake', () => {
    assertFinding(
      { 'motors/b.yaml': controller('cb', 'motor', 'ma') },
      /^motors\/b\.yaml:2:66: name ma is already taken in motors\/a\.yaml:2$/,
    )
    assertFinding({ 'counters.yaml': 'servers: [\n' }, /^counters\.yaml:2:1: /)
    assertFinding(
      { 'counters.yaml': 'name: other\n' },
      /^counters\.yaml:1:7: name is "other" here and "split" in root\.yaml:2; say it in one file only$/,
    )
    assertFinding(
      { 'counters.yaml': 'controllers: { a: 1 }\n' },
      /^counters\.yaml:1:14: controllers is a map here and a list in motors\/a\.yaml:2/,
    )
    assertFinding({ 'counters.yaml': 'just a text\n' }, /^counters\.yaml:1:1: a beamline file should be a map/)
  })

  it('lists findings in the order of the files', () => {
    const found = findings({
      'root.yaml': ROOT.replace('version: 1', 'version: 9'),
      'motors/b.yaml': 'x: 1\n',
      'motors/a.yaml': 'y: 1\n',
    })
    assert.deepEqual(
      found.map((line) => line.split(':')[0]),
      ['root.yaml', 'motors/a.yaml', 'motors/b.yaml'],
    )
  })

  const INCLUDES: readonly (readonly [title: string, include: string, finding: RegExp])[] = [
    ['a file that is not there', '[counter.yaml]', /^root\.yaml:3:11: .*no such file; did you mean counters\.yaml\?/],
    ['a pattern that fits nothing', '[detectors/*.yaml]', /^root\.yaml:3:11: .*no file fits/],
    ['a file outside of the folder', '[../other.yaml]', /below the folder of the root file/],
    ['an absolute path', '[/etc/other.yaml]', /below the folder of the root file/],
    ['a variable', "['${x}.yaml']", /variables cannot be used here/],
    ['something else than names', '[{ a: 1 }, 5]', /:3:11: include is a map, it should be a list of file names/],
    ['itself', '[root.yaml]', /the files include each other: root\.yaml -> root\.yaml/],
  ]
  for (const [title, include, finding] of INCLUDES) {
    it(`refuses to include ${title}`, () => {
      assertFinding({ 'root.yaml': ROOT.replace('[motors/*.yaml, counters.yaml]', include) }, finding)
    })
  }

  it('refuses files that include each other, however far', () => {
    assertFinding(
      { 'counters.yaml': 'include: [x.yaml]\n', 'x.yaml': 'include: [counters.yaml]\n' },
      /^x\.yaml:1:11: .*counters\.yaml -> x\.yaml -> counters\.yaml/,
    )
  })

  it('never looks at the disk for documents in memory', () => {
    assert.match(
      loadTree('root.yaml', new Map([['root.yaml', 'include: [package.json]\n']]))
        .findings.map(findingLine)
        .join(),
      /no such file/,
    )
    assert.match(loadTree('package.json', new Map()).findings.map(findingLine).join(), /no such document/)
  })

  it('says which reference has no anchor, and which tag is not known', () => {
    assertFinding({ 'counters.yaml': 'a: &some 1\nb: *sone\n' }, /^counters\.yaml:2:4: .*did you mean \*some\?/)
    assertFinding({ 'counters.yaml': 'a: !secret x\n' }, /^counters\.yaml:1:4: .*!secret/)
  })

  it('says in plain words what is wrong with a text', () => {
    assertFinding({ 'counters.yaml': 'pool: 1\npool: 2\n' }, /^counters\.yaml:2:1: the field pool is there twice/)
    assertFinding({ 'counters.yaml': 'a: 1\n---\nb: 2\n' }, /^counters\.yaml:2:1: a file holds one document/)
    // the parser meets the end of the stack; traces of its whole depth, as test runners ask for, take seconds
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 10
    try {
      assertFinding({ 'counters.yaml': '['.repeat(2000) }, /^counters\.yaml:1:\d+: the file is nested too deeply$/)
    } finally {
      Error.stackTraceLimit = limit
    }
    assertFinding(
      { 'counters.yaml': `a: ${'['.repeat(40)}${']'.repeat(40)}` },
      /^counters\.yaml:1:\d+: .*nested too deeply/,
    )
  })
})
