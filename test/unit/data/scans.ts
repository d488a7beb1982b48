// Scans for tests of the data folder.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ScanColumn, ScanEnd, ScanPoints, ScanStart } from '../../../data/documents/index.ts'

/** Columns of an `ascan` with one counter. */
export const COLUMNS: readonly ScanColumn[] = [
  { name: 'point_nb', label: '#Pt No', role: 'index', dtype: 'int64', shape: [] },
  {
    name: 'mot01',
    label: 'mot01',
    role: 'moveable',
    dtype: 'float64',
    shape: [],
    unit: 'mm',
    min: 0,
    max: 1,
    reference: true,
  },
  { name: 'tango://h:10000/expchan/ct/1', label: 'ct01', role: 'channel', dtype: 'float64', shape: [], plot: true },
  { name: 'timestamp', label: 'dt', role: 'time', dtype: 'float64', shape: [], unit: 's' },
]

/** A start document with unimportant parts filled in. */
export function startOf(scan: string, more: Partial<ScanStart> = {}): ScanStart {
  return {
    kind: 'scan-start',
    scan,
    scanId: 12,
    title: 'ascan mot01 0 1 20 0.01',
    macro: 'ascan',
    door: 'door/demo1/1',
    time: 1_763_633_000.25,
    user: 'tester',
    columns: COLUMNS,
    points: 21,
    grid: [21],
    integrationTime: 0.01,
    estimatedTime: 1,
    snapshot: [{ name: 'mot02', value: 2.5, unit: 'mm' }],
    ...more,
  }
}

/** Rows `first` to `first + rows - 1` of such a scan. */
export function pointsOf(scan: string, first: number, rows = 1): ScanPoints {
  const index = Array.from({ length: rows }, (_, row) => first + row)
  const values = [
    index,
    index.map((i) => i / 20),
    index.map((i) => 100 * Math.exp(-((i - 10) ** 2) / 8)),
    index.map((i) => i * 0.02),
  ]
  return { kind: 'scan-points', scan, first, values }
}

/** The end of such a scan. */
export function endOf(scan: string, points: number, more: Partial<ScanEnd> = {}): ScanEnd {
  return { kind: 'scan-end', scan, time: 1_763_633_002, reason: 'done', points, deadTime: 0.007, ...more }
}

/** A temporary folder that goes with the test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'bandoneon-data-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Resolves when `condition` holds, looked at every few milliseconds; rejects after `ms`. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 10_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
