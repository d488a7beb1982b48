// Every recorded call: decodes to the stated values and is written again with the same octets.

import assert from 'node:assert/strict'
import { CdrError, CdrWriter } from '../../../../tango/wire/cdr.ts'
import type { Codec } from '../../../../tango/wire/codec.ts'
import type { MessageHeader } from '../../../../tango/wire/giop.ts'
import {
  beginReply,
  beginRequest,
  COMPLETED,
  endMessage,
  messageReader,
  REPLY,
  readLocateReply,
  readLocateRequest,
  readMessageHeader,
  readReply,
  readRequest,
  readSystemException,
  writeBareMessage,
  writeLocateReply,
  writeLocateRequest,
  writeSystemException,
} from '../../../../tango/wire/giop.ts'
import type { Operation } from '../../../../tango/wire/operations.ts'
import { EXCEPTION_IDS, OPERATIONS } from '../../../../tango/wire/operations.ts'
import { devErrorList, namedDevErrorList } from '../../../../tango/wire/tango-basic.ts'
import type { GoldenMessage } from '../../../interop/golden.ts'
import { assertGolden, CALL_FILES, fromHex, goldenVectors, masked, toHex } from '../../../interop/golden.ts'

const operations = new Map<string, Operation<readonly unknown[], unknown>>(Object.entries(OPERATIONS))

/** A bare sequence in an any: understood, but written as the alias that Tango's interface declares. */
const REWRITTEN = 'raw.op.command_inout.seq_no_alias'

/** Header of a message; a reassembled one still has size and flags of its first fragment. */
function headerOf(bytes: Uint8Array, message: GoldenMessage): MessageHeader {
  const header = readMessageHeader(bytes)
  return message.fragments === undefined ? header : { ...header, size: bytes.length - 12, more: false }
}

function assertSameOctets(w: CdrWriter, bytes: Uint8Array, message: GoldenMessage): void {
  const size = [6, 8, 9, 10, 11]
  const pad = message.fragments === undefined ? message.pad : [...message.pad, ...size]
  assert.equal(masked(w.written, pad), masked(bytes, pad))
}

function checkRequest(message: GoldenMessage, name: string, id: string): void {
  const bytes = fromHex(message.hex)
  const header = headerOf(bytes, message)
  assert.equal(`1.${header.minor}`, message.giop)
  const r = messageReader(bytes, 0, header, false)
  const request = readRequest(r, header.minor)
  assert.equal(request.requestId, message.request_id)
  assert.equal(request.operation, name)
  assert.equal(toHex(request.objectKey), message.object_key)
  assert.equal(request.responseExpected, message.response_flags !== 0)
  const contexts = message.service_contexts ?? []
  assert.deepEqual(
    request.serviceContexts.map((context) => [context.id, toHex(context.data)]),
    contexts,
  )
  const args = message.args ?? {}
  if (Object.keys(args).length > 0) assert.equal(r.position, message.body_offset)
  const operation = operations.get(name)
  const values = operation?.in.decode(r) ?? []
  assert.equal(r.remaining, 0, 'octets after the arguments')
  assertGolden(values, Object.values(args), 'args')
  if (id === REWRITTEN) return

  const w = new CdrWriter({ littleEndian: message.little_endian })
  const mark = beginRequest(w, { ...request, minor: header.minor })
  operation?.in.encode(w, values)
  endMessage(w, header.minor, mark)
  assertSameOctets(w, bytes, message)
}

function checkReply(message: GoldenMessage, name: string): void {
  const bytes = fromHex(message.hex)
  const header = headerOf(bytes, message)
  const r = messageReader(bytes, 0, header, false)
  const reply = readReply(r, header.minor)
  const { requestId, status } = reply
  assert.equal(requestId, message.request_id)
  const w = new CdrWriter({ littleEndian: message.little_endian })
  if (status === REPLY.systemException) {
    assert.equal(message.status, 'SYSTEM_EXCEPTION')
    const exception = readSystemException(r)
    assert.deepEqual(
      {
        id: `IDL:omg.org/CORBA/${exception.name}:1.0`,
        minor: `0x${exception.minor.toString(16)}`,
        completed: COMPLETED.indexOf(exception.completed),
      },
      message.value,
    )
    writeSystemException(w, header.minor, requestId, exception)
  } else {
    const mark = beginReply(w, header.minor, requestId, status)
    const codec = status === REPLY.noException ? operations.get(name)?.out : exceptionCodec(r.string(), w, message)
    assert.ok(codec !== undefined, `operation ${name} is unknown`)
    const value = codec.decode(r)
    assertGolden(value, status === REPLY.noException ? message.result : errorsOf(message.value), 'result')
    codec.encode(w, value)
    endMessage(w, header.minor, mark)
  }
  assert.equal(r.remaining, 0, 'octets after the result')
  assertSameOctets(w, bytes, message)
}

function exceptionCodec(id: string, w: CdrWriter, message: GoldenMessage): Codec<unknown> | undefined {
  assert.equal(message.status, 'USER_EXCEPTION')
  assert.equal(id, message.exception)
  w.string(id)
  if (id === EXCEPTION_IDS.DevFailed) return devErrorList
  return id === EXCEPTION_IDS.MultiDevFailed ? namedDevErrorList : undefined
}

function errorsOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'errors' in value ? value.errors : undefined
}

function checkLocate(request: GoldenMessage, reply: GoldenMessage): void {
  const bytes = fromHex(request.hex)
  const header = readMessageHeader(bytes)
  const { requestId, objectKey } = readLocateRequest(messageReader(bytes, 0, header, false), header.minor)
  const w = new CdrWriter()
  writeLocateRequest(w, header.minor, requestId, objectKey)
  assert.equal(toHex(w.written), request.hex)
  const replyBytes = fromHex(reply.hex)
  const answer = readLocateReply(messageReader(replyBytes, 0, readMessageHeader(replyBytes), false))
  assert.deepEqual(answer, { requestId, status: reply.locate_status })
  w.reset()
  writeLocateReply(w, header.minor, requestId, answer.status)
  assert.equal(toHex(w.written), reply.hex)
}

/** A body that ends too early fails cleanly, wherever it ends. */
function checkCuts(message: GoldenMessage, codec: Codec<unknown>, request: boolean): void {
  const bytes = fromHex(message.hex)
  const header = headerOf(bytes, message)
  for (let end = message.body_offset; end < bytes.length; end += 1) {
    const r = messageReader(bytes, 0, { ...header, size: end - 12 }, end % 2 === 0)
    if (request) readRequest(r, header.minor)
    else readReply(r, header.minor)
    assert.throws(() => codec.decode(r), CdrError, `cut at ${end} of ${bytes.length}`)
  }
}

describe('recorded calls', () => {
  it('fail cleanly when their body is cut at any offset', () => {
    for (const file of CALL_FILES) {
      for (const { operation = '', request, reply } of goldenVectors(file)) {
        const known = operations.get(operation)
        if (known === undefined || file === 'tango-fragments') continue
        if (request !== undefined && request.hex.length < 6000) checkCuts(request, known.in, true)
        if (reply?.status === 'NO_EXCEPTION' && reply.hex.length < 6000) checkCuts(reply, known.out, false)
      }
    }
  })

  for (const file of CALL_FILES) {
    describe(file, () => {
      for (const { id, operation = '', request, reply, message } of goldenVectors(file)) {
        if (message !== undefined) {
          it(`${id} is written again octet by octet`, () => {
            const { minor, type, size } = readMessageHeader(fromHex(message.hex))
            assert.equal(size, 0)
            const w = new CdrWriter()
            writeBareMessage(w, minor, type)
            assert.equal(toHex(w.written), message.hex)
          })
        } else if (operation === 'LocateRequest' && request !== undefined && reply !== undefined) {
          it(`${id} is read and written again octet by octet`, () => checkLocate(request, reply))
        } else {
          if (request !== undefined) {
            it(`the request ${id} decodes and is written again`, () => checkRequest(request, operation, id))
          }
          if (reply !== undefined)
            it(`the reply ${id} decodes and is written again`, () => checkReply(reply, operation))
        }
      }
    })
  }
})
