import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LogFile } from '../../../facility/log-file.ts'

describe('LogFile', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-file-'))
    path = join(folder, 'main.log')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('appends everything in order to what was there', async () => {
    writeFileSync(path, 'before\n')
    const log = new LogFile(path)
    for (let i = 0; i < 100; i++) log.append(Buffer.from(`${i}\n`))
    await log.flush()
    log.append(Buffer.from('end\n'))
    await log.flush()
    const numbers = Array.from({ length: 100 }, (_, i) => `${i}\n`)
    assert.equal(readFileSync(path, 'utf8'), `before\n${numbers.join('')}end\n`)
  })

  it('goes on in a new file before it grows too large, and keeps the former one', async () => {
    writeFileSync(path, 'from an earlier run\n')
    const log = new LogFile(path, { largest: 30 })
    for (const line of ['0123456789\n', '1123456789\n', '2123456789\n', '3123456789\n']) {
      log.append(Buffer.from(line))
      await log.flush()
    }
    const former = readdirSync(folder).filter((name) => name !== 'main.log')
    for (const name of former) assert.match(name, /^main_\[\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\]\.log$/)
    assert.deepEqual(
      former.sort().map((name) => readFileSync(join(folder, name), 'utf8')),
      ['from an earlier run\n', '0123456789\n1123456789\n'],
    )
    assert.equal(readFileSync(path, 'utf8'), '2123456789\n3123456789\n')
  })

  it('keeps no more files than it was told', async () => {
    const log = new LogFile(path, { largest: 10, keep: 2 })
    for (const line of ['0123456789\n', '1123456789\n', '2123456789\n', '3123456789\n']) {
      log.append(Buffer.from(line))
      await log.flush()
    }
    const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
    assert.deepEqual(texts.sort(), ['2123456789\n', '3123456789\n'])
  })

  it('drops what cannot be written and goes on when it can again', async () => {
    const log = new LogFile(join(folder, 'later', 'main.log'))
    log.append(Buffer.from('lost\n'))
    await log.flush()
    mkdirSync(join(folder, 'later'))
    log.append(Buffer.from('kept\n'))
    await log.flush()
    assert.equal(readFileSync(join(folder, 'later', 'main.log'), 'utf8'), 'kept\n')
  })

  it('does not keep a flood in memory, and says how much it left out', async () => {
    const log = new LogFile(path)
    const block = Buffer.alloc(300_000, 'x')
    for (let i = 0; i < 100; i++) log.append(block)
    await log.flush()
    log.append(Buffer.from('end\n'))
    await log.flush()
    const text = readFileSync(path, 'utf8')
    assert.ok(text.length < 2_000_000, `${text.length} octets`)
    assert.match(text, /\n\.\.\. \d+ octets are left out here\n/)
    assert.ok(text.endsWith('end\n'))
  })
})
