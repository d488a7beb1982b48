import assert from 'node:assert/strict'
import {
  decodeDocument,
  encodeDocument,
  scanTableHeader,
  scanTableRows,
  shortText,
} from '../../../../data/documents/index.ts'
import { COLUMNS, endOf, pointsOf, startOf } from '../scans.ts'

describe('scan document codec', () => {
  it('gives back what it was given', () => {
    for (const document of [
      startOf('s1', { file: '/data/a_00012.h5', master: '/data/a.h5' }),
      pointsOf('s1', 5, 3),
      endOf('s1', 8, { reason: 'stopped', message: 'Ctrl-C – user "x"\n' }),
    ]) {
      assert.deepEqual(decodeDocument(encodeDocument(document)), document)
    }
  })

  it('keeps numbers that are not finite apart from texts that look like them', () => {
    const values = [
      [Number.NaN, Infinity, -Infinity],
      ['NaN', 'Infinity', 'null'],
    ]
    const text = encodeDocument({ kind: 'scan-points', scan: 's', first: 0, values })
    assert.equal(
      text,
      '{"kind":"scan-points","scan":"s","first":0,"values":[[null,1e999,-1e999],["NaN","Infinity","null"]]}',
    )
    assert.deepEqual(decodeDocument(text), { kind: 'scan-points', scan: 's', first: 0, values })
  })

  it('leaves out members that are undefined', () => {
    assert.ok(!encodeDocument(startOf('s')).includes('"file"'))
  })

  for (const [what, text, problem] of [
    ['no JSON', '{"kind"', /not valid JSON/],
    ['a list', '[]', /document must be an object/],
    ['an unknown kind', '{"kind":"scan-middle"}', /document\.kind is 'scan-middle'/],
    ['a missing member', '{"kind":"scan-points","first":0,"values":[]}', /document\.scan is missing/],
    [
      'a negative row',
      '{"kind":"scan-points","scan":"s","first":-1,"values":[]}',
      /document\.first must be a whole number/,
    ],
    [
      'a cell that is an object',
      '{"kind":"scan-points","scan":"s","first":0,"values":[[{}]]}',
      /values\[0\]\[0\] must be a number/,
    ],
    [
      'columns of different length',
      '{"kind":"scan-points","scan":"s","first":0,"values":[[1,2],[1]]}',
      /values\[1\] has 1 rows/,
    ],
    [
      'an unknown reason',
      '{"kind":"scan-end","scan":"s","time":0,"reason":"bored","points":0,"deadTime":0}',
      /document\.reason is 'bored'/,
    ],
  ] as const) {
    it(`refuses ${what}, naming the place`, () => {
      assert.throws(() => decodeDocument(text), problem)
    })
  }

  it('names the column and member that is wrong in a start', () => {
    const text = encodeDocument(startOf('s')).replace('"role":"channel"', '"role":"chanel"')
    assert.throws(() => decodeDocument(text), /document\.columns\[2\]\.role is 'chanel'; known are index, moveable/)
  })
})

describe('scan table', () => {
  it('prints the header and rows that a Sardana door prints', () => {
    const columns = [
      ...COLUMNS.slice(0, 3),
      ...['ct02', 'ct03', 'ct04'].map((label) => ({ ...COLUMNS[2]!, label })),
      COLUMNS[3]!,
    ]
    assert.equal(scanTableHeader({ columns }), ' #Pt No    mot01      ct01      ct02      ct03      ct04       dt   ')
    const values = [[0], [0], [0.01], [0.02], [0.03], [0.04], [0.03264498710632324]]
    assert.deepEqual(scanTableRows({ columns }, { values }), [
      '   0         0        0.01      0.02      0.03      0.04    0.032645',
    ])
  })

  for (const [value, text] of [
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [100000, '100000'],
    [999999.5, '1e+06'],
    [1234567, '1.23457e+06'],
    [0.0001, '0.0001'],
    [0.00001234, '1.234e-05'],
    [-12.5, '-12.5'],
    [0.07129669189453125, '0.0712967'],
    [1e100, '1e+100'],
    [Number.NaN, 'nan'],
    [-Infinity, '-inf'],
    ['h5file:///a.h5', 'h5file:///a.h5'],
  ] as const) {
    it(`prints ${value} as C's %g does: ${text}`, () => assert.equal(shortText(value), text))
  }
})
