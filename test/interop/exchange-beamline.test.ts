// A beamline moves: the configuration of another system becomes a file with which a facility starts and scans.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { liveDatabase } from '../../db-config/exchange/database-view.ts'
import { importDsconfig } from '../../db-config/exchange/dsconfig.ts'
import { planDsconfig } from '../../db-config/exchange/dsconfig-plan.ts'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { runCli, TestFacility } from '../support/facility.ts'
import { startNativeTango } from '../support/native-tango.ts'
import { needPeers } from '../support/peers.ts'

const FIXTURES = new URL('../../../test/unit/db-config/exchange/fixtures/', import.meta.url).pathname

describe('A beamline that moves', function () {
  this.timeout(120_000)
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'move-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  /** Makes a beamline file, checks it, starts it, and runs macros on it. */
  async function moves(
    words: readonly string[],
    tangoHost: string,
    macros: readonly (readonly string[])[],
  ): Promise<string> {
    const file = join(folder, 'beamline.yaml')
    const done = await runCli(['config', 'import', '--unknown-drivers', 'dummy', '--output', file, ...words], {
      TANGO_HOST: tangoHost,
    })
    assert.equal(done.code, 0, done.stderr)
    const checked = await runCli(['config', 'check', file])
    assert.equal(checked.code, 0, checked.stderr)
    await using facility = await TestFacility.start({ beamline: file })
    const outputs: string[] = []
    for (const macro of macros) {
      const ran = await runCli(['run', ...macro], { TANGO_HOST: facility.tangoHost })
      assert.equal(ran.code, 0, `${macro.join(' ')}: ${ran.stdout}${ran.stderr}`)
      outputs.push(ran.stdout)
    }
    return outputs.join('\n')
  }

  it('from BLISS: its motors move and its counters count, with dummies where drivers are missing', async () => {
    const tree = join(folder, 'bliss')
    cpSync(join(FIXTURES, 'bliss'), tree, { recursive: true })
    const sessions = join(tree, 'sessions/sessions.yml')
    // the attribute that is counted belongs to a device that is not there
    writeFileSync(sessions, readFileSync(sessions, 'utf8').replace('[diode1, vacuum, camera]', '[diode1, camera]'))
    const output = await moves(['--format', 'bliss', tree], '', [['ascan', 'fake1', '0', '0.02', '2', '0.01'], ['wa']])
    assert.match(output, /diode1/)
    assert.match(output, /exotic/)
  })

  it('from a Sardana pool in a native database, which stays as it is', async function () {
    needPeers(this, 'native-database')
    const native = await startNativeTango()
    try {
      await using tango = await TangoProcess.create({ tangoHost: native.tangoHost, log: silentLogger() })
      const database = liveDatabase(tango.database())
      const { config } = importDsconfig(readFileSync(`${FIXTURES}native-names.json`, 'utf8'))
      await database.apply((await planDsconfig(database, config)).steps)
      const door = ['--door', 'Door_bl97_1']
      const output = await moves(['--format', 'pool'], native.tangoHost, [
        [...door, 'senv', 'ActiveMntGrp', 'mg2'],
        [...door, 'ct', '0.01'],
      ])
      assert.match(output, /ct3[\s\S]*ct1/)
      assert.deepEqual((await planDsconfig(database, config)).lines, [])
    } finally {
      await native.stop()
    }
  })
})
