import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import sinon from 'sinon'
import { DiskReserve, type LogFileSystem } from '../../../../data/broker/disk-reserve.ts'
import { replay, ScanLogReader, ScanLogWriter, type ScanLogWriterOptions } from '../../../../data/broker/scan-log.ts'
import type { ScanDocument } from '../../../../data/documents/index.ts'
import { processIdentity } from '../../../../data/process-identity.ts'
import { VirtualClock } from '../../../../tango/clock.ts'
import { endOf, pointsOf, startOf, temporaryFolder } from '../scans.ts'

const header = { door: 'door/demo1/1', writer: processIdentity() }
const documents: readonly ScanDocument[] = [
  startOf('s', { title: 'µ' }),
  pointsOf('s', 0),
  pointsOf('s', 1, 2),
  endOf('s', 3),
]

describe('scan log', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let path: string
  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 's.log')
  })
  afterEach(() => folder.remove())

  async function write(all: readonly ScanDocument[], options: ScanLogWriterOptions = {}): Promise<readonly number[]> {
    const writer = ScanLogWriter.create(path, header, options)
    const ends = all.map((document) => {
      writer.append(document)
      return writer.size
    })
    await writer.close()
    return ends
  }

  async function read(from = path): Promise<ScanDocument[]> {
    const found: ScanDocument[] = []
    for await (const document of replay(from)) found.push(document)
    return found
  }

  it('gives back what was appended, in order, and names its writer', async () => {
    await write(documents)
    assert.deepEqual(await read(), documents)
    const reader = new ScanLogReader(path)
    await reader.read()
    assert.deepEqual(reader.header, { kind: 'scan-log', version: 1, ...header })
  })

  it('is text: one line per record, two numbers and JSON', async () => {
    await write(documents)
    const lines = fs.readFileSync(path, 'utf8').trimEnd().split('\n')
    assert.equal(lines.length, 5)
    for (const line of lines) {
      assert.match(line, /^[0-9a-f]{8} [0-9a-f]{8} \{.*\}$/)
      assert.equal(Number.parseInt(line.slice(0, 8), 16), Buffer.byteLength(line.slice(18)))
    }
  })

  it('loses nothing but the torn record when it is cut at any byte', async () => {
    const ends = await write(documents)
    const whole = fs.readFileSync(path)
    const cutPath = join(folder.path, 'cut.log')
    for (let cut = 0; cut <= whole.length; cut += 1) {
      fs.writeFileSync(cutPath, whole.subarray(0, cut))
      const complete = ends.filter((end) => end <= cut).length
      const reader = new ScanLogReader(cutPath)
      const part = await reader.read()
      assert.deepEqual(
        part.documents.map((d) => d.document),
        documents.slice(0, complete),
        `cut at ${cut}`,
      )
      assert.equal(part.damaged, 0, `cut at ${cut}`)
      assert.ok(part.atEnd)
    }
  })

  it('goes on behind a torn record when the missing bytes arrive', async () => {
    const ends = await write(documents)
    const whole = fs.readFileSync(path)
    const growing = join(folder.path, 'growing.log')
    const reader = new ScanLogReader(growing)
    const seen: ScanDocument[] = []
    fs.writeFileSync(growing, '')
    for (let at = 0; at < whole.length; at += 37) {
      fs.appendFileSync(growing, whole.subarray(at, at + 37))
      const part = await reader.read()
      seen.push(...part.documents.map((d) => d.document))
    }
    assert.deepEqual(seen, documents)
    assert.equal(reader.offset, ends.at(-1))
  })

  it('skips and counts a record with any damaged byte, and keeps all others', async () => {
    const ends = await write(documents)
    const whole = fs.readFileSync(path)
    const damagedPath = join(folder.path, 'damaged.log')
    const [from, to] = [ends[0]!, ends[1]!]
    for (let at = from; at < to - 1; at += 1) {
      const bytes = Buffer.from(whole)
      bytes[at] = bytes[at]! ^ 0x01
      if (bytes[at] === 0x0a) continue // makes two lines of it: covered by the counts below, not by exactly one
      fs.writeFileSync(damagedPath, bytes)
      const part = await new ScanLogReader(damagedPath).read()
      assert.deepEqual(
        part.documents.map((d) => d.document),
        [documents[0], documents[2], documents[3]],
        `byte ${at}`,
      )
      assert.equal(part.damaged, 1, `byte ${at}`)
    }
  })

  it('reads records longer than its block, and from an offset in the middle', async () => {
    const long = pointsOf('s', 0, 2000)
    const ends = await write([startOf('s'), long, pointsOf('s', 2000)])
    const reader = new ScanLogReader(path)
    const found: ScanDocument[] = []
    for (let atEnd = false; !atEnd; ) {
      const part = await reader.read(512)
      found.push(...part.documents.map((d) => d.document))
      atEnd = part.atEnd
    }
    assert.deepEqual(found.slice(1), [long, pointsOf('s', 2000)])
    const later = await new ScanLogReader(path, ends[1]).read()
    assert.deepEqual(
      later.documents.map((d) => d.document),
      [pointsOf('s', 2000)],
    )
    assert.equal(later.documents[0]?.offset, ends[1])
  })

  it('cuts a torn record off when it is reopened, and goes on there', async () => {
    const ends = await write(documents.slice(0, 3))
    fs.truncateSync(path, ends[2]! - 5)
    const writer = await ScanLogWriter.reopen(path)
    assert.equal(writer.size, ends[1])
    writer.append(endOf('s', 1, { reason: 'failed' }))
    await writer.close()
    assert.deepEqual(await read(), [documents[0], documents[1], endOf('s', 1, { reason: 'failed' })])
  })

  it('never takes over a log that exists', async () => {
    await write(documents)
    assert.throws(() => ScanLogWriter.create(path, header), { reason: 'Data_FolderUnusable' })
    assert.deepEqual(await read(), documents)
  })

  it('syncs once per period while records come, and at the end', async () => {
    const clock = new VirtualClock()
    const fdatasync = sinon.spy((_fd: number, done: (error: null) => void) => done(null))
    const writer = ScanLogWriter.create(path, header, { timers: clock, fileSystem: { ...fs, fdatasync } })
    writer.append(documents[0]!)
    writer.append(documents[1]!)
    assert.equal(fdatasync.callCount, 0)
    await clock.run()
    assert.equal(fdatasync.callCount, 1)
    writer.append(documents[2]!)
    await writer.close()
    assert.equal(fdatasync.callCount, 2)
    assert.equal(clock.pendingTimers, 0)
  })

  describe('on a full disk', () => {
    /** A disk that takes so many bytes; deleting the reserve gives its bytes back. */
    function disk(bytes: number, reservePath: string, reserveBytes: number): LogFileSystem & { left: number } {
      const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      const small = {
        ...fs,
        left: bytes,
        writeSync(file: number, data: Buffer, offset: number, length: number, position?: number | null): number {
          const take = Math.min(length, small.left)
          if (take === 0) throw full
          small.left -= take
          return fs.writeSync(file, data, offset, take, position ?? null)
        },
        rmSync(name: string, options: { force: boolean }): void {
          if (name === reservePath && fs.existsSync(name)) small.left += reserveBytes
          fs.rmSync(name, options)
        },
      }
      return small
    }

    it('takes the running point from the reserve and says so', async () => {
      const reservePath = join(folder.path, 'reserve')
      const fileSystem = disk(5000, reservePath, 2000)
      const reserve = new DiskReserve(reservePath, 2000, fileSystem)
      assert.ok(reserve.hold())
      const writer = ScanLogWriter.create(path, header, { fileSystem, reserve })
      assert.equal(writer.append(documents[0]!).reserveUsed, false)
      const written: ScanDocument[] = [documents[0]!]
      let used = false
      for (let row = 0; !used; row += 1) {
        used = writer.append(pointsOf('s', row)).reserveUsed
        written.push(pointsOf('s', row))
      }
      assert.ok(!reserve.held && written.length > 3)
      assert.equal(reserve.hold(), false, 'the disk is still too full')
      await writer.close()
      assert.deepEqual(await read(), written)
    })

    it('refuses with Data_FolderUnusable when the reserve is used up too, and leaves no half record', async () => {
      const reservePath = join(folder.path, 'reserve')
      const fileSystem = disk(1800, reservePath, 200)
      const reserve = new DiskReserve(reservePath, 200, fileSystem)
      reserve.hold()
      const writer = ScanLogWriter.create(path, header, { fileSystem, reserve })
      writer.append(documents[0]!)
      const written: ScanDocument[] = [documents[0]!]
      assert.throws(
        () => {
          for (let row = 0; row < 100; row += 1) {
            writer.append(pointsOf('s', row))
            written.push(pointsOf('s', row))
          }
        },
        { reason: 'Data_FolderUnusable', message: /s\.log: the scan log cannot be written: no space is left/ },
      )
      assert.equal(fs.statSync(path).size, writer.size)
      assert.deepEqual(await read(), written)
      fileSystem.left += 10_000
      writer.append(pointsOf('s', written.length - 1)) // room again: it goes on
      await writer.close()
      assert.equal((await read()).length, written.length + 1)
    })
  })
})
