// `bandoneon run` and its companions against a running facility: what they print and how they end.

import assert from 'node:assert/strict'
import { CliProcess, runCli, TestFacility } from '../support/facility.ts'
import { lastScan } from '../support/scan-files.ts'
import { eventually, within } from '../support/waiting.ts'

describe('The command line at a running facility', function () {
  this.timeout(60_000)
  let facility: TestFacility
  let environment: Readonly<Record<string, string>>

  before(async () => {
    facility = await TestFacility.start()
    environment = { TANGO_HOST: facility.tangoHost }
  })
  after(() => facility?.close())

  it('run ends with 0 when the macro is done, after the whole table', async () => {
    const ending = await runCli(['run', 'ascan mot01 0 1 4 0.01'], environment)
    assert.equal(ending.code, 0, ending.stderr)
    const rows = ending.stdout.split('\n').filter((line) => /^\s*\d+\s+-?\d/.test(line))
    assert.equal(rows.length, 5, ending.stdout)
    assert.match(ending.stdout, /mot01.*ct01/)
    assert.equal((await lastScan(facility.data))?.end?.reason, 'done')
  })

  it('run takes the macro in one word or in several, and finds the facility by --host', async () => {
    const ending = await runCli(['run', '--host', facility.tangoHost, 'mv', 'dmot01', '-1.5'])
    assert.equal(ending.code, 0, ending.stderr)
    assert.equal((await (await facility.client()).proxy('dmot01').read('Position')).value, -1.5)
  })

  it('run ends with 1 when the macro fails, and says why', async () => {
    const ending = await runCli(['run', 'ascan mot01 0 1000 4 0.01'], environment)
    assert.equal(ending.code, 1, ending.stdout)
    assert.match(ending.stdout + ending.stderr, /mot01: 250 mm is above the upper limit 100 mm/)
  })

  it('run ends with 1 for an unknown macro and for an unreachable facility', async () => {
    const unknown = await runCli(['run', 'nosuchmacro'], environment)
    assert.equal(unknown.code, 1)
    assert.match(unknown.stdout + unknown.stderr, /nosuchmacro/)
    const nowhere = await runCli(['run', '--host', '127.0.0.1:1', 'lsdef'])
    assert.equal(nowhere.code, 1)
    assert.match(nowhere.stderr, /127\.0\.0\.1:1\b/)
  })

  it('run ends with 2 and its usage for a wrong command line', async () => {
    for (const words of [['run'], ['run', '--nonsense', 'lsdef']]) {
      const ending = await runCli(words, environment)
      assert.equal(ending.code, 2, words.join(' '))
      assert.match(ending.stderr, /usage: bandoneon run/)
    }
  })

  it('run stops the scan on Ctrl-C and ends with 130', async () => {
    const run = await scanning('ascan mot01 0 1 100 0.1')
    run.child.kill('SIGINT')
    const ending = await within('the end', run.ended, 10_000)
    assert.equal(ending.code, 130, ending.stdout + ending.stderr)
    await endedWith('stopped')
  })

  it('run aborts a scan that does not stop on the second Ctrl-C and ends with 131', async () => {
    const run = await scanning('ascan mot01 0 1 2 20')
    const group = (await facility.client()).proxy('mg_demo')
    await eventually('the count to begin', async () => (await group.state()) === 'MOVING')
    // a box that keeps silent cannot be stopped before its time-out
    await facility.simulators('fault em01 mute')
    try {
      run.child.kill('SIGINT')
      await run.says(/stopping/, 5_000)
      run.child.kill('SIGINT')
      const ending = await within('the end', run.ended, 10_000)
      assert.equal(ending.code, 131, ending.stdout + ending.stderr)
      await endedWith('aborted')
    } finally {
      await facility.simulators('fault em01 plug')
    }
  })

  it('read, write, command, devices and monitor work by device and by alias', async () => {
    assert.equal((await runCli(['write', 'dmot02/Position', '2.5'], environment)).code, 0)
    const read = await runCli(['read', 'motor/dmotctrl/2/Position'], environment)
    assert.equal(read.stdout.trim(), '2.5')
    const state = await runCli(['command', 'dmot02/State'], environment)
    assert.equal(state.stdout.trim(), 'ON')
    const devices = await runCli(['devices'], environment)
    for (const name of ['sys/database/2', 'motor/icepap/1', 'door/demo1/1', 'pool/demo1/1'])
      assert.ok(devices.stdout.includes(name), name)
    const monitor = await runCli(['monitor', 'dmot02/Position', '--count', '1'], environment)
    assert.match(monitor.stdout, /dmot02\/Position 2\.5/)
    const missing = await runCli(['read', 'dmot02/Nonsense'], environment)
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /Nonsense/)
  })

  it('run ends with 1 when the server of the door is killed, although the new one is ON', async () => {
    const run = await scanning('ascan mot01 0 1 100 0.1')
    await facility.killProcess('main')
    const ending = await within('the end', run.ended, 30_000)
    assert.equal(ending.code, 1, ending.stdout + ending.stderr)
    await facility.doorReady()
  })

  /** A `bandoneon run` whose scan has its log. */
  async function scanning(macro: string): Promise<CliProcess> {
    const before = (await lastScan(facility.data))?.scan
    const run = new CliProcess(['run', macro], environment)
    await eventually('the scan to begin', async () => (await lastScan(facility.data))?.scan !== before)
    return run
  }

  async function endedWith(reason: string): Promise<void> {
    const end = await eventually('the end of the scan', async () => (await lastScan(facility.data))?.end)
    assert.equal(end.reason, reason)
  }
})
