// The object behind each device of class DevTest: its members and what they mean.

import {
  type AttributeChanges,
  Device,
  type DeviceServer,
  type DevState,
  devFailed,
  MultiDevFailed,
  type PipeInput,
  type Quality,
} from '#tango'
import { ATTRIBUTES } from './attributes.ts'
import { pipeEvent, readBothPipe, readPipe, readPipeElements, writeBothPipe } from './pipes.ts'
import { SignalLog } from './signal-log.ts'
import { EventSubscriptions } from './subscriptions.ts'

/** Counters that all devices of the class in one server share. */
const classCounters = new WeakMap<DeviceServer, Map<string, number>>()

/** How long a slow actuator is on its way. */
const ACTUATOR_MS = 3000
const MEMORY_FLAG = 4

/** A device of class DevTest. */
export class DevTestDevice extends Device {
  /** Exceptions that reading or writing throws, by the numbers of the command IOAttrThrowEx. */
  readonly flags = new Set<number>()
  readonly subscriptions = new EventSubscriptions(this)
  readonly signals = new SignalLog(this)
  readonly pollMessages: string[] = []
  readonly #counters = new Map<string, number>()
  /** Names of the attributes that were added. */
  readonly #added = new Set<string>()
  readonly slowActuator = new SlowActuator(this)
  long = 1246
  shortRw = 66
  asyncValue = 42
  eventValues = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
  eventCount = 4
  event64Values = [34359738368n, 44n, 55n]
  event64Count = 2
  quality: Quality = 'VALID'
  fastValue = 0
  long64Rw = 34359738368n
  ulongRw = 3221225472
  ulong64Rw = 13835058055282163712n
  stateRw: DevState = 'FAULT'
  encodedFormat = 'Which format?'
  encodedData: Uint8Array = Uint8Array.of(97, 98, 99, 100)
  dynEnum = 2
  reynaldPeriod = 250
  pipeCase = 0
  /** What the hook of write requests does, by the numbers of the command WriteAttrHardwareThrow. */
  writeFailure = 0

  override async init(): Promise<void> {
    const kept = this.flags.has(MEMORY_FLAG)
    this.flags.clear()
    if (kept) this.flags.add(MEMORY_FLAG)
    this.#reset()
    if (this.configByName('DynEnum_attr').enumLabels.length === 0) await this.addEnumLabel('Dummy_label')
    this.setState('ON')
  }

  override async deleted(): Promise<void> {
    this.signals.close()
    await this.subscriptions.closeAll()
  }

  override attributesWritten(keys: readonly string[]): void {
    const failure = (index: number, desc: string): never => {
      const { errors } = devFailed('DevTest_WriteAttrHardware', desc, { origin: 'DevTest::write_attr_hardware' })
      throw new MultiDevFailed([{ name: keys[index] ?? '', index, errors }])
    }
    if (this.writeFailure === 1) {
      const origin = 'DevTest::write_attr_hardware'
      throw devFailed('DevTest_WriteAttrHardware', 'DevFailed from write_attr_hardware', { origin })
    }
    if (this.writeFailure === 2) failure(0, 'aaa')
    if (this.writeFailure === 3 && keys.length > 2) failure(2, 'bbb')
  }

  /** Does something later; only this device waits. */
  async after<T>(ms: number, then: () => T): Promise<T> {
    await this.clock.sleep(ms, this.signal)
    return then()
  }

  /** Counts the calls of something, from 1. */
  count(what: string): number {
    return counted(this.#counters, what)
  }

  /** Counts the calls of something in all devices of the class. */
  countInClass(what: string): number {
    const counters = classCounters.get(this.server) ?? new Map<string, number>()
    classCounters.set(this.server, counters)
    return counted(counters, what)
  }

  // attributes by their names, which are their keys in this class

  /** @throws DevFailed `API_AttrNotFound` */
  keyOf(name: string): string {
    const found = ATTRIBUTES.find(({ spec }) => spec.name?.toLowerCase() === name.toLowerCase())?.spec.name
    if (found !== undefined) return found
    const origin = 'MultiAttribute::get_attr_ind_by_name'
    throw devFailed('API_AttrNotFound', `${name} attribute not found`, { origin })
  }

  pushByName(name: string, value: unknown): void {
    // the interface is made from a table, so the compiler knows no value types
    this.push(name, value as never)
  }

  setWrittenByName(name: string, value: unknown): void {
    this.setWritten(name, value as never)
  }

  configByName(name: string): ReturnType<Device['attributeConfig']> {
    return this.attributeConfig(name)
  }

  configureByName(name: string, changes: AttributeChanges): Promise<void> {
    return this.configureAttribute(name, changes)
  }

  async addEnumLabel(label: string): Promise<void> {
    const { enumLabels } = this.configByName('DynEnum_attr')
    await this.configureByName('DynEnum_attr', { enumLabels: [...enumLabels, label] })
  }

  resizeEvents(by: number): void {
    this.eventCount += by
    this.event64Count += by
  }

  changeEvents(by: number): void {
    this.eventValues = this.eventValues.map((value, i) => (i === 2 ? value + by : value))
    this.event64Values = this.event64Values.map((value, i) => (i === 0 ? value + BigInt(by) : value))
  }

  pushUser(name: string): void {
    const read = ATTRIBUTES.find(({ spec }) => spec.name === name)?.read
    this.pushUserEvent(name, read?.(this) as never)
  }

  fillImages(): void {
    const image = (...data: string[]) => ({ data, width: 2, height: data.length / 2 })
    const words = ['One', 'Two', 'Three', 'Four']
    const turns = [1, 2, 3]
    this.polling.fill(
      'attribute',
      'Poll_buff',
      turns.map((k) => ({ value: image(...words.map((word) => `${word}_${k}`)) })),
    )
    this.polling.fill(
      'attribute',
      'Poll_buffRW',
      turns.map((k) => ({
        value: image(...words.map((word) => `${word}_rd_${k}`)),
        written: image(`One_wr_${k}`, `Two_wr_${k}`),
      })),
    )
  }

  // dynamic attributes and commands

  addOne(name: string): void {
    if (this.#added.has(name)) return
    this.#added.add(name)
    if (name === 'Added_short_attr') {
      const texts = { label: 'Test label', doc: 'Test description', displayFormat: 'Illisible' }
      this.addAttribute(name, { type: 'DevShort', name, ...texts }, { read: () => ({ value: undefined }) })
    } else if (name === 'Added_enum_attr') {
      const enumLabels = ['Red', 'Green', 'Blue']
      this.addAttribute(name, { type: 'DevEnum', name, enumLabels }, { read: () => ({ value: undefined }) })
    }
  }

  async removeOne(name: string): Promise<void> {
    this.#added.delete(name)
    await this.removeAttribute(name)
  }

  addCommands(level: number): void {
    const names = level === 2 ? ['Added_cmd', 'Added_cmd_1', 'Added_cmd_2'] : ['Added_cmd']
    for (const device of level === 0 ? this.siblings() : [this]) {
      for (const name of names) {
        const spec = { name, out: 'DevFloat', inDoc: 'void', outDoc: 'Output value (4.0)', states: ['ON'] } as const
        device.addCommand(name, spec, () => 4)
      }
    }
  }

  removeCommands(): void {
    for (const device of this.siblings()) {
      try {
        device.removeCommand('Added_cmd')
      } catch {
        // this device never had it
      }
    }
  }

  // other devices of the server

  /** Devices of the class, sorted by name. */
  siblings(): DevTestDevice[] {
    const all = this.server.devicesOfClass('DevTest').filter((device) => device instanceof DevTestDevice)
    return all.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** @throws DevFailed `API_DeviceNotFound` */
  sibling(name: string): Device {
    const found = this.server.device(name)
    if (found !== undefined) return found
    throw devFailed('API_DeviceNotFound', `Device ${name} not found`, { origin: 'Util::get_device_by_name()' })
  }

  /** @throws DevFailed `API_ClassNotFound` */
  firstOfClass(name: string): string {
    const [first] = this.server.devicesOfClass(name)
    if (first === undefined) {
      throw devFailed('API_ClassNotFound', `Class ${name} not found`, { origin: 'Util::get_device_list_by_class()' })
    }
    return first.name.replace(/\/[^/]*$/, '')
  }

  async reachesSibling(index: number): Promise<boolean> {
    const other = this.siblings()[index]
    if (other === undefined) return false
    await this.tango.proxy(this.address(other.name)).ping()
    return true
  }

  /** How to open a proxy of a device: by its name, or directly when it is one of this server. */
  address(name: string): string {
    const { host, port } = this.tango.orb.endpoint
    return this.server.device(name) === undefined ? name : `tango://${host}:${port}/${name}#dbase=no`
  }

  /** All devices that have been polled, in the one loop that polls them. */
  polledSiblings(): string[] {
    const polled = this.siblings().filter((device) => device.isPolled())
    return polled.length === 0 ? [] : [polled.map(({ name }) => name).join(',')]
  }

  isPolled(): boolean {
    const names = ATTRIBUTES.flatMap(({ spec }) => spec.name ?? [])
    return names.some((name) => this.polling.period('attribute', name) !== undefined)
  }

  // pipes

  readRPipe(): PipeInput | undefined {
    return readPipe(this)
  }
  readRPipeDE(): PipeInput {
    return readPipeElements()
  }
  readRWPipe(): PipeInput {
    return readBothPipe()
  }
  writeRWPipe(blob: Parameters<typeof writeBothPipe>[0]): void {
    writeBothPipe(blob)
  }

  pushPipeByName(name: string, blob: PipeInput): void {
    this.pushPipe(name as never, blob)
  }

  pushPipeCase(kind: number): void {
    const event = pipeEvent(kind)
    if (event === undefined) this.pushPipe('RWPipe' as never, devFailed('aaa', 'bbb', { origin: 'ccc' }))
    else this.pushPipe('RWPipe' as never, event.blob, event.time)
  }

  #reset(): void {
    const fresh = {
      long: 1246,
      shortRw: 66,
      asyncValue: 42,
      eventValues: [10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
      eventCount: 4,
      event64Values: [34359738368n, 44n, 55n],
      event64Count: 2,
      quality: 'VALID' as const,
      fastValue: 0,
      long64Rw: 34359738368n,
      ulongRw: 3221225472,
      ulong64Rw: 13835058055282163712n,
      stateRw: 'FAULT' as const,
      encodedFormat: 'Which format?',
      encodedData: Uint8Array.of(97, 98, 99, 100),
      dynEnum: 2,
      reynaldPeriod: 250,
      pipeCase: 0,
      writeFailure: 0,
    }
    Object.assign(this, fresh)
    this.slowActuator.reset()
    this.#counters.clear()
  }
}

/** Counts every read; for three seconds after a write it is on its way. */
class SlowActuator {
  readonly #device: DevTestDevice
  #value = 0
  #writtenAt: number | undefined

  constructor(device: DevTestDevice) {
    this.#device = device
  }

  read(): { value: number; quality: Quality } {
    this.#value += 1
    if (this.#writtenAt === undefined) return { value: this.#value, quality: 'VALID' }
    const moving = this.#device.clock.monotonic() - this.#writtenAt < ACTUATOR_MS
    if (!moving) this.#writtenAt = undefined
    return { value: this.#value, quality: moving ? 'CHANGING' : 'VALID' }
  }

  write(value: number): void {
    this.#value = value
    this.#writtenAt = this.#device.clock.monotonic()
  }

  reset(): void {
    this.#value = 0
    this.#writtenAt = undefined
  }
}

function counted(counters: Map<string, number>, what: string): number {
  const count = (counters.get(what) ?? 0) + 1
  counters.set(what, count)
  return count
}
