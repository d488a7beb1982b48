import assert from 'node:assert/strict'
import { VirtualClock } from '#tango'
import type { EventFrames } from '../../../../tango/events/local-events.ts'
import { OPERATIONS as O } from '../../../../tango/wire/operations.ts'
import { attributeValue5 } from '../../../../tango/wire/tango-idl.ts'
import { decodeEvent } from '../../../../tango/wire/zmq-event.ts'
import { NAME, SELF, type Served, serve } from '../../../support/served-device.ts'

describe('polling', () => {
  let clock: VirtualClock
  let served: Served
  beforeEach(async () => {
    clock = new VirtualClock()
    served = await serve({ clock })
  })
  afterEach(async () => {
    await served[Symbol.asyncDispose]()
    assert.equal(clock.pendingTimers, 0)
  })

  const read = async (source: 'CACHE' | 'CACHE_DEV' | 'DEV'): Promise<unknown> => {
    const [value] = await served.call(O.read_attributes_5, [['Polled'], source, SELF])
    if (value === undefined || value.value.kind !== 'ATT_DOUBLE') return value?.errList[0]?.reason
    return value.value.value[0]
  }

  it('reads with the period of the spec and answers from the cache', async () => {
    assert.equal(await read('CACHE'), 'API_NoDataYet')
    await clock.advance(10)
    assert.equal(await read('CACHE'), 1)
    await clock.advance(100)
    assert.equal(await read('CACHE'), 3)
    assert.equal(await read('CACHE_DEV'), 3)
    assert.equal(await read('DEV'), 4)
  })

  it('calls a value too old after four periods, and asks the device then', async () => {
    await clock.advance(10)
    let answer: (value: number) => void = () => {}
    const hanging = new Promise<number>((resolve) => {
      answer = resolve
    })
    Object.assign(served.device, { readPolled: () => hanging })
    await clock.advance(100)
    assert.equal(await read('CACHE'), 1)
    await clock.advance(200)
    assert.equal(await read('CACHE'), 'API_NotUpdatedAnyMore')
    const fromDevice = read('CACHE_DEV')
    answer(99)
    assert.equal(await fromDevice, 99)
  })

  it('keeps the last ten readings as history, oldest first', async () => {
    await clock.advance(1010)
    const history = await served.call(O.read_attribute_history_5, ['polled', 3])
    assert.deepEqual(history.value, { type: 'DevVarDoubleArray', value: Float64Array.of(21, 20, 19) })
    assert.deepEqual(history.qualsArray, [{ start: 2, nbElt: 3 }])
    assert.equal((await served.call(O.read_attribute_history_5, ['polled', 100])).dates.length, 10)
  })

  it('runs polled commands and gives their results from the cache', async () => {
    const nothing = { type: 'DevVoid', value: undefined } as const
    const argument = {
      type: 'DevVarLongStringArray',
      value: { lvalue: Int32Array.of(100), svalue: [NAME, 'command', 'Count'] },
    } as const
    await served.call(O.command_inout_4, ['AddObjPolling', argument, 'DEV', SELF], 'dserver/everything/test')
    await clock.advance(250)
    assert.deepEqual(await served.call(O.command_inout_4, ['Count', nothing, 'CACHE_DEV', SELF]), {
      type: 'DevLong',
      value: 3,
    })
    assert.deepEqual(await served.call(O.command_inout_4, ['Count', nothing, 'DEV', SELF]), {
      type: 'DevLong',
      value: 4,
    })
    const history = await served.call(O.command_inout_history_4, ['Count', 2])
    assert.deepEqual(history.value, { type: 'DevVarLongArray', value: Int32Array.of(3, 2) })
  })

  it('sends change and periodic events of what it reads', async () => {
    const seen: string[] = []
    const { host, port } = served.tango.orb.endpoint
    for (const event of ['change', 'periodic'] as const) {
      const topic = `tango://${host}:${port}/test/every/1/polled#dbase=no.idl5_${event}`
      served.tango.localEvents.subscribe(topic, (frames: EventFrames) => {
        const { payload } = decodeEvent(frames)
        assert.ok(payload !== undefined)
        const { value } = attributeValue5.decode(payload)
        seen.push(`${event} ${value.kind === 'ATT_DOUBLE' ? value.value[0] : value.kind}`)
      })
    }
    // every 50 ms another value that differs by the threshold, a periodic event every 100 ms
    await clock.advance(210)
    assert.deepEqual(
      seen.filter((text) => text.startsWith('change')),
      ['change 1', 'change 2', 'change 3', 'change 4', 'change 5'],
    )
    assert.deepEqual(
      seen.filter((text) => text.startsWith('periodic')),
      ['periodic 1', 'periodic 3', 'periodic 5'],
    )
  })

  it('does not let the request queue of a busy device grow', async () => {
    await clock.advance(10)
    const slow = served.proxy.command('Slowly', 1 as never)
    await clock.advance(500)
    const before = served.device.polledValue
    served.device.release()
    await slow
    assert.ok(served.device.polledValue - before <= 1)
  })
})
