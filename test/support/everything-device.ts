// A device with one of everything: an attribute per type and format, commands of every type, odd behaviours.

import {
  type AttributeSpec,
  type AttributeType,
  type CommandSpec,
  type CommandType,
  Device,
  type DeviceClass,
  type DeviceSpec,
  defineInterface,
  devFailed,
} from '#tango'

/** Attribute types by the short names that their attributes have: `doS`, `doV`, `doI`. */
export const ATTRIBUTE_TYPES: Readonly<Record<string, AttributeType>> = {
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
  sta: 'DevState',
  enc: 'DevEncoded',
}

/** Border values of each attribute type. */
export const BORDER_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  b: [true, false],
  sh: [-32768, 32767],
  lo: [-2147483648, 2147483647],
  l64: [-(2n ** 63n), 2n ** 63n - 1n],
  fl: [0.5, -1.25],
  do: [Number.MIN_VALUE, Number.MAX_VALUE],
  uc: [0, 255],
  us: [0, 65535],
  ul: [0, 4294967295],
  u64: [0n, 2n ** 64n - 1n],
  st: ['', 'caf\u00e9 "quoted"\n'],
  sta: ['ON', 'UNKNOWN'],
  enc: [
    { format: 'json', data: Uint8Array.of(123, 125) },
    { format: '', data: new Uint8Array(0) },
  ],
}

/** Commands that answer with their argument. */
export const ECHO_TYPES: readonly CommandType[] = [
  'DevBoolean',
  'DevShort',
  'DevLong',
  'DevFloat',
  'DevDouble',
  'DevUShort',
  'DevULong',
  'DevString',
  'DevLong64',
  'DevULong64',
  'DevState',
  'DevEncoded',
  'DevVarCharArray',
  'DevVarShortArray',
  'DevVarLongArray',
  'DevVarFloatArray',
  'DevVarDoubleArray',
  'DevVarUShortArray',
  'DevVarULongArray',
  'DevVarLong64Array',
  'DevVarULong64Array',
  'DevVarBooleanArray',
  'DevVarStringArray',
  'DevVarStateArray',
  'DevVarEncodedArray',
  'DevUChar',
  'DevEnum',
  'DevVarLongStringArray',
  'DevVarDoubleStringArray',
]

const typed = (format: 'scalar' | 'spectrum' | 'image', suffix: string): Record<string, AttributeSpec> =>
  Object.fromEntries(
    Object.entries(ATTRIBUTE_TYPES)
      .filter(([name]) => format === 'scalar' || name !== 'enc')
      .map(([name, type]) => [name + suffix, { type, format, max: [16, 8], writable: true, name: name + suffix }]),
  )

const echoes: Record<string, CommandSpec> = Object.fromEntries(
  ECHO_TYPES.map((type) => [`echo${type}`, { in: type, out: type, name: `Echo${type}` }]),
)

const special = {
  position: {
    type: 'DevDouble',
    writable: true,
    unit: 'mm',
    label: 'Position',
    doc: 'where it is',
    minValue: -100,
    maxValue: 100,
    pushes: 'unfiltered',
    events: { change: { abs: 0.5 } },
  },
  memorized: { type: 'DevDouble', writable: true, memorized: true },
  setOnly: { type: 'DevLong', writeOnly: true },
  mode: { type: 'DevEnum', writable: true, enumLabels: ['LOW', 'MID', 'HIGH'] },
  polled: { type: 'DevDouble', pollingMs: 50, events: { change: { abs: 1 }, periodMs: 100 } },
  failing: { type: 'DevDouble' },
  broken: { type: 'DevDouble' },
  invalid: { type: 'DevDouble' },
  empty: { type: 'DevDouble', format: 'spectrum', max: [4] },
  slow: { type: 'DevDouble' },
  warm: { type: 'DevDouble', minAlarm: -10, maxAlarm: 10, minWarning: -5, maxWarning: 5, writable: true },
  filtered: { type: 'DevDouble', pushes: 'filtered', events: { change: { abs: 1 } } },
} as const satisfies Record<string, AttributeSpec>

const commands = {
  pushPosition: { in: 'DevDouble' },
  pushFiltered: { in: 'DevDouble' },
  pushFailure: {},
  moveNowhere: { doc: 'goes MOVING and ON in one go' },
  fail: {},
  crash: {},
  crashLater: {},
  wait: { longRunning: true, out: 'DevString' },
  slowly: { in: 'DevLong', out: 'DevLong' },
  stop: { urgent: true },
  addOne: {},
  removeOne: {},
  goTo: { in: 'DevState' },
  count: { out: 'DevLong' },
} as const satisfies Record<string, CommandSpec>

/** The interface of the device. */
export const everythingInterface: DeviceSpec = defineInterface({
  class: 'Everything',
  doc: 'One of everything',
  attributes: { ...typed('scalar', 'S'), ...typed('spectrum', 'V'), ...typed('image', 'I'), ...special },
  commands: { ...echoes, ...commands },
  properties: {
    host: { type: 'DevString', default: 'localhost', doc: 'host of the box' },
    port: { type: 'DevLong', default: 5000 },
    factors: { type: 'DevVarDoubleArray', default: [] },
    needed: { type: 'DevString', mandatory: false },
    failInit: { type: 'DevBoolean', default: false },
  },
})

/** Serves {@link everythingInterface}; the typed attributes keep what was written. */
export class EverythingDevice extends Device {
  /** Names of what happened, for tests. */
  readonly calls: string[] = []
  /** Ends a `slowly`. */
  release: () => void = () => {}
  position = 0
  warm = 0
  polledValue = 0
  counter = 0
  readonly #values = new Map<string, unknown>()
  #set = 0
  #mode = 0
  #memorized = 0
  #stop: () => void = () => {}

  override init(): void {
    this.calls.push('init')
    if (this.properties.failInit === true) throw devFailed('Line_TimedOut', `${this.name}: no answer from the box`)
    this.setState('ON')
  }

  override deleted(): void {
    this.calls.push('deleted')
  }

  readPosition(): number {
    return this.position
  }
  writePosition(value: number): void {
    this.position = value
  }
  readMemorized(): number {
    return this.#memorized
  }
  writeMemorized(value: number): void {
    this.calls.push(`memorized ${value}`)
    this.#memorized = value
  }
  writeSetOnly(value: number): void {
    this.#set = value
  }
  get setOnly(): number {
    return this.#set
  }
  readMode(): number {
    return this.#mode
  }
  writeMode(value: number): void {
    this.#mode = value
  }
  readPolled(): number {
    this.polledValue += 1
    return this.polledValue
  }
  readFailing(): number {
    throw devFailed('My_Reason', 'my description', { origin: 'Everything.failing' })
  }
  readBroken(): number {
    throw new TypeError('x is not a function')
  }
  readInvalid(): unknown {
    return { value: undefined, quality: 'INVALID' }
  }
  readEmpty(): number[] {
    return []
  }
  async readSlow(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.release = resolve
    })
    return 7
  }
  readWarm(): number {
    return this.warm
  }
  writeWarm(value: number): void {
    this.warm = value
  }
  readFiltered(): number {
    return 0
  }

  pushPosition(value: number): void {
    this.position = value
    this.push('position', value)
  }
  pushFiltered(value: number): void {
    this.push('filtered', value)
  }
  pushFailure(): void {
    this.push('position', devFailed('My_Reason', 'it broke'))
  }
  moveNowhere(): void {
    this.setState('MOVING')
    this.setState('ON')
  }
  fail(): void {
    throw devFailed('My_Reason', 'my description', { origin: 'Everything.fail' })
  }
  crash(): void {
    throw new RangeError('out of reach')
  }
  async crashLater(): Promise<void> {
    await Promise.resolve()
    throw new RangeError('out of reach later')
  }
  async wait(_argument: undefined, call: { signal: AbortSignal }): Promise<string> {
    this.calls.push('wait')
    return new Promise((resolve) => {
      this.#stop = () => resolve('stopped')
      call.signal.addEventListener('abort', () => {
        this.calls.push('aborted')
        resolve('aborted')
      })
    })
  }
  async slowly(value: number): Promise<number> {
    this.calls.push(`slowly ${value}`)
    await new Promise<void>((resolve) => {
      this.release = resolve
    })
    return value
  }
  stop(): void {
    this.calls.push('stop')
    this.#stop()
  }
  addOne(): void {
    this.addAttribute('added', { type: 'DevLong', name: 'added' }, { read: () => 11 })
  }
  removeOne(): void {
    void this.removeAttribute('added') // never rejects
  }
  goTo(state: Parameters<Device['setState']>[0]): void {
    this.setState(state)
  }
  count(): number {
    this.counter += 1
    return this.counter
  }

  /** Values of the typed attributes. */
  value(key: string): unknown {
    return this.#values.get(key) ?? initialValue(key)
  }
  setValue(key: string, value: unknown): void {
    this.#values.set(key, value)
  }
}

for (const key of Object.keys(everythingInterface.attributes)) {
  if (key in special) continue
  const capital = key.charAt(0).toUpperCase() + key.slice(1)
  Object.defineProperty(EverythingDevice.prototype, `read${capital}`, {
    value(this: EverythingDevice) {
      return this.value(key)
    },
  })
  Object.defineProperty(EverythingDevice.prototype, `write${capital}`, {
    value(this: EverythingDevice, value: unknown) {
      this.setValue(key, value)
    },
  })
}
for (const key of Object.keys(echoes)) {
  Object.defineProperty(EverythingDevice.prototype, key, { value: (argument: unknown) => argument })
}

/** The class of the device. Its spec is not literal, so its handlers are not checked by the compiler. */
export const everything: DeviceClass = {
  spec: everythingInterface,
  create: (context) => new EverythingDevice(context),
}

function initialValue(key: string): unknown {
  const values = [...(BORDER_VALUES[key.slice(0, -1)] ?? [])]
  if (key.endsWith('S')) return values[0]
  return key.endsWith('V') ? values : { data: values, width: values.length, height: 1 }
}
