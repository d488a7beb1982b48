// Older database files: brought to the present version after a copy was put aside, or left as they are.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { MIGRATIONS, SCHEMA_VERSION } from '../../../../db-config/store/schema.ts'
import { damage, PAGE, PLACE, StoreFolder } from './store-folder.ts'

describe('A database file of an older version', () => {
  let files: StoreFolder

  beforeEach(() => {
    files = new StoreFolder()
  })

  afterEach(() => files.remove())

  /** As a program of that version left it. */
  function older(version: number, more = ''): void {
    const raw = new Database(files.path)
    raw.exec(`${MIGRATIONS.slice(0, version).join(';')}; PRAGMA user_version = ${version};
      INSERT INTO device (name, server, class, alias) VALUES ('a/b/1', 'S/1', 'C', 'al');
      INSERT INTO property_device (device, name, count, value) VALUES ('a/b/1', 'p', 1, 'x'), ('a/b/1', 'p', 2, 'y');
      ${more}`)
    raw.close()
  }

  function versionOf(path: string): unknown {
    const raw = new Database(path)
    try {
      return raw.prepare('PRAGMA user_version').raw().get()
    } finally {
      raw.close()
    }
  }

  for (let version = 1; version < SCHEMA_VERSION; version += 1) {
    it(`${version} keeps its content and works as a new one, and its former state stays in the backups`, () => {
      older(version)
      const store = files.open()
      assert.equal(store.devices.byAlias('al')?.name, 'a/b/1')
      assert.deepEqual(store.properties.get(PLACE, 'p'), ['x', 'y'])
      store.properties.put(PLACE, 'p', ['z'])
      assert.ok(store.access.users().length >= 0)
      store.close()
      assert.deepEqual(versionOf(files.path), [SCHEMA_VERSION])

      const copy = `before-migration-v${version}-20261120-082028.sqlite`
      assert.deepEqual(readdirSync(files.backups), [copy])
      assert.deepEqual(versionOf(join(files.backups, copy)), [version])
      const raw = new Database(join(files.backups, copy))
      assert.deepEqual(raw.prepare('SELECT value FROM property_device ORDER BY count').raw().all(), [['x'], ['y']])
      raw.close()
      assert.match(files.lines.join(), /brought to a newer version .*before=before-migration-v/)

      // once is enough
      files.open().close()
      assert.deepEqual(readdirSync(files.backups), [copy])
    })
  }

  it('is left as it is when no copy of it can be put aside', () => {
    older(1)
    writeFileSync(files.backups, 'a file where the folder should be')
    const before = readFileSync(files.path)
    assert.throws(() => files.open(), /older version 1 and no copy of it can be made .*left as it is/)
    assert.deepEqual(versionOf(files.path), [1])
    assert.equal(readFileSync(files.path).length, before.length)
  })

  it('stays at its version when a step fails, and names its copy', () => {
    // the step makes this table
    older(1, 'CREATE TABLE access_address (odd TEXT);')
    assert.throws(
      () => files.open(),
      /cannot be brought from version 1 to 2 .*a copy of version 1 is .*before-migration-v1/,
    )
    assert.deepEqual(versionOf(files.path), [1])
    const raw = new Database(files.path)
    assert.deepEqual(raw.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'access%'").raw().all(), [
      ['access_address'],
    ])
    raw.close()
  })

  it('is the last resort when the file of the present version breaks before its first backup', () => {
    older(1)
    files.open().close()
    damage(files.path, 0, PAGE)
    assert.deepEqual(files.open().properties.get(PLACE, 'p'), ['x', 'y'])
    assert.match(files.lines.join('\n'), /The backup before-migration-v1-20261120-082028\.sqlite of 2026-11-20/)
  })

  it('is a new file when it has no version and no tables', () => {
    new Database(files.path).close()
    files.open().close()
    assert.deepEqual(versionOf(files.path), [SCHEMA_VERSION])
    assert.deepEqual(readdirSync(files.folder), ['tango.sqlite'])
  })
})
