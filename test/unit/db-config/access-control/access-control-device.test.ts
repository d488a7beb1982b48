// The access control device as a Tango device: start, export, registration as a service, rules that stay.
import assert from 'node:assert/strict'
import { startAccessControl } from '../../../../db-config/access-control/access-control-device.ts'
import { accessControlCommands } from '../../../../db-config/access-control/commands.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { silentLogger } from '../../../../tango/log.ts'
import { TangoProcess } from '../../../../tango/process.ts'

const DEVICE = 'sys/access_control/1'
const SERVICES = [{ scope: 'object', owner: 'CtrlSystem' }, 'Services'] as const

describe('startAccessControl', () => {
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

  it('notes its devices as running, and does not turn access control on', async () => {
    const server = await startAccessControl(tango, store)
    for (const name of [DEVICE, 'dserver/TangoAccessControl/1'])
      assert.equal(store.devices.get(name)?.exported, true, name)
    assert.equal(server.device(DEVICE)?.state, 'ON')
    assert.deepEqual(store.properties.get(...SERVICES), [])
    assert.deepEqual(store.properties.owners('class', '*'), [])
  })

  it('begins with the rule that everybody may write everywhere, and keeps what was changed', async () => {
    const commands = accessControlCommands(store, DEVICE)
    assert.deepEqual(commands.getUsers(undefined), ['*'])
    assert.equal(commands.getAccess(['anybody', '1.2.3.4', 'a/b/c']), 'write')
    commands.removeUser('*')
    await startAccessControl(tango, store)
    assert.equal(commands.getAccess(['anybody', '1.2.3.4', 'a/b/c']), 'read')
  })
})

describe('accessControlCommands', () => {
  let store: Store
  let commands: ReturnType<typeof accessControlCommands>

  beforeEach(() => {
    store = memoryStore()
    commands = accessControlCommands(store, DEVICE)
  })

  afterEach(() => store.close())

  it('registers itself beside other services and leaves them alone when it goes', () => {
    store.properties.put(...SERVICES, ['Other/one:a/b/c', 'accesscontrol/TANGO:old/one/1'])
    commands.registerService(undefined)
    assert.deepEqual(store.properties.get(...SERVICES), ['Other/one:a/b/c', `AccessControl/tango:${DEVICE}`])
    commands.unregisterService(undefined)
    assert.deepEqual(store.properties.get(...SERVICES), ['Other/one:a/b/c'])
  })

  it('defines harmless commands when it is registered first, and keeps those that are there', () => {
    store.properties.put({ scope: 'class', owner: 'database' }, 'AllowedAccessCmd', ['DbInfo'])
    commands.registerService(undefined)
    assert.deepEqual(commands.getAllowedCommands('DataBase'), ['State', 'Status', 'DbInfo'])
    assert.ok(commands.getAllowedCommands('DServer').includes('ZMQEventSubscriptionChange'))
    assert.ok(!commands.getAllowedCommands('DServer').includes('Kill'))
  })

  it('copies the rules of a user over those of another one', () => {
    commands.addAddressForUser(['ann', '10.1.1.1'])
    commands.addDeviceForUser(['ann', 'a/*/*', 'write'])
    commands.addDeviceForUser(['bob', 'b/*/*', 'read'])
    commands.cloneUser(['ann', 'bob'])
    assert.deepEqual(commands.getAddressByUser('bob'), ['10.1.1.1'])
    assert.deepEqual(commands.getDeviceByUser('bob'), ['a/*/*', 'write'])
    commands.cloneUser(['bob', 'BOB'])
    assert.deepEqual(commands.getDeviceByUser('bob'), ['a/*/*', 'write'])
  })

  it('refuses a rule that exists, and arguments that are missing', () => {
    commands.addAddressForUser(['ann', '10.1.1.1'])
    assert.throws(() => commands.addAddressForUser(['ANN', '10.1.1.1']), { reason: 'AC_AlreadyExists' })
    assert.throws(() => commands.getAccess(['ann', '1.1.1.1']), { reason: 'AC_IncorrectArguments' })
    assert.throws(() => commands.getDeviceClass('a/b/c'), { reason: 'AC_IncorrectArguments' })
  })
})
