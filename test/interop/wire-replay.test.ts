// Recorded requests of native clients, sent octet by octet to a server of ours with the same interface; the replies must
// say the same as those of the native server, field by field. What is not compared is listed in MASKS and NOT_REPLAYED.

import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { memoryStore, startDatabase } from '#db-config'
import {
  type DevFailed,
  Device,
  type DeviceClass,
  type DeviceServer,
  devFailed,
  silentLogger,
  TangoProcess,
} from '#tango'
import { loadClass } from '../../facility/catalogue.ts'
import type { Servant } from '../../tango/orb/orb-server.ts'
import { messageReader, REPLY, readMessageHeader, readReply } from '../../tango/wire/giop.ts'
import { EXCEPTION_IDS, OPERATIONS, type Operation } from '../../tango/wire/operations.ts'
import { devErrorList, namedDevErrorList } from '../../tango/wire/tango-basic.ts'
import { RawClient } from '../support/raw-client.ts'
import { WireTest, wireTest } from '../support/wire-test.ts'
import { assertGolden, fromHex, type GoldenVector, goldenVectors, toHex } from './golden.ts'

const FILES = [
  'tango-device-basic',
  'tango-commands',
  'tango-attributes-read',
  'tango-attributes-write',
  'tango-attribute-config',
  'tango-history-blackbox',
  'tango-pipes',
  'tango-admin',
  'tango-legacy-and-errors',
  'tango-no-database',
] as const

/** Object keys of the recorded servers, and the devices of ours that stand for them. */
const KEYS: Readonly<Record<string, string>> = {
  fe3e02006b000058f60000000000: 'wire/test/1',
  fe3e02006b000058f60000000001: 'dserver/wiretest/1',
  fe4706006b000027090000000000: 'wire/test/1',
  fe1f02006b0000576a0000000000: 'sys/tg_test/1',
  '612f6c2f74': 'a/l/t',
}
const DATABASE_KEY = '6461746162617365'

/** Recorded calls that say nothing about a server of ours, and why. */
const NOT_REPLAYED: Readonly<Record<string, string>> = {
  blackbox: 'the lines tell what was called before',
  'raw.op.black_box': 'the lines tell what was called before',
  'cmd.State': 'TangoTest changes its state at random',
  'cmd.Status': 'TangoTest changes its state at random',
  state: 'TangoTest changes its state at random',
  status: 'TangoTest changes its state at random',
  'raw.op._get_status': 'TangoTest changes its state at random',
  'raw.op.command_inout.extra_arg': 'TangoTest changes its state at random',
  'w.ping1': 'PyTango says the class where C++ says nothing; we are as C++',
  'nodb.11.command_inout_4': 'native servers leave the multicast numbers uninitialised',
}

/** Texts that differ between any two runs. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/tcp:\/\/[\d.]+:\d+/g, 'ENDPOINT'],
  [/tango:\/\/[\w.-]+:\d+\//g, 'tango://HOST/'],
  [/(= |since |, )\d+(\.\d+)?/g, '$1N'],
  [/Delta between last records \(in mS\) = [N, ]+/, 'DELTAS'],
  [/^[\w-]+$/g, '$&'],
  [/giop:tcp:[^ ]+/g, 'CLIENT'],
  [/from host [\w.:/-]+/g, 'from host HOST'],
]

const operations = new Map<string, Operation<readonly unknown[], unknown>>(Object.entries(OPERATIONS))

describe('recorded requests', () => {
  let database: TangoProcess
  let tango: TangoProcess
  let withoutDatabase: TangoProcess
  let servers: DeviceServer[]
  let client: RawClient
  let clientWithoutDatabase: RawClient

  before(async () => {
    database = await TangoProcess.create({ log: silentLogger() })
    await startDatabase(database, memoryStore())
    const tangoHost = `127.0.0.1:${database.orb.endpoint.port}`
    tango = await TangoProcess.create({ tangoHost, log: silentLogger() })
    const servants = noteServants(tango)
    const tangoTest = await loadClass('TangoTest')
    servers = [
      await tango.startServer({
        server: 'WireTest',
        instance: '1',
        classes: [wireTest],
        devices: [{ class: 'WireTest', name: 'wire/test/1', properties: POLLING }],
      }),
      await tango.startServer({
        server: 'TangoTest',
        instance: 'test',
        classes: [tangoTest],
        devices: [{ class: 'TangoTest', name: 'sys/tg_test/1' }],
      }),
      await tango.startServer({
        server: 'Mixed',
        instance: '1',
        classes: [mixed],
        devices: [{ class: 'Mixed', name: 'a/l/t', properties: { polled_attr: ['alt', '0'], polled_cmd: ['c', '0'] } }],
      }),
    ]
    for (const [key, name] of Object.entries(KEYS)) {
      const servant = servants.get(name)
      assert.ok(servant !== undefined, name)
      tango.orb.addServant(fromHex(key), servant)
    }
    withoutDatabase = await TangoProcess.create({ log: silentLogger() })
    servers.push(
      await withoutDatabase.startServer({
        server: 'WireTest',
        instance: '2',
        classes: [wireTest],
        database: 'none',
        devices: [{ class: 'WireTest', name: 'Wire/NoDb/1' }],
      }),
    )
    client = await RawClient.open(tango.orb.endpoint.host, tango.orb.endpoint.port)
    const { host, port } = withoutDatabase.orb.endpoint
    clientWithoutDatabase = await RawClient.open(host, port)
  })

  after(async () => {
    await client?.[Symbol.asyncDispose]()
    await clientWithoutDatabase?.[Symbol.asyncDispose]()
    await tango?.close()
    await withoutDatabase?.close()
    await database?.close()
  })

  const deviceOf = (vector: GoldenVector): Device | undefined => {
    const key = vector.request?.object_key ?? ''
    const name = KEYS[key] ?? Buffer.from(key, 'hex').toString('latin1')
    return servers.map((server) => server.device(name)).find((device) => device !== undefined)
  }

  for (const file of FILES) {
    describe(file, () => {
      for (const vector of goldenVectors(file)) {
        const { id, request, reply, operation = '' } = vector
        if (request === undefined || reply === undefined || request.object_key === DATABASE_KEY) continue
        if (id in NOT_REPLAYED) continue
        it(`${id} is answered as by a native server`, async () => {
          if (id in NOT_REPLAYED) return
          const device = deviceOf(vector)
          const settle = device === undefined ? undefined : await prepare(device, vector)
          const connection = file === 'tango-no-database' ? clientWithoutDatabase : client
          const bytes = await connection.call(fromHex(request.hex))
          const answer = decode(bytes, operation)
          assert.equal(answer.status, reply.status, inspect(answer.value))
          assert.equal(answer.littleEndian, true)
          const expected = reply.status === 'NO_EXCEPTION' ? reply.result : errorsOf(reply.value)
          assertGolden(comparable(answer.value), comparable(expected), 'result')
          settle?.()
        })
      }
    })
  }
})

/** So seldom that it does not disturb what the tests put into the buffers. */
const POLLING = { polled_attr: ['polled', '100000'], polled_cmd: ['polledcmd', '100000'] }

/** A device whose polling buffers tests fill. */
const mixed: DeviceClass = {
  spec: {
    class: 'Mixed',
    attributes: { alt: { type: 'DevDouble', format: 'spectrum', max: [8], name: 'alt' } },
    commands: { c: { out: 'DevVarLong64Array', name: 'C' } },
    properties: {},
  },
  create: (context) => new (class extends Device {})(context),
}

/** Keeps the servants of a process as they are added. */
function noteServants(tango: TangoProcess): Map<string, Servant> {
  const servants = new Map<string, Servant>()
  const add = tango.orb.addServant.bind(tango.orb)
  tango.orb.addServant = (key, servant) => {
    if (typeof key === 'string') servants.set(key, servant)
    add(key, servant)
  }
  return servants
}

function decode(bytes: Uint8Array, name: string): { status: string; value: unknown; littleEndian: boolean } {
  const header = readMessageHeader(bytes)
  const r = messageReader(bytes, 0, header, false)
  const { status } = readReply(r, header.minor)
  const { littleEndian } = header
  if (status === REPLY.noException) {
    const value = operations.get(name)?.out.decode(r)
    assert.equal(r.remaining, 0, 'octets after the result')
    return { status: 'NO_EXCEPTION', value, littleEndian }
  }
  assert.equal(status, REPLY.userException)
  const id = r.string()
  const codec = id === EXCEPTION_IDS.DevFailed ? devErrorList : namedDevErrorList
  return { status: 'USER_EXCEPTION', value: codec.decode(r), littleEndian }
}

function errorsOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'errors' in value ? value.errors : undefined
}

/** A copy without what differs between any two runs: times, dates, addresses, durations. */
function comparable(value: unknown): unknown {
  if (typeof value === 'string') return MASKS.reduce((text, [found, mask]) => text.replace(found, mask), value)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) return value.map(comparable)
  if ('tv_sec' in value) return { tv_sec: 0, tv_usec: 0, tv_nsec: 0 }
  if ('sec' in value && 'usec' in value) return { sec: 0, usec: 0, nsec: 0 }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, comparable(member)]))
}

// what the device has to answer

interface ExpectedValue {
  readonly name: string
  readonly value: Readonly<Record<string, unknown>>
  readonly quality: string
  readonly r_dim: Dim
  readonly w_dim: Dim
}
interface Dim {
  readonly dim_x: number
  readonly dim_y: number
}
interface Run {
  readonly start: number
  readonly nb_elt: number
}

/** Puts the device into the state that the recorded reply tells of; returns a check of what the request did. */
async function prepare(device: Device, vector: GoldenVector): Promise<(() => void) | undefined> {
  const { operation = '', request, reply } = vector
  const result: unknown = reply?.result
  if (/^read_attributes|^write_read_attributes/.test(operation) && Array.isArray(result)) {
    for (const value of result) prepareValue(device, value)
    // a polled attribute is answered from the cache
    if (request?.args?.source !== 'DEV') {
      for (const value of result as ExpectedValue[]) {
        if (device.polling.period('attribute', value.name) === undefined) continue
        device.polling.fill('attribute', value.name, [{ value: flat(value.value)[0] }])
      }
    }
  }
  if (/_history_/.test(operation) && reply?.status === 'NO_EXCEPTION') return prepareHistory(device, vector)
  if (operation === 'read_pipe_5' && device instanceof WireTest) {
    device.blob = { name: 'bb', elements: [element('q', 'DevDouble', [1, 2]), element('s', 'DevString', ['a', 'b'])] }
  }
  if (operation === 'write_attributes_4' && reply?.status === 'NO_EXCEPTION' && device instanceof WireTest) {
    device.written.clear()
    const [first] = (request?.args?.values ?? []) as ExpectedValue[]
    return () => {
      assert.ok(first !== undefined && device.written.has(first.name), 'the write handler was not called')
      assertWritten(device.written.get(first.name), first)
    }
  }
  if (operation === 'write_pipe_5' && device instanceof WireTest) {
    return () => {
      const blob = device.written.get('pp')
      assert.deepEqual(JSON.parse(JSON.stringify(blob)).name, 'bb')
    }
  }
  return undefined
}

function element(name: string, type: 'DevDouble' | 'DevString', value: unknown) {
  return { name, type, value }
}

/** The handler gets the values of the request, in their order. */
function assertWritten(got: unknown, { value, w_dim }: ExpectedValue): void {
  const sent = flat(value)
  const received: unknown =
    typeof got === 'object' && got !== null && 'width' in got && 'data' in got ? imageData(got, w_dim) : got
  const list = isList(received) ? Array.from(received) : [received]
  assert.deepEqual(list.map(plain), sent.map(plain))
}

function imageData(image: { readonly data: unknown; readonly width: unknown }, dim: Dim): unknown {
  assert.deepEqual([image.width, Reflect.get(image, 'height')], [dim.dim_x, dim.dim_y])
  return image.data
}

function prepareValue(device: Device, expected: ExpectedValue): void {
  const { name } = expected
  if (name === 'State' && device instanceof WireTest) {
    device.setState('ON', 'wire ok')
    device.values.set('mem', anyValue(expected.value) === 'ALARM' ? 99 : 0)
  }
  if (!(device instanceof WireTest) || !(name in wireTest.spec.attributes)) return
  const spec = wireTest.spec.attributes[name]
  if (spec === undefined || 'ATT_NO_DATA' in expected.value || expected.value.tc === 'void') return
  const values = flat(expected.value).map((v) => converted(spec.type, v))
  const count = size(expected.r_dim)
  const read = values.slice(0, count)
  device.values.set(name, shaped(spec.format, read, expected.r_dim))
  const written = values.slice(count)
  if (spec.writable === true && written.length > 0)
    device.setWritten(name, shaped(spec.format, written, expected.w_dim) as never)
}

function shaped(format: string | undefined, values: unknown[], dim: Dim): unknown {
  if (format === 'spectrum') return values
  return format === 'image' ? { data: values, width: dim.dim_x, height: dim.dim_y } : values[0]
}

function size({ dim_x, dim_y }: Dim): number {
  return dim_y === 0 ? dim_x : dim_x * dim_y
}

/** Elements of a recorded union or any. */
function flat(union: Readonly<Record<string, unknown>>): unknown[] {
  const value = anyValue(union)
  if (typeof value === 'string' && value.startsWith('hex:')) return [...fromHex(value.slice(4))]
  return Array.isArray(value) ? [...value] : [value]
}

function anyValue(union: Readonly<Record<string, unknown>>): unknown {
  return 'tc' in union ? union.v : Object.values(union)[0]
}

function converted(type: string, value: unknown): unknown {
  if (type === 'DevLong64' || type === 'DevULong64') return BigInt(String(value))
  if (type === 'DevEncoded' && typeof value === 'object' && value !== null) {
    const { encoded_format, encoded_data } = value as { encoded_format: string; encoded_data: string }
    return { format: encoded_format, data: fromHex(encoded_data.slice(4)) }
  }
  return value
}

/** Fills the polling buffer with the records that a recorded history tells of. */
function prepareHistory(device: Device, { operation = '', request, reply }: GoldenVector): () => void {
  const command = operation.startsWith('command')
  const name = String(request?.args?.[command ? 'command' : 'name'])
  const kind = command ? 'command' : 'attribute'
  const before = device.polling.period(kind, name)
  if (before !== undefined) device.polling.stop(kind, name)
  // the device itself must not add to the records
  device.polling.start(kind, name, 0)
  const settle = (): void => device.polling.start(kind, name, before ?? 0)
  const result = reply?.result
  if (Array.isArray(result)) {
    const records = result as { cmd_failed: boolean; value: Readonly<Record<string, unknown>>; errors: unknown[] }[]
    device.polling.fill(
      kind,
      name,
      records.map(({ cmd_failed, value, errors }) =>
        cmd_failed ? { error: failedWith(errors) } : { value: single(name, flat(value)) },
      ),
    )
    return settle
  }
  const history = result as Readonly<Record<string, unknown>> & { dates: unknown[] }
  const count = history.dates.length
  const dims = expanded(history[command ? 'dims' : 'r_dims'], history[command ? 'dims_array' : 'r_dims_array'], count)
  const errors = expanded(history.errors, history.errors_array, count)
  const qualities = command ? [] : expanded(history.quals, history.quals_array, count)
  // values are stored newest first
  const values = flat(history.value as Readonly<Record<string, unknown>>)
  const records = Array.from({ length: count }, (_none, i) => count - 1 - i).map((i) => {
    const taken = values.splice(0, size(dims[i] as Dim))
    const quality = String(qualities[i] ?? 'ATTR_VALID').slice('ATTR_'.length)
    if (errors[i] !== undefined) return { error: failedWith(errors[i] as unknown[]) }
    return { value: single(name, taken), quality: quality as 'VALID' }
  })
  device.polling.fill(kind, name, records.reverse())
  return settle
}

function single(name: string, values: unknown[]): unknown {
  if (name === 'C') return values.map((value) => BigInt(String(value)))
  return name === 'alt' ? values : values[0]
}

/** One element per record from a run-length list. */
function expanded(values: unknown, runs: unknown, count: number): unknown[] {
  const all: unknown[] = new Array(count).fill(undefined)
  ;(runs as Run[]).forEach(({ start, nb_elt }, i) => {
    for (let k = 0; k < nb_elt; k += 1) all[start - k] = (values as unknown[])[i]
  })
  return all
}

function failedWith(errors: unknown[]): DevFailed {
  const [first] = errors as { reason: string; desc: string; origin: string }[]
  return devFailed(first?.reason ?? '', first?.desc ?? '', { origin: first?.origin ?? '' })
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value)
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value === 'object' && value !== null && 'data' in value && value.data instanceof Uint8Array) {
    return { encoded_format: Reflect.get(value, 'format'), encoded_data: `hex:${toHex(value.data)}` }
  }
  return typeof value === 'number' ? String(value) : value
}
