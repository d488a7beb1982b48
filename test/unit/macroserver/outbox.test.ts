import assert from 'node:assert/strict'
import { type SinonFakeTimers, useFakeTimers } from 'sinon'
import type { MacroStatusEntry, News } from '../../../macroserver/messages.ts'
import { Outbox } from '../../../macroserver/outbox.ts'

describe('Outbox', () => {
  let clock: SinonFakeTimers
  let sent: (readonly News[])[]
  let outbox: Outbox
  beforeEach(() => {
    clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] })
    sent = []
    outbox = new Outbox(
      (news) => sent.push(news),
      () => performance.now(),
    )
  })
  afterEach(() => clock.restore())

  const step = (percent: number): News => ({
    kind: 'status',
    status: { id: '1', range: [0, 100], state: 'step', step: percent },
  })
  const start: MacroStatusEntry = { id: '1', range: [0, 100], state: 'start', step: 0 }

  it('sends the first news behind the present turn of the event loop', () => {
    outbox.lines('output', ['a'])
    assert.deepEqual(sent, [])
    clock.next()
    assert.deepEqual(sent, [[{ kind: 'lines', channel: 'output', lines: ['a'] }]])
  })

  it('sends at most every 20 ms', () => {
    for (let at = 0; at < 100; at++) {
      outbox.lines('output', [`${at}`])
      clock.tick(1)
    }
    assert.ok(sent.length <= 6, `${sent.length} messages in 100 ms`)
    outbox.flush()
    assert.equal(sent.flat().flatMap((n) => (n.kind === 'lines' ? n.lines : [])).length, 100)
  })

  it('sends the first point of a scan without waiting', () => {
    outbox.lines('output', ['header'])
    clock.next()
    outbox.add({ kind: 'lines', channel: 'output', lines: ['later'] })
    outbox.add({ kind: 'lines', channel: 'output', lines: ['first point'] }, true)
    clock.tick(0)
    clock.next()
    assert.equal(sent.length, 2)
    assert.ok(clock.now < 20)
  })

  it('makes news that is given as a function only when it is sent', () => {
    let made = 0
    outbox.add(() => {
      made += 1
      return [step(1)]
    })
    assert.equal(made, 0)
    outbox.flush()
    assert.equal(made, 1)
  })

  it('joins the lines and steps of points, keeps every record, and lets nothing pass another status', () => {
    const record = (n: number): News => ({ kind: 'record', record: { format: 'x', data: Uint8Array.of(n) } })
    const line = (text: string): News => ({ kind: 'lines', channel: 'output', lines: [text] })
    for (const news of [
      { kind: 'status' as const, status: start },
      ...[line('p0'), record(0), step(50), line('p1'), record(1), step(100)],
      { kind: 'lines' as const, channel: 'info' as const, lines: ['ended'] },
      { kind: 'lines' as const, channel: 'info' as const, lines: ['saved'] },
      { kind: 'status' as const, status: { ...start, state: 'finish' as const } },
    ])
      outbox.add(news)
    outbox.flush()
    assert.deepEqual(sent, [
      [
        { kind: 'status', status: start },
        { kind: 'lines', channel: 'output', lines: ['p0', 'p1'] },
        record(0),
        record(1),
        step(100),
        { kind: 'lines', channel: 'info', lines: ['ended', 'saved'] },
        { kind: 'status', status: { ...start, state: 'finish' } },
      ],
    ])
  })

  it('sends nothing when there is nothing', () => {
    outbox.lines('output', [])
    outbox.flush()
    clock.tick(100)
    assert.deepEqual(sent, [])
  })
})
