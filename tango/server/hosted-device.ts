// A device as its server sees it: life cycle, state, tables, queue and events around the object that the class made.

import { every } from '../clock.ts'
import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { Logger } from '../log.ts'
import type { TangoProcess } from '../process.ts'
import type { DevState } from '../types/dev-state.ts'
import type { AttributeSpec, CommandSpec, DeviceSpec } from '../types/device-spec.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import { Attribute, type BoundHandlers } from './attribute.ts'
import { AttributeConfiguration } from './attribute-config.ts'
import { AttributeEvents, type TopicNames } from './attribute-events.ts'
import { AttributeTable, type TableEntry } from './attribute-table.ts'
import { type FlatPart, memorizedText, parseMemorized } from './attribute-value.ts'
import { BlackBox } from './black-box.ts'
import { CallSignals } from './call-signals.ts'
import { Command, CommandTable } from './command-table.ts'
import type { AttributeHandlers, AttributeLimits, Device, DeviceClass, DeviceContext, DeviceTimer } from './device.ts'
import { DeviceLock } from './device-lock.ts'
import type { DeviceServer } from './device-server.ts'
import { sendInterfaceChange } from './interface-change.ts'
import { DevicePolling } from './polling.ts'
import { type PropertyLines, typedProperties } from './properties.ts'
import { SerialQueue } from './serial-queue.ts'
import type { DeviceContent, ServerStore } from './server-store.ts'

/** What a device needs from its server. */
export interface DeviceHome {
  readonly server: DeviceServer
  readonly tango: TangoProcess
  readonly store: ServerStore
  readonly topics: TopicNames
}

/** Attribute property under which the set point of a memorized attribute is stored. */
const MEMORIZED = '__value'
const STATE_SPEC: AttributeSpec = { type: 'DevState', name: 'State', urgent: true, pushes: 'unfiltered' }
const STATUS_SPEC: AttributeSpec = { type: 'DevString', name: 'Status', urgent: true, pushes: 'unfiltered' }
/** A device whose `init` hangs must not keep its server from starting. */
const INIT_LIMIT_MS = 30_000

/** One device in a server. */
export class HostedDevice implements DeviceContext {
  readonly name: string
  readonly lowerName: string
  readonly className: string
  readonly spec: DeviceSpec
  readonly server: DeviceServer
  readonly tango: TangoProcess
  readonly log: Logger
  readonly attributes: AttributeTable
  readonly commands = new CommandTable()
  readonly polling: DevicePolling
  readonly queue: SerialQueue
  readonly blackBox = new BlackBox()
  readonly lock: DeviceLock
  readonly #home: DeviceHome
  readonly #class: DeviceClass
  readonly #timers = new Set<() => void>()
  #content: DeviceContent
  #device: Device | undefined
  #properties: Readonly<Record<string, unknown>> = {}
  #problems: readonly string[] = []
  #state: DevState = 'INIT'
  #status = defaultStatus('INIT')
  #abort = new AbortController()
  #callSignals = new CallSignals(this.#abort.signal)

  constructor(home: DeviceHome, deviceClass: DeviceClass, name: string, content: DeviceContent) {
    this.name = name
    this.lowerName = name.toLowerCase()
    this.spec = deviceClass.spec
    this.className = deviceClass.spec.class
    this.server = home.server
    this.tango = home.tango
    this.log = home.tango.log.child({ device: name })
    this.#home = home
    this.#class = deviceClass
    this.#content = content
    const { clock } = home.tango
    this.queue = new SerialQueue(clock, (what, ms) => this.log.warn('slow request', { what, ms: Math.round(ms) }))
    this.lock = new DeviceLock(name, () => clock.monotonic())
    this.polling = new DevicePolling(this)
    this.attributes = new AttributeTable(this, (attribute, source) => this.polling.cached(attribute, source))
    this.#readProperties()
    this.#buildTables()
  }

  /** The object of the device's class. */
  get device(): Device {
    if (this.#device === undefined) throw new Error(`unreachable: ${this.name} was not created`)
    return this.#device
  }

  get properties(): Readonly<Record<string, unknown>> {
    return this.#properties
  }

  get clock(): TangoProcess['clock'] {
    return this.tango.clock
  }

  get state(): DevState {
    return this.#state
  }

  get status(): string {
    return this.#status
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Signal for long-running calls of a connection. */
  signalOf(caller: AbortSignal): AbortSignal {
    return this.#callSignals.of(caller)
  }

  get topics(): TopicNames {
    return this.#home.topics
  }

  get store(): ServerStore {
    return this.#home.store
  }

  /** Stored device properties by name in lower case. */
  get storedProperties(): PropertyLines {
    return this.#content.properties
  }

  now(): number {
    return this.tango.clock.now()
  }

  monotonic(): number {
    return this.tango.clock.monotonic()
  }

  /** Makes the object; nothing runs yet. */
  construct(): void {
    try {
      this.#device = this.#class.create(this)
    } catch (error) {
      throw devFailed('Internal_Error', `${this.name}: the constructor of ${this.className} failed`, { cause: error })
    }
  }

  /** First initialisation; a failure is a state, not an exception. */
  async start(): Promise<void> {
    await this.#initialise()
    this.polling.startStored()
  }

  /** The command Init: as after a restart, with the properties that are stored now. */
  async init(): Promise<void> {
    await this.#end()
    this.#abort = new AbortController()
    this.#callSignals = new CallSignals(this.#abort.signal)
    try {
      this.#content = await this.store.content(this.className, this.name)
    } catch (error) {
      this.log.warn('properties could not be read again', { error })
    }
    this.#readProperties()
    await this.#initialise()
  }

  /** Ends the device: its timers, its polling, its own clean-up. */
  async delete(): Promise<void> {
    this.polling.stop()
    await this.#end()
  }

  alias(): Promise<string | undefined> {
    return this.store.alias(this.name)
  }

  isWatched(key: string): boolean {
    return this.#entry(key).events.wanted('change')
  }

  setState(state: DevState, status: string | undefined, always: boolean): void {
    const text = status ?? defaultStatus(state)
    const stateChanged = state !== this.#state
    const statusChanged = text !== this.#status
    this.#state = state
    this.#status = text
    if (stateChanged || always) this.#pushEntry(this.attributes.byKey('state'), state)
    if (stateChanged || statusChanged || always) this.#pushEntry(this.attributes.byKey('status'), text)
  }

  push(key: string, value: unknown): void {
    this.#pushEntry(this.#entry(key), value)
  }

  setWritten(key: string, value: unknown): void {
    this.#entry(key).attribute.setWritten(value)
  }

  every(ms: number, fn: () => void): DeviceTimer {
    const failed = (error: unknown): void => this.log.error('a timer of the device failed', { error })
    const beat = async (): Promise<void> => {
      try {
        await fn()
      } catch (error) {
        failed(error)
      }
    }
    const stop = every(this.clock, ms, () => void beat())
    this.#timers.add(stop)
    return {
      stop: () => {
        this.#timers.delete(stop)
        stop()
      },
    }
  }

  addAttribute(key: string, spec: AttributeSpec, handlers: AttributeHandlers): void {
    const read = handlers.read?.bind(handlers)
    const write = handlers.write?.bind(handlers)
    this.#addAttribute(key, spec, { read, write: write === undefined ? undefined : (v) => write(v as never) }, true)
    sendInterfaceChange(this, false)
  }

  removeAttribute(key: string): void {
    const entry = this.#entry(key)
    if (!entry.dynamic) throw devFailed('API_InvalidArgs', `${this.name}/${entry.attribute.name} belongs to the class`)
    this.polling.remove('attribute', entry.attribute.name)
    this.attributes.remove(entry.attribute.name)
    sendInterfaceChange(this, false)
  }

  setAttributeLimits(key: string, limits: AttributeLimits): void {
    const entry = this.#entry(key)
    if (entry.attribute.config.setLimits(limits)) entry.events.configurationChanged()
  }

  attributeConfig(key: string): AttributeConfig5 {
    return this.#entry(key).attribute.config.wire()
  }

  async memorize(key: string, value: unknown): Promise<void> {
    const { attribute } = this.#entry(key)
    await this.#storeMemorized(attribute, memorizedText(attribute.spec.type, attribute.part(value)))
  }

  setPointOf(name: string): FlatPart | undefined {
    return this.attributes.find(name)?.attribute.written
  }

  /** Stores a set point; a failing database costs the memory, not the write. */
  memorized(attribute: Attribute): Promise<void> | undefined {
    const part = attribute.written
    return part === undefined ? undefined : this.#storeMemorized(attribute, memorizedText(attribute.spec.type, part))
  }

  logDefect(what: string, error: unknown): void {
    this.log.error(`${what} failed`, { error })
  }

  /** State as clients get it: the computed or set one, ALARM instead of ON while an attribute is outside its limits. */
  readState(): DevState | Promise<DevState> {
    const state = this.#device?.stateRead?.() ?? this.#state
    return state instanceof Promise ? this.#evaluateLater(state) : this.#evaluated(state)
  }

  /** Status as clients get it, with a line per alarm. */
  readStatus(): string | Promise<string> {
    const status = this.#device?.statusRead?.() ?? this.#status
    return status instanceof Promise ? this.#statusLater(status) : this.#withAlarms(status)
  }

  async #initialise(): Promise<void> {
    this.setState('INIT', undefined, false)
    if (this.#problems.length > 0) {
      this.setState('FAULT', this.#problems.join('\n'), false)
      return
    }
    try {
      await this.#limited(this.device.init?.())
      if (this.#state === 'INIT') this.setState('ON', undefined, false)
      await this.#applyMemorized()
    } catch (error) {
      if (!(error instanceof DevFailed)) this.logDefect('init', error)
      else this.log.warn('init failed', { error: error.message })
      const text = toDevFailed(error).errors.map(({ reason, desc }) => `${reason}: ${desc}`)
      this.setState('FAULT', `Initialisation failed\n${text.join('\n')}`, false)
    }
  }

  async #limited(work: void | Promise<void>): Promise<void> {
    if (!(work instanceof Promise)) return
    let cancel = (): void => {}
    const limit = new Promise<never>((_resolve, reject) => {
      cancel = this.clock.setTimer(INIT_LIMIT_MS, () => {
        reject(devFailed('API_DeviceTimedOut', `${this.name}: init did not end within ${INIT_LIMIT_MS / 1000} s`))
      })
    })
    try {
      await Promise.race([work, limit])
    } finally {
      cancel()
    }
  }

  async #end(): Promise<void> {
    this.#abort.abort()
    for (const stop of this.#timers) stop()
    this.#timers.clear()
    try {
      await this.#limited(this.#device?.deleted?.())
    } catch (error) {
      this.logDefect('clean-up', error)
    }
  }

  #readProperties(): void {
    const { properties, classProperties } = this.#content
    const { values, problems } = typedProperties(this.spec, [properties, classProperties])
    this.#properties = values
    this.#problems = problems
    if (problems.length > 0) this.log.error('wrong properties', { problems })
  }

  #buildTables(): void {
    const attributes: readonly (readonly [string, AttributeSpec])[] = Object.entries(this.spec.attributes)
    for (const [key, spec] of attributes) this.#addAttribute(key, spec, this.#bound(key, spec), false)
    this.#addAttribute('state', STATE_SPEC, { read: () => this.readState() }, false)
    this.#addAttribute('status', STATUS_SPEC, { read: () => this.readStatus() }, false)
    const commands: readonly (readonly [string, CommandSpec])[] = Object.entries(this.spec.commands)
    for (const [key, spec] of commands) {
      const handler = this.#method(key)
      this.commands.add(new Command(key, spec, this.spec.naming, (argument, call) => handler(argument, call)))
    }
    const { naming } = this.spec
    const state: CommandSpec = { out: 'DevState', name: 'State', urgent: true, outDoc: 'Device state' }
    this.commands.add(new Command('state', state, naming, () => this.readState()))
    const status: CommandSpec = { out: 'DevString', name: 'Status', urgent: true, outDoc: 'Device status' }
    this.commands.add(new Command('status', status, naming, () => this.readStatus()))
    if (this.commands.find('Init') === undefined) {
      this.commands.add(new Command('init', { name: 'Init' }, naming, () => this.init()))
    }
  }

  #addAttribute(key: string, spec: AttributeSpec, handlers: BoundHandlers, dynamic: boolean): void {
    const { attributes, classAttributes } = this.#content
    const none = new Map<string, readonly string[]>()
    const lower = (spec.name ?? this.#tangoName(key, spec)).toLowerCase()
    const config = new AttributeConfiguration(
      this.name,
      key,
      spec,
      this.spec.naming,
      classAttributes.get(lower) ?? none,
      attributes.get(lower) ?? none,
    )
    const attribute = new Attribute(this, key, spec, config, handlers, key === 'state')
    const events = new AttributeEvents(attribute, this.name, this.tango.events, this.topics, () => this.monotonic())
    this.attributes.add({ attribute, events, pushes: spec.pushes, dynamic })
  }

  #tangoName(key: string, spec: AttributeSpec): string {
    return new AttributeConfiguration(this.name, key, spec, this.spec.naming, new Map(), new Map()).name
  }

  #bound(key: string, spec: AttributeSpec): BoundHandlers {
    const capital = key.charAt(0).toUpperCase() + key.slice(1)
    const read = spec.writeOnly === true ? undefined : this.#method(`read${capital}`)
    const write = spec.writable === true || spec.writeOnly === true ? this.#method(`write${capital}`) : undefined
    return { read, write }
  }

  /** Calls a method of the device, looked up at each call so that tests may replace it. */
  #method(name: string): (...values: unknown[]) => unknown {
    return (...values) => {
      const device = this.device
      const method: unknown = Reflect.get(device, name)
      if (typeof method !== 'function') {
        throw devFailed('API_UnsupportedFeature', `class ${this.className} has no method ${name}`)
      }
      return Reflect.apply(method, device, values)
    }
  }

  #entry(key: string): TableEntry {
    const entry = this.attributes.byKey(key)
    if (entry === undefined) throw devFailed('API_AttrNotFound', `${this.name} has no attribute ${key}`)
    return entry
  }

  #pushEntry(entry: TableEntry | undefined, value: unknown): void {
    if (entry === undefined) return
    entry.pushes ??= 'unfiltered'
    if (!entry.events.wanted('change')) {
      entry.events.forget()
      return
    }
    const { attribute } = entry
    const wire = value instanceof DevFailed ? attribute.failed(value) : attribute.value(value)
    entry.events.push(wire, entry.pushes === 'filtered')
  }

  async #applyMemorized(): Promise<void> {
    for (const { attribute } of this.attributes.all()) {
      if (attribute.spec.memorized !== true || !attribute.writable) continue
      const [stored] = this.#content.attributes.get(attribute.lowerName)?.get(MEMORIZED) ?? []
      if (stored === undefined) continue
      try {
        await attribute.write(attribute.part(parseMemorized(attribute.spec.type, stored)))
      } catch (error) {
        this.log.warn('the memorized value could not be set', { attribute: attribute.name, value: stored, error })
        const { desc } = toDevFailed(error).errors[0] ?? { desc: '' }
        const text = `The memorized value ${stored} of ${attribute.name} could not be set: ${desc}`
        this.setState('ALARM', text, false)
      }
    }
  }

  async #storeMemorized(attribute: Attribute, text: string): Promise<void> {
    try {
      const put = new Map([[MEMORIZED, [text]]])
      await this.store.changeAttribute(this.name, attribute.name, { put, remove: [] })
    } catch (error) {
      this.log.error('the set point could not be stored', { attribute: attribute.name, error })
    }
  }

  async #evaluateLater(state: Promise<DevState>): Promise<DevState> {
    return this.#evaluated(await state)
  }

  async #statusLater(status: Promise<string>): Promise<string> {
    return this.#withAlarms(await status)
  }

  /** Reads the attributes with limits for it, unless a request is busy with the device: State never waits. */
  #evaluated(state: DevState): DevState | Promise<DevState> {
    if (state !== 'ON' && state !== 'ALARM') return state
    const watched = this.attributes.all().filter(({ attribute }) => attribute.config.hasAlarm)
    if (watched.length === 0) return state
    const verdict = (): DevState =>
      watched.some(({ attribute: { quality } }) => quality === 'ALARM' || quality === 'WARNING') ? 'ALARM' : state
    if (this.queue.busy) return verdict()
    const pending = watched.map(({ attribute }) => attribute.read()).filter((value) => value instanceof Promise)
    return pending.length === 0 ? verdict() : this.#verdictAfter(pending, verdict)
  }

  async #verdictAfter(pending: readonly Promise<unknown>[], verdict: () => DevState): Promise<DevState> {
    await Promise.all(pending)
    return verdict()
  }

  #withAlarms(status: string): string {
    if (this.#state !== 'ON' && this.#state !== 'ALARM') return status
    const lines = this.attributes.all().flatMap(({ attribute }) => attribute.alarmLine ?? [])
    if (lines.length === 0) return status
    const own = status === defaultStatus('ON') ? defaultStatus('ALARM') : status
    return [own, ...lines].join('\n')
  }
}

function defaultStatus(state: DevState): string {
  return `The device is in ${state} state.`
}
