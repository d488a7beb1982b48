import assert from 'node:assert/strict'
import {
  type DoorbellMessage,
  DoorbellReceiver,
  DoorbellSender,
  parseDoorbell,
} from '../../../../data/broker/doorbell.ts'
import { encodeRecord, findRecord } from '../../../../data/broker/scan-record.ts'
import { until } from '../scans.ts'

describe('messages of scan documents', () => {
  let sender: DoorbellSender
  let receiver: DoorbellReceiver
  let received: { scan: string; offset: number; texts: string[] }[]

  beforeEach(async () => {
    received = []
    sender = await DoorbellSender.bind('127.0.0.1')
    receiver = await DoorbellReceiver.open((message) => received.push({ ...message, texts: textsOf(message) }))
    receiver.follow(new Set([sender.endpoint]))
    // until the connection stands, messages are lost
    await until(() => {
      sender.send('hello', 0, encodeRecord('{}'), true)
      return received.length > 0
    }, 'the first message')
  })
  afterEach(async () => {
    await sender.close()
    await receiver.close()
  })

  function textsOf({ records }: DoorbellMessage): string[] {
    const texts: string[] = []
    for (let at = 0; at < records.length; ) {
      const found = findRecord(records, at)
      assert.equal(found.kind, 'record')
      if (found.kind !== 'record') break
      texts.push(found.text)
      at = found.next
    }
    return texts
  }

  const of = (...scans: string[]) => received.filter(({ scan }) => scans.includes(scan))

  /** Sends texts one after the other and returns where the next one would begin. */
  function send(scan: string, from: number, texts: readonly string[], urgent = false): number {
    let offset = from
    for (const [i, text] of texts.entries()) {
      const record = encodeRecord(text)
      sender.send(scan, offset, record, urgent && i === texts.length - 1)
      offset += record.length
    }
    return offset
  }

  it('gathers records that follow one another into one message, an urgent one sends them at once', async () => {
    const texts = Array.from({ length: 50 }, (_, i) => JSON.stringify({ i }))
    send('s', 100, texts, true)
    await until(() => of('s').length > 0, 'the message')
    assert.deepEqual(
      of('s').map(({ offset, texts: sent }) => [offset, sent]),
      [[100, texts]],
    )
  })

  it('sends what waits when the period is over, without another record', async () => {
    const next = send('s', 0, ['1'])
    send('s', next, ['2'])
    await until(() => of('s').flatMap(({ texts }) => texts).length === 2, 'both records')
    const later = send('s', next, ['3'])
    assert.ok(later > next)
    await until(() => of('s').flatMap(({ texts }) => texts).length === 3, 'the third record')
  })

  it('begins another message for another scan and after a gap in the log', async () => {
    send('a', 0, ['1', '2'])
    send('b', 0, ['3'])
    send('b', 1000, ['4'], true)
    await until(() => of('a', 'b').length === 3, 'three messages')
    assert.deepEqual(
      of('a', 'b').map(({ scan, offset, texts }) => [scan, offset, texts]),
      [
        ['a', 0, ['1', '2']],
        ['b', 0, ['3']],
        ['b', 1000, ['4']],
      ],
    )
  })

  it('sends what waits before it closes', async () => {
    send('s', 0, ['1', '2', '3'])
    await sender.close()
    await until(() => of('s').flatMap(({ texts }) => texts).length === 3, 'all records')
  })

  it('takes nothing for a message that is none', () => {
    for (const text of ['', 'x', 'scan', 'scan 12', 'scan x 00000000 00000000 ', ' 1 00000000 00000000 '])
      assert.equal(parseDoorbell(Buffer.from(text)), undefined, text)
  })
})
