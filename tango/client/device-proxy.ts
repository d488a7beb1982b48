// A device as its clients use it: read, write, command, subscribe. Typed when made with a spec, by names otherwise.

import { DevFailed, devFailed, MultiDevFailed } from '../errors/dev-failed.ts'
import { type EventQueueOptions, EventStream } from '../events/event-stream.ts'
import type { EventOf, EventType, SubscribeOptions, Subscription } from '../events/event-types.ts'
import type { DevState } from '../types/dev-state.ts'
import { type CommandType, TYPE_CODES } from '../types/dev-types.ts'
import type { DeviceSpec } from '../types/device-spec.ts'
import type { AttributeReading } from '../types/reading.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { AttributeValue4 } from '../wire/tango-idl.ts'
import type { AccessRight } from './access-control.ts'
import { type AttributeShape, attributeType, formatOf, toReading, toWritten } from './attribute-values.ts'
import type { ClientHost } from './client-host.ts'
import { toCommandArgument } from './command-values.ts'
import type { DatabaseClient } from './database.ts'
import { DeviceCaller } from './device-caller.ts'
import { type AttributeRecord, type CommandRecord, readAttributeHistory, readCommandHistory } from './history.ts'
import { LockControl } from './lock-control.ts'
import { LoggingControl } from './logging-control.ts'
import {
  ALL_ATTRIBUTES,
  executeCommand,
  getAttributeConfig,
  listCommands,
  queryCommand,
  readAttributes,
  readInfo,
  setAttributeConfig,
  toCommandInfo,
  typeName,
  withLevel,
  writeAttributes,
  writeReadAttributes,
} from './operations.ts'
import { PipeControl } from './pipe-control.ts'
import { PollingControl } from './polling-control.ts'
import { deviceInDatabase, PropertyControl } from './property-control.ts'
import type {
  AttributeConfig,
  AttributeName,
  CommandInfo,
  CommandName,
  CommandOptions,
  CommandRest,
  DeviceInfo,
  InputOf,
  ReadSource,
  Reconnection,
  ResultOf,
  ValueOf,
} from './proxy-types.ts'
import type { CommandTypes } from './reconnect.ts'
import { SpecNames } from './spec-names.ts'

/**
 * One device. Made by `TangoProcess.proxy`; connects when first used, and again after the device's server was
 * restarted. Nothing needs to be closed but the subscriptions.
 */
export class DeviceProxy<S extends DeviceSpec = DeviceSpec> {
  /** Name as given: `domain/family/member`, alias or `tango://...`. */
  readonly name: string
  readonly #caller: DeviceCaller
  readonly #spec: S | undefined
  readonly #names: SpecNames | undefined

  /**
   * For `TangoProcess.proxy`.
   * @throws DevFailed `API_WrongDeviceNameSyntax`, `API_UnsupportedDBaseModifier`
   */
  constructor(host: ClientHost, name: string, spec?: S) {
    this.name = name
    this.#caller = new DeviceCaller(host, name)
    this.#spec = spec
    this.#names = spec === undefined ? undefined : SpecNames.of(spec)
  }

  /** The same as `process.proxy(name, spec)`. */
  static of<S extends DeviceSpec>(
    spec: S,
    name: string,
    process: { proxy<T extends DeviceSpec>(name: string, spec: T): DeviceProxy<T> },
  ): DeviceProxy<S> {
    return process.proxy(name, spec)
  }

  /** How long a call waits for its reply, 3000 ms unless changed. */
  get timeoutMs(): number {
    return this.#caller.timeoutMs
  }
  set timeoutMs(ms: number) {
    this.#caller.timeoutMs = ms
  }

  /** Whether reads and polled commands are answered from the polling cache of the device, `CACHE_DEV` unless changed. */
  get source(): ReadSource {
    return this.#caller.source
  }
  set source(source: ReadSource) {
    this.#caller.source = source
  }

  /** Which calls are sent again when the device was lost and found again, `safe` unless changed. */
  get reconnection(): Reconnection {
    return this.#caller.reconnection
  }
  set reconnection(rule: Reconnection) {
    this.#caller.reconnection = rule
  }

  /** The same device with another time-out; the connection is shared. */
  withTimeout(timeoutMs: number): DeviceProxy<S> {
    const { host, source, reconnection } = this.#caller
    const proxy = new DeviceProxy<S>(host, this.name, this.#spec)
    proxy.timeoutMs = timeoutMs
    proxy.source = source
    proxy.reconnection = reconnection
    return proxy
  }

  /**
   * The database of the device and its name there.
   * @throws DevFailed `API_NonDatabaseDevice`
   */
  inDatabase(): Promise<[DatabaseClient, string]> {
    return deviceInDatabase(this.#caller)
  }

  /** Pipes of the device. */
  get pipes(): PipeControl {
    return new PipeControl(this.#caller, (pipe) => this.#names?.pipe(pipe) ?? pipe)
  }

  /** Polling of the device, as its admin device controls it. */
  get polling(): PollingControl {
    return new PollingControl(this.#caller)
  }

  /** Logging of the device, as its admin device controls it. */
  get logging(): LoggingControl {
    return new LoggingControl(this.#caller)
  }

  /** The lock with which one client keeps others from changing the device. */
  get lock(): LockControl {
    return new LockControl(this.#caller)
  }

  /** Properties of the device in its database. */
  get properties(): PropertyControl {
    return new PropertyControl(this.#caller)
  }

  /** Reads one attribute. */
  async read<K extends AttributeName<S>>(attribute: K): Promise<AttributeReading<ValueOf<S, K>>> {
    const name = this.#attributeName(attribute)
    try {
      const [value] = await this.#caller.run('always', (call) => readAttributes(call, [name], this.source))
      if (value === undefined) throw devFailed('API_AttrValueNotSet', `${name} was not answered`)
      // the spec is the device's word for the type of its values
      return toReading(value) as AttributeReading<ValueOf<S, K>>
    } catch (error) {
      throw withLevel(error, 'API_AttributeFailed', `${this.name}: reading ${name} failed`, 'DeviceProxy.read')
    }
  }

  /** Reads several attributes in one call; those that failed are errors in the list. Throws when the device fails. */
  async readMany(attributes: readonly AttributeName<S>[]): Promise<(AttributeReading | DevFailed)[]> {
    if (attributes.length === 0) return []
    const names = attributes.map((attribute) => this.#attributeName(attribute))
    try {
      const values = await this.#caller.run('always', (call) => readAttributes(call, names, this.source))
      return values.map((value) => (value.errList.length > 0 ? new DevFailed(value.errList) : toReading(value)))
    } catch (error) {
      throw withLevel(
        error,
        'API_AttributeFailed',
        `${this.name}: reading ${names.join(', ')} failed`,
        'DeviceProxy.readMany',
      )
    }
  }

  /**
   * Writes one attribute.
   * @throws DevFailed `API_IncompatibleAttrDataType` before anything is sent when the value does not fit
   */
  async write<K extends AttributeName<S>>(attribute: K, value: InputOf<S, K>): Promise<void> {
    await this.#write([[attribute, value]])
  }

  /**
   * Writes several attributes in one call.
   * @throws MultiDevFailed when some failed; the others were written
   */
  async writeMany(values: { readonly [K in AttributeName<S>]?: InputOf<S, K> }): Promise<void> {
    const entries = Object.entries(values)
    if (entries.length > 0) await this.#write(entries)
  }

  /**
   * Writes one attribute and reads it in the same call, during which nobody else can write.
   * @throws DevFailed `API_NotSupported` for devices before interface 4
   */
  async writeRead<K extends AttributeName<S>>(
    attribute: K,
    value: InputOf<S, K>,
  ): Promise<AttributeReading<ValueOf<S, K>>> {
    const [reading] = await this.#writeRead([[attribute, value]], [attribute])
    if (reading instanceof DevFailed || reading === undefined) {
      const desc = `${this.name}: reading ${attribute} failed`
      throw withLevel(reading, 'API_AttributeFailed', desc, 'DeviceProxy.writeRead')
    }
    // the spec is the device's word for the type of its values
    return reading as AttributeReading<ValueOf<S, K>>
  }

  /**
   * Writes some attributes and reads some, which may be others, in the same call.
   * @returns readings in the order of `attributes`; those that failed are errors in the list
   * @throws MultiDevFailed when some writes failed: nothing was read then
   */
  async writeReadMany(
    values: { readonly [K in AttributeName<S>]?: InputOf<S, K> },
    attributes: readonly AttributeName<S>[],
  ): Promise<(AttributeReading | DevFailed)[]> {
    return this.#writeRead(Object.entries(values), attributes)
  }

  /**
   * The last polled readings of an attribute, oldest first.
   * @throws DevFailed `API_AttrNotPolled`, `API_NoDataYet`
   */
  async history<K extends AttributeName<S>>(attribute: K, count = 10): Promise<AttributeRecord<ValueOf<S, K>>[]> {
    const name = this.#attributeName(attribute)
    const records = await this.#caller.ask(`history of ${name}`, (call) => readAttributeHistory(call, name, count))
    // the spec is the device's word for the type of its values
    return records as AttributeRecord<ValueOf<S, K>>[]
  }

  /**
   * The last polled executions of a command, oldest first.
   * @throws DevFailed `API_CmdNotPolled`, `API_NoDataYet`
   */
  async commandHistory<K extends CommandName<S>>(command: K, count = 10): Promise<CommandRecord<ResultOf<S, K>>[]> {
    const name = this.#names?.command(command)?.name ?? command
    const records = await this.#caller.ask(`history of ${name}`, (call) => readCommandHistory(call, name, count))
    // the spec is the device's word for the type of its results
    return records as CommandRecord<ResultOf<S, K>>[]
  }

  /**
   * Executes a command.
   * @throws DevFailed `API_IncompatibleCmdArgumentType` before anything is sent when the argument does not fit
   */
  async command<K extends CommandName<S>>(name: K, ...rest: CommandRest<S, K>): Promise<ResultOf<S, K>> {
    const [argument, options] = rest
    // the spec is the device's word for the type of its results
    return (await this.#command(name, argument, options)) as ResultOf<S, K>
  }

  /** State of the device. */
  async state(): Promise<DevState> {
    return this.#caller.ask('state', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_state, [], options),
    )
  }

  /** Status text of the device. */
  async status(): Promise<string> {
    return this.#caller.ask('status', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_status, [], options),
    )
  }

  /**
   * Asks for a sign of life.
   * @returns duration of the round trip in microseconds
   */
  async ping(): Promise<number> {
    const start = performance.now()
    await this.#caller.ask('ping', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS.ping, [], options),
    )
    return Math.round((performance.now() - start) * 1000)
  }

  /** Class, server and interface of the device. */
  async info(): Promise<DeviceInfo> {
    return this.#caller.ask('info', readInfo)
  }

  /** Name as the device itself spells it. */
  async deviceName(): Promise<string> {
    return this.#caller.ask('name', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_name, [], options),
    )
  }

  /** Alias of the device in its database, undefined without one. */
  async alias(): Promise<string | undefined> {
    const [database, device] = await deviceInDatabase(this.#caller)
    return database.deviceAlias(device)
  }

  /** What the device says of itself. */
  async description(): Promise<string> {
    return this.#caller.ask('description', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_description, [], options),
    )
  }

  /** What access control lets this user do with the device; `WRITE` where there is none. */
  async access(): Promise<AccessRight> {
    return (await this.#caller.access()).right
  }

  /** Name of the admin device of the device's server. */
  async adminName(): Promise<string> {
    const { connection } = this.#caller
    const known = connection.adminName
    if (known !== undefined) return known
    const name = await this.#caller.ask('admin name', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_adm_name, [], options),
    )
    connection.adminName = name
    return name
  }

  /** Configuration of the named attributes, or of all. */
  async attributeConfig(attributes?: readonly AttributeName<S>[]): Promise<readonly AttributeConfig[]> {
    const names = attributes?.map((attribute) => this.#attributeName(attribute)) ?? [ALL_ATTRIBUTES]
    return this.#caller.ask('attribute configuration', (call) => getAttributeConfig(call, names))
  }

  /** Changes what can be changed of the configuration: texts, limits, alarms, event thresholds. */
  async setAttributeConfig(configs: readonly AttributeConfig[]): Promise<void> {
    await this.#caller.change('changing the configuration', (call) => setAttributeConfig(call, configs))
  }

  /** All commands of the device. */
  async commandList(): Promise<readonly CommandInfo[]> {
    return this.#caller.ask('command list', listCommands)
  }

  /** One command of the device. */
  async commandQuery(name: CommandName<S>): Promise<CommandInfo> {
    const wireName = this.#names?.command(name)?.name ?? name
    return toCommandInfo(await this.#caller.ask('command query', (call) => queryCommand(call, wireName)))
  }

  /** The last `count` requests that the device got, newest first. */
  async blackBox(count: number): Promise<readonly string[]> {
    return this.#caller.ask('black box', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS.black_box, [count], options),
    )
  }

  /**
   * Subscribes to an event. The callback gets the present value, read synchronously, before the promise resolves, then
   * every event in order; it must not throw.
   * @param attribute pipe for `pipe`, ignored for `intr_change`
   * @throws DevFailed `API_AttributePollingNotStarted` and others of the device, unless `stateless`
   */
  async subscribe<K extends AttributeName<S>>(
    attribute: K,
    event: EventType,
    callback: (event: EventOf<ValueOf<S, K>>) => void,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    return this.#caller.host.subscriber.subscribe({
      connection: this.#caller.connection,
      attribute: event === 'pipe' ? (this.#names?.pipe(attribute) ?? attribute) : this.#attributeName(attribute),
      event,
      // the spec is the device's word for the type of its values
      callback: (news) => callback(news as EventOf<ValueOf<S, K>>),
      stateless: options.stateless ?? false,
    })
  }

  /**
   * Subscribes to an event and keeps what comes in a queue of limited length: read it with `for await`, or take what is
   * there with `take`. Leaving the loop ends the subscription.
   */
  async events<K extends AttributeName<S>>(
    attribute: K,
    event: EventType,
    options: EventQueueOptions<ValueOf<S, K>> & SubscribeOptions = {},
  ): Promise<EventStream<ValueOf<S, K>>> {
    const stream = new EventStream<ValueOf<S, K>>(options)
    return stream.open((push) => this.subscribe(attribute, event, push, options))
  }

  async #write(entries: readonly (readonly [string, unknown])[]): Promise<void> {
    const shown = entries.map(([attribute]) => this.#attributeName(attribute)).join(', ')
    try {
      const values: AttributeValue4[] = []
      for (const [attribute, value] of entries) {
        const shape = this.#names?.attribute(attribute) ?? (await this.#learnShape(attribute))
        values.push(toWritten(shape, value, `${this.name}/${shape.name}`))
      }
      const right = this.#caller.mayWrite(`writing ${shown}`)
      if (right !== undefined) await right
      await this.#caller.run('unexecuted', (call) => writeAttributes(call, values))
    } catch (error) {
      if (error instanceof MultiDevFailed && entries.length > 1) throw error
      throw withLevel(error, 'API_AttributeFailed', `${this.name}: writing ${shown} failed`, 'DeviceProxy.write')
    }
  }

  async #writeRead(
    entries: readonly (readonly [string, unknown])[],
    attributes: readonly string[],
  ): Promise<(AttributeReading | DevFailed)[]> {
    const shown = entries.map(([attribute]) => this.#attributeName(attribute)).join(', ')
    try {
      const values: AttributeValue4[] = []
      for (const [attribute, value] of entries) {
        const shape = this.#names?.attribute(attribute) ?? (await this.#learnShape(attribute))
        values.push(toWritten(shape, value, `${this.name}/${shape.name}`))
      }
      await this.#caller.mayWrite(`writing ${shown}`)
      const names = attributes.map((attribute) => this.#attributeName(attribute))
      const readings = await this.#caller.run('unexecuted', (call) => writeReadAttributes(call, values, names))
      return readings.map((value) => (value.errList.length > 0 ? new DevFailed(value.errList) : toReading(value)))
    } catch (error) {
      if (error instanceof MultiDevFailed && entries.length > 1) throw error
      throw withLevel(error, 'API_AttributeFailed', `${this.name}: writing ${shown} failed`, 'DeviceProxy.writeRead')
    }
  }

  async #command(key: string, argument: unknown, options: CommandOptions | undefined): Promise<unknown> {
    const known = this.#names?.command(key)
    const name = known?.name ?? key
    try {
      const inType = known?.inType ?? commandType((await this.#learnTypes(name)).inType)
      const any = toCommandArgument(inType, argument, `${this.name}/${name}`)
      const right = this.#caller.mayExecute(name)
      if (right !== undefined) await right
      const { source } = this.#caller
      const result = await this.#caller.run('unexecuted', (call) => executeCommand(call, name, any, source), options)
      return result.value
    } catch (error) {
      throw withLevel(error, 'API_CommandFailed', `${this.name}: the command ${name} failed`, 'DeviceProxy.command')
    }
  }

  #attributeName(attribute: string): string {
    return this.#names?.attribute(attribute)?.name ?? attribute
  }

  async #learnShape(attribute: string): Promise<AttributeShape> {
    const key = attribute.toLowerCase()
    const known = this.#caller.connection.attributeShapes.get(key)
    if (known !== undefined) return known
    const [config] = await this.#caller.run('always', (call) => getAttributeConfig(call, [attribute]))
    if (config === undefined) throw devFailed('API_AttrNotFound', `${attribute} was not answered`)
    const shape = {
      name: config.name,
      type: attributeType(config.dataType, `${this.name}/${config.name}`),
      format: formatOf(config.dataFormat),
      enumLabels: config.enumLabels,
    }
    this.#caller.connection.attributeShapes.set(key, shape)
    return shape
  }

  async #learnTypes(name: string): Promise<CommandTypes> {
    const key = name.toLowerCase()
    const known = this.#caller.connection.commandTypes.get(key)
    if (known !== undefined) return known
    const types = await this.#caller.run('always', (call) => queryCommand(call, name))
    this.#caller.connection.commandTypes.set(key, { inType: types.inType, outType: types.outType })
    return types
  }
}

function commandType(code: number): CommandType {
  const name = typeName(code)
  return name === 'DevPipeBlob' || TYPE_CODES[name] !== code ? 'DevVoid' : name
}
