import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ScanPublisher } from '../../../data/broker/publisher.ts'
import { ScanFolder } from '../../../data/broker/scan-folder.ts'
import { ScanLogWriter } from '../../../data/broker/scan-log.ts'
import type { ScanDocument, ScanPoints } from '../../../data/documents/index.ts'
import { processIdentity } from '../../../data/process-identity.ts'
import { defineRecorder, type Recorder } from '../../../data/recorder.ts'
import { type RecorderStatus, ScanRecorder } from '../../../data/scan-recorder.ts'
import { endOf, pointsOf, startOf, temporaryFolder, until } from './scans.ts'

describe('ScanRecorder', () => {
  let folder: ReturnType<typeof temporaryFolder>
  const open: AsyncDisposable[] = []
  /** What a recorder in memory has got. */
  let got: { kind: string; first?: number; rows?: number }[]
  let blocks: ScanPoints[]
  let failing: string | undefined

  const memory = defineRecorder({
    doc: 'Keeps scans in memory.',
    start: async (scan, context) => {
      if (scan.file === undefined) return undefined
      const { path } = await context.claim(scan.file)
      got.push({ kind: context.again ? 'start again' : 'start' })
      fs.writeFileSync(path, '')
      return path
    },
    points: async (_path, points) => {
      if (failing !== undefined) throw new Error(failing)
      got.push({ kind: 'points', first: points.first, rows: points.values[0]?.length ?? 0 })
      blocks.push(points)
    },
    end: async (path) => {
      got.push({ kind: 'end' })
      return path
    },
    abandon: async () => void got.push({ kind: 'abandon' }),
  })

  beforeEach(() => {
    folder = temporaryFolder()
    got = []
    blocks = []
    failing = undefined
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
    folder.remove()
  })

  const file = (name = 'a_00012.h5'): string => join(folder.path, 'scans', name)

  async function recorder(
    recorders: Record<string, Recorder> = { memory },
    onStatus?: (status: RecorderStatus) => void,
  ): Promise<ScanRecorder> {
    fs.mkdirSync(join(folder.path, 'scans'), { recursive: true })
    const made = await ScanRecorder.open(folder.path, {
      recorders: new Map(Object.entries(recorders)),
      pollMs: 20,
      ...(onStatus === undefined ? {} : { onStatus }),
    })
    open.unshift(made)
    return made
  }

  async function publisher(): Promise<ScanPublisher> {
    const made = await ScanPublisher.open(folder.path, { door: 'door/demo1/1' })
    open.unshift(made)
    return made
  }

  it('hands rows on in blocks and confirms the scan when all of it is recorded', async () => {
    const one = await recorder()
    const source = await publisher()
    source.start(startOf('s', { file: file() }))
    for (let row = 0; row < 250; row += 1) source.points(pointsOf('s', row))
    source.end(endOf('s', 250))
    assert.equal(await one.awaitScan('s'), file())
    const points = got.filter(({ kind }) => kind === 'points')
    assert.equal(
      points.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
      250,
    )
    assert.ok(points.length <= 5, `${points.length} blocks`)
    assert.deepEqual(
      blocks.flatMap(({ values }) => values[0]),
      Array.from({ length: 250 }, (_, row) => row),
    )
    await until(() => fs.existsSync(one.folder.recorded('s')), 'the marker')
    assert.equal(await one.awaitScan('s'), file(), 'known afterwards, too')
  })

  it('confirms a scan that is not to be saved with an empty path', async () => {
    const one = await recorder()
    const source = await publisher()
    source.start(startOf('s'))
    source.end(endOf('s', 0))
    assert.equal(await one.awaitScan('s'), '')
    assert.deepEqual(got, [])
  })

  it('records scans that happened while it was away, once', async () => {
    const source = await publisher()
    source.start(startOf('s', { file: file() }))
    source.points(pointsOf('s', 0, 3))
    source.end(endOf('s', 3))
    const one = await recorder()
    assert.equal(await one.awaitScan('s'), file())
    await until(() => fs.existsSync(one.folder.recorded('s')), 'the marker')
    await one.close()
    got = []
    const two = await recorder()
    assert.equal(await two.awaitScan('s'), file())
    assert.deepEqual(got, [])
  })

  it('never gives a recorder a file that exists, and returns the name that it gave', async () => {
    fs.mkdirSync(join(folder.path, 'scans'))
    fs.writeFileSync(file(), 'precious')
    const one = await recorder()
    const source = await publisher()
    source.start(startOf('s', { file: file() }))
    source.end(endOf('s', 0))
    assert.equal(await one.awaitScan('s'), file('a_00012_1.h5'))
    assert.equal(fs.readFileSync(file(), 'utf8'), 'precious')
  })

  it('reports a failing recorder at once, keeps trying, and gets everything in the end', async () => {
    const statuses: number[] = []
    const one = await recorder({ memory }, ({ failures }) => statuses.push(failures.size))
    const source = await publisher()
    failing = 'no room'
    source.start(startOf('s', { file: file() }))
    source.points(pointsOf('s', 0, 4))
    source.end(endOf('s', 4))
    await assert.rejects(one.awaitScan('s'), { message: /scan s is in its log, not yet in its file.*no room/ })
    assert.deepEqual([...one.status.failures], [['s', 'no room']])
    assert.equal(got.at(-1)?.kind, 'abandon')
    failing = undefined
    got = []
    assert.equal(await one.awaitScan('s'), file(), 'asking tries at once; the former file is its own')
    assert.deepEqual(got, [{ kind: 'start again' }, { kind: 'points', first: 0, rows: 4 }, { kind: 'end' }])
    assert.equal(one.status.failures.size, 0)
    assert.ok(statuses.includes(1))
  })

  it('puts NaN where records of the log are damaged, so that rows keep their places', async () => {
    const source = await publisher()
    source.start(startOf('s', { file: file() }))
    for (let row = 0; row < 4; row += 1) source.points(pointsOf('s', row))
    source.end(endOf('s', 4))
    await source.close()
    const log = source.folder.log('s')
    fs.writeFileSync(log, fs.readFileSync(log, 'utf8').replace('"first":1,', '"first":7,'))
    const one = await recorder()
    await one.awaitScan('s')
    assert.deepEqual(
      blocks.flatMap(({ values }) => values[0]),
      [0, Number.NaN, 2, 3],
    )
  })

  it('ends a scan whose process is gone', async () => {
    const scans = new ScanFolder(folder.path)
    scans.create()
    const writer = ScanLogWriter.create(scans.log('s'), {
      door: 'd/d/1',
      writer: { ...processIdentity(), started: '1' },
    })
    const documents: ScanDocument[] = [startOf('s', { file: file() }), pointsOf('s', 0, 5)]
    for (const document of documents) writer.append(document)
    await writer.close()
    const one = await recorder()
    assert.equal(await one.awaitScan('s'), file())
    assert.deepEqual(
      got.map(({ kind }) => kind),
      ['start', 'points', 'end'],
    )
    assert.match(fs.readFileSync(scans.log('s'), 'utf8'), /the process of d\/d\/1 ended before the scan did/)
  })

  it('gives up waiting when the caller does', async () => {
    const one = await recorder()
    const source = await publisher()
    source.start(startOf('s', { file: file() }))
    const caller = new AbortController()
    const waiting = one.awaitScan('s', caller.signal)
    caller.abort()
    await assert.rejects(waiting, { reason: 'Recorder_Failed' })
    await assert.rejects(one.awaitScan('unknown'), { reason: 'API_InvalidArgs', message: /no log of scan unknown/ })
  })

  it('refuses to share a data folder with another recorder', async () => {
    const one = await recorder()
    await assert.rejects(recorder(), {
      reason: 'Data_FolderUnusable',
      message: new RegExp(`process ${process.pid}, serves this folder`),
    })
    await one.close()
    await recorder()
  })

  it('takes over the folder of a recorder that was killed', async () => {
    const scans = new ScanFolder(folder.path)
    scans.create()
    fs.writeFileSync(join(scans.path, 'recorder.lock'), JSON.stringify({ ...processIdentity(), started: '1' }))
    await recorder()
  })

  describe('checkStart', () => {
    it('accepts a folder that can be made and written', async () => {
      const one = await recorder()
      await one.checkStart(join(folder.path, 'new', 'deeper', 'a.h5'), 1)
    })

    it('names the folder that cannot be made', async () => {
      const one = await recorder()
      fs.writeFileSync(join(folder.path, 'plain'), '')
      await assert.rejects(one.checkStart(join(folder.path, 'plain', 'a.h5'), 1), {
        reason: 'Data_FolderUnusable',
        message: /plain: cannot be written/,
      })
    })

    it('names folder and space when too little is left', async () => {
      const one = await recorder()
      await assert.rejects(one.checkStart(file(), 1e18), {
        reason: 'Data_FolderUnusable',
        message: /only [\d.]+ (MB|GB|TB) are free, 1000000 TB are needed/,
      })
    })

    it('refuses a path that is a folder', async () => {
      const one = await recorder()
      fs.mkdirSync(file())
      await assert.rejects(one.checkStart(file(), 1), {
        message: new RegExp(`${basename(dirname(file()))}.*is a folder`),
      })
    })
  })
})
