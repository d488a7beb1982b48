import assert from 'node:assert/strict'
import { askInput, type InputLine } from '../../../macroserver/input.ts'

function line(...answers: string[]): InputLine & { readonly asked: unknown[]; readonly warned: string[] } {
  const asked: unknown[] = []
  const warned: string[] = []
  return {
    asked,
    warned,
    macro: { id: 'i', name: 'm' },
    ask: (text) => asked.push(JSON.parse(text)),
    warn: (text) => warned.push(text),
    nextAnswer: (signal) => {
      const answer = answers.shift()
      if (answer !== undefined) return Promise.resolve(answer)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    },
  }
}

const never = new AbortController().signal

describe('askInput', () => {
  it('asks in the form of the attribute Input and converts the answer', async () => {
    const one = line('{"input": "7", "cancel": false}')
    assert.equal(await askInput('How many?', { type: 'Integer', default: 3, timeoutS: 20 }, one, never), 7)
    assert.deepEqual(one.asked, [
      {
        type: 'input',
        prompt: 'How many [3]? ',
        data_type: 'Integer',
        default_value: 3,
        timeout: 20,
        allow_multiple: false,
        macro_id: 'i',
        macro_name: 'm',
      },
    ])
  })

  it('asks again until the answer fits', async () => {
    const one = line('{"input": "x"}', '2.5', '{"input": 2}')
    assert.equal(await askInput('n', { type: 'Integer' }, one, never), 2)
    assert.deepEqual(one.warned, ['Please give a valid integer.', 'Please give a valid integer.'])
    assert.equal(one.asked.length, 3)
  })

  it('takes one of several choices, yes and no, and plain text', async () => {
    assert.equal(await askInput('c', { type: ['a', 'b'] }, line('"c"', '{"input": "b"}'), never), 'b')
    assert.equal(await askInput('c', { type: 'Boolean' }, line('{"input": true}'), never), true)
    assert.equal(await askInput('c', {}, line('not json'), never), 'not json')
  })

  it('fails when the person cancels', async () => {
    await assert.rejects(askInput('c', {}, line('{"input": null, "cancel": true}'), never), /Macro_Failed.*cancelled/)
  })

  it('uses the default when nobody answers, and fails without one', async () => {
    const one = line()
    assert.equal(await askInput('c', { type: 'Float', default: 1.5, timeoutS: 0.01 }, one, never), 1.5)
    assert.deepEqual(one.asked[1], { type: 'timeout', macro_id: 'i', default_value: 1.5 })
    await assert.rejects(askInput('c', { timeoutS: 0.01 }, line(), never), /nobody answered/)
  })

  it('ends when the macro is stopped', async () => {
    const stop = new AbortController()
    const asking = askInput('c', { default: 1, timeoutS: 60 }, line(), stop.signal)
    stop.abort(new Error('stopped'))
    await assert.rejects(asking, /stopped/)
  })
})
