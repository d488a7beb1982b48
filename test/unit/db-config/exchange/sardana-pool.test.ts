// A Sardana system read from a Tango database: ours and the layouts of Sardana up to 3.3 (numbers) and since 3.4 (names).
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { applyBeamline } from '../../../../db-config/config/apply.ts'
import type { Beamline } from '../../../../db-config/config/beamline.ts'
import { parseBeamline, readBeamlineFile } from '../../../../db-config/config/beamline-file.ts'
import { type DatabaseView, storeDatabase } from '../../../../db-config/exchange/database-view.ts'
import { importDsconfig } from '../../../../db-config/exchange/dsconfig.ts'
import { planDsconfig } from '../../../../db-config/exchange/dsconfig-plan.ts'
import { formatFinding } from '../../../../db-config/exchange/report.ts'
import { dumpSardanaYaml, importSardanaPool, importSardanaYaml } from '../../../../db-config/exchange/sardana.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'

const DEMO = new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url).pathname
const FIXTURES = new URL('../../../../../test/unit/db-config/exchange/fixtures/', import.meta.url).pathname
const DRIVERS = { motor: ['icepap', 'dummy-motor'], counter: ['electrometer', 'dummy-counter'] }

/** What both native layouts hold. */
function checkNative(beamline: Beamline): void {
  assert.equal(beamline.name, 'bl97')
  assert.deepEqual(beamline.pool, { server: 'Pool/bl97', device: 'pool/bl97/1', alias: 'Pool_bl97_1' })
  assert.deepEqual(Object.fromEntries(beamline.controllers.map(({ name, driver }) => [name, driver])), {
    ipap: 'icepap',
    ctctrl: 'dummy-counter',
  })
  const icepap = beamline.controllers.find(({ name }) => name === 'ipap')
  assert.deepEqual(icepap?.properties, { Host: ['ice97.example'], Port: ['5000'] })
  assert.deepEqual(icepap?.axes, [
    {
      name: 'up',
      axis: 1,
      unit: 'mm',
      limits: [-5, 5.5],
      settings: { Velocity: 2, Acceleration: 0.25, Step_per_unit: 800, Sign: -1 },
    },
    { name: 'down', axis: 2, unit: undefined, limits: undefined, settings: {} },
  ])
  // in the order of the configuration; the disabled channel is left out, the synchronizer is none
  assert.deepEqual(beamline.measurementGroups, [
    { name: 'mg1', channels: ['ct2', 'ct1', 'sys/tg_test/1/ampli'], timer: 'ct2' },
    { name: 'mg2', channels: ['ct3', 'ct1'], timer: 'ct3' },
  ])
  assert.deepEqual(beamline.motorGroups, [{ name: 'both', motors: ['down', 'up'] }])
  assert.deepEqual(
    beamline.instruments.map(({ name, class: nexusClass, elements }) => [name, nexusClass, elements]),
    [
      ['/optics', 'NXcollection', []],
      ['/optics/slit', 'NXslit', ['up']],
    ],
  )
  assert.deepEqual(beamline.doors, [
    { server: 'MacroServer/bl97', device: 'door/bl97/1', alias: 'Door_bl97_1' },
    { server: 'MacroServer/bl97', device: 'door/bl97/2', alias: 'Door_bl97_2' },
  ])
}

describe('importSardanaPool', () => {
  let store: Store
  let database: DatabaseView

  beforeEach(() => {
    store = memoryStore()
    database = storeDatabase(store)
  })

  afterEach(() => {
    store.close()
  })

  async function load(fixture: string): Promise<void> {
    const { config } = importDsconfig(readFileSync(`${FIXTURES}${fixture}`, 'utf8'), fixture)
    await database.apply((await planDsconfig(database, config)).steps)
  }

  for (const fixture of ['native-numbers.json', 'native-names.json']) {
    it(`reads the layout of ${fixture}`, async () => {
      await load(fixture)
      store.servers.put({ name: 'Sardana/bl97', host: 'ctrl97', mode: 1, level: 3 })
      const group = { scope: 'deviceAttribute', owner: 'mntgrp/pool_bl97_1/mg2', member: 'IntegrationTime' } as const
      store.properties.put(group, '__value', ['0.5'])
      const { documents, report } = await importSardanaPool(database)
      checkNative(parseBeamline(documents[0]?.text ?? '', 'b.yaml', { drivers: DRIVERS }))
      const lines = report.map(formatFinding)
      const missing = [
        'pool/bl97/1->PoolPath: lost: there is no place for pool bl97: PoolPath (/opt/ctrls)',
        'motor/ipap/2->Force_HW_Read: lost: down: there is no place for property Force_HW_Read (True)',
        'controller/slit/slitctrl: lost: slitctrl: there are no controllers of type PseudoMotor yet; kept as a comment',
        'controller/dummytriggergatecontroller/tgctrl: lost: tgctrl: there are no controllers of type TriggerGate yet; kept as a comment',
        'mntgrp/pool_bl97_1/mg1/Configuration->__value: lost: mg1: ct1: there is no place for synchronizer: tg1',
        'mntgrp/pool_bl97_1/mg1/Configuration->__value: changed: mg1: ct3 is disabled there; left out of the group here',
        'door/bl97/1->MaxMsgBufferSize: lost: there is no place for Door_bl97_1: MaxMsgBufferSize (512)',
        'mntgrp/pool_bl97_1/mg2/IntegrationTime: lost: there is no place for mg2: IntegrationTime: __value 0.5',
        'Sardana/bl97: lost: it is started on ctrl97 at level 3; say so under hosts and servers if you want that',
        'macroserver/bl97/1: lost: the environment is not in the database but in /var/env/bl97; set what you need in macroServer',
        'macroserver/bl97/1: lost: macro server bl97: the Python macros in /opt/macros are to be written anew',
      ].filter(
        (line) =>
          !lines.includes(line) && !lines.includes(line.replace('mg1: changed', 'mg1/Configuration->__value: changed')),
      )
      assert.deepEqual(missing, [], `the report is\n${lines.join('\n')}`)
      assert.match(documents[0]?.text ?? '', /# of (sl2t|role 1): up, (sl2b|role 2): down/)
    })
  }

  it('reads our own database back: applied again, it changes nothing but the simulators', async () => {
    const demo = readBeamlineFile(DEMO)
    const boxes = { icepap: { host: 'localhost', port: 5000 }, em01: { host: 'localhost', port: 5025 } }
    applyBeamline(store, demo, { boxes })
    const { documents, report } = await importSardanaPool(database, { drivers: DRIVERS, name: 'demo' })
    const back = parseBeamline(documents[0]?.text ?? '', 'b.yaml', { drivers: DRIVERS })
    const { simulators: _simulators, world: _world, ...rest } = demo
    const address = { icepap: { Host: ['localhost'], Port: ['5000'] }, em01: { Host: ['localhost'], Port: ['5025'] } }
    assert.deepEqual(back, {
      ...rest,
      simulators: [],
      world: {},
      controllers: demo.controllers.map((controller) => {
        const { simulator } = controller
        if (simulator !== 'icepap' && simulator !== 'em01') return controller
        return { ...controller, simulator: undefined, properties: { ...controller.properties, ...address[simulator] } }
      }),
    })
    assert.deepEqual(
      applyBeamline(store, back, { dryRun: true }).map(({ what }) => what),
      ['controller/icepap/icepap->Connection', 'controller/electrometer/em01->Connection'],
    )
    assert.deepEqual(
      report.map(({ kind, place }) => [kind, place]),
      [
        ['changed', 'controller/icepap/icepap->Connection'],
        ['changed', 'controller/electrometer/em01->Connection'],
      ],
    )
  })

  it('reads the instruments and sessions of our own database', async () => {
    const text = `version: 1
name: b
servers: [Pool/b]
pool: { server: Pool/b, device: pool/b/1 }
controllers:
  - { name: c, type: motor, driver: dummy-motor, axes: [{ name: m1, axis: 1 }, { name: m2, axis: 2 }] }
motorGroups: [{ name: both, motors: [m1, m2] }]
instruments: [{ name: /a/b, class: NXslit, elements: [m1] }]
sessions:
  - { name: base, description: for all, include: [/a, m2], defaults: { ScanDir: /tmp, N: 3 } }
  - { name: more, extends: [base], include: [both] }
  - { name: all, setup: setup.ts }
`
    const beamline = parseBeamline(text, 'b.yaml')
    applyBeamline(store, beamline)
    const { documents, report } = await importSardanaPool(database, { drivers: DRIVERS, name: 'b' })
    const back = parseBeamline(documents[0]?.text ?? '', 'b.yaml')
    assert.deepEqual(back.instruments, beamline.instruments)
    const byName = (sessions: Beamline['sessions']): Beamline['sessions'] =>
      [...sessions].sort((a, b) => (a.name < b.name ? -1 : 1))
    assert.deepEqual(byName(back.sessions), byName(beamline.sessions))
    assert.deepEqual(
      report.filter(({ kind }) => kind === 'lost'),
      [],
    )
  })

  it('gives as Sardana YAML what it reads, so that both ways lead to the same beamline', async () => {
    await load('native-names.json')
    const { text } = await dumpSardanaYaml(database)
    const { documents } = importSardanaYaml(text)
    const fromYaml = parseBeamline(documents[0]?.text ?? '', 'b.yaml')
    const direct = parseBeamline((await importSardanaPool(database)).documents[0]?.text ?? '', 'b.yaml')
    // there are no motor groups in the YAML form
    assert.deepEqual({ ...fromYaml, motorGroups: direct.motorGroups }, direct)
  })

  it('gives our own database as Sardana YAML with the classes that Sardana has', async () => {
    applyBeamline(store, readBeamlineFile(DEMO), {
      boxes: { icepap: { host: 'h', port: 1 }, em01: { host: 'h', port: 2 } },
    })
    const { text } = await dumpSardanaYaml(database)
    for (const name of ['IcepapController', 'Albaem2CoTiCtrl', 'DummyMotorController', 'DummyCounterTimerController']) {
      assert.match(text, new RegExp(`python_class: ${name}\n`))
    }
    assert.match(text, /AlbaEmHost: h/)
  })

  it('says that there is no pool, or none of that name', async () => {
    await assert.rejects(importSardanaPool(database), {
      reason: 'Exchange_Invalid',
      message: /no device of class Pool/,
    })
    await load('native-names.json')
    await assert.rejects(importSardanaPool(database, { pools: ['Pool_x'] }), {
      message: /the database has no pool Pool_x; it has pool\/bl97\/1/,
    })
    const { documents } = await importSardanaPool(database, { pools: ['Pool_bl97_1'] })
    assert.equal(parseBeamline(documents[0]?.text ?? '', 'b.yaml').macroServer?.device, 'macroserver/bl97/1')
  })

  it('takes for unsaid what Tango writes when nothing is said', async () => {
    await load('native-names.json')
    const position = { scope: 'deviceAttribute', owner: 'motor/ipap/1', member: 'Position' } as const
    for (const name of ['min_value', 'max_value', 'unit']) store.properties.put(position, name, ['Not specified'])
    const { documents, report } = await importSardanaPool(database)
    const axis = parseBeamline(documents[0]?.text ?? '', 'b.yaml').controllers.find(({ name }) => name === 'ipap')
      ?.axes[0]
    assert.deepEqual([axis?.limits, axis?.unit], [undefined, undefined])
    assert.deepEqual(
      report.filter(({ text }) => text.includes('Not specified')),
      [],
    )
  })

  it('goes on when a memorized configuration or a reference is broken', async () => {
    await load('native-numbers.json')
    const group = 'mntgrp/pool_bl97_1/mg1'
    store.properties.put({ scope: 'deviceAttribute', owner: group, member: 'Configuration' }, '__value', [
      '{"controllers"',
    ])
    store.properties.put({ scope: 'device', owner: 'motor/ipap/2' }, 'ctrl_id', ['99'])
    const { documents, report } = await importSardanaPool(database)
    const beamline = parseBeamline(documents[0]?.text ?? '', 'b.yaml')
    assert.deepEqual(beamline.measurementGroups[0]?.channels, ['ct2', 'ct1', 'ct3', 'sys/tg_test/1/ampli'])
    const lines = report.map(formatFinding)
    assert.ok(lines.includes('motor/ipap/2: lost: down: its controller 99 is not there'))
    assert.ok(lines.some((line) => /mg1\/Configuration->__value: lost: the configuration cannot be read/.test(line)))
  })
})
