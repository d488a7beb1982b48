// The queue of event pushes: later, in order, whatever one of them throws.

import assert from 'node:assert/strict'
import { EventQueue } from '../../../../device-servers/elements/event-queue.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('EventQueue', () => {
  it('pushes after the present work, in order', async () => {
    const queue = new EventQueue(() => assert.fail())
    const done: number[] = []
    queue.add(() => done.push(1))
    queue.add(() => done.push(2))
    await Promise.resolve()
    assert.deepEqual(done, [])
    await nextTurn()
    assert.deepEqual(done, [1, 2])
  })

  it('goes on after a push that fails', async () => {
    const errors: unknown[] = []
    const queue = new EventQueue((error) => errors.push(error))
    const done: number[] = []
    queue.add(() => {
      throw new Error('first')
    })
    queue.add(() => done.push(2))
    await nextTurn()
    assert.equal(errors.length, 1)
    assert.deepEqual(done, [2])
  })

  it('does not pile up without end in a loop that never waits', () => {
    const queue = new EventQueue(() => assert.fail())
    let done = 0
    for (let index = 0; index < 5000; index++) queue.add(() => done++)
    assert.ok(done >= 4000, String(done))
    queue.flush()
    assert.equal(done, 5000)
  })
})
