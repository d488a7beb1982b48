import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { ScanPublisher } from '../../data/broker/publisher.ts'
import { type Child, startChild } from '../integration/data-children.ts'
import { endOf, pointsOf, startOf, temporaryFolder, until } from '../unit/data/scans.ts'
import { hasH5py, readWithH5py } from './h5py.ts'

describe('scan files in h5py', function () {
  this.timeout(30_000)
  let folder: ReturnType<typeof temporaryFolder>
  let recorder: Child
  let source: ScanPublisher
  let file: string
  let master: string

  before(async function () {
    if (await hasH5py()) return
    if (process.env.BANDONEON_REQUIRE_PEERS === '1')
      throw new Error('h5py for /usr/bin/python3 is required and missing')
    console.warn('    SKIPPED: /usr/bin/python3 has no h5py (Debian: python3-h5py)')
    this.skip()
  })
  beforeEach(async () => {
    folder = temporaryFolder()
    file = join(folder.path, 'scans', 'a_00012.h5')
    master = join(folder.path, 'scans', 'a.h5')
    recorder = startChild('data-recorder-child', folder.path)
    await recorder.ready
    source = await ScanPublisher.open(folder.path, { door: 'door/demo1/1' })
  })
  afterEach(async () => {
    await source?.close()
    await recorder?.kill()
    folder?.remove()
  })

  const marker = (): string => source.folder.recorded('s')

  it('show the whole scan, its default plot and its story, also through the master file', async () => {
    source.start(startOf('s', { file, master }))
    for (let row = 0; row < 21; row += 1) source.points(pointsOf('s', row))
    source.end(endOf('s', 21))
    await until(() => fs.existsSync(marker()), 'the scan to be recorded')
    const [whole, linked] = [await readWithH5py(file), await readWithH5py(master)]
    assert.deepEqual(linked, whole)
    assert.equal(whole.rows, 21)
    assert.deepEqual([whole.plot.path, whole.plot.class], ['/entry12/plot_1', 'NXdata'])
    assert.deepEqual([whole.plot.signal, whole.plot.axes, whole.plot.units], ['ct01', ['mot01'], 'mm'])
    assert.deepEqual(whole.plot.x, pointsOf('s', 0, 21).values[1])
    assert.deepEqual(whole.plot.values, pointsOf('s', 0, 21).values[2])
    assert.equal(whole.plot.values.indexOf(Math.max(...whole.plot.values)), 10, 'the peak')
    assert.deepEqual([whole.definition, whole.title], ['NXscan', 'ascan mot01 0 1 20 0.01'])
    assert.deepEqual(
      whole.times.map((time) => Date.parse(time)),
      [1_763_633_000_250, 1_763_633_002_000],
    )
    assert.equal(whole.snapshot, 2.5)
    assert.equal(whole.status, 'SUCCEEDED')
  })

  it('can be read while the scan runs, and show every row within two seconds', async () => {
    source.start(startOf('s', { file, master }))
    await until(() => fs.existsSync(file), 'the file')
    assert.equal((await readWithH5py(file)).rows, 0)
    let row = 0
    for (let step = 0; step < 3; step += 1) {
      for (const last = row + 40; row < last; row += 1) source.points(pointsOf('s', row))
      await until(async () => (await readWithH5py(file)).rows === row, `${row} rows`, 2_000)
      const seen = await readWithH5py(master)
      assert.deepEqual([seen.rows, seen.first, seen.last, seen.status], [row, 0, row - 1, 'RUNNING'])
    }
    source.end(endOf('s', row, { reason: 'stopped' }))
    await until(() => fs.existsSync(marker()), 'the scan to be recorded')
    assert.equal((await readWithH5py(file)).status, 'FAILED')
  })

  it('can be read after the recorder was killed, and are complete after it has come back', async () => {
    source.start(startOf('s', { file, master }))
    for (let row = 0; row < 120; row += 1) source.points(pointsOf('s', row))
    await until(() => fs.existsSync(file), 'the file')
    await until(async () => (await readWithH5py(file)).rows === 120, '120 rows')
    await recorder.kill()
    const left = await readWithH5py(file)
    assert.deepEqual([left.rows, left.last], [120, 119])
    for (let row = 120; row < 200; row += 1) source.points(pointsOf('s', row))
    recorder = startChild('data-recorder-child', folder.path)
    source.end(endOf('s', 200))
    await until(() => fs.existsSync(marker()), 'the scan to be recorded')
    const whole = await readWithH5py(file)
    assert.deepEqual([whole.rows, whole.status], [200, 'SUCCEEDED'])
    assert.deepEqual(whole.plot.values, pointsOf('s', 0, 200).values[2])
  })
})
