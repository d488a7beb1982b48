import assert from 'node:assert/strict'
import { LauncherRequests } from '../../../facility/launcher-requests.ts'
import type { HostingRequest } from '../../../facility/messages.ts'

describe('LauncherRequests', () => {
  it('gives each answer to who has asked, and what went wrong as an exception', async () => {
    const asked: HostingRequest[] = []
    const requests = new LauncherRequests((request) => void asked.push(request))
    const first = requests.ask('A/1', 'usual')
    const second = requests.ask('B/1', 'gone')
    const third = requests.ask('C/1', 'apart')
    const [a, b, c] = asked
    const errors = [{ reason: 'Box_Broken', severity: 'ERR', desc: 'it will not', origin: 'fake' }] as const
    requests.answered({ kind: 'hosted', id: 99, done: true }) // nobody has asked
    requests.answered({ kind: 'hosted', id: c?.id ?? 0, done: false, errors })
    requests.answered({ kind: 'hosted', id: b?.id ?? 0, done: false })
    requests.answered({ kind: 'hosted', id: a?.id ?? 0, done: true })
    assert.deepEqual([a?.server, a?.wanted, b?.wanted], ['A/1', 'usual', 'gone'])
    assert.equal(await first, true)
    assert.equal(await second, false)
    await assert.rejects(third, { reason: 'Box_Broken' })
  })

  it('does not wait for ever', async () => {
    const requests = new LauncherRequests(() => undefined, 10)
    await assert.rejects(requests.ask('A/1', 'usual'), { reason: 'API_DeviceTimedOut' })
  })
})
