// Class DevTest, started with the native command line, with a native client that asks what the C++ suites ask.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join, resolve } from 'node:path'
import { freePort } from '../../facility/free-port.ts'
import { needPeers, runPython } from '../support/peers.ts'
import { within } from '../support/waiting.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SCRIPT = resolve(ROOT, '../test/interop/python/dev_test_client.py')
const DEVICES = ['test/debian8/10', 'test/debian8/11', 'test/debian8/12']

describe('Class DevTest', function () {
  this.timeout(90_000)
  let child: ChildProcess | undefined
  let port: number

  before(async function () {
    needPeers(this, 'pytango')
    port = await freePort(0)
    const words = ['--plugins', join(ROOT, 'test/support'), 'serve', 'DevTest', 'test', '-v5', '-nodb']
    const endPoint = ['-ORBendPoint', `giop:tcp:127.0.0.1:${port}`]
    const args = [join(ROOT, 'cli/main.js'), ...words, '-dlist', DEVICES.join(','), ...endPoint]
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    await within('the server to be ready', ready(child), 20_000)
  })

  after(async () => {
    if (child === undefined || child.exitCode !== null) return
    child.kill('SIGTERM')
    await within('the server to end', once(child, 'exit'), 10_000)
  })

  it('answers a native client as the reference implementation does', async () => {
    const url = (name: string): string => `tango://127.0.0.1:${port}/${name}#dbase=no`
    const [first = '', second = ''] = DEVICES
    const args = [url(first), url(second), url('dserver/devtest/test')]
    const { code, stdout, stderr } = await runPython(SCRIPT, args, { timeoutMs: 80_000 })
    assert.equal(code, 0, `${stdout}\n${stderr}`)
    assert.match(stdout, /^1\d\d asked, 0 wrong$/m)
  })
})

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes('Ready to accept request')) resolve()
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${output}`)))
  })
}
