// The Starter beside the native one, driven by one PyTango script, and native servers under ours.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger, TangoProcess } from '#tango'
import { CLI, TestFacility } from '../support/facility.ts'
import { killProcess } from '../support/kill-process.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, runPython } from '../support/peers.ts'
import { isAlive } from '../support/processes.ts'
import { eventually } from '../support/waiting.ts'

const SCRIPT = fileURLToPath(new URL('../../../test/interop/python/starter_differential.py', import.meta.url))
const OWN_SERVERS = fileURLToPath(new URL('../../../test/interop/python/starter_own_servers.py', import.meta.url))
const HOST = (hostname().split('.')[0] ?? '').toLowerCase()
const DEVICE = `tango/admin/${HOST}`
const SERVER = 'TangoTest/starter'

type Answers = Readonly<Record<string, unknown>>

/** Answers that may differ, and what ours are. */
const ALLOWED: Readonly<Record<string, { readonly ours: unknown; readonly why: string }>> = {
  'stop an unknown one': { ours: { failed: 'Starter_ServerUnknown' }, why: 'the native reason is the whole sentence' },
  'kill an unknown one': { ours: { failed: 'Starter_ServerUnknown' }, why: 'only servers of the list are killed' },
  'read no log': { ours: { failed: 'Starter_NoLog' }, why: 'the native reason holds the path' },
}

/** What ours has besides. */
const MORE = {
  attributes: ['Resources'],
  properties: ['RestartFailed', 'NbStartupLevels', 'ReadInfoDbPeriod', 'StopServersAtShutdown'],
}

describe('the Starter beside the native one', function () {
  this.timeout(240_000)
  let folder: string
  let native: NativeTango | undefined

  before(function () {
    needPeers(this, 'pytango', 'TangoTest', 'Starter', 'native-database')
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-starter-'))
  })
  after(async () => {
    await native?.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  it('answers PyTango alike, alone at the native database and in a facility: interface, orders, errors, lists, logs', async () => {
    native = await startNativeTango()
    const run = async (name: string, program: string, words: readonly string[]): Promise<Answers> => {
      assert.ok(native !== undefined)
      mkdirSync(join(folder, name)) // the native one makes only the folder below
      await define(native.tangoHost, join(folder, name))
      const starter = await native.run(program, words)
      const answers = await drive(native.tangoHost)
      await starter.stop()
      const survivor = await processOf(native.tangoHost)
      assert.ok(isAlive(survivor), `${name}: the servers go on without their Starter`)
      killProcess(survivor)
      await eventually('its end', () => !isAlive(survivor))
      return answers
    }
    const theirs = await run('native', '/usr/lib/tango/Starter', [HOST])
    compare(theirs, await run('alone', process.execPath, [CLI, 'serve', 'Starter', HOST]))

    const data = join(folder, 'data')
    {
      await using facility = await TestFacility.start({ data })
      await define(facility.tangoHost, join(folder, 'facility'))
      await facility.interrupt()
    }
    await using facility = await TestFacility.start({ data })
    compare(theirs, await drive(facility.tangoHost))
  })
})

describe('servers of a facility under its Starter', function () {
  this.timeout(90_000)

  it('are stopped, started and killed by PyTango, which hears of it by events', async function () {
    needPeers(this, 'pytango')
    await using facility = await TestFacility.start()
    const { code, stdout, stderr } = await runPython(OWN_SERVERS, [DEVICE], {
      timeoutMs: 60_000,
      env: { TANGO_HOST: facility.tangoHost },
    })
    assert.equal(code, 0, `${stderr}${stdout}`)
    const { states, servers, journal, ...seen } = JSON.parse(stdout) as {
      readonly states: readonly string[]
      readonly servers: readonly (readonly (readonly [string, string])[])[]
      readonly journal: readonly string[]
    }
    assert.deepEqual(seen, {
      errors: [],
      'door after stop': false,
      'pool after stop': true,
      stopped: ['MacroServer/demo1'],
      'door after start': true,
      'another process': true,
      'recorder after kill': true,
    })
    assert.equal(states[0], 'ON')
    assert.ok(states.includes('ALARM'), states.join())
    assert.equal(states.at(-1), 'ON')
    const macroServer = servers.map((lines) => new Map(lines).get('MacroServer/demo1'))
    assert.ok(macroServer.includes('FAULT') && macroServer.at(-1) === 'ON', macroServer.join())
    for (const text of ['MacroServer/demo1 stopped', 'MacroServer/demo1 started', 'Recorder/demo1 killed'])
      assert.ok(journal.includes(text), `${text} is missing in ${journal.join('; ')}`)
  })
})

describe('a native TangoTest under the Starter', function () {
  this.timeout(120_000)

  it('starts with the facility, comes back after kill -9, ends when told and with the facility, with its logs', async function () {
    needPeers(this, 'TangoTest')
    await using first = await TestFacility.start()
    await define(first.tangoHost)
    await first.interrupt()
    await using facility = await TestFacility.start({ data: first.data })
    const tango = await facility.client()
    const device = tango.proxy(DEVICE)
    const line = async (): Promise<string | undefined> => {
      const { value } = await device.read('Servers')
      return Array.isArray(value) ? value.find((text) => text.startsWith(`${SERVER}\t`)) : undefined
    }
    const becomes = (state: string): Promise<unknown> =>
      eventually(`TangoTest ${state}`, async () => (await line()) === `${SERVER}\t${state}`, 30_000)
    const pid = async (): Promise<number> => (await tango.database().importDevice(`dserver/${SERVER}`)).pid

    await becomes('ON\t1\t1\t1')
    const former = await pid()
    assert.equal(typeof (await tango.proxy('test/starter/1').read('double_scalar')).value, 'number')
    killProcess(former)
    await eventually('another process', async () => ![former, -1].includes(await pid()), 30_000)
    await becomes('ON\t1\t1\t1')
    const log = String(await device.command('DevReadLog', SERVER))
    // one log over the crash
    assert.equal(log.match(/Ready to accept request/g)?.length, 2, log)

    const formerLogs = (): number =>
      readdirSync(join(facility.data, 'log')).filter((name) => name.startsWith('TangoTest_starter_[')).length
    const before = formerLogs()
    const second = await pid()
    await device.command('DevStop', SERVER)
    await becomes('FAULT\t1\t1\t0')
    assert.ok(!isAlive(second))
    await device.command('DevStart', SERVER)
    await becomes('ON\t1\t1\t1')
    assert.equal(formerLogs(), before + 1)
    const last = await pid()
    await facility.interrupt()
    assert.ok(!isAlive(last))
  })
})

/** Defines the TangoTest with its start-up record, and where the Starter keeps logs. */
async function define(tangoHost: string, logFileHome?: string): Promise<void> {
  const tango = await TangoProcess.create({ tangoHost, listen: false, log: silentLogger() })
  try {
    const database = tango.database()
    await database.addDevice({ server: SERVER, class: 'TangoTest', name: 'test/starter/1' })
    // the native database lists only servers that have run
    const admin = { name: `dserver/${SERVER}`, ior: 'nada', host: HOST, pid: 1, version: '5' }
    await database.exportDevice(admin)
    await database.unexportDevice(admin.name)
    await database.putServerInfo({ name: SERVER, host: HOST, controlled: true, level: 1 })
    if (logFileHome === undefined) return
    const known = await database.devices(DEVICE)
    if (known.length === 0) await database.addDevice({ server: `Starter/${HOST}`, class: 'Starter', name: DEVICE })
    await database.putDeviceProperty(DEVICE, {
      StartDsPath: ['/usr/lib/tango'],
      LogFileHome: [logFileHome],
      RestartFailed: ['false'],
    })
  } finally {
    await tango.close()
  }
}

/** Process id that the database has for the TangoTest. */
async function processOf(tangoHost: string): Promise<number> {
  const tango = await TangoProcess.create({ tangoHost, listen: false, log: silentLogger() })
  try {
    return (await tango.database().importDevice(`dserver/${SERVER}`)).pid
  } finally {
    await tango.close()
  }
}

async function drive(tangoHost: string): Promise<Answers> {
  const { code, stdout, stderr } = await runPython(SCRIPT, [DEVICE, SERVER], {
    timeoutMs: 100_000,
    env: { TANGO_HOST: tangoHost },
  })
  assert.equal(code, 0, `${stderr}${stdout}`)
  return JSON.parse(stdout) as Answers
}

function compare(theirs: Answers, ours: Answers): void {
  assert.deepEqual(Object.keys(ours), Object.keys(theirs))
  for (const [key, answer] of Object.entries(theirs)) {
    const allowed = ALLOWED[key]
    if (allowed !== undefined) {
      assert.notDeepEqual(ours[key], answer, `'${key}' does not differ any more`)
      assert.deepEqual(ours[key], allowed.ours, key)
    } else if (key === 'attributes' || key === 'properties') {
      const more: Record<string, unknown> = { ...(ours[key] as object) }
      for (const name of MORE[key]) {
        assert.ok(name in more, name)
        delete more[name]
      }
      assert.deepEqual(more, answer, key)
    } else assert.deepEqual(ours[key], answer, key)
  }
}
