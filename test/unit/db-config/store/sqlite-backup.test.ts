// Backups of an open database: complete, checked, in time, and never in the way.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type SinonFakeTimers, useFakeTimers } from 'sinon'
import { superfluous } from '../../../../db-config/store/sqlite-backup.ts'
import type { SqliteStore } from '../../../../db-config/store/sqlite-store.ts'
import { damage, PAGE, PLACE, StoreFolder } from './store-folder.ts'

const DAY_S = 86_400

describe('SqliteStore.backup', () => {
  let files: StoreFolder
  let store: SqliteStore

  beforeEach(() => {
    files = new StoreFolder()
    files.fill()
    store = files.open()
  })

  afterEach(() => files.remove())

  it('makes a dated file in the backup folder with everything that was written before', async () => {
    store.properties.put(PLACE, 'p', ['new'])
    const file = await store.backup()
    assert.equal(file, join(files.backups, 'tango-20261120-082028.sqlite'))
    assert.deepEqual(readdirSync(files.backups), ['tango-20261120-082028.sqlite'])
    assert.equal(files.valueIn(file), 'new')
  })

  it('makes one file that needs no log beside it', async () => {
    const file = await store.backup(join(files.folder, 'copy.sqlite'))
    // read and write format of the header: 1 is without a write-ahead log
    assert.deepEqual([...readFileSync(file).subarray(18, 20)], [1, 1])
  })

  it('takes the state of its beginning, while writing goes on', async () => {
    store.properties.put(PLACE, 'p', ['before'])
    const made = store.backup()
    await Promise.resolve()
    for (let i = 0; i < 2000; i += 1) store.properties.put(PLACE, 'p', [`during ${i}`])
    const file = await made
    assert.equal(files.valueIn(file), 'before')
    assert.deepEqual(store.properties.get(PLACE, 'p'), ['during 1999'])
    store.close()
    assert.equal(files.valueIn(files.path), 'during 1999')
  })

  it('brings the log into the file again afterwards', async () => {
    await store.backup()
    for (let i = 0; i < 1000; i += 1) store.properties.put(PLACE, 'p', [String(i).repeat(500)])
    const { size } = statSync(`${files.path}-wal`)
    assert.ok(size < 1500 * PAGE, `the log has ${size} bytes`)
  })

  it('keeps the file to this process', async () => {
    await store.backup()
    assert.throws(() => files.open(), /is in use by another process/)
    const { spawnSync } = await import('node:child_process')
    const code = new URL('../../../../db-config/store/sqlite-store.js', import.meta.url).href
    const program = `const { SqliteStore } = await import(process.argv[1]); new SqliteStore(process.argv[2])`
    const other = spawnSync(process.execPath, ['--input-type=module', '-e', program, code, files.path], {
      encoding: 'utf8',
    })
    assert.match(other.stderr, /is in use by another process/)
  })

  it('makes several that are asked for at once one after another, each with a name of its own', async () => {
    const made = await Promise.all([store.backup(), store.backup(), store.backup(join(files.folder, 'x.sqlite'))])
    assert.equal(new Set(made).size, 3)
    for (const file of made) assert.equal(files.valueIn(file), 'old')
  })

  it('refuses a name that is taken, the database itself included, and a folder that does not exist', async () => {
    const taken = join(files.folder, 'taken')
    writeFileSync(taken, 'mine')
    await assert.rejects(store.backup(taken), /exists: give the backup another name/)
    await assert.rejects(store.backup(files.path), /exists/)
    await assert.rejects(store.backup(join(files.folder, 'no', 'x')), /there is no folder/)
    assert.equal(readFileSync(taken, 'utf8'), 'mine')
  })

  it('is refused by a closed store, and ended by closing it, without leaving anything', async () => {
    const made = store.backup(join(files.folder, 'x.sqlite'))
    store.close()
    await assert.rejects(made, /was closed before its backup was complete/)
    await assert.rejects(store.backup(), /is closed/)
    assert.deepEqual(readdirSync(files.folder), ['tango.sqlite'])
  })

  it('does not give a damaged copy a name, says so, and has the file checked at the next start', async () => {
    const good = await store.backup()
    damage(files.path, 20 * PAGE, 3 * PAGE)
    await assert.rejects(store.backup(), (error: Error) => {
      assert.match(error.message, /the copy is damaged/)
      assert.match(error.message, /last good one is tango-20261120-082028\.sqlite/)
      return true
    })
    assert.deepEqual(readdirSync(files.backups), ['tango-20261120-082028.sqlite'])
    assert.deepEqual(readdirSync(files.folder).sort(), [
      'backups',
      'tango.sqlite',
      'tango.sqlite-suspect',
      'tango.sqlite-wal',
    ])
    assert.equal(files.valueIn(good), 'old')
  })

  it('removes what a process left that ended during a backup', async () => {
    mkdirSync(files.backups)
    for (const name of ['tango-20261101-000000.sqlite.part', 'tango-20261101-000000.sqlite.part-wal', 'notes.part'])
      writeFileSync(join(files.backups, name), 'x')
    await store.backup()
    assert.deepEqual(readdirSync(files.backups).sort(), ['notes.part', 'tango-20261120-082028.sqlite'])
  })
})

describe('The backups that a store makes by itself', () => {
  let files: StoreFolder
  let clock: SinonFakeTimers

  beforeEach(() => {
    files = new StoreFolder()
    files.fill()
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })

  afterEach(() => {
    files.remove()
    clock.restore()
  })

  it('begin soon after the start when there is none of the last day', async () => {
    files.open()
    clock.tick(20_000)
    await files.logged(/backup of the database made/)
    assert.deepEqual(readdirSync(files.backups), ['tango-20261120-082028.sqlite'])
  })

  it('are not made when there is one of the last day', async () => {
    const store = files.open()
    await store.backup()
    store.close()
    files.now += DAY_S - 1
    const again = files.open()
    clock.tick(20_000)
    // had one been begun, this one would have to wait for it and find its name taken
    await again.backup(join(files.folder, 'x.sqlite'))
    assert.deepEqual(readdirSync(files.backups), ['tango-20261120-082028.sqlite'])
    assert.deepEqual(files.lines, [])
  })

  it('follow once a day while the store is open, if something was written', async () => {
    const store = files.open()
    clock.tick(20_000)
    await files.logged(/082028/)
    files.now += DAY_S
    clock.tick(3600_000)
    // nothing was written: the next one is asked for
    await store.backup(join(files.folder, 'x.sqlite'))
    assert.equal(readdirSync(files.backups).length, 1)
    store.properties.put(PLACE, 'p', ['new'])
    clock.tick(3600_000)
    await files.logged(/20261121-082028/)
    assert.equal(files.valueIn(join(files.backups, 'tango-20261121-082028.sqlite')), 'new')
  })

  it('that fail are told, and tried again an hour later', async () => {
    writeFileSync(files.backups, 'a file where the folder should be')
    const store = files.open()
    clock.tick(20_000)
    await files.logged(/ERROR no backup of the database could be made/)
    rmSync(files.backups)
    store.properties.put(PLACE, 'p', ['new'])
    clock.tick(3600_000)
    await files.logged(/backup of the database made/)
  })

  it('end with the store', () => {
    files.open().close()
    assert.equal(clock.countTimers(), 0)
  })

  it('stay to the number of seven, beside other files', async () => {
    mkdirSync(files.backups)
    for (let n = 10; n < 19; n += 1) writeFileSync(join(files.backups, `tango-202611${n}-000000.sqlite`), 'x')
    const others = ['before-migration-v1-20250101-000000.sqlite', 'mine.sqlite', 'other-20200101-000000.sqlite']
    for (const name of others) writeFileSync(join(files.backups, name), 'x')
    files.open()
    clock.tick(20_000)
    await files.logged(/backup of the database made/)
    const names = readdirSync(files.backups)
    assert.deepEqual(
      names.filter((name) => !others.includes(name)).sort(),
      [13, 14, 15, 16, 17, 18].map((n) => `tango-202611${n}-000000.sqlite`).concat('tango-20261120-082028.sqlite'),
    )
    for (const name of others) assert.ok(names.includes(name), name)
  })
})

describe('superfluous', () => {
  it('spares the last seven, and the last one of each of the last seven days', () => {
    const at = (day: number, hour: number) => ({
      path: `${day}:${hour}`,
      time: new Date(2026, 10, day, hour).getTime() / 1000,
      dated: true,
    })
    const files = [20, 19, 18, 17, 16, 15, 14, 13].flatMap((day) => [22, 18, 14].map((hour) => at(day, hour)))
    const gone = new Set(superfluous(files).map(({ path }) => path))
    assert.deepEqual(
      files.map(({ path }) => path).filter((path) => !gone.has(path)),
      ['20:22', '20:18', '20:14', '19:22', '19:18', '19:14', '18:22', '17:22', '16:22', '15:22', '14:22'],
    )
  })
})
