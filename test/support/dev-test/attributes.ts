// Attributes of class DevTest, one row each: type, shape, mode, what a read answers, what a write does.

import { type AttributeSpec, type AttributeType, devFailed } from '#tango'
import type { DevTestDevice } from './device.ts'
import { grayJpeg } from './jpeg.ts'

/** One attribute: its spec and its handlers. */
export interface AttributeRow {
  readonly spec: AttributeSpec
  readonly read?: (device: DevTestDevice) => unknown
  readonly write?: (device: DevTestDevice, value: unknown) => unknown
}

type Shape = 'S' | readonly [x: number] | readonly [x: number, y: number]
/** `R`, `W`, `RW`, or the name of the attribute whose set point is shown. */
type Mode = 'R' | 'W' | 'RW' | { readonly setPointOf: string }
type Read = AttributeRow['read']

const typed =
  (type: AttributeType) =>
  (
    name: string,
    shape: Shape,
    mode: Mode,
    read?: Read,
    more: Partial<AttributeSpec> = {},
    write?: AttributeRow['write'],
  ): AttributeRow => {
    const format = shape === 'S' ? undefined : shape.length === 1 ? 'spectrum' : 'image'
    return {
      spec: {
        type,
        name,
        ...(shape === 'S' || format === undefined ? {} : { format, max: shape }),
        ...(mode === 'W' ? { writeOnly: true } : {}),
        ...(mode === 'RW' ? { writable: true } : {}),
        ...(typeof mode === 'object' ? { readWithWrite: mode.setPointOf } : {}),
        ...more,
      },
      ...(read === undefined ? {} : { read }),
      ...(write === undefined ? {} : { write }),
    }
  }

const short = typed('DevShort')
const long = typed('DevLong')
const long64 = typed('DevLong64')
const float = typed('DevFloat')
const double = typed('DevDouble')
const uchar = typed('DevUChar')
const ushort = typed('DevUShort')
const ulong = typed('DevULong')
const ulong64 = typed('DevULong64')
const string = typed('DevString')
const boolean = typed('DevBoolean')
const state = typed('DevState')
const encoded = typed('DevEncoded')
const enumeration = typed('DevEnum')

const constant = (value: unknown) => () => value
const image = (width: number, ...data: unknown[]) => constant({ data, width, height: data.length / width })
const MEMORIZED = { memorized: true } as const
const COMPASS = { enumLabels: ['North', 'South', 'East', 'West'] } as const
const USER_DEFAULTS: Partial<AttributeSpec> = {
  doc: 'User desc',
  minValue: 30,
  deltaVal: 77,
  deltaT: 88,
  events: { change: { rel: 55 }, periodMs: 1500 },
}

function refuse(reason: string, desc: string, origin: string): never {
  throw devFailed(reason, desc, { origin })
}

function testFailure(reason: string): never {
  refuse(reason, 'This is a test', 'DevTest::read_attr')
}

const dated = (value: unknown, quality: 'VALID' | 'ALARM') => (device: DevTestDevice) => {
  return { value, quality, time: device.now() }
}

/** All attributes in the order of the class. */
export const ATTRIBUTES: readonly AttributeRow[] = [
  short('Short_attr', 'S', 'R', (d) => (d.flags.has(0) ? testFailure('aaa') : 12)),
  long(
    'Long_attr',
    'S',
    'R',
    (d) =>
      d.flags.has(5)
        ? refuse('Long_attr_except', 'Test exception is enabled for this attribute', 'DevTest::read_Long_attr')
        : d.long,
    { dataReady: true },
  ),
  long64('Long64_attr', 'S', 'R', constant(300n), { dataReady: true }),
  double('Double_attr', 'S', 'R', constant(3.2)),
  string('String_attr', 'S', 'R', constant('test_string')),
  short('Short_spec_attr', [4], 'R', constant([10, 20, 30, 40])),
  long('Long_spec_attr', [10], 'R', constant([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])),
  double('Double_spec_attr', [3], 'R', constant([1.11, 2.22])),
  string('String_spec_attr', [2], 'R', constant(['Hello world', 'Hello universe'])),
  short('Short_ima_attr', [4, 4], 'R', image(2, 40, 60, 80, 100)),
  long('Long_ima_attr', [10, 2], 'R', image(3, 0, 1, 2, 3, 4, 5)),
  double('Double_ima_attr', [3, 3], 'R', image(2, 5.55, 6.66)),
  string('String_ima_attr', [2, 2], 'R', image(1, 'Hello milky way', 'Hello moon')),
  short('attr_no_data', 'S', 'R', constant({ value: undefined, quality: 'VALID' })),
  short('attr_wrong_type', 'S', 'R', (d) => {
    d.long = 1246
    refuse('API_AttrOptProp', 'Invalid data type for attribute attr_wrong_type', 'Attribute::set_value()')
  }),
  long('attr_wrong_size', 'S', 'R', () => {
    refuse('API_AttrOptProp', 'Data size for attribute attr_wrong_size exceeds given limit', 'Attribute::set_value()')
  }),
  long('attr_no_alarm', 'S', 'R', (d) => {
    d.long = 1246
    refuse('API_AttrNoAlarm', 'No alarm defined for attribute attr_no_alarm', 'Attribute::check_alarm()')
  }),
  short('Short_attr_with_w', 'S', { setPointOf: 'Short_attr_w' }, constant(44)),
  short(
    'Short_attr_rw',
    'S',
    'RW',
    (d) => d.shortRw,
    {},
    (d, value) => {
      d.shortRw = Number(value)
    },
  ),
  short('Short_attr_w', 'S', 'W', undefined, MEMORIZED, (d) => {
    if (d.flags.has(4)) refuse('Aaaa', 'Bbbb', 'Cccc')
  }),
  long('Long_attr_w', 'S', 'W', undefined, {
    label: 'Test label',
    doc: 'Test description',
    unit: 'Kilogramme',
    standardUnit: '100',
    displayUnit: 'Et ta soeur',
    displayFormat: 'Tres long',
    minValue: 0,
    maxValue: 100000,
    minAlarm: 1,
    maxAlarm: 99999,
    minWarning: 2,
    maxWarning: 99998,
    deltaVal: 10000,
    deltaT: 1,
    events: {
      change: { abs: 30000, rel: 20000 },
      periodMs: 2000,
      archive: { abs: 33333, rel: 22222, periodMs: 3000 },
    },
  }),
  double('Double_attr_w', 'S', 'W'),
  string('String_attr_w', 'S', 'W', undefined, MEMORIZED),
  double('attr_asyn', 'S', 'R', (d) => d.after(2000, () => 5.55)),
  double('attr_asyn_to', 'S', 'R', (d) => d.after(4000, () => 5.55)),
  double('attr_asyn_except', 'S', 'R', (d) => d.after(2000, () => testFailure('aaa'))),
  long(
    'attr_asyn_write',
    'S',
    'RW',
    (d) => d.after(2000, () => d.asyncValue),
    {},
    (d, value) => {
      d.asyncValue = Number(value)
      return d.after(2000, () => undefined)
    },
  ),
  long('attr_asyn_write_to', 'S', 'W', undefined, {}, (d) => d.after(4000, () => undefined)),
  long('attr_asyn_write_except', 'S', 'W', undefined, {}, (d) =>
    d.after(2000, () => refuse('aaa', 'This is a test', 'DevTest::write_attr_hardware')),
  ),
  long('PollLong_attr', 'S', 'R', (d) => (d.count('PollLong_attr') % 2 === 1 ? 6666 : 5555)),
  string('PollString_spec_attr', [2], 'R', (d) => {
    switch (d.count('PollString_spec_attr') % 4) {
      case 1:
        return ['Hello Grenoble']
      case 2:
        return refuse('aaaa', 'bbb', 'ccc')
      case 3:
        return refuse('xxx', 'yyy', 'zzz')
      default:
        return ['Hello world', 'Hello universe']
    }
  }),
  short('attr_dq_sh', 'S', 'R', dated(77, 'VALID')),
  long('attr_dq_lo', 'S', 'R', dated(7777, 'ALARM')),
  double('attr_dq_db', 'S', 'R', dated(8.888, 'VALID')),
  string('attr_dq_str', 'S', 'R', dated('Setting value date and quality', 'ALARM')),
  short('Short_spec_attr_w', [4], 'W', undefined, { maxValue: 100 }),
  long('Long_spec_attr_w', [2], 'W'),
  double('Double_spec_attr_w', [2], 'W'),
  string('String_spec_attr_w', [2], 'W'),
  short('Short_ima_attr_w', [4, 4], 'W'),
  string('String_ima_attr_w', [2, 2], 'W'),
  short('Short_spec_attr_rw', [4], 'RW', constant([8, 9])),
  string('String_spec_attr_rw', [2], 'RW', constant(["Thank's god", "It's friday"])),
  long('Long_spec_attr_rw', [3], 'RW', constant([88, 99, 111])),
  short('Short_ima_attr_rw', [4, 4], 'RW', image(2, 6, 7, 8, 9)),
  string('String_ima_attr_rw', [2, 2], 'RW', image(2, 'Alors la, pour une surprise', "c'est une surprise")),
  long('Event_change_tst', [10], 'R', (d) => {
    if (d.flags.has(1)) testFailure('bbb')
    const values = d.eventValues.slice(0, d.eventCount)
    return d.flags.has(3) ? d.after(400, () => values) : values
  }),
  long64('Event64_change_tst', [6], 'R', (d) => {
    if (d.flags.has(1)) testFailure('bbb64')
    return d.event64Values.slice(0, d.event64Count)
  }),
  double('Event_quality_tst', [2], 'R', (d) => {
    if (d.flags.has(2)) testFailure('ccc')
    return { value: d.quality === 'INVALID' ? undefined : [1.2, 2.4], quality: d.quality }
  }),
  long('Long_attr_with_w', 'S', { setPointOf: 'Long_attr_w' }, (d) => {
    d.long = 1246
    return d.long
  }),
  short('Short_attr_w2', 'S', 'W'),
  string('String_attr_w2', 'S', 'W'),
  string('Poll_buff', [2, 2], 'R', constant({ value: undefined, quality: 'VALID' })),
  string('Poll_buffRW', [2, 2], 'RW', constant({ value: undefined, quality: 'VALID' })),
  float('Float_attr', 'S', 'R', constant(4.5)),
  boolean('Boolean_attr', 'S', 'R', constant(true)),
  ushort('UShort_attr', 'S', 'R', constant(111)),
  uchar('UChar_attr', 'S', 'R', constant(88)),
  ulong('ULong_attr', 'S', 'R', constant(100)),
  ulong64('ULong64_attr', 'S', 'R', constant(200n)),
  float('Float_spec_attr', [3], 'R', constant([4.5, 8.5, 16.5])),
  boolean('Boolean_spec_attr', [5], 'R', constant([true, true, false, true, true])),
  ushort('UShort_spec_attr', [2], 'R', constant([333, 444])),
  uchar('UChar_spec_attr', [6], 'R', constant([28, 45, 156, 34, 200, 12])),
  float('Float_attr_w', 'S', 'W'),
  boolean('Boolean_attr_w', 'S', 'W', undefined, MEMORIZED),
  ushort('UShort_attr_w', 'S', 'W'),
  uchar('UChar_attr_w', 'S', 'W'),
  float('Float_spec_attr_w', [4], 'W'),
  boolean('Boolean_spec_attr_w', [4], 'W'),
  ushort('UShort_spec_attr_w', [4], 'W'),
  uchar('UChar_spec_attr_w', [4], 'W'),
  float('Float_ima_attr_w', [8, 8], 'W'),
  ushort('UShort_ima_attr_w', [8, 2], 'W'),
  float('Float_spec_attr_rw', [4], 'RW', constant([5.5, 11.5])),
  uchar('UChar_spec_attr_rw', [4], 'RW', constant([22, 44, 66])),
  boolean('Boolean_ima_attr_rw', [4, 4], 'RW', image(2, true, false)),
  ushort('UShort_ima_attr_rw', [2, 4], 'RW', image(2, 2, 3)),
  short(
    'slow_actuator',
    'S',
    'RW',
    (d) => d.slowActuator.read(),
    {},
    (d, value) => d.slowActuator.write(Number(value)),
  ),
  double(
    'fast_actuator',
    'S',
    'RW',
    (d) => d.fastValue,
    { pushes: 'unfiltered' },
    (d, value) => {
      d.fastValue = Number(value)
      d.pushByName('fast_actuator', { value: d.fastValue, quality: 'CHANGING' })
      d.pushByName('fast_actuator', { value: d.fastValue, quality: 'VALID' })
    },
  ),
  long64(
    'Long64_attr_rw',
    'S',
    'RW',
    (d) => d.long64Rw,
    {},
    (d, value) => {
      d.long64Rw = value as bigint
    },
  ),
  ulong(
    'ULong_attr_rw',
    'S',
    'RW',
    (d) => d.ulongRw,
    {},
    (d, value) => {
      d.ulongRw = Number(value)
      if (d.ulongRw > 1000) d.setWrittenByName('ULong_attr_rw', 1111)
    },
  ),
  ulong64(
    'ULong64_attr_rw',
    'S',
    'RW',
    (d) => d.ulong64Rw,
    {},
    (d, value) => {
      d.ulong64Rw = value as bigint
    },
  ),
  state(
    'State_attr_rw',
    'S',
    'RW',
    (d) => d.stateRw,
    {},
    (d, value) => {
      d.stateRw = value as DevTestDevice['stateRw']
    },
  ),
  long64('Long64_spec_attr_rw', [3], 'RW', constant([1000n, 10000n, 100000n])),
  ulong('ULong_spec_attr_rw', [3], 'RW', constant([2222, 22222, 222222])),
  ulong64('ULong64_spec_attr_rw', [3], 'RW', constant([8888n, 88888n, 888888n])),
  state('State_spec_attr_rw', [3], 'RW', constant(['ON', 'OFF'])),
  boolean('Sub_device_tst', 'S', 'R', (d) => d.reachesSibling(1)),
  double('SlowAttr', 'S', 'R', (d) => d.after(500, () => 3.3)),
  encoded('Encoded_attr', 'S', 'RW', (d) => ({ format: d.encodedFormat, data: d.encodedData })),
  encoded('Encoded_image', 'S', 'R', () => ({ format: 'JPEG_GRAY8', data: grayJpeg(256, 256, (x) => x) })),
  long('DefUserAttr', 'S', 'RW', constant(10), USER_DEFAULTS),
  long('DefClassUserAttr', 'S', 'RW', constant(10), USER_DEFAULTS),
  long('DefAttr', 'S', 'RW', constant(10)),
  long('DefClassAttr', 'S', 'RW', constant(10)),
  enumeration('Enum_attr_rw', 'S', 'RW', constant(1), { ...COMPASS, ...MEMORIZED }),
  enumeration('Enum_spec_attr_rw', [5], 'RW', constant([1, 0, 3]), COMPASS),
  enumeration('DynEnum_attr', 'S', 'R', (d) => d.dynEnum),
  double('ReynaldPollAttr', 'S', 'R', (d) => {
    if (d.count('ReynaldPollAttr') % 3 === 0) {
      d.reynaldPeriod = d.reynaldPeriod === 250 ? 500 : 250
      for (const name of ['Short_attr', 'ReynaldPollAttr']) d.polling.start('attribute', name, d.reynaldPeriod)
    }
    return { value: undefined, quality: 'VALID' }
  }),
]
