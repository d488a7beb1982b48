import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { archiveLog, formerLogs, logFileName } from '../../../facility/log-history.ts'

describe('archiveLog', () => {
  let folder: string
  let path: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'log-history-'))
    path = join(folder, logFileName('TangoTest/b1'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const log = (text: string, time: Date): void => {
    writeFileSync(path, text)
    utimesSync(path, time, time)
  }

  it('names a former log after the server and the time of its last line', async () => {
    log('old', new Date(2026, 10, 20, 13, 1, 58))
    await archiveLog(path, 3)
    assert.deepEqual(readdirSync(folder), ['TangoTest_b1_[2026-11-20_13-01-58].log'])
  })

  it('does nothing when there is no log', async () => {
    await archiveLog(path, 3)
    assert.deepEqual(readdirSync(folder), [])
  })

  it('keeps as many logs as it is told, the next one included, and those of the others', async () => {
    writeFileSync(join(folder, 'TangoTest_b1x_[2020-01-01_00-00-00].log'), '')
    for (let i = 1; i <= 5; i++) {
      log(`${i}`, new Date(2026, 10, 20, 13, 1, i))
      await archiveLog(path, 3)
    }
    const texts = (await formerLogs(path)).map((file) => readFileSync(file, 'utf8'))
    assert.deepEqual(texts, ['4', '5'])
    assert.equal(readdirSync(folder).length, 3)
  })

  it('keeps both of two logs that end in one second', async () => {
    for (const text of ['1', '2']) {
      log(text, new Date(2026, 10, 20, 23, 59, 59))
      await archiveLog(path, 5)
    }
    assert.deepEqual(readdirSync(folder).sort(), [
      'TangoTest_b1_[2026-11-20_23-59-59].log',
      'TangoTest_b1_[2026-11-21_00-00-00].log',
    ])
  })

  it('keeps none but the next one when it is told so', async () => {
    log('old', new Date())
    await archiveLog(path, 1)
    assert.deepEqual(readdirSync(folder), [])
  })
})
