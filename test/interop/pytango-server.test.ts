import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryStore, startDatabase } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import { everything } from '../support/everything-device.ts'
import { needPeers, runPython } from '../support/peers.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const SCRIPT = join(ROOT, 'test/interop/python/server_client.py')
const NAME = 'Test/Every/1'

/** What the script prints. */
type Seen = Readonly<Record<string, unknown>> & {
  readonly echo: Readonly<Record<string, boolean>>
  readonly written: Readonly<Record<string, readonly boolean[]>>
  readonly errors: Readonly<Record<string, readonly [string, string] | null>>
}

async function run(device: string, admin: string, tangoHost?: string): Promise<Seen> {
  const env = tangoHost === undefined ? {} : { TANGO_HOST: tangoHost }
  const { code, stdout, stderr } = await runPython(SCRIPT, [device, admin], { env })
  assert.equal(code, 0, `${stderr}\n${stdout}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '')
}

function check(seen: Seen): void {
  assert.deepEqual(seen.info, ['Everything', 'Everything/py', 5])
  assert.equal(seen.name, NAME)
  assert.deepEqual(seen.state, ['ON', 'The device is in ON state.', 'ON'])
  assert.deepEqual(
    Object.entries(seen.echo).filter(([, same]) => !same),
    [],
  )
  assert.equal(Object.keys(seen.echo).length, 25)
  assert.deepEqual(
    Object.entries(seen.written).filter(([, [value, set]]) => !value || !set),
    [],
  )
  const above = 'Set value for attribute Position is above the maximum authorized (at least element 0)'
  assert.deepEqual(seen.errors.above, ['API_WAttrOutsideLimit', above])
  assert.equal(seen.errors.nan?.[0], 'API_WAttrOutsideLimit')
  assert.equal(seen.errors['read only']?.[0], 'API_AttrNotWritable')
  assert.deepEqual(seen.errors.read, ['My_Reason', 'my description'])
  assert.equal(seen.errors.command?.[0], 'API_CommandNotFound')
  assert.deepEqual(seen.errors.crash, ['Internal_Error', 'out of reach'])
  assert.equal(seen.errors['not polled']?.[0], 'API_AttrNotPolled')
  assert.equal(seen.errors['no event']?.[0], 'API_AttributePollingNotStarted')
  assert.deepEqual(seen.invalid, ['ATTR_INVALID', true])
  assert.deepEqual(seen.empty, ['ATTR_VALID', true])
  assert.deepEqual(seen.config, ['Position', 'mm', '-100', '100', '0.5', '%6.2f'])
  assert.deepEqual(seen.labels, ['LOW', 'MID', 'HIGH'])
  assert.equal(seen.changed, '50')
  assert.equal(seen['first events'], 3)
  assert.deepEqual(seen.events, [
    ['change', 3.5],
    ['change', 3.5],
    ['change', 'MOVING'],
    ['change', 'ON'],
    ['change', 'My_Reason'],
    ['change', 2.5],
  ])
  assert.equal(seen['configuration event'], true)
  assert.deepEqual(seen['interface events'], [1, 0])
  assert.equal(seen['periodic events'], true)
  assert.equal(seen.history, 3)
  assert.deepEqual(seen.admin, {
    QueryClass: ['Everything'],
    QueryDevice: [`Everything::${NAME}`],
    PolledDevice: [NAME],
  })
  assert.equal(seen['after init'], 'ON')
}

describe('PyTango as the client of our servers', () => {
  before(function () {
    needPeers(this, 'pytango')
  })

  it('works without a database: every type, errors, configuration, events, admin commands', async () => {
    await using tango = await TangoProcess.create({ log: silentLogger() })
    const devices = [{ class: 'Everything', name: NAME }]
    const server = await tango.startServer({
      server: 'Everything',
      instance: 'py',
      classes: [everything],
      database: 'none',
      devices,
    })
    const base = `tango://127.0.0.1:${tango.orb.endpoint.port}`
    check(await run(`${base}/test/every/1#dbase=no`, `${base}/${server.adminName}#dbase=no`))
  })

  it('works with a database: the same, and locking and polling through the client library', async () => {
    await using database = await TangoProcess.create({ log: silentLogger() })
    await startDatabase(database, memoryStore())
    const tangoHost = `127.0.0.1:${database.orb.endpoint.port}`
    await using tango = await TangoProcess.create({ log: silentLogger(), tangoHost })
    const devices = [{ class: 'Everything', name: NAME, alias: 'every1' }]
    const server = await tango.startServer({ server: 'Everything', instance: 'py', classes: [everything], devices })
    const seen = await run('every1', server.adminName, tangoHost)
    check(seen)
    assert.equal(seen.locked, true)
    assert.deepEqual(seen.polled, [true, 200])
    const stored = await tango.database().getDeviceAttributeProperty(NAME, ['Memorized'])
    assert.deepEqual(stored.get('Memorized')?.get('__value'), ['4.5'])
  })
})
