// A database file that is broken: found at the start, kept, replaced by the last good backup, and nothing else is.
import assert from 'node:assert/strict'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'libsql'
import { neededDepth } from '../../../../db-config/store/sqlite-integrity.ts'
import { damage, PAGE, PLACE, StoreFolder } from './store-folder.ts'

describe('A broken database file', () => {
  let files: StoreFolder

  beforeEach(() => {
    files = new StoreFolder()
    files.fill()
  })

  afterEach(() => files.remove())

  /** One backup with `p` = old, then the file has `p` = new. */
  async function backedUp(): Promise<void> {
    const store = files.open()
    await store.backup()
    store.properties.put(PLACE, 'p', ['new'])
    store.close()
    files.now += 3600
  }

  function kept(): string {
    const names = readdirSync(files.folder).filter((name) => name.includes('.broken-') && !name.endsWith('-wal'))
    assert.equal(names.length, 1, names.join())
    return join(files.folder, names[0]!)
  }

  const ways: readonly (readonly [string, () => void])[] = [
    ['has a nonsense page', () => damage(files.path, 20 * PAGE, PAGE)],
    ['has a nonsense first page', () => damage(files.path, 0, PAGE)],
    ['is cut off', () => truncateSync(files.path, statSync(files.path).size - 10 * PAGE)],
    ['is cut in the middle of a page', () => truncateSync(files.path, 10 * PAGE + 77)],
    ['is empty', () => truncateSync(files.path, 0)],
    ['is a text', () => writeFileSync(files.path, 'no database at all, only text\n'.repeat(500))],
    ['lacks a table', () => edit('DROP TABLE property_pipe_device')],
    [
      'is gone while its log is there',
      () => {
        rmSync(files.path)
        writeFileSync(`${files.path}-wal`, 'x'.repeat(5000))
      },
    ],
  ]

  function edit(statement: string): void {
    const raw = new Database(files.path)
    raw.exec(statement)
    raw.close()
  }

  for (const [way, harm] of ways) {
    it(`that ${way} is kept and replaced by the last good backup, loudly`, async () => {
      await backedUp()
      harm()
      const before = existsSync(files.path) ? readFileSync(files.path) : undefined
      const store = files.open()
      assert.deepEqual(store.properties.get(PLACE, 'p'), ['old'])
      assert.equal(store.devices.list({}).length, 50)
      store.properties.put(PLACE, 'p', ['works'])
      if (before !== undefined) {
        assert.deepEqual(readFileSync(kept()), before)
        assert.equal(kept(), `${files.path}.broken-20261120-092028`)
      }
      const loud = files.lines.filter((line) => / ERROR /.test(line))
      assert.equal(loud.length, 1)
      assert.match(
        loud[0]!,
        /was damaged: .+\. The backup tango-20261120-082028\.sqlite of 2026-11-20 08:20:28 was put/,
      )
      assert.match(loud[0]!, /changed after that time is lost.*kept as .*tango\.sqlite\.broken-20261120-092028/)
      store.close()
      const left = readdirSync(files.folder).filter((name) => !name.includes('.broken-'))
      assert.deepEqual(left.sort(), ['backups', 'tango.sqlite'])
    })
  }

  it('is replaced by an older backup when the newer one is broken, too', async () => {
    await backedUp()
    const store = files.open()
    const newer = await store.backup()
    store.close()
    damage(newer, 20 * PAGE, PAGE)
    damage(files.path, 20 * PAGE, PAGE)
    assert.deepEqual(files.open().properties.get(PLACE, 'p'), ['old'])
    assert.match(files.lines.join('\n'), /damagedBackups="?tango-20261120-092028\.sqlite \(/)
    assert.ok(existsSync(newer), 'a broken backup is not deleted')
  })

  it('is not replaced by an older backup when the newest one is only out of reach', async () => {
    await backedUp()
    mkdirSync(join(files.backups, 'tango-20261120-085959.sqlite'))
    damage(files.path, 20 * PAGE, PAGE)
    assert.throws(
      () => files.open(),
      /tango-20261120-085959\.sqlite cannot be put in its place .*Remove what is in the way/,
    )
    assert.deepEqual(readdirSync(files.folder).sort(), ['backups', 'tango.sqlite'])
  })

  it('is refused, with what to do, and left as it is where there is no good backup', async () => {
    await backedUp()
    const [backup = ''] = readdirSync(files.backups)
    damage(join(files.backups, backup), 0, PAGE)
    damage(files.path, 20 * PAGE, PAGE)
    const before = readFileSync(files.path)
    assert.throws(() => files.open(), /no backup is good: tango-.*Put a good copy in its place, or move it away/)
    rmSync(files.backups, { recursive: true })
    assert.throws(() => files.open(), { reason: 'DB_SQLError' })
    assert.throws(() => files.open(), /there is no backup .*Nothing was changed/)
    assert.deepEqual(readFileSync(files.path), before)
    assert.deepEqual(readdirSync(files.folder), ['tango.sqlite'])
  })

  it('that was noticed while the store was open is checked at the next start', async () => {
    await backedUp()
    let store = files.open()
    // more than the engine keeps in memory
    store.properties.put(PLACE, 'large', Array<string>(5000).fill('x'.repeat(1000)))
    store.close()
    store = files.open()
    damage(files.path, 2 * PAGE, statSync(files.path).size - 2 * PAGE)
    assert.throws(() => store.properties.count('device'), /the file is damaged; the next start checks it/)
    assert.ok(existsSync(`${files.path}-suspect`))
    assert.equal(neededDepth(files.path), 'pages')
    store.close()
    assert.deepEqual(files.open().properties.get(PLACE, 'p'), ['old'])
    assert.ok(!existsSync(`${files.path}-suspect`))
  })

  it('is replaced in the end when the exchange is interrupted anywhere', async () => {
    await backedUp()
    damage(files.path, 20 * PAGE, PAGE)
    const [backup = ''] = readdirSync(files.backups)
    const broken = `${files.path}.broken-20261120-092028`
    const good = join(files.backups, backup)
    const damaged = readFileSync(files.path)
    // as after each step: note written, log moved, broken file moved, replacement moved
    for (let step = 0; step <= 3; step += 1) {
      writeFileSync(files.path, damaged)
      copyFileSync(good, `${files.path}.replacement`)
      writeFileSync(`${files.path}-wal`, 'log of the broken file')
      writeFileSync(
        `${files.path}.restoring`,
        JSON.stringify({ broken: 'tango.sqlite.broken-20261120-092028', backup }),
      )
      if (step >= 1) renameSync(`${files.path}-wal`, `${broken}-wal`)
      if (step >= 2) renameSync(files.path, broken)
      if (step >= 3) renameSync(`${files.path}.replacement`, files.path)
      const store = files.open()
      assert.deepEqual(store.properties.get(PLACE, 'p'), ['old'], `after step ${step}`)
      store.close()
      assert.deepEqual(readFileSync(broken), damaged)
      assert.equal(readFileSync(`${broken}-wal`, 'utf8'), 'log of the broken file')
      for (const end of ['.restoring', '.replacement', '-wal']) assert.ok(!existsSync(files.path + end), end)
      rmSync(broken)
      rmSync(`${broken}-wal`)
    }
  })

  it('is still found when the exchange had not yet begun', async () => {
    await backedUp()
    damage(files.path, 20 * PAGE, PAGE)
    writeFileSync(`${files.path}.replacement`, 'half a copy')
    writeFileSync(`${files.path}.restoring`, '{"brok')
    assert.deepEqual(files.open().properties.get(PLACE, 'p'), ['old'])
    assert.ok(existsSync(kept()))
  })
})

describe('A database file that is not broken', () => {
  let files: StoreFolder

  beforeEach(() => {
    files = new StoreFolder()
  })

  afterEach(() => files.remove())

  it('is never replaced because another process has it, or because it is newer, or of another program', async () => {
    files.fill('mine')
    const store = files.open()
    await store.backup()
    assert.throws(() => files.open(), /is in use by another process/)
    store.close()
    const raw = new Database(files.path)
    raw.exec('PRAGMA user_version = 99')
    raw.close()
    assert.throws(() => files.open(), /version 99, this program knows versions up to \d+: use the newer program/)
    rmSync(files.path)
    const foreign = new Database(files.path)
    foreign.exec('CREATE TABLE recipes (name TEXT)')
    foreign.close()
    const before = readFileSync(files.path)
    assert.throws(() => files.open(), /belongs to another program \(table recipes\)/)
    assert.deepEqual(readdirSync(files.folder).sort(), ['backups', 'tango.sqlite'])
    assert.deepEqual(
      new Database(files.path).prepare("SELECT name FROM sqlite_master WHERE type = 'table'").raw().all(),
      [['recipes']],
    )
    assert.equal(before.length, statSync(files.path).size)
  })

  it('is begun anew where there is none, with a warning if there are backups', async () => {
    files.open().close()
    assert.deepEqual(files.lines, [])
    const store = files.open()
    await store.backup()
    store.close()
    rmSync(files.path)
    assert.equal(files.open().devices.list({}).length, 0)
    assert.match(files.lines.join(), /WARN .*begins with an empty database, though there is a backup .*tango-2026/)
  })

  it('is begun anew where it is empty and there is no backup', () => {
    writeFileSync(files.path, '')
    assert.equal(files.open().devices.list({}).length, 0)
  })

  it('is read wholly at the start when it is small, or when its last owner did not close it', () => {
    files.fill()
    assert.equal(neededDepth(files.path), 'pages')
    truncateSync(files.path, 40e6)
    assert.equal(neededDepth(files.path), 'structure')
    writeFileSync(`${files.path}-wal`, '')
    assert.equal(neededDepth(files.path), 'pages')
  })
})
