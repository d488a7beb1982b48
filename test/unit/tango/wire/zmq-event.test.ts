import assert from 'node:assert/strict'
import type { CdrWriter } from '../../../../tango/wire/cdr.ts'
import { CdrError } from '../../../../tango/wire/cdr.ts'
import type { Codec } from '../../../../tango/wire/codec.ts'
import { devErrorList } from '../../../../tango/wire/tango-basic.ts'
import { attributeConfig3, attributeConfig5 } from '../../../../tango/wire/tango-config.ts'
import {
  attDataReady,
  attributeValue3,
  attributeValue4,
  attributeValue5,
  devIntrChange,
  devPipeData,
} from '../../../../tango/wire/tango-idl.ts'
import {
  decodeEvent,
  encodeEvent,
  encodeHeartbeat,
  eventTopic,
  heartbeatChannel,
  heartbeatTopic,
  parseTopic,
} from '../../../../tango/wire/zmq-event.ts'
import { assertGolden, fromHex, goldenVectors, masked, toHex } from '../../../interop/golden.ts'

const payloads = new Map<string | undefined, Codec<unknown>>([
  ['AttributeValue_3', attributeValue3],
  ['AttributeValue_4', attributeValue4],
  ['AttributeValue_5', attributeValue5],
  ['AttributeConfig_3', attributeConfig3],
  ['AttributeConfig_5', attributeConfig5],
  ['AttDataReady', attDataReady],
  ['DevIntrChange', devIntrChange],
  ['DevPipeData', devPipeData],
  ['DevErrorList', devErrorList],
])

describe('zmq-event', () => {
  for (const vector of goldenVectors('tango-events')) {
    const { id, frames, topic } = vector
    if (frames === undefined || topic === undefined) continue
    it(`${id} decodes and is written again with the same octets`, () => {
      const bytes = frames.map(fromHex)
      const event = decodeEvent(bytes)
      assert.equal(event.topic, topic)
      assertGolden(event.callInfo, vector.call_info, 'call info')
      const { ctr, callIsExcept } = event.callInfo
      if (vector.payload_type === undefined) {
        assert.equal(event.payload, undefined)
        const written = encodeHeartbeat(topic, ctr)
        assert.equal(masked(written[2]!, [13, 14, 15]), masked(bytes[2]!, [13, 14, 15]))
        return
      }
      const codec = payloads.get(vector.payload_type)
      assert.ok(codec !== undefined && event.payload !== undefined)
      const value = codec.decode(event.payload)
      assert.equal(event.payload.remaining, 0)
      assertGolden(value, vector.payload, 'payload')
      const written = encodeEvent({ topic, ctr, isError: callIsExcept }, (w) => codec.encode(w, value))
      assert.equal(toHex(written[0]!), frames[0])
      assert.equal(toHex(written[1]!), frames[1])
      assert.equal(masked(written[2]!, [13, 14, 15]), masked(bytes[2]!, [13, 14, 15]))
      const pad = vector.payload_pad ?? []
      assert.equal(masked(written[3]!, pad), masked(bytes[3]!, pad))
    })
  }

  it('reads big-endian events', () => {
    const value = { name: 'x', dataType: 5, ctr: 7 }
    const frames = encodeEvent({ topic: 'tango://h:1/a/b/c/x.data_ready', ctr: 3, littleEndian: false }, (w) => {
      attDataReady.encode(w, value)
    })
    assert.equal(toHex(frames[1]!), '00')
    assert.equal(toHex(frames[3]!).slice(0, 8), 'dec0dec0')
    const { payload, callInfo } = decodeEvent(frames)
    assert.equal(callInfo.ctr, 3)
    assert.deepEqual(attDataReady.decode(payload!), value)
  })

  it('wraps the counter at 32 bits', () => {
    const frames = encodeHeartbeat('t', 2 ** 32 + 5)
    assert.equal(decodeEvent(frames).callInfo.ctr, 5)
  })

  it('refuses frames that are no event', () => {
    const [topic, endian, info] = encodeHeartbeat('t', 1)
    assert.throws(() => decodeEvent([topic!]), CdrError)
    assert.throws(() => decodeEvent([topic!, new Uint8Array(2), info!]), CdrError)
    assert.throws(() => decodeEvent([topic!, endian!, info!.subarray(0, 9)]), CdrError)
    assert.throws(() => decodeEvent([topic!, endian!, info!, new Uint8Array(3)]), CdrError)
  })

  it('builds the topics that native clients listen to', () => {
    const device = 'Wire/Test/1'
    const tangoHost = '127.0.0.1:10000'
    const topic = (event: 'change' | 'data_ready' | 'pipe' | 'intr_change', idl: number, database = true): string =>
      eventTopic({ tangoHost, device, member: 'Polled', event, idl, database })
    assert.equal(topic('change', 5), 'tango://127.0.0.1:10000/wire/test/1/polled.idl5_change')
    assert.equal(topic('change', 4), 'tango://127.0.0.1:10000/wire/test/1/polled.change')
    assert.equal(topic('data_ready', 5), 'tango://127.0.0.1:10000/wire/test/1/polled.data_ready')
    assert.equal(topic('pipe', 5), 'tango://127.0.0.1:10000/wire/test/1/polled.pipe')
    assert.equal(topic('intr_change', 5), 'tango://127.0.0.1:10000/wire/test/1.intr_change')
    assert.equal(topic('change', 5, false), 'tango://127.0.0.1:10000/wire/test/1/polled#dbase=no.idl5_change')
    assert.equal(topic('intr_change', 5, false), 'tango://127.0.0.1:10000/wire/test/1#dbase=no.intr_change')
    assert.equal(heartbeatChannel(tangoHost, 'dserver/WireTest/1'), 'tango://127.0.0.1:10000/dserver/wiretest/1')
    assert.equal(
      heartbeatTopic(tangoHost, 'dserver/WireTest/1'),
      'tango://127.0.0.1:10000/dserver/wiretest/1.heartbeat',
    )
  })

  it('takes topics apart', () => {
    assert.deepEqual(parseTopic('tango://h.x.org:1/a/b/c/d#dbase=no.idl5_user_event'), {
      prefix: 'tango://h.x.org:1/a/b/c/d#dbase=no',
      event: 'user_event',
      idl: 5,
    })
    assert.equal(parseTopic('tango://h:1/a/b/c.intr_change')?.idl, undefined)
    assert.equal(parseTopic('I like beer'), undefined)
  })

  it('hands out frames that later events do not overwrite', () => {
    const write = (n: number) => (w: CdrWriter) => w.long(n)
    const first = encodeEvent({ topic: 't.change', ctr: 1 }, write(1))
    const before = toHex(first[3]!)
    encodeEvent({ topic: 't.change', ctr: 2 }, write(2))
    assert.equal(toHex(first[3]!), before)
  })
})
