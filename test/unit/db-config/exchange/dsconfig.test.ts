// dsconfig files: their forms, mistakes, round trips, and what they mean for a database.
import assert from 'node:assert/strict'
import { type DatabaseView, storeDatabase } from '../../../../db-config/exchange/database-view.ts'
import { exportDsconfig, importDsconfig } from '../../../../db-config/exchange/dsconfig.ts'
import { dumpDsconfig } from '../../../../db-config/exchange/dsconfig-dump.ts'
import { planDsconfig } from '../../../../db-config/exchange/dsconfig-plan.ts'
import { formatFinding } from '../../../../db-config/exchange/report.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'

const FILE = `{
    "_version": 2,
    "_title": "a test",
    "servers": {
        "Pump": {
            "north": {
                "Pump": {
                    "vac/pump/1": {
                        "alias": "pump1",
                        "properties": { "Host": ["pump.example"], "Ports": ["1", "2"] },
                        "attribute_properties": { "Speed": { "unit": ["Hz"], "max_value": ["1500"] } }
                    },
                    "vac/pump/2": {}
                }
            }
        },
        "Gauge/south": { "Gauge": { "vac/gauge/1": { "properties": { "Unit": ["mbar"] } } } }
    },
    "classes": { "Pump": { "properties": { "Vendor": ["ACME"] } } }
}
`

describe('importDsconfig', () => {
  it('reads servers in both forms, devices with alias and properties, and classes', () => {
    const { config, report } = importDsconfig(FILE, 'f.json')
    assert.deepEqual(report, [])
    assert.deepEqual(config.metadata, { _version: 2, _title: 'a test' })
    assert.deepEqual(
      config.servers.map(({ name, devices }) => [
        name,
        devices.map((device) => [device.name, device.class, device.alias]),
      ]),
      [
        [
          'Pump/north',
          [
            ['vac/pump/1', 'Pump', 'pump1'],
            ['vac/pump/2', 'Pump', undefined],
          ],
        ],
        ['Gauge/south', [['vac/gauge/1', 'Gauge', undefined]]],
      ],
    )
    const [first, second] = config.servers[0]?.devices ?? []
    assert.deepEqual(first?.properties?.get('Ports'), ['1', '2'])
    assert.deepEqual(first?.attributeProperties?.get('Speed')?.get('max_value'), ['1500'])
    assert.equal(second?.properties, undefined)
    assert.equal(config.classes[0]?.properties?.get('Vendor')?.[0], 'ACME')
  })

  it('gives the same again after it was written', () => {
    const text = exportDsconfig(importDsconfig(FILE).config)
    assert.equal(exportDsconfig(importDsconfig(text).config), text)
    assert.match(text, /"Gauge": \{\n {12}"south"/)
  })

  it('warns of what is empty, because that deletes, and of values that are no lists of texts', () => {
    const text =
      '{"servers": {"S/1": {"C": {"a/b/1": {"properties": {}, "attribute_properties": {"x": {"y": [5], "z": "w"}}}}}}}'
    const { config, report } = importDsconfig(text, 'f.json')
    assert.deepEqual(report.map(formatFinding), [
      'f.json:1:38: changed: empty: all properties of a/b/1 will be deleted; leave the field out to keep what is there',
      'f.json:1:93: changed: a/b/1, attribute x: y: 5 should be a text in quotes; read as one',
      'f.json:1:97: changed: z should be a list of texts; read as one',
    ])
    assert.deepEqual(config.servers[0]?.devices[0]?.attributeProperties?.get('x')?.get('z'), ['w'])
  })

  it('names all mistakes with their places', () => {
    const text = `{
  "server": {},
  "servers": {
    "S/1/2": {},
    "S": { "1": { "C": { "no device": {}, "a/b/1": { "property": {} } } }, "2": { "D": { "A/B/1": { "alias": 3 } } } },
    "T": { "1": { "C": { "a/b/2": { "properties": { "p": [{}] } } } } }
  },
  "classes": []
}`
    assert.throws(
      () => importDsconfig(text, 'f.json'),
      (error: Error) => {
        const lines = error.message.replace('Exchange_Invalid: ', '').split('\n')
        assert.deepEqual(lines, [
          'f.json:2:3: unknown field server; known fields: servers, classes, and names with _ first',
          'f.json:4:5: S/1/2 should be executable/instance',
          'f.json:5:26: device no device should be domain/family/member',
          'f.json:5:54: a/b/1: unknown field property; known fields: alias, properties, attribute_properties',
          'f.json:5:90: device A/B/1 is already in line 5',
          'f.json:5:110: alias should be a text',
          'f.json:6:59: a/b/2, properties: p should be a list of texts',
          'f.json:8:14: classes should be an object { }',
        ])
        return true
      },
    )
  })
})

describe('planDsconfig', () => {
  let store: Store
  let database: DatabaseView

  beforeEach(() => {
    store = memoryStore()
    database = storeDatabase(store)
  })

  afterEach(() => {
    store.close()
  })

  async function plan(content: unknown, options: { update?: boolean } = {}) {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    return planDsconfig(database, importDsconfig(text, 'f.json').config, options)
  }

  async function apply(content: unknown, options: { update?: boolean } = {}): Promise<readonly string[]> {
    const { steps, lines } = await plan(content, options)
    await database.apply(steps)
    return lines
  }

  const properties = (device: string): Record<string, readonly string[]> =>
    Object.fromEntries(store.properties.all({ scope: 'device', owner: device }))

  it('fills an empty database, and changes nothing the second time', async () => {
    const lines = await apply(FILE)
    assert.deepEqual(lines, [
      '+ device dserver/Pump/north: DServer in Pump/north',
      '+ device dserver/Gauge/south: DServer in Gauge/south',
      '+ device vac/pump/1: Pump in Pump/north, alias pump1',
      '+ device vac/pump/2: Pump in Pump/north',
      '+ device vac/gauge/1: Gauge in Gauge/south',
      '+ vac/pump/1->Host = ["pump.example"]',
      '+ vac/pump/1->Ports = ["1","2"]',
      '+ vac/pump/1/Speed->unit = ["Hz"]',
      '+ vac/pump/1/Speed->max_value = ["1500"]',
      '+ vac/gauge/1->Unit = ["mbar"]',
      '+ class Pump->Vendor = ["ACME"]',
    ])
    assert.equal(store.devices.byAlias('pump1')?.name, 'vac/pump/1')
    assert.deepEqual((await plan(FILE)).lines, [])
    assert.deepEqual((await plan(FILE.replaceAll('vac/pump', 'VAC/Pump').replaceAll('"Host"', '"host"'))).lines, [])
  })

  it('writes nothing by planning', async () => {
    await plan(FILE)
    assert.deepEqual(store.devices.list({}), [])
  })

  it('deletes what a server of the file has besides, but leaves other servers alone', async () => {
    await apply({
      servers: { S: { 1: { C: { 'a/b/1': { properties: { p: ['1'] } }, 'a/b/2': {} } }, 2: { C: { 'a/b/3': {} } } } },
    })
    const lines = await apply({ servers: { S: { 1: { C: { 'a/b/2': {} } } } } })
    assert.deepEqual(lines, ['- a/b/1->p (was ["1"])', '- device a/b/1 (was C in S/1)'])
    assert.deepEqual(
      store.devices.list({}).map(({ name }) => name),
      ['a/b/2', 'a/b/3', 'dserver/S/1', 'dserver/S/2'],
    )
    assert.deepEqual(properties('a/b/1'), {})
  })

  it('removes an emptied server with its admin device', async () => {
    await apply({ servers: { S: { 1: { C: { 'a/b/1': {} } } } } })
    assert.deepEqual(await apply({ servers: { S: { 1: {} } } }), [
      '- device a/b/1 (was C in S/1)',
      '- device dserver/S/1 (was DServer in S/1)',
    ])
    assert.deepEqual(store.devices.list({}), [])
  })

  it('leaves properties alone when the field is missing, and deletes them when it is empty', async () => {
    const device = (fields: unknown): unknown => ({ servers: { S: { 1: { C: { 'a/b/1': fields } } } } })
    await apply(device({ properties: { p: ['1'], q: ['2'] }, attribute_properties: { x: { unit: ['mm'] } } }))
    assert.deepEqual(await apply(device({})), [])
    assert.deepEqual(await apply(device({ properties: { q: ['3', '4'] } })), [
      '~ a/b/1->q = ["3","4"] (was ["2"])',
      '- a/b/1->p (was ["1"])',
    ])
    assert.deepEqual(await apply(device({ attribute_properties: {} })), ['- a/b/1/x->unit (was ["mm"])'])
    assert.deepEqual(await apply(device({ properties: {} })), ['- a/b/1->q (was ["3","4"])'])
  })

  it('deletes nothing with update', async () => {
    await apply({ servers: { S: { 1: { C: { 'a/b/1': { properties: { p: ['1'], q: ['2'] } }, 'a/b/2': {} } } } } })
    const update = { servers: { S: { 1: { C: { 'a/b/1': { properties: { q: ['5'] } }, 'a/b/3': {} } } } } }
    assert.deepEqual(await apply(update, { update: true }), [
      '+ device a/b/3: C in S/1',
      '~ a/b/1->q = ["5"] (was ["2"])',
    ])
    assert.deepEqual(properties('a/b/1'), { p: ['1'], q: ['5'] })
    assert.notEqual(store.devices.get('a/b/2'), undefined)
  })

  it('keeps what Tango writes for itself unless the file names it', async () => {
    const kept = { polled_attr: ['x', '1000'], __SubDevices: ['e/f/1'], p: ['1'] }
    await apply({
      servers: { S: { 1: { C: { 'a/b/1': { properties: kept, attribute_properties: { x: { __value: ['5'] } } } } } } },
    })
    const { lines, report } = await plan({
      servers: { S: { 1: { C: { 'a/b/1': { properties: {}, attribute_properties: {} } } } } },
    })
    assert.deepEqual(lines, ['- a/b/1->p (was ["1"])'])
    assert.equal(report.length, 3)
    assert.match(report[0]?.text ?? '', /is not in the file and stays/)
  })

  it('moves a device that another server has, and removes that server when it is empty', async () => {
    await apply({ servers: { Old: { 1: { C: { 'a/b/1': { alias: 'al', properties: { p: ['1'] } } } } } } })
    const { lines, report, steps } = await plan({ servers: { New: { 1: { C: { 'a/b/1': {} } } } } })
    assert.deepEqual(
      lines,
      [
        '- device dserver/Old/1 (was DServer in Old/1)',
        '+ device dserver/New/1: DServer in New/1',
        '~ device a/b/1: C in New/1, alias al (was C in Old/1, alias al)',
      ].sort((a, b) => lines.indexOf(a) - lines.indexOf(b)),
    )
    assert.match(report[0]?.text ?? '', /moves from Old\/1 to New\/1/)
    await database.apply(steps)
    assert.equal(store.devices.byAlias('al')?.server, 'New/1')
    assert.deepEqual(properties('a/b/1'), { p: ['1'] })
  })

  it('lets two devices swap their aliases, and refuses one that belongs to somebody else', async () => {
    await apply({
      servers: {
        S: { 1: { C: { 'a/b/1': { alias: 'x' }, 'a/b/2': { alias: 'y' } } }, 2: { C: { 'a/b/3': { alias: 'z' } } } },
      },
    })
    await apply({ servers: { S: { 1: { C: { 'a/b/1': { alias: 'y' }, 'a/b/2': { alias: 'x' } } } } } })
    assert.equal(store.devices.byAlias('x')?.name, 'a/b/2')
    assert.equal(store.devices.byAlias('y')?.name, 'a/b/1')
    await assert.rejects(plan({ servers: { S: { 1: { C: { 'a/b/1': { alias: 'z' }, 'a/b/2': {} } } } } }), {
      reason: 'Exchange_Invalid',
      message: /f\.json:1:\d+: alias z of a\/b\/1 belongs to a\/b\/3; rename one of them/,
    })
  })

  it('brings back the state before with its undo file, whatever was done', async function () {
    this.timeout(20_000)
    let seed = 20251120
    const random = (limit: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648
      return Math.floor((seed / 2147483648) * limit)
    }
    const names = ['a/b/1', 'a/b/2', 'a/b/3', 'c/d/1', 'c/d/2']
    const bag = (): Record<string, string[]> =>
      Object.fromEntries(
        ['p', 'q', 'polled_attr', '__x'].filter(() => random(2) === 0).map((name) => [name, [String(random(9)), 'l']]),
      )
    const content = (): unknown => {
      const servers: Record<string, Record<string, Record<string, Record<string, unknown>>>> = {}
      for (const name of names) {
        if (random(4) === 0) continue
        const server = ['S', 'T'][random(2)] ?? 'S'
        const instance = String(random(2))
        servers[server] ??= {}
        servers[server][instance] ??= {}
        const className = ['C', 'D'][random(2)] ?? 'C'
        servers[server][instance][className] ??= {}
        Object.assign(servers[server][instance][className] ?? {}, {
          [name]: {
            ...(random(2) === 0 ? { alias: `al_${name.replaceAll('/', '_')}_${random(2)}` } : {}),
            ...(random(3) > 0 ? { properties: bag() } : {}),
            ...(random(3) > 0 ? { attribute_properties: { x: bag(), y: bag() } } : {}),
          },
        })
      }
      return { servers, classes: { C: { properties: bag() } } }
    }
    const state = async (): Promise<string> => {
      const { config } = await dumpDsconfig(database)
      return (
        exportDsconfig(config) +
        JSON.stringify(store.devices.list({}).map(({ name, server, alias }) => [name, server, alias]))
      )
    }
    for (let round = 0; round < 25; round += 1) {
      const before = await state()
      const { steps, undo } = await plan(content(), { update: random(4) === 0 })
      await database.apply(steps)
      const after = await state()
      // the file says it as well as the steps
      const back = await planDsconfig(database, importDsconfig(exportDsconfig(undo)).config)
      assert.deepEqual(importDsconfig(exportDsconfig(undo)).report, [])
      await database.apply(back.steps)
      assert.equal(await state(), before, `round ${round}`)
      await database.apply(back.steps.length === 0 ? [] : (await planDsconfig(database, back.undo)).steps)
      assert.equal(await state(), after, `round ${round}, forth again`)
    }
  })

  it('does all steps or none', async () => {
    const { steps } = await plan(FILE)
    const broken = [...steps, { kind: 'device', name: 'x/y/1', before: undefined, after: undefined } as const]
    const original = store.devices.delete.bind(store.devices)
    store.devices.delete = () => {
      throw new Error('full disk')
    }
    await assert.rejects(database.apply(broken), /full disk/)
    store.devices.delete = original
    assert.deepEqual(store.devices.list({}), [])
  })
})

describe('dumpDsconfig', () => {
  it('reads what was written, by server', async () => {
    const store = memoryStore()
    try {
      const database = storeDatabase(store)
      const { steps } = await planDsconfig(database, importDsconfig(FILE).config)
      await database.apply(steps)
      store.properties.put({ scope: 'device', owner: 'dserver/Pump/north' }, 'logging_level', ['x'])
      const { config, report } = await dumpDsconfig(database)
      const { servers, classes } = importDsconfig(FILE).config
      // nothing is written as empty: that would delete when it is imported
      assert.equal(exportDsconfig(config), exportDsconfig({ metadata: config.metadata, servers, classes }))
      assert.deepEqual(importDsconfig(exportDsconfig(config)).report, [])
      assert.deepEqual(report.map(formatFinding), [
        'dserver/Pump/north: lost: properties of the admin device have no place: logging_level',
      ])
      const some = await dumpDsconfig(database, { servers: ['Gauge/*'], classes: false })
      assert.deepEqual(
        some.config.servers.map(({ name }) => name),
        ['Gauge/south'],
      )
    } finally {
      store.close()
    }
  })
})
