import assert from 'node:assert/strict'
import type { ScanStart } from '#data/documents'
import { decodeEncoded } from '#tango'
import { ctime, dataDescription, recordEnd, recordPackets } from '../../../../macroserver/scan/record-data.ts'

const channel = 'tango://dbhost:10000/expchan/ctctrl01/1'
const start: ScanStart = {
  kind: 'scan-start',
  scan: 's',
  scanId: 2,
  title: 'ascan mot01 0.0 1.0 2 0.01',
  macro: 'ascan',
  door: 'd',
  user: 'u',
  time: new Date(2026, 10, 5, 8, 24, 31).getTime() / 1000,
  points: 3,
  grid: [3],
  integrationTime: 0.01,
  estimatedTime: 0.045,
  snapshot: [],
  file: '/data/x/scan_00002.h5',
  master: '/data/x/scan.h5',
  columns: [
    { name: 'point_nb', label: '#Pt No', role: 'index', dtype: 'int64', shape: [] },
    { name: 'mot01', label: 'mot01', role: 'moveable', dtype: 'float64', shape: [], min: 0, max: 1, reference: true },
    { name: channel, label: 'ct01', role: 'channel', dtype: 'float64', shape: [], unit: 'A', plot: true },
    { name: 'image', label: 'image', role: 'channel', dtype: 'string', shape: [10, 10] },
    { name: 'timestamp', label: 'dt', role: 'time', dtype: 'float64', shape: [] },
  ],
}

describe('RecordData', () => {
  it('begins with the description that plots of Sardana read', () => {
    const packet = dataDescription(start, 'id1')
    assert.equal(packet.format, 'utf8_json')
    assert.deepEqual(decodeEncoded(packet), {
      type: 'data_desc',
      macro_id: 'id1',
      data: {
        column_desc: [
          { name: 'point_nb', label: '#Pt No', dtype: 'int64', shape: [] },
          {
            name: 'mot01',
            label: 'mot01',
            dtype: 'float64',
            shape: [],
            min_value: 0,
            max_value: 1,
            instrument: '',
            is_reference: true,
          },
          {
            name: channel,
            label: 'ct01',
            dtype: 'float64',
            shape: [],
            source: `${channel}/Value`,
            output: true,
            conditioning: '',
            normalization: 0,
            plot_type: 1,
            plot_axes: ['mot01'],
            data_units: 'A',
            value_ref_enabled: false,
            instrument: '',
          },
          { name: 'timestamp', label: 'dt', dtype: 'float64', shape: [] },
        ],
        ref_moveables: ['mot01'],
        estimatedtime: 0.045,
        total_scan_intervals: 2,
        starttime: 'Thu Nov  5 08:24:31 2026',
        title: 'ascan mot01 0.0 1.0 2 0.01',
        counters: [channel],
        scanfile: 'scan.h5',
        scandir: '/data/x',
        serialno: 2,
      },
    })
  })

  it('tells plots to use the number of the point when nothing moves', () => {
    const still = { ...start, columns: start.columns.filter((c) => c.role !== 'moveable') }
    const { data } = decodeEncoded(dataDescription(still, 'id1')) as {
      data: { column_desc: { name: string; plot_axes?: string[] }[] }
    }
    assert.deepEqual(data.column_desc.find((c) => c.name === channel)?.plot_axes, ['<idx>'])
  })

  it('has one packet per row with the scalar columns, NaN included', () => {
    const points = {
      kind: 'scan-points' as const,
      scan: 's',
      first: 1,
      values: [
        [1, 2],
        [0.5, 1],
        [3, Number.NaN],
        ['a', 'b'],
        [0.1, 0.2],
      ],
    }
    assert.deepEqual(recordPackets(start, points, null).map(decodeEncoded), [
      { type: 'record_data', macro_id: null, data: { point_nb: 1, mot01: 0.5, [channel]: 3, timestamp: 0.1 } },
      { type: 'record_data', macro_id: null, data: { point_nb: 2, mot01: 1, [channel]: Number.NaN, timestamp: 0.2 } },
    ])
  })

  it('ends with time and dead time', () => {
    const end = {
      kind: 'scan-end' as const,
      scan: 's',
      time: start.time,
      reason: 'done' as const,
      points: 3,
      deadTime: 0.5,
    }
    assert.deepEqual(decodeEncoded(recordEnd(end, 'id1')), {
      type: 'record_end',
      macro_id: 'id1',
      data: { endtime: ctime(start.time), deadtime: 0.5 },
    })
  })
})
