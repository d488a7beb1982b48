import assert from 'node:assert/strict'
import sinon from 'sinon'
import { type DevFailed, devFailed } from '#tango/pure'
import type { Element } from '../../../pool/elements.ts'
import { type ControllerProxies, check, move, planMotion, positions, stop } from '../../../pool/motion.ts'

type Answers = Record<string, (argument: Float64Array) => unknown>

/** Controllers that record their calls in one list and answer as told. */
function controllers(answers: Record<string, Answers>) {
  const calls: string[] = []
  const proxies = ((device: string) => ({
    command: async (name: string, argument: Float64Array) => {
      calls.push(`${device} ${name} ${[...argument].join(' ')}`)
      return await answers[device]?.[name]?.(argument)
    },
  })) as unknown as ControllerProxies
  return { calls, proxies }
}

const started = () => new Float64Array()
const ended =
  (reason = 'normal') =>
  (axes: Float64Array) => ({
    dvalue: Float64Array.from(axes, (a) => a * 10),
    svalue: [...axes].map(() => reason),
  })
const fine: Answers = {
  startMany: started,
  awaitMany: ended(),
  checkMany: () => undefined,
  stopMany: () => undefined,
  positionMany: (axes) => Float64Array.from(axes, (a) => a / 2),
}

function axis(name: string, controller: string, number: number): Element {
  return {
    id: number,
    name,
    device: `motor/${controller}/${number}`,
    fullName: '',
    type: 'Motor',
    controller,
    axis: number,
  }
}

describe('motion', () => {
  afterEach(() => sinon.restore())

  it('sends one command per controller and gives results in the order of the caller', async () => {
    const { calls, proxies } = controllers({ a: fine, b: fine })
    const plan = planMotion([axis('m2', 'a', 2), axis('m5', 'b', 5), axis('m1', 'a', 1)], proxies)
    const result = await move(plan, [20, 50, 10])
    assert.deepEqual([...result.dvalue], [20, 50, 10])
    assert.deepEqual(result.svalue, ['normal', 'normal', 'normal'])
    assert.deepEqual(calls.slice(0, 4), [
      'a checkMany 2 20 1 10',
      'b checkMany 5 50',
      'a startMany 2 20 1 10',
      'b startMany 5 50',
    ])
    assert.deepEqual(calls.slice(4), ['a awaitMany 2 1', 'b awaitMany 5'])
  })

  it('saves the separate check when one controller refuses as a whole anyway', async () => {
    const { calls, proxies } = controllers({ a: fine })
    await move(planMotion([axis('m1', 'a', 1)], proxies), [3])
    assert.deepEqual(calls, ['a startMany 1 3', 'a awaitMany 1'])
  })

  it('moves nothing when one of several controllers refuses a target', async () => {
    const refuse = { ...fine, checkMany: () => Promise.reject(devFailed('Motion_LimitExceeded', 'm5: 50 is above 9')) }
    const { calls, proxies } = controllers({ a: fine, b: refuse })
    await assert.rejects(move(planMotion([axis('m1', 'a', 1), axis('m5', 'b', 5)], proxies), [1, 50]), (e: DevFailed) =>
      e.has('Motion_LimitExceeded'),
    )
    assert.equal(
      calls.some((c) => c.includes('startMany')),
      false,
    )
  })

  it('stops every axis when one controller cannot start', async () => {
    const broken = { ...fine, startMany: () => Promise.reject(devFailed('Line_Closed', 'box gone')) }
    const { calls, proxies } = controllers({ a: fine, b: broken })
    await assert.rejects(move(planMotion([axis('m1', 'a', 1), axis('m5', 'b', 5)], proxies), [1, 2]), (e: DevFailed) =>
      e.has('Line_Closed'),
    )
    assert.deepEqual(calls.filter((c) => c.includes('stopMany')).sort(), ['a stopMany 1', 'b stopMany 5'])
  })

  it('stops the others when one axis ends before its target', async () => {
    const { calls, proxies } = controllers({ a: { ...fine, awaitMany: ended('limit') }, b: fine })
    const result = await move(planMotion([axis('m1', 'a', 1), axis('m5', 'b', 5)], proxies), [1, 2])
    assert.deepEqual(result.svalue, ['limit', 'normal'])
    assert.ok(calls.includes('b stopMany 5'))
  })

  it('stops the axes when its signal aborts and reports what the controllers say', async () => {
    const controller = new AbortController()
    const { calls, proxies } = controllers({
      a: {
        ...fine,
        awaitMany: async (axes) => {
          controller.abort()
          return ended('stopped')(axes)
        },
      },
    })
    const result = await move(planMotion([axis('m1', 'a', 1)], proxies), [1], controller.signal)
    assert.deepEqual(result.svalue, ['stopped'])
    assert.ok(calls.includes('a stopMany 1'))
  })

  it('refuses what is no moveable, an axis named twice and a wrong number of targets', async () => {
    const { proxies } = controllers({ a: fine })
    const channel: Element = { ...axis('ct', 'a', 1), type: 'CTExpChannel' }
    assert.throws(() => planMotion([channel], proxies), /not a moveable/)
    assert.throws(() => planMotion([axis('m1', 'a', 1), axis('m1', 'a', 1)], proxies), /twice/)
    await assert.rejects(move(planMotion([axis('m1', 'a', 1)], proxies), [1, 2]), /2 targets for 1/)
  })

  it('checks many rounds with one command per controller', async () => {
    const { calls, proxies } = controllers({ a: fine, b: fine })
    await check(planMotion([axis('m1', 'a', 1), axis('m5', 'b', 5)], proxies), [1, 2, 3, 4])
    assert.deepEqual(calls, ['a checkMany 1 1 1 3', 'b checkMany 5 2 5 4'])
  })

  it('reads positions in the order of the caller and tries to stop all even when one fails', async () => {
    const { proxies, calls } = controllers({
      a: fine,
      b: { ...fine, stopMany: () => Promise.reject(devFailed('Line_Closed', 'gone')) },
    })
    const plan = planMotion([axis('m6', 'b', 6), axis('m2', 'a', 2)], proxies)
    assert.deepEqual([...(await positions(plan))], [3, 1])
    await assert.rejects(stop(plan), /gone/)
    assert.ok(calls.includes('a stopMany 2'))
  })
})
