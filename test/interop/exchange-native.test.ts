// Exchange with a native Tango database (DataBaseds on MariaDB): a Sardana layout written into it as dsconfig, seen by
// PyTango, read as a pool, dumped and taken back.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { parseBeamline } from '../../db-config/config/beamline-file.ts'
import {
  type DatabaseStep,
  type DatabaseView,
  liveDatabase,
  storeDatabase,
} from '../../db-config/exchange/database-view.ts'
import { exportDsconfig, importDsconfig } from '../../db-config/exchange/dsconfig.ts'
import { dumpDsconfig } from '../../db-config/exchange/dsconfig-dump.ts'
import { planDsconfig } from '../../db-config/exchange/dsconfig-plan.ts'
import { formatFinding } from '../../db-config/exchange/report.ts'
import { importSardanaPool } from '../../db-config/exchange/sardana.ts'
import { startDatabase } from '../../db-config/server/database-device.ts'
import { memoryStore } from '../../db-config/store/memory-store.ts'
import { DevFailed } from '../../tango/errors/dev-failed.ts'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, PYTHON } from '../support/peers.ts'

const FIXTURES = new URL('../../../test/unit/db-config/exchange/fixtures/', import.meta.url).pathname
const DRIVERS = { motor: ['icepap', 'dummy-motor'], counter: ['electrometer', 'dummy-counter'] }

/** What PyTango's own calls say of the fixture. */
const LOOK = `import json, tango
db = tango.Database()
m = "motor/ipap/1"
print(json.dumps({
  "alias": db.get_device_from_alias("up"),
  "classes": sorted(db.get_device_class_list("Sardana/bl97").value_string[1::2]),
  "properties": {k: list(v) for k, v in db.get_device_property(m, ["axis", "ctrl_id", "nothing"]).items()},
  "limits": {k: list(v) for k, v in db.get_device_attribute_property(m, "Position")["Position"].items()},
  "list": list(db.get_device_property("pool/bl97/1", "InstrumentList")["InstrumentList"]),
  "info": db.get_device_info("mntgrp/pool_bl97_1/mg1").class_name,
}, sort_keys=True))`

describe('Exchange with a live database', function () {
  this.timeout(90_000)

  /** The same in both: native, and ours over the wire. */
  function behaves(open: () => Promise<{ database: DatabaseView; tangoHost: string }>): void {
    it('writes a dsconfig file that PyTango sees, reads the pool in it, and takes it back', async () => {
      const { database, tangoHost } = await open()
      const before = exportDsconfig((await dumpDsconfig(database)).config)
      const text = readFileSync(`${FIXTURES}native-numbers.json`, 'utf8')
      const { config } = importDsconfig(text)
      const plan = await planDsconfig(database, config)
      assert.equal(plan.lines.filter((line) => line.startsWith('+ device')).length, 19)
      await database.apply(plan.steps)
      assert.deepEqual((await planDsconfig(database, config)).lines, [])

      const { stdout } = await promisify(execFile)(PYTHON, ['-c', LOOK], {
        env: { ...process.env, TANGO_HOST: tangoHost },
        timeout: 30_000,
      })
      const classes = [
        'CTExpChannel',
        'CTExpChannel',
        'CTExpChannel',
        'Controller',
        'Controller',
        'Controller',
        'Controller',
      ]
      assert.deepEqual(JSON.parse(stdout), {
        alias: 'motor/ipap/1',
        classes: [
          ...classes,
          ...['DServer', 'Door', 'Door', 'MacroServer', 'MeasurementGroup', 'MeasurementGroup', 'Motor', 'Motor'],
          ...['MotorGroup', 'Pool', 'PseudoMotor', 'TriggerGate'],
        ],
        properties: { axis: ['1'], ctrl_id: ['1'], nothing: [] },
        limits: {
          __value: ['1.25'],
          __value_ts: ['1700000000.1'],
          abs_change: ['-1', '1'],
          max_value: ['5.5'],
          min_value: ['-5'],
          unit: ['mm'],
        },
        list: ['NXcollection', '/optics', '1001', 'NXslit', '/optics/slit', '1002'],
        info: 'MeasurementGroup',
      })

      // the pool is read over the wire as from a storage of ours
      const store = memoryStore()
      const local = storeDatabase(store)
      await local.apply((await planDsconfig(local, config)).steps)
      const expected = await importSardanaPool(local)
      const { documents, report } = await importSardanaPool(database)
      store.close()
      const beamline = parseBeamline(documents[0]?.text ?? '', 'b.yaml', { drivers: DRIVERS })
      assert.deepEqual(beamline.measurementGroups[0], {
        name: 'mg1',
        channels: ['ct2', 'ct1', 'sys/tg_test/1/ampli'],
        timer: 'ct2',
      })
      assert.equal(documents[0]?.text, expected.documents[0]?.text)
      assert.deepEqual(report.map(formatFinding).sort(), expected.report.map(formatFinding).sort())

      const { config: dumped } = await dumpDsconfig(database, { servers: ['Sardana/bl97'] })
      assert.deepEqual((await planDsconfig(database, dumped)).lines, [])

      await database.apply((await planDsconfig(database, importDsconfig(exportDsconfig(plan.undo)).config)).steps)
      assert.equal(exportDsconfig((await dumpDsconfig(database)).config), before)
      assert.equal(await database.device('motor/ipap/1'), undefined)
    })

    it('moves a device, swaps aliases and changes single properties', async () => {
      const { database } = await open()
      const apply = async (content: unknown, update = false): Promise<readonly string[]> => {
        const plan = await planDsconfig(database, importDsconfig(JSON.stringify(content)).config, { update })
        await database.apply(plan.steps)
        return plan.lines
      }
      const device = (alias: string, properties: unknown, more: unknown = {}): unknown => ({
        alias,
        properties,
        attribute_properties: more,
      })
      const first = {
        servers: {
          One: {
            x: {
              C: {
                'x/y/1': device('al_1', { p: ['a value', ''], q: ['2'] }, { a: { unit: ['mm'] } }),
                'x/y/2': device('al_2', {}),
              },
            },
          },
        },
        classes: { ExchangeC: { properties: { cp: ['1'] }, attribute_properties: { a: { label: ['L'] } } } },
      }
      await apply(first)
      await apply({
        servers: {
          One: { x: { C: { 'x/y/1': device('al_2', { p: ['a value', ''] }), 'x/y/2': device('al_1', {}) } } },
        },
      })
      assert.equal(await database.deviceOfAlias('al_1'), 'x/y/2')
      assert.deepEqual([...(await database.properties({ scope: 'device', name: 'x/y/1' }))], [['p', ['a value', '']]])
      assert.deepEqual([...(await database.attributeProperties({ scope: 'device', name: 'x/y/1' }))], [])
      const moved = await apply({ servers: { Two: { x: { D: { 'x/y/1': {}, 'x/y/2': {} } } } } })
      assert.ok(moved.includes('- device dserver/One/x (was DServer in One/x)'), moved.join('\n'))
      const { class: className, server, alias } = (await database.device('x/y/1')) ?? {}
      assert.deepEqual([className, server, alias], ['D', 'Two/x', 'al_2'])
      assert.deepEqual([...(await database.properties({ scope: 'device', name: 'x/y/1' }))], [['p', ['a value', '']]])
      assert.deepEqual([...(await database.properties({ scope: 'class', name: 'ExchangeC' }))], [['cp', ['1']]])
      await apply({ servers: { Two: { x: {} } }, classes: { ExchangeC: { properties: {}, attribute_properties: {} } } })
      assert.deepEqual([...(await database.properties({ scope: 'class', name: 'ExchangeC' }))], [])
      assert.deepEqual((await database.servers('Two/*')).length, 0)
    })

    it('takes back what it has done when a step fails', async () => {
      const { database } = await open()
      const before = exportDsconfig((await dumpDsconfig(database)).config)
      const defined = (name: string, alias: string | undefined): DatabaseStep => ({
        kind: 'device',
        name,
        before: undefined,
        after: { name, server: 'Three/x', class: 'C', alias },
      })
      // the alias is taken by then
      const other = { name: 'z/y/2', server: 'Three/x', class: 'C' }
      const failing: DatabaseStep = {
        kind: 'device',
        name: other.name,
        before: { ...other, alias: undefined },
        after: { ...other, alias: 'zz' },
      }
      const holder = { scope: 'device', name: 'z/y/1' } as const
      const property: DatabaseStep = {
        kind: 'property',
        holder,
        attribute: undefined,
        name: 'p',
        before: [],
        after: ['1'],
      }
      await assert.rejects(
        database.apply([defined('dserver/Three/x', undefined), defined('z/y/1', 'zz'), property, failing]),
        (error) =>
          error instanceof DevFailed && error.has('Exchange_Failed') && /nothing has changed/.test(error.message),
      )
      assert.equal(await database.device('z/y/1'), undefined)
      assert.deepEqual([...(await database.properties(holder))], [])
      assert.equal(exportDsconfig((await dumpDsconfig(database)).config), before)
    })
  }

  describe('native', () => {
    let native: NativeTango
    let tango: TangoProcess

    before(async function () {
      needPeers(this, 'native-database', 'pytango')
      native = await startNativeTango()
      tango = await TangoProcess.create({ tangoHost: native.tangoHost, log: silentLogger() })
    })

    after(async () => {
      await tango?.close()
      await native?.stop()
    })

    behaves(async () => ({ database: liveDatabase(tango.database()), tangoHost: native.tangoHost }))
  })

  describe('ours', () => {
    const store = memoryStore()
    let server: TangoProcess
    let tango: TangoProcess

    before(async function () {
      needPeers(this, 'pytango')
      server = await TangoProcess.create({ port: 0, log: silentLogger() })
      await startDatabase(server, store)
      tango = await TangoProcess.create({ tangoHost: `127.0.0.1:${server.orb.endpoint.port}`, log: silentLogger() })
    })

    after(async () => {
      await tango?.close()
      await server?.close()
      store.close()
    })

    behaves(async () => ({
      database: liveDatabase(tango.database()),
      tangoHost: `127.0.0.1:${server.orb.endpoint.port}`,
    }))
  })
})
