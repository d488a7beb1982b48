import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { DEFAULT_LIMITS, limitsFrom } from '../../../../tango/orb/server-limits.ts'

describe('limitsFrom', () => {
  it('leaves everything to the defaults when no variable is set', () => {
    assert.deepEqual(limitsFrom({ PATH: '/bin', BANDONEON_MAX_PENDING: '' }), {})
  })

  it('reads the variables of the project, times in seconds', () => {
    const limits = limitsFrom({
      BANDONEON_MAX_CONNECTIONS: '10',
      BANDONEON_MAX_MESSAGE_SIZE: '1048576',
      BANDONEON_MAX_UNFINISHED: '2',
      BANDONEON_MAX_PENDING: '3',
      BANDONEON_MAX_UNREAD: '4096',
      BANDONEON_MAX_MEMORY: '5000000',
      BANDONEON_IDLE_SECONDS: '0',
      BANDONEON_STALL_SECONDS: '1.5',
    })
    assert.deepEqual(limits, {
      maxConnections: 10,
      maxMessageSize: 1_048_576,
      maxUnfinished: 2,
      maxPending: 3,
      maxUnread: 4096,
      maxMemory: 5_000_000,
      idleMs: 0,
      stallMs: 1500,
    })
    assert.deepEqual(Object.keys(limits).sort(), Object.keys(DEFAULT_LIMITS).sort())
  })

  it('knows what native servers call the same, and prefers its own names', () => {
    const native = { ORBgiopMaxMsgSize: '2097152', ORBinConScanPeriod: '180', ORBmaxServerThreadPerConnection: '100' }
    assert.deepEqual(limitsFrom(native), { maxMessageSize: 2_097_152, idleMs: 180_000, maxPending: 100 })
    assert.equal(limitsFrom({ ...native, BANDONEON_MAX_PENDING: '7' }).maxPending, 7)
  })

  it('names the variable with a wrong value', () => {
    assert.throws(() => limitsFrom({ BANDONEON_MAX_PENDING: 'many' }), /BANDONEON_MAX_PENDING is 'many'/)
    assert.throws(() => limitsFrom({ BANDONEON_MAX_CONNECTIONS: '0' }), /at least 1/)
    assert.throws(() => limitsFrom({ ORBgiopMaxMsgSize: '10' }), /at least 1024/)
  })

  it('has its page in step with the defaults', () => {
    const page = readFileSync(new URL('../../../../../docs/reference/network.md', import.meta.url), 'utf8')
    const rows = [...page.matchAll(/^\| [^|]* \| (\d+)[^|]* \| `(BANDONEON_\w+)`/gm)]
    const shown = Object.assign({}, ...rows.map(([, value, variable]) => limitsFrom({ [variable ?? '']: value })))
    assert.deepEqual(shown, DEFAULT_LIMITS)
  })
})
