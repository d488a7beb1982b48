// Class WireTest: one attribute per type and format, commands, pipes and odd behaviours, with the interface of the
// server that the golden bytes were recorded from. What it answers is set by the test.

import {
  type AttributeSpec,
  Device,
  type DeviceClass,
  type DeviceSpec,
  defineInterface,
  devFailed,
  type PipeInput,
  type Reading,
} from '#tango'

const TYPES = {
  b: 'DevBoolean',
  sh: 'DevShort',
  lo: 'DevLong',
  l64: 'DevLong64',
  fl: 'DevFloat',
  do: 'DevDouble',
  uc: 'DevUChar',
  us: 'DevUShort',
  ul: 'DevULong',
  u64: 'DevULong64',
  st: 'DevString',
} as const

const typed = Object.entries(TYPES).flatMap(([name, type]): [string, AttributeSpec][] => [
  [`${name}S`, { type, writable: true, name: `${name}S` }],
  [`${name}V`, { type, format: 'spectrum', max: [16], writable: true, name: `${name}V` }],
  [`${name}I`, { type, format: 'image', max: [8, 8], writable: true, name: `${name}I` }],
])

const ENUM_LABELS = ['LOW', 'MID', 'HIGH']

/** The interface of the class. */
export const wireTestInterface: DeviceSpec = defineInterface({
  class: 'WireTest',
  attributes: {
    ...Object.fromEntries(typed),
    enumRW: { type: 'DevEnum', enumLabels: ENUM_LABELS, writable: true, name: 'enumRW' },
    enumSpec: { type: 'DevEnum', format: 'spectrum', max: [8], enumLabels: ENUM_LABELS, name: 'enumSpec' },
    enc: { type: 'DevEncoded', writable: true, name: 'enc' },
    mem: {
      type: 'DevDouble',
      writable: true,
      memorized: true,
      name: 'mem',
      doc: 'memorized doc',
      label: 'NewLabel',
      unit: 'mm',
      displayFormat: '%6.3f',
      level: 'EXPERT',
      minValue: -100,
      maxValue: 100,
      minAlarm: -90,
      maxAlarm: 95,
      minWarning: -80,
      maxWarning: 80,
      deltaT: 10,
      deltaVal: 1,
      events: { change: { abs: 0.5, rel: 1 }, periodMs: 500, archive: { abs: 2 } },
    },
    chg: { type: 'DevDouble', name: 'chg', pushes: 'unfiltered', pushesArchive: 'unfiltered' },
    polled: {
      type: 'DevDouble',
      name: 'polled',
      events: { change: { abs: 0.1 }, periodMs: 300, archive: { periodMs: 400 } },
    },
    fails: { type: 'DevDouble', name: 'fails' },
    invalid: { type: 'DevDouble', name: 'invalid' },
    stateAtt: { type: 'DevState', name: 'stateAtt' },
    stateSpec: { type: 'DevState', format: 'spectrum', max: [4], name: 'stateSpec' },
    empty: { type: 'DevDouble', format: 'spectrum', max: [4], name: 'empty' },
    emptyStr: { type: 'DevString', format: 'spectrum', max: [4], name: 'emptyStr' },
  },
  commands: {
    addAttr: {},
    boolArr: { in: 'DevVarBooleanArray', out: 'DevVarBooleanArray' },
    delAttr: {},
    enc: { in: 'DevEncoded', out: 'DevEncoded' },
    fail: {},
    polledCmd: { out: 'DevDouble' },
    pushArch: { in: 'DevDouble' },
    pushChg: { in: 'DevDouble', inDoc: 'tick in' },
    pushErr: {},
    pushPipe: {},
    pushReady: {},
    pushState: {},
    pushUser: { in: 'DevDouble' },
    pyErr: {},
    st: { in: 'DevState', out: 'DevState' },
  },
  pipes: {
    nested: { name: 'nested' },
    pp: { name: 'pp', writable: true },
  },
})

/** Serves {@link wireTestInterface}. */
export class WireTest extends Device {
  /** What attributes answer, by their names. */
  readonly values = new Map<string, unknown>([
    ['enc', { format: 'fmt', data: Uint8Array.of(1, 2, 3, 4, 5) }],
    ['mem', 0],
    ['polled', 0],
  ])
  /** What was written last, by attribute or pipe. */
  readonly written = new Map<string, unknown>()
  /** What the pipe `pp` answers. */
  blob: PipeInput = { q: [1, 2], s: ['a', 'b'] }

  override init(): void {
    this.setState('ON', 'wire ok')
  }

  readFails(): never {
    throw devFailed('My_Reason', 'my description', { origin: 'WireTest.fails' })
  }
  readInvalid(): Reading<number> {
    return { value: undefined, quality: 'INVALID' }
  }

  addAttr(): void {
    this.addAttribute('dyn', { type: 'DevDouble', name: 'dyn' }, { read: () => 1.5 })
  }
  boolArr(values: readonly boolean[]): readonly boolean[] {
    return values
  }
  async delAttr(): Promise<void> {
    await this.removeAttribute('dyn')
  }
  enc(value: unknown): unknown {
    return value
  }
  fail(): never {
    throw devFailed('Cmd_Reason', 'cmd description', { origin: 'WireTest.Fail' })
  }
  polledCmd(): number {
    return 2.5
  }
  pushArch(value: number): void {
    this.pushArchive('chg', value)
  }
  pushChg(value: number): void {
    this.push('chg', value)
  }
  pushErr(): void {
    this.push('chg', devFailed('Pushed_Reason', 'pushed error', { origin: 'WireTest.PushErr' }))
  }
  override pushPipe(): void {}
  pushReady(): void {}
  pushState(): void {
    this.setState('ON', undefined, { always: true })
  }
  pushUser(value: number): void {
    this.pushUserEvent('chg', value)
  }
  pyErr(): never {
    throw new TypeError('a Python error')
  }
  st(value: unknown): unknown {
    return value
  }

  readPp(): PipeInput {
    return this.blob
  }
  writePp(blob: unknown): void {
    this.written.set('pp', blob)
  }
  readNested(): PipeInput {
    return { outer: 1, inner: { name: 'in', elements: [{ name: 'x', type: 'DevLong', value: 5 }] } }
  }
}

for (const [key, spec] of Object.entries(wireTestInterface.attributes)) {
  if (key === 'fails' || key === 'invalid') continue
  const capital = key.charAt(0).toUpperCase() + key.slice(1)
  Object.defineProperty(WireTest.prototype, `read${capital}`, {
    value(this: WireTest) {
      return this.values.get(key)
    },
  })
  if (spec.writable !== true) continue
  Object.defineProperty(WireTest.prototype, `write${capital}`, {
    value(this: WireTest, value: unknown) {
      this.written.set(key, value)
    },
  })
}

/** The class; its spec is not literal, so its handlers are not checked by the compiler. */
export const wireTest: DeviceClass = { spec: wireTestInterface, create: (context) => new WireTest(context) }
