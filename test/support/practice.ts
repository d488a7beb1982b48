// What holds for every practice: it ends, early when it is told, and leaves nothing behind.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './waiting.ts'

/** Declares the tests of one practice. */
export function describePractice(title: string, practise: (signal: AbortSignal) => Promise<void>): void {
  describe(title, function () {
    this.timeout(20_000)
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

    it('works to its end and leaves nothing behind', async () => {
      await practise(new AbortController().signal)
      assert.deepEqual(readdirSync(folder), [])
    })

    it('ends early without an error when it is told, and leaves nothing behind', async () => {
      const stop = new AbortController()
      const practice = practise(stop.signal)
      await eventually('its beginning', () => readdirSync(folder).some((name) => name.includes('practice')))
      stop.abort()
      await practice
      assert.deepEqual(readdirSync(folder), [])
    })

    it('does not begin when it is told beforehand', async () => {
      await practise(AbortSignal.abort())
      assert.deepEqual(readdirSync(folder), [])
    })
  })
}
