import assert from 'node:assert/strict'
import { DevFailed, MultiDevFailed, TYPE_CODES } from '#tango'
import { OPERATIONS as O } from '../../../../tango/wire/operations.ts'
import type { AttributeValue4, AttrValUnion } from '../../../../tango/wire/tango-idl.ts'
import { ATTRIBUTE_TYPES, BORDER_VALUES, ECHO_TYPES } from '../../../support/everything-device.ts'
import { NAME, OTHER, SELF, type Served, serve } from '../../../support/served-device.ts'

/** A write request as clients send it. */
function written(name: string, value: AttrValUnion, dimX = 1, dimY = 0): AttributeValue4 {
  return {
    name,
    value,
    quality: 'VALID',
    dataFormat: 'FMT_UNKNOWN',
    time: { sec: -1, usec: -1, nsec: -1 },
    rDim: { dimX: 12345, dimY: 678 },
    wDim: { dimX, dimY },
    errList: [],
  }
}
const double = (...values: number[]): AttrValUnion => ({ kind: 'ATT_DOUBLE', value: Float64Array.from(values) })

/** The first level of the error of a call that must fail. */
async function failure(call: Promise<unknown>): Promise<{ reason: string; desc: string; origin: string }> {
  try {
    await call
  } catch (error) {
    assert.ok(error instanceof DevFailed, String(error))
    const [first] = error.errors
    assert.ok(first !== undefined)
    return first
  }
  throw new Error('the call did not fail')
}

describe('a device as a CORBA object', () => {
  let served: Served
  before(async () => {
    served = await serve()
  })
  after(async () => {
    await served[Symbol.asyncDispose]()
  })

  describe('names and information', () => {
    it('answers ping, its names and its state', async () => {
      assert.equal(await served.call(O.ping, []), undefined)
      assert.equal(await served.call(O._get_name, []), 'Test/Every/1')
      assert.equal(await served.call(O._get_adm_name, []), 'dserver/Everything/test')
      assert.equal(await served.call(O._get_description, []), 'One of everything')
      assert.equal(await served.call(O._get_state, []), 'ON')
      assert.equal(await served.call(O._get_status, []), 'The device is in ON state.')
    })

    it('tells class, server and interface level', async () => {
      const info = await served.call(O.info_3, [])
      assert.equal(info.devClass, 'Everything')
      assert.equal(info.serverId, 'Everything/test')
      assert.equal(info.serverVersion, 5)
      assert.match(info.docUrl, /^Doc URL = /)
      assert.equal((await served.call(O.info, [])).devClass, 'Everything')
    })

    it('is a Device_5 and everything below, and nothing else', async () => {
      assert.equal(await served.call(O._is_a, ['IDL:Tango/Device_5:1.0']), true)
      assert.equal(await served.call(O._is_a, ['IDL:Tango/Device:1.0']), true)
      assert.equal(await served.call(O._is_a, ['IDL:Tango/Device_6:1.0']), false)
      assert.equal(await served.call(O._is_a, ['Dummy']), false)
    })

    it('notes requests in the black box, newest first', async () => {
      await served.call(O.ping, [])
      await served.call(O.command_inout_4, ['State', { type: 'DevVoid', value: undefined }, 'DEV', SELF])
      const [second, first] = await served.call(O.black_box, [2])
      assert.match(
        second ?? '',
        /^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d:\d\d : Operation command_inout_4 \(cmd = State\) from device requested from local \(CPP\/Python client with PID 77\)$/,
      )
      assert.match(first ?? '', / : Operation ping requested from local$/)
      assert.equal((await failure(served.call(O.black_box, [0]))).reason, 'API_BlackBoxArgument')
    })

    it('has no pipes, and says so', async () => {
      assert.deepEqual(await served.call(O.get_pipe_config_5, [['All pipes']]), [])
      assert.deepEqual(await failure(served.call(O.read_pipe_5, ['pp', SELF])), {
        reason: 'API_PipeNotFound',
        severity: 'ERR',
        desc: 'pp pipe not found',
        origin: 'DeviceClass::get_pipe_by_name',
      })
    })
  })

  describe('commands', () => {
    const echo = (type: (typeof ECHO_TYPES)[number], value: unknown): Promise<unknown> =>
      served.proxy.command(`Echo${type}`, value as never)

    it('passes values of every type through and back', async () => {
      const samples: Record<string, unknown> = {
        DevBoolean: true,
        DevShort: -32768,
        DevLong: 2147483647,
        DevFloat: 0.5,
        DevDouble: Number.MAX_VALUE,
        DevUShort: 65535,
        DevULong: 4294967295,
        DevString: 'caf\u00e9',
        DevLong64: -(2n ** 63n),
        DevULong64: 2n ** 64n - 1n,
        DevState: 'INSERT',
        DevEncoded: { format: 'f', data: Uint8Array.of(1, 2) },
        DevVarEncodedArray: [{ format: 'f', data: Uint8Array.of(1, 2) }],
        DevUChar: 255,
        DevEnum: 2,
        DevVarCharArray: Uint8Array.of(0, 255),
        DevVarShortArray: Int16Array.of(-1, 1),
        DevVarLongArray: Int32Array.of(-1, 1),
        DevVarFloatArray: Float32Array.of(0.5, 1),
        DevVarDoubleArray: Float64Array.of(0.1, Number.NaN),
        DevVarUShortArray: Uint16Array.of(1, 65535),
        DevVarULongArray: Uint32Array.of(1, 4294967295),
        DevVarLong64Array: BigInt64Array.of(-1n, 1n),
        DevVarULong64Array: BigUint64Array.of(1n),
        DevVarBooleanArray: [true, false],
        DevVarStringArray: ['', 'b'],
        DevVarStateArray: ['ON', 'FAULT'],
        DevVarLongStringArray: { lvalue: Int32Array.of(1), svalue: ['a', 'b'] },
        DevVarDoubleStringArray: { dvalue: Float64Array.of(1.5), svalue: [] },
      }
      for (const type of ECHO_TYPES) assert.deepEqual(await echo(type, samples[type]), samples[type], type)
    })

    it('lists commands sorted, with the display level as tag for interface 1', async () => {
      const names = (await served.call(O.command_list_query_2, [])).map(({ cmdName }) => cmdName)
      assert.deepEqual(names, [...names].sort())
      for (const name of ['State', 'Status', 'Init', 'EchoDevLong']) assert.ok(names.includes(name), name)
      assert.equal((await served.call(O.command_query, ['state'])).cmdName, 'State')
      const query = await served.call(O.command_query_2, ['echodevlong'])
      assert.equal(query.inType, TYPE_CODES.DevLong)
      assert.equal(query.inTypeDesc, 'Uninitialised')
    })

    it('names an unknown command with the reason that clients test', async () => {
      const nothing = { type: 'DevVoid', value: undefined } as const
      const error = await failure(served.call(O.command_inout_4, ['Nope', nothing, 'DEV', SELF]))
      assert.equal(error.reason, 'API_CommandNotFound')
      assert.equal(error.desc, 'Command Nope not found')
      assert.equal(error.origin, 'DeviceClass::command_handler')
      assert.equal((await failure(served.call(O.command_query_2, ['Nope']))).origin, 'Device_2Impl::command_query_2')
    })

    it('refuses an argument of another type, and ignores one that nobody wants', async () => {
      const error = await failure(
        served.call(O.command_inout_4, ['EchoDevLong', { type: 'DevDouble', value: 7 }, 'DEV', SELF]),
      )
      assert.equal(error.reason, 'API_IncompatibleCmdArgumentType')
      assert.equal(error.desc, 'Incompatible command argument type, expected type is : Tango::DevLong')
      const status = await served.call(O.command_inout, ['status', { type: 'DevLong', value: 5 }])
      assert.deepEqual(status, { type: 'DevString', value: 'The device is in ON state.' })
    })

    it('passes the error of a handler on as it is, and turns a defect into Internal_Error', async () => {
      const nothing = { type: 'DevVoid', value: undefined } as const
      assert.deepEqual(await failure(served.call(O.command_inout_2, ['Fail', nothing, 'DEV'])), {
        reason: 'My_Reason',
        severity: 'ERR',
        desc: 'my description',
        origin: 'Everything.fail',
      })
      for (const [name, text] of [
        ['Crash', 'out of reach'],
        ['CrashLater', 'out of reach later'],
      ] as const) {
        const error = await failure(served.call(O.command_inout_4, [name, nothing, 'DEV', SELF]))
        assert.equal(error.reason, 'Internal_Error')
        assert.equal(error.desc, text)
      }
      assert.equal(await served.call(O._get_state, []), 'ON')
    })

    it('answers also when an error cannot be written', async () => {
      const { device } = served
      const broken = new DevFailed([{ reason: 'My_Reason', severity: 'ERR', desc: undefined, origin: '' } as never])
      const nothing = { type: 'DevVoid', value: undefined } as const
      for (const fail of [() => Promise.reject(broken), () => assert.fail(broken)]) {
        Object.defineProperty(device, 'fail', { value: fail, configurable: true })
        const error = await failure(served.call(O.command_inout_4, ['Fail', nothing, 'DEV', SELF]))
        assert.equal(error.reason, 'API_CorbaException')
        assert.match(error.desc, /UNKNOWN/)
      }
      Reflect.deleteProperty(device, 'fail')
    })
  })

  describe('reading', () => {
    it('gives every type in every format, border values included', async () => {
      for (const [short, type] of Object.entries(ATTRIBUTE_TYPES)) {
        const values = BORDER_VALUES[short] ?? []
        for (const expected of values) {
          served.device.setValue(`${short}S`, expected)
          assert.deepEqual((await served.proxy.read(`${short}S`)).value, expected, `${type} scalar`)
        }
        if (short === 'enc') continue
        const spectrum = (await served.proxy.read(`${short}V`)).value
        assert.deepEqual(Array.from(spectrum as Iterable<unknown>), values, `${type} spectrum`)
        const image = (await served.proxy.read(`${short}I`)).value as {
          data: Iterable<unknown>
          width: number
          height: number
        }
        assert.deepEqual(Array.from(image.data), values, `${type} image`)
        assert.deepEqual([image.width, image.height], [values.length, 1])
      }
    })

    it('answers in the order asked for, also twice the same, with failures in their places', async () => {
      const names = ['doS', 'nosuch', 'Failing', 'doS', 'State', 'Broken']
      const values = await served.call(O.read_attributes_5, [names, 'DEV', SELF])
      assert.deepEqual(
        values.map(({ name, errList }) => [name, errList[0]?.reason]),
        [
          ['doS', undefined],
          ['nosuch', 'API_AttrNotFound'],
          ['Failing', 'My_Reason'],
          ['doS', undefined],
          ['State', undefined],
          ['Broken', 'Internal_Error'],
        ],
      )
      const [, missing] = values
      assert.equal(missing?.value.kind, 'ATT_NO_DATA')
      assert.equal(missing?.quality, 'INVALID')
      assert.equal(missing?.dataFormat, 'FMT_UNKNOWN')
    })

    it('joins read part and set point, and tells them apart by their sizes', async () => {
      await served.call(O.write_attributes_4, [[written('doV', double(1, 2, 3), 3)], SELF])
      served.device.setValue('doV', [7, 8])
      const [value] = await served.call(O.read_attributes_5, [['DOV'], 'DEV', SELF])
      assert.deepEqual(value?.value, double(7, 8, 1, 2, 3))
      assert.deepEqual(value?.rDim, { dimX: 2, dimY: 0 })
      assert.deepEqual(value?.wDim, { dimX: 3, dimY: 0 })
      assert.equal(value?.name, 'doV')
    })

    it('gives State and Status their own forms', async () => {
      const [state, status] = await served.call(O.read_attributes_5, [['state', 'status'], 'CACHE_DEV', SELF])
      assert.deepEqual(state?.value, { kind: 'DEVICE_STATE', value: 'ON' })
      assert.equal(state?.dataType, TYPE_CODES.DevState)
      assert.deepEqual(status?.value, { kind: 'ATT_STRING', value: ['The device is in ON state.'] })
    })

    it('tells an invalid value from an empty one', async () => {
      const [invalid, empty] = await served.call(O.read_attributes_5, [['Invalid', 'Empty'], 'DEV', SELF])
      assert.deepEqual([invalid?.value.kind, invalid?.quality, invalid?.errList.length], ['ATT_NO_DATA', 'INVALID', 0])
      assert.deepEqual([empty?.value, empty?.quality], [double(), 'VALID'])
      assert.deepEqual(empty?.rDim, { dimX: 0, dimY: 0 })
    })

    it('gives a write-only attribute once, with the sizes of both parts', async () => {
      const set: AttrValUnion = { kind: 'ATT_LONG', value: Int32Array.of(9) }
      await served.call(O.write_attributes_4, [[written('SetOnly', set)], SELF])
      const [value] = await served.call(O.read_attributes_5, [['SetOnly'], 'DEV', SELF])
      assert.deepEqual(value?.value, set)
      assert.deepEqual(
        [value?.rDim, value?.wDim],
        [
          { dimX: 1, dimY: 0 },
          { dimX: 1, dimY: 0 },
        ],
      )
    })

    it('reads all attributes by the wildcard, State and Status last', async () => {
      served.device.release()
      const config = await served.call(O.get_attribute_config_5, [['All attributes_3']])
      const names = config.map(({ name }) => name)
      assert.deepEqual(names.slice(-2), ['State', 'Status'])
      const old = (await served.call(O.get_attribute_config, [['All attributes']])).map(({ name }) => name)
      assert.deepEqual(old, names.slice(0, -2))
      assert.equal(
        (await failure(served.call(O.get_attribute_config_5, [['All attributes']]))).reason,
        'API_AttrNotFound',
      )
      assert.deepEqual(await served.call(O.read_attributes_5, [[], 'DEV', SELF]), [])
    })

    it('has no cached value of what is not polled', async () => {
      const [value] = await served.call(O.read_attributes_5, [['doS'], 'CACHE', SELF])
      assert.equal(value?.errList[0]?.reason, 'API_AttrNotPolled')
    })

    it('serves the older interfaces: single errors thrown, values in an any', async () => {
      served.device.setValue('doS', 2.5)
      const [v1] = await served.call(O.read_attributes, [['doS']])
      assert.deepEqual(v1?.value, { type: 'DevVarDoubleArray', value: Float64Array.of(2.5, 0) })
      assert.equal((await failure(served.call(O.read_attributes, [['Failing']]))).reason, 'My_Reason')
      assert.equal(
        (await failure(served.call(O.read_attributes_2, [['doV'], 'DEV']))).reason,
        'API_NotSupportedFeature',
      )
      const [v3, s3] = await served.call(O.read_attributes_3, [['doS', 'State'], 'DEV'])
      assert.equal(v3?.value.type, 'DevVarDoubleArray')
      assert.deepEqual(s3?.value, { type: 'DevState', value: 'ON' })
      const [v4] = await served.call(O.read_attributes_4, [['doS'], 'DEV', OTHER])
      assert.equal(v4?.value.kind, 'ATT_DOUBLE')
    })

    it('takes quality and time from the handler', async () => {
      served.device.setValue('doS', { value: 4, quality: 'CHANGING', time: 1234.5 })
      const [value] = await served.call(O.read_attributes_5, [['doS'], 'DEV', SELF])
      assert.deepEqual([value?.quality, value?.time], ['CHANGING', { sec: 1234, usec: 500_000, nsec: 0 }])
      served.device.setValue('doS', 0)
    })

    it('says which attribute returned what it must not', async () => {
      served.device.setValue('shS', 40_000)
      const [value] = await served.call(O.read_attributes_5, [['shS'], 'DEV', SELF])
      assert.equal(value?.errList[0]?.reason, 'API_AttrOptProp')
      assert.equal(value?.errList[0]?.desc, 'Invalid data type for attribute shS: 40000 is not in -32768 to 32767')
      served.device.setValue('shS', 1)
    })
  })

  describe('writing', () => {
    const write = (...values: AttributeValue4[]): Promise<undefined> =>
      served.call(O.write_attributes_4, [values, SELF])

    it('looks at name, value and written size only', async () => {
      await write(written('position', double(12)))
      assert.equal(served.device.position, 12)
      await write(written('doI', double(1, 2, 3, 4), 2, 2))
      assert.deepEqual((await served.proxy.read('doI')).written, {
        data: Float64Array.of(1, 2, 3, 4),
        width: 2,
        height: 2,
      })
    })

    it('fails as a whole for an unknown name, and writes nothing', async () => {
      const error = await failure(write(written('Position', double(1)), written('nosuch', double(1))))
      assert.deepEqual([error.reason, error.desc], ['API_AttrNotFound', 'nosuch attribute not found'])
      assert.equal(served.device.position, 12)
    })

    it('writes the good ones and names the others by their place in the call', async () => {
      const call = write(written('Position', double(1000)), written('Warm', double(3)), written('Failing', double(1)))
      await assert.rejects(call, (error: unknown) => {
        assert.ok(error instanceof MultiDevFailed)
        assert.deepEqual(
          error.failures.map(({ name, index, errors }) => [name, index, errors[0]?.reason]),
          [
            ['Position', 0, 'API_WAttrOutsideLimit'],
            ['Failing', 2, 'API_AttrNotWritable'],
          ],
        )
        return true
      })
      assert.equal(served.device.warm, 3)
    })

    for (const [title, value, reason, desc] of [
      [
        'a value above the limit',
        written('Position', double(100.5)),
        'API_WAttrOutsideLimit',
        'Set value for attribute Position is above the maximum authorized (at least element 0)',
      ],
      [
        'a value below the limit',
        written('Position', double(-100.5)),
        'API_WAttrOutsideLimit',
        'Set value for attribute Position is below the minimum authorized (at least element 0)',
      ],
      [
        'NaN',
        written('doS', double(Number.NaN)),
        'API_WAttrOutsideLimit',
        'Set value for attribute doS is a NaN or INF value (at least element 0)',
      ],
      [
        'another type',
        written('doS', { kind: 'ATT_LONG', value: Int32Array.of(3) }),
        'API_IncompatibleAttrDataType',
        'Incompatible attribute type, expected type is : Tango::DevVarDoubleArray (even for single value)',
      ],
      ['an empty scalar', written('doS', double()), 'API_AttrIncorrectDataNumber', 'Incorrect data number'],
      [
        'fewer values than the size says',
        written('doV', double(1, 2), 5),
        'API_AttrIncorrectDataNumber',
        'Incorrect data number',
      ],
      [
        'more values than the attribute holds',
        written('doV', double(...new Array<number>(20).fill(1)), 20),
        'API_WAttrOutsideLimit',
        'X dimesion is greater than the max defined for attribute doV',
      ],
      [
        'a label that does not exist',
        written('Mode', { kind: 'ATT_SHORT', value: Int16Array.of(3) }),
        'API_WAttrOutsideLimit',
        'Set value for attribute Mode is negative or above the maximun authorized (2) for at least element 0',
      ],
      [
        'a read-only attribute',
        written('Failing', double(1)),
        'API_AttrNotWritable',
        'Attribute Failing is not writable',
      ],
    ] as const) {
      it(`refuses ${title} with the words of native servers`, async () => {
        const error = await failure(write(value))
        assert.deepEqual([error.reason, error.desc], [reason, desc])
      })
    }

    it('throws the plain error for interface 1 and the list for interface 3', async () => {
      const value = {
        name: 'Position',
        quality: 'VALID',
        time: { sec: 0, usec: 0, nsec: 0 },
        dimX: 1,
        dimY: 0,
      } as const
      const tooHigh = { ...value, value: { type: 'DevVarDoubleArray', value: Float64Array.of(1e6) } } as const
      await assert.rejects(
        served.call(O.write_attributes, [[tooHigh]]),
        (e: unknown) => e instanceof DevFailed && !(e instanceof MultiDevFailed),
      )
      await assert.rejects(served.call(O.write_attributes_3, [[tooHigh]]), MultiDevFailed)
      await served.call(O.write_attributes, [
        [{ ...value, value: { type: 'DevVarDoubleArray', value: Float64Array.of(4) } }],
      ])
      assert.equal(served.device.position, 4)
    })

    it('writes and reads back in one call', async () => {
      const [v4] = await served.call(O.write_read_attributes_4, [[written('Position', double(6))], SELF])
      assert.deepEqual(v4?.value, double(6, 6))
      const v5 = await served.call(O.write_read_attributes_5, [
        [written('Position', double(7))],
        ['State', 'Position'],
        SELF,
      ])
      assert.deepEqual(
        v5.map(({ name }) => name),
        ['State', 'Position'],
      )
      assert.deepEqual(v5[1]?.value, double(7, 7))
    })
  })

  describe('attribute configuration', () => {
    it('gives an enumeration its labels with interface 5, and a plain short before', async () => {
      const [c5] = await served.call(O.get_attribute_config_5, [['mode']])
      assert.deepEqual([c5?.dataType, c5?.enumLabels], [29, ['LOW', 'MID', 'HIGH']])
      const [c3] = await served.call(O.get_attribute_config_3, [['mode']])
      assert.equal(c3?.dataType, 2)
    })

    it('applies a changed limit at once', async () => {
      const [config] = await served.call(O.get_attribute_config_5, [['Warm']])
      assert.ok(config !== undefined)
      await served.call(O.set_attribute_config_5, [[{ ...config, maxValue: '4', label: 'T' }], SELF])
      const [changed] = await served.call(O.get_attribute_config_5, [['Warm']])
      assert.deepEqual([changed?.maxValue, changed?.label], ['4', 'T'])
      assert.equal(
        (await failure(served.call(O.write_attributes_4, [[written('Warm', double(5))], SELF]))).reason,
        'API_WAttrOutsideLimit',
      )
    })

    it('refuses to change what the attribute is', async () => {
      const [config] = await served.call(O.get_attribute_config_5, [['Warm']])
      assert.ok(config !== undefined)
      const error = await failure(served.call(O.set_attribute_config_5, [[{ ...config, dataFormat: 'IMAGE' }], SELF]))
      assert.equal(error.reason, 'API_AttrNotAllowed')
    })
  })

  it('has no history of what is not polled', async () => {
    const error = await failure(served.call(O.read_attribute_history_5, ['doS', 5]))
    assert.deepEqual(
      [error.reason, error.desc, error.origin],
      ['API_AttrNotPolled', 'Attribute dos not polled', 'Device_5Impl::read_attribute_history_5'],
    )
    assert.equal((await failure(served.call(O.command_inout_history_4, ['State', 3]))).reason, 'API_CmdNotPolled')
    assert.equal((await failure(served.call(O.read_attribute_history_5, ['nosuch', 5]))).reason, 'API_AttrNotFound')
  })

  it('refuses an operation that does not exist and a key that nobody serves', async () => {
    const nothing = { name: 'no_such_operation', in: O.ping.in, out: O.ping.out, raises: O.ping.raises }
    assert.match((await failure(served.call(nothing, []))).desc, /BAD_OPERATION/)
    assert.match((await failure(served.call(O.ping, [], 'no/such/device'))).desc, /OBJECT_NOT_EXIST/)
    assert.equal(await served.call(O._get_name, [], NAME), NAME)
  })
})
