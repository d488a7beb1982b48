// What a scan looks like in a NeXus file: which group, dataset and link goes where. Pure: no HDF5, no files.
// Sources of truth: NeXus base classes NXroot, NXentry, NXinstrument, NXpositioner, NXdetector, NXdata; definition NXscan.

import type { ScanColumn, ScanEnd, ScanPoints, ScanStart } from '../documents/index.ts'
import type { H5Block, H5Cells, H5Column, H5ColumnType, H5Group, H5Node } from './h5-tree.ts'

/** Program that writes the file. */
export interface NexusCreator {
  readonly name: string
  readonly version: string
}

/** A scan as a tree, and where its columns are. */
export interface NexusLayout {
  /** Name of the entry: `entry<ScanID>`. */
  readonly entry: string
  readonly root: H5Group
  /** One per column of the scan, in order. */
  readonly columns: readonly { readonly path: string; readonly dtype: H5ColumnType }[]
}

/** Whole numbers that are missing: HDF5 integers have no NaN. */
const MISSING_INT = -(2n ** 63n)

/** Name of the entry of a scan. */
export function entryName(scanId: number): string {
  return `entry${scanId}`
}

/**
 * Everything of a scan that is known when it starts.
 * @param fileName name of the file without folder, for the root's attribute
 */
export function nexusTree(scan: ScanStart, creator: NexusCreator, fileName: string): NexusLayout {
  const entry = entryName(scan.scanId)
  const placed = placeColumns(scan.columns, `/${entry}`)
  return {
    entry,
    columns: placed.map(({ path, column }) => ({ path, dtype: column.dtype })),
    root: {
      kind: 'group',
      attributes: rootAttributes(entry, creator, scan.time, fileName),
      children: {
        [entry]: {
          kind: 'group',
          attributes: { NX_class: 'NXentry', default: 'plot_1', epoch: scan.time },
          children: {
            definition: text('NXscan'),
            entry_identifier: text(String(scan.scanId)),
            title: text(scan.title),
            start_time: text(isoTime(scan.time)),
            program_name: { kind: 'fixed', value: creator.name, attributes: { version: creator.version } },
            user: group('NXuser', { name: text(scan.user) }),
            writer: group('NXnote', { status: { kind: 'fixed', value: 'RUNNING', width: 16 } }),
            scan_parameters: scanParameters(scan),
            instrument: instrument(placed),
            measurement: measurement(scan, placed),
            plot_1: defaultPlot(scan, placed),
          },
        },
      },
    },
  }
}

/** What the end of a scan adds. */
export function nexusEnd(scan: ScanStart, end: ScanEnd): H5Group {
  return {
    kind: 'group',
    children: {
      [entryName(scan.scanId)]: {
        kind: 'group',
        attributes: { points: { int: end.points } },
        children: {
          end_time: text(isoTime(end.time)),
          scan_parameters: {
            kind: 'group',
            children: { dead_time: { kind: 'fixed', value: end.deadTime, attributes: { units: 's' } } },
          },
          writer: {
            kind: 'group',
            children: {
              status: { kind: 'fixed', value: end.reason === 'done' ? 'SUCCEEDED' : 'FAILED', width: 16 },
              end_reason: text(end.reason),
              ...(end.message === undefined ? {} : { message: text(end.message) }),
            },
          },
        },
      },
    },
  }
}

/** Rows as blocks of columns. */
export function nexusBlocks(layout: NexusLayout, points: ScanPoints): readonly H5Block[] {
  return layout.columns.map(({ path, dtype }, index) => ({ path, values: cells(dtype, points.values[index] ?? []) }))
}

/** Attributes of the root of a file whose newest entry is `entry`. */
export function rootAttributes(
  entry: string,
  creator: NexusCreator,
  time: number,
  fileName: string,
): Readonly<Record<string, string>> {
  return {
    NX_class: 'NXroot',
    creator: creator.name,
    creator_version: creator.version,
    file_name: fileName,
    file_time: isoTime(time),
    default: entry,
  }
}

/** ISO 8601 in local time with its distance from UTC, milliseconds included. */
export function isoTime(seconds: number): string {
  const date = new Date(Math.round(seconds * 1000))
  const east = -date.getTimezoneOffset()
  const local = new Date(date.getTime() + east * 60_000).toISOString().slice(0, -1)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${local}${east < 0 ? '-' : '+'}${two(Math.abs(east) / 60)}:${two(Math.abs(east) % 60)}`
}

/**
 * Names for HDF5 objects that NeXus accepts and that differ from each other.
 * @param labels any text, such as aliases or full Tango names
 */
export function nexusNames(labels: readonly string[]): readonly string[] {
  const taken = new Set<string>()
  return labels.map((label) => {
    const clean = label.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^_+|_+$/g, '') || 'column'
    let name = clean
    for (let n = 2; taken.has(name); n += 1) name = `${clean}_${n}`
    taken.add(name)
    return name
  })
}

interface PlacedColumn {
  readonly column: ScanColumn
  /** Unique name in `measurement` and in the plot. */
  readonly name: string
  /** Absolute path of the dataset. */
  readonly path: string
}

function placeColumns(columns: readonly ScanColumn[], entry: string): readonly PlacedColumn[] {
  const names = nexusNames(columns.map((column) => (column.role === 'index' ? column.name : column.label)))
  return columns.map((column, index) => {
    const name = names[index] ?? ''
    const place =
      column.role === 'moveable'
        ? `instrument/${name}/value`
        : column.role === 'channel'
          ? `instrument/${name}/data`
          : `measurement/${name}`
    return { column, name, path: `${entry}/${place}` }
  })
}

function columnNode(column: ScanColumn): H5Column {
  return {
    kind: 'column',
    dtype: column.dtype,
    attributes: {
      long_name: column.unit ? `${column.label} (${column.unit})` : column.label,
      local_name: column.name,
      ...(column.unit ? { units: column.unit } : {}),
    },
  }
}

function instrument(placed: readonly PlacedColumn[]): H5Group {
  const children: Record<string, H5Node> = {}
  for (const { column, name } of placed) {
    if (column.role === 'moveable')
      children[name] = group('NXpositioner', { value: columnNode(column), name: text(column.label) })
    if (column.role === 'channel')
      children[name] = group('NXdetector', { data: columnNode(column), local_name: text(column.name) })
  }
  return group('NXinstrument', children)
}

function measurement(scan: ScanStart, placed: readonly PlacedColumn[]): H5Group {
  const children: Record<string, H5Node> = {}
  for (const { column, name, path } of placed) {
    const here = path.includes('/measurement/')
    children[name] = here ? columnNode(column) : { kind: 'link', target: path }
  }
  if (scan.snapshot.length > 0) {
    const names = nexusNames(scan.snapshot.map((entry) => entry.name))
    const values: Record<string, H5Node> = {}
    scan.snapshot.forEach(({ name, value, unit }, index) => {
      const attributes = { local_name: name, ...(unit ? { units: unit } : {}) }
      values[names[index] ?? ''] = { kind: 'fixed', value, attributes }
    })
    let free = 'pre_scan_snapshot'
    while (free in children) free += '_'
    children[free] = group('NXcollection', values)
  }
  return group('NXcollection', children)
}

function scanParameters(scan: ScanStart): H5Group {
  return group('NXcollection', {
    scan_uid: text(scan.scan),
    macro: text(scan.macro),
    door: text(scan.door),
    points_planned: { kind: 'fixed', value: { int: scan.points } },
    integration_time: { kind: 'fixed', value: scan.integrationTime, attributes: { units: 's' } },
    ...(scan.grid.length === 0 ? {} : { grid: { kind: 'fixed', value: { ints: scan.grid } } }),
  })
}

/**
 * The plot that viewers open first: channels over the reference moveable; a grid as scattered points over its two
 * axes, because rows are kept in the order in which they were taken.
 */
function defaultPlot(scan: ScanStart, placed: readonly PlacedColumn[]): H5Group {
  const scalars = placed.filter(({ column }) => column.shape.length === 0 && column.dtype !== 'string')
  const channels = scalars.filter(({ column }) => column.role === 'channel')
  const chosen = channels.filter(({ column }) => column.plot === true)
  const signals = chosen.length > 0 ? chosen : channels
  const moveables = scalars.filter(({ column }) => column.role === 'moveable')
  const reference = moveables.find(({ column }) => column.reference === true) ?? moveables[0]
  const index = scalars.find(({ column }) => column.role === 'index')
  const scatter = scan.grid.length === 2 && moveables.length >= 2
  const axis = reference ?? index
  const axes = scatter ? moveables.slice(0, 2) : axis === undefined ? [] : [axis]
  const [signal, ...others] = signals
  const children: Record<string, H5Node> = {}
  for (const { name, path } of [...signals, ...moveables, ...axes]) children[name] = { kind: 'link', target: path }
  const axisIndices = Object.fromEntries([...moveables, ...axes].map(({ name }) => [`${name}_indices`, { int: 0 }]))
  return group('NXdata', children, {
    ...(signal === undefined ? {} : { signal: signal.name }),
    ...(others.length === 0 ? {} : { auxiliary_signals: others.map(({ name }) => name) }),
    ...(axes.length === 0 ? {} : { axes: axes.map(({ name }) => name) }),
    ...axisIndices,
    title: scan.title,
    ...(scan.grid.length > 1 ? { grid: { ints: scan.grid } } : {}),
    ...(scatter ? { interpretation: 'scatter' } : {}),
  })
}

function cells(dtype: H5ColumnType, values: readonly (number | string)[]): H5Cells {
  switch (dtype) {
    case 'float64':
      return Float64Array.from(values, Number)
    case 'int64':
      return BigInt64Array.from(values, (value) => {
        const number = Number(value)
        return Number.isFinite(number) ? BigInt(Math.round(number)) : MISSING_INT
      })
    case 'string':
      return values.map(String)
  }
}

function group(nxClass: string, children: Record<string, H5Node>, attributes: H5Group['attributes'] = {}): H5Group {
  return { kind: 'group', attributes: { NX_class: nxClass, ...attributes }, children }
}

function text(value: string): H5Node {
  return { kind: 'fixed', value }
}
