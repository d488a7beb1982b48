// A configuration is applied as a whole or not at all, whenever the process of the database ends.

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openStore } from '#db-config'
import { foresee } from '../../db-config/config/apply-revision.ts'
import { parseBeamline } from '../../db-config/config/beamline-file.ts'
import { appliedRevision, documentsOf, listRevisions } from '../../db-config/config/revisions.ts'
import { CliProcess, runCli, TestFacility } from '../support/facility.ts'
import { eventually, within } from '../support/waiting.ts'

const DEMO = new URL('../../../db-config/beamlines/demo.yaml', import.meta.url).pathname
const CHILD = fileURLToPath(new URL('./config-apply-child.js', import.meta.url))

/** Kills of the process that does nothing else, and of a facility. */
const KILLS = 8
const FACILITY_KILLS = 3

describe('A configuration that is being applied when the process is killed', () => {
  let folder: string
  let files: readonly string[]
  let texts: readonly string[]

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-kill-'))
    const demo = readFileSync(DEMO, 'utf8').replaceAll('axisCount: 4', 'axisCount: 40')
    const axes = Array.from({ length: 30 }, (_, i) => `\n      - { name: new${i}, axis: ${i + 5} }`).join('')
    const larger = demo
      .replace('{ name: dmot04, axis: 4 }', (axis) => `${axis}${axes}`)
      .replace('limits: [-100, 100]', 'limits: [-50, 50]')
      .replace('  - { name: dct04, axis: 4 }\n', '')
      .replace('channels: [dct01, dct02, dct03, dct04]', 'channels: [dct01, dct02, dct03]')
    texts = [demo, larger]
    files = ['one.yaml', 'two.yaml'].map((name) => join(folder, name))
    files.forEach((file, i) => {
      writeFileSync(file, texts[i] ?? '')
    })
  })

  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  it('is in the database as a whole or not at all, with the revision that belongs to it', async () => {
    const database = join(folder, 'tango.sqlite')
    let rounds = 0
    for (let kill = 0; kill < KILLS; kill += 1) {
      const child = fork(CHILD, [database, ...files])
      rounds += await killAfter(child, 2 + (kill % 4), kill * 3)
      const store = openStore(database)
      try {
        const number = appliedRevision(store)
        const [document] = documentsOf(store, number)
        assert.ok(document && texts.includes(document.text), `revision ${number} is none of the two`)
        // the database is what its revision says, to the last property
        assert.deepEqual(foresee(store, parseBeamline(document.text, 'f')).changes, [])
        const other = texts.find((text) => text !== document.text) ?? ''
        assert.ok(foresee(store, parseBeamline(other, 'f')).changes.length > 30)
        assert.deepEqual(
          listRevisions(store).map((revision) => revision.number),
          Array.from({ length: number }, (_, i) => number - i),
        )
      } finally {
        store.close()
      }
    }
    assert.ok(rounds > KILLS, `only ${rounds} rounds`)
  }).timeout(60_000)

  it('is what the devices are after the restart of a facility', async () => {
    await using facility = await TestFacility.start({ beamline: files[0] ?? '' })
    const client = await facility.client()
    for (let kill = 0; kill < FACILITY_KILLS; kill += 1) {
      const file = files[(kill + 1) % 2] ?? ''
      const apply = new CliProcess(['config', 'apply', file, '--host', facility.tangoHost])
      // at different moments: before the transaction, in it, and while the devices follow
      const configuration = client.proxy('sys/bandoneon-config/1')
      if (kill % 2 === 1) {
        await eventually('the application', async () => !apply.running || (await configuration.state()) === 'RUNNING')
      } else await once(apply.child, 'spawn')
      const former = facility.killProcess('main')
      await within('the end of apply', apply.ended, 20_000)
      await facility.restarted('main', former)
      await (await facility.doorReady()).close()
      const plans = await Promise.all(
        files.map((name) => runCli(['config', 'plan', name, '--host', facility.tangoHost])),
      )
      const fitting = plans.findIndex(({ stdout }) => stdout.includes('nothing would change'))
      assert.ok(fitting >= 0, plans.map(({ stdout, stderr }) => stdout + stderr).join('\n'))
      const limit = (await client.proxy('mot01').attributeConfig(['Position']))[0]?.minValue
      assert.equal(limit, fitting === 0 ? '-100' : '-50')
    }
  }).timeout(120_000)
})

/** Kills a child some time after some rounds. @returns the rounds that it has told */
async function killAfter(child: ChildProcess, rounds: number, ms: number): Promise<number> {
  let told = 0
  const exited = once(child, 'exit')
  await within(
    'the rounds of the child',
    new Promise<void>((resolve, reject) => {
      child.on('message', (message) => {
        if (typeof message === 'number') told += 1
        if (told >= rounds) resolve()
      })
      child.once('exit', () => reject(new Error('the child has ended')))
    }),
    20_000,
  )
  // somewhere in the next application
  setTimeout(() => child.kill('SIGKILL'), ms)
  await exited
  return told
}
