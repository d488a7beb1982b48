// The database in a file: what stays, what is refused, what is compared how.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'libsql'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import { openStore } from '../../../../db-config/store/open-store.ts'
import { SCHEMA_VERSION } from '../../../../db-config/store/schema.ts'
import type { Place, Store } from '../../../../db-config/store/store.ts'

const PLACE: Place = { scope: 'device', owner: 'a/b/1' }

describe('openStore', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-'))
    path = join(folder, 'tango.sqlite')
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('finds everything again after closing and opening', () => {
    const first = openStore(path)
    first.devices.define({ name: 'a/b/1', server: 'S/1', class: 'C', alias: 'al' })
    first.devices.export('a/b/1', { ior: 'IOR:1', host: 'h', pid: 5, version: '5' })
    first.properties.put(PLACE, 'p', ['x', 'y'])
    first.properties.put({ scope: 'deviceAttribute', owner: 'a/b/1', member: 'At' }, '__value', ['3'])
    first.close()
    const second = openStore(path)
    const device = second.devices.get('A/B/1')
    assert.equal(device?.ior, 'IOR:1')
    assert.equal(device?.exported, true)
    assert.equal(second.devices.byAlias('AL')?.name, 'a/b/1')
    assert.deepEqual(second.properties.get(PLACE, 'P'), ['x', 'y'])
    assert.deepEqual(
      [...second.properties.members('deviceAttribute', 'a/b/1')],
      [['At', new Map([['__value', ['3']]])]],
    )
    second.close()
  })

  it('refuses a file that another owner has open, and says so', () => {
    const owner = openStore(path)
    assert.throws(() => openStore(path), /is in use by another process/)
    owner.close()
    openStore(path).close()
  })

  it('refuses a file that is no database', () => {
    writeFileSync(path, 'this is a text of some length, and no database at all'.repeat(20))
    assert.throws(() => openStore(path), /cannot be used as database/)
  })

  it('refuses a folder that does not exist', () => {
    assert.throws(() => openStore(join(folder, 'missing', 'x.sqlite')), { reason: 'DB_SQLError' })
  })

  it('refuses the database of a newer program', () => {
    openStore(path).close()
    const raw = new Database(path)
    raw.exec('PRAGMA user_version = 99')
    raw.close()
    assert.throws(() => openStore(path), /version 99/)
    const again = new Database(path)
    again.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    again.close()
    openStore(path).close()
  })

  it('may be closed twice and refuses work afterwards', () => {
    const store = openStore(path)
    store.close()
    store.close()
    assert.throws(() => store.devices.get('a/b/c'), /is closed/)
  })
})

describe('Store', () => {
  let store: Store
  let now = 0

  beforeEach(() => {
    now = new Date(2026, 10, 20, 8, 20, 28).getTime() / 1000
    store = memoryStore({ now: () => now })
  })

  afterEach(() => {
    store.close()
  })

  it('undoes a transaction that throws, inner ones included', () => {
    store.properties.put(PLACE, 'p', ['old'])
    assert.throws(() =>
      store.transaction(() => {
        store.properties.put(PLACE, 'p', ['new'])
        store.transaction(() => store.properties.put(PLACE, 'q', ['inner']))
        throw new Error('changed my mind')
      }),
    )
    assert.deepEqual(store.properties.get(PLACE, 'p'), ['old'])
    assert.deepEqual(store.properties.get(PLACE, 'q'), [])
  })

  it('works on after a transaction that failed', () => {
    assert.throws(() => store.transaction(() => assert.fail('no')))
    store.transaction(() => store.properties.put(PLACE, 'p', ['1']))
    assert.deepEqual(store.properties.get(PLACE, 'p'), ['1'])
  })

  it('replaces values, also by fewer, whatever the case of the name', () => {
    store.properties.put(PLACE, 'Name', ['a', 'b', 'c'])
    store.properties.put({ ...PLACE, owner: 'A/B/1' }, 'NAME', ['d'])
    assert.deepEqual([...store.properties.all(PLACE)], [['NAME', ['d']]])
  })

  it('keeps texts as they are', () => {
    const values = ['', ' ', "it's", '"', '\\', '%_*', 'é\nµ', '0', '1e3']
    store.properties.put(PLACE, 'p', values)
    assert.deepEqual(store.properties.get(PLACE, 'p'), values)
  })

  it('stores several properties at once as it would one by one, where there was nothing and where there was', () => {
    const many = new Map([
      ['Id', ['5']],
      ['none', []],
      ['long', Array.from({ length: 250 }, (_, i) => `line ${i}`)],
    ])
    const other: Place = { scope: 'device', owner: 'a/b/2' }
    store.properties.putAll(PLACE, many)
    for (const [name, values] of many) store.properties.put(other, name, values)
    const stored = (place: Place) => [[...store.properties.all(place)], store.properties.history(place, '*')]
    assert.deepEqual(stored(PLACE), stored(other))
    assert.equal(store.properties.get(PLACE, 'long').length, 250)

    const change = new Map([['ID', ['6', '7']]])
    store.properties.putAll(PLACE, change)
    store.properties.put(other, 'ID', ['6', '7'])
    assert.deepEqual(stored(PLACE), stored(other))
    assert.deepEqual(store.properties.get(PLACE, 'id'), ['6', '7'])
  })

  it('gives the properties of many owners as it gives those of each', () => {
    const owners = ['a/b/2', 'A/B/1', 'a/b/none', "it's/a/pity"]
    for (const owner of ['a/b/1', 'a/b/2', "it's/a/pity"]) {
      store.properties.put({ scope: 'device', owner }, 'b', [owner, 'x'])
      store.properties.put({ scope: 'device', owner }, 'A', ['1'])
      store.properties.put({ scope: 'deviceAttribute', owner, member: 'Two' }, 'unit', ['mm'])
      store.properties.put({ scope: 'deviceAttribute', owner, member: 'one' }, 'min_value', [owner])
    }
    const entries = (maps: readonly ReadonlyMap<string, unknown>[]) => maps.map((map) => [...map])
    const { properties } = store
    assert.deepEqual(
      entries(properties.allOf('device', owners)),
      entries(owners.map((owner) => properties.all({ scope: 'device', owner }))),
    )
    assert.deepEqual(
      entries(properties.membersOf('deviceAttribute', owners)),
      entries(owners.map((owner) => properties.members('deviceAttribute', owner))),
    )
    assert.deepEqual(
      properties.membersOf('deviceAttribute', owners)[1]?.get('one'),
      new Map([['min_value', ['a/b/1']]]),
    )
    assert.deepEqual(properties.allOf('device', []), [])
  })

  it('remembers the last ten changes of each property, oldest first', () => {
    for (let i = 0; i < 12; i += 1) {
      now += 1
      store.properties.put(PLACE, 'p', [String(i), 'x'])
      store.properties.put(PLACE, 'other', [String(i)])
    }
    store.properties.delete(PLACE, 'p')
    const history = store.properties.history(PLACE, 'p')
    assert.deepEqual(
      history.map(({ values }) => values[0]),
      ['3', '4', '5', '6', '7', '8', '9', '10', '11', undefined],
    )
    assert.equal(history[0]?.date, '2026-11-20 08:20:32')
    assert.deepEqual(history[0]?.values, ['3', 'x'])
    assert.equal(store.properties.history(PLACE, 'o*').length, 10)
  })

  it('does not fill the history with set points', () => {
    const place: Place = { scope: 'deviceAttribute', owner: 'a/b/1', member: 'At' }
    store.properties.put(place, '__value', ['1'])
    store.properties.put(place, 'label', ['L'])
    assert.deepEqual(
      store.properties.history({ ...place, member: '*' }, '*').map(({ name }) => name),
      ['label'],
    )
  })

  it('forgets the export of a device that is defined anew', () => {
    store.devices.define({ name: 'a/b/1', server: 'S/1', class: 'C', alias: 'al' })
    store.devices.export('a/b/1', { ior: 'IOR:1', host: 'h', pid: 5, version: '5' })
    store.devices.define({ name: 'A/b/1', server: 'T/1', class: 'D' })
    assert.deepEqual(store.devices.list({}), [
      {
        name: 'A/b/1',
        alias: undefined,
        server: 'T/1',
        class: 'D',
        exported: false,
        ior: 'nada',
        host: 'nada',
        version: '0',
        pid: 0,
        started: undefined,
        stopped: undefined,
      },
    ])
  })

  it('runs queries of clients read-only', () => {
    store.devices.define({ name: 'a/b/1', server: 'S/1', class: 'C' })
    assert.deepEqual(store.select('SELECT name, alias FROM device WHERE domain = "A"'), {
      columns: 2,
      rows: [['a/b/1', undefined]],
    })
    assert.throws(() => store.select('DELETE FROM device'), { reason: 'DB_SQLError' })
    assert.throws(() => store.select('SELECT * FROM nowhere'), /no such table: nowhere/)
    store.devices.define({ name: 'a/b/2', server: 'S/1', class: 'C' })
    assert.equal(store.devices.list({}).length, 2)
  })
})
