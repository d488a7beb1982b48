import assert from 'node:assert/strict'
import {
  formatAnswer,
  type IcepapBlock,
  type IcepapCommand,
  IcepapError,
  IcepapStream,
  parseCommand,
} from '../../../simulators/icepap-protocol.ts'

function parsed(text: string): IcepapCommand {
  const command = parseCommand(text)
  assert.ok(command)
  return command
}

function collect(): { stream: IcepapStream; seen: string[]; blocks: IcepapBlock[] } {
  const seen: string[] = []
  const blocks: IcepapBlock[] = []
  const stream = new IcepapStream(
    ({ keyword }) => seen.push(keyword),
    (_command, block) => blocks.push(block),
  )
  return { stream, seen, blocks }
}

/** Block with two words, as the wire has it. */
const BLOCK = Buffer.from('5a55aaa5020000000d0d00000d0d00000d', 'hex')

describe('IcePAP protocol', () => {
  it('reads acknowledge, address, query, keyword and arguments', () => {
    assert.deepEqual(parsed('#5:MOVE 1000'), {
      acknowledge: true,
      address: 5,
      query: false,
      binary: false,
      keyword: 'MOVE',
      args: ['1000'],
    })
    assert.equal(parsed('  ?sysstat   1 ').keyword, 'SYSSTAT')
    assert.deepEqual(parsed('#MOVE GROUP  1 100 2 -200 ').args, ['GROUP', '1', '100', '2', '-200'])
    assert.equal(parsed(':STOP').address, 'broadcast')
    assert.equal(parsed('151:*ECAMDAT AXIS FLOAT').binary, true)
    assert.equal(parseCommand('   '), undefined)
  })

  it('answers queries always, actions only when they are acknowledged', () => {
    assert.equal(formatAnswer(parsed('5:?pos'), '12'), '5:?POS 12\r\n')
    assert.equal(formatAnswer(parsed('?NAME'), ''), '?NAME\r\n')
    assert.equal(formatAnswer(parsed('#5:move 1'), undefined), '5:MOVE OK\r\n')
    assert.equal(formatAnswer(parsed('5:MOVE 1'), undefined), undefined)
  })

  it('puts several lines between dollar signs', () => {
    assert.equal(formatAnswer(parsed('5:?CFG'), ['A 1', 'B 2']), '5:?CFG $\r\nA 1\r\nB 2\r\n$\r\n')
    assert.equal(formatAnswer(parsed('?PMUX'), []), '?PMUX $\r\n$\r\n')
  })

  it('sends errors for queries and acknowledged actions only', () => {
    const error = new IcepapError('Bad board address')
    assert.equal(formatAnswer(parsed('9:?POS'), error), '9:?POS ERROR Bad board address\r\n')
    assert.equal(formatAnswer(parsed('#9:MOVE 1'), error), '9:MOVE ERROR Bad board address\r\n')
    assert.equal(formatAnswer(parsed('9:MOVE 1'), error), undefined)
  })

  it('cuts lines at CR and commands at semicolons, in any pieces', () => {
    const { stream, seen } = collect()
    for (const byte of Buffer.from('?VER\r\n1:MOVE 3;?FPOS 1\r?ST')) stream.receive(Uint8Array.of(byte))
    assert.deepEqual(seen, ['VER', 'MOVE', 'FPOS'])
  })

  it('takes a block with CR in it as one block, cut at every offset', () => {
    const bytes = Buffer.concat([Buffer.from('5:*ECAMDAT AXIS DWORD\r'), BLOCK, Buffer.from('?VER\r')])
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { stream, seen, blocks } = collect()
      stream.receive(bytes.subarray(0, cut))
      stream.receive(bytes.subarray(cut))
      assert.deepEqual(blocks, [{ ok: true, words: Uint16Array.of(0x0d0d, 0) }], `cut at ${cut}`)
      assert.deepEqual(seen, ['VER'])
    }
  })

  it('reports a wrong checksum and goes on with the next command', () => {
    const bad = Buffer.from(BLOCK)
    bad[8] = 0
    const { stream, seen, blocks } = collect()
    stream.receive(Buffer.concat([Buffer.from('5:*LISTDAT FLOAT\r'), bad, Buffer.from('?VER\r')]))
    assert.deepEqual(blocks, [{ ok: false, problem: 'wrong checksum or end' }])
    assert.deepEqual(seen, ['VER'])
  })

  it('goes on with lines when no block follows its announcement', () => {
    const { stream, seen, blocks } = collect()
    stream.receive(Buffer.from('5:*ECAMDAT AXIS FLOAT\r?VER\r'))
    assert.deepEqual(blocks, [{ ok: false, problem: 'no start mark' }])
    assert.deepEqual(seen, ['VER'])
  })

  it('does not wait for a block of absurd size', () => {
    const { stream, blocks } = collect()
    stream.receive(Buffer.from('5:*PROG\r'))
    stream.receive(Buffer.from('5a55aaa5ffffffff00000000', 'hex'))
    assert.deepEqual(blocks, [{ ok: false, problem: '4294967295 words' }])
  })

  it('throws an endless line away and understands the next one', () => {
    const { stream, seen } = collect()
    for (let i = 0; i < 40; i++) stream.receive(Buffer.alloc(1000, 'A'))
    stream.receive(Buffer.from('\r?VER\r'))
    assert.deepEqual(seen, ['VER'])
  })
})
