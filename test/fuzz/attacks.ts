// Attacks with a plan, beside the random cases: clients that promise, trickle, flood, do not read, or ask for too much.

import type net from 'node:net'
import { CdrWriter } from '../../tango/wire/cdr.ts'
import { beginMessage, beginRequest, endMessage, MESSAGE } from '../../tango/wire/giop.ts'
import { latin1Bytes } from '../../tango/wire/latin1.ts'
import { OPERATIONS, type Operation } from '../../tango/wire/operations.ts'
import type { ClntIdent } from '../../tango/wire/tango-basic.ts'
import { within } from '../support/waiting.ts'
import type { Address } from './attacker.ts'
import { open } from './attacker.ts'
import { VICTIM } from './devices.ts'
import { joined } from './mutations.ts'

const WHO: ClntIdent = { language: 'CPP', pid: 666 }
const CLOSE_MS = 10_000
const DEV_STRING = 18

/** A raw connection. */
export class RawConnection {
  readonly socket: net.Socket
  received = 0
  readonly #closed: Promise<void>
  isClosed = false

  constructor(address: Address, local = false) {
    this.socket = open(address, local)
    this.socket.on('data', (chunk) => {
      this.received += chunk.length
    })
    this.#closed = new Promise((resolve) => {
      const done = (): void => {
        this.isClosed = true
        resolve()
      }
      this.socket.once('end', done)
      this.socket.once('close', done)
    })
  }

  async connected(): Promise<this> {
    if (this.socket.connecting) await new Promise((resolve) => this.socket.once('connect', resolve))
    return this
  }

  /** Resolves when the server has closed. */
  async closed(what = 'the server to close the connection'): Promise<void> {
    await within(what, this.#closed, CLOSE_MS)
  }

  /** Resolves when all octets have left this process; never while the server does not read. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()))
  }

  end(): void {
    this.socket.destroy()
  }
}

/** A request to the device under attack. */
export function request<In extends readonly unknown[]>(
  operation: Operation<In, unknown>,
  args: In,
  requestId = 1,
  key = VICTIM,
): Uint8Array {
  return rawRequest(operation.name, (w) => operation.in.encode(w, args), requestId, key)
}

/** A request whose arguments are written by hand. */
export function rawRequest(
  operation: string,
  write: (w: CdrWriter) => void,
  requestId = 1,
  key = VICTIM,
  responseExpected = true,
): Uint8Array {
  const w = new CdrWriter({ capacity: 256 })
  const options = { minor: 2, requestId, objectKey: latin1Bytes(key), operation, responseExpected }
  const mark = beginRequest(w, options)
  write(w)
  endMessage(w, 2, mark)
  return w.toBytes()
}

/** Header of a message that announces `size` octets. */
export function announcement(size: number, type: number = MESSAGE.request): Uint8Array {
  const w = new CdrWriter()
  beginMessage(w, 2, type)
  w.patchUlong(8, size)
  return w.toBytes()
}

/** First fragments of many messages, none of which goes on. */
export function unfinishedFragments(count: number, octets: number): Uint8Array {
  return joined(
    Array.from({ length: count }, (_, i) => {
      const message = rawRequest('ping', (w) => w.rawOctets(new Uint8Array(octets)), i)
      message[6] = (message[6] ?? 0) | 2
      return message
    }),
  )
}

/** A short request with an answer of some 23 kB. */
export function greedyRequest(requestId: number): Uint8Array {
  return request(OPERATIONS.get_attribute_config_5, [['All attributes_3']], requestId)
}

/** A command that is answered when the client is gone. */
export function endlessCommand(requestId: number): Uint8Array {
  return request(OPERATIONS.command_inout_4, ['Wait', { type: 'DevVoid', value: undefined }, 'DEV', WHO], requestId)
}

type Bomb = (octets: number, zeros: Uint8Array) => Uint8Array

const BOMBS: Readonly<Record<string, Bomb>> = {
  'names to read': (octets, zeros) => rawRequest('read_attributes_5', (w) => names(w, octets / 4, zeros)),
  'names of configurations': (octets, zeros) =>
    rawRequest('get_attribute_config_5', (w) => names(w, octets / 4, zeros)),
  'values to write': (octets, zeros) => rawRequest('write_attributes_4', (w) => sequenceOf(w, octets / 60, zeros)),
  configurations: (octets, zeros) => rawRequest('set_attribute_config_5', (w) => sequenceOf(w, octets / 200, zeros)),
  strings: (octets, zeros) => commandWith('EchoDevVarStringArray', 'DevVarStringArray', DEV_STRING, octets / 4, zeros),
  booleans: (octets, zeros) => commandWith('EchoDevVarBooleanArray', 'DevVarBooleanArray', 8, octets, zeros),
  states: (octets, zeros) => commandWith('EchoDevVarStateArray', 'DevVarStateArray', 3, octets / 4, zeros),
  'pipe elements': (octets, zeros) => rawRequest('write_pipe_5', (w) => pipe(w, octets / 24, zeros)),
}

/** What {@link memoryBomb} can be made of. */
export const MEMORY_BOMBS: readonly string[] = Object.keys(BOMBS)

/** A request whose small elements, some `octets` in all, would become much memory, or an answer that does. */
export function memoryBomb(what: string, octets: number): Uint8Array {
  const make = BOMBS[what]
  if (make === undefined) throw new Error(`unreachable: nothing known of ${what}`)
  return make(octets, new Uint8Array(octets))
}

/** Empty names, then a source and a client. */
function names(w: CdrWriter, count: number, zeros: Uint8Array): void {
  sequenceOf(w, count, zeros)
  for (let i = 0; i < 3; i += 1) w.ulong(0)
}

function sequenceOf(w: CdrWriter, count: number, content: Uint8Array): void {
  w.ulong(Math.floor(count))
  w.rawOctets(content)
}

function commandWith(command: string, type: string, element: number, count: number, content: Uint8Array): Uint8Array {
  return rawRequest('command_inout', (w) => {
    w.string(command)
    w.ulong(21)
    w.encapsulation(() => {
      w.string(`IDL:Tango/${type}:1.0`)
      w.string(type)
      w.ulong(19)
      w.encapsulation(() => {
        w.ulong(element)
        w.ulong(0)
      })
    })
    sequenceOf(w, count, content)
  })
}

function pipe(w: CdrWriter, count: number, content: Uint8Array): void {
  w.string('pipe')
  for (let i = 0; i < 3; i += 1) w.long(0)
  w.string('blob')
  sequenceOf(w, count, content)
}
