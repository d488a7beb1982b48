// Base class of all devices, and the value that a device class file exports. What a device does for the framework is in
// hosted-device.ts; here is only what its author sees.

import type { DeviceProxy } from '../client/device-proxy.ts'
import type { Clock } from '../clock.ts'
import type { DevFailed } from '../errors/dev-failed.ts'
import type { Logger } from '../log.ts'
import type { TangoProcess } from '../process.ts'
import type { DevState } from '../types/dev-state.ts'
import type {
  AttributeInput,
  AttributeSpec,
  CallContext,
  CommandSpec,
  DeviceSpec,
  PropertiesOf,
  Serves,
} from '../types/device-spec.ts'
import type { PipeInput } from '../types/pipe.ts'
import type { Quality, Reading } from '../types/reading.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import type { DeviceServer } from './device-server.ts'
import type { PropertyLines } from './properties.ts'

type PipeKeys<S extends DeviceSpec> = S extends { readonly pipes: infer P } ? keyof P & string : never

/** Options of {@link Device.setState}. */
export interface SetStateOptions {
  /** Push State and Status even when both are as before. */
  readonly always?: boolean
}

/** Handlers of an attribute that is added at run time. */
export interface AttributeHandlers {
  read?(): unknown
  write?(value: never): void | Promise<void>
}

/** Serves a command that is added at run time. */
export type CommandMethod = (argument: unknown, call: CallContext) => unknown

/**
 * Changes of the configuration of an attribute: texts as clients set them, `Not specified`, the empty text and `NaN`
 * reset to the default of the library, of the code, of the class.
 */
export interface AttributeChanges {
  readonly label?: string
  readonly description?: string
  readonly unit?: string
  readonly standardUnit?: string
  readonly displayUnit?: string
  readonly format?: string
  readonly minValue?: string | number
  readonly maxValue?: string | number
  readonly minAlarm?: string | number
  readonly maxAlarm?: string | number
  readonly minWarning?: string | number
  readonly maxWarning?: string | number
  readonly deltaT?: string | number
  readonly deltaVal?: string | number
  readonly relChange?: string | number
  readonly absChange?: string | number
  readonly eventPeriod?: string | number
  readonly archiveRelChange?: string | number
  readonly archiveAbsChange?: string | number
  readonly archivePeriod?: string | number
  readonly enumLabels?: readonly string[]
}

/** What a device may do with the polling of its own attributes and commands; names are Tango names in any case. */
export interface OwnPolling {
  /** Begins to poll, or changes the period; 0 is polling that {@link trigger} drives. */
  start(kind: 'attribute' | 'command', name: string, periodMs: number): void
  /** Ends polling; nothing happens when it is not polled. */
  stop(kind: 'attribute' | 'command', name: string): void
  /** Period in ms; `undefined` when it is not polled. */
  period(kind: 'attribute' | 'command', name: string): number | undefined
  /** Polls now. @throws DevFailed `API_PollObjNotFound`; `API_NotSupported` unless the period is 0 */
  trigger(kind: 'attribute' | 'command', name: string): Promise<void>
  /**
   * Puts results into the cache, oldest first, as if they had been polled.
   * @throws DevFailed `API_DeviceNotPolled`, `API_PollObjNotFound`
   */
  fill(kind: 'attribute' | 'command', name: string, records: readonly PollInput[]): void
}

/** One result for {@link OwnPolling.fill}. */
export interface PollInput {
  readonly value?: unknown
  /** Set point of the moment, for writable attributes. */
  readonly written?: unknown
  readonly quality?: Quality
  readonly error?: DevFailed
  /** Seconds since 1970; now when absent. */
  readonly time?: number
}

/** Limits of an attribute; what is absent stays, `undefined` removes one. */
export interface AttributeLimits {
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** A timer of {@link Device.every}. */
export interface DeviceTimer {
  stop(): void
}

/** What the framework gives to a device; opaque to subclasses, which use the methods of {@link Device}. */
export interface DeviceContext {
  readonly name: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly log: Logger
  readonly clock: Clock
  readonly tango: TangoProcess
  readonly server: DeviceServer
  readonly state: DevState
  readonly status: string
  /** Aborts when the device is deleted or its server stops. */
  readonly signal: AbortSignal
  /** Stored device properties by name in lower case. */
  readonly storedProperties: PropertyLines
  alias(): Promise<string | undefined>
  isWatched(key: string): boolean
  setState(state: DevState, status: string | undefined, always: boolean): void
  readonly pollingControl: OwnPolling
  push(key: string, value: unknown): void
  pushEvent(event: 'archive' | 'user_event', key: string, value: unknown): void
  pushDataReady(key: string, counter: number): void
  pushPipe(key: string, blob: unknown, time?: number): void
  setWritten(key: string, value: unknown): void
  every(ms: number, fn: () => void): DeviceTimer
  addAttribute(key: string, spec: AttributeSpec, handlers: AttributeHandlers): void
  removeAttribute(key: string): Promise<void>
  readonly subDevices: Set<string>
  addCommand(key: string, spec: CommandSpec, method: CommandMethod): void
  removeCommand(key: string): void
  configureAttribute(key: string, changes: AttributeChanges): Promise<void>
  setAttributeLimits(key: string, limits: AttributeLimits): void
  attributeConfig(key: string): AttributeConfig5
  memorize(key: string, value: unknown): Promise<void>
}

/**
 * A Tango device. Subclasses serve a spec: one `readX` or `writeX` per attribute and one method per command, see
 * `Serves`. They normally declare no constructor; `init` is the place for start-up work.
 */
export abstract class Device<S extends DeviceSpec = DeviceSpec> {
  readonly #context: DeviceContext

  constructor(context: DeviceContext) {
    this.#context = context
  }

  /** Name as in the database, `motor/icepap/1`. */
  get name(): string {
    return this.#context.name
  }

  /** Device properties, typed and checked; read again at Init. */
  get properties(): PropertiesOf<S['properties']> {
    // the framework has checked every value against the spec, which the compiler cannot see
    return this.#context.properties as PropertiesOf<S['properties']>
  }

  /** Lines of all device properties by name in lower case, for classes whose properties depend on a plug-in. */
  get storedProperties(): PropertyLines {
    return this.#context.storedProperties
  }

  /** Alias of the device in the database, if it has one. */
  alias(): Promise<string | undefined> {
    return this.#context.alias()
  }

  /** Whether somebody listens to the change events of an attribute, for values that are dear to make. */
  isWatched(attribute: keyof S['attributes'] & string): boolean {
    return this.#context.isWatched(attribute)
  }

  /** Logger whose records carry the device's name. */
  get log(): Logger {
    return this.#context.log
  }

  /** The clock of the process; virtual in tests. */
  get clock(): Clock {
    return this.#context.clock
  }

  /** The process: proxies to other devices, the database. */
  get tango(): TangoProcess {
    return this.#context.tango
  }

  /** Proxy of a device that this one needs; the admin command QuerySubDevice tells of it. Typed when a spec is given. */
  proxy(name: string): DeviceProxy<DeviceSpec>
  proxy<P extends DeviceSpec>(name: string, spec: P): DeviceProxy<P>
  proxy(name: string, spec?: DeviceSpec): DeviceProxy<DeviceSpec> {
    this.#context.subDevices.add(name.toLowerCase())
    return spec === undefined ? this.tango.proxy(name) : this.tango.proxy(name, spec)
  }

  /** The server that holds this device. */
  get server(): DeviceServer {
    return this.#context.server
  }

  /** State as last set; INIT while `init` runs, and ON afterwards if `init` set none. */
  get state(): DevState {
    return this.#context.state
  }

  /** Status as last set, or `The device is in X state.` */
  get status(): string {
    return this.#context.status
  }

  /** Aborts when the device is deleted or its server stops. */
  get signal(): AbortSignal {
    return this.#context.signal
  }

  /**
   * Sets State and Status and pushes their change events, State first, if they differ from before.
   * @param status text for people; `The device is in X state.` when absent
   */
  setState(state: DevState, status?: string, options: SetStateOptions = {}): void {
    this.#context.setState(state, status, options.always === true)
  }

  /**
   * Sends a change event with the value, or with the error if it is a DevFailed. Events of one device leave in the
   * order of the calls. Costs next to nothing while nobody listens.
   */
  push<K extends keyof S['attributes'] & string>(
    attribute: K,
    value: AttributeInput<S['attributes'][K]> | Reading<AttributeInput<S['attributes'][K]>> | DevFailed,
  ): void {
    this.#context.push(attribute, value)
  }

  /** Sends an archive event, see {@link push}. */
  pushArchive<K extends keyof S['attributes'] & string>(
    attribute: K,
    value: AttributeInput<S['attributes'][K]> | Reading<AttributeInput<S['attributes'][K]>> | DevFailed,
  ): void {
    this.#context.pushEvent('archive', attribute, value)
  }

  /** Sends a user event, see {@link push}. */
  pushUserEvent<K extends keyof S['attributes'] & string>(
    attribute: K,
    value: AttributeInput<S['attributes'][K]> | Reading<AttributeInput<S['attributes'][K]>> | DevFailed,
  ): void {
    this.#context.pushEvent('user_event', attribute, value)
  }

  /** Tells subscribers that new data can be read; the attribute must be declared with `dataReady`. */
  pushDataReady(attribute: keyof S['attributes'] & string, counter: number): void {
    this.#context.pushDataReady(attribute, counter)
  }

  /** Sends a pipe event with a blob, or with an error. @param time seconds since 1970, now when absent */
  pushPipe(pipe: PipeKeys<S>, blob: PipeInput | DevFailed, time?: number): void {
    this.#context.pushPipe(pipe, blob, time)
  }

  /** Polling of the device's own attributes and commands. */
  get polling(): OwnPolling {
    return this.#context.pollingControl
  }

  /** Sets the written part (set point) that clients see, without calling the write handler. */
  setWritten<K extends keyof S['attributes'] & string>(attribute: K, value: AttributeInput<S['attributes'][K]>): void {
    this.#context.setWritten(attribute, value)
  }

  /** Calls `fn` every `ms`, until stopped or the device is deleted; what it throws is logged. */
  every(ms: number, fn: () => void): DeviceTimer {
    return this.#context.every(ms, fn)
  }

  /** Seconds since 1970. */
  now(): number {
    return this.#context.clock.now()
  }

  /** Adds an attribute at run time; clients of the interface-change event are told. */
  addAttribute(key: string, spec: AttributeSpec, handlers: AttributeHandlers): void {
    this.#context.addAttribute(key, spec, handlers)
  }

  /**
   * Removes an attribute that was added at run time, at once.
   * @returns resolves when its stored properties are gone, too; never rejects
   * @throws DevFailed `API_InvalidArgs` when it belongs to the class, `API_AttrNotFound`
   */
  removeAttribute(key: string): Promise<void> {
    return this.#context.removeAttribute(key)
  }

  /** Adds a command at run time, or replaces one that was added; clients of the interface-change event are told. */
  addCommand(key: string, spec: CommandSpec, method: CommandMethod): void {
    this.#context.addCommand(key, spec, method)
  }

  /** Removes a command that was added at run time. */
  removeCommand(key: string): void {
    this.#context.removeCommand(key)
  }

  /**
   * Changes the configuration of an attribute as a client would: checked, stored, and told to subscribers.
   * @throws DevFailed `API_AttrOptProp`, `API_IncoherentValues`
   */
  configureAttribute(key: string, changes: AttributeChanges): Promise<void> {
    return this.#context.configureAttribute(key, changes)
  }

  /** Sets `min_value` and `max_value` of the live configuration and tells subscribers of it; not stored. */
  setAttributeLimits(key: keyof S['attributes'] & string, limits: AttributeLimits): void {
    this.#context.setAttributeLimits(key, limits)
  }

  /** Live configuration of an attribute, as clients get it: numbers are texts. */
  attributeConfig(key: keyof S['attributes'] & string): AttributeConfig5 {
    return this.#context.attributeConfig(key)
  }

  /** Stores the set point of a memorized attribute in the database (`__value`). */
  memorize<K extends keyof S['attributes'] & string>(key: K, value: AttributeInput<S['attributes'][K]>): Promise<void> {
    return this.#context.memorize(key, value)
  }

  /** Runs after the properties are set: at start, at the command Init and at DevRestart. A throw means FAULT. */
  init?(): void | Promise<void>

  /** Runs before `init` of the command Init, at removal and at shut-down. */
  deleted?(): void | Promise<void>

  /**
   * Runs once after the write handlers of a request, before the new set points count. A DevFailed undoes all of them, a
   * MultiDevFailed those that it names by their place in the request.
   */
  attributesWritten?(attributes: readonly string[]): void | Promise<void>

  /** Computes State when clients ask; `setState` still decides what is pushed. */
  stateRead?(): DevState | Promise<DevState>

  /** Computes Status when clients ask. */
  statusRead?(): string | Promise<string>
}

/** What a device class file exports as default. */
export interface DeviceClass<S extends DeviceSpec = DeviceSpec> {
  readonly spec: S
  create(context: DeviceContext): Device<S>
}

/** Joins a spec with the class that serves it; the compiler checks that every handler is there with the right types. */
export function deviceClass<S extends DeviceSpec>(
  spec: S,
  Class: new (context: DeviceContext) => Device<S> & Serves<S>,
): DeviceClass<S> {
  return { spec, create: (context) => new Class(context) }
}
