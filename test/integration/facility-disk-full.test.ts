// A disk that is too full for a scan, and one that fills up during a scan: on a small file system in memory of its own.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DevFailed } from '#tango'
import type { DoorWatch } from '../support/door-watch.ts'
import { TestFacility } from '../support/facility.ts'
import { column, lastScan, loggedScans, recordedScan, runningScan } from '../support/scan-files.ts'

describe('A full disk (needs the right to mount a file system in memory)', function () {
  this.timeout(60_000)
  let folder: string
  let facility: TestFacility
  let door: DoorWatch

  before(async function () {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-disk-'))
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=140m', 'bandoneon-test', folder])
    if (mounted.status !== 0) {
      rmSync(folder, { recursive: true })
      folder = ''
      this.skip()
    }
    facility = await TestFacility.start({ data: join(folder, 'data') })
    door = await facility.door()
  })
  after(async () => {
    await facility?.close()
    if (folder === '') return
    spawnSync('umount', ['-l', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  afterEach(() => {
    if (folder !== '') rmSync(join(folder, 'filler'), { force: true })
  })

  it('refuses to start a scan when too little is free, saying how much', async () => {
    fill(folder, 100e6)
    const scans = (await loggedScans(facility.data)).length
    const text = await refusal(['ascan', 'dmot01', '0', '1', '5', '0.01'])
    assert.match(text, /\d (MB|kB|bytes) are free/, text)
    assert.equal((await loggedScans(facility.data)).length, scans)
  })

  it('pauses a scan that fills it, keeps the running point, and goes on when there is room again', async () => {
    const former = (await lastScan(facility.data))?.scan
    const running = await door.start(['ascan', 'dmot01', '0', '1', '30', '0.1'])
    await runningScan(facility.data, former, 3)

    fill(folder, Number.POSITIVE_INFINITY)
    await door.until('the pause', (watch) => watch.states.at(-1) === 'STANDBY', 20_000)
    const paused = await lastScan(facility.data)
    assert.ok(paused !== undefined && paused.points >= 3 && paused.end === undefined)
    assert.match([...door.warning, ...door.error].join('\n'), /full|space|free/i)

    rmSync(join(folder, 'filler'))
    await door.proxy.command('resumeMacro')
    const outcome = await running.ended
    assert.equal(outcome.state, 'ON', outcome.error.join('\n'))
    const logged = await lastScan(facility.data)
    assert.equal(logged?.points, 31)
    assert.equal(logged.end?.reason, 'done')
    const saved = await recordedScan(facility.data, logged)
    assert.equal(saved.status, 'SUCCEEDED')
    assert.deepEqual(saved.measurement.dmot01, column(logged, 'dmot01'))
  })

  async function refusal(words: readonly string[]): Promise<string> {
    try {
      const outcome = await door.run(words)
      assert.equal(outcome.state, 'ALARM', 'the scan was not refused')
      return outcome.error.join('\n')
    } catch (error) {
      if (error instanceof DevFailed) return error.message
      throw error
    }
  }
})

/** Writes a file until it has so many bytes or the disk is full to the last page. */
function fill(folder: string, bytes: number): void {
  const file = openSync(join(folder, 'filler'), 'a')
  let written = 0
  try {
    for (const block of [Buffer.alloc(1 << 20, 1), Buffer.alloc(512, 1)]) {
      try {
        while (written < bytes) written += writeSync(file, block)
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    }
  } finally {
    closeSync(file)
  }
}
