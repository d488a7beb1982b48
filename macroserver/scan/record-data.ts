// A scan as packets of `RecordData`, in the form that Sardana's consoles and plots read (JsonRecorder).

import type { ScanColumn, ScanEnd, ScanPoints, ScanStart } from '#data/documents'
import { type DevEncoded, encodeJson } from '#tango/pure'

/** First packet: columns and circumstances. */
export function dataDescription(start: ScanStart, macroId: string | null): DevEncoded {
  const scalars = start.columns.filter((c) => c.shape.length === 0)
  const references = scalars.filter((c) => c.reference === true).map((c) => c.name)
  return encodeJson({
    type: 'data_desc',
    macro_id: macroId,
    data: {
      column_desc: scalars.map((c) => describeColumn(c, references[0] ?? '<idx>')),
      ref_moveables: references,
      estimatedtime: start.estimatedTime,
      total_scan_intervals: start.points - 1,
      starttime: ctime(start.time),
      title: start.title,
      counters: scalars.filter((c) => c.role === 'channel').map((c) => c.name),
      scanfile: start.file === undefined ? null : fileName(start.master ?? start.file),
      scandir: start.file === undefined ? null : folder(start.file),
      serialno: start.scanId,
    },
  })
}

/** One packet per row. */
export function recordPackets(start: ScanStart, points: ScanPoints, macroId: string | null): DevEncoded[] {
  const rows = points.values[0]?.length ?? 0
  return Array.from({ length: rows }, (_, row) => {
    const data: Record<string, number | string> = {}
    for (const [i, column] of start.columns.entries()) {
      if (column.shape.length === 0) data[column.name] = points.values[i]?.[row] ?? Number.NaN
    }
    return encodeJson({ type: 'record_data', macro_id: macroId, data })
  })
}

/** Last packet. */
export function recordEnd(end: ScanEnd, macroId: string | null): DevEncoded {
  return encodeJson({
    type: 'record_end',
    macro_id: macroId,
    data: { endtime: ctime(end.time), deadtime: end.deadTime },
  })
}

/** A time as C's `ctime` writes it: `Fri Nov 20 08:24:31 2026`, local. */
export function ctime(seconds: number): string {
  const text = new Date(seconds * 1000).toString()
  const [weekday = '', month = '', day = '', year = '', time = ''] = text.split(' ')
  return `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`
}

/** @param axis name of the column against which channels are plotted; `<idx>` is the number of the point */
function describeColumn(column: ScanColumn, axis: string): object {
  const common = { name: column.name, label: column.label, dtype: column.dtype, shape: column.shape }
  switch (column.role) {
    case 'moveable':
      return {
        ...common,
        min_value: column.min ?? null,
        max_value: column.max ?? null,
        instrument: column.instrument ?? '',
        is_reference: column.reference === true,
      }
    case 'channel':
      return {
        ...common,
        source: `${column.name}/Value`,
        output: true,
        conditioning: '',
        normalization: 0,
        plot_type: column.plot === true ? 1 : 0,
        plot_axes: column.plot === true ? [axis] : [],
        data_units: column.unit ?? '',
        value_ref_enabled: false,
        instrument: column.instrument ?? '',
      }
    case 'index':
    case 'time':
      return common
  }
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function folder(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
