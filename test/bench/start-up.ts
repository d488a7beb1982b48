// How long a facility takes to its ready line and to its end, and how much memory its processes hold.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TestFacility } from '../support/facility.ts'
import { memoryOf } from '../support/processes.ts'
import { withManyMotors } from './beamlines.ts'
import type { BenchOptions } from './main.ts'
import { say, table } from './report.ts'
import { median, short, spread } from './statistics.ts'

interface Sample {
  readonly seconds: number
  readonly rss: number
  readonly pss: number
  readonly simulators: number
  readonly processes: number
  /** Resident, some seconds later: practice is over. */
  readonly later: number
  /** From Ctrl-C to the end of the command, s. */
  readonly end: number
}

/** Practice begins half a second after the start and takes two at most, ms. */
const LATER_MS = 4_000

/** Prints start-up times and memory. */
export async function startUp({ rounds }: BenchOptions): Promise<void> {
  say(`## Start-up: the command to the ready line, ${rounds} starts each with a new data folder\n`)
  say(
    `Resident memory of all processes, launcher included, simulators apart, at the ready line and ${LATER_MS / 1000} s later; proportional: shared pages counted once.\n`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  try {
    const many = join(folder, 'many.yaml')
    writeFileSync(many, withManyMotors(500))
    const rows: string[][] = []
    for (const { label, isolated, beamline } of [
      { label: 'demo, fast', isolated: false, beamline: undefined },
      { label: 'demo, isolated', isolated: true, beamline: undefined },
      { label: 'demo and 500 dummy motors, fast', isolated: false, beamline: many },
      { label: 'demo and 500 dummy motors, isolated', isolated: true, beamline: many },
    ]) {
      const samples: Sample[] = []
      for (let round = 0; round < rounds; round += 1)
        samples.push(await measure({ isolated, ...(beamline === undefined ? {} : { beamline }) }))
      const of = (key: keyof Sample): readonly number[] => samples.map((sample) => sample[key])
      rows.push([
        label,
        spread(of('seconds')),
        short(median(of('processes'))),
        spread(of('rss')),
        spread(of('pss')),
        spread(of('later')),
        spread(of('simulators')),
        spread(of('end')),
      ])
    }
    const memory = ['resident, MiB', 'proportional, MiB', 'resident later, MiB', 'simulators, MiB']
    table(['facility', 'ready after, s', 'processes', ...memory, 'ended after, s'], rows)
    say('Sardana 3.1.4 with 500 motors (recorded elsewhere): 4.2 + 3.4 s, 380 MB without its database.\n')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(options: { readonly isolated: boolean; readonly beamline?: string }): Promise<Sample> {
  const facility = await TestFacility.start(options)
  try {
    const simulators = facility.processes.filter(({ command }) => command.includes('simulators')).map(({ pid }) => pid)
    const ours = facility.processes.map(({ pid }) => pid).filter((pid) => !simulators.includes(pid))
    const memory = memoryOf(ours)
    await new Promise((resolve) => setTimeout(resolve, LATER_MS))
    const later = memoryOf(ours).rss
    const simulated = memoryOf(simulators).rss
    const began = performance.now()
    await facility.interrupt()
    return {
      seconds: facility.program.firstOutputAfterMs / 1000,
      rss: memory.rss,
      pss: memory.pss,
      simulators: simulated,
      processes: ours.length,
      later,
      end: (performance.now() - began) / 1000,
    }
  } finally {
    await facility.close()
  }
}
