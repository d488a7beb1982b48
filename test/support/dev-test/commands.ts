// Commands of class DevTest, one row each: types, states, descriptions, behaviour.

import { type CommandSpec, type CommandType, DevFailed, type DevState, devFailed, SEVERITIES } from '#tango'
import type { DevTestDevice } from './device.ts'
import { alarmTexts, pollingInDevice, rangeTexts, sophisticatedPolling } from './in-device.ts'

/** One command: its spec and what it does. */
export interface CommandRow {
  readonly spec: CommandSpec
  readonly run: (device: DevTestDevice, argument: never) => unknown
}

type Pair<A, B> = readonly [A, B]
type In = CommandType | undefined

const UNSET = 'Uninitialised'

function row(
  name: string,
  [input, output]: Pair<In, In>,
  states: readonly DevState[] | undefined,
  [inDoc, outDoc]: Pair<string, string>,
  run: CommandRow['run'],
): CommandRow {
  return {
    spec: {
      name,
      inDoc,
      outDoc,
      ...(input === undefined ? {} : { in: input }),
      ...(output === undefined ? {} : { out: output }),
      ...(states === undefined ? {} : { states }),
    },
    run,
  }
}

const ON: readonly DevState[] = ['ON']
const nothing = (): void => {}
const echo = (_d: DevTestDevice, value: unknown): unknown => value

/** A number twice, with the width of its type. */
const twice = (
  type: CommandType,
  docs: Pair<string, string>,
  bits?: (n: number) => number,
  name?: string,
): CommandRow =>
  row(name ?? `IO${type.slice(3)}`, [type, type], ON, docs, (_d, value) => {
    if (typeof value === 'bigint') {
      const all: bigint = value
      return type === 'DevLong64' ? BigInt.asIntN(64, all * 2n) : BigInt.asUintN(64, all * 2n)
    }
    const doubled = 2 * Number(value)
    return bits === undefined ? doubled : bits(doubled)
  })

const NUMBER = ['Number', 'Number * 2'] as const
const short = (n: number): number => (n << 16) >> 16
const long = (n: number): number => n | 0
const ushort = (n: number): number => n & 0xffff
const ulong = (n: number): number => n >>> 0

/** Each element twice; typed arrays wrap by themselves. */
const doubled = (name: string, type: CommandType, docs: Pair<string, string>): CommandRow =>
  row(name, [type, type], ON, docs, (_d, values: { map(fn: (n: number) => number): unknown }) =>
    values.map((n) => n * 2),
  )

function errorStack(codes: Int32Array, texts: readonly string[], count: number): DevFailed {
  return new DevFailed(
    texts.slice(0, count).map((reason, i) => ({
      reason,
      severity: SEVERITIES[codes[i] ?? 1] ?? 'ERR',
      desc: 'This is a test ',
      origin: i === 0 ? 'IOThrow::execute()' : 'IOReThrow::execute()',
    })),
  )
}

/** All commands but Init, State and Status. */
export const COMMANDS: readonly CommandRow[] = [
  row('AddEnumLabel', ['DevString', undefined], ON, ['New enum label', 'void'], (d, label: string) =>
    d.addEnumLabel(label),
  ),
  row('ChangeEncodedData', [undefined, undefined], undefined, ['void', 'void'], (d) => {
    d.encodedData = d.encodedData.map((byte, i) => (i === 2 ? byte + 1 : byte))
  }),
  row('ChangeEncodedFormat', [undefined, undefined], undefined, ['void', 'void'], (d) => {
    d.encodedFormat = d.encodedFormat === 'This format' ? 'Another format' : 'This format'
  }),
  row('FileDb', [undefined, undefined], undefined, ['void', 'void'], nothing),
  row(
    'ForbiddenEnumValue',
    ['DevShort', undefined],
    ON,
    ['New value for setting enum (Must be > 100)', 'void'],
    (d, value: number) => {
      d.dynEnum = value
    },
  ),
  row('GetLongSize', [undefined, 'DevShort'], undefined, ['void', 'Sizeof long (32 or 64 bits)'], () => 64),
  row('IOAddAttribute', ['DevString', undefined], ON, ['New attribute name', 'void'], (d, name: string) =>
    d.addOne(name),
  ),
  row(
    'IOAddCommand',
    ['DevLong', undefined],
    ON,
    ['True if command must be added at device level', 'void'],
    (d, level: number) => d.addCommands(level),
  ),
  row('IOAddOneElt', [undefined, undefined], undefined, ['void', 'void'], (d) => d.resizeEvents(1)),
  row('IOArray1', [undefined, 'DevVarLongArray'], ON, ['void', 'An array allocated'], () => [10, 20, 30, 40]),
  row('IOArray2', [undefined, 'DevVarShortArray'], ON, ['void', 'An array without copying'], () => [100, 200]),
  row(
    'IOAttrThrowEx',
    ['DevVarShortArray', undefined],
    undefined,
    ['2 elts : Attr code and throw except flag', 'void'],
    (d, [flag, on]: readonly number[]) => {
      if (on === 0) d.flags.delete(flag ?? -1)
      else d.flags.add(flag ?? -1)
    },
  ),
  row(
    'IOAttrTrigPoll',
    ['DevString', undefined],
    undefined,
    ["Attribute's name to trig polling", 'void'],
    (d, name: string) => d.polling.trigger('attribute', name),
  ),
  row('IOBool', ['DevBoolean', 'DevBoolean'], ON, ['Number', 'Not number'], (_d, value: boolean) => !value),
  row('IOBoolArray', ['DevVarBooleanArray', 'DevVarBooleanArray'], ON, ['Array of boolean', 'Echo'], echo),
  row(
    'IOChangeQuality',
    ['DevShort', undefined],
    undefined,
    ['0->VALID, 1->INVALID, 2->ALARM, 3->CHANGING', 'void'],
    (d, code: number) => {
      d.quality = (['VALID', 'INVALID', 'ALARM', 'CHANGING'] as const)[code] ?? 'VALID'
    },
  ),
  row(
    'IOCharArray',
    ['DevVarCharArray', 'DevVarCharArray'],
    ON,
    ['Array of char', 'This reversed array'],
    (_d, bytes: Uint8Array) => Uint8Array.from(bytes).reverse(),
  ),
  row('IODServDevice', [undefined, 'DevString'], ON, ['void', 'dserver device name'], (d) => d.server.adminName),
  row('IODecValue', [undefined, undefined], undefined, ['void', 'void'], (d) => d.changeEvents(-1)),
  row(
    'IODevByName',
    ['DevString', 'DevString'],
    ON,
    ['device name', 'device name (returned by name()'],
    (d, name: string) => d.sibling(name).name,
  ),
  row(
    'IODevListByClass',
    ['DevString', 'DevString'],
    ON,
    ['class name', 'class first device name'],
    (d, name: string) => d.firstOfClass(name),
  ),
  twice('DevDouble', NUMBER),
  doubled('IODoubleArray', 'DevVarDoubleArray', ['Array of double', 'This array * 2']),
  row(
    'IODoubleString',
    ['DevVarDoubleStringArray', 'DevVarDoubleStringArray'],
    ON,
    ['Array of double and string', 'This array of long * 2'],
    (_d, { dvalue, svalue }: { dvalue: Float64Array; svalue: readonly string[] }) => {
      return { dvalue: dvalue.map((n) => n * 2), svalue }
    },
  ),
  row(
    'IOEncoded',
    ['DevEncoded', 'DevEncoded'],
    ON,
    ['DevEncoded structure', 'DevEncoded structure'],
    (_d, { data }: { data: Uint8Array }) => ({ format: 'Returned string', data: data.map((byte) => byte * 2) }),
  ),
  row('IOExcept', [undefined, undefined], ON, ['Void', 'An exception'], () => {
    throw devFailed('API_ThrowException', 'This is a test ', { origin: 'IOExcept::execute()' })
  }),
  row('IOExit', [undefined, undefined], undefined, ['void', 'void'], () => process.exit(0)),
  row('IOFillPollBuffAttr', [undefined, undefined], undefined, ['void', 'void'], (d) => d.fillImages()),
  row('IOFillPollBuffCmd', [undefined, undefined], undefined, ['void', 'void'], (d) => {
    const records = [0, 1, 2].map((k) => ({ value: [10 + k, 11 + k, 12 + k] }))
    d.polling.fill('command', 'IOArray1', records)
  }),
  row('IOFillPollBuffEncodedAttr', [undefined, undefined], undefined, ['void', 'void'], (d) => {
    const values = [
      ['First value', 22, 33],
      ['Second value', 33, 44],
      ['Third value', 44, 55],
    ] as const
    const records = values.map(([format, ...bytes]) => ({ value: { format, data: Uint8Array.from(bytes) } }))
    d.polling.fill('attribute', 'Encoded_attr', records)
  }),
  twice('DevFloat', NUMBER),
  doubled('IOFloatArray', 'DevVarFloatArray', ['Array of float', 'This array * 2']),
  row(
    'IOGetCbExecuted',
    [undefined, 'DevLong'],
    undefined,
    ['void', 'Number of times the CB has been executed'],
    (d) => d.subscriptions.executed,
  ),
  row(
    'IOGetPollMess',
    [undefined, 'DevVarStringArray'],
    undefined,
    ['void', 'SophisticatedPollInDevice polling messages'],
    (d) => d.pollMessages.splice(0),
  ),
  row('IOIncValue', [undefined, undefined], undefined, ['void', 'void'], (d) => d.changeEvents(1)),
  row('IOInitWAttr', [undefined, undefined], undefined, ['void', 'void'], (d) => {
    d.setWrittenByName('Short_attr_w', 10)
    d.setWrittenByName('Long_attr_w', 100)
    d.setWrittenByName('Double_attr_w', 1.1)
    d.setWrittenByName('String_attr_w', 'Init')
  }),
  twice('DevLong', NUMBER, long),
  twice('DevLong64', NUMBER),
  doubled('IOLongArray', 'DevVarLongArray', ['Array of long', 'This array * 2']),
  row(
    'IOLongString',
    ['DevVarLongStringArray', 'DevVarLongStringArray'],
    ON,
    ['Array of long and string', 'This array of long * 2'],
    (_d, { lvalue, svalue }: { lvalue: Int32Array; svalue: readonly string[] }) => {
      return { lvalue: lvalue.map((n) => n * 2), svalue }
    },
  ),
  row(
    'IOPollArray2',
    [undefined, 'DevVarShortArray'],
    ON,
    ['void', 'An array without copying changing at each call'],
    (d) => (d.countInClass('IOPollArray2') % 2 === 1 ? [300, 400] : [100, 200]),
  ),
  row(
    'IOPollStr1',
    [undefined, 'DevString'],
    ON,
    ['void', 'Just a string dynamically allocated changing at each call'],
    (d) => {
      const turn = d.countInClass('IOPollStr1') % 3
      if (turn === 2) throw devFailed('qqq', 'www', { origin: 'eee' })
      return turn === 1 ? 'Odd value from IOPollStr1' : 'Even value from IOPollStr1'
    },
  ),
  row(
    'IOPollingInDevice',
    [undefined, 'DevVarStringArray'],
    undefined,
    ['void', 'Polling in device test outputs'],
    pollingInDevice,
  ),
  row('IOPushDevEncodedEvent', [undefined, undefined], undefined, ['void', 'void'], (d) => d.pushUser('Encoded_attr')),
  row('IOPushEvent', [undefined, undefined], undefined, ['void', 'void'], (d) => d.pushUser('Event_change_tst')),
  row(
    'IOReThrow',
    ['DevVarLongStringArray', undefined],
    ON,
    ['Error facility', 'An exception'],
    (_d, { lvalue, svalue }: { lvalue: Int32Array; svalue: readonly string[] }) => {
      throw errorStack(lvalue, svalue, svalue.length)
    },
  ),
  row('IORegClassSig', ['DevLong', undefined], ON, ['Signal number', 'void'], (d, n: number) =>
    d.signals.listen(n, 'class'),
  ),
  row('IORegSig', ['DevLong', undefined], ON, ['Signal number', 'void'], (d, n: number) =>
    d.signals.listen(n, 'device'),
  ),
  row('IORegSigOwn', ['DevLong', undefined], ON, ['Signal number', 'void'], (d, n: number) =>
    d.signals.listen(n, 'device'),
  ),
  row('IORemoveAttribute', ['DevString', undefined], ON, ['Attribute name', 'void'], (d, name: string) =>
    d.removeOne(name),
  ),
  row('IORemoveCommand', [undefined, undefined], ON, ['void', 'void'], (d) => d.removeCommands()),
  row('IORemoveOneElt', [undefined, undefined], undefined, ['void', 'void'], (d) => d.resizeEvents(-1)),
  ...(['Char', 'Double', 'Float', 'Long', 'Short', 'String', 'ULong', 'UShort'] as const).map((kind) => {
    const word = kind.replace(/^U(.)/, (_all, c: string) => `unsigned ${c.toLowerCase()}`).toLowerCase()
    const type = `DevVar${kind}Array` as const
    return row(`IOSeqVec${kind}`, [type, type], ON, [`Input ${word} array`, `Output ${word} array`], echo)
  }),
  row('IOSetAttr', ['DevLong', undefined], ['ON', 'ALARM'], ['New attr value', 'void'], (d, value: number) => {
    d.long = value
  }),
  row(
    'IOSetWAttrLimit',
    ['DevVarDoubleArray', undefined],
    undefined,
    ['arr[0]==0 -> min_value, arr[0]==1 -> max_value, arr[1]=limit', 'void'],
    (d, [which, limit = 0]: Float64Array) => {
      return d.configureByName('Double_attr_w', which === 0 ? { minValue: limit } : { maxValue: limit })
    },
  ),
  twice('DevShort', NUMBER, short),
  doubled('IOShortArray', 'DevVarShortArray', ['Array of short', 'This array * 2']),
  row(
    'IOShortSleep',
    ['DevVarShortArray', 'DevShort'],
    undefined,
    ['Input short and sleeping time in sec', 'Output short (in * 2)'],
    (d, [value = 0, seconds = 0]: Int16Array) => d.after(seconds * 1000, () => short(value * 2)),
  ),
  row('IOSleep', ['DevUShort', undefined], ON, ['sleeping time', 'void'], (d, seconds: number) =>
    d.after(seconds * 1000, () => undefined),
  ),
  row('IOSleepExcept', ['DevShort', undefined], ON, ['Sleep time (sec)', 'An exception'], (d, seconds: number) =>
    d.after(seconds * 1000, () => {
      throw devFailed('aaa', 'This is a test ', { origin: 'IOSleepExcept::execute()' })
    }),
  ),
  row('IOSophisticatedPollInDevice', [undefined, undefined], undefined, ['void', 'void'], sophisticatedPolling),
  row('IOStartPoll', [undefined, 'DevLong'], undefined, ['Void', 'Constant number set to 11'], () => 11),
  row('IOState', ['DevState', undefined], undefined, ['New device state', 'void'], (d, state: DevState) =>
    d.setState(state),
  ),
  row(
    'IOStr1',
    [undefined, 'DevString'],
    ON,
    ['void', 'Just a string dynamically allocated'],
    () => 'Hello from IOStr1',
  ),
  row('IOStr2', [undefined, 'DevString'], ON, ['void', 'A constant string'], () => 'Hello from IOStr2'),
  row('IOStrArray', [undefined, 'DevVarStringArray'], ON, ['void', 'A string array'], () => [
    'First string from dev_string_array',
    'Second string from dev_string_array',
  ]),
  row('IOString', ['DevString', 'DevString'], ON, ['Word', 'the pallindrome is'], (_d, word: string) =>
    [...word].reverse().join(''),
  ),
  row(
    'IOStringArray',
    ['DevVarStringArray', 'DevVarStringArray'],
    ON,
    ['Array of string', 'This reversed array '],
    (_d, words: readonly string[]) => [...words].reverse(),
  ),
  row('IOStruct', [undefined, 'DevVarLongStringArray'], ON, ['void', 'A structure type'], () => ({
    lvalue: [1000, 2000],
    svalue: ['First string from dev_struct', 'Second string from dev_struct'],
  })),
  row(
    'IOSubscribeEvent',
    ['DevVarStringArray', 'DevLong'],
    undefined,
    ['str[0] = device name, str[1] = attribute name, str[2] = event type', 'Event identifier'],
    (d, args: readonly string[]) => d.subscriptions.open(args),
  ),
  row('IOTempl', [undefined, undefined], undefined, [UNSET, UNSET], nothing),
  row('IOTemplIn', ['DevLong', undefined], undefined, [UNSET, UNSET], nothing),
  row('IOTemplInOut', ['DevDouble', 'DevVarDoubleArray'], undefined, [UNSET, UNSET], (_d, x: number) => [x, 2 * x]),
  row('IOTemplInOutState', ['DevDouble', 'DevVarDoubleArray'], ON, [UNSET, UNSET], (_d, x: number) => [x, 2 * x]),
  row('IOTemplInState', ['DevLong', undefined], ON, [UNSET, UNSET], nothing),
  row('IOTemplOut', [undefined, 'DevVarLongArray'], undefined, [UNSET, UNSET], () => [10, 20, 30, 40]),
  row('IOTemplOutState', [undefined, 'DevVarLongArray'], ON, [UNSET, UNSET], () => [10, 20, 30, 40]),
  row('IOTemplState', [undefined, undefined], ON, [UNSET, UNSET], nothing),
  row(
    'IOThrow',
    ['DevVarLongStringArray', undefined],
    ON,
    ['Error facility', 'An exception'],
    (_d, { lvalue, svalue }: { lvalue: Int32Array; svalue: readonly string[] }) => {
      throw errorStack(lvalue, svalue, 1)
    },
  ),
  row(
    'IOTrigPoll',
    ['DevString', undefined],
    undefined,
    ["Command's name to trig polling", 'void'],
    (d, name: string) => d.polling.trigger('command', name),
  ),
  twice('DevULong', NUMBER, ulong),
  twice('DevULong64', NUMBER),
  doubled('IOULongArray', 'DevVarULongArray', ['Array of unsigned long', 'This array * 2']),
  twice('DevUShort', NUMBER, ushort),
  doubled('IOUShortArray', 'DevVarUShortArray', ['Array of unsigned short', 'This array * 2']),
  row('IOUnSubscribeEvent', ['DevLong', undefined], undefined, ['Event identifier', 'void'], (d, id: number) =>
    d.subscriptions.close(id),
  ),
  row('IOUnregClassSig', ['DevLong', undefined], ON, ['Signal number', 'void'], (d, n: number) =>
    d.signals.ignore(n, 'class'),
  ),
  row('IOUnregSig', ['DevLong', undefined], ON, ['Signal number', 'void'], (d, n: number) =>
    d.signals.ignore(n, 'device'),
  ),
  row('IOVoid', [undefined, undefined], ON, ['void', 'void'], nothing),
  row('OEncoded', [undefined, 'DevEncoded'], ON, ['void', 'DevEncoded structure to test polling/history'], (d) => {
    return d.countInClass('OEncoded') % 2 === 1
      ? { format: 'Even - OEncoded format', data: Uint8Array.of(10, 20, 30, 40) }
      : { format: 'Odd - OEncoded format', data: Uint8Array.of(11, 21) }
  }),
  row('OLong', [undefined, 'DevLong'], ON, ['void', 'A long'], () => 22),
  row('OLongArray', [undefined, 'DevVarLongArray'], ON, ['void', 'A long array'], () => [555, 556, 557, 558]),
  row('OLongString', [undefined, 'DevVarLongStringArray'], ON, ['void', 'A unsigned long and string array'], () => ({
    lvalue: [999, 1000, 1001, 1002, 1003, 1004],
    svalue: ['Hola todos'],
  })),
  row('OULong', [undefined, 'DevULong'], ON, ['void', 'An unsigned long'], () => 333),
  row('OULongArray', [undefined, 'DevVarULongArray'], ON, ['void', 'A unsigned long array'], () => [777, 778, 779]),
  row(
    'PollingPoolTst',
    [undefined, 'DevVarStringArray'],
    undefined,
    ['void', 'Polling threads pool configuration'],
    (d) => d.polledSiblings(),
  ),
  row(
    'PushDataReady',
    ['DevVarLongStringArray', undefined],
    undefined,
    ['s[0] = attribute name, l[0] = user counter', 'void'],
    (d, { lvalue, svalue }: { lvalue: Int32Array; svalue: readonly string[] }) => {
      d.pushDataReady(d.keyOf(svalue[0] ?? ''), lvalue[0] ?? 0)
    },
  ),
  row('PushPipeEvent', ['DevShort', undefined], ON, ['Pipe data type', 'void'], (d, kind: number) =>
    d.pushPipeCase(kind),
  ),
  row('PushStateStatusChangeEvent', [undefined, undefined], ON, ['void', 'void'], (d) => {
    d.setState(d.state, d.status, { always: true })
  }),
  row('SetEnumLabels', [undefined, undefined], ON, ['void', 'void'], (d) =>
    d.configureByName('DynEnum_attr', { enumLabels: ['Zero', 'One', 'Two', 'Three'] }),
  ),
  row(
    'SetGetAlarms',
    [undefined, 'DevVarStringArray'],
    ON,
    ['void', 'DevVarStringArray containing alarm values'],
    alarmTexts,
  ),
  row(
    'SetGetProperties',
    [undefined, 'DevVarStringArray'],
    ON,
    ['void', 'DevVarStringArray containing properties values'],
    () => [],
  ),
  row(
    'SetGetRanges',
    [undefined, 'DevVarStringArray'],
    ON,
    ['void', 'DevVarStringArray containing ranges values'],
    rangeTexts,
  ),
  row('SetPipeOutput', ['DevShort', undefined], ON, ['Select RPipe output type', 'void'], (d, kind: number) => {
    d.pipeCase = kind
  }),
  row('SubDeviceTst', [undefined, 'DevBoolean'], undefined, ['void', 'true = sub device connected'], async (d) => {
    const found = await Promise.all([d.reachesSibling(2), d.reachesSibling(1)])
    return found.every(Boolean)
  }),
  row(
    'WriteAttrHardwareThrow',
    ['DevShort', undefined],
    undefined,
    ['Type of exception to be thrown by write_attr_hardware() method', 'void'],
    (d, kind: number) => {
      d.writeFailure = kind
    },
  ),
]
