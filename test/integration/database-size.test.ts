// The database of a large facility: 20 000 devices with 200 000 properties in the file, served by a process of its own.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'libsql'
import { openStore } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import { within } from '../support/waiting.ts'
import type { DatabaseChildMessage } from './database-child.ts'

const DEVICES = 20_000
const PROPERTIES = 10
const LIMIT_MB = 150

describe('A database of 20 000 devices and 200 000 properties', function () {
  this.timeout(60_000)
  let folder: string
  let path: string
  let child: ChildProcess
  let client: TangoProcess
  let serving: Extract<DatabaseChildMessage, { kind: 'serving' }>

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-size-'))
    path = join(folder, 'tango.sqlite')
    fill(path)
    child = fork(fileURLToPath(new URL('./database-child.js', import.meta.url)), [path])
    const message = await told()
    assert.equal(message.kind, 'serving')
    if (message.kind === 'serving') serving = message
    client = await TangoProcess.create({ listen: false, log: silentLogger() })
  })

  after(async () => {
    await client?.close()
    if (child?.connected) {
      const gone = once(child, 'exit')
      child.disconnect()
      await within('the end of the database', gone, 10_000)
    }
    rmSync(folder, { recursive: true, force: true })
  })

  async function told(): Promise<DatabaseChildMessage> {
    const [message] = await within('the database', once(child, 'message'), 30_000)
    return message
  }

  function command(name: string, argument: unknown): Promise<unknown> {
    const device = `tango://127.0.0.1:${serving.port}/sys/database/2#dbase=no`
    return client.proxy(device).command(name, argument)
  }

  it('answers lists, caches of whole servers, properties and histories', async () => {
    const all = await command('DbGetDeviceWideList', '*')
    assert.ok(Array.isArray(all) && all.length >= DEVICES)
    assert.deepEqual(
      await command('DbGetDeviceWideList', 'b42/mot/1*9'),
      ['b42/mot/109', 'b42/mot/119', 'b42/mot/129']
        .concat([
          'b42/mot/139',
          'b42/mot/149',
          'b42/mot/159',
          'b42/mot/169',
          'b42/mot/179',
          'b42/mot/189',
          'b42/mot/199',
        ])
        .concat('b42/mot/19')
        .sort(),
    )
    const cache = await command('DbGetDataForServerCache', ['Controllers/42', 'host'])
    assert.ok(Array.isArray(cache) && cache.length > 200 * PROPERTIES)
    assert.deepEqual(await command('DbGetDeviceProperty', ['b7/mot/7', 'p3']), ['b7/mot/7', '1', 'p3', '1', 'value 3'])
    const history = await command('DbGetDevicePropertyHist', ['b7/mot/7', 'p3'])
    assert.ok(Array.isArray(history) && history.includes('value 3'))
    for (let n = 0; n < 2000; n += 1)
      await command('DbPutDeviceProperty', [`b${n % 100}/mot/${n % 200}`, '1', 'p1', '1', `new ${n}`])
  })

  it('is backed up while it is in use', async () => {
    const answer = told()
    child.send('backup')
    let reads = 0
    let done = false
    const message = answer.finally(() => {
      done = true
    })
    while (!done) {
      await command('DbGetDeviceProperty', [`b${reads % 100}/mot/1`, 'p1'])
      reads += 1
    }
    const backup = await message
    assert.equal(backup.kind, 'backup')
    if (backup.kind !== 'backup') return
    assert.ok(existsSync(backup.file))
    assert.ok(reads > 10, `only ${reads} reads were answered meanwhile`)
    const copy = openStore(backup.file)
    assert.deepEqual(copy.properties.count('device').rows, DEVICES * PROPERTIES)
    copy.close()
  })

  it(`takes less than ${LIMIT_MB} MB of memory for all that`, () => {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
    const peakMb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024
    assert.ok(peakMb > 10 && peakMb < LIMIT_MB, `${peakMb.toFixed(0)} MB at the most`)
  })
})

/** Writes the file with the statements of the engine; the commands would take a minute. */
function fill(path: string): void {
  openStore(path).close()
  const db = new Database(path)
  db.exec(`
    BEGIN;
    CREATE TEMP TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${DEVICES - 1})
      SELECT i, 'b' || (i / 200) || '/mot/' || (i % 200) AS name FROM n;
    INSERT INTO device (name, alias, domain, family, member, exported, ior, host, server, pid, class, version)
      SELECT name, 'm' || i, 'b' || (i / 200), 'mot', i % 200, 1, 'IOR:' || hex(zeroblob(200)), 'host',
        'Controllers/' || (i / 200), 1, 'Motor', '5' FROM numbers;
    INSERT INTO device (name, domain, family, member, server, class)
      SELECT DISTINCT 'dserver/Controllers/' || (i / 200), 'dserver', 'Controllers', i / 200, 'Controllers/' || (i / 200),
        'DServer' FROM numbers;
    CREATE TEMP TABLE kinds AS WITH RECURSIVE k(p) AS (SELECT 0 UNION ALL SELECT p + 1 FROM k WHERE p < ${PROPERTIES - 1})
      SELECT p FROM k;
    INSERT INTO property_device (device, name, count, value) SELECT name, 'p' || p, 1, 'value ' || p FROM numbers, kinds;
    INSERT INTO property_device_hist (id, date, device, name, count, value)
      SELECT i * ${PROPERTIES} + p, '2026-11-20 08:20:28', name, 'p' || p, 1, 'value ' || p FROM numbers, kinds;
    COMMIT`)
  db.close()
}
