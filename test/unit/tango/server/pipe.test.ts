import assert from 'node:assert/strict'
import {
  type DevFailed,
  Device,
  type DeviceClass,
  defineInterface,
  devFailed,
  deviceClass,
  type PipeInput,
} from '#tango'
import { OPERATIONS as O } from '../../../../tango/wire/operations.ts'
import type { ClntIdent } from '../../../../tango/wire/tango-basic.ts'
import type { DevPipeData } from '../../../../tango/wire/tango-idl.ts'
import { devPipeData } from '../../../../tango/wire/tango-idl.ts'
import { decodeEvent } from '../../../../tango/wire/zmq-event.ts'
import { type ServedClass, serveClass } from '../../../support/served-class.ts'

const SELF: ClntIdent = { language: 'CPP', pid: 77 }

const pipesInterface = defineInterface({
  class: 'Pipes',
  pipes: {
    plain: { doc: 'from code', states: ['ON', 'MOVING'] },
    both: { name: 'both', writable: true, label: 'Both ways', level: 'EXPERT' },
  },
})

class Pipes extends Device<typeof pipesInterface> {
  answer: PipeInput | undefined = { a: 1 }
  written: unknown

  readPlain(): PipeInput {
    // the test may leave it out, which the type does not allow
    return this.answer as PipeInput
  }
  readBoth(): PipeInput {
    return { name: 'both ways', elements: [{ name: 'x', type: 'DevLong', value: 7 }] }
  }
  writeBoth(blob: unknown): void {
    this.written = blob
  }
}

const pipes: DeviceClass = deviceClass(pipesInterface, Pipes)
const reason = (expected: string) => (error: DevFailed) => error.reason === expected

describe('pipes of a device', () => {
  let served: ServedClass<Pipes>
  beforeEach(async () => {
    served = await serveClass(pipes, Pipes)
  })
  afterEach(() => served[Symbol.asyncDispose]())
  const read = (name: string): Promise<DevPipeData> => served.call(O.read_pipe_5, [name, SELF])

  it('tell their configuration, one by one in any case or all', async () => {
    const [plain] = await served.call(O.get_pipe_config_5, [['PLAIN']])
    assert.deepEqual(plain, {
      name: 'Plain',
      description: 'from code',
      label: 'Plain',
      level: 'OPERATOR',
      writable: 'PIPE_READ',
      extensions: [],
    })
    const all = await served.call(O.get_pipe_config_5, [['All pipes']])
    assert.deepEqual(
      all.map(({ name, label, level, writable }) => [name, label, level, writable]),
      [
        ['Plain', 'Plain', 'OPERATOR', 'PIPE_READ'],
        ['both', 'Both ways', 'EXPERT', 'PIPE_READ_WRITE'],
      ],
    )
    await assert.rejects(served.call(O.get_pipe_config_5, [['nope']]), reason('API_PipeNotFound'))
  })

  it('take texts and go back to those of code and library', async () => {
    const [config] = await served.call(O.get_pipe_config_5, [['both']])
    assert.ok(config !== undefined)
    const label = async (text: string): Promise<string | undefined> => {
      await served.call(O.set_pipe_config_5, [[{ ...config, label: text }], SELF])
      return (await served.call(O.get_pipe_config_5, [['both']]))[0]?.label
    }
    assert.equal(await label('mine'), 'mine')
    assert.equal(await label(''), 'Both ways')
    assert.equal(await label('Not specified'), 'both')
    assert.equal(await label('NaN'), 'Both ways')
  })

  it('send plain values with the types that follow from them, and blobs in blobs', async () => {
    served.device.answer = {
      number: 1.5,
      big: 2n,
      text: 'x',
      yes: true,
      shorts: Int16Array.of(1),
      inner: { deeper: { list: ['a', 'b'] } },
    }
    const { name, dataBlob } = await read('plain')
    assert.equal(name, 'Plain')
    assert.deepEqual(
      dataBlob.blobData.map(({ name, value, innerBlobName }) => [name, value.kind, innerBlobName]),
      [
        ['number', 'ATT_DOUBLE', 'Scalar'],
        ['big', 'ATT_LONG64', 'Scalar'],
        ['text', 'ATT_STRING', 'Scalar'],
        ['yes', 'ATT_BOOL', 'Scalar'],
        ['shorts', 'ATT_SHORT', 'Array'],
        ['inner', 'ATT_NO_DATA', 'inner'],
      ],
    )
    const [deeper] = dataBlob.blobData.at(-1)?.innerBlob ?? []
    assert.deepEqual(deeper?.innerBlob[0]?.value, { kind: 'ATT_STRING', value: ['a', 'b'] })
  })

  it('refuse values without a type, names that come twice, and no value at all', async () => {
    served.device.answer = { x: Symbol('x') }
    await assert.rejects(read('plain'), reason('API_PipeWrongArg'))
    const twice = ['a', 'A'].map((name) => ({ name, type: 'DevLong' as const, value: 1 }))
    served.device.answer = { name: '', elements: twice }
    await assert.rejects(read('plain'), reason('API_PipeDuplicateDEName'))
    served.device.answer = undefined
    await assert.rejects(read('plain'), reason('API_PipeValueNotSet'))
  })

  it('hand what clients write to the device, also before reading in one call', async () => {
    const value = await read('both')
    assert.equal(await served.call(O.write_pipe_5, [value, SELF]), undefined)
    const expected = { name: 'both ways', elements: [{ name: 'x', type: 'DevLong', value: 7 }] }
    assert.deepEqual(served.device.written, expected)
    const answer = await served.call(O.write_read_pipe_5, [{ ...value, dataBlob: { name: 'new', blobData: [] } }, SELF])
    assert.deepEqual(served.device.written, { name: 'new', elements: [] })
    assert.equal(answer.dataBlob.name, 'both ways')
    await assert.rejects(
      served.call(O.write_pipe_5, [{ ...value, name: 'plain' }, SELF]),
      reason('API_PipeNotWritable'),
    )
  })

  it('are closed in the states that their spec leaves out', async () => {
    served.device.setState('FAULT')
    await assert.rejects(read('plain'), (error: DevFailed) => {
      assert.equal(error.message, 'API_PipeNotAllowed: It is currently not allowed to read pipe Plain')
      return true
    })
    served.device.setState('MOVING')
    assert.equal((await read('plain')).name, 'Plain')
  })

  it('push events with a marker of eight octets, and errors', async () => {
    const { svalue } = (await served.admin.command('ZmqEventSubscriptionChange', [
      'test/class/1',
      'both',
      'subscribe',
      'pipe',
      '5',
    ])) as { svalue: string[] }
    const topic = svalue.at(-2) ?? ''
    assert.match(topic, /\/test\/class\/1\/both#dbase=no\.pipe$/)
    const events: (readonly Uint8Array[])[] = []
    served.tango.localEvents.subscribe(topic, (frames) => events.push(frames))
    served.device.pushPipe('both', { x: 1 }, 10)
    served.device.pushPipe('both', devFailed('My_Reason', 'no pipe today'))
    await Promise.resolve()
    const [first, second] = events
    assert.ok(first !== undefined && second !== undefined)
    assert.deepEqual([...(first[3]?.subarray(0, 8) ?? [])], [0xc0, 0xde, 0xc0, 0xde, 0xc0, 0xde, 0xc0, 0xde])
    const { payload, callInfo } = decodeEvent(first)
    assert.ok(payload !== undefined)
    const data = devPipeData.decode(payload)
    assert.deepEqual([data.name, data.time.sec, data.dataBlob.blobData[0]?.name], ['both', 10, 'x'])
    assert.equal(callInfo.callIsExcept, false)
    assert.equal(decodeEvent(second).callInfo.callIsExcept, true)
  })
})
