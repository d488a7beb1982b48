// A beamline written into a database: what is written, what stays, what goes.
import assert from 'node:assert/strict'
import { applyBeamline } from '../../../../db-config/config/apply.ts'
import type { Beamline } from '../../../../db-config/config/beamline.ts'
import { parseBeamline, readBeamlineFile } from '../../../../db-config/config/beamline-file.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { SMALL } from './small-beamline.ts'

const DEMO = new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url).pathname

describe('applyBeamline', () => {
  let store: Store

  beforeEach(() => {
    store = memoryStore()
  })

  afterEach(() => {
    store.close()
  })

  function apply(...replacements: readonly (readonly [string, string])[]): string[] {
    let text = SMALL
    for (const [from, to] of replacements) {
      assert.ok(text.includes(from), from)
      text = text.replace(from, to)
    }
    return applyBeamline(store, parseBeamline(text, 'small.yaml')).map(({ what }) => what)
  }

  const property = (device: string, name: string): readonly string[] =>
    store.properties.get({ scope: 'device', owner: device }, name)
  const setting = (device: string, member: string, name: string): readonly string[] =>
    store.properties.get({ scope: 'deviceAttribute', owner: device, member }, name)

  it('defines controllers, axes and groups with their references', () => {
    apply()
    assert.equal(store.devices.byAlias('m1')?.name, 'motor/motors/1')
    assert.equal(store.devices.get('motor/motors/1')?.class, 'Motor')
    assert.equal(store.devices.get('controllerhost/pool_small/1')?.server, 'Pool/small')
    assert.equal(store.devices.get('dserver/Pool/small')?.class, 'DServer')
    const controller = 'controller/dummy-motor/motors'
    assert.deepEqual(property(controller, 'Type'), ['Motor'])
    assert.deepEqual(property(controller, 'Klass'), ['dummy-motor'])
    assert.deepEqual(property(controller, 'AxisCount'), ['3'])
    assert.deepEqual(property('motor/motors/2', 'Axis'), ['2'])
    assert.deepEqual(property('motor/motors/2', 'Controller'), [controller])
    assert.deepEqual(property('motor/motors/2', 'Ctrl_id'), property(controller, 'Id'))
    assert.deepEqual(property('pool/small/1', 'Controllers'), [controller, 'controller/dummy-counter/counters'])
    assert.deepEqual(property('mg/p/both', 'Elements'), [
      ...property('motor/motors/2', 'Id'),
      ...property('motor/motors/1', 'Id'),
    ])
    assert.deepEqual(property('mntgrp/p/mg', 'Elements'), [
      ...property('expchan/counters/1', 'Id'),
      'sys/tg_test/1/double_scalar',
    ])
    assert.deepEqual(property('mntgrp/p/mg', 'Timer'), ['c1'])
    assert.deepEqual(property('macroserver/small/1', 'PoolNames'), ['pool/small/1'])
    assert.deepEqual(property('macroserver/small/1', 'Environment'), ['ActiveMntGrp="mg"', 'Limit=2.5'])
    assert.deepEqual(property('door/small/1', 'MacroServerName'), ['macroserver/small/1'])
  })

  it('gives every element a number of its own', () => {
    applyBeamline(store, readBeamlineFile(DEMO))
    const ids = store.properties.find('device', 'Id', '*').map(({ value }) => Number(value))
    assert.ok(ids.length > 20)
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.every((id) => Number.isInteger(id) && id > 0))
  })

  it('changes nothing the second time', () => {
    const beamline = readBeamlineFile(DEMO)
    const options = { boxes: { icepap: { host: '127.0.0.1', port: 5000 } }, dataFolder: '/data' }
    assert.ok(applyBeamline(store, beamline, options).length > 100)
    assert.deepEqual(applyBeamline(store, beamline, options), [])
  })

  it('writes the address of a simulated box to its controller, and leaves it when the box is not named', () => {
    const beamline = readBeamlineFile(DEMO)
    const controller = 'controller/icepap/icepap'
    applyBeamline(store, beamline, { boxes: { icepap: { host: '127.0.0.1', port: 5000 } } })
    assert.deepEqual(property(controller, 'Port'), ['5000'])
    const changes = applyBeamline(store, beamline, { boxes: { icepap: { host: '127.0.0.1', port: 5001 } } })
    assert.deepEqual(changes, [
      { kind: 'property', of: controller, what: `${controller}->Port`, before: ['5000'], after: ['5001'] },
    ])
    assert.deepEqual(applyBeamline(store, beamline), [])
    assert.deepEqual(property(controller, 'Connection'), ['icepap'])
  })

  it('only says what would change in a dry run', () => {
    const beamline = parseBeamline(SMALL, 'f')
    const foreseen = applyBeamline(store, beamline, { dryRun: true })
    assert.deepEqual(store.devices.list({}), [])
    assert.deepEqual(applyBeamline(store, beamline), foreseen)
  })

  it('leaves what a user has set until the file changes', () => {
    apply()
    const place = { scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'Position' } as const
    store.properties.put(place, 'max_value', ['0.5'])
    assert.deepEqual(apply(), [])
    assert.deepEqual(setting('motor/motors/1', 'Position', 'max_value'), ['0.5'])
    assert.deepEqual(apply(['[-1, 1]', '[-2, 1]']), ['motor/motors/1/Position->min_value'])
    assert.deepEqual(setting('motor/motors/1', 'Position', 'max_value'), ['0.5'])
    assert.deepEqual(apply(['[-1, 1]', '[-2, 2]']), ['motor/motors/1/Position->max_value'])
    assert.deepEqual(setting('motor/motors/1', 'Position', 'max_value'), ['2'])
  })

  it('does not overwrite a set point that was there before the file', () => {
    const place = { scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'Step_per_unit' } as const
    store.properties.put(place, '__value', ['77'])
    apply()
    assert.deepEqual(setting('motor/motors/1', 'Step_per_unit', '__value'), ['77'])
    apply(['stepsPerUnit: 10', 'stepsPerUnit: 20'])
    assert.deepEqual(setting('motor/motors/1', 'Step_per_unit', '__value'), ['20'])
  })

  it('takes back a setting that left the file, unless somebody has changed it', () => {
    apply()
    store.properties.put({ scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'Position' }, 'max_value', ['9'])
    apply([', limits: [-1, 1]', ''])
    assert.deepEqual(setting('motor/motors/1', 'Position', 'min_value'), [])
    assert.deepEqual(setting('motor/motors/1', 'Position', 'max_value'), ['9'])
  })

  it('forgets a stored group configuration when the file changes the members', () => {
    apply()
    store.properties.put({ scope: 'deviceAttribute', owner: 'mntgrp/p/mg', member: 'Configuration' }, '__value', ['{}'])
    assert.deepEqual(apply(), [])
    apply(['[c1, sys/', '[c1, c2, sys/'])
    assert.deepEqual(setting('mntgrp/p/mg', 'Configuration', '__value'), [])
  })

  it('removes what left the file, and never uses its number again', () => {
    apply()
    const [old] = property('motor/motors/2', 'Id')
    apply(['\n      - { name: m2, axis: 2 }', ''], ['[m2, m1]', '[m1]'])
    assert.equal(store.devices.get('motor/motors/2'), undefined)
    assert.deepEqual(property('motor/motors/2', 'Axis'), [])
    apply()
    assert.notEqual(property('motor/motors/2', 'Id')[0], old)
  })

  it('leaves devices, controllers and servers that are not its own', () => {
    store.devices.define({ name: 'sys/tg_test/1', server: 'TangoTest/test', class: 'TangoTest' })
    apply()
    store.devices.define({ name: 'controller/acme/late', server: 'Pool/small', class: 'Controller' })
    const place = { scope: 'device', owner: 'pool/small/1' } as const
    store.properties.put(place, 'Controllers', [...property('pool/small/1', 'Controllers'), 'controller/acme/late'])
    assert.deepEqual(apply(), [])
    assert.ok(property('pool/small/1', 'Controllers').includes('controller/acme/late'))
    assert.ok(store.devices.get('sys/tg_test/1'))
  })

  it('keeps a running device exported when only its alias changes', () => {
    apply()
    store.devices.export('motor/motors/1', { ior: 'IOR:1', host: 'h', pid: 1, version: '5' })
    apply(['name: m1', 'name: first'], ['[m2, m1]', '[m2, first]'])
    const device = store.devices.get('motor/motors/1')
    assert.equal(device?.alias, 'first')
    assert.equal(device?.exported, true)
  })

  it('lets two axes swap their names', () => {
    apply()
    apply(['name: m1', 'name: mx'], ['name: m2', 'name: m1'], ['name: mx', 'name: m2'])
    assert.equal(store.devices.byAlias('m1')?.name, 'motor/motors/2')
    assert.equal(store.devices.byAlias('m2')?.name, 'motor/motors/1')
  })

  it('refuses a name that belongs to somebody else, and then writes nothing', () => {
    store.devices.define({ name: 'a/b/1', server: 'S/1', class: 'C', alias: 'm2' })
    assert.throws(() => apply(), { reason: 'Beamline_Invalid', message: /m2 of motor\/motors\/2 belongs to a\/b\/1/ })
    assert.equal(store.devices.list({}).length, 1)
  })

  it('removes a property of a driver that left the file, and leaves what others keep there', () => {
    apply()
    const place = { scope: 'device', owner: 'controller/dummy-motor/motors' } as const
    store.properties.put(place, 'polled_attr', ['State', '1000'])
    assert.deepEqual(apply(['    properties: { axisCount: 3 }\n', '']), ['controller/dummy-motor/motors->AxisCount'])
    assert.deepEqual(property(place.owner, 'AxisCount'), [])
    assert.deepEqual(property(place.owner, 'polled_attr'), ['State', '1000'])
  })

  it('knows the addresses of an earlier start for controllers that come later', () => {
    const beamline = readBeamlineFile(DEMO)
    applyBeamline(store, beamline, { boxes: { icepap: { host: '127.0.0.1', port: 5000 } }, dataFolder: '/data' })
    const [icepap] = beamline.controllers
    assert.ok(icepap)
    const second = { ...icepap, name: 'second', axes: [] }
    applyBeamline(store, { ...beamline, controllers: [...beamline.controllers, second] })
    assert.deepEqual(property('controller/icepap/second', 'Port'), ['5000'])
    assert.deepEqual(property('recorder/demo1/1', 'DataFolder'), ['/data'])
  })

  it('writes start-up records, sessions and instruments, and removes them with the file', () => {
    const more = `instruments: [{ name: /slits, class: NXslit, elements: [m1] }]
sessions: [{ name: align, include: [m1, c1], defaults: { Limit: 1 } }]
hosts: [{ name: crate }]
controllers:`
    apply(['controllers:', more])
    assert.deepEqual(store.servers.get('Pool/small'), { name: 'Pool/small', host: 'crate', mode: 1, level: 2 })
    const session = { scope: 'object', owner: 'bandoneon/session/align' } as const
    assert.deepEqual(store.properties.get(session, 'Elements'), ['m1', 'c1'])
    assert.deepEqual(property('motor/motors/1', 'Instrument'), ['/slits'])
    assert.deepEqual(apply(['controllers:', more]), [])
    const gone = apply()
    assert.ok(gone.includes('start of Pool/small'), gone.join('\n'))
    assert.equal(store.servers.get('Pool/small'), undefined)
    assert.equal(store.properties.all(session).size, 0)
    assert.deepEqual(property('motor/motors/1', 'Instrument'), [])
  })

  it('takes a limit that somebody wrote in another way for the same', () => {
    apply()
    const place = { scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'Position' } as const
    store.properties.put(place, 'max_value', ['2e0'])
    assert.deepEqual(apply(['[-1, 1]', '[-1, 2]']), [])
  })

  it('moves a controller to another server and removes the server that is empty then', () => {
    const moved: Beamline = parseBeamline(SMALL.replaceAll('small,', 'small,'), 'f')
    applyBeamline(store, moved)
    apply(['servers: [', 'servers: [Controllers/x, '], ['name: motors\n', 'name: motors\n    server: Controllers/x\n'])
    assert.equal(store.devices.get('motor/motors/1')?.server, 'Controllers/x')
    assert.ok(store.devices.get('controllerhost/x/1'))
    store.servers.put({ name: 'Controllers/x', host: 'crate', mode: 1, level: 1 })
    apply()
    assert.equal(store.servers.get('Controllers/x'), undefined)
    assert.equal(store.devices.get('motor/motors/1')?.server, 'Pool/small')
    assert.equal(store.devices.get('dserver/Controllers/x'), undefined)
  })
})
