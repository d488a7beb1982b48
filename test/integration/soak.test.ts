// The short form of the soak (`npm run soak`), in a process of its own so that its memory can be measured.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const SECONDS = 25

describe('A client and a server with a bad network between them', function () {
  this.timeout(120_000)

  it('lose no subscription, report every gap in the events, end every call, and keep nothing', async () => {
    const program = new URL('../soak/main.js', import.meta.url).pathname
    const child = spawn(process.execPath, ['--expose-gc', program, '--minutes', String(SECONDS / 60), '--seed', '1'])
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += chunk
    })
    child.stderr.on('data', (chunk) => {
      text += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), 110_000)
    const [code] = await once(child, 'exit')
    clearTimeout(timer)
    assert.equal(code, 0, text)
    const result: Record<string, number> = JSON.parse(text.trim().split('\n').at(-1) ?? '')
    // else it was too calm to show anything
    assert.ok(Number(result.events) > 500 && Number(result.calls) > 200, text)
    assert.ok(Number(result.reportedGaps) > 0 && Number(result.failedCalls) > 0 && Number(result.lives) > 1, text)
  })
})
