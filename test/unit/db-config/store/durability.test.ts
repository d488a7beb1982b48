// What was answered survives the end of the process by SIGKILL.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { verifyFile } from '../../../../db-config/store/sqlite-integrity.ts'
import { PLACE, StoreFolder } from './store-folder.ts'

const CODE = new URL('../../../../db-config/store/sqlite-store.js', import.meta.url).href

/** Writes counting values and says after each write which one is done; `pair` must never be seen half. */
const WRITER = `
  import { writeSync } from 'node:fs'
  const { SqliteStore } = await import(process.argv[2])
  const store = new SqliteStore(process.argv[3])
  const known = store.properties.get({ scope: 'device', owner: 'a/b/1' }, 'left')
  if (process.argv[4] === 'backups') void (async () => { for (;;) await store.backup() })()
  for (let i = Number(known[0] ?? 0) + 1; ; i += 1) {
    // lets the backups go on
    await new Promise((done) => setImmediate(done))
    store.transaction(() => {
      // so that the log is brought into the file every few writes
      if (i % 20 === 0) store.properties.put({ scope: 'device', owner: 'a/b/1' }, 'large', Array(900).fill(String(i).padEnd(900)))
      store.properties.put({ scope: 'device', owner: 'a/b/1' }, 'left', [String(i)])
      store.properties.put({ scope: 'device', owner: 'a/b/1' }, 'right', [String(i)])
    })
    writeSync(1, i + '\\n')
  }`

describe('A store whose process is killed during a burst of writes', () => {
  let files: StoreFolder

  beforeEach(() => {
    files = new StoreFolder()
  })

  afterEach(() => files.remove())

  for (const [title, way] of [
    ['has lost nothing that was answered, and no half transaction', 'writes'],
    ['has neither when backups were being made, and its backups are whole', 'backups'],
  ] as const) {
    it(title, async () => {
      let answered = 0
      for (let round = 0; round < 3; round += 1) {
        const wanted = answered + 200 + 57 * round
        answered = await killedWriter(way, wanted)
        assert.ok(answered >= wanted)
        const store = files.open()
        const left = Number(store.properties.get(PLACE, 'left')[0])
        const right = Number(store.properties.get(PLACE, 'right')[0])
        const large = Number(store.properties.get(PLACE, 'large')[899])
        store.close()
        assert.ok(left >= answered, `answered ${answered}, found ${left}`)
        assert.equal(left, right)
        assert.equal(large, left - (left % 20))
      }
      // nothing was broken
      assert.deepEqual(files.lines, [])
      const backups = existsSync(files.backups)
        ? readdirSync(files.backups).filter((name) => name.endsWith('.sqlite'))
        : []
      assert.equal(backups.length > 0, way === 'backups')
      for (const name of backups) verifyFile(join(files.backups, name))
    }).timeout(30_000)
  }

  /** Kills a writer after an answer. @returns the last value that it answered */
  async function killedWriter(way: string, wanted: number): Promise<number> {
    const program = join(files.folder, 'writer.mjs')
    writeFileSync(program, WRITER)
    const child = spawn(process.execPath, [program, CODE, files.path, way], { stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(child, 'close')
    let answered = 0
    let killed = false
    for await (const line of createInterface({ input: child.stdout })) {
      // what the pipe still holds was answered too
      answered = Number(line)
      if (killed || answered < wanted) continue
      killed = true
      child.kill('SIGKILL')
    }
    const [, signal] = await gone
    assert.equal(signal, 'SIGKILL')
    return answered
  }
})
