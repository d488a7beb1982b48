// What was answered survives the end of the process by SIGKILL.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openStore } from '../../../../db-config/store/sqlite-store.ts'

/** Writes counting values and says after each write which one is done; `pair` must never be seen half. */
const WRITER = `
  import { writeSync } from 'node:fs'
  const { openStore } = await import(process.argv[1])
  const store = openStore(process.argv[2])
  for (let i = 1; ; i += 1) {
    store.transaction(() => {
      store.properties.put({ scope: 'device', owner: 'a/b/1' }, 'left', [String(i)])
      store.properties.put({ scope: 'device', owner: 'a/b/1' }, 'right', [String(i)])
    })
    writeSync(1, i + '\\n')
  }`

describe('A store whose process is killed during a burst of writes', () => {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'store-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('has lost nothing that was answered, and no half transaction', async () => {
    const path = join(folder, 'tango.sqlite')
    const code = new URL('../../../../db-config/store/sqlite-store.js', import.meta.url).href
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, ['--input-type=module', '-e', WRITER, code, path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const gone = once(child, 'close')
      let answered = 0
      let killed = false
      for await (const line of createInterface({ input: child.stdout })) {
        // what the pipe still holds was answered too
        answered = Number(line)
        if (killed || answered < 200 + 50 * round) continue
        killed = true
        child.kill('SIGKILL')
      }
      const [, signal] = await gone
      assert.equal(signal, 'SIGKILL')
      assert.ok(answered >= 200)
      const store = openStore(path)
      const left = Number(store.properties.get({ scope: 'device', owner: 'a/b/1' }, 'left')[0])
      const right = Number(store.properties.get({ scope: 'device', owner: 'a/b/1' }, 'right')[0])
      store.close()
      assert.ok(left >= answered, `answered ${answered}, found ${left}`)
      assert.equal(left, right)
    }
  }).timeout(20_000)
})
