// A device as its server sees it: life cycle, state, tables, queue and events around the object that the class made.

import { every } from '../clock.ts'
import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { Logger } from '../log.ts'
import type { TangoProcess } from '../process.ts'
import type { DevState } from '../types/dev-state.ts'
import type { AttributeSpec, CommandSpec, DeviceSpec } from '../types/device-spec.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import type { Attribute } from './attribute.ts'
import type { TopicNames } from './attribute-events.ts'
import { AttributeTable, type TableEntry } from './attribute-table.ts'
import type { FlatPart } from './attribute-value.ts'
import { BlackBox } from './black-box.ts'
import { CallSignals } from './call-signals.ts'
import { CommandTable } from './command-table.ts'
import { configTexts } from './config-properties.ts'
import type {
  AttributeChanges,
  AttributeHandlers,
  AttributeLimits,
  CommandMethod,
  Device,
  DeviceClass,
  DeviceContext,
  DeviceTimer,
  OwnPolling,
} from './device.ts'
import { DeviceLock } from './device-lock.ts'
import { addAttribute, buildMembers, makeCommand } from './device-members.ts'
import type { DeviceServer } from './device-server.ts'
import { StateOfDevice } from './device-state.ts'
import { ForwardedAttributes } from './forwarded-attributes.ts'
import { InterfaceChanges } from './interface-change.ts'
import { applyMemorized, storeMemorized } from './memorized-values.ts'
import { PipeTable } from './pipe.ts'
import { DevicePolling } from './polling.ts'
import { type PropertyLines, typedProperties } from './properties.ts'
import { SerialQueue } from './serial-queue.ts'
import type { DeviceContent, ServerStore } from './server-store.ts'
import { stateCheck } from './state-check.ts'

/** What a device needs from its server. */
export interface DeviceHome {
  readonly server: DeviceServer
  readonly tango: TangoProcess
  readonly store: ServerStore
  readonly topics: TopicNames
}

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
  readonly pipes = new PipeTable()
  readonly polling: DevicePolling
  readonly queue: SerialQueue
  readonly blackBox: BlackBox
  readonly lock: DeviceLock
  readonly stateOf: StateOfDevice
  readonly checkState = stateCheck(() => this.stateOf.known)
  readonly interfaceChanges: InterfaceChanges
  readonly #home: DeviceHome
  readonly #class: DeviceClass
  readonly #timers = new Set<() => void>()
  /** Devices that this one has opened, lower case (admin command QuerySubDevice). */
  readonly subDevices = new Set<string>()
  readonly forwarded = new ForwardedAttributes(this)
  #content: DeviceContent
  #device: Device | undefined
  #properties: Readonly<Record<string, unknown>> = {}
  #problems: readonly string[] = []
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
    const { properties, classProperties } = content
    this.blackBox = new BlackBox((properties.get('blackbox_depth') ?? classProperties.get('blackbox_depth'))?.[0])
    const { clock } = home.tango
    this.queue = new SerialQueue(clock, (what, ms) => this.log.warn('slow request', { what, ms: Math.round(ms) }))
    this.lock = new DeviceLock(name, () => clock.monotonic())
    this.polling = new DevicePolling(this)
    this.attributes = new AttributeTable(this, (attribute, source) => this.polling.cached(attribute, source))
    this.interfaceChanges = new InterfaceChanges(this)
    const hosted = this
    this.stateOf = new StateOfDevice({
      attributes: this.attributes,
      get busy(): boolean {
        return hosted.queue.occupied
      },
      source: () => this.#device,
    })
    this.#readProperties()
    buildMembers(this, content)
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
    return this.stateOf.state
  }

  get status(): string {
    return this.stateOf.status
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Signal for long-running calls of a connection. */
  signalOf(caller: AbortSignal): AbortSignal {
    return this.#callSignals.of(caller)
  }

  get pollingControl(): OwnPolling {
    return this.polling.control
  }

  get nanAllowed(): boolean {
    return this.server.nanAllowed
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
    this.subDevices.clear()
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
    this.interfaceChanges.stop()
    await this.forwarded.close()
    await this.#end()
  }

  alias(): Promise<string | undefined> {
    return this.store.alias(this.name)
  }

  isWatched(key: string): boolean {
    return this.#entry(key).events.wanted('change')
  }

  setState(state: DevState, status: string | undefined, always: boolean): void {
    const changed = this.stateOf.set(state, status)
    if (changed.state || always) this.#pushEntry(this.attributes.byKey('state'), state)
    if (changed.state || changed.status || always) {
      this.#pushEntry(this.attributes.byKey('status'), this.stateOf.status)
    }
  }

  push(key: string, value: unknown): void {
    this.#pushEntry(this.#entry(key), value)
  }

  pushEvent(event: 'archive' | 'user_event', key: string, value: unknown): void {
    const entry = this.#entry(key)
    if (event === 'archive') entry.pushesArchive ??= 'unfiltered'
    if (!entry.events.wanted(event)) return
    const { attribute } = entry
    const wire = value instanceof DevFailed ? attribute.failed(value) : attribute.value(value)
    if (event === 'archive') entry.events.pushArchive(wire, entry.pushesArchive === 'filtered')
    else entry.events.pushUser(wire)
  }

  pushDataReady(key: string, counter: number): void {
    this.#entry(key).events.dataReady(counter)
  }

  pushPipe(key: string, blob: unknown, time?: number): void {
    const pipe = this.pipes.byKey(key)
    if (pipe === undefined) throw devFailed('API_PipeNotFound', `${this.name} has no pipe ${key}`)
    pipe.push(this.tango.events, blob, time)
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
    const handlersOf = { read, write: write === undefined ? undefined : (v: unknown) => write(v as never) }
    addAttribute(this, this.#content, key, spec, handlersOf, true)
    this.interfaceChanges.changed()
  }

  removeAttribute(key: string): Promise<void> {
    const entry = this.#entry(key)
    if (!entry.dynamic) throw devFailed('API_InvalidArgs', `${this.name}/${entry.attribute.name} belongs to the class`)
    const { name } = entry.attribute
    this.polling.remove('attribute', name)
    this.attributes.remove(name)
    this.interfaceChanges.changed()
    return this.#forgetAttribute(name)
  }

  /** Never rejects: who removes an attribute need not wait. */
  async #forgetAttribute(name: string): Promise<void> {
    try {
      await this.store.deleteAttribute(this.name, name)
    } catch (error) {
      this.log.warn('properties of a removed attribute are still stored', { attribute: name, error })
    }
  }

  addCommand(key: string, spec: CommandSpec, method: CommandMethod): void {
    const command = makeCommand(this, key, spec, method, true)
    const known = this.commands.find(command.name)
    if (known?.dynamic === false) {
      throw devFailed('API_InvalidArgs', `${this.name}: the command ${command.name} belongs to the class`)
    }
    this.commands.add(command)
    this.interfaceChanges.changed()
  }

  removeCommand(key: string): void {
    const command = this.commands.all().find((candidate) => candidate.key === key)
    if (command === undefined) throw devFailed('API_CommandNotFound', `${this.name} has no command ${key}`)
    if (!command.dynamic) throw devFailed('API_InvalidArgs', `${this.name}: the command ${key} belongs to the class`)
    this.polling.remove('command', command.name)
    this.commands.remove(command.name)
    this.interfaceChanges.changed()
  }

  async configureAttribute(key: string, { enumLabels, ...texts }: AttributeChanges): Promise<void> {
    const { attribute, events } = this.#entry(key)
    const change = attribute.config.change(new Map(configTexts(texts)), enumLabels)
    events.configurationChanged()
    await this.store.changeAttribute(this.name, attribute.name, change)
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
    await storeMemorized(this, attribute, attribute.part(value))
  }

  setPointOf(name: string): FlatPart | undefined {
    return this.attributes.find(name)?.attribute.written
  }

  /** For the table of attributes: a memorized one was written. */
  memorized(attribute: Attribute): Promise<void> | undefined {
    const part = attribute.written
    return part === undefined ? undefined : storeMemorized(this, attribute, part)
  }

  /** Whether a command may be called by others while the device is locked (class property `AllowedAccessCmd`). */
  freeWhenLocked(command: string): boolean {
    const allowed = this.#content.classProperties.get('allowedaccesscmd')
    return allowed?.some((name) => name.toLowerCase() === command.toLowerCase()) === true
  }

  startErrors(lowerName: string): DevFailed['errors'] | undefined {
    return this.stateOf.errorsOf(lowerName)
  }

  /** The hook of the device for what a request has written, if it has one. */
  get written(): ((keys: readonly string[]) => void | Promise<void>) | undefined {
    const device = this.#device
    return device?.attributesWritten === undefined ? undefined : (keys) => device.attributesWritten?.(keys)
  }

  logDefect(what: string, error: unknown): void {
    this.log.error(`${what} failed`, { error })
  }

  /** State as clients get it. */
  readState(): DevState | Promise<DevState> {
    return this.stateOf.read()
  }

  /** Status as clients get it. */
  readStatus(): string | Promise<string> {
    return this.stateOf.readStatus()
  }

  async #initialise(): Promise<void> {
    this.stateOf.removeTrouble()
    this.setState('INIT', undefined, false)
    if (this.#problems.length > 0) {
      this.setState('FAULT', this.#problems.join('\n'), false)
      return
    }
    try {
      await this.#limited(this.device.init?.())
      if (this.state === 'INIT') this.setState('ON', undefined, false)
      await applyMemorized(this, this.#content)
      await this.forwarded.start(this.#content)
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
}
