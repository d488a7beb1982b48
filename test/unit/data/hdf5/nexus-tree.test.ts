import assert from 'node:assert/strict'
import type { H5Group, H5Node } from '../../../../data/hdf5/h5-tree.ts'
import { isoTime, nexusBlocks, nexusEnd, nexusNames, nexusTree } from '../../../../data/hdf5/nexus-tree.ts'
import { COLUMNS, endOf, pointsOf, startOf } from '../scans.ts'

const creator = { name: 'bandoneon', version: '0.1.0' }

function at(root: H5Group, path: string): H5Node {
  let node: H5Node = root
  for (const name of path.split('/').filter((part) => part !== '')) {
    assert.equal(node.kind, 'group', `${path}: ${name}`)
    const child: H5Node | undefined = node.kind === 'group' ? node.children[name] : undefined
    assert.ok(child !== undefined, `${path}: no ${name}`)
    node = child
  }
  return node
}

function group(root: H5Group, path: string): H5Group {
  const node = at(root, path)
  assert.equal(node.kind, 'group')
  return node as H5Group
}

describe('NeXus tree of a scan', () => {
  const { root, entry, columns } = nexusTree(startOf('s'), creator, 'a_00012.h5')

  it('leads from the root to the default plot', () => {
    assert.equal(entry, 'entry12')
    assert.equal(root.attributes?.default, 'entry12')
    assert.equal(group(root, '/entry12').attributes?.default, 'plot_1')
    const plot = group(root, '/entry12/plot_1')
    assert.deepEqual(
      [plot.attributes?.NX_class, plot.attributes?.signal, plot.attributes?.axes],
      ['NXdata', 'ct01', ['mot01']],
    )
    for (const name of ['ct01', 'mot01']) {
      const link = plot.children[name]
      assert.ok(link?.kind === 'link')
      assert.equal(at(root, link.target).kind, 'column')
    }
  })

  it('has each column once, under its device, and a link to it in measurement', () => {
    assert.deepEqual(
      columns.map(({ path }) => path),
      [
        '/entry12/measurement/point_nb',
        '/entry12/instrument/mot01/value',
        '/entry12/instrument/ct01/data',
        '/entry12/measurement/dt',
      ],
    )
    assert.equal(group(root, '/entry12/instrument/mot01').attributes?.NX_class, 'NXpositioner')
    assert.equal(group(root, '/entry12/instrument/ct01').attributes?.NX_class, 'NXdetector')
    assert.deepEqual(at(root, '/entry12/measurement/ct01'), { kind: 'link', target: '/entry12/instrument/ct01/data' })
    const position = at(root, '/entry12/instrument/mot01/value')
    assert.ok(position.kind === 'column')
    assert.equal(position.attributes?.units, 'mm')
  })

  it('keeps the snapshot with units', () => {
    assert.deepEqual(at(root, '/entry12/measurement/pre_scan_snapshot/mot02'), {
      kind: 'fixed',
      value: 2.5,
      attributes: { local_name: 'mot02', units: 'mm' },
    })
  })

  it('plots only the channels that are meant to be plotted, or all when none is', () => {
    const more = { ...COLUMNS[2]!, name: 'x/y/2', label: 'ct02', plot: false }
    const one = nexusTree(startOf('s', { columns: [...COLUMNS, more] }), creator, 'f')
    assert.equal(group(one.root, '/entry12/plot_1').attributes?.auxiliary_signals, undefined)
    const { plot: _, ...unsaid } = COLUMNS[2]!
    const both = nexusTree(startOf('s', { columns: [COLUMNS[0]!, unsaid, more] }), creator, 'f')
    const plot = group(both.root, '/entry12/plot_1')
    assert.deepEqual(plot.attributes?.auxiliary_signals, ['ct02'])
    assert.deepEqual(plot.attributes?.axes, ['point_nb'], 'a count has no moveable')
  })

  it('shows a grid as scattered points over its two axes', () => {
    const slow = { ...COLUMNS[1]!, name: 'mot02', label: 'mot02', reference: false }
    const mesh = nexusTree(startOf('s', { columns: [...COLUMNS, slow], grid: [3, 5] }), creator, 'f')
    const plot = group(mesh.root, '/entry12/plot_1')
    assert.deepEqual(plot.attributes?.axes, ['mot01', 'mot02'])
    assert.deepEqual(plot.attributes?.grid, { ints: [3, 5] })
  })

  it('makes names that NeXus accepts and that do not collide', () => {
    assert.deepEqual(nexusNames(['tango://h:10000/a/b/1', 'ct 01', 'ct/01', '#Pt No', '', 'µ']), [
      'tango_h_10000_a_b_1',
      'ct_01',
      'ct_01_2',
      'Pt_No',
      'column',
      'column_2',
    ])
  })

  it('turns rows into one block per column of its type', () => {
    const blocks = nexusBlocks({ root, entry, columns }, pointsOf('s', 3, 2))
    assert.deepEqual(blocks[0]?.values, BigInt64Array.of(3n, 4n))
    assert.deepEqual(blocks[1]?.values, Float64Array.of(0.15, 0.2))
    const odd = nexusBlocks(
      { root, entry, columns: columns.slice(0, 1) },
      { ...pointsOf('s', 0), values: [[Number.NaN]] },
    )
    assert.deepEqual(odd[0]?.values, BigInt64Array.of(-(2n ** 63n)), 'integers have no NaN')
  })

  it('says at the end how the scan went', () => {
    const end = nexusEnd(startOf('s'), endOf('s', 7, { reason: 'aborted', message: 'beam lost' }))
    const status = at(end, '/entry12/writer/status')
    assert.ok(status.kind === 'fixed' && status.value === 'FAILED')
    assert.deepEqual(at(end, '/entry12/writer/message'), { kind: 'fixed', value: 'beam lost' })
  })

  it('writes times with their distance from UTC', () => {
    const text = isoTime(1_763_633_000.25)
    assert.match(text, /^2025-11-20T\d\d:\d\d:20\.250[+-]\d\d:\d\d$/)
    assert.equal(Date.parse(text), 1_763_633_000_250)
  })
})
