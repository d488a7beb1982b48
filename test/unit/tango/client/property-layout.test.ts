import assert from 'node:assert/strict'
import {
  readAttributeProperties,
  readProperties,
  writeAttributeProperties,
  writeProperties,
} from '../../../../tango/client/property-layout.ts'
import { parseServerCache } from '../../../../tango/client/server-cache.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

describe('readProperties', () => {
  it('skips the blank that stands for a missing device property', () => {
    const items = ['a/b/c', '3', 'Host', '0', ' ', 'Ports', '2', '1', '2', 'Name', '1', ' ']
    const expected = [
      ['Ports', ['1', '2']],
      ['Name', [' ']],
    ]
    assert.deepEqual([...readProperties(items, true, 'x')], expected)
  })

  it('expects no blank for a missing class property', () => {
    assert.deepEqual([...readProperties(['C', '2', 'A', '0', 'B', '1', 'v'], false, 'x')], [['B', ['v']]])
  })

  it('fails when the list is too short or a count is none', () => {
    for (const items of [[], ['a'], ['a', 'x'], ['a', '1'], ['a', '1', 'p', '3', 'v'], ['a', '1', 'p', ' ']]) {
      assert.throws(
        () => readProperties(items, true, 'DbGetX'),
        (error) => error instanceof DevFailed && /DbGetX/.test(error.message),
      )
    }
  })
})

describe('writeProperties', () => {
  it('counts properties and values', () => {
    assert.deepEqual(writeProperties('a/b/c', { Host: 'h', Ports: ['1', '2'], Empty: [] }), [
      'a/b/c',
      '3',
      'Host',
      '1',
      'h',
      'Ports',
      '2',
      '1',
      '2',
      'Empty',
      '0',
    ])
  })

  it('nests attributes, as the reader reads them', () => {
    const items = writeAttributeProperties('a/b/c', { Position: { max_value: '10', __value: '3' }, State: {} })
    assert.deepEqual(items, ['a/b/c', '2', 'Position', '2', 'max_value', '1', '10', '__value', '1', '3', 'State', '0'])
    const read = readAttributeProperties(items, 'x')
    assert.deepEqual(read.get('Position')?.get('max_value'), ['10'])
    assert.equal(read.get('State')?.size, 0)
  })
})

/** Answer of a database to a server with one class, one device, some properties of each kind. */
const CACHE = [
  'release 1.13',
  ...['dserver/Test/1', 'IOR:1', '5', 'Test/1', 'host', '1', '42', 'DServer'],
  ...['notifd/factory/host', 'Not Found'],
  ...['dserver/Test/1', 'ior', '1', 'host', '1', '7'],
  ...['DServer', '1', 'AllowedAccessCmd', '2', 'QueryClass', 'QueryDevice'],
  ...['Default', '0'],
  ...['dserver/Test/1', '1', 'polling_threads_pool_conf', '1', 'a/b/c'],
  ...['Test/1', '1'],
  ...['Test', '1', 'Doc', '1', 'text'],
  ...['Test', '1', 'pos', '1', 'label', '1', 'L'],
  ...['Test', '0'],
  ...['Test', '2', 'a/b/c', 'a/b/d'],
  ...['a/b/c', '1', 'Host', '2', 'x', 'y'],
  ...['a/b/c', '1', 'pos', '2', '__value', '1', '3.5', 'unit', '1', 'mm'],
  ...['a/b/c', '0'],
  ...['a/b/d', '0'],
  ...['a/b/d', '0'],
  ...['a/b/d', '0'],
  ...['CtrlSystem', '1', 'Services', '1', 'S'],
]

describe('parseServerCache', () => {
  it('reads devices with their properties and memorized values', () => {
    const cache = parseServerCache(CACHE)
    assert.ok(cache)
    assert.equal(cache.release, 'release 1.13')
    assert.deepEqual(cache.admin, {
      name: 'dserver/Test/1',
      ior: 'IOR:1',
      version: '5',
      server: 'Test/1',
      host: 'host',
      exported: true,
      pid: 42,
      class: 'DServer',
    })
    assert.deepEqual(cache.adminClass.get('AllowedAccessCmd'), ['QueryClass', 'QueryDevice'])
    assert.deepEqual(cache.adminProperties.get('polling_threads_pool_conf'), ['a/b/c'])
    const [test] = cache.classes
    assert.ok(test)
    assert.deepEqual(test.attributeProperties.get('pos')?.get('label'), ['L'])
    assert.deepEqual(
      test.devices.map((device) => device.name),
      ['a/b/c', 'a/b/d'],
    )
    assert.deepEqual(test.devices[0]?.properties.get('Host'), ['x', 'y'])
    assert.deepEqual(test.devices[0]?.attributeProperties.get('pos')?.get('__value'), ['3.5'])
    assert.deepEqual(cache.controlSystem.get('Services'), ['S'])
  })

  it('tells a server that the database does not know', () => {
    assert.equal(parseServerCache(['release 1.13', 'dserver/Test/1', 'Not Found']), undefined)
  })

  it('fails cleanly when the list is cut anywhere', () => {
    // the last block may be missing in old databases, so a cut right before it is legal
    const legal = CACHE.length - 5
    for (let end = 0; end < CACHE.length; end += 1) {
      if (end === legal) continue
      assert.throws(
        () => parseServerCache(CACHE.slice(0, end)),
        (error) => error instanceof DevFailed,
        `cut at ${end}`,
      )
    }
  })
})
