// A server with a thousand devices: how long it takes to its ready line and what a device costs in memory; our server,
// one on cppTango and one on PyTango with the same class, each with our database and with the native one.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger, TangoProcess } from '#tango'
import { CLI } from '../support/facility.ts'
import { freePort } from '../support/free-port.ts'
import { startNativeTango } from '../support/native-tango.ts'
import { cpuSeconds, memoryOf } from '../support/processes.ts'
import { within } from '../support/waiting.ts'
import type { BenchOptions } from './main.ts'
import { output, PYTHON, say, table } from './report.ts'
import { ready, stop } from './server-program.ts'
import { median, short, spread } from './statistics.ts'

const NATIVE = fileURLToPath(new URL('../../../test/bench/native/tango/', import.meta.url))
const MANY = 1000
const READY_MS = 120_000

/** A server to measure. */
interface Contender {
  readonly name: string
  readonly server: string
  readonly className: string
  /** Gets the instance as its last word. */
  readonly command: readonly string[]
}

interface Sample {
  readonly seconds: number
  readonly cpu: number
  readonly rss: number
}

/** Prints start-up times and memory of servers with many devices. */
export async function manyDevices({ rounds }: BenchOptions): Promise<void> {
  const starts = Math.min(rounds, 5)
  say(`## A server with ${MANY} devices, ${starts} starts each, servers in turns\n`)
  say(
    'Ready: spawn of the command to its ready line, all devices exported. Resident memory right after it; per device: ' +
      `the difference between ${MANY} devices and one. Processors not shared out.\n`,
  )
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-bench-'))
  try {
    const contenders = contendersIn(folder)
    const database = await ownDatabase(folder)
    try {
      await compare('our database', database.tangoHost, contenders, starts, database.pid)
    } finally {
      await stop(database.child)
    }
    const native = await nativeDatabase()
    if (native === undefined) return
    try {
      await compare('the native database', native.tangoHost, contenders, Math.min(starts, 2))
    } finally {
      await native.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compare(
  database: string,
  tangoHost: string,
  contenders: readonly Contender[],
  rounds: number,
  databasePid?: number,
): Promise<void> {
  const tango = await TangoProcess.create({ tangoHost, listen: false, log: silentLogger() })
  try {
    for (const { server, className, name } of contenders)
      for (const [instance, count] of [
        ['one', 1],
        ['many', MANY],
      ] as const) {
        const devices = Array.from({ length: count }, (_, i) => ({
          class: className,
          name: `bench/${name.toLowerCase()}-${instance}/${i + 1}`,
        }))
        await tango
          .database()
          .addServer(`${server}/${instance}`, [...devices, { class: 'DServer', name: `dserver/${server}/${instance}` }])
      }
  } finally {
    await tango.close()
  }
  const one = new Map<string, Sample[]>()
  const many = new Map<string, Sample[]>()
  const spent: number[] = []
  for (let round = 0; round < rounds; round += 1)
    for (const contender of round % 2 === 0 ? contenders : [...contenders].reverse()) {
      push(one, contender.name, await measure(contender, 'one', tangoHost))
      const before = databasePid === undefined ? 0 : cpuSeconds(databasePid)
      push(many, contender.name, await measure(contender, 'many', tangoHost))
      if (databasePid !== undefined && contender.name === 'ours') spent.push(cpuSeconds(databasePid) - before)
    }
  say(`With ${database}: median (least-most)\n`)
  table(
    ['server', '1 device: ready, s', 'MiB', `${MANY}: ready, s`, 'its processor time, s', 'MiB', 'per device, KiB'],
    contenders.map(({ name }) => {
      const [few, all] = [one.get(name) ?? [], many.get(name) ?? []]
      const perDevice = all.map(({ rss }, i) => ((rss - (few[i]?.rss ?? Number.NaN)) * 1024) / (MANY - 1))
      return [
        name,
        spread(few.map(({ seconds }) => seconds)),
        short(median(few.map(({ rss }) => rss))),
        spread(all.map(({ seconds }) => seconds)),
        spread(all.map(({ cpu }) => cpu)),
        short(median(all.map(({ rss }) => rss))),
        spread(perDevice),
      ]
    }),
  )
  if (spent.length > 0) say(`Processor time of the database for a start and a stop of ours: ${spread(spent)} s\n`)
}

function push(samples: Map<string, Sample[]>, name: string, sample: Sample): void {
  samples.set(name, [...(samples.get(name) ?? []), sample])
}

async function measure({ command, name }: Contender, instance: string, tangoHost: string): Promise<Sample> {
  const began = performance.now()
  const child = start([...command, instance], tangoHost)
  try {
    await within(`the ready line of ${name}/${instance}`, ready(child, name), READY_MS)
    const seconds = (performance.now() - began) / 1000
    const pid = child.pid ?? 0
    return { seconds, cpu: cpuSeconds(pid), rss: memoryOf([pid]).rss }
  } finally {
    await stop(child)
  }
}

function contendersIn(folder: string): readonly Contender[] {
  const ours = { name: 'ours', server: 'TangoBench', className: 'TangoBench' }
  const contenders: Contender[] = [{ ...ours, command: [process.execPath, CLI, 'serve', 'TangoBench'] }]
  const native = { server: 'peer', className: 'BenchPeer' }
  const compiled = spawnSync('make', ['-s', '-C', NATIVE, `BUILD=${folder}`, `${folder}/peer`], { encoding: 'utf8' })
  if (compiled.status === 0) contenders.push({ ...native, name: 'cppTango', command: [join(folder, 'peer')] })
  else say(`C++ peer: missing (${compiled.error?.message ?? compiled.stderr.trim().split('\n')[0]})\n`)
  if (output(PYTHON, ['-c', 'import tango, numpy']) === undefined) say(`PyTango peer: missing (${PYTHON})\n`)
  else {
    const script = join(folder, 'pypeer')
    // the executable's name is the server's name
    spawnSync('ln', ['-s', join(NATIVE, 'peer.py'), script])
    contenders.push({ ...native, name: 'PyTango', server: 'pypeer', command: [PYTHON, script] })
  }
  return contenders
}

async function ownDatabase(folder: string): Promise<{ tangoHost: string; pid: number; child: ChildProcess }> {
  const tangoHost = `127.0.0.1:${await freePort()}`
  const child = start([process.execPath, CLI, 'serve', 'DataBaseds', '2'], tangoHost, folder)
  await within('the ready line of our database', ready(child, 'our database'), READY_MS)
  return { tangoHost, pid: child.pid ?? 0, child }
}

async function nativeDatabase(): Promise<Awaited<ReturnType<typeof startNativeTango>> | undefined> {
  try {
    return await startNativeTango()
  } catch (error) {
    say(`The native database: missing (${error instanceof Error ? error.message.split('\n')[0] : String(error)})\n`)
    return undefined
  }
}

function start(command: readonly string[], tangoHost: string, cwd = tmpdir()): ChildProcess {
  const [program = '', ...words] = command
  const env = { ...process.env, TANGO_HOST: tangoHost }
  return spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
}
