// Our database over the MariaDB of a large facility: 20 000 devices, 200 000 properties.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { CliProcess } from '../support/facility.ts'
import { freePort } from '../support/free-port.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers } from '../support/peers.ts'
import { newSchema, sql } from './mariadb.ts'

const DEVICES = 20_000
const PROPERTIES = 10

/** Devices of the one server that is started. */
const STARTED = 4

const MAX_MB = 150

/** Enough for the memory to stop growing. */
const LISTS = 150

/** As `bandoneon start` runs its servers; without it the peak is some 15 MB higher. */
const RUNTIME = '--max-semi-space-size=4'

const FILL = `
  INSERT INTO device (name, domain, family, member, server, class, ior, host, version)
    SELECT CONCAT('big/dev', seq DIV 1000, '/', seq), 'big', CONCAT('dev', seq DIV 1000), seq,
      CONCAT('Big/', seq DIV 100), CONCAT('Class', seq MOD 50), 'nada', 'nada', '0' FROM seq_0_to_${DEVICES - 1};
  INSERT INTO device (name, domain, family, member, server, class, ior, host, version)
    SELECT CONCAT('dserver/Big/', seq), 'dserver', 'Big', seq, CONCAT('Big/', seq), 'DServer', 'nada', 'nada', '0'
      FROM seq_0_to_${DEVICES / 100 - 1};
  INSERT INTO property_device (device, name, count, value, updated, accessed)
    SELECT CONCAT('big/dev', (seq DIV ${PROPERTIES}) DIV 1000, '/', seq DIV ${PROPERTIES}), CONCAT('prop', seq MOD ${PROPERTIES}),
      1, CONCAT('value ', seq), NOW(), NOW() FROM seq_0_to_${DEVICES * PROPERTIES - 1};
  INSERT INTO device (name, domain, family, member, server, class, ior, host, version)
    SELECT CONCAT('sys/many/', seq), 'sys', 'many', seq, 'TangoTest/many', 'TangoTest', 'nada', 'nada', '0'
      FROM seq_0_to_${STARTED - 1};
  INSERT INTO device (name, domain, family, member, server, class, ior, host, version)
    VALUES ('dserver/TangoTest/many', 'dserver', 'TangoTest', 'many', 'TangoTest/many', 'DServer', 'nada', 'nada', '0');
  INSERT INTO property_attribute_device (device, attribute, name, count, value, updated, accessed)
    SELECT CONCAT('sys/many/', seq), 'double_scalar', 'label', 1, CONCAT('label ', seq), NOW(), NOW()
      FROM seq_0_to_${STARTED - 1};`

describe('The database in a large MariaDB', function () {
  this.timeout(120_000)
  let native: NativeTango
  let program: CliProcess | undefined
  let client: TangoProcess
  let host: string

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest')
    native = await startNativeTango()
    const url = newSchema(native, 'large')
    sql(native, FILL, 'large')
    host = `127.0.0.1:${await freePort()}`
    const environment = { TANGO_HOST: host, MYSQL_PASSWORD: 'tango', NODE_OPTIONS: RUNTIME }
    program = new CliProcess(
      ['serve', 'DataBaseds', '3', '--database', url.replace('tango:tango@', 'tango@')],
      environment,
    )
    await program.says(/Ready to accept request/, 20_000)
    client = await TangoProcess.create({ listen: false, tangoHost: host, log: silentLogger() })
  })

  after(async () => {
    await client?.close()
    program?.child.kill('SIGTERM')
    await program?.ended
    await native?.stop()
  })

  async function ask(command: string, argument: unknown): Promise<readonly string[]> {
    const answer = await client.proxy('sys/database/3').command(command, argument)
    assert.ok(Array.isArray(answer))
    return answer as readonly string[]
  }

  it('lists devices by patterns, sorted', async () => {
    const all = await ask('DbGetDeviceWideList', '*')
    assert.ok(all.length >= DEVICES + STARTED)
    assert.deepEqual([...all].sort(), all)
    assert.equal((await ask('DbGetDeviceWideList', 'BIG/dev7/*')).length, 1000)
    assert.deepEqual(await ask('DbGetDeviceWideList', '*/dev1_/*'), [])
    assert.equal((await ask('DbGetDeviceFamilyList', 'big/*')).length, DEVICES / 1000)
    assert.equal((await ask('DbGetServerList', 'Big/*')).length, DEVICES / 100)
    assert.equal((await ask('DbGetClassList', 'Class*')).length, 50)
  })

  it('finds and changes the properties of one device among all', async () => {
    const names = Array.from({ length: PROPERTIES }, (_, i) => `prop${i}`)
    const found = await ask('DbGetDeviceProperty', ['big/dev19/19999', ...names])
    assert.deepEqual(found.slice(2, 5), ['prop0', '1', 'value 199990'])
    await client.proxy('sys/database/3').command('DbPutDeviceProperty', ['big/dev19/19999', '1', 'prop3', '1', 'new'])
    assert.equal((await ask('DbGetDeviceProperty', ['big/dev19/19999', 'PROP3']))[4], 'new')
    const count = "SELECT COUNT(*) FROM property_device WHERE device = 'big/dev19/19999'"
    assert.equal(sql(native, count, 'large').trim(), String(PROPERTIES))
  })

  it('gives a starting server all that it needs', async () => {
    // a server of 100 devices asks for all at once; TangoTest itself is too busy with as many
    const data = await ask('DbGetDataForServerCache', ['Big/7', 'host%%9'])
    assert.equal(data.filter((text) => /^value 7\d{3}$/.test(text)).length, 100 * PROPERTIES)
    const server = await native.run('env', [`TANGO_HOST=${host}`, '/usr/lib/tango/TangoTest', 'many'])
    const exported = await ask('DbGetDeviceExportedList', 'sys/many/*')
    assert.equal(exported.length, STARTED)
    const [config] = await client.proxy('sys/many/3').attributeConfig(['double_scalar'])
    assert.equal(config?.label, 'label 3')
    await server.stop()
  })

  it(`needs less than ${MAX_MB} MB at the most, run as the launcher runs it, with ${LISTS} lists of all devices`, async () => {
    for (let i = 0; i < LISTS; i += 1) await ask('DbGetDeviceWideList', '*')
    const status = readFileSync(`/proc/${program?.child.pid}/status`, 'utf8')
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1000
    assert.ok(peak > 20 && peak < MAX_MB, `${peak} MB at the most`)
  })
})
