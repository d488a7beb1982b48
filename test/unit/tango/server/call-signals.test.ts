import assert from 'node:assert/strict'
import { CallSignals } from '../../../../tango/server/call-signals.ts'

describe('signals of long-running calls', () => {
  it('are the same for all calls of a connection and different for two', () => {
    const signals = new CallSignals(new AbortController().signal)
    const [a, b] = [new AbortController(), new AbortController()]
    assert.equal(signals.of(a.signal), signals.of(a.signal))
    assert.notEqual(signals.of(a.signal), signals.of(b.signal))
  })

  it('abort with their connection alone, for its reason', () => {
    const signals = new CallSignals(new AbortController().signal)
    const [a, b] = [new AbortController(), new AbortController()]
    const [first, second] = [signals.of(a.signal), signals.of(b.signal)]
    const reason = new Error('gone')
    a.abort(reason)
    assert.equal(first.reason, reason)
    assert.equal(second.aborted, false)
  })

  it('abort all with the device', () => {
    const device = new AbortController()
    const signals = new CallSignals(device.signal)
    const callers = [new AbortController(), new AbortController()]
    const found = callers.map(({ signal }) => signals.of(signal))
    device.abort()
    assert.deepEqual(
      found.map(({ aborted }) => aborted),
      [true, true],
    )
  })

  it('are aborted from the beginning when the connection or the device is gone already', () => {
    const live = new AbortController().signal
    assert.equal(new CallSignals(live).of(AbortSignal.abort()).aborted, true)
    assert.equal(new CallSignals(AbortSignal.abort()).of(live).aborted, true)
  })
})
