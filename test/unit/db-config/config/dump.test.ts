// A database told as a beamline file, and back.
import assert from 'node:assert/strict'
import { applyBeamline } from '../../../../db-config/config/apply.ts'
import { parseBeamline, readBeamlineFile } from '../../../../db-config/config/beamline-file.ts'
import { contentOfStore } from '../../../../db-config/config/content.ts'
import { type Dump, dumpBeamline } from '../../../../db-config/config/dump.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { SMALL } from './small-beamline.ts'

const DEMO = new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url).pathname

const RICH = `${SMALL}hosts: [{ name: crate, description: 'left of the hutch' }, { name: desk }]
instruments:
  - { name: /slits, class: NXslit, elements: [m1] }
  - { name: /slits/front, description: "50 DOLLAR{ µm }" }
sessions:
  - { name: all }
  - { name: align, extends: [all], exclude: [both, m2], defaults: { Limit: 1, List: [1, two] }, setup: align.ts }
recorders: [{ server: Recorder/small, device: recorder/small/1, recorders: [nexus] }]
`
  .replace('servers: [', 'servers: [{ name: Recorder/small, host: desk, level: 5, controlled: false }, ')
  .replace('DOLLAR', () => '$$')

describe('dumpBeamline', () => {
  let store: Store

  beforeEach(() => {
    store = memoryStore()
  })

  afterEach(() => {
    store.close()
  })

  function dumped(): Dump {
    return dumpBeamline(contentOfStore(store))
  }

  for (const [name, beamline] of [
    ['the demo', () => readBeamlineFile(DEMO)],
    ['a small beamline', () => parseBeamline(SMALL, 'f')],
    ['hosts, instruments and sessions', () => parseBeamline(RICH, 'f')],
  ] as const) {
    it(`says what was applied: ${name}`, () => {
      applyBeamline(store, beamline(), { boxes: { icepap: { host: '127.0.0.1', port: 1 } }, dataFolder: '/data' })
      const { text, notes } = dumped()
      assert.deepEqual(notes, [])
      assert.deepEqual(applyBeamline(store, parseBeamline(text, 'dump.yaml')), [], text)
    })

    it(`makes the same beamline in an empty database: ${name}`, () => {
      applyBeamline(store, beamline())
      const { text } = dumped()
      const other = memoryStore()
      try {
        applyBeamline(other, parseBeamline(text, 'dump.yaml'))
        assert.deepEqual(dumpBeamline(contentOfStore(other)).text, text)
      } finally {
        other.close()
      }
    })
  }

  it('takes in what users have set and made since', () => {
    applyBeamline(store, parseBeamline(SMALL, 'f'))
    const place = { scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'position' } as const
    store.properties.put(place, 'max_value', ['0.5'])
    store.properties.put({ ...place, member: 'velocity' }, '__value', ['12.5'])
    store.devices.define({ name: 'motor/motors/3', server: 'Pool/small', class: 'Motor', alias: 'late' })
    for (const [property, value] of [
      ['Axis', '3'],
      ['Id', '99'],
      ['Controller', 'controller/dummy-motor/motors'],
    ] as const)
      store.properties.put({ scope: 'device', owner: 'motor/motors/3' }, property, [value])
    const { text } = dumped()
    const motors = parseBeamline(text, 'dump.yaml').controllers[0]?.axes
    assert.deepEqual(motors?.[0]?.limits, [-1, 0.5])
    assert.equal(motors?.[0]?.settings.Velocity, 12.5)
    assert.equal(motors?.[2]?.name, 'late')
    const left = applyBeamline(store, parseBeamline(text, 'dump.yaml')).map(({ what }) => what)
    // the number of its controller was not given by hand above
    assert.deepEqual(left, ['motor/motors/3->Ctrl_id'])
  })

  it('tells in notes and comments what a file cannot say', () => {
    applyBeamline(store, parseBeamline(SMALL, 'f'))
    store.devices.define({ name: 'pool/other/1', server: 'Pool/other', class: 'Pool', alias: 'Other' })
    store.devices.define({ name: 'a/b/c', server: 'Pool/small', class: 'Controller', alias: 'odd' })
    store.properties.put({ scope: 'device', owner: 'a/b/c' }, 'Type', ['PseudoMotor'])
    store.properties.delete({ scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'Position' }, 'min_value')
    const { text, notes } = dumped()
    assert.equal(notes.length, 3)
    assert.ok(notes.some((note) => /a\/b\/c .*controllers of type PseudoMotor are not known/.test(note)))
    assert.ok(notes.some((note) => /pool\/other\/1 .*one Pool/.test(note)))
    assert.ok(notes.some((note) => /motor\/motors\/1 has one limit alone: 1/.test(note)))
    assert.equal(text.match(/^# Not in this file: /gm)?.length, 3)
    parseBeamline(text, 'dump.yaml')
  })

  it('leaves out what Tango and its tools keep with a controller', () => {
    applyBeamline(store, parseBeamline(SMALL, 'f'))
    const place = { scope: 'device', owner: 'controller/dummy-motor/motors' } as const
    store.properties.put(place, 'polled_attr', ['State', '1000'])
    store.properties.put(place, '__SubDevices', ['a/b/c'])
    assert.deepEqual(parseBeamline(dumped().text, 'f').controllers[0]?.properties, { AxisCount: ['3'] })
  })

  it('drops members of groups that are gone, and says so', () => {
    applyBeamline(store, parseBeamline(SMALL, 'f'))
    const place = { scope: 'device', owner: 'mg/p/both' } as const
    store.properties.put(place, 'Elements', [...store.properties.get(place, 'Elements'), '4711'])
    const { text, notes } = dumped()
    assert.deepEqual(notes, ['mg/p/both has the member 4711, which is not there any more'])
    assert.deepEqual(parseBeamline(text, 'f').motorGroups[0]?.motors, ['m2', 'm1'])
  })
})
