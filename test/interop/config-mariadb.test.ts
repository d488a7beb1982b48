// The configuration of a beamline in a MariaDB with the tables of a native installation.

import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore, parseBeamline } from '#db-config'
import { applyRevision, foresee, stepsTaken } from '../../db-config/config/apply-revision.ts'
import { contentOfStore } from '../../db-config/config/content.ts'
import { dumpBeamline } from '../../db-config/config/dump.ts'
import { appliedRevision, documentsOf, listRevisions } from '../../db-config/config/revisions.ts'
import { memoryStore } from '../../db-config/store/memory-store.ts'
import type { Store } from '../../db-config/store/store.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers } from '../support/peers.ts'
import { within } from '../support/waiting.ts'
import { newSchema } from './mariadb.ts'

const DEMO = readFileSync(new URL('../../../db-config/beamlines/demo.yaml', import.meta.url), 'utf8')
const CHANGED = DEMO.replace('limits: [-100, 100]', 'limits: [-50, 50]')
  .replaceAll('axisCount: 4', 'axisCount: 8')
  .replace('{ name: dmot04, axis: 4 }', '{ name: dmot04, axis: 4 }\n      - { name: dmot05, axis: 5 }')
  .concat('# λ → µ\n')
const CHILD = fileURLToPath(new URL('../integration/config-apply-child.js', import.meta.url))
const KILLS = 5

describe('The configuration in MariaDB', function () {
  this.timeout(120_000)
  let native: NativeTango

  before(async function () {
    needPeers(this, 'native-database')
    native = await startNativeTango()
  })

  after(async () => {
    await native?.stop()
  })

  function apply(store: Store, text: string) {
    const documents = [{ path: 'demo.yaml', text }]
    return applyRevision(store, {
      documents,
      beamline: parseBeamline(text, 'f'),
      author: 'a',
      reason: 'r',
      cause: 'apply',
    })
  }

  for (const engine of ['MyISAM', 'InnoDB'] as const) {
    it(`is the same as in SQLite, with its history, and can be put back (${engine})`, () => {
      const store = openStore(newSchema(native, `config_${engine}`, engine))
      const reference = memoryStore()
      try {
        for (const each of [store, reference]) {
          apply(each, DEMO)
          stepsTaken(each)
        }
        const dump = (of: Store): string => dumpBeamline(contentOfStore(of)).text
        assert.equal(dump(store), dump(reference))
        assert.deepEqual(foresee(store, parseBeamline(DEMO, 'f')).changes, [])
        const before = dump(store)
        const done = apply(store, CHANGED)
        assert.deepEqual(done.steps, apply(reference, CHANGED).steps)
        assert.equal(dump(store), dump(reference))
        assert.equal(documentsOf(store, 2)[0]?.text, CHANGED)
        assert.equal(listRevisions(store)[0]?.changes.length, listRevisions(reference)[0]?.changes.length)
        done.snapshot.restore()
        assert.equal(dump(store), before)
        assert.deepEqual(foresee(store, parseBeamline(DEMO, 'f')).changes, [])
      } finally {
        store.close()
        reference.close()
      }
    })
  }

  it('is there as a whole or not at all when the process is killed while it applies (InnoDB)', async () => {
    const url = newSchema(native, 'config_kill', 'InnoDB')
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
    const texts = [DEMO, CHANGED]
    const files = texts.map((text, i) => {
      const file = join(folder, `${i}.yaml`)
      writeFileSync(file, text)
      return file
    })
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const child = fork(CHILD, [url, ...files])
        const exited = once(child, 'exit')
        for (let told = 0; told < 2; told += 1) await within('a round', once(child, 'message'), 30_000)
        setTimeout(() => child.kill('SIGKILL'), kill * 37)
        await exited
        const store = openStore(url)
        try {
          const [document] = documentsOf(store, appliedRevision(store))
          assert.ok(document && texts.includes(document.text))
          assert.deepEqual(foresee(store, parseBeamline(document.text, 'f')).changes, [])
        } finally {
          store.close()
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
