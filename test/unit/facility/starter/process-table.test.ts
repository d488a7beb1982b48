import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  lives,
  readProcessTable,
  servesServer,
  tangoHostOf,
  usageOf,
} from '../../../../facility/starter/process-table.ts'

const entry = (command: string) => ({ pid: 1, words: command.split(' ') })

describe('servesServer', () => {
  it('finds a server behind its path, an interpreter, options and an ending', () => {
    for (const command of [
      '/usr/lib/tango/TangoTest b1 -v2',
      'TangoTest b1',
      'python3 -u /opt/ds/TangoTest.py b1',
      '/usr/bin/node /opt/bandoneon/dist/cli/main.js serve TangoTest b1',
      'tangotest B1',
    ])
      assert.ok(servesServer(entry(command), 'TangoTest/b1'), command)
  })

  it('does not take another instance, another server or a longer name for it', () => {
    for (const command of [
      'TangoTest b2',
      'TangoTest2 b1',
      'MyTangoTest b1',
      'TangoTest',
      'less TangoTest_b1.log',
      'vim TangoTest b1',
      'b1 TangoTest',
    ])
      assert.ok(!servesServer(entry(command), 'TangoTest/b1'), command)
  })
})

describe('the table of processes', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip() // there is no /proc elsewhere
  })

  it('shows a process with its arguments, its TANGO_HOST and what it uses, until it ends', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', 'TangoTest', 'table'], {
      env: { ...process.env, TANGO_HOST: 'somewhere:10000' },
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await once(child, 'spawn')
    const { pid = -1 } = child
    try {
      const found = (await readProcessTable()).filter((process_) => servesServer(process_, 'TangoTest/table'))
      assert.deepEqual(
        found.map((process_) => process_.pid),
        [pid],
      )
      assert.equal(await tangoHostOf(pid), 'somewhere:10000')
      const usage = await usageOf(pid)
      assert.ok(usage !== undefined && usage.rss > 1 && usage.cpu >= 0, JSON.stringify(usage))
      assert.ok(await lives(pid))
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    assert.ok(!(await lives(pid)))
    assert.equal(await usageOf(pid), undefined)
  })
})
