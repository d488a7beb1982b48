import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseResources } from '../../../../tango/server/resource-file.ts'
import { changeResources, resourceWriter } from '../../../../tango/server/resource-writer.ts'

const TEXT = [
  '# made by hand',
  'Motor/1/DEVICE/Motor: "a/b/1", "a/b/2"',
  'a/b/1->Axis: 1   # stays',
  'a/b/1->labels: "one", \\',
  '               "two"',
  'a/b/1/position->unit: mm',
  '',
  '# the second',
  'a/b/2->Axis: 2',
  '',
].join('\n')

const put = (properties: Record<string, readonly string[]>) => ({
  put: new Map(Object.entries(properties)),
  remove: [],
})

describe('changeResources', () => {
  it('replaces a property of one or several lines and leaves all others as they were written', () => {
    const changed = changeResources(TEXT, 'A/B/1', put({ LABELS: ['x', 'y, z', 'say "so"'] }))
    assert.equal(
      changed,
      TEXT.replace(/a\/b\/1->labels: "one", \\\n +"two"/, 'a/b/1->labels: "x", "y, z", "say \\"so\\""'),
    )
    const [device] = parseResources(changed, 'motor/1')
    assert.deepEqual(device?.properties?.labels, ['x', 'y, z', 'say "so"'])
  })

  it('adds a property after the others of its device', () => {
    const changed = changeResources(TEXT, 'a/b/1/position', put({ __value: ['3'] }))
    assert.equal(changed, TEXT.replace('->unit: mm\n', '->unit: mm\na/b/1/position->__value: "3"\n'))
    assert.equal(changeResources('', 'a/b/3', put({ p: ['1'] })).trim(), 'a/b/3->p: "1"')
  })

  it('removes a property, also one that is put without values', () => {
    const wanted = TEXT.replace('a/b/1/position->unit: mm\n', '')
    assert.equal(changeResources(TEXT, 'a/b/1/position', { put: new Map(), remove: ['Unit'] }), wanted)
    assert.equal(changeResources(TEXT, 'a/b/1/position', put({ unit: [] })), wanted)
  })

  it('refuses what such a file cannot hold', () => {
    assert.throws(() => changeResources(TEXT, 'a/b/1', put({ text: ['two\nlines'] })), /a\/b\/1->text: .*line break/)
  })
})

describe('resourceWriter', () => {
  it('writes changes in their order and goes on after a failure', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-resources-'))
    try {
      const path = join(folder, 'servers.res')
      writeFileSync(path, TEXT, 'latin1')
      const save = resourceWriter(path)
      const results = await Promise.allSettled([
        save('a/b/2', put({ Axis: ['3'] })),
        save('a/b/2', put({ text: ['a\nb'] })),
        save('a/b/2', put({ Axis: ['4'], more: ['\xe9'] })),
      ])
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      const text = readFileSync(path, 'latin1')
      assert.equal(text, TEXT.replace('a/b/2->Axis: 2\n', 'a/b/2->Axis: "4"\na/b/2->more: "\xe9"\n'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
