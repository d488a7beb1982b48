// A facility whose database file was damaged starts with the last good backup and tells the operator.

import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, truncateSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '#db-config'
import { runCli, TestFacility } from '../support/facility.ts'

describe('A facility with a damaged database file', function () {
  this.timeout(60_000)
  let data: string
  let path: string

  before(async () => {
    data = mkdtempSync(join(tmpdir(), 'bandoneon-restore-'))
    path = join(data, 'tango.sqlite')
    const facility = await TestFacility.start({ data })
    await facility.close()
  })
  after(() => rmSync(data, { recursive: true, force: true }))

  it('starts with the last good backup, says so in the terminal, and keeps the damaged file', async () => {
    const store = openStore(path)
    store.properties.put({ scope: 'device', owner: 'test/kept/1' }, 'p', ['1'])
    await store.backup?.()
    store.close()
    spoil(path)
    const facility = await TestFacility.start({ data })
    try {
      assert.match(
        facility.program.stderr,
        /ERROR .*tango\.sqlite was damaged: .*The backup tango-\d{8}-\d{6}\.sqlite of/,
      )
      const client = await facility.client()
      const reply = await client.proxy('sys/database/2').command('DbGetDeviceProperty', ['test/kept/1', 'p'])
      assert.deepEqual(reply, ['test/kept/1', '1', 'p', '1', '1'])
      assert.equal(await client.proxy('motor/dmotctrl/1').state(), 'ON')
      assert.equal(readdirSync(data).filter((name) => /^tango\.sqlite\.broken-\d{8}-\d{6}$/.test(name)).length, 1)
    } finally {
      await facility.close()
    }
  })

  it('is backed up by the command line while it runs, and afterwards', async () => {
    const facility = await TestFacility.start({ data })
    const environment = { TANGO_HOST: facility.tangoHost }
    const copy = join(data, 'by hand.sqlite')
    try {
      const named = await runCli(['db', 'backup', copy], environment)
      assert.equal(named.stdout.trim(), copy, named.stderr)
      const dated = await runCli(['db', 'backup'], environment)
      assert.match(dated.stdout, /backups\/tango-\d{8}-\d{6}(-\d+)?\.sqlite\n$/, dated.stderr)
      const again = await runCli(['db', 'backup', copy], environment)
      assert.equal(again.code, 1)
      assert.match(again.stderr, /exists: give the backup another name/)
    } finally {
      await facility.close()
    }
    const later = join(data, 'later.sqlite')
    const stopped = await runCli(['db', 'backup', later, '--from', path])
    assert.equal(stopped.stdout.trim(), later, stopped.stderr)
    for (const file of [copy, later]) {
      const store = openStore(file)
      assert.ok(store.devices.get('motor/dmotctrl/1') !== undefined)
      store.close()
    }
  })

  it('does not start without a good backup, and says what to do', async () => {
    rmSync(join(data, 'backups'), { recursive: true, force: true })
    truncateSync(path, 5000)
    const ending = await runCli(['start', '--port', '0', '--data', data])
    assert.equal(ending.code, 1)
    assert.match(ending.stderr, /cannot be used as database: .*there is no backup .*Put a good copy in its place/)
  })
})

function spoil(path: string): void {
  const file = openSync(path, 'r+')
  const nonsense = Buffer.alloc(8192, 0xa5)
  writeSync(file, nonsense, 0, nonsense.length, 10 * 4096)
  closeSync(file)
}
