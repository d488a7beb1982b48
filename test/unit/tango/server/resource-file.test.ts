import assert from 'node:assert/strict'
import { parseResources } from '../../../../tango/server/resource-file.ts'

describe('parseResources', () => {
  it('reads devices of the server, properties of them and their attributes, and those of their class', () => {
    const text = [
      '# a comment',
      'WireTest/2/DEVICE/WireTest: "wire/nodb/1", \\',
      '                            "Wire/NoDb/2"',
      'Other/1/DEVICE/Other: "x/y/z"',
      'CLASS/WireTest->unit: mm',
      'wire/nodb/1->axes: 1, 2,3',
      'wire/nodb/2->text: "a, b", c',
      'wire/nodb/2->unit: cm',
      'wire/nodb/1/att->label: X',
      'CLASS/WireTest/Att->label: "of the class"',
      'CLASS/WireTest/att->Unit: m',
      'FREE/anything->x: 1',
      'no/such/device/att->label: Y',
    ].join('\n')
    assert.deepEqual(parseResources(text, 'wiretest/2'), [
      {
        class: 'WireTest',
        name: 'wire/nodb/1',
        properties: { unit: ['mm'], axes: ['1', '2', '3'] },
        attributes: { att: { label: ['X'], unit: ['m'] } },
      },
      {
        class: 'WireTest',
        name: 'Wire/NoDb/2',
        properties: { unit: ['cm'], text: ['a, b', 'c'] },
        attributes: { att: { label: ['of the class'], unit: ['m'] } },
      },
    ])
  })

  it('names file and line of what it does not understand', () => {
    assert.throws(() => parseResources('\nnonsense', 'a/b', 'f.res'), /f\.res:2: 'nonsense' is neither/)
    assert.throws(() => parseResources('A/b/DEVICE/A: "x', 'A/b', 'f.res'), /f\.res:1: '"x' is no list/)
  })
})
