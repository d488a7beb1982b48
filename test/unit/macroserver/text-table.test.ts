import assert from 'node:assert/strict'
import { motionTable, textTable } from '#macroserver'
import { nearest } from '../../../macroserver/nearest.ts'

describe('textTable', () => {
  it('has titles, dashes and rows in columns of equal width', () => {
    assert.deepEqual(
      textTable(
        ['Name', 'Text'],
        [
          ['a', 'long text'],
          ['longer', 'b'],
        ],
        ['right', 'left'],
      ),
      ['  Name     Text', ' ------  ---------', '      a  long text', ' longer  b'],
    )
  })
})

describe('motionTable', () => {
  it('puts names above positions and breaks wide tables', () => {
    assert.deepEqual(motionTable(['mot01', 'mot02'], [1, Number.NaN]), [
      '        mot01        mot02',
      '       1.0000        -----',
    ])
    const names = Array.from({ length: 8 }, (_, i) => `mot${i}`)
    const lines = motionTable(
      names,
      names.map(() => 0),
    )
    assert.equal(lines.length, 5)
    for (const line of lines) assert.ok(line.length <= 80)
  })
})

describe('nearest', () => {
  it('finds what was probably meant, best first', () => {
    const macros = ['ascan', 'a2scan', 'dscan', 'mesh', 'mv', 'wa']
    assert.deepEqual(nearest('asca', macros), ['ascan'])
    assert.deepEqual(nearest('dsacn', macros), ['dscan'])
    assert.deepEqual(nearest('ASCAN', macros).at(0), 'ascan')
    assert.deepEqual(nearest('zzz', macros), [])
  })
})
