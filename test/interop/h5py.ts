// Reads scan files with the real h5py, the reader that users have.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const PYTHON = '/usr/bin/python3'

/** What h5py sees of a scan file. */
export interface SeenFile {
  readonly rows: number
  readonly first: number
  readonly last: number
  readonly status: string
  /** What a viewer opens: the group that the `default` attributes lead to. */
  readonly plot: {
    readonly path: string
    readonly class: string
    readonly signal: string
    readonly axes: readonly string[]
    readonly values: readonly number[]
    readonly x: readonly number[]
    readonly units: string
  }
  readonly definition: string
  readonly title: string
  readonly times: readonly string[]
  readonly snapshot: number
}

const SCRIPT = `
import h5py, json, sys
def text(value):
    value = value[()] if hasattr(value, 'shape') else value
    return value.decode() if isinstance(value, bytes) else str(value)
with h5py.File(sys.argv[1], 'r') as f:
    entry = f[f.attrs['default']]
    plot = entry[entry.attrs['default']]
    axes = [text(a) for a in plot.attrs['axes']]
    index = entry['measurement/point_nb'][:]
    print(json.dumps({
        'rows': len(index), 'first': int(index[0]) if len(index) else -1, 'last': int(index[-1]) if len(index) else -1,
        'status': text(entry['writer/status']),
        'plot': {'path': plot.name, 'class': plot.attrs['NX_class'], 'signal': plot.attrs['signal'], 'axes': axes,
                 'values': plot[plot.attrs['signal']][:].tolist(), 'x': plot[axes[0]][:].tolist(),
                 'units': plot[axes[0]].attrs['units']},
        'definition': text(entry['definition']), 'title': text(entry['title']),
        'times': [text(entry[name]) for name in ('start_time', 'end_time') if name in entry],
        'snapshot': float(entry['measurement/pre_scan_snapshot/mot02'][()]),
    }))
`

/** Whether h5py is installed. */
export async function hasH5py(): Promise<boolean> {
  try {
    await promisify(execFile)(PYTHON, ['-c', 'import h5py'])
    return true
  } catch {
    return false
  }
}

/** Opens a file with h5py. */
export async function readWithH5py(path: string): Promise<SeenFile> {
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', SCRIPT, path], { timeout: 10_000 })
  return JSON.parse(stdout)
}
