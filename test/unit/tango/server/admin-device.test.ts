import assert from 'node:assert/strict'
import { type DevFailed, type LongStringArray, VirtualClock } from '#tango'
import { LOCAL_ENDPOINT } from '../../../../tango/events/local-events.ts'
import { OPERATIONS as O } from '../../../../tango/wire/operations.ts'
import { NAME, SELF, type Served, serve } from '../../../support/served-device.ts'
import { eventually } from '../../../support/waiting.ts'

describe('the admin device', () => {
  let served: Served
  const command = (name: string, argument?: unknown): Promise<unknown> => served.admin.command(name, argument as never)
  const pair = (lvalue: number[], svalue: string[]): LongStringArray => ({ lvalue: Int32Array.from(lvalue), svalue })
  const fails = (call: Promise<unknown>, reason: string, text?: RegExp): Promise<void> =>
    assert.rejects(call, (e: DevFailed) => e.reason === reason && (text?.test(e.message) ?? true))

  beforeEach(async () => {
    served = await serve()
  })
  afterEach(async () => {
    await served[Symbol.asyncDispose]()
  })

  it('lists classes, devices and properties', async () => {
    assert.deepEqual(await command('QueryClass'), ['Everything'])
    assert.deepEqual(await command('QueryDevice'), [`Everything::${NAME}`])
    assert.deepEqual(await command('QuerySubDevice'), [])
    assert.deepEqual(((await command('QueryWizardDevProperty', 'everything')) as string[]).slice(0, 3), [
      'Host',
      'host of the box',
      'localhost',
    ])
    assert.deepEqual(await command('QueryWizardClassProperty', 'Everything'), [])
    await fails(command('QueryWizardDevProperty', 'nope'), 'API_ClassNotFound', /Class nope not found in device server/)
  })

  it('tells about itself', async () => {
    assert.equal(await served.admin.state(), 'ON')
    assert.equal(await served.admin.status(), 'The device is ON\nThe polling is ON')
    await command('StopPolling')
    assert.equal(await served.admin.status(), 'The device is ON\nThe polling is OFF')
    assert.equal((await served.admin.info()).class, 'DServer')
  })

  it('adds, changes and removes polling with the reasons of native servers', async () => {
    await command('AddObjPolling', pair([200], [NAME, 'attribute', 'doS']))
    await fails(
      command('AddObjPolling', pair([200], [NAME, 'attribute', 'doS'])),
      'API_AlreadyPolled',
      /Attribute dos already polled/,
    )
    await fails(
      command('AddObjPolling', pair([2], [NAME, 'attribute', 'shS'])),
      'API_NotSupported',
      /2 is below the min authorized period \(5 mS\)/,
    )
    await fails(command('AddObjPolling', pair([200], [NAME, 'attribute', 'nope'])), 'API_AttrNotFound')
    await fails(
      command('AddObjPolling', pair([200], [NAME, 'command', 'EchoDevLong'])),
      'API_IncompatibleCmdArgumentType',
      /cannot be polled because it needs input value/,
    )
    await fails(command('AddObjPolling', pair([200], ['a/b/c', 'attribute', 'doS'])), 'API_DeviceNotFound')
    await command('UpdObjPollingPeriod', pair([500], [NAME, 'attribute', 'dos']))
    await eventually('a reading', async () =>
      ((await command('DevPollStatus', NAME)) as string[]).find(
        (s) => s.includes('doS') && s.includes('Data not updated'),
      ),
    )
    const status = ((await command('DevPollStatus', NAME)) as string[]).find((text) => text.includes('doS')) ?? ''
    assert.match(
      status,
      /^Polled attribute name = doS\nPolling period \(mS\) = 500\nPolling ring buffer depth = 10\nTime needed for the last attribute reading \(mS\) = \d+\.\d{3}\nData not updated since \d+ mS/,
    )
    assert.deepEqual(await command('PolledDevice'), [NAME])
    await command('RemObjPolling', [NAME, 'attribute', 'doS'])
    await fails(
      command('RemObjPolling', [NAME, 'attribute', 'doS']),
      'API_PollObjNotFound',
      /dos not found in list of polled object/,
    )
  })

  it('keeps polling over a restart of the device', async () => {
    await command('AddObjPolling', pair([200], [NAME, 'command', 'Count']))
    await command('DevRestart', NAME)
    const status = (await command('DevPollStatus', NAME)) as string[]
    assert.ok(status.some((text) => text.startsWith('Polled command name = Count\nPolling period (mS) = 200')))
  })

  it('answers a local subscriber with the local end point and the topic', async () => {
    const reply = (await command('ZmqEventSubscriptionChange', [
      NAME,
      'Position',
      'subscribe',
      'change',
      '5',
    ])) as LongStringArray
    const { host, port } = served.tango.orb.endpoint
    assert.deepEqual(Array.from(reply.lvalue), [934, 5, 1000, 81920, 20000, 434])
    assert.deepEqual(reply.svalue, [
      LOCAL_ENDPOINT,
      LOCAL_ENDPOINT,
      `tango://${host}:${port}/test/every/1/position#dbase=no.idl5_change`,
      `tango://${host}:${port}/dserver/everything/test`,
    ])
  })

  for (const [args, suffix] of [
    [['position', 'subscribe', 'change'], '/position#dbase=no.change'],
    [['position', 'subscribe', 'idl5_change'], '/position#dbase=no.change'],
    [['position', 'subscribe', 'change', '4'], '/position#dbase=no.change'],
    [['position', 'subscribe', 'idl5_change', '0'], '/position#dbase=no.idl5_change'],
    [['position', 'subscribe', 'change', '6'], '/position#dbase=no.idl5_change'],
    [['position', 'unsubscribe', 'change', '5'], '/position#dbase=no.idl5_change'],
    [['dummy', 'subscribe', 'intr_change', '5'], '#dbase=no.intr_change'],
    [['doS', 'subscribe', 'user_event', '5'], '/dos#dbase=no.idl5_user_event'],
    [['doS', 'subscribe', 'attr_conf', '5'], '/dos#dbase=no.idl5_attr_conf'],
  ] as const) {
    it(`gives the topic *${suffix} for ${args.join(' ')}`, async () => {
      const reply = (await command('ZmqEventSubscriptionChange', [NAME, ...args])) as LongStringArray
      assert.ok(reply.svalue[2]?.endsWith(`/test/every/1${suffix}`), reply.svalue[2])
    })
  }

  for (const [args, reason, text] of [
    [
      ['test/every/1', 'doS', 'subscribe', 'change', '5'],
      'API_AttributePollingNotStarted',
      /The polling \(necessary to send events\) for the attribute doS is not started/,
    ],
    [
      ['test/every/1', 'Position', 'subscribe', 'archive', '5'],
      'API_AttributePollingNotStarted',
      /attribute Position is not started/,
    ],
    [
      ['test/every/1', 'Position', 'subscribe', 'periodic', '5'],
      'API_AttributePollingNotStarted',
      /attribute Position is not started/,
    ],
    [
      ['test/every/1', 'Polled', 'subscribe', 'archive', '5'],
      'API_EventPropertiesNotSet',
      /for attribute Polled are not set/,
    ],
    [
      ['test/every/1', 'doS', 'subscribe', 'data_ready', '5'],
      'API_AttributeNotDataReadyEnabled',
      /The attribute doS is not data ready event enabled/,
    ],
    [['test/every/1', 'nosuch', 'subscribe', 'change', '5'], 'API_AttrNotFound', /nosuch attribute not found/],
    [
      ['test/every/1', 'doS', 'subscribe', 'foo', '5'],
      'API_WrongNumberOfArgs',
      /The event type you sent \(foo\) is not {2}valid event type/,
    ],
    [['test/every/1', 'doS', 'subscribe'], 'API_WrongNumberOfArgs', /Not enough input arguments/],
    [['a/b/c', 'doS', 'subscribe', 'change'], 'API_DeviceNotFound', /Device a\/b\/c not found/],
  ] as const) {
    it(`refuses the subscription ${args.join(' ')} with ${reason}`, async () => {
      await fails(command('ZmqEventSubscriptionChange', args), reason, text)
    })
  }

  it('refuses a confirmation that is not made of triplets', async () => {
    await fails(command('EventConfirmSubscription', ['a', 'b']), 'API_WrongNumberOfArgs')
    await command('EventConfirmSubscription', [NAME, 'position', 'idl5_change', NAME, 'dummy', 'intr_change'])
  })

  it('sets logging levels by pattern, suspends and resumes them', async () => {
    await command('SetLoggingLevel', pair([3], ['test/*']))
    await command('SetLoggingLevel', pair([5], ['dserver/*']))
    const all = (await command('GetLoggingLevel', ['*'])) as LongStringArray
    assert.deepEqual(
      [Array.from(all.lvalue), all.svalue],
      [
        [3, 5],
        [NAME, 'dserver/Everything/test'],
      ],
    )
    assert.equal(served.device.log.level, 'WARN')
    await command('StopLogging')
    assert.equal(served.device.log.level, 'OFF')
    await command('StartLogging')
    assert.equal(served.device.log.level, 'WARN')
    await fails(command('SetLoggingLevel', pair([6], [NAME])), 'API_MethodArgument')
  })

  it('keeps logging targets of a device', async () => {
    await command('AddLoggingTarget', [NAME, 'console::cout', NAME, 'file::/tmp/never-written.log'])
    assert.deepEqual(await command('GetLoggingTarget', NAME), ['console::cout', 'file::/tmp/never-written.log'])
    await command('RemoveLoggingTarget', [NAME, 'file::*'])
    assert.deepEqual(await command('GetLoggingTarget', NAME), ['console::cout'])
    await fails(command('AddLoggingTarget', [NAME, 'smoke::signal']), 'API_MethodArgument')
  })

  it('locks for a client until the time is over', async () => {
    const clock = new VirtualClock()
    await using timed = await serve({ clock })
    await timed.admin.command('LockDevice', pair([3], [NAME]) as never)
    const locked = (await timed.admin.command('DevLockStatus', NAME as never)) as unknown as LongStringArray
    assert.deepEqual(Array.from(locked.lvalue), [1, process.pid, 0, 0, 0, 0])
    assert.match(locked.svalue[0] ?? '', /is locked by CPP or Python client with PID \d+ from host local$/)
    await clock.advance(2500)
    await timed.admin.command('ReLockDevices', [NAME] as never)
    await clock.advance(3500)
    const free = (await timed.admin.command('DevLockStatus', NAME as never)) as unknown as LongStringArray
    assert.deepEqual(free.svalue, [`Device ${NAME} is not locked`, 'Not defined', 'Not defined'])
    await assert.rejects(
      timed.admin.command('ReLockDevices', [NAME] as never),
      (e: DevFailed) => e.reason === 'API_DeviceNotLocked',
    )
    await assert.rejects(
      timed.admin.command('LockDevice', pair([3], ['dserver/everything/test']) as never),
      (e: DevFailed) => e.reason === 'API_DeviceUnlockable',
    )
  })

  it('makes all devices anew at RestartServer, after the reply', async () => {
    const before = served.device
    await command('RestartServer')
    await eventually('a new device', () => served.server.device(NAME) !== undefined && served.device !== before)
    assert.equal(before.calls.at(-1), 'deleted')
    assert.equal(await served.call(O._get_state, []), 'ON')
  })

  it('stops the logical server at Kill, after the reply, and leaves the process alone', async () => {
    await command('Kill')
    await served.server.stopped
    await assert.rejects(served.call(O.ping, []), /OBJECT_NOT_EXIST/)
    assert.deepEqual(served.tango.servers, [])
    assert.equal(
      await served.tango.client.call(served.tango.orb.reference('x', ''), O._is_a, ['']).catch(() => 'still there'),
      'still there',
    )
  })

  it('counts as another client who has another process id', async () => {
    const argument = { type: 'DevVarLongStringArray', value: pair([10], [NAME]) } as const
    await served.call(O.command_inout_4, ['LockDevice', argument, 'DEV', SELF], 'dserver/everything/test')
    await fails(command('LockDevice', pair([10], [NAME])), 'API_DeviceLocked', /is already locked by another client/)
    await fails(command('UnLockDevice', pair([0], [NAME])), 'API_DeviceLocked', /can't unlock it/)
    assert.equal(await command('UnLockDevice', pair([1], [NAME])), 0)
  })
})
