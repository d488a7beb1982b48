// Plain devices of a beamline file: a native server that the Starter starts, and a native database told as a file.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyBeamline, contentOfDatabase, dumpBeamline, openStore, parseBeamline } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import { runCli, TestFacility } from '../support/facility.ts'
import { startNativeTango } from '../support/native-tango.ts'
import { needPeers, runPython } from '../support/peers.ts'
import { isAlive } from '../support/processes.ts'
import { eventually } from '../support/waiting.ts'

const SCRIPT = fileURLToPath(new URL('../../../test/interop/python/plain_device.py', import.meta.url))
const HOST = (hostname().split('.')[0] ?? '').toLowerCase()
const SERVER = 'TangoTest/plain'

const FILE = `version: 1
name: plain
servers:
  - { name: ${SERVER}, host: ${HOST}, level: 1 }
  - Pool/plain
  - MacroServer/plain
pool: { server: Pool/plain, device: pool/plain/1 }
macroServer: { server: MacroServer/plain, device: macroserver/plain/1 }
doors: [{ device: door/plain/1 }]
devices:
  - device: test/plain/1
    class: TangoTest
    server: ${SERVER}
    alias: tg1
    properties: { Channels: [a, b] }
    attributes: { double_scalar: { unit: mm, abs_change: '0.1' } }
`

describe('a native server of a beamline file', function () {
  this.timeout(120_000)
  let folder: string

  before(function () {
    needPeers(this, 'pytango', 'TangoTest')
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-plain-'))
  })
  after(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  })

  for (const isolated of [false, true])
    it(`is started by the Starter and read by PyTango, ${isolated ? 'isolated' : 'fast'} layout`, async () => {
      const beamline = join(folder, 'plain.yaml')
      writeFileSync(beamline, FILE)
      await using facility = await TestFacility.start({ beamline, isolated })
      const tango = await facility.client()
      const admin = async () => await tango.database().importDevice(`dserver/${SERVER}`)
      const started = await eventually('TangoTest', async () => (await admin()).exported && (await admin()), 30_000)
      await eventually('its device', async () => (await tango.proxy('test/plain/1').state()) !== undefined, 10_000)
      assert.match(readFileSync(`/proc/${started.pid}/cmdline`, 'latin1'), /^\/usr\/lib\/tango\/TangoTest\0plain/)
      const env = { TANGO_HOST: facility.tangoHost }
      const { code, stdout, stderr } = await runPython(SCRIPT, ['tg1'], { timeoutMs: 30_000, env })
      assert.equal(code, 0, stderr)
      assert.deepEqual(JSON.parse(stdout), {
        name: 'test/plain/1',
        class: 'TangoTest',
        server: SERVER,
        number: true,
        unit: 'mm',
        change: '0.1',
        property: ['a', 'b'],
      })
      const { pid } = await admin()
      const process = isolated ? 'pool-plain' : 'main'
      await facility.restarted(process, facility.killProcess(process))
      await eventually('the pool', async () => (await facility.client()).proxy('pool/plain/1').state(), 30_000)
      assert.equal((await admin()).pid, pid, 'the launcher does not serve it also')
      await facility.interrupt()
      assert.ok(!isAlive(pid), 'it ends with the facility')
    })
})

describe('a native server that a configuration brings to a running facility', function () {
  this.timeout(120_000)

  it('waits for its start, follows changes while it runs, and ends when it leaves the file', async function () {
    needPeers(this, 'TangoTest')
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-plain-'))
    try {
      const file = join(folder, 'plain.yaml')
      const without = FILE.replace(/devices:[\s\S]*/, '').replace(/ {2}- \{ name: TangoTest.*\n/, '')
      writeFileSync(file, without)
      await using facility = await TestFacility.start({ beamline: file })
      const apply = async (text: string, ...words: readonly string[]): Promise<string> => {
        writeFileSync(file, text)
        const { code, stdout, stderr } = await runCli(['config', 'apply', file, '--host', facility.tangoHost, ...words])
        assert.equal(code, 0, stdout + stderr)
        return stdout
      }
      const tango = await facility.client()
      const pid = async () => (await tango.database().importDevice(`dserver/${SERVER}`)).pid
      assert.match(await apply(FILE), /TangoTest\/plain does not run/)
      const starter = tango.proxy(`tango/admin/${HOST}`)
      const listed = async (): Promise<boolean> => {
        const { value } = await starter.read('Servers')
        return Array.isArray(value) && value.some((line) => line.startsWith(`${SERVER}\t`))
      }
      await eventually('the server in the list of the Starter', listed, 30_000)
      await starter.command('DevStart', SERVER)
      const device = tango.proxy('tg1')
      await eventually('TangoTest', async () => (await device.state()) !== undefined, 20_000)
      const former = await pid()

      const second = `${FILE}  - { device: test/plain/2, class: TangoTest, server: ${SERVER} }\n`
      await apply(second)
      await eventually('the second device', async () => (await tango.proxy('test/plain/2').state()) !== undefined)
      assert.equal(await pid(), former)
      // a TangoTest is RUNNING whenever it runs, and so would be disturbed
      await assert.rejects(apply(without), /tg1 is RUNNING/)
      await apply(without, '--force')
      await eventually('its end', () => !isAlive(former), 30_000)
      await eventually('the list without it', async () => !(await listed()), 30_000)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a native database as a beamline file', function () {
  this.timeout(120_000)

  it('has its devices, and changes nothing when it is applied', async function () {
    needPeers(this, 'native-database', 'TangoTest')
    const native = await startNativeTango()
    try {
      const server = await native.serve('TangoTest', 'test')
      await server.stop()
      const tango = await TangoProcess.create({ tangoHost: native.tangoHost, listen: false, log: silentLogger() })
      try {
        const database = tango.database()
        await database.putDeviceProperty('sys/tg_test/1', { polled_attr: ['double_scalar', '1000'], Text: ['007', ''] })
        const { text, notes } = dumpBeamline(await contentOfDatabase(database))
        assert.deepEqual(notes, [])
        const beamline = parseBeamline(text, 'dump.yaml')
        const device = beamline.devices.find((entry) => entry.device === 'sys/tg_test/1')
        assert.equal(device?.class, 'TangoTest')
        assert.equal(device.server, 'TangoTest/test')
        assert.deepEqual(device.properties.polled_attr, ['double_scalar', '1000'])
        assert.ok(!beamline.devices.some((entry) => /^(sys\/database|dserver)/.test(entry.device)))
        const store = openStore(`mysql://tango:tango@localhost/tango?socket=${encodeURIComponent(native.socket)}`)
        try {
          assert.deepEqual(applyBeamline(store, beamline), [], text)
        } finally {
          store.close()
        }
      } finally {
        await tango.close()
      }
    } finally {
      await native.stop()
    }
  })
})
