// What the software costs per point of a step scan: an `ascan` of a motor whose moves take no time.

import { macroServer } from '#interfaces/macro-server'
import { encodePickle } from '#tango'
import type { DoorWatch } from '../support/door-watch.ts'
import { TestFacility } from '../support/facility.ts'
import { cpuSeconds } from '../support/processes.ts'
import { column, lastScan } from '../support/scan-files.ts'
import type { BenchOptions } from './main.ts'
import { say, table } from './report.ts'
import { median, short, spread } from './statistics.ts'

const POINTS = 200
const EXPOSURE = 0.001

/** Recorded with Sardana 3.1.4 on another machine, ms per point. */
const SARDANA = { one: 17.2, fourSaving: 24, firstPoint: '26-38' } as const

interface Configuration {
  readonly label: string
  readonly group: string
  readonly saving: boolean
  readonly sardana?: number
}

const CONFIGURATIONS: readonly Configuration[] = [
  { label: '1 counter', group: 'mg_dummy', saving: false, sardana: SARDANA.one },
  { label: '1 counter, file', group: 'mg_dummy', saving: true },
  { label: '4 counters', group: 'mg_dummy4', saving: false },
  { label: '4 counters, file', group: 'mg_dummy4', saving: true, sardana: SARDANA.fourSaving },
]

/** One scan, ms. */
interface Sample {
  /** Distance of two exposures less the exposure, from the time stamps in the scan log. */
  readonly period: number
  /** What the scan itself says in its last document, per point. */
  readonly stated: number
  /** RunMacro to Door ON at the client less the exposures, per point. */
  readonly outside: number
  /** RunMacro to the end of the first exposure. */
  readonly firstPoint: number
  /** RunMacro to the first table row or progress at the client. */
  readonly firstSign: number
}

/** Prints dead times for both layouts. */
export async function scanDeadTime({ rounds }: BenchOptions): Promise<void> {
  say(
    `## Step scan: ascan dmot01, ${POINTS} points of ${EXPOSURE * 1000} ms, ${rounds} scans each after one to warm up\n`,
  )
  say('Median (least-most) in ms. Sardana: recorded elsewhere with the same scan, not measured in this run.\n')
  const rows: string[][] = []
  for (const isolated of [false, true]) rows.push(...(await measureLayout(isolated, rounds)))
  table(
    [
      'layout',
      'scan',
      'dead time per point',
      'as the scan states it',
      'RunMacro to ON, per point',
      'RunMacro to first point',
      'first sign at the client',
      'CPU per point: main or door server + door child + pool + controllers + recorder',
      'Sardana (recorded)',
      'ratio',
    ],
    rows,
  )
  say(`Sardana, RunMacro to first point (recorded elsewhere): ${SARDANA.firstPoint} ms\n`)
}

async function measureLayout(isolated: boolean, rounds: number): Promise<string[][]> {
  const facility = await TestFacility.start({ isolated })
  try {
    const door = await facility.door()
    const samples = new Map<Configuration, Sample[]>(CONFIGURATIONS.map((c) => [c, []]))
    const cpu = new Map<Configuration, number[]>()
    const processes = isolated
      ? ['macroserver-demo1', 'door', 'pool-demo1', 'controllers-demo1', 'recorder-demo1']
      : ['main', 'door', 'recorder-demo1']
    for (let round = 0; round <= rounds; round += 1)
      for (const configuration of CONFIGURATIONS) {
        await choose(facility, configuration)
        const before = processes.map((name) => cpuSeconds(facility.processId(name)))
        const sample = await measureScan(facility, door, configuration.saving)
        if (round === 0) continue
        samples.get(configuration)?.push(sample)
        const used = processes.map((name, i) => cpuSeconds(facility.processId(name)) - (before[i] ?? 0))
        cpu.set(
          configuration,
          used.map((seconds, i) => seconds + (cpu.get(configuration)?.[i] ?? 0)),
        )
      }
    return CONFIGURATIONS.map((configuration) => {
      const taken = samples.get(configuration) ?? []
      const of = (key: keyof Sample): readonly number[] => taken.map((sample) => sample[key])
      const shares = (cpu.get(configuration) ?? []).map((s) => short((s / taken.length / POINTS) * 1000))
      const { sardana } = configuration
      return [
        isolated ? 'isolated' : 'fast',
        configuration.label,
        spread(of('period')),
        spread(of('stated')),
        spread(of('outside')),
        spread(of('firstPoint')),
        spread(of('firstSign')),
        isolated ? shares.join(' + ') : [shares[0], shares[1], '-', '-', shares[2]].join(' + '),
        sardana === undefined ? '-' : String(sardana),
        sardana === undefined ? '-' : `${short(sardana / median(of('outside')))}x`,
      ]
    })
  } finally {
    await facility.close()
  }
}

async function choose(facility: TestFacility, { group, saving }: Configuration): Promise<void> {
  const client = await facility.client()
  const server = client.proxy('macroserver/demo1/1', macroServer)
  await server.write('environment', encodePickle({ new: { ActiveMntGrp: group, ScanFile: saving ? ['scan.h5'] : [] } }))
  await client.close()
}

async function measureScan(facility: TestFacility, door: DoorWatch, saving: boolean): Promise<Sample> {
  let sign: number | undefined
  const outputs = door.output.length
  const statuses = door.statuses.length
  const listener = (): void => {
    const row = door.output.slice(outputs).some((line) => /^\s*0\s+\S/.test(line))
    const step = door.statuses.slice(statuses).some((status) => (status.step ?? 0) > 0)
    if (sign === undefined && (row || step)) sign = performance.now()
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
  const times = column(scan, 'timestamp')
  const first = times[0] ?? Number.NaN
  return {
    period: (((times.at(-1) ?? Number.NaN) - first) / (POINTS - 1) - EXPOSURE) * 1000,
    stated: (scan.end.deadTime / POINTS) * 1000,
    outside: (ended - began) / POINTS - EXPOSURE * 1000,
    firstPoint: (scan.start.time + first + EXPOSURE - called) * 1000,
    firstSign: (sign ?? Number.NaN) - began,
  }
}
