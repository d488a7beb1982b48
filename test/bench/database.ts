// The Tango database beside the native one on MariaDB, with a facility's worth of content: calls per second, start of
// servers, lists, import and export, memory.

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatText, parseText, readContent, runImport } from '#db-config'
import type { DatabaseClient } from '#tango'
import { within } from '../support/waiting.ts'
import {
  type Contender,
  DEVICES,
  deviceName,
  fileContender,
  mariaContender,
  nativeContender,
  PROPERTIES,
  SERVERS,
} from './database-contenders.ts'
import type { BenchOptions } from './main.ts'
import { say, table } from './report.ts'
import { ready, stop } from './server-program.ts'
import { median, short, spread } from './statistics.ts'

/** Calls that wait for their answers at the same time, as with several clients. */
const IN_FLIGHT = 16
/** Devices of one import. */
const IMPORTED = 200
/** Devices of the native server; each takes some 35 MiB. */
const TEST_DEVICES = 20
const TANGO_TEST = '/usr/lib/tango/TangoTest'
const READY_MS = 60_000

/** Calls repeated for a while; the number counts calls so far. */
const RATES: Readonly<Record<string, (database: DatabaseClient, i: number) => Promise<unknown>>> = {
  'read a property': (database, i) => database.getDeviceProperty(some(i), ['property3']),
  'read 8 properties of a device': (database, i) => database.getDeviceProperty(some(i), ALL),
  'read properties of 2 attributes': (database, i) =>
    database.getDeviceAttributeProperty(some(i), ['attribute0', 'attribute1']),
  'write a property': (database, i) => database.putDeviceProperty(some(i), { property3: `written ${i}` }),
  'write 8 properties': (database, i) =>
    database.putDeviceProperty(some(i), Object.fromEntries(ALL.map((name) => [name, `written ${i}`]))),
  'write a memorized value': (database, i) =>
    database.putDeviceAttributeProperty(some(i), { attribute0: { __value: String(i) } }),
  'import a device': (database, i) => database.importDevice(some(i)),
  'import by alias': (database, i) => database.importDevice(`alias${(i * 7919) % DEVICES}`),
  'export a device': (database, i) => database.exportDevice(exported(some(i))),
}

/** Single calls, or groups of calls, that take a while. */
const TIMES: Readonly<Record<string, (database: DatabaseClient) => Promise<unknown>>> = {
  'cache data of a server with 100 devices': (database) => database.dataForServerCache('Big/hundred', 'host'),
  'cache data of a server with 1000 devices': (database) => database.dataForServerCache('Big/thousand', 'host'),
  'start of a server with 100 devices (cache data, then exports)': (database) => startLike(database, 'Big/hundred'),
  'start of a server with 1000 devices (cache data, then exports)': (database) => startLike(database, 'Big/thousand'),
  [`list of all ${DEVICES} devices`]: (database) => database.devices('*'),
  'list of devices d1*/fam7/*': (database) => database.devices('d1*/fam7/*'),
  'list of devices */*/m1234*': (database) => database.devices('*/*/m1234*'),
  'list of exported devices': (database) => database.exportedDevices('*'),
  'list of domains': (database) => database.domains('*'),
  'list of families of a domain': (database) => database.families('d7/*'),
  'list of servers': (database) => database.serverList('*'),
  'list of aliases alias19*': (database) => database.aliases('alias19*'),
  'devices of a class by query': (database) =>
    database.select("name FROM device WHERE class = 'Motor' AND name LIKE 'd3/%' ORDER BY name"),
  'properties by query, one in 20': (database) =>
    database.select("device, name, value FROM property_device WHERE device LIKE 'd5/%' AND name = 'property1'"),
}

const ALL = Array.from({ length: PROPERTIES.device }, (_, p) => `property${p}`)

/** Prints ratios to the native database. */
export async function databases({ rounds, seconds }: BenchOptions): Promise<void> {
  const perDevice = PROPERTIES.device + PROPERTIES.attribute
  say(`## The Tango database with ${DEVICES} devices and ${DEVICES * perDevice} properties, ${rounds} rounds\n`)
  say(
    'One client of ours over loopback TCP, databases in turns within each round. Native: ' +
      'DataBaseds on MariaDB. Ratios are taken within a round: above 1 ours is faster; median (least-most).\n',
  )
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  const contenders: Contender[] = []
  try {
    contenders.push(await nativeContender())
    contenders.push(await fileContender(folder))
    contenders.push(await mariaContender(folder))
    const idle = contenders.map((contender) => contender.memory())
    await compareRates(contenders, rounds, seconds)
    await compareTimes(contenders, rounds)
    await compareTransfers(contenders, rounds > 3 ? 3 : 1)
    await compareTangoTest(contenders, Math.min(rounds, 3))
    say('Resident memory, MiB\n')
    table(
      ['database', 'server after its start', 'server at the end', 'MariaDB at the end'],
      contenders.map((contender, i) => {
        const { server, engine } = contender.memory()
        return [contender.name, short(idle[i]?.server ?? 0), short(server), engine === 0 ? '-' : short(engine)]
      }),
    )
  } finally {
    for (const contender of contenders.reverse()) await contender.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compareRates(contenders: readonly Contender[], rounds: number, seconds: number): Promise<void> {
  // the first calls fill caches and compile
  for (const { client } of contenders) for (const call of Object.values(RATES)) await rate(client.database(), call, 150)
  const names = contenders.map(({ name }) => name)
  for (const inFlight of [1, IN_FLIGHT]) {
    const rows: string[][] = []
    for (const [name, call] of Object.entries(RATES)) {
      const sample = ({ client }: Contender) => rate(client.database(), call, seconds * 1000, inFlight)
      const samples = await inTurns(contenders, rounds, sample)
      rows.push([name, ...samples.map((of) => short(median(of))), ...ratios(samples, (own, native) => own / native)])
    }
    const what = inFlight === 1 ? 'calls per second, one at a time' : `calls per second, ${inFlight} at a time`
    table([what, ...names, ...names.slice(1).map((name) => `${name} : native`)], rows)
  }
}

async function compareTimes(contenders: readonly Contender[], rounds: number): Promise<void> {
  for (const { client } of contenders) for (const call of Object.values(TIMES)) await call(client.database())
  const rows: string[][] = []
  for (const [name, call] of Object.entries(TIMES)) {
    const samples = await inTurns(contenders, rounds, ({ client }) => duration(() => call(client.database())))
    rows.push([name, ...samples.map((of) => short(median(of))), ...ratios(samples, (own, native) => native / own)])
  }
  const names = contenders.map(({ name }) => name)
  table(['milliseconds', ...names, ...names.slice(1).map((name) => `native : ${name}`)], rows)
}

/** Import of a small file and export of everything, as `bandoneon db` does. */
async function compareTransfers(contenders: readonly Contender[], rounds: number): Promise<void> {
  let file = 0
  const imported = await inTurns(contenders, rounds, ({ client }) => {
    file += 1
    const text = smallContent(file)
    return duration(() =>
      runImport(client.database(), parseText(text, 'bench'), {
        replace: false,
        findAccessControl: async () => undefined,
      }),
    )
  })
  const read = await inTurns(contenders, rounds, ({ client }) =>
    duration(async () => formatText(await readContent(client.database()))),
  )
  const names = contenders.map(({ name }) => name)
  table(
    ['milliseconds', ...names, ...names.slice(1).map((name) => `native : ${name}`)],
    [
      [`import of ${IMPORTED} devices with 10 properties each, checked`, imported] as const,
      [`export of all ${DEVICES} devices`, read] as const,
    ].map(([name, samples]) => [
      name,
      ...samples.map((of) => short(median(of))),
      ...ratios(samples, (own, native) => native / own),
    ]),
  )
}

/** A native server with some devices, from its start to its ready line. */
async function compareTangoTest(contenders: readonly Contender[], rounds: number): Promise<void> {
  for (const { client } of contenders)
    for (let i = 0; i < TEST_DEVICES; i += 1)
      await client
        .database()
        .addDevice({ server: 'TangoTest/bench', class: 'TangoTest', name: `bench/tango_test/${i}` })
  const samples = await inTurns(contenders, rounds, async ({ tangoHost }) => {
    const began = performance.now()
    const child = spawn(TANGO_TEST, ['bench'], { env: { ...process.env, TANGO_HOST: tangoHost }, stdio: 'pipe' })
    try {
      await within('TangoTest', ready(child, 'TangoTest'), READY_MS)
      return performance.now() - began
    } finally {
      await stop(child)
    }
  })
  const names = contenders.map(({ name }) => name)
  table(
    ['milliseconds', ...names, ...names.slice(1).map((name) => `native : ${name}`)],
    [
      [
        `native TangoTest with ${TEST_DEVICES} devices to its ready line`,
        ...samples.map((of) => short(median(of))),
        ...ratios(samples, (own, native) => native / own),
      ],
    ],
  )
}

/** One sample of each contender per round, the order reversed in every other one. */
async function inTurns(
  contenders: readonly Contender[],
  rounds: number,
  sample: (contender: Contender) => Promise<number>,
): Promise<readonly (readonly number[])[]> {
  const samples = contenders.map((): number[] => [])
  for (let round = 0; round < rounds; round += 1) {
    const order = contenders.map((_, i) => (round % 2 === 0 ? i : contenders.length - 1 - i))
    for (const i of order) {
      const contender = contenders[i]
      if (contender !== undefined) samples[i]?.push(await sample(contender))
    }
  }
  return samples
}

/** Ratio of each but the first to the first, within the rounds. */
function ratios(
  samples: readonly (readonly number[])[],
  ratio: (own: number, native: number) => number,
): readonly string[] {
  const [native = [], ...others] = samples
  return others.map((own) => spread(own.map((value, round) => ratio(value, native[round] ?? Number.NaN))))
}

async function rate(
  database: DatabaseClient,
  call: (database: DatabaseClient, i: number) => Promise<unknown>,
  ms: number,
  inFlight = 1,
): Promise<number> {
  const began = performance.now()
  let calls = 0
  const caller = async (): Promise<void> => {
    while (performance.now() - began < ms) {
      calls += 1
      await call(database, calls)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  return (calls / (performance.now() - began)) * 1000
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** What a server asks of the database at its start. */
async function startLike(database: DatabaseClient, server: keyof typeof SERVERS): Promise<void> {
  const cache = await database.dataForServerCache(server, 'host')
  if (cache === undefined) throw new Error(`${server} is not in the database`)
  const devices = cache.classes.flatMap((one) => one.devices.map(({ name }) => name))
  if (devices.length !== SERVERS[server]) throw new Error(`${server} has ${devices.length} devices`)
  for (const name of [`dserver/${server}`, ...devices]) await database.exportDevice(exported(name))
}

function exported(name: string): Parameters<DatabaseClient['exportDevice']>[0] {
  return { name, ior: `IOR:${'01'.repeat(150)}`, host: 'host', pid: 4242, version: '5' }
}

/** Another device each time, all over the database. */
function some(i: number): string {
  return deviceName((i * 7919) % DEVICES)
}

function smallContent(file: number): string {
  const lines = ['{"format":"tango-database","version":1}']
  for (let i = 0; i < IMPORTED; i += 1) {
    const device = `import${file}/bench/${i}`
    lines.push(JSON.stringify({ device, server: `Import/${file}-${i % 4}`, class: 'Motor' }))
    for (let p = 0; p < 8; p += 1) lines.push(JSON.stringify({ device, property: `p${p}`, value: `${p}` }))
    for (const attribute of ['a', 'b']) lines.push(JSON.stringify({ device, attribute, property: 'unit', value: 'mm' }))
  }
  return lines.join('\n')
}
