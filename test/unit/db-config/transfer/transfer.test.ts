// An import carried out on a running database of ours.
import assert from 'node:assert/strict'
import sinon from 'sinon'
import { startAccessControl } from '../../../../db-config/access-control/access-control-device.ts'
import { startDatabase } from '../../../../db-config/server/database-device.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { type DatabaseContent, EMPTY } from '../../../../db-config/transfer/content.ts'
import { readContent } from '../../../../db-config/transfer/read.ts'
import { formatText } from '../../../../db-config/transfer/text.ts'
import { runImport } from '../../../../db-config/transfer/transfer.ts'
import { silentLogger } from '../../../../tango/log.ts'
import { TangoProcess } from '../../../../tango/process.ts'
import { freePort } from '../../../support/free-port.ts'

/** Devices from lines `name server class alias`. */
function content(...lines: readonly string[]): DatabaseContent {
  const devices = lines.map((line) => {
    const [name = '', server = '', deviceClass = '', alias] = line.split(' ')
    return { name, server, class: deviceClass, alias }
  })
  return { ...EMPTY, devices }
}

describe('runImport', () => {
  let store: Store
  let tango: TangoProcess

  beforeEach(async () => {
    store = memoryStore()
    const port = await freePort()
    tango = await TangoProcess.create({ host: '127.0.0.1', port, tangoHost: `127.0.0.1:${port}`, log: silentLogger() })
    await startDatabase(tango, store)
  })

  afterEach(async () => {
    await tango.close()
    store.close()
  })

  const run = (wanted: DatabaseContent, replace = false): ReturnType<typeof runImport> =>
    runImport(tango.database(), wanted, {
      replace,
      findAccessControl: async () =>
        store.devices.get('sys/access_control/1') === undefined ? undefined : tango.proxy('sys/access_control/1'),
    })

  it('brings everything of all scopes, then has nothing left to do', async () => {
    const wanted: DatabaseContent = {
      ...content('a/b/1 S/1 C one', 'a/b/2 S/1 C'),
      servers: [{ name: 'S/1', host: 'h', mode: 1, level: 3 }],
      attributeAliases: [{ alias: 'al', attribute: 'a/b/1/x' }],
      properties: [
        { scope: 'object', owner: 'o', member: undefined, name: 'p', values: ['1', '', '__proto__'] },
        { scope: 'class', owner: 'C', member: undefined, name: '__proto__', values: ['2'] },
        { scope: 'classAttribute', owner: 'C', member: 'a', name: 'p', values: ['3'] },
        { scope: 'classPipe', owner: 'C', member: 'q', name: 'p', values: ['4'] },
        { scope: 'device', owner: 'a/b/1', member: undefined, name: 'p', values: ['5'] },
        { scope: 'deviceAttribute', owner: 'a/b/1', member: '__proto__', name: '__value', values: ['6'] },
        { scope: 'devicePipe', owner: 'a/b/1', member: 'q', name: 'p', values: ['7', '8'] },
      ],
    }
    await run(wanted)
    const text = formatText(await readContent(tango.database()))
    for (const line of formatText(wanted).split('\n').slice(1)) assert.ok(text.includes(line), line)
    assert.deepEqual(await run(wanted), [])
  })

  it('takes away all that is not in the file when it replaces', async () => {
    await run({
      ...content('a/b/1 S/1 C one', 'a/b/2 T/1 C'),
      servers: [{ name: 'T/1', host: 'h', mode: 1, level: 3 }],
      attributeAliases: [{ alias: 'al', attribute: 'a/b/1/x' }],
      properties: [
        { scope: 'object', owner: 'o', member: undefined, name: 'p', values: ['1'] },
        { scope: 'class', owner: 'C', member: undefined, name: 'p', values: ['2'] },
        { scope: 'classAttribute', owner: 'C', member: 'a', name: 'p', values: ['3'] },
        { scope: 'classPipe', owner: 'C', member: 'q', name: 'p', values: ['4'] },
        { scope: 'device', owner: 'a/b/1', member: undefined, name: 'p', values: ['5'] },
        { scope: 'deviceAttribute', owner: 'a/b/1', member: 'a', name: 'p', values: ['6'] },
        { scope: 'devicePipe', owner: 'a/b/1', member: 'q', name: 'p', values: ['7'] },
      ],
    })
    const wanted = { ...content('a/b/1 S/1 C'), access: (await readContent(tango.database())).access }
    await run(wanted, true)
    const left = await readContent(tango.database())
    assert.deepEqual(
      left.devices.map(({ name }) => name),
      ['a/b/1', 'dserver/DataBaseds/2', 'dserver/S/1', 'sys/database/2'],
    )
    assert.deepEqual([left.properties, left.attributeAliases, left.servers], [[], [], []])
  })

  it('writes rules through the access control service, and says so when there is none', async () => {
    const wanted = {
      ...EMPTY,
      access: [
        { user: 'ann', device: 'a/*/*', rights: 'write' },
        { user: 'ann', address: '10.*.*.*' },
      ],
    }
    await assert.rejects(run(wanted), { reason: 'Transfer_Incomplete' })
    await startAccessControl(tango, store)
    await run(wanted, true)
    assert.deepEqual((await readContent(tango.database())).access, [
      { user: 'ann', address: '10.*.*.*' },
      { user: 'ann', device: 'a/*/*', rights: 'write' },
    ])
  })

  it('carries names that are special in queries', async () => {
    const names = [
      ';',
      'semi;colon',
      'semiXcolon',
      "quo'te",
      'dou"ble',
      'back\\slash',
      '\\;\\',
      "';'",
      'per%;_cent',
      'perX;Xcent',
    ]
    const wanted: DatabaseContent = {
      ...EMPTY,
      properties: names.map((owner) => ({
        scope: 'object',
        owner,
        member: undefined,
        name: 'p',
        values: [owner, 'two'],
      })),
    }
    await run(wanted)
    const { properties } = await readContent(tango.database())
    assert.deepEqual(
      new Map(properties.map(({ owner, values }) => [owner, values])),
      new Map(names.map((n) => [n, [n, 'two']])),
    )
    assert.equal(properties.length, names.length)
  })

  it('goes on where it was interrupted', async () => {
    const owners = Array.from({ length: 9 }, (_, i) => `a/b/${i}`)
    const wanted: DatabaseContent = {
      ...content(...owners.map((name) => `${name} S/1 C`)),
      properties: owners.map((owner) => ({ scope: 'device', owner, member: undefined, name: 'p', values: [owner] })),
    }
    const database = tango.database()
    const put = sinon.stub(database, 'putDeviceProperty').callThrough()
    put.onCall(3).rejects(new Error('the line is dead'))
    const options = { replace: false, findAccessControl: async () => undefined }
    await assert.rejects(runImport(database, wanted, options), /the line is dead/)
    const made = store.properties.owners('device', '*').length
    assert.ok(made > 0 && made < owners.length, `${made} devices have their property`)
    put.restore()
    assert.equal((await runImport(database, wanted, options)).length, owners.length - made)
    assert.deepEqual(store.properties.owners('device', '*'), owners)
  })

  it('tells when the database does not keep what was written', async () => {
    const database = tango.database()
    sinon.stub(database, 'putProperty').resolves()
    const wanted: DatabaseContent = {
      ...EMPTY,
      properties: [{ scope: 'object', owner: 'o', member: undefined, name: 'p', values: ['1'] }],
    }
    await assert.rejects(
      runImport(database, wanted, { replace: false, findAccessControl: async () => undefined }),
      (error: unknown) =>
        error instanceof Error && /Transfer_Incomplete[\s\S]*\+ property p of object o/.test(error.message),
    )
  })

  it('changes nothing of the devices and their references that are right already', async () => {
    await run(content('a/b/1 S/1 C one'))
    store.devices.export('a/b/1', { ior: 'IOR:1', host: 'h', pid: 1, version: '5' })
    await run(content('a/b/1 S/1 C one', 'a/b/2 S/1 C'))
    assert.equal(store.devices.get('a/b/1')?.exported, true)
  })
})
