// Plain Tango devices in a beamline file: what they come to in the database, every mistake with its place, and back to a file.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what looks like a variable is meant
import assert from 'node:assert/strict'
import { applied, applyBeamline } from '../../../../db-config/config/apply.ts'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import { contentOfStore } from '../../../../db-config/config/content.ts'
import { dumpBeamline } from '../../../../db-config/config/dump.ts'
import { isLaunched, serversOfBeamline, serversOfStore } from '../../../../db-config/config/plain-servers.ts'
import { stepsOf } from '../../../../db-config/config/plan.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'
import { SMALL } from './small-beamline.ts'

const FILE = `${SMALL.replace(
  'servers: [',
  `hosts: [{ name: desk }, { name: crate }]
servers: [{ name: TangoTest/test, host: desk }, { name: Gauges/one, host: crate, level: 3, controlled: false }, `,
)}devices:
  - device: sys/tg_test/1
    class: TangoTest
    server: TangoTest/test
    alias: tg1
    properties: { Channels: [a, 2, true], Gain: '1.50' }
    attributes: { Double_Scalar: { unit: mm, abs_change: '0.1' } }
  - { device: Vac/Gauge/1, class: Gauge, server: gauges/one }
  - { device: vac/gauge/2, class: Gauge, server: Gauges/one }
`

const GAIN = { scope: 'device', owner: 'sys/tg_test/1' } as const
const UNIT = { scope: 'deviceAttribute', owner: 'sys/tg_test/1', member: 'double_scalar' } as const

const parse = (text: string) => parseBeamline(text, 'f.yaml')

function replaced(...replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    assert.ok(text.includes(from), `${from} is not in the file`)
    return text.replace(from, () => to)
  }, FILE)
}

function findings(text: string): string[] {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof DevFailed)
    return (error.errors[0]?.desc ?? '').split('\n')
  }
  return []
}

describe('plain devices of a beamline', () => {
  let store: Store

  beforeEach(() => {
    store = memoryStore()
  })

  afterEach(() => {
    store.close()
  })

  const apply = (text: string): string[] => applyBeamline(store, parse(text)).map(({ what }) => what)

  describe('in a file', () => {
    const line = (part: string): number => FILE.slice(0, FILE.indexOf(part)).split('\n').length
    for (const [title, from, to, finding] of [
      [
        'a server that is not listed',
        'server: gauges/one',
        'server: Gauge/one',
        /server Gauge\/one .*did you mean Gauges\/one/,
      ],
      [
        'a misspelt field',
        'alias: tg1',
        'alais: tg1',
        /device sys\/tg_test\/1: unknown field alais; did you mean alias/,
      ],
      [
        'a missing class',
        'class: Gauge, server: gauges/one',
        'server: gauges/one',
        /device Vac\/Gauge\/1: class is missing/,
      ],
      [
        'a device that is there twice',
        'vac/gauge/2',
        'VAC/gauge/1',
        /device VAC\/gauge\/1 is already taken in line \d+/,
      ],
      ['an alias of an axis', 'alias: tg1', 'alias: M1', /name M1 is already taken in line \d+/],
      ['the device of an axis', 'vac/gauge/2', 'motor/motors/1', /motor\/motors\/1 is the one of m1/],
      ['the device of a group', 'vac/gauge/2', 'mg/P/both', /mg\/p\/both is the one of both/],
      ['the device of the pool', 'vac/gauge/2', 'pool/small/1', /pool\/small\/1 is already taken/],
      [
        'a class of another section',
        'class: TangoTest',
        'class: motor',
        /class motor follow from the field controllers/,
      ],
      ['a class of a later version', 'class: TangoTest', 'class: PseudoMotor', /PseudoMotor come with a later version/],
      ['a device of the control system', 'vac/gauge/2', 'sys/database/2', /belongs to the control system itself/],
      ['a class of the control system', 'class: TangoTest', 'class: Starter', /belongs to the control system itself/],
      [
        'a property that is a map',
        "Gain: '1.50'",
        'Gain: { a: 1 }',
        /property Gain is a map, it should be a value or a list/,
      ],
      ['an empty property', "Gain: '1.50'", 'Gain:', /property Gain is empty/],
      [
        'a property that is there twice',
        "Gain: '1.50'",
        'channels: 1',
        /property channels is already given in line \d+/,
      ],
      [
        'digits that get lost',
        "Gain: '1.50'",
        'Gain: 1.50',
        /property Gain is 1.50, which YAML reads as the number 1.5/,
      ],
      ['a name with a space', "Gain: '1.50'", 'Ga in: 1', /property "Ga in" should be a name of letters/],
      ['characters that no database keeps', "'1.50'", '"\u2126"', /Latin-1/],
      [
        'an attribute without properties',
        'Double_Scalar: {',
        'other: 1, Double_Scalar: {',
        /attribute other is 1, it should be a map/,
      ],
    ] as const)
      it(`finds ${title}, with its line`, () => {
        const text = replaced([from, to])
        const found = findings(text).find((entry) => finding.test(entry))
        assert.ok(found !== undefined, `${finding} is not in\n${findings(text).join('\n')}`)
        assert.equal(Number(/^f\.yaml:(\d+):\d+: /.exec(found)?.[1]), line(from), found)
      })

    it('makes a server without a device a mistake still', () => {
      const text = replaced([
        'class: TangoTest\n    server: TangoTest/test',
        'class: TangoTest\n    server: Gauges/one',
      ])
      assert.match(findings(text).join('\n'), /server TangoTest\/test has no device/)
    })
  })

  describe('in the database', () => {
    it('are defined with alias, properties, settings of attributes and the start-up record of their server', () => {
      apply(FILE)
      const { server, class: className, alias } = store.devices.get('sys/tg_test/1') ?? {}
      assert.deepEqual([server, className, alias], ['TangoTest/test', 'TangoTest', 'tg1'])
      assert.deepEqual(store.properties.get(GAIN, 'Gain'), ['1.50'])
      assert.deepEqual(store.properties.get(GAIN, 'Channels'), ['a', '2', 'true'])
      assert.deepEqual(store.properties.get(UNIT, 'abs_change'), ['0.1'])
      const { host, level, mode } = store.servers.get('TangoTest/test') ?? {}
      assert.deepEqual([host, level, mode], ['desk', 1, 1])
      assert.equal(store.devices.get('vac/gauge/1')?.server, 'Gauges/one')
      assert.ok(store.devices.get('dserver/TangoTest/test') !== undefined)
      assert.deepEqual(apply(FILE), [])
    })

    it('lose what leaves the file, and nothing that others have set', () => {
      apply(FILE)
      store.properties.put(GAIN, 'polled_attr', ['State', '1000'])
      assert.deepEqual(apply(replaced([", Gain: '1.50'", ''], ['unit: mm, abs', 'abs'])), [
        'sys/tg_test/1->Gain',
        'sys/tg_test/1/Double_Scalar->unit',
      ])
      assert.deepEqual(store.properties.get(GAIN, 'polled_attr'), ['State', '1000'])
    })

    it('go with their properties and their server when they leave the file', () => {
      apply(FILE)
      const without = FILE.replace(/devices:\n[\s\S]*$/, '').replace(/servers: \[\{.*?one.*?\}, /, 'servers: [')
      apply(without)
      for (const name of ['sys/tg_test/1', 'vac/gauge/1', 'dserver/TangoTest/test'])
        assert.equal(store.devices.get(name), undefined, name)
      assert.equal(store.servers.get('TangoTest/test'), undefined)
      assert.deepEqual(store.properties.get(GAIN, 'Gain'), [])
      assert.deepEqual(store.properties.get(UNIT, 'unit'), [])
      assert.deepEqual(apply(without), [])
    })

    it('keep the properties of attributes that a user has changed until the file changes', () => {
      apply(FILE)
      store.properties.put(UNIT, 'unit', ['um'])
      store.properties.put(GAIN, 'Gain', ['7'])
      assert.deepEqual(apply(FILE), ['sys/tg_test/1->Gain'])
      assert.deepEqual(store.properties.get(UNIT, 'unit'), ['um'])
      apply(replaced(['unit: mm, abs', 'unit: nm, abs']))
      assert.deepEqual(store.properties.get(UNIT, 'unit'), ['nm'])
    })

    it('do not lose a setting that the file spells in another way', () => {
      apply(FILE)
      assert.deepEqual(apply(replaced(['Double_Scalar: { unit', 'double_scalar: { Unit'])), [])
      assert.deepEqual(store.properties.get(UNIT, 'unit'), ['mm'])
      assert.deepEqual(apply(FILE), [])
    })

    it('are restarted alone when they change', () => {
      apply(FILE)
      const text = replaced(["'1.50'", '2'], ['vac/gauge/2', 'vac/gauge/3'])
      const steps = store.transaction(() => stepsOf(store, applied(store, parse(text))))
      assert.deepEqual(
        steps.map(({ action, device, server }) => [action, device, server]),
        [
          ['remove', 'vac/gauge/2', 'Gauges/one'],
          ['create', 'vac/gauge/3', 'Gauges/one'],
          ['restart', 'sys/tg_test/1', 'TangoTest/test'],
        ],
      )
    })

    it('do not share the numbers of elements when they have a property Id', () => {
      apply(FILE)
      const id = store.properties.get({ scope: 'device', owner: 'motor/motors/1' }, 'Id')
      store.properties.put(GAIN, 'Id', id)
      const { text, notes } = dumpBeamline(contentOfStore(store))
      assert.deepEqual(notes, [])
      assert.deepEqual(parse(text).motorGroups[0]?.motors, ['m2', 'm1'])
    })
  })

  describe('as a file again', () => {
    it('are told as they were applied, in the same database and in an empty one', () => {
      apply(FILE)
      const { text, notes } = dumpBeamline(contentOfStore(store))
      assert.deepEqual(notes, [])
      assert.deepEqual(apply(text), [], text)
      const other = memoryStore()
      try {
        applyBeamline(other, parse(text))
        assert.equal(dumpBeamline(contentOfStore(other)).text, text)
        assert.deepEqual(other.properties.get(UNIT, 'abs_change'), ['0.1'])
      } finally {
        other.close()
      }
    })

    it('are taken in when they come from elsewhere, with what tools have set, without what servers keep', () => {
      apply(SMALL.replace('servers: [', 'hosts: [{ name: desk }, { name: crate }]\nservers: ['))
      store.devices.define({ name: 'dserver/PumpServer/1', server: 'PumpServer/1', class: 'DServer' })
      store.devices.define({ name: 'Lab/Pump/1', server: 'PumpServer/1', class: 'Pump', alias: 'pump' })
      store.devices.define({ name: 'sys/database/2', server: 'DataBaseds/2', class: 'DataBase' })
      store.devices.define({ name: 'tango/admin/desk', server: 'Starter/desk', class: 'Starter' })
      const pump = { scope: 'device', owner: 'lab/pump/1' } as const
      for (const [property, values] of [
        ['polled_attr', ['Flow', '1000']],
        ['__SubDevices', ['a/b/c']],
        ['Port', ['007']],
        ['with space', ['1']],
        ['Empty', ['']],
        ['Text', ['a\n"b": ${c}']],
      ] as const)
        store.properties.put(pump, property, values)
      const flow = { scope: 'deviceAttribute', owner: 'lab/pump/1', member: 'Flow' } as const
      for (const property of ['__value', '__value_ts', 'unit']) store.properties.put(flow, property, ['1.0'])
      store.servers.put({ name: 'PumpServer/1', host: 'elsewhere', mode: 0, level: 0 })
      const { text, notes } = dumpBeamline(contentOfStore(store))
      assert.deepEqual(notes, ['Lab/Pump/1: "with space" is no name that a file can have'])
      const { devices, startup } = parse(text)
      assert.deepEqual(devices, [
        {
          device: 'Lab/Pump/1',
          class: 'Pump',
          server: 'PumpServer/1',
          alias: 'pump',
          properties: { polled_attr: ['Flow', '1000'], Port: ['007'], Empty: [''], Text: ['a\n"b": ${c}'] },
          attributes: { Flow: { __value: ['1.0'], unit: ['1.0'] } },
        },
      ])
      assert.ok(
        startup.some(({ server, host, level }) => server === 'PumpServer/1' && host === 'elsewhere' && level === 0),
      )
      assert.deepEqual(apply(text), [], text)
      assert.deepEqual(store.properties.get(pump, '__SubDevices'), ['a/b/c'])
    })

    it('are noted when a file cannot say them, and stay untouched then', () => {
      apply(SMALL)
      store.devices.define({ name: 'a/b/c d', server: 'Odd/1', class: 'Odd' })
      store.devices.define({ name: 'a/b/e', server: 'Odd/1', class: 'Odd', alias: 'an alias' })
      store.devices.define({ name: 'a/b/f', server: 'Odd/1', class: 'PseudoMotor' })
      const { text, notes } = dumpBeamline(contentOfStore(store))
      assert.equal(notes.length, 3, notes.join('\n'))
      assert.deepEqual(apply(text), [])
      assert.equal(store.devices.get('a/b/e')?.alias, 'an alias')
    })
  })

  it('leave their servers to the Starter when it may start them or the class is foreign', () => {
    const launched = (contents: ReturnType<typeof serversOfBeamline>): string[] =>
      contents.filter((content) => isLaunched(content, (name) => name === 'TangoTest')).map(({ name }) => name)
    const own = ['Pool/small', 'MacroServer/small']
    for (const [text, expected] of [
      [FILE, own],
      [replaced(['host: desk }', 'host: desk, controlled: false }']), ['TangoTest/test', ...own]],
      [replaced(['{ name: TangoTest/test, host: desk }', 'TangoTest/test']), ['TangoTest/test', ...own]],
      [
        replaced(['vac/gauge/2, class: Gauge, server: Gauges/one', 'vac/gauge/2, class: Gauge, server: Pool/small']),
        own,
      ],
    ] as const) {
      const beamline = parse(text)
      assert.deepEqual(launched(serversOfBeamline(beamline)), expected)
      apply(text)
      assert.deepEqual(launched(serversOfStore(store, beamline.servers)), expected)
    }
  })
})
