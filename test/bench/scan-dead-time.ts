// What the software costs per point of a step scan: an `ascan` of a motor whose moves take no time.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { macroServer } from '#interfaces/macro-server'
import { encodePickle } from '#tango'
import type { DoorWatch } from '../support/door-watch.ts'
import { TestFacility } from '../support/facility.ts'
import { cpuSeconds } from '../support/processes.ts'
import { column, type LoggedScan, lastScan } from '../support/scan-files.ts'
import { withoutRecorder } from './beamlines.ts'
import type { BenchOptions } from './main.ts'
import { say, table } from './report.ts'
import { median, short, spread } from './statistics.ts'

/** Points and exposure (s) of the scan of all benchmarks. */
export const POINTS = 200
export const EXPOSURE = 0.001

/** Recorded with Sardana 3.1.4 on another machine: ms per point by group and saving; RunMacro to first point, ms. */
const SARDANA: Readonly<Record<string, number>> = { 'mg_dummy false': 17.2, 'mg_dummy4 true': 24 }
const SARDANA_FIRST_POINT = '26-38'

/** Measurement groups of the demo with one and four dummy counters. */
export const GROUPS = [
  { group: 'mg_dummy', label: '1 counter' },
  { group: 'mg_dummy4', label: '4 counters' },
] as const

/** One scan, ms. */
interface Sample {
  readonly period: number
  readonly stated: number
  readonly outside: number
  readonly firstPoint: number
  readonly firstSign: number
  readonly end: number
}

/** Prints dead times for both layouts, with and without a file. */
export async function scanDeadTime({ rounds }: BenchOptions): Promise<void> {
  say(
    `## Step scan: ascan dmot01, ${POINTS} points of ${EXPOSURE * 1000} ms, ${rounds} scans each after two to warm up\n`,
  )
  say('Median (least-most) in ms; dead time per point is wall time / points - exposure:')
  say('- between points: from the time stamps of the first and the last point in the scan log;')
  say('- stated: what the scan itself writes into its last document;')
  say(
    '- outside: RunMacro to Door ON at a client that watches state, table and progress; start, end and file included.',
  )
  say('Sardana 3.1.4: outside, recorded elsewhere, not measured in this run; the ratio is to our column `outside`.\n')
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  const rows: string[][] = []
  const cpuRows: string[][] = []
  try {
    const unsaved = join(folder, 'unsaved.yaml')
    writeFileSync(unsaved, withoutRecorder())
    for (const isolated of [false, true])
      for (const saving of [false, true]) {
        const layout = isolated ? 'isolated' : 'fast'
        const facility = await TestFacility.start({ isolated, ...(saving ? {} : { beamline: unsaved }) })
        try {
          for (const result of await measure(facility, saving, rounds)) {
            rows.push([layout, saving ? `${result.label}, file` : result.label, ...result.cells])
            cpuRows.push([layout, saving ? `${result.label}, file` : result.label, result.cpu])
          }
        } finally {
          await facility.close()
        }
      }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const columns = [
    'between points',
    'stated',
    'outside',
    'RunMacro to first point',
    'to first table row',
    'last point to ON',
  ]
  table(['layout', 'scan', ...columns, 'Sardana (recorded)', 'ratio'], rows)
  say(`RunMacro to first point of Sardana (recorded elsewhere): ${SARDANA_FIRST_POINT} ms\n`)
  say('Processor time per point, ms, scans of this table with their start and end:\n')
  table(['layout', 'scan', 'by process'], cpuRows)
}

interface Result {
  readonly label: string
  readonly cells: readonly string[]
  readonly cpu: string
}

async function measure(facility: TestFacility, saving: boolean, rounds: number): Promise<readonly Result[]> {
  const door = await facility.door()
  const processes = [...Object.keys(facility.description.processes), 'door'].filter((name) => name !== 'simulators')
  const samples = GROUPS.map((): Sample[] => [])
  const used = GROUPS.map(() => processes.map(() => 0))
  for (let round = -2; round < rounds; round += 1)
    for (const [i, { group }] of GROUPS.entries()) {
      await chooseGroup(facility, group)
      const before = processes.map((name) => cpuSeconds(facility.processId(name)))
      const sample = await measureScan(facility, door, saving)
      if (round < 0) continue
      samples[i]?.push(sample)
      const after = processes.map((name) => cpuSeconds(facility.processId(name)))
      used[i] = after.map((seconds, k) => (used[i]?.[k] ?? 0) + seconds - (before[k] ?? 0))
    }
  return GROUPS.map(({ group, label }, i) => {
    const of = (key: keyof Sample): readonly number[] => samples[i]?.map((sample) => sample[key]) ?? []
    const sardana = SARDANA[`${group} ${saving}`]
    return {
      label,
      cells: [
        ...(['period', 'stated', 'outside', 'firstPoint', 'firstSign', 'end'] as const).map((key) => spread(of(key))),
        sardana === undefined ? '-' : String(sardana),
        sardana === undefined ? '-' : `${(sardana / median(of('outside'))).toFixed(0)}x`,
      ],
      cpu: processes.map((name, k) => `${name} ${short(((used[i]?.[k] ?? 0) / rounds / POINTS) * 1000)}`).join(', '),
    }
  })
}

async function chooseGroup(facility: TestFacility, group: string): Promise<void> {
  const client = await facility.client()
  const server = client.proxy('macroserver/demo1/1', macroServer)
  await server.write('environment', encodePickle({ new: { ActiveMntGrp: group } }))
  await client.close()
}

async function measureScan(facility: TestFacility, door: DoorWatch, saving: boolean): Promise<Sample> {
  let sign = Number.NaN
  const from = door.output.length
  const listener = (): void => {
    if (Number.isNaN(sign) && door.output.slice(from).some((line) => /^\s*0\s+-?\d/.test(line)))
      sign = performance.now()
  }
  door.listeners.add(listener)
  const called = Date.now() / 1000
  const began = performance.now()
  const outcome = await door.run(['ascan', 'dmot01', '0', '1', String(POINTS - 1), String(EXPOSURE)])
  const ended = performance.now()
  door.listeners.delete(listener)
  if (outcome.state !== 'ON') throw new Error(outcome.error.join('\n'))
  const scan = await lastScan(facility.data)
  if (scan?.points !== POINTS || scan.end === undefined) throw new Error(`the log has ${scan?.points} points`)
  if (saving !== (scan.start.file !== undefined)) throw new Error(`the scan was ${saving ? 'not ' : ''}saved`)
  const { first, last, period, stated } = deadTimes(scan)
  return {
    period,
    stated,
    outside: (ended - began) / POINTS - EXPOSURE * 1000,
    firstPoint: (first - called) * 1000,
    firstSign: sign - began,
    end: ended - began - (last - called) * 1000,
  }
}

/**
 * What the log says of a finished scan.
 * @returns ends of the first and the last exposure, s since 1970; dead times, ms per point
 */
export function deadTimes(scan: LoggedScan): { first: number; last: number; period: number; stated: number } {
  const times = column(scan, 'timestamp')
  const first = times[0] ?? Number.NaN
  const last = times.at(-1) ?? Number.NaN
  return {
    first: scan.start.time + first + EXPOSURE,
    last: scan.start.time + last + EXPOSURE,
    period: ((last - first) / (POINTS - 1) - EXPOSURE) * 1000,
    stated: ((scan.end?.deadTime ?? Number.NaN) / POINTS) * 1000,
  }
}
