// Valid messages to start from: recorded requests of native clients addressed to our devices, requests invented for each
// operation, and TypeCodes that try the reader of any.

import { CdrError, type CdrReader, CdrWriter } from '../../tango/wire/cdr.ts'
import type { Codec } from '../../tango/wire/codec.ts'
import {
  beginRequest,
  endMessage,
  GIOP_HEADER_SIZE,
  MESSAGE,
  messageReader,
  readMessageHeader,
  readRequest,
  writeBareMessage,
  writeCancelRequest,
  writeLocateRequest,
} from '../../tango/wire/giop.ts'
import { latin1Bytes, latin1Decode } from '../../tango/wire/latin1.ts'
import { OPERATIONS } from '../../tango/wire/operations.ts'
import { KIND } from '../../tango/wire/type-code.ts'
import { CALL_FILES, fromHex, goldenVectors } from '../interop/golden.ts'
import { everythingInterface } from '../support/everything-device.ts'
import { InventingReader } from './inventing-reader.ts'
import type { Random } from './random.ts'

/** What a generator must know of the server under attack. */
export interface Victims {
  /** Object keys. */
  readonly keys: readonly string[]
  /** Requests to start from, see {@link recordedRequests}. */
  readonly recorded: readonly RecordedRequest[]
}

/** A request of a native client without its header. */
export interface RecordedRequest {
  readonly operation: string
  readonly minor: number
  readonly littleEndian: boolean
  readonly body: Uint8Array
}

/** Commands that end the server or write files: granted to everybody by Tango, and no use here. */
const FORBIDDEN = /Kill|RestartServer|file::|LoggingTarget|__proto__/i
const ATTRIBUTES = Object.values(everythingInterface.attributes).map((spec, i) => {
  return spec.name ?? Object.keys(everythingInterface.attributes)[i] ?? ''
})
const COMMANDS = Object.entries(everythingInterface.commands).map(([key, spec]) => {
  return spec.name ?? `${key.charAt(0).toUpperCase()}${key.slice(1)}`
})
const ADMIN_COMMANDS = [
  'DevPollStatus',
  'AddObjPolling',
  'RemObjPolling',
  'UpdObjPollingPeriod',
  'PolledDevice',
  'QueryClass',
  'QueryDevice',
  'QueryWizardClassProperty',
  'QueryWizardDevProperty',
  'SetLoggingLevel',
  'GetLoggingLevel',
  'EventSubscriptionChange',
  'ZmqEventSubscriptionChange',
  'EventConfirmSubscription',
  'LockDevice',
  'UnLockDevice',
  'ReLockDevices',
  'DevLockStatus',
  'DevRestart',
  'Init',
]
const OTHER_WORDS = ['All attributes', 'All pipes', 'subscribe', 'change', 'info', '', 'NaN', '0', '1', 'Not specified']
const NUMBERS_AS_TEXT = ['-1', '1e308', 'State', 'Status', 'attribute', 'command', '100', 'None', 'constructor']
const NO_ARGUMENT_COUNT = 20

/** Makes messages. */
export class Seeds {
  readonly #random: Random
  readonly #victims: Victims
  readonly #words: readonly string[]

  constructor(random: Random, victims: Victims) {
    this.#random = random
    this.#victims = victims
    const rare = [...ADMIN_COMMANDS, ...victims.keys, ...OTHER_WORDS, ...NUMBERS_AS_TEXT]
    this.#words = [...ATTRIBUTES, ...COMMANDS, ...rare, ...rare, ...ATTRIBUTES.map((name) => name.toLowerCase())]
  }

  /** A message of any kind. */
  message(): Uint8Array {
    const draw = this.#random.below(100)
    if (draw < 55) return this.invented()
    if (draw < 80) return this.recorded()
    if (draw < 92) return this.typeCode()
    return this.small()
  }

  /** A recorded request of a native client, to one of our objects. */
  recorded(): Uint8Array {
    const { operation, minor, body, littleEndian } = this.#random.pick(this.#victims.recorded)
    return this.#request(operation, minor, littleEndian, (w) => w.rawOctets(body))
  }

  /** A request of any operation with invented arguments. */
  invented(): Uint8Array {
    const operation = this.#random.pick(Object.values(OPERATIONS))
    const args = this.#invent(operation.in)
    // arguments and codec are of the same operation
    const codec = operation.in as Codec<unknown>
    return this.#request(operation.name, this.#random.pick([2, 2, 2, 1, 0]), this.#random.chance(0.7), (w) => {
      codec.encode(w, args)
    })
  }

  /** A command whose argument has a TypeCode that native clients would not send. */
  typeCode(): Uint8Array {
    return this.#request('command_inout', 2, this.#random.chance(0.7), (w) => {
      w.string(this.#random.pick(COMMANDS))
      this.#anyTypeCode(w, this.#random.pick([0, 0, 25]), [])
      w.rawOctets(this.#random.bytes(this.#random.below(40)))
    })
  }

  /** Messages beside requests. */
  small(): Uint8Array {
    const w = new CdrWriter({ littleEndian: this.#random.chance(0.7) })
    const minor = this.#random.below(3)
    const draw = this.#random.below(8)
    const id = this.#random.below(10)
    if (draw < 3) writeLocateRequest(w, minor, id, latin1Bytes(this.#key()))
    else if (draw < 6) writeCancelRequest(w, minor, id)
    else writeBareMessage(w, minor, this.#random.pick([MESSAGE.closeConnection, MESSAGE.messageError, MESSAGE.reply]))
    return w.toBytes()
  }

  #key(): string {
    return this.#random.chance(0.97) ? this.#random.pick(this.#victims.keys) : 'no/such/device'
  }

  #request(name: string, minor: number, littleEndian: boolean, write: (w: CdrWriter) => void): Uint8Array {
    const w = new CdrWriter({ littleEndian })
    const requestId = this.#random.chance(0.9) ? this.#random.below(20) : this.#random.word()
    const objectKey = latin1Bytes(this.#key())
    const responseExpected = this.#random.chance(0.95)
    const mark = beginRequest(w, { minor, requestId, objectKey, operation: name, responseExpected })
    write(w)
    endMessage(w, minor, mark)
    return w.toBytes()
  }

  #invent(codec: Codec<unknown>): unknown {
    for (;;) {
      try {
        const value = codec.decode(new InventingReader(this.#random, this.#words))
        // also finds out whether it can be encoded
        const w = new CdrWriter()
        codec.encode(w, value)
        return value
      } catch (error) {
        if (!(error instanceof CdrError)) throw error
      }
    }
  }

  /** Any TypeCode: nested, recursive, with indirections anywhere. */
  #anyTypeCode(w: CdrWriter, depth: number, starts: number[]): void {
    const random = this.#random
    w.align(4)
    const draw = random.below(10)
    if (starts.length > 0 && draw < 2) {
      w.ulong(0xffffffff)
      const here = w.position
      w.long(random.chance(0.7) ? random.pick(starts) - here : random.pick([0, -4, -8, 4, -0x7fffffff, -12, -100]))
      return
    }
    starts.push(w.position)
    if (depth > 60 || draw < 4) {
      w.ulong(random.below(NO_ARGUMENT_COUNT * 2))
      if (random.chance(0.3)) w.ulong(random.below(5))
      return
    }
    const kind = random.pick([KIND.sequence, KIND.alias, KIND.struct, KIND.enum, KIND.alias, KIND.sequence])
    w.ulong(kind)
    w.encapsulation(() => {
      if (kind === KIND.sequence) {
        this.#anyTypeCode(w, depth + 1, starts)
        w.ulong(0)
        return
      }
      w.string(random.chance(0.7) ? `IDL:x/y${random.below(5)}:1.0` : 'IDL:Tango/DevVarDoubleArray:1.0')
      w.string('name'.repeat(random.below(5)))
      if (kind === KIND.alias) this.#anyTypeCode(w, depth + 1, starts)
      else {
        const count = random.below(5)
        w.ulong(random.chance(0.9) ? count : random.word())
        for (let i = 0; i < count; i += 1) {
          w.string('m')
          if (kind === KIND.struct) this.#anyTypeCode(w, depth + 1, starts)
        }
      }
    })
  }
}

/** Text of a message, to look for words in it. */
export function isForbidden(message: Uint8Array): boolean {
  return FORBIDDEN.test(latin1Decode(message, 0, message.length))
}

/** The requests of all golden files. */
export function recordedRequests(): readonly RecordedRequest[] {
  const found: RecordedRequest[] = []
  for (const file of CALL_FILES) {
    for (const { request } of goldenVectors(file)) {
      if (request === undefined) continue
      const bytes = fromHex(request.hex)
      if (bytes.length < GIOP_HEADER_SIZE || isForbidden(bytes)) continue
      const header = readMessageHeader(bytes)
      if (header.type !== MESSAGE.request || header.more) continue
      const r: CdrReader = messageReader(bytes, 0, header, true)
      const { operation } = readRequest(r, header.minor)
      // only where arguments begin at a multiple of eight do they stay what they are behind another key
      if (header.minor < 2 && r.position % 8 !== 0) continue
      found.push({ operation, minor: header.minor, body: r.rawOctets(r.remaining), littleEndian: header.littleEndian })
    }
  }
  return found
}
