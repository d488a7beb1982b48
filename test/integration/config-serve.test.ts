// The configuration beside a database that is served alone: servers take it at their start, and follow once they run.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliProcess, runCli } from '../support/facility.ts'
import { freePort } from '../support/free-port.ts'
import { within } from '../support/waiting.ts'

const DEMO = new URL('../../../db-config/beamlines/demo.yaml', import.meta.url).pathname

describe('bandoneon config at a database that is served alone', () => {
  it('is taken by servers at their start, and followed by those that run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
    const environment = { TANGO_HOST: `127.0.0.1:${await freePort()}` }
    const programs: CliProcess[] = []
    const serve = async (...words: readonly string[]): Promise<void> => {
      const program = new CliProcess(['serve', ...words], environment, folder)
      programs.push(program)
      await program.says(/^Ready to accept request$/m, 20_000)
    }
    try {
      await serve('DataBaseds', '2')
      const first = await runCli(['config', 'apply', DEMO], environment)
      assert.equal(first.code, 0, first.stderr)
      assert.match(first.stdout, /pool\/demo1\/1: Pool\/demo1 does not run; it takes this at its start/)
      await serve('Pool', 'demo1')
      assert.equal((await runCli(['write', 'dmot01/Position', '3'], environment)).code, 0)
      const file = join(folder, 'beamline.yaml')
      const text = readFileSync(DEMO, 'utf8').replaceAll('axisCount: 4', 'axisCount: 5')
      writeFileSync(
        file,
        text.replace('{ name: dmot04, axis: 4 }', '{ name: dmot04, axis: 4 }\n      - { name: dmot05, axis: 5 }'),
      )
      const second = await runCli(['config', 'apply', file], environment)
      assert.match(second.stdout, /motor\/dmotctrl\/5 created, ON/, second.stderr)
      assert.equal((await runCli(['read', 'dmot05/State'], environment)).stdout.trim(), 'ON')
      assert.match((await runCli(['config', 'history'], environment)).stdout, /^\* 2 .*\n {2}1 /)
    } finally {
      for (const program of programs.reverse()) {
        program.child.kill('SIGINT')
        await within('the end', program.ended, 15_000).catch(() => program.child.kill('SIGKILL'))
      }
      rmSync(folder, { recursive: true, force: true })
    }
  }).timeout(60_000)

  it('says where such a device runs when the database does not answer', async () => {
    const { code, stderr } = await runCli(['config', 'history'], { TANGO_HOST: `127.0.0.1:${await freePort()}` })
    assert.equal(code, 1)
    assert.match(stderr, /does not answer; start it, or set TANGO_HOST/)
  }).timeout(20_000)
})
