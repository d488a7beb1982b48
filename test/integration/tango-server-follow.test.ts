// The admin command DevRestart, and the pool, when the database has changed: what was defined comes, what was removed goes.

import assert from 'node:assert/strict'
import { memoryStore, type Store, startDatabase } from '#db-config'
import { Device, defineInterface, deviceClass, silentLogger, TangoProcess } from '#tango'
import { freePort } from '../support/free-port.ts'

const plain = defineInterface({ class: 'Plain', doc: 'Nothing.', attributes: {}, commands: {}, properties: {} })
class Plain extends Device<typeof plain> {}

describe('DevRestart after a change of the database', () => {
  let store: Store
  let tango: TangoProcess

  beforeEach(async () => {
    const port = await freePort()
    store = memoryStore()
    tango = await TangoProcess.create({ host: '127.0.0.1', port, tangoHost: `127.0.0.1:${port}`, log: silentLogger() })
    await startDatabase(tango, store)
    await tango.startServer({
      server: 'Plain',
      instance: '1',
      classes: [deviceClass(plain, Plain)],
      devices: [{ class: 'Plain', name: 'test/plain/1' }],
    })
  })

  afterEach(async () => {
    await tango.close()
    store.close()
  })

  const restart = (device: string) => tango.proxy('dserver/Plain/1').command('DevRestart', device)

  it('makes a device that was defined since the start, and leaves the others alone', async () => {
    const before = tango.servers.flatMap((server) => server.device('test/plain/1') ?? [])
    store.devices.define({ name: 'test/plain/2', server: 'Plain/1', class: 'Plain' })
    await restart('test/plain/2')
    assert.equal(await tango.proxy('test/plain/2').state(), 'ON')
    assert.equal(store.devices.get('test/plain/2')?.exported, true)
    assert.deepEqual(
      tango.servers.flatMap((server) => server.device('test/plain/1') ?? []),
      before,
    )
  })

  it('ends a device that was removed', async () => {
    store.devices.delete({ name: 'test/plain/1' })
    await restart('test/plain/1')
    assert.deepEqual(await tango.proxy('dserver/Plain/1').command('QueryDevice'), [])
    await assert.rejects(restart('test/plain/1'), { message: /Device test\/plain\/1 not found/ })
  })

  it('ends a device that has moved to another server', async () => {
    store.devices.define({ name: 'test/plain/1', server: 'Plain/2', class: 'Plain' })
    await restart('test/plain/1')
    assert.deepEqual(await tango.proxy('dserver/Plain/1').command('QueryDevice'), [])
  })

  it('refuses devices that are not defined, or belong to another server', async () => {
    store.devices.define({ name: 'test/plain/3', server: 'Plain/2', class: 'Plain' })
    for (const device of ['test/plain/3', 'test/plain/4', 'dserver/Plain/1']) {
      await assert.rejects(restart(device), { message: new RegExp(`Device ${device} not found`) })
    }
  })

  it('keeps a device of which the new class cannot be found', async () => {
    store.devices.define({ name: 'test/plain/1', server: 'Plain/1', class: 'Other' })
    await assert.rejects(restart('test/plain/1'), { message: /no class Other/ })
    assert.deepEqual(await tango.proxy('dserver/Plain/1').command('QueryDevice'), ['Plain::test/plain/1'])
  })
})
