// What is found after the process or the machine stopped at any moment: the end of some transaction, never half of one,
// and everything that had been on the disk.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SinonFakeTimers, useFakeTimers } from 'sinon'
import { readLog } from '../../../../db-config/store/sqlite-log-file.ts'
import { SYNC_DELAY_MS } from '../../../../db-config/store/sqlite-log-sync.ts'

import { SqliteStore } from '../../../../db-config/store/sqlite-store.ts'
import type { Place } from '../../../../db-config/store/store.ts'
import { PAGE, PLACE, StoreFolder } from './store-folder.ts'

const SECTOR = 512

describe('A database after a stop at any moment', function () {
  this.timeout(60_000)
  let files: StoreFolder
  let log: string

  beforeEach(() => {
    // hundreds of files are opened; that they reach the disk is not what is tested
    files = new StoreFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
    log = `${files.path}-wal`
  })

  afterEach(() => files.remove())

  /** Transaction number i: some of it is small, some of it takes several pages. */
  function write(store: SqliteStore, i: number): void {
    store.transaction(() => {
      store.properties.put(PLACE, 'left', [String(i)])
      store.devices.define({ name: `a/b/${i}`, server: 'S/1', class: 'C' })
      if (i % 3 === 0) store.properties.put(PLACE, `large${i % 2}`, Array<string>(20).fill(`${i}`.repeat(300)))
      store.properties.put(PLACE, 'right', [String(i)])
    })
  }

  /** Opens a database of this content and says after which transaction it is. */
  function stateOf(database: Buffer, itsLog: Buffer | undefined): number {
    const path = join(files.folder, 'found.sqlite')
    writeFileSync(path, database)
    rmSync(`${path}-wal`, { force: true })
    if (itsLog !== undefined) writeFileSync(`${path}-wal`, itsLog)
    // it is checked there; damage would be an exception, since there is no backup
    const store = new SqliteStore(path, { log: files.log })
    try {
      const [left = '0'] = store.properties.get(PLACE, 'left')
      const [right = '0'] = store.properties.get(PLACE, 'right')
      assert.equal(left, right)
      assert.equal(store.devices.list({}).length, Number(left), 'devices')
      for (const odd of [0, 1]) {
        const last = Math.floor((Number(left) - 3 * odd) / 6) * 6 + 3 * odd
        const expected = last > 0 ? `${last}`.repeat(300) : undefined
        assert.equal(store.properties.get(PLACE, `large${odd}`)[19], expected)
      }
      return Number(left)
    } finally {
      store.close()
    }
  }

  it('is after the last transaction that is wholly in the log, wherever the log ends', () => {
    const store = files.open()
    const start = statSync(log).size
    const ends = [start]
    for (let i = 1; i <= 12; i += 1) {
      write(store, i)
      ends.push(statSync(log).size)
    }
    const database = readFileSync(files.path)
    const whole = readFileSync(log)
    const frames = readLog(whole).frames.map(({ end }) => end)
    assert.equal(frames.at(-1), whole.length)
    assert.deepEqual(
      readLog(whole)
        .frames.filter(({ commit }) => commit)
        .map(({ end }) => end)
        // those before made the tables
        .slice(-13),
      ends,
    )

    // at the end of each page, and somewhere in it
    const cuts = frames.flatMap((end, n) => [end, end - ([1, PAGE + 1, 1000][n % 3] ?? 0)]).filter((at) => at >= start)
    for (const cut of cuts) {
      const expected = ends.filter((end) => end <= cut).length - 1
      assert.equal(stateOf(database, whole.subarray(0, cut)), expected, `log cut at ${cut}`)
    }
    assert.equal(files.lines.length, 0)
    assert.ok(cuts.length > 100)
  })

  it('is a new one when the first transaction, which makes the tables, is not wholly there', () => {
    files.open()
    const database = readFileSync(files.path)
    const whole = readFileSync(log)
    for (const end of [0, 10, 32, ...readLog(whole).frames.map((frame) => frame.end - 100)])
      assert.equal(stateOf(database, whole.subarray(0, end)), 0)
    assert.equal(stateOf(Buffer.alloc(0), undefined), 0)
  })

  it('is after the last transaction when it stopped while the log was brought into the file', async () => {
    const first = files.open()
    for (let i = 1; i <= 6; i += 1) write(first, i)
    first.close()
    const store = files.open()
    for (let i = 7; i <= 12; i += 1) write(store, i)
    const before = readFileSync(files.path)
    const itsLog = readFileSync(log)
    // brings the log into the file
    await store.backup(join(files.folder, 'copy.sqlite'))
    assert.equal(statSync(log).size, 0)
    const after = readFileSync(files.path)
    const pages = after.length / PAGE
    const logged = new Set(readLog(itsLog).frames.map(({ page }) => page - 1))
    assert.ok(logged.size > 10 && logged.size < pages, 'some pages are in the log, others are not')
    const random = generator(1)
    for (let n = 0; n <= pages; n += 1) {
      const inOrder = Buffer.concat([after.subarray(0, n * PAGE), before.subarray(n * PAGE)])
      assert.equal(stateOf(inOrder, itsLog), 12)
      const mixed = Buffer.from(after)
      for (const page of logged) {
        const part = mixed.subarray(page * PAGE, (page + 1) * PAGE)
        const way = Math.floor(random() * 4)
        const isNew = (page + 1) * PAGE > before.length
        if (way === 1 && !isNew) before.copy(part, 0, page * PAGE)
        // written in part
        if (way === 2 && !isNew) before.copy(part, SECTOR, page * PAGE + SECTOR, page * PAGE + 3 * SECTOR)
        if (way === 3) part.fill(0x5a, SECTOR)
      }
      assert.equal(stateOf(mixed, itsLog), 12)
    }
  })

  it('is after the last whole transaction when the log has begun from its start again', () => {
    const store = files.open()
    for (let i = 1; i <= 6; i += 1) write(store, i)
    const initial = readFileSync(files.path)
    // until the engine brings the log into the file; set points have no history, so the file stays small
    const bulk: Place = { scope: 'deviceAttribute', owner: 'a/b/1', member: 'At' }
    for (let n = 0; n < 100 && readFileSync(files.path).equals(initial); n += 1)
      store.properties.put(bulk, '__value', Array<string>(100).fill(String(n).padEnd(3000)))
    const former = readFileSync(log)
    const database = readFileSync(files.path)
    assert.equal(stateOf(database, undefined), 6, 'the log is in the file')
    const ends: number[] = []
    for (let i = 7; i <= 12; i += 1) {
      write(store, i)
      ends.push(readLog(readFileSync(log)).frames.at(-1)!.end)
    }
    assert.deepEqual(readFileSync(files.path), database)
    const latter = readFileSync(log)
    assert.equal(latter.length, former.length, 'the log was not made anew')
    const frames = readLog(latter).frames.map(({ end }) => end)
    for (const cut of [0, 5, 31, 32, ...frames.flatMap((end, n) => [end, end - (n % 2 === 0 ? 1000 : PAGE + 5)])]) {
      const found = stateOf(database, Buffer.concat([latter.subarray(0, cut), former.subarray(cut)]))
      assert.equal(found, 6 + ends.filter((end) => end <= cut).length, `log written up to ${cut}`)
    }
  })

  it('has everything that is older than the delay of the disk, whatever else of the log did not reach it', () => {
    const clock: SinonFakeTimers = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let synced = 0
      const store = files.open({
        sync: (_, done) => {
          synced = statSync(log).size
          done(null)
        },
      })
      for (let i = 1; i <= 6; i += 1) write(store, i)
      assert.equal(synced, 0)
      clock.tick(SYNC_DELAY_MS)
      assert.equal(synced, statSync(log).size)
      for (let i = 7; i <= 12; i += 1) write(store, i)
      const database = readFileSync(files.path)
      const whole = readFileSync(log)
      assert.ok(whole.length > synced)
      const random = generator(2)
      const found = new Set<number>()
      for (let n = 0; n < 150; n += 1) {
        const torn = Buffer.from(whole)
        // early losses must not hide what late ones do
        const probability = 0.3 ** (1 + (n % 6))
        for (let at = synced - (synced % SECTOR) + SECTOR; at < torn.length; at += SECTOR)
          if (random() < probability) torn.fill(n, at, Math.min(at + SECTOR, torn.length))
        const state = stateOf(database, torn.subarray(0, synced + Math.floor(random() * (whole.length - synced) * 2)))
        assert.ok(state >= 6 && state <= 12, `after transaction ${state}`)
        found.add(state)
      }
      assert.ok(found.size >= 5, `only ${[...found]} were found`)
    } finally {
      clock.restore()
    }
  })

  it('says how many changes were lost, and keeps the log, when the disk had only a later part of it', () => {
    const store = files.open()
    const ends: number[] = []
    for (let i = 1; i <= 6; i += 1) {
      write(store, i)
      ends.push(statSync(log).size)
    }
    const torn = readFileSync(log)
    torn.fill(0x5a, ends[2]! + 2000, ends[2]! + 2000 + SECTOR)
    assert.equal(stateOf(readFileSync(files.path), torn), 3)
    assert.match(files.lines.join(), /ERROR the last 3 changes of the database .*found\.sqlite cannot be read/)
    const [, kept = ''] = /kept as (\S+)/.exec(files.lines.join()) ?? []
    assert.deepEqual(readFileSync(kept), torn)
  })

  it('says so, and keeps the log, when the disk had all but its beginning', () => {
    const store = files.open()
    write(store, 1)
    const torn = readFileSync(log)
    torn.fill(0, 0, SECTOR)
    assert.equal(stateOf(readFileSync(files.path), torn), 0)
    assert.match(files.lines.join(), /ERROR the log of the database .*found\.sqlite cannot be read/)
    const [, kept = ''] = /kept as (\S+)/.exec(files.lines.join()) ?? []
    assert.deepEqual(readFileSync(kept), torn)
  })

  it('says nothing of a transaction that failed or was cut by the end of the process', () => {
    const store = files.open()
    write(store, 1)
    assert.throws(() =>
      store.transaction(() => {
        // too large for the memory of the engine, so that it is in the log before its end
        store.properties.put(PLACE, 'bulk', Array<string>(4000).fill('b'.repeat(1000)))
        throw new Error('changed my mind')
      }),
    )
    write(store, 2)
    assert.equal(stateOf(readFileSync(files.path), readFileSync(log)), 2)
    assert.equal(files.lines.length, 0)
  })
})

describe('The disk delay', () => {
  // as promised to users
  const DELAY_MS = 50
  let files: StoreFolder
  let clock: SinonFakeTimers
  let store: SqliteStore
  let pending: ((error: Error | null) => void)[]

  beforeEach(() => {
    files = new StoreFolder()
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    pending = []
    store = files.open({ sync: (_, done) => pending.push(done) })
  })

  afterEach(() => {
    files.remove()
    clock.restore()
  })

  it('ends for every write 50 ms later at the latest, however many follow', () => {
    store.properties.put(PLACE, 'p', ['1'])
    clock.tick(DELAY_MS - 1)
    store.properties.put(PLACE, 'p', ['2'])
    assert.equal(pending.length, 0)
    clock.tick(1)
    assert.equal(pending.length, 1)
    pending[0]!(null)
    clock.tick(10_000)
    assert.equal(pending.length, 1, 'nothing was written since')
  })

  it('begins anew for what is written while the disk is busy', () => {
    store.properties.put(PLACE, 'p', ['1'])
    clock.tick(DELAY_MS)
    store.properties.put(PLACE, 'p', ['2'])
    clock.tick(DELAY_MS)
    assert.equal(pending.length, 1)
    pending[0]!(null)
    clock.tick(DELAY_MS)
    assert.equal(pending.length, 2)
  })

  it('that ends with an error of the disk is told, and nothing more is answered before all is on the disk', () => {
    store.properties.put(PLACE, 'p', ['1'])
    clock.tick(DELAY_MS)
    pending[0]!(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
    assert.match(files.lines.join('\n'), /ERROR the disk does not take what was written: the database is read-only/)
    assert.deepEqual(store.properties.get(PLACE, 'p'), ['1'])
    assert.ok(statSync(`${files.path}-wal`).size > 0)
    // the engine brings the log into the file and that to the disk, which works here
    store.properties.put(PLACE, 'p', ['2'])
    assert.match(files.lines.join('\n'), /WARN .*everything is on the disk again/)
    const copy = join(files.folder, 'file-alone.sqlite')
    copyFileSync(files.path, copy)
    assert.equal(files.valueIn(copy), '1')
  })
})

/** Numbers from 0 to 1, always the same ones. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
