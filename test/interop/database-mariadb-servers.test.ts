// Database servers of ours over a MariaDB with the tables of a native installation: in place of native ones, and beside them.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databaseCommands } from '../../db-config/server/commands.ts'
import { startDatabase } from '../../db-config/server/database-device.ts'
import { openStore } from '../../db-config/store/open-store.ts'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { CliProcess, runCli, TestFacility } from '../support/facility.ts'
import { freePort } from '../support/free-port.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, runPython } from '../support/peers.ts'
import { eventually } from '../support/waiting.ts'
import { contentOf, NATIVE_SCHEMA, newSchema, sql, urlOf } from './mariadb.ts'

const DEMO = new URL('../../../db-config/beamlines/demo.yaml', import.meta.url).pathname
const SCRIPTS = new URL('../../../test/interop/python/', import.meta.url).pathname

describe('Database servers over one MariaDB', function () {
  this.timeout(90_000)
  let native: NativeTango

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest', 'pytango')
    native = await startNativeTango()
  })

  after(async () => {
    await native?.stop()
  })

  it('writes the rows that the native server writes', async () => {
    const mine = 'mine'
    const store = openStore(newSchema(native, mine))
    const commands = databaseCommands(store, {
      name: 'sys/database/2',
      address: () => '127.0.0.1:10000',
      runningSince: '',
      updateStarters: () => {},
    })
    const client = await TangoProcess.create({ listen: false, tangoHost: native.tangoHost, log: silentLogger() })
    try {
      const proxy = client.proxy('sys/database/2')
      const steps: [string, readonly string[]][] = [
        ...Array.from({ length: 13 }, (_, i): [string, string[]] => [
          'DbPutDeviceProperty',
          ['r/o/1', '1', 'deep', '2', String(i), 'x'],
        ]),
        ['DbPutDeviceProperty', ['r/o/1', '2', 'one', '1', 'x', 'two', '1', 'y']],
        ['DbDeleteDeviceProperty', ['r/o/1', 'on*']],
        ['DbPutClassProperty', ['RoClass', '1', 'p', '1', 'v']],
        ['DbDeleteClassProperty', ['RoClass', 'p']],
        ['DbPutProperty', ['RoObject', '1', 'p', '2', 'v', 'w']],
        ['DbPutDeviceAttributeProperty2', ['r/o/1', '1', 'at', '2', 'label', '1', 'L', 'unit', '1', 'mm']],
        ['DbDeleteDeviceAttributeProperty', ['r/o/1', 'at', 'unit']],
        ['DbPutClassAttributeProperty2', ['RoClass', '1', 'at', '1', 'label', '1', 'L']],
        ['DbPutDevicePipeProperty', ['r/o/1', '1', 'pi', '1', 'label', '1', 'L']],
        ['DbPutClassPipeProperty', ['RoClass', '1', 'pi', '1', 'label', '1', 'L']],
        ['DbAddDevice', ['Ro/1', 'r/o/1', 'RoClass']],
        ['DbPutAttributeAlias', ['r/o/1/at', 'roat']],
        ['DbExportEvent', ['ro/event', 'IOR:00', 'host', '7', '5']],
        ['DbExportDevice', ['r/o/1', 'IOR:00', 'host', '7', '5']],
      ]
      for (const [name, argument] of steps) {
        await proxy.command(name, argument)
        Reflect.get(commands, name.charAt(0).toLowerCase() + name.slice(1))(argument)
      }
    } finally {
      await client.close()
      store.close()
    }
    const own = (schema: string) =>
      Object.entries(contentOf(native, schema)).map(([table, rows]) => [
        table,
        rows.filter((row) => table.endsWith('_history_id') || /r\/o\/1|\bro/i.test(row)),
      ])
    assert.deepEqual(own(mine), own(NATIVE_SCHEMA))
  })

  it('shares one schema with other servers of ours and with a native one', async () => {
    const servers = await Promise.all(
      ['3', '4'].map((instance) => served(urlOf(native, NATIVE_SCHEMA, 'utf8'), instance)),
    )
    try {
      const hosts = [native.tangoHost, ...servers.map(({ host }) => host)]
      const { stdout, stderr } = await runPython(`${SCRIPTS}database_shared.py`, hosts)
      assert.notEqual(stdout, '', stderr)
      const seen = JSON.parse(stdout) as unknown[]
      assert.deepEqual(seen, [
        ...hosts.map((_, n) =>
          hosts.map(() => [
            ['éµ\'"\\', 'two'],
            [
              ['gone', false, ['x']],
              ['gone', true, []],
            ],
            `shared/by/${n}`,
            { label: ['L'], unit: ['mm'] },
            [String(n)],
            `shared/by/${n}/at`,
            [[`dserver/Shared/${n}`, `shared/by/${n}`]],
          ]),
        ),
        ...hosts.map(() => 'DB_SQLError'),
      ])
      assert.deepEqual(
        sql(native, "SELECT name FROM device WHERE exported AND name LIKE 'sys/database/%' ORDER BY name")
          .trim()
          .split('\n'),
        ['sys/database/2', 'sys/database/3', 'sys/database/4'],
      )
    } finally {
      for (const { close } of servers) await close()
    }
  })

  it('lets a native server start, serve and stop', async () => {
    const { host, close } = await served(urlOf(native), '3')
    try {
      const server = await native.run('env', [`TANGO_HOST=${host}`, '/usr/lib/tango/TangoTest', 'test'])
      const client = await TangoProcess.create({ listen: false, tangoHost: host, log: silentLogger() })
      const value = await client.proxy('sys/tg_test/1').command('DevDouble', 2.5)
      assert.equal(value, 2.5)
      await client.close()
      await server.stop()
      assert.equal(sql(native, "SELECT exported FROM device WHERE name = 'sys/tg_test/1'").trim(), '0')
    } finally {
      await close()
    }
  })

  it('holds the database of a whole facility, in a process of its own', async () => {
    const url = newSchema(native, 'facility')
    await using facility = await TestFacility.start({ database: url })
    assert.deepEqual(Object.keys(facility.description.processes).slice(0, 2), ['database', 'main'])
    assert.match(sql(native, 'SELECT name FROM device WHERE exported', 'facility'), /^dserver\/Pool\//m)
    const former = facility.killProcess('database')
    await facility.restarted('database', former)
    const client = await facility.client()
    await eventually('the database after its restart', async () => {
      const list = await client.proxy('sys/database/2').command('DbGetDeviceExportedList', 'sys/database/*')
      return Array.isArray(list) && list.length === 1
    })
    const rules = client.proxy('sys/access_control/1')
    await eventually('access control', async () => (await rules.state()) === 'ON')
    assert.ok(Array.isArray(await rules.command('GetUsers')))
  })

  it('serves with the others what a configuration adds to a facility, and no longer what it removes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-mariadb-'))
    const file = join(folder, 'beamline.yaml')
    const demo = readFileSync(DEMO, 'utf8')
    try {
      await using facility = await TestFacility.start({ database: newSchema(native, 'changing') })
      const client = await facility.client()
      const apply = async (text: string) => {
        writeFileSync(file, text)
        const { code, stderr } = await runCli(['config', 'apply', file, '--host', facility.tangoHost])
        assert.equal(code, 0, stderr)
      }
      const serverOf = async (device: string) => (await client.database().importDevice(device)).pid
      await apply(
        demo
          .replace('  - Pool/demo1\n', '  - Pool/demo1\n  - Controllers/extra\n')
          .replace('  - name: dctctrl\n', '  - name: dctctrl\n    server: Controllers/extra\n'),
      )
      assert.equal(await serverOf('dserver/Controllers/extra'), facility.processId('main'))
      await facility.restarted('main', facility.killProcess('main'))
      await eventually('the counters', async () => (await client.proxy('dct01').state()) === 'ON', 20_000)
      assert.equal(await serverOf('dct01'), facility.processId('main'))
      await apply(demo)
      await assert.rejects(serverOf('dserver/Controllers/extra'), { reason: 'DB_DeviceNotDefined' })
      await facility.restarted('database', facility.killProcess('database'))
      await facility.restarted('main', facility.killProcess('main'))
      await eventually('the counters', async () => (await client.proxy('dct01').state()) === 'ON', 20_000)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('serves access control beside the database of a facility unless somebody does already', async () => {
    const url = newSchema(native, 'shared')
    const tangoHost = `127.0.0.1:${await freePort()}`
    const database = new CliProcess(['serve', 'DataBaseds', '7', '--database', url], { TANGO_HOST: tangoHost })
    let rules: CliProcess | undefined
    try {
      await database.says(/Ready to accept request/, 20_000)
      const access = ['TangoAccessControl/1', 'sys/access_control/1', 'TangoAccessControl']
      const outside = await TangoProcess.create({ listen: false, tangoHost, log: silentLogger() })
      await outside.proxy('sys/database/7').command('DbAddDevice', access)
      await outside.close()
      rules = new CliProcess(['serve', 'TangoAccessControl', '1', '--database', url], { TANGO_HOST: tangoHost })
      await rules.says(/Ready to accept request/, 20_000)
      await using facility = await TestFacility.start({ database: url })
      const client = await facility.client()
      const holder = async () => (await client.database().importDevice('sys/access_control/1')).pid
      assert.equal(await holder(), rules.child.pid)
      rules.child.kill('SIGKILL')
      await rules.ended
      const former = facility.killProcess('database')
      await facility.restarted('database', former)
      await eventually('its successor', async () => (await holder()) === facility.processId('database'))
      assert.equal(await client.proxy('sys/access_control/1').state(), 'ON')
    } finally {
      rules?.child.kill('SIGTERM')
      database.child.kill('SIGTERM')
      await Promise.all([rules?.ended, database.ended])
    }
  })

  it('is found by the variables of the native server, over TCP', async () => {
    const proxy = createServer((client) => {
      const server = connect(native.socket)
      for (const socket of [client, server]) socket.on('error', () => {})
      client.pipe(server).pipe(client)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => proxy.once('listening', resolve))
    const address = proxy.address()
    const environment = {
      TANGO_HOST: `127.0.0.1:${await freePort()}`,
      MYSQL_HOST: `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      MYSQL_USER: 'tango',
      MYSQL_PASSWORD: 'tango',
      MYSQL_DATABASE: NATIVE_SCHEMA,
    }
    const program = new CliProcess(['serve', 'DataBaseds', '5'], environment)
    try {
      await program.says(/Ready to accept request/, 20_000)
      const exported = "SELECT exported FROM device WHERE name = 'sys/database/5'"
      assert.equal(sql(native, exported).trim(), '1')
      const wrong = await runCli(['serve', 'DataBaseds', '6'], {
        ...environment,
        TANGO_HOST: `127.0.0.1:${await freePort()}`,
        MYSQL_PASSWORD: 'Secret',
      })
      assert.equal(wrong.code, 1)
      assert.match(wrong.stderr, /refuses the login: Access denied for user 'tango'/)
      assert.doesNotMatch(wrong.stderr, /Secret/)
    } finally {
      program.child.kill('SIGTERM')
      await program.ended
      proxy.close()
    }
  })
})

/** A database server of ours in this process. */
async function served(url: string, instance: string): Promise<{ host: string; close: () => Promise<void> }> {
  const store = openStore(url)
  const tango = await TangoProcess.create({ host: '127.0.0.1', log: silentLogger() })
  await startDatabase(tango, store, instance)
  return {
    host: `127.0.0.1:${tango.orb.endpoint.port}`,
    close: async () => {
      await tango.close()
      store.close()
    },
  }
}
