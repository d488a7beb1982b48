// The Database device as a Tango device: start, export, attributes, a restart over the same content.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { databaseClass, startDatabase } from '../../../../db-config/server/database-device.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { dataBase } from '../../../../device-servers/interfaces/data-base.ts'
import { silentLogger } from '../../../../tango/log.ts'
import { TangoProcess } from '../../../../tango/process.ts'
import { tangoName } from '../../../../tango/types/device-spec.ts'

describe('startDatabase', () => {
  let store: Store
  let tango: TangoProcess

  beforeEach(async () => {
    store = memoryStore()
    tango = await TangoProcess.create({ listen: false, tangoHost: '127.0.0.1:10000', log: silentLogger() })
  })

  afterEach(async () => {
    await tango.close()
    store.close()
  })

  it('notes its own devices as running', async () => {
    await startDatabase(tango, store)
    for (const name of ['sys/database/2', 'dserver/DataBaseds/2']) {
      const device = store.devices.get(name)
      assert.equal(device?.exported, true, name)
      assert.equal(device?.server, 'DataBaseds/2')
      assert.equal(device?.pid, process.pid)
      assert.match(device?.ior ?? '', /^IOR:[0-9a-f]+$/i)
    }
  })

  it('keeps what it finds and may start again in the same store', async () => {
    await (await startDatabase(tango, store)).stop()
    store.devices.setAlias('sys/database/2', 'db')
    await startDatabase(tango, store)
    assert.equal(store.devices.byAlias('db')?.name, 'sys/database/2')
    assert.equal(store.devices.list({ server: 'DataBaseds/2' }).length, 2)
  })

  it('measures its commands', async () => {
    const server = await startDatabase(tango, store)
    const device = server.device('sys/database/2')
    assert.ok(device !== undefined)
    const call = (name: string, argument?: unknown): unknown => Reflect.get(device, name).call(device, argument)
    call('dbGetServerList', '*')
    call('dbGetServerList', 'X*')
    assert.throws(() => call('dbImportDevice', 'a/b/c'))
    const index = call('readTimingIndex') as string[]
    const calls = call('readTimingCalls') as number[]
    assert.equal(calls[index.indexOf('DbGetServerList')], 2)
    assert.equal(calls[index.indexOf('DbImportDevice')], 1)
    assert.equal(calls[index.indexOf('DbInfo')], 0)
    call('resetTimingValues')
    assert.ok((call('readTimingCalls') as number[]).every((count) => count === 0))
  })
})

describe('databaseClass', () => {
  it('serves the class DataBase with the commands that native clients know', () => {
    const store = memoryStore()
    const { spec } = databaseClass(store)
    assert.deepEqual(Object.keys(spec.commands ?? {}), Object.keys(dataBase.commands))
    assert.equal(spec.commands?.dbGetClassList?.outDoc, dataBase.commands.dbGetClassList.doc)
    assert.equal(Object.keys(dataBase.commands).filter((key) => key.startsWith('db')).length, 96)
    assert.ok(Object.keys(dataBase.attributes).length <= 64)
    const page = readFileSync(new URL('../../../../../docs/reference/database.md', import.meta.url), 'utf8')
    const missing = Object.keys(dataBase.commands).filter((key) => !page.includes(`\`${tangoName(key, {})}\``))
    assert.deepEqual(missing, [], 'commands without a line in docs/reference/database.md')
    store.close()
  })
})
