import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StarterJournal } from '../../../../facility/starter/starter-journal.ts'

const NOON = new Date(2026, 10, 20, 12, 0, 5).getTime() / 1000
const STATISTICS = { name: 'Pool/b1', running: true, startedAt: 1000.7, failedAt: -1, restarted: false }

describe('StarterJournal', () => {
  let folder: string
  let journal: StarterJournal

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'))
    journal = new StarterJournal(join(folder, 'log'), () => NOON)
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('puts the newest line first, with the time as native tools show it', async () => {
    journal.record('Pool/b1 started')
    journal.record('Pool/b1 stopped')
    await journal.flush()
    assert.equal(
      readFileSync(journal.logFile, 'utf8'),
      '20/11/26   12:00:05\tPool/b1 stopped\n20/11/26   12:00:05\tPool/b1 started\n',
    )
  })

  it('notes starts and failures in the columns of the native statistics', async () => {
    journal.statistics(STATISTICS)
    journal.statistics({ ...STATISTICS, running: false, failedAt: 2000, restarted: true })
    await journal.flush()
    assert.equal(
      readFileSync(journal.statisticsFile, 'utf8'),
      'Pool/b1\tFAULT\t1000\t2000\ttrue\nPool/b1\tON\t1000\t-1\tfalse\n',
    )
    await journal.reset([STATISTICS])
    assert.equal(readFileSync(journal.statisticsFile, 'utf8'), 'Pool/b1\tON\t1000\t-1\tfalse\n')
  })

  it('does not grow for ever', async () => {
    for (let i = 0; i < 520; i++) journal.record(`${i}`)
    await journal.flush()
    const lines = readFileSync(journal.logFile, 'utf8').trim().split('\n')
    assert.equal(lines.length, 500)
    assert.match(lines[0] ?? '', /\t519$/)
  })

  it('drops what cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '')
    journal.moveTo(join(folder, 'file', 'below'))
    journal.record('lost')
    await journal.flush()
    journal.moveTo(join(folder, 'other'))
    journal.record('kept')
    await journal.flush()
    assert.match(readFileSync(journal.logFile, 'utf8'), /\tkept\n$/)
  })
})
