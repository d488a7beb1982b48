// The same scan without MacroServer and Door: the beamline opened in this process.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBeamline } from 'bandoneon'
import { lastScan } from '../support/scan-files.ts'
import { withoutRecorder } from './beamlines.ts'
import type { BenchOptions } from './main.ts'
import { say, table } from './report.ts'
import { deadTimes, EXPOSURE, GROUPS, POINTS } from './scan-dead-time.ts'
import { spread } from './statistics.ts'

const KEYS = ['period', 'stated', 'outside'] as const
type Sample = Readonly<Record<(typeof KEYS)[number], number>>

/** Prints the dead time in library mode. */
export async function libraryMode({ rounds }: BenchOptions): Promise<void> {
  say(
    `## Library mode: the same scan, everything but the simulators in one process, ${rounds} scans each after two to warm up\n`,
  )
  say('Median (least-most) in ms per point; outside: call to result of the function.\n')
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  const rows: string[][] = []
  try {
    const unsaved = join(folder, 'unsaved.yaml')
    writeFileSync(unsaved, withoutRecorder())
    for (const saving of [false, true]) {
      const data = join(folder, saving ? 'saved' : 'unsaved')
      await using beamline = await openBeamline(saving ? 'demo.yaml' : unsaved, { data, logLevel: 'ERROR' })
      const samples = GROUPS.map((): Sample[] => [])
      for (let round = -2; round < rounds; round += 1)
        for (const [i, { group }] of GROUPS.entries()) {
          beamline.environment('ActiveMntGrp', group)
          const began = performance.now()
          await beamline.scan.ascan('dmot01', 0, 1, POINTS - 1, EXPOSURE)
          const outside = (performance.now() - began) / POINTS - EXPOSURE * 1000
          const scan = await lastScan(data)
          if (scan?.points !== POINTS) throw new Error(`the log has ${scan?.points} points`)
          if (round >= 0) samples[i]?.push({ ...deadTimes(scan), outside })
        }
      for (const [i, { label }] of GROUPS.entries()) {
        const cells = KEYS.map((key) => spread(samples[i]?.map((sample) => sample[key]) ?? []))
        rows.push([saving ? `${label}, file` : label, ...cells])
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  table(['scan', 'between points', 'stated', 'outside'], rows)
}
