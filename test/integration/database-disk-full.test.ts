// A Tango database on a disk that fills up, on a small file system in memory of its own: it is read-only, says so, has
// lost nothing that it answered, and goes on by itself when there is space.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, copyFileSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore, type Store, startDatabase } from '#db-config'
import { createLogger, DevFailed, silentLogger, TangoProcess } from '#tango'

const READ_ONLY = /disk full: the database is read-only until there is space; nothing answered was lost/

describe('A database on a full disk (needs the right to mount a file system in memory)', function () {
  this.timeout(60_000)
  let folder = ''
  let path: string
  let store: Store
  let tango: TangoProcess
  let lines: string[]

  beforeEach(async function () {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-disk-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'bandoneon-test', folder])
    if (mounted.status !== 0) {
      rmSync(folder, { recursive: true })
      folder = ''
      this.skip()
    }
    path = join(folder, 'tango.sqlite')
    lines = []
    store = openStore(path, { log: createLogger({ write: (line) => lines.push(line) }) })
    tango = await TangoProcess.create({ log: silentLogger() })
    await startDatabase(tango, store)
  })
  afterEach(async () => {
    if (folder === '') return
    await tango?.close()
    store?.close()
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })

  /** Puts properties `n` until one is refused. @returns the number of those that were answered, and the refusal */
  async function putUntilRefused(from: number): Promise<{ answered: number; refusal: DevFailed }> {
    for (let n = from; ; n += 1) {
      try {
        await put(n)
      } catch (error) {
        if (!(error instanceof DevFailed)) throw error
        return { answered: n, refusal: error }
      }
      assert.ok(n < from + 5000, 'the disk does not become full')
    }
  }

  function put(n: number): Promise<unknown> {
    return database().command('DbPutDeviceProperty', [
      'a/b/1',
      '2',
      'last',
      '1',
      `${n}`,
      `p${n}`,
      '1',
      'x'.repeat(2000),
    ])
  }

  async function last(): Promise<string | undefined> {
    const reply = await database().command('DbGetDeviceProperty', ['a/b/1', 'last'])
    assert.ok(Array.isArray(reply))
    return String(reply[4])
  }

  function database() {
    return tango.proxy(`tango://127.0.0.1:${tango.orb.endpoint.port}/sys/database/2#dbase=no`)
  }

  it('refuses writes with the reason, answers reads, and writes again when there is space', async () => {
    await put(0)
    fill(folder, 100)
    const { answered, refusal } = await putUntilRefused(1)
    assert.match(refusal.message, READ_ONLY)
    assert.ok(refusal.has('DB_SQLError'))
    assert.equal(await last(), String(answered - 1))
    // again and again, the same
    for (let n = 0; n < 5; n += 1) await assert.rejects(put(answered), READ_ONLY)
    await assert.rejects(
      database().command('DbAddDevice', ['S/1', 'c/d/1', 'C']),
      (error: unknown) => error instanceof DevFailed && READ_ONLY.test(error.message),
    )
    assert.equal(lines.filter((line) => / ERROR disk full/.test(line)).length, 1, 'operators are told once')

    rmSync(join(folder, 'filler'))
    await put(answered)
    assert.equal(await last(), String(answered))
    assert.equal(lines.filter((line) => / WARN .*the database is writable/.test(line)).length, 1)
    assert.equal(store.devices.get('c/d/1'), undefined)
  })

  it('has everything that was answered when the process ends while the disk is full', async () => {
    fill(folder, 200)
    const { answered } = await putUntilRefused(1)
    // the files as a killed process leaves them, on another disk
    const elsewhere = mkdtempSync(join(tmpdir(), 'bandoneon-copy-'))
    try {
      for (const name of readdirSync(folder).filter((n) => n.startsWith('tango.sqlite')))
        copyFileSync(join(folder, name), join(elsewhere, name))
      const found = openStore(join(elsewhere, 'tango.sqlite'))
      assert.deepEqual(found.properties.get({ scope: 'device', owner: 'a/b/1' }, 'last'), [String(answered - 1)])
      assert.equal(found.properties.names({ scope: 'device', owner: 'a/b/1' }, 'p*').length, answered - 1)
      found.close()
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })

  for (const [end, program] of [
    ['closed', 'store.close()'],
    ['killed', "process.kill(process.pid, 'SIGKILL')"],
  ] as const) {
    it(`that was ${end} is opened on the full disk, or says what to do, and has lost nothing`, async () => {
      await tango.close()
      store.close()
      fill(folder, 200)
      const answered = Number(writer(path, program))
      assert.ok(answered > 10)
      try {
        store = openStore(path)
      } catch (error) {
        assert.match(String(error), /the disk is full: make room, then start again; the database is as it was/)
        rmSync(join(folder, 'filler'))
        store = openStore(path)
      }
      const place = { scope: 'device', owner: 'a/b/1' } as const
      assert.deepEqual(store.properties.get(place, 'last'), [String(answered)])
      rmSync(join(folder, 'filler'), { force: true })
      store.properties.put(place, 'last', ['works'])
    })
  }

  it('makes no backup that would not have room, and leaves nothing of it', async () => {
    await put(0)
    fill(folder, 100)
    await assert.rejects(store.backup?.() ?? Promise.resolve(), /no backup .*(disk is full|are free)/)
    assert.deepEqual(readdirSync(join(folder, 'backups')), [])
    rmSync(join(folder, 'filler'))
    await store.backup?.()
    assert.equal(readdirSync(join(folder, 'backups')).length, 1)
  })

  it('never does half a transaction', () => {
    const place = { scope: 'device', owner: 'a/b/1' } as const
    store.properties.put(place, 'p', ['before'])
    fill(folder, 60)
    assert.throws(
      () =>
        store.transaction(() => {
          store.properties.put(place, 'p', ['after'])
          try {
            // more than the engine keeps in memory: it meets the full disk here and ends the transaction by itself
            store.properties.put(place, 'large', Array<string>(6000).fill('x'.repeat(1000)))
          } catch {
            // as a careless caller does
          }
          store.properties.put(place, 'q', ['after'])
        }),
      /transaction has/,
    )
    assert.deepEqual([...store.properties.all(place)], [['p', ['before']]])
    rmSync(join(folder, 'filler'))
    store.properties.put(place, 'p', ['works'])
    assert.deepEqual(store.properties.get(place, 'p'), ['works'])
  })
})

/** A process of its own that writes until it is refused, and says how many writes were answered. */
function writer(path: string, end: string): string {
  const program = `
    import { writeSync } from 'node:fs'
    const { SqliteStore } = await import(process.argv[1])
    const store = new SqliteStore(process.argv[2])
    let n = 0
    try {
      for (;;) {
        store.properties.put({ scope: 'device', owner: 'a/b/1' }, 'last', [String(n + 1)])
        n += 1
      }
    } catch {}
    writeSync(1, String(n))
    ${end}`
  const code = new URL('../../db-config/store/sqlite-store.js', import.meta.url).href
  return spawnSync(process.execPath, ['--input-type=module', '-e', program, code, path], { encoding: 'utf8' }).stdout
}

/** Writes a file until about so many kB are free. */
function fill(folder: string, freeKb: number): void {
  const file = openSync(join(folder, 'filler'), 'a')
  try {
    for (const block of [Buffer.alloc(1 << 18, 1), Buffer.alloc(4096, 1)]) {
      try {
        for (;;) writeSync(file, block)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    }
  } finally {
    closeSync(file)
  }
  const size = spawnSync('stat', ['-c', '%s', join(folder, 'filler')], { encoding: 'utf8' }).stdout
  spawnSync('truncate', ['-s', String(Number(size) - freeKb * 1024), join(folder, 'filler')])
}
