// What the Database device tells the Starters of hosts: when, whom, and with which call.
import assert from 'node:assert/strict'
import { databaseCommands } from '../../../../db-config/server/commands.ts'
import { startDatabase } from '../../../../db-config/server/database-device.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { silentLogger } from '../../../../tango/log.ts'
import { TangoProcess } from '../../../../tango/process.ts'
import { Device, deviceClass } from '../../../../tango/server/device.ts'
import { defineInterface } from '../../../../tango/types/device-spec.ts'
import { within } from '../../../support/waiting.ts'

describe('The Starters of hosts', () => {
  let store: Store
  let commands: ReturnType<typeof databaseCommands>
  let told: string[][]

  beforeEach(() => {
    told = []
    store = memoryStore()
    commands = databaseCommands(store, {
      name: 'sys/database/2',
      address: () => 'h:1',
      runningSince: '',
      updateStarters: (hosts) => told.push([...hosts]),
    })
    commands.dbAddServer(['DataBaseds/2', 'sys/database/2', 'DataBase'])
    commands.dbAddServer(['Starter/one', 'tango/admin/one', 'Starter'])
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
  })

  afterEach(() => {
    store.close()
  })

  const start = (name: string, host: string): void => commands.dbExportDevice([name, 'IOR:0', host, '1', '5'])

  it('are told when a server starts, also that of the host where it was before', () => {
    start('dserver/S/1', 'one.domain')
    start('DServer/s/1', 'one.domain')
    start('dserver/S/1', 'two')
    assert.deepEqual(told, [['one.domain'], ['one.domain'], ['two', 'one.domain']])
  })

  it('are not told of devices, of Starters, and of the database itself', () => {
    start('a/b/1', 'one')
    start('dserver/Starter/one', 'one')
    start('dserver/DataBaseds/2', 'one')
    commands.dbUnExportServer('S/1')
    assert.deepEqual(told, [])
  })

  it('are told of start-up records, and of servers that are renamed or removed', () => {
    commands.dbPutServerInfo(['S/1', 'three', '1', '2'])
    start('dserver/S/1', 'one')
    commands.dbPutServerInfo(['S/1', '', '0', '0'])
    commands.dbRenameServer(['S/1', 'S/2'])
    commands.dbDeleteServer('S/2')
    assert.deepEqual(told, [['three'], ['one'], ['one'], ['one'], ['one']])
  })

  it('are not told of what has never run', () => {
    commands.dbPutServerInfo(['S/1', '', '0', '0'])
    commands.dbDeleteServer('S/1')
    assert.deepEqual(told, [])
    assert.throws(() => commands.dbPutServerInfo(['S/1', '', '0', '0']), { reason: 'DB_DeviceNotDefined' })
  })

  it('are left alone when the property FireToStarter says so, and from then on', () => {
    commands.dbPutProperty(['Default', '1', 'FireToStarter', '1', 'FALSE'])
    start('dserver/S/1', 'one')
    commands.dbPutServerInfo(['unknown/1', '', '0', '0'])
    commands.dbDeleteServer('S/1')
    assert.deepEqual(told, [])
    commands.dbDeleteProperty(['Default', 'FireToStarter'])
    commands.dbPutServerInfo(['S/1', 'one', '1', '1'])
    assert.deepEqual(told, [['one']])
  })
})

describe('The Database device', () => {
  const spec = defineInterface({
    class: 'Starter',
    doc: 'Stands in.',
    attributes: {},
    commands: { updateServersInfo: {} },
  })

  it('calls UpdateServersInfo of the Starter of a host, named after its first label, beside the command', async () => {
    const store = memoryStore()
    const tango = await TangoProcess.create({ host: '127.0.0.1', log: silentLogger() })
    let called: (name: string) => void = () => undefined
    const call = new Promise<string>((resolve) => {
      called = resolve
    })
    class StandIn extends Device<typeof spec> {
      updateServersInfo(): void {
        called(this.name)
      }
    }
    try {
      await startDatabase(tango, store)
      store.properties.put({ scope: 'class', owner: 'Starter' }, 'Domain', ['control'])
      const devices = [{ class: 'Starter', name: 'control/admin/one' }]
      await tango.startServer({
        server: 'Starter',
        instance: 'one',
        classes: [deviceClass(spec, StandIn)],
        database: 'none',
        devices,
      })
      store.devices.define({ name: 'control/admin/one', server: 'Starter/one', class: 'Starter' })
      const ior = tango.orb.ior('control/admin/one', 'IDL:Tango/Device_5:1.0')
      store.devices.export('control/admin/one', { ior, host: 'one', pid: 1, version: '5' })
      store.devices.define({ name: 'dserver/S/1', server: 'S/1', class: 'DServer' })
      const database = tango.proxy(`tango://127.0.0.1:${tango.orb.endpoint.port}/sys/database/2`)
      await database.command('DbExportDevice', ['dserver/S/1', 'IOR:0', 'one.some.domain', '1', '5'])
      assert.equal(await within('the call of the Starter', call, 5000), 'control/admin/one')
      // one that does not answer, and a host without any, disturb nobody
      await database.command('DbPutServerInfo', ['S/1', 'elsewhere', '1', '1'])
      store.devices.export('control/admin/one', { ior: 'nonsense', host: 'one', pid: 1, version: '5' })
      await database.command('DbPutServerInfo', ['S/1', 'one', '1', '1'])
      assert.deepEqual(await database.command('DbGetServerInfo', 'S/1'), ['S/1', 'one', '1', '1'])
    } finally {
      await tango.close()
      store.close()
    }
  })
})
