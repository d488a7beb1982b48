// Practice of a process that serves a pool: a small beamline of its own, opened in this process, scans until the code of
// pool, controllers and calls is compiled. Without it the first scans after a start would be three times slower. No
// device of the facility is called, and nothing but a dummy without a box moves.

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { measurementGroup } from '#interfaces/measurement-group'
import { pool as poolInterface } from '#interfaces/pool'
import { silentLogger, TangoProcess } from '#tango'
import { type OpenedBeamline, openBeamline } from './library.ts'

/** Scans, and points of each: what the compiler needs for what happens once per point and once per scan. */
const SCANS = 12
const POINTS = 250
/** s */
const EXPOSURE = 0.0001
/** On a busy machine practice ends before it is complete, ms. */
const LONGEST_MS = 2000

/** Two of each: code that has only seen one box would be compiled for that box alone. */
const BEAMLINE = `
version: 1
name: practice
servers: [Pool/practice]
pool: { server: Pool/practice, device: pool/practice/1, alias: practice }
controllers:
  - { name: mc1, type: motor, driver: dummy-motor, axes: [{ name: motor1, axis: 1 }] }
  - { name: mc2, type: motor, driver: dummy-motor, axes: [{ name: motor2, axis: 1 }] }
  - { name: cc1, type: counter, driver: dummy-counter, properties: { exact: false }, axes: [{ name: ct1, axis: 1 }] }
  - { name: cc2, type: counter, driver: dummy-counter, axes: [{ name: ct2, axis: 1 }, { name: ct3, axis: 2 }] }
measurementGroups:
  - { name: group1, channels: [ct1] }
  - { name: group2, channels: [ct2, ct3] }
`

/**
 * Practises until it is enough or `signal` aborts; at most one point more is run then.
 * @throws what keeps it from working, such as a full disk; harmless, practice is no need
 */
export async function practise(signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bandoneon-practice-'))
  try {
    const file = join(folder, 'practice.yaml')
    await writeFile(file, BEAMLINE)
    await using beamline = await openBeamline(file, { data: join(folder, 'data'), logLevel: 'FATAL' })
    await scans(beamline, signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Calls as a door does, over the socket: each call gives everybody else in the process a turn. */
async function scans({ tango: { tangoHost = '' } }: OpenedBeamline, signal: AbortSignal): Promise<void> {
  await using client = await TangoProcess.create({ listen: false, tangoHost, log: silentLogger() })
  const pool = client.proxy('pool/practice/1', poolInterface)
  const groups = ['group1', 'group2'].map((name) => client.proxy(`mntgrp/practice/${name}`, measurementGroup))
  const deadline = performance.now() + LONGEST_MS
  const isEnough = () => signal.aborted || performance.now() > deadline
  const options = { signal: new AbortController().signal } // scans have one, too
  for (let scan = 0; scan < SCANS && !isEnough(); scan++) {
    const group = groups[scan % groups.length]
    if (group === undefined) return
    const motor = `motor${1 + (scan % 2)}`
    await group.writeMany({ integrationTime: EXPOSURE, nbStarts: POINTS })
    await group.command('prepare')
    for (let point = 0; point < POINTS && !isEnough(); point++) {
      await pool.command('moveTo', { svalue: [motor], dvalue: Float64Array.of(point) }, options)
      await group.command('acquire', point, options)
    }
  }
}
