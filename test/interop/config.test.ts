// Changes of the configuration as native clients see them, at native servers, and read from a native database.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { memoryStore, readBeamlineFile, type Store } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import { applyBeamline } from '../../db-config/config/apply.ts'
import { contentOfDatabase, contentOfStore } from '../../db-config/config/content.ts'
import { dumpBeamline } from '../../db-config/config/dump.ts'
import { Follower } from '../../db-config/config-server/follow.ts'
import { runCli, TestFacility } from '../support/facility.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, PYTHON } from '../support/peers.ts'
import { within } from '../support/waiting.ts'

const DEMO = new URL('../../../db-config/beamlines/demo.yaml', import.meta.url).pathname
const SCRIPT = new URL('../../../test/interop/python/config_follow.py', import.meta.url).pathname

for (const isolated of [false, true]) {
  describe(`PyTango at a beamline that changes, ${isolated ? 'isolated' : 'in one process'}`, function () {
    this.timeout(90_000)

    it('finds and moves a new motor, and has kept the others', async function () {
      needPeers(this, 'pytango')
      const folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
      const file = join(folder, 'beamline.yaml')
      const demo = readFileSync(DEMO, 'utf8').replaceAll('axisCount: 4', 'axisCount: 5')
      writeFileSync(file, demo)
      try {
        await using facility = await TestFacility.start({ isolated, beamline: file })
        const script = spawn(PYTHON, [SCRIPT, 'dmot05', 'mot01', 'dmot01'], {
          env: { ...process.env, TANGO_HOST: facility.tangoHost },
          stdio: ['pipe', 'pipe', 'inherit'],
        })
        try {
          const lines = createInterface(script.stdout)[Symbol.asyncIterator]()
          const next = async (what: string) => String((await within(what, lines.next(), 30_000)).value)
          assert.equal(await next('the script'), 'ready')
          writeFileSync(
            file,
            demo.replace('{ name: dmot04, axis: 4 }', '{ name: dmot04, axis: 4 }\n      - { name: dmot05, axis: 5 }'),
          )
          const applied = await runCli(['config', 'apply', file, '--host', facility.tangoHost])
          assert.equal(applied.code, 0, applied.stderr)
          script.stdin.write('\n')
          const { pool_events: poolEvents, ...seen } = JSON.parse(await next('what it has seen'))
          assert.deepEqual(seen, {
            known_before: false,
            position: 1.5,
            state: 'ON',
            in_pool: true,
            restarted: [],
            errors: [],
            exported: [],
          })
          assert.ok(poolEvents >= 2, `${poolEvents} events of the pool`)
        } finally {
          script.kill('SIGKILL')
        }
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })
  })
}

describe('The configuration at a native database', function () {
  this.timeout(120_000)
  let native: NativeTango
  let client: TangoProcess

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest')
    native = await startNativeTango()
    client = await TangoProcess.create({ listen: false, tangoHost: native.tangoHost, log: silentLogger() })
  })

  after(async () => {
    await client?.close()
    await native?.stop()
  })

  it('has native servers follow: devices come and go with a restart of their server', async () => {
    const database = client.database()
    await database.addDevice({ server: 'TangoTest/follow', class: 'TangoTest', name: 'test/follow/1' })
    await native.serve('TangoTest', 'follow')
    const step = { device: 'test/follow/2', class: 'TangoTest', server: 'TangoTest/follow' }
    await database.addDevice({ server: step.server, class: step.class, name: step.device })
    const coming = new Follower({ tango: client })
    await coming.prepare([{ ...step, action: 'create' }])
    const [came] = await coming.follow([{ ...step, action: 'create' }], () => 2)
    assert.deepEqual([came?.result, came?.state], ['done', 'RUNNING'], came?.text)
    const going = new Follower({ tango: client })
    await going.prepare([{ ...step, action: 'remove' }])
    await database.deleteDevice(step.device)
    const [gone] = await going.follow([{ ...step, action: 'remove' }], () => 1)
    assert.equal(gone?.result, 'done', gone?.text)
    await assert.rejects(client.proxy(step.device).state())
    assert.equal(await client.proxy('test/follow/1').state(), 'RUNNING')
    const again = { device: 'test/follow/1', class: 'TangoTest', server: step.server, action: 'restart' } as const
    const restarting = new Follower({ tango: client })
    await restarting.prepare([again])
    assert.equal((await restarting.follow([again], () => 1))[0]?.result, 'done')
  })

  it('says that a server that does not run takes the change at its start', async () => {
    await client.database().addDevice({ server: 'TangoTest/off', class: 'TangoTest', name: 'test/off/1' })
    const step = { device: 'test/off/1', class: 'TangoTest', server: 'TangoTest/off', action: 'create' } as const
    const follower = new Follower({ tango: client })
    await follower.prepare([step])
    const [waiting] = await follower.follow([step], () => 1)
    assert.equal(waiting?.result, 'waiting')
    assert.match(waiting?.text ?? '', /TangoTest\/off does not run/)
  })

  it('is dumped through its standard commands as from our own', async () => {
    const store = memoryStore()
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
    try {
      applyBeamline(store, readBeamlineFile(DEMO), { boxes: { icepap: { host: '127.0.0.1', port: 5000 } } })
      // what a fresh native database has, and the tests above have made, is told by another test
      for (const name of ['sys/rest/0', 'sys/tg_test/1', 'test/follow/1', 'test/off/1'])
        await client.database().deleteDevice(name)
      await copy(store, client)
      const ours = dumpBeamline(contentOfStore(store))
      const theirs = dumpBeamline(await contentOfDatabase(client.database()))
      assert.equal(theirs.text, ours.text)
      const file = join(folder, 'dump.yaml')
      const dumped = await runCli(['config', 'dump', '--host', native.tangoHost, '--output', file])
      assert.equal(dumped.code, 0, dumped.stderr)
      assert.equal(readFileSync(file, 'utf8'), ours.text)
      assert.equal((await runCli(['config', 'check', file])).code, 0)
      assert.deepEqual(applyBeamline(store, readBeamlineFile(file)), [])
      const plan = await runCli(['config', 'plan', file, '--host', native.tangoHost])
      assert.equal(plan.code, 1)
      assert.match(plan.stderr, /there is no sys\/bandoneon-config\/1 at .*bandoneon serve DataBaseds/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
      store.close()
    }
  })
})

/** Writes what a store has into a native database. */
async function copy(store: Store, client: TangoProcess): Promise<void> {
  const database = client.database()
  for (const { name, server, class: deviceClass, alias } of store.devices.list({})) {
    if (deviceClass === 'DServer') continue
    await database.addDevice({ server, class: deviceClass, name })
    if (alias !== undefined) await database.putDeviceAlias(name, alias)
    const properties = store.properties.all({ scope: 'device', owner: name })
    if (properties.size > 0) await database.putDeviceProperty(name, Object.fromEntries(properties))
    for (const [attribute, values] of store.properties.members('deviceAttribute', name)) {
      await database.putDeviceAttributeProperty(name, { [attribute]: Object.fromEntries(values) })
    }
  }
  for (const owner of store.properties.owners('object', '*')) {
    await database.putProperty(owner, Object.fromEntries(store.properties.all({ scope: 'object', owner })))
  }
}
