// The library mode: the example as users run it, and the same functions at a running facility.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openBeamline } from 'bandoneon'
import { TestFacility } from '../support/facility.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

describe('The library mode', function () {
  this.timeout(60_000)

  it('runs the example: a scan without macro server and door, saved, and the motor on the peak', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-align-'))
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'examples/align.mjs')], {
        cwd: folder,
        timeout: 40_000,
      })
      const peak = Number(/the beam is at ([\d.]+) mm/.exec(stdout)?.[1])
      assert.ok(Math.abs(peak - 0.5) < 0.06, stdout)
      assert.ok(existsSync(join(folder, 'bandoneon-data/align/scans/scan_00001.h5')), stdout)
      assert.match(stdout, /mot01: 0\.5/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('drives a running facility by its address, with the scan numbers of its macro server', async () => {
    const facility = await TestFacility.start()
    try {
      const beamline = await openBeamline(facility.tangoHost)
      try {
        const first = await beamline.scan.ascan('dmot01', 0, 1, 4, 0.001)
        const second = await beamline.scan.dscan('dmot01', -1, 1, 4, 0.001)
        assert.deepEqual([first.reason, first.points, second.scanId - first.scanId], ['done', 5, 1])
        assert.ok(first.file !== undefined && existsSync(first.file), first.file)
        assert.deepEqual(await beamline.positions('dmot01'), { dmot01: 1 })
        await assert.rejects(beamline.move({ mot01: 1e6 }), /mot01: .* above the upper limit/)
      } finally {
        await beamline.close()
      }
    } finally {
      await facility.close()
    }
  })
})
