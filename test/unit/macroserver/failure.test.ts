import assert from 'node:assert/strict'
import { devFailed } from '#tango'
import { errorLines, exceptionFields } from '../../../macroserver/failure.ts'

describe('a failure of a macro', () => {
  const cause = devFailed('Motion_LimitExceeded', 'mot01: 5 is above the upper limit 4', { origin: 'Motor.move' })
  const error = devFailed('API_CommandFailed', 'pool: MoveTo failed', { cause, origin: 'DeviceProxy.command' })

  it('shows its first cause first', () => {
    assert.deepEqual(errorLines('mv', error), [
      'An error occurred while running mv:',
      'Motion_LimitExceeded: mot01: 5 is above the upper limit 4',
      '  therefore: pool: MoveTo failed',
    ])
    const fields = exceptionFields(error)
    assert.equal(fields.exc_type, 'Motion_LimitExceeded')
    assert.equal(fields.exc_value, 'mot01: 5 is above the upper limit 4')
  })

  it('has a stack whose every line ends with one line feed', () => {
    const { exc_stack } = exceptionFields(devFailed('Macro_Failed', 'two\nlines', { cause: error }))
    assert.ok(exc_stack.length > 4)
    for (const line of exc_stack) assert.match(line, /^[^\n]*\n$/)
    assert.ok(exc_stack.includes('  API_CommandFailed: pool: MoveTo failed (DeviceProxy.command)\n'))
  })

  it('of the language keeps its name and shows where it was thrown', () => {
    const wrong = new TypeError('x is not a function')
    assert.deepEqual(errorLines('m', wrong).slice(1), ['TypeError: x is not a function'])
    assert.ok(exceptionFields(wrong).exc_stack.some((line) => line.includes('failure.test')))
    assert.ok(!exceptionFields(wrong, false).exc_stack.some((line) => line.includes('failure.test')))
  })

  it('may be anything that was thrown', () => {
    assert.deepEqual(errorLines('m', 'just text').slice(1), ['Internal_Error: just text'])
  })
})
