import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { practise } from '../../../facility/practice.ts'

describe('practice of a process with a pool', () => {
  const before = process.env.TMPDIR
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'practice-'))
    process.env.TMPDIR = folder
  })
  afterEach(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    rmSync(folder, { recursive: true, force: true })
  })

  it('works to its end and leaves nothing behind', async function () {
    this.timeout(20_000)
    await practise(new AbortController().signal)
    assert.deepEqual(readdirSync(folder), [])
  })

  it('ends early without an error when it is told, and leaves nothing behind', async function () {
    this.timeout(20_000)
    const stop = new AbortController()
    const practice = practise(stop.signal)
    const begun = () => readdirSync(folder).some((name) => name.includes('practice'))
    while (!begun()) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await practice
    assert.deepEqual(readdirSync(folder), [])
  })

  it('does not begin when it is told beforehand', async () => {
    await practise(AbortSignal.abort())
    assert.deepEqual(readdirSync(folder), [])
  })
})
