import assert from 'node:assert/strict'
import type { GiopHandler, GiopLimits } from '../../../../tango/orb/giop-connection.ts'
import { GiopConnection } from '../../../../tango/orb/giop-connection.ts'
import type { CdrReader } from '../../../../tango/wire/cdr.ts'
import { CdrError, CdrWriter } from '../../../../tango/wire/cdr.ts'
import type { ReplyHeader, RequestHeader } from '../../../../tango/wire/giop.ts'
import { beginReply, beginRequest, endMessage, MESSAGE, writeBareMessage } from '../../../../tango/wire/giop.ts'
import { latin1Bytes, latin1Decode } from '../../../../tango/wire/latin1.ts'
import { CALL_FILES, fromHex, goldenVectors, toHex } from '../../../interop/golden.ts'

/** What came out of a conversation, as text that can be compared. */
class Recorder implements GiopHandler {
  readonly events: string[] = []
  error: CdrError | undefined

  onRequest(request: RequestHeader, args: CdrReader, minor: number): void {
    const { requestId, operation, objectKey, responseExpected } = request
    const body = toHex(args.rawOctets(args.remaining))
    this.events.push(`request 1.${minor} ${requestId} ${operation} ${toHex(objectKey)} ${responseExpected} ${body}`)
  }

  onReply(reply: ReplyHeader, result: CdrReader, minor: number): void {
    const body = toHex(result.rawOctets(result.remaining))
    this.events.push(`reply 1.${minor} ${reply.requestId} ${reply.status} ${body}`)
  }

  onLocateRequest(requestId: number, objectKey: Uint8Array): void {
    this.events.push(`locate ${requestId} ${latin1Decode(objectKey, 0, objectKey.length)}`)
  }

  onLocateReply(requestId: number, status: number): void {
    this.events.push(`located ${requestId} ${status}`)
  }

  onCancelRequest(requestId: number): void {
    this.events.push(`cancel ${requestId}`)
  }

  onCloseConnection(): void {
    this.events.push('close')
  }

  onError(error: CdrError): void {
    this.error = error
    this.events.push('error')
  }
}

function eventsOf(chunks: readonly Uint8Array[], limits: GiopLimits = {}): string[] {
  const recorder = new Recorder()
  const connection = new GiopConnection(recorder, limits)
  for (const chunk of chunks) {
    const reused = chunk.slice()
    connection.receive(reused)
    // The caller reads into the same buffer again.
    reused.fill(0xee)
  }
  return recorder.events
}

function request(id: number, minor: number, body: number): Uint8Array {
  const w = new CdrWriter()
  const objectKey = latin1Bytes('key')
  const mark = beginRequest(w, { minor, requestId: id, objectKey, operation: `op${id}`, responseExpected: true })
  w.rawOctets(Uint8Array.from({ length: body }, (_, i) => id + i))
  endMessage(w, minor, mark)
  return w.toBytes()
}

/** Cuts a message into fragments whose sizes are multiples of 8, the last one empty or not. */
function fragments(message: Uint8Array, minor: number, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let at = 0
  const idSize = minor >= 2 ? 4 : 0
  sizes.forEach((size, i) => {
    const payload = message.subarray(at, at + size)
    const last = i === sizes.length - 1
    const head = i === 0 ? 0 : 12 + idSize
    const piece = new Uint8Array(head + payload.length)
    piece.set(payload, head)
    piece.set(message.subarray(0, 12))
    if (i > 0 && minor >= 2) piece.set(message.subarray(12, 16), 12)
    if (i > 0) piece[7] = MESSAGE.fragment
    piece[6] = last ? 1 : 3
    new DataView(piece.buffer).setUint32(8, piece.length - 12, true)
    pieces.push(piece)
    at += size
  })
  return pieces
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

/** Messages of the recorded traffic, fragments apart. */
function recordedMessages(): Uint8Array[] {
  const giop: Uint8Array[] = []
  const others: Uint8Array[] = []
  for (const file of CALL_FILES) {
    const target = file === 'tango-giop' || file === 'tango-fragments' ? giop : others
    for (const { request: sent, reply, message } of goldenVectors(file)) {
      for (const one of [sent, reply, message]) {
        if (one === undefined) continue
        target.push(join((one.fragments ?? [one.hex]).map(fromHex)))
      }
    }
  }
  return [...giop, ...others.slice(0, 200)]
}

describe('GiopConnection', () => {
  it('gives the same messages for any chunking', () => {
    const stream = join([request(1, 0, 5), request(2, 1, 0), request(3, 2, 100), request(4, 2, 0)])
    const whole = eventsOf([stream])
    assert.equal(whole.length, 4)
    for (const size of [1, 2, 3, 7, 11, 12, 13, 16, 50]) {
      const chunks: Uint8Array[] = []
      for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size))
      assert.deepEqual(eventsOf(chunks), whole, `chunks of ${size}`)
    }
  })

  it('asks for more at every cut of every recorded message and never invents one', () => {
    for (const message of recordedMessages()) {
      const whole = eventsOf([message])
      assert.equal(whole.length, 1)
      assert.notEqual(whole[0], 'error')
      const recorder = new Recorder()
      const connection = new GiopConnection(recorder)
      // One octet at a time is every cut at once; 24 kB of them would be slow in pairs.
      for (let cut = 0; cut < message.length; cut += 1) {
        assert.deepEqual(recorder.events, [], `complete after ${cut} of ${message.length} octets`)
        connection.receive(message.subarray(cut, cut + 1))
      }
      assert.deepEqual(recorder.events, whole)
      assert.ok(connection.atRest)
      if (message.length > 2000) continue
      for (let cut = 1; cut < message.length; cut += 1) {
        assert.deepEqual(eventsOf([message.subarray(0, cut), message.subarray(cut)]), whole, `cut at ${cut}`)
      }
    }
  })

  it('refuses messages whose size field was shortened instead of reading beyond them', () => {
    for (const message of recordedMessages().slice(0, 80)) {
      const whole = eventsOf([message])[0]
      for (let size = 0; size < Math.min(message.length - 12, 300); size += 1) {
        const cut = message.slice(0, 12 + size)
        new DataView(cut.buffer).setUint32(8, size, (cut[6]! & 1) === 1)
        const recorder = new Recorder()
        new GiopConnection(recorder).receive(cut)
        assert.ok(recorder.events.length <= 1)
        assert.notEqual(recorder.events[0], whole, `size ${size}`)
      }
    }
  })

  it('puts recorded fragments together, the last one being empty', () => {
    for (const { id, reply, request: sent } of goldenVectors('tango-fragments')) {
      for (const one of [sent, reply]) {
        if (one?.fragments === undefined) continue
        const events = eventsOf(one.fragments.map(fromHex))
        assert.equal(events.length, 1, id)
        assert.ok(events[0]!.endsWith(one.hex.slice(2 * one.body_offset)), id)
      }
    }
  })

  for (const minor of [1, 2]) {
    it(`puts GIOP 1.${minor} fragments of any size together`, () => {
      const message = request(7, minor, 200)
      const whole = eventsOf([message])
      for (const sizes of [
        [48, message.length - 48],
        [48, 8, 8, message.length - 64],
        [48, 0, message.length - 48, 0],
        [message.length, 0],
      ]) {
        const pieces = fragments(message, minor, sizes)
        assert.deepEqual(eventsOf(pieces), whole, `sizes ${sizes}`)
        assert.deepEqual(eventsOf([join(pieces)]), whole, `sizes ${sizes} in one chunk`)
        assert.deepEqual(eventsOf([...join(pieces)].map((octet) => Uint8Array.of(octet))), whole)
      }
    })
  }

  it('keeps interleaved fragments of different requests apart', () => {
    const one = fragments(request(10, 2, 300), 2, [64, 64, 2000])
    const two = fragments(request(20, 2, 300), 2, [72, 2000])
    const plain = request(30, 2, 5)
    const mixed = eventsOf([one[0]!, two[0]!, plain, one[1]!, two[1]!, one[2]!])
    const expected = [plain, request(20, 2, 300), request(10, 2, 300)].flatMap((message) => eventsOf([message]))
    assert.deepEqual(mixed, expected)
  })

  it('ignores a fragment of nothing', () => {
    const lone = fragments(request(10, 2, 300), 2, [64, 2000])[1]!
    assert.deepEqual(eventsOf([lone, request(1, 2, 0)]), eventsOf([request(1, 2, 0)]))
    assert.deepEqual(eventsOf([...lone].map((octet) => Uint8Array.of(octet))), [])
  })

  it('ends the conversation at bad magic, at the fourth octet already', () => {
    assert.deepEqual(eventsOf([fromHex('47455420')]), ['error'])
    assert.deepEqual(eventsOf([fromHex('47'), fromHex('455420')]), ['error'])
    assert.deepEqual(eventsOf([fromHex('474554202f20485454502f312e310d0a'), request(1, 2, 0)]), ['error'])
  })

  it('refuses other versions and unknown types', () => {
    for (const head of [
      '47494f500103010000000000',
      '47494f500200010000000000',
      '47494f500102010800000000',
      '47494f500100010700000000',
    ]) {
      assert.deepEqual(eventsOf([fromHex(head)]), ['error'], head)
    }
  })

  it('refuses a message above the limit from its header alone', () => {
    assert.deepEqual(eventsOf([fromHex('47494f5001020100ffffffff')]), ['error'])
    assert.deepEqual(eventsOf([request(1, 2, 100)], { maxMessageSize: 64 }), ['error'])
  })

  it('bounds what fragments add up to, in one message and in all unfinished ones', () => {
    const pieces = fragments(request(1, 2, 5000), 2, [1024, 1024, 1024, 1024, 5000])
    assert.deepEqual(eventsOf(pieces, { maxMessageSize: 3000 }), ['error'])
    const many = Array.from({ length: 9 }, (_, i) => fragments(request(i, 2, 1000), 2, [512, 5000])[0]!)
    assert.deepEqual(eventsOf(many, { maxMessageSize: 4096 }), ['error'])
    assert.deepEqual(eventsOf(many, { maxUnfinished: 8 }), ['error'])
    assert.deepEqual(eventsOf(many, { maxUnfinished: 9 }), [])
  })

  it('refuses a second message with the id of an unfinished one', () => {
    const [first] = fragments(request(1, 2, 300), 2, [64, 2000])
    assert.deepEqual(eventsOf([first!, first!]), ['error'])
  })

  it('does not take 256 MiB because somebody announces them', () => {
    const before = process.memoryUsage().arrayBuffers
    const connections = Array.from({ length: 8 }, () => {
      const connection = new GiopConnection(new Recorder())
      connection.receive(fromHex('47494f500102010000000010'))
      return connection
    })
    assert.ok(process.memoryUsage().arrayBuffers - before < 8 * 17 * 1024 * 1024)
    assert.ok(connections.every((connection) => !connection.atRest))
  })

  it('receives a message of 40 MB', () => {
    const w = new CdrWriter()
    const mark = beginReply(w, 2, 2, 0)
    const data = Float64Array.from({ length: 5_000_000 }, (_, i) => i)
    w.doubles(data)
    endMessage(w, 2, mark)
    let received: Float64Array | undefined
    const connection = new GiopConnection({
      onReply(_, result) {
        received = result.doubles()
      },
      onCloseConnection() {},
      onError: (error) => assert.fail(error),
    })
    const bytes = w.written
    for (let at = 0; at < bytes.length; at += 65536) connection.receive(bytes.subarray(at, at + 65536))
    assert.equal(received?.length, data.length)
    assert.equal(received?.[4_999_999], 4_999_999)
  })

  it('tells of an orderly close and treats a message error as broken protocol', () => {
    const w = new CdrWriter()
    writeBareMessage(w, 2, MESSAGE.closeConnection)
    assert.deepEqual(eventsOf([w.toBytes()]), ['close'])
    w.reset()
    writeBareMessage(w, 2, MESSAGE.messageError)
    assert.deepEqual(eventsOf([w.toBytes()]), ['error'])
  })

  it('refuses messages of the other role', () => {
    let error: CdrError | undefined
    const connection = new GiopConnection({
      onCloseConnection() {},
      onError(e) {
        error = e
      },
    })
    connection.receive(request(1, 2, 0))
    assert.ok(error instanceof CdrError)
  })

  it('says nothing more after its end', () => {
    const recorder = new Recorder()
    const connection = new GiopConnection(recorder)
    connection.receive(request(1, 2, 0).subarray(0, 20))
    connection.end()
    connection.receive(request(1, 2, 0).subarray(20))
    connection.receive(request(2, 2, 0))
    assert.deepEqual(recorder.events, [])
  })

  it('hands out nothing while paused and everything afterwards, however the octets came', () => {
    const stream = [request(1, 2, 20), ...fragments(request(2, 2, 64), 2, [56, 40, 8]), request(3, 0, 3)]
    const bytes = new Uint8Array(Buffer.concat(stream))
    const whole = eventsOf([bytes])
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const recorder = new Recorder()
      let held = 0
      const connection: GiopConnection = new GiopConnection(
        Object.assign(recorder, {
          onHeld: (octets: number) => {
            held += octets
          },
          onRequest: (...args: Parameters<Recorder['onRequest']>) => {
            Recorder.prototype.onRequest.apply(recorder, args)
            connection.pause()
          },
        }),
      )
      connection.receive(bytes.subarray(0, cut))
      connection.receive(bytes.subarray(cut))
      const soFar = recorder.events.length
      assert.ok(soFar <= 1)
      assert.equal(connection.kept > 0, soFar === 1)
      for (let i = 0; i < 5; i += 1) connection.resume()
      assert.deepEqual(recorder.events, whole)
      assert.equal(held, 0)
      assert.equal(connection.kept, 0)
    }
  })

  it('gives back what it holds when it ends at any point', () => {
    const bytes = Buffer.concat([...fragments(request(2, 2, 64), 2, [56, 40, 8]), request(3, 2, 300)])
    for (let cut = 0; cut < bytes.length; cut += 1) {
      let held = 0
      const handler = Object.assign(new Recorder(), {
        onHeld: (octets: number) => {
          held += octets
        },
      })
      const connection = new GiopConnection(handler)
      connection.receive(bytes.subarray(0, cut))
      connection.end()
      assert.equal(held, 0, `after ${cut} octets`)
    }
  })

  it('notices messages that stand still, and not those that go on', () => {
    const message = request(1, 2, 40_000)
    const pieces = fragments(request(2, 2, 64), 2, [56, 40, 8])
    for (const start of [message.subarray(0, 5), message.subarray(0, 100), pieces[0] ?? message]) {
      const connection = new GiopConnection(new Recorder())
      connection.receive(start)
      assert.equal(connection.standsStill(), false)
      assert.equal(connection.standsStill(), true)
    }
    const growing = new GiopConnection(new Recorder())
    for (let at = 0; at < message.length; at += 2000) {
      growing.receive(message.subarray(at, at + 2000))
      assert.equal(growing.standsStill(), false)
    }
    assert.equal(growing.atRest, true)
  })

  it('assembles a big message of many small fragments in linear time', () => {
    const body = 4_000_000
    const message = request(1, 2, body)
    const sizes = [56, ...Array.from({ length: body / 40 }, () => 40)]
    const recorder = new Recorder()
    const connection = new GiopConnection(
      Object.assign(recorder, {
        onRequest: (_request: RequestHeader, args: CdrReader) => recorder.events.push(String(args.remaining)),
      }),
    )
    connection.receive(Buffer.concat(fragments(message, 2, sizes)))
    assert.deepEqual(recorder.events, [String(body)])
  })
})
