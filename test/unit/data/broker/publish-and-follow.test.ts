import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { ScanPublisher } from '../../../../data/broker/publisher.ts'
import { pruneScanLogs, ScanFolder } from '../../../../data/broker/scan-folder.ts'
import { ScanLogWriter } from '../../../../data/broker/scan-log.ts'
import { ScanSubscriber, type ScanSubscriberOptions } from '../../../../data/broker/subscriber.ts'
import { endAbandoned, unfinishedScans } from '../../../../data/broker/unfinished.ts'
import type { ScanDocument } from '../../../../data/documents/index.ts'
import { processIdentity } from '../../../../data/process-identity.ts'
import { endOf, pointsOf, startOf, temporaryFolder, until } from '../scans.ts'

const door = 'door/demo1/1'

/** Publishes a whole scan and returns its documents. */
function publishScan(publisher: ScanPublisher, scan: string, rows: number): readonly ScanDocument[] {
  const documents: ScanDocument[] = [startOf(scan)]
  publisher.start(startOf(scan))
  for (let row = 0; row < rows; row += 1) {
    publisher.points(pointsOf(scan, row))
    documents.push(pointsOf(scan, row))
  }
  publisher.end(endOf(scan, rows))
  documents.push(endOf(scan, rows))
  return documents
}

describe('publisher and subscriber of scans', () => {
  let folder: ReturnType<typeof temporaryFolder>
  const open: AsyncDisposable[] = []
  let seen: Map<string, ScanDocument[]>

  beforeEach(() => {
    folder = temporaryFolder()
    seen = new Map()
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
    folder.remove()
  })

  async function publisher(name = door): Promise<ScanPublisher> {
    const made = await ScanPublisher.open(folder.path, { door: name })
    open.unshift(made)
    await made.ready
    return made
  }

  async function subscriber(options: Partial<ScanSubscriberOptions> = {}): Promise<ScanSubscriber> {
    const made = await ScanSubscriber.open(folder.path, {
      onDocuments: ({ scan, documents }) => void seen.set(scan, [...(seen.get(scan) ?? []), ...documents]),
      ...options,
    })
    open.unshift(made)
    return made
  }

  function ended(...scans: string[]): () => boolean {
    return () => scans.every((scan) => seen.get(scan)?.at(-1)?.kind === 'scan-end')
  }

  it('delivers every document in order, also of several doors at once', async () => {
    await subscriber()
    const [a, b] = [await publisher(), await publisher('door/demo1/2')]
    a.start(startOf('a'))
    b.start(startOf('b'))
    for (let row = 0; row < 300; row += 1) {
      a.points(pointsOf('a', row))
      b.points(pointsOf('b', row))
      if (row % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    a.end(endOf('a', 300))
    b.end(endOf('b', 300))
    await until(ended('a', 'b'), 'both ends')
    for (const scan of ['a', 'b']) {
      const rows = Array.from({ length: 300 }, (_, row) => pointsOf(scan, row))
      assert.deepEqual(seen.get(scan), [startOf(scan), ...rows, endOf(scan, 300)])
    }
  })

  it('delivers by messages long before it would look at the logs', async () => {
    await subscriber({ pollMs: 60_000 })
    const one = await publisher() // its announcement wakes the subscriber
    one.start(startOf('quick'))
    let row = 0
    // until the connection stands, messages are lost; each later one brings everything
    await until(() => {
      one.points(pointsOf('quick', row++))
      return seen.has('quick')
    }, 'the first documents')
    one.end(endOf('quick', row))
    await until(ended('quick'), 'the end')
    assert.equal(seen.get('quick')?.length, row + 2)
  })

  it('shows a scan to a subscriber that starts in its middle, and to one that starts after it', async () => {
    const one = await publisher()
    one.start(startOf('s'))
    for (let row = 0; row < 10; row += 1) one.points(pointsOf('s', row))
    await subscriber()
    for (let row = 10; row < 20; row += 1) one.points(pointsOf('s', row))
    one.end(endOf('s', 20))
    await until(ended('s'), 'the end')
    const all = seen.get('s')
    assert.equal(all?.length, 22)
    seen = new Map()
    await subscriber()
    await until(ended('s'), 'the end again')
    assert.deepEqual(seen.get('s'), all)
  })

  it('misses nothing when messages do not arrive at all', async () => {
    await subscriber({ messages: false, pollMs: 20 })
    const one = await publisher()
    const documents = publishScan(one, 's', 50)
    await until(ended('s'), 'the end')
    assert.deepEqual(seen.get('s'), documents)
  })

  it('does not hurry a slow receiver and never overlaps its calls', async () => {
    let running = 0
    const rows: number[] = []
    await subscriber({
      onDocuments: async ({ documents }) => {
        running += 1
        assert.equal(running, 1)
        await new Promise((resolve) => setTimeout(resolve, 2))
        for (const document of documents) if (document.kind === 'scan-points') rows.push(document.first)
        if (documents.at(-1)?.kind === 'scan-end') seen.set('s', [...documents])
        running -= 1
      },
    })
    const one = await publisher()
    one.start(startOf('s'))
    for (let row = 0; row < 3000; row += 1) {
      one.points(pointsOf('s', row))
      if (row % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    one.end(endOf('s', 3000))
    await until(ended('s'), 'the end')
    assert.deepEqual(
      rows,
      Array.from({ length: 3000 }, (_, row) => row),
    )
  })

  it('tells the reason when a receiver throws, and begins again when asked', async () => {
    const errors: unknown[] = []
    let broken = true
    const one = await subscriber({
      onDocuments: ({ scan, documents }) => {
        if (broken) throw new Error('no room')
        seen.set(scan, [...documents])
      },
      onError: (scan, error) => errors.push([scan, error instanceof Error && error.message]),
    })
    const documents = publishScan(await publisher(), 's', 3)
    await until(() => errors.length > 0, 'the error')
    assert.deepEqual(errors, [['s', 'no room']])
    broken = false
    one.restart('s')
    await until(ended('s'), 'the end')
    assert.deepEqual(seen.get('s'), documents)
  })

  it('begins again when asked while the end is being handled', async () => {
    const calls: string[][] = []
    const one = await subscriber({
      messages: false,
      pollMs: 20,
      onDocuments: async ({ documents }) => {
        calls.push(documents.map(({ kind }) => kind))
        if (calls.length > 1) return
        await new Promise((resolve) => setImmediate(resolve))
        one.restart('s')
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
    publishScan(await publisher(), 's', 2)
    const all = ['scan-start', 'scan-points', 'scan-points', 'scan-end']
    await until(() => calls.length === 2, 'the second time')
    assert.deepEqual(calls, [all, all])
  })

  it('leaves out scans that are not wanted', async () => {
    const one = await publisher()
    publishScan(one, 'old', 3)
    fs.writeFileSync(one.folder.recorded('old'), '{}')
    await subscriber({ wants: (_scan, recorded) => !recorded })
    publishScan(one, 'new', 3)
    await until(ended('new'), 'the new scan')
    assert.deepEqual([...seen.keys()], ['new'])
  })

  it('refuses rows that do not follow, and scans that are not open', async () => {
    const one = await publisher()
    one.start(startOf('s'))
    assert.throws(() => one.points(pointsOf('s', 1)), /rows from 1 with 4 columns do not follow 0 rows of 4 columns/)
    assert.throws(() => one.points({ ...pointsOf('s', 0), values: [[0]] }), { reason: 'API_InvalidArgs' })
    assert.throws(() => one.end(endOf('other', 0)), /scan other is not open/)
    one.points(pointsOf('s', 0))
  })

  it('refuses scan ids that would leave the folder', async () => {
    const one = await publisher()
    assert.throws(() => one.start(startOf('../../etc/passwd')), { reason: 'API_InvalidArgs' })
  })

  it('refuses to start a scan when the reserve cannot be held, and tells why', async () => {
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    const writeSync = (): number => {
      throw full
    }
    const one = await ScanPublisher.open(folder.path, { door, host: 'none', fileSystem: { ...fs, writeSync } })
    open.unshift(one)
    assert.throws(() => one.start(startOf('s')), {
      reason: 'Data_FolderUnusable',
      message: /less than 1.05 MB are free; make room/,
    })
    assert.ok(!fs.existsSync(one.folder.log('s')))
  })

  it('ends an open scan as failed when it is closed, and leaves nothing but logs behind', async () => {
    const one = await publisher()
    one.start(startOf('s'))
    one.points(pointsOf('s', 0))
    await one.close()
    await one.close()
    await subscriber()
    await until(ended('s'), 'the end')
    const end = seen.get('s')?.at(-1)
    assert.ok(end?.kind === 'scan-end' && end.reason === 'failed' && end.points === 1)
    assert.deepEqual(fs.readdirSync(one.folder.doors), [])
  })
})

describe('scans whose process is gone', () => {
  let folder: ReturnType<typeof temporaryFolder>
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => folder.remove())

  async function scanOf(writer: ReturnType<typeof processIdentity>): Promise<ScanFolder> {
    const scans = new ScanFolder(folder.path)
    scans.create()
    const log = ScanLogWriter.create(scans.log('s'), { door, writer })
    log.append(startOf('s'))
    log.append(pointsOf('s', 0, 4))
    await log.close()
    return scans
  }

  it('get an end that says so', async () => {
    const scans = await scanOf({ ...processIdentity(), started: '1' }) // this pid, but an earlier process
    const [found] = await unfinishedScans(scans)
    assert.ok(found !== undefined && found.points === 4)
    assert.equal(await endAbandoned(scans, found), true)
    assert.deepEqual(await unfinishedScans(scans), [])
    assert.equal(await endAbandoned(scans, found), false, 'only once')
    const text = fs.readFileSync(scans.log('s'), 'utf8')
    assert.match(
      text,
      /"reason":"failed","points":4,"deadTime":null,"message":"the process of door\/demo1\/1 ended before the scan did"/,
    )
  })

  it('are left alone while the process lives', async () => {
    const scans = await scanOf(processIdentity())
    const [found] = await unfinishedScans(scans)
    assert.ok(found !== undefined)
    assert.equal(await endAbandoned(scans, found), false)
    assert.equal((await unfinishedScans(scans)).length, 1)
  })

  it('of another host are judged by the announcement of their door', async () => {
    const far = { host: 'elsewhere pid:[1]', pid: 1, started: '5' }
    const scans = await scanOf(far)
    const [found] = await unfinishedScans(scans)
    assert.ok(found !== undefined)
    const announcement = { version: 1, door, writer: far, endpoint: 'tcp://10.0.0.1:1' }
    fs.writeFileSync(scans.announcement(door), JSON.stringify(announcement))
    assert.equal(await endAbandoned(scans, found), false, 'touched just now')
    fs.utimesSync(scans.announcement(door), 1, 1)
    assert.equal(await endAbandoned(scans, found), true)
  })
})

describe('retention of scan logs', () => {
  it('deletes recorded logs that are both old and many, never others', async () => {
    const folder = temporaryFolder()
    try {
      const scans = new ScanFolder(folder.path)
      scans.create()
      for (const scan of ['1', '2', '3', '4', '5']) {
        fs.writeFileSync(scans.log(scan), '')
        fs.utimesSync(scans.log(scan), 1000, 1000)
        if (scan !== '2') fs.writeFileSync(scans.recorded(scan), '{}')
      }
      const gone = await pruneScanLogs(scans, { keep: 2, days: 1, now: 1000 + 2 * 86_400 })
      assert.deepEqual(gone, ['1', '3'])
      assert.deepEqual(
        fs.readdirSync(scans.path).filter((name) => name !== 'doors'),
        ['2.log', '4.log', '4.recorded', '5.log', '5.recorded'],
      )
      assert.deepEqual(await pruneScanLogs(scans, { keep: 2, days: 1, now: 1000 + 3600 }), [])
    } finally {
      folder.remove()
    }
  })
})

describe('a scan folder', () => {
  it('gives each door a readable file name of its own', () => {
    const scans = new ScanFolder('/data')
    assert.equal(scans.announcement('Door/Demo1/1'), join('/data', 'scanlog', 'doors', 'door+demo1+1.json'))
    assert.notEqual(scans.announcement('a/b+c/d'), scans.announcement('a/b/c+d'))
  })
})
