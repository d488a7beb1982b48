// A device as its clients use it: read, write, command, subscribe. Typed when made with a spec, by names otherwise.

import { DevFailed, devFailed, MultiDevFailed } from '../errors/dev-failed.ts'
import type { EventOf, EventType, SubscribeOptions, Subscription } from '../events/event-types.ts'
import type { DevState } from '../types/dev-state.ts'
import { type CommandType, TYPE_CODES } from '../types/dev-types.ts'
import { type AttributeSpec, type CommandSpec, type DeviceSpec, tangoName } from '../types/device-spec.ts'
import type { AttributeReading } from '../types/reading.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { AttributeValue4 } from '../wire/tango-idl.ts'
import { type AttributeShape, attributeType, formatOf, shapeOf, toReading, toWritten } from './attribute-values.ts'
import type { ClientHost } from './client-host.ts'
import { toCommandArgument } from './command-values.ts'
import {
  type Call,
  executeCommand,
  getAttributeConfig,
  queryCommand,
  readAttributes,
  setAttributeConfig,
  toCommandInfo,
  typeName,
  withLevel,
  writeAttributes,
} from './operations.ts'
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
  ResultOf,
  ValueOf,
} from './proxy-types.ts'
import type { CommandTypes, DeviceConnection, Repeatable } from './reconnect.ts'

/** Wait for a reply unless told otherwise, as native clients do. */
const DEFAULT_TIMEOUT_MS = 3000

/** Argument of `get_attribute_config_3` and `_5` that means all. */
const ALL_ATTRIBUTES = 'All attributes_3'

/**
 * One device. Made by `TangoProcess.proxy`; connects when first used, and again after the device's server was
 * restarted. Nothing needs to be closed but the subscriptions.
 */
export class DeviceProxy<S extends DeviceSpec = DeviceSpec> {
  /** Name as given: `domain/family/member`, alias or `tango://...`. */
  readonly name: string
  /** How long a call waits for its reply. */
  timeoutMs = DEFAULT_TIMEOUT_MS
  /** Whether reads are answered from the polling cache of the device. */
  source: ReadSource = 'CACHE_DEV'
  readonly #host: ClientHost
  readonly #connection: DeviceConnection
  readonly #names: SpecNames | undefined

  /**
   * For `TangoProcess.proxy`.
   * @throws DevFailed `API_WrongDeviceNameSyntax`, `API_UnsupportedDBaseModifier`
   */
  constructor(host: ClientHost, name: string, spec?: S) {
    this.name = name
    this.#host = host
    this.#connection = host.connections.device(name)
    this.#names = spec === undefined ? undefined : new SpecNames(spec)
  }

  /** The same as `process.proxy(name, spec)`. */
  static of<S extends DeviceSpec>(
    spec: S,
    name: string,
    process: { proxy<T extends DeviceSpec>(name: string, spec: T): DeviceProxy<T> },
  ): DeviceProxy<S> {
    return process.proxy(name, spec)
  }

  /** Reads one attribute. */
  async read<K extends AttributeName<S>>(attribute: K): Promise<AttributeReading<ValueOf<S, K>>> {
    const name = this.#attributeName(attribute)
    try {
      const [value] = await this.#run('always', (call) => readAttributes(call, [name], this.source))
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
      const values = await this.#run('always', (call) => readAttributes(call, names, this.source))
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
    return this.#simple('state', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_state, [], options),
    )
  }

  /** Status text of the device. */
  async status(): Promise<string> {
    return this.#simple('status', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_status, [], options),
    )
  }

  /**
   * Asks for a sign of life.
   * @returns duration of the round trip in microseconds
   */
  async ping(): Promise<number> {
    const start = performance.now()
    await this.#simple('ping', ({ orb, target, options }) => orb.call(target.reference, OPERATIONS.ping, [], options))
    return Math.round((performance.now() - start) * 1000)
  }

  /** Class, server and interface of the device. */
  async info(): Promise<DeviceInfo> {
    const info = await this.#simple('info', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS.info_3, [], options),
    )
    return {
      class: info.devClass,
      server: info.serverId,
      host: info.serverHost,
      idl: info.serverVersion,
      docUrl: info.docUrl,
      type: info.devType,
    }
  }

  /** Name as the device itself spells it. */
  async deviceName(): Promise<string> {
    return this.#simple('name', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_name, [], options),
    )
  }

  /** Name of the admin device of the device's server. */
  async adminName(): Promise<string> {
    const known = this.#connection.adminName
    if (known !== undefined) return known
    const name = await this.#simple('admin name', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS._get_adm_name, [], options),
    )
    this.#connection.adminName = name
    return name
  }

  /** Configuration of the named attributes, or of all. */
  async attributeConfig(attributes?: readonly AttributeName<S>[]): Promise<readonly AttributeConfig[]> {
    const names = attributes?.map((attribute) => this.#attributeName(attribute)) ?? [ALL_ATTRIBUTES]
    return this.#simple('attribute configuration', (call) => getAttributeConfig(call, names))
  }

  /** Changes what can be changed of the configuration: texts, limits, alarms, event thresholds. */
  async setAttributeConfig(configs: readonly AttributeConfig[]): Promise<void> {
    await this.#run('unexecuted', (call) => setAttributeConfig(call, configs)).catch((error: unknown) => {
      throw withLevel(
        error,
        'API_CommandFailed',
        `${this.name}: changing the configuration failed`,
        'DeviceProxy.setAttributeConfig',
      )
    })
  }

  /** All commands of the device. */
  async commandList(): Promise<readonly CommandInfo[]> {
    const list = await this.#simple('command list', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS.command_list_query_2, [], options),
    )
    return list.map(toCommandInfo)
  }

  /** One command of the device. */
  async commandQuery(name: CommandName<S>): Promise<CommandInfo> {
    const wireName = this.#names?.command(name)?.name ?? name
    return toCommandInfo(await this.#simple('command query', (call) => queryCommand(call, wireName)))
  }

  /** The last `count` requests that the device got, newest first. */
  async blackBox(count: number): Promise<readonly string[]> {
    return this.#simple('black box', ({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS.black_box, [count], options),
    )
  }

  /**
   * Subscribes to an event. The callback gets the present value, read synchronously, before the promise resolves, then
   * every event in order; it must not throw.
   * @param attribute ignored for `intr_change`
   * @throws DevFailed `API_AttributePollingNotStarted` and others of the device, unless `stateless`
   */
  async subscribe<K extends AttributeName<S>>(
    attribute: K,
    event: EventType,
    callback: (event: EventOf<ValueOf<S, K>>) => void,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    return this.#host.subscriber.subscribe({
      connection: this.#connection,
      attribute: this.#attributeName(attribute),
      event,
      // the spec is the device's word for the type of its values
      callback: (news) => callback(news as EventOf<ValueOf<S, K>>),
      stateless: options.stateless ?? false,
    })
  }

  async #write(entries: readonly (readonly [string, unknown])[]): Promise<void> {
    const shown = entries.map(([attribute]) => this.#attributeName(attribute)).join(', ')
    try {
      const values: AttributeValue4[] = []
      for (const [attribute, value] of entries) {
        const shape = this.#names?.attribute(attribute) ?? (await this.#learnShape(attribute))
        values.push(toWritten(shape, value, `${this.name}/${shape.name}`))
      }
      await this.#run('unexecuted', (call) => writeAttributes(call, values))
    } catch (error) {
      if (error instanceof MultiDevFailed && entries.length > 1) throw error
      throw withLevel(error, 'API_AttributeFailed', `${this.name}: writing ${shown} failed`, 'DeviceProxy.write')
    }
  }

  async #command(key: string, argument: unknown, options: CommandOptions | undefined): Promise<unknown> {
    const known = this.#names?.command(key)
    const name = known?.name ?? key
    try {
      const inType = known?.inType ?? commandType((await this.#learnTypes(name)).inType)
      const any = toCommandArgument(inType, argument, `${this.name}/${name}`)
      const result = await this.#run('unexecuted', (call) => executeCommand(call, name, any), options)
      return result.value
    } catch (error) {
      throw withLevel(error, 'API_CommandFailed', `${this.name}: the command ${name} failed`, 'DeviceProxy.command')
    }
  }

  #run<R>(repeatable: Repeatable, call: (call: Call) => Promise<R>, options?: CommandOptions): Promise<R> {
    const callOptions = { timeoutMs: this.timeoutMs, ...options }
    const orb = this.#host.client
    return this.#connection.run(repeatable, (target) => call({ orb, target, options: callOptions }))
  }

  async #simple<R>(what: string, call: (call: Call) => Promise<R>): Promise<R> {
    try {
      return await this.#run('always', call)
    } catch (error) {
      throw withLevel(error, 'API_CommandFailed', `${this.name}: ${what} failed`, 'DeviceProxy')
    }
  }

  #attributeName(attribute: string): string {
    return this.#names?.attribute(attribute)?.name ?? attribute
  }

  async #learnShape(attribute: string): Promise<AttributeShape> {
    const key = attribute.toLowerCase()
    const known = this.#connection.attributeShapes.get(key)
    if (known !== undefined) return known
    const [config] = await this.#run('always', (call) => getAttributeConfig(call, [attribute]))
    if (config === undefined) throw devFailed('API_AttrNotFound', `${attribute} was not answered`)
    const shape = {
      name: config.name,
      type: attributeType(config.dataType, `${this.name}/${config.name}`),
      format: formatOf(config.dataFormat),
      enumLabels: config.enumLabels,
    }
    this.#connection.attributeShapes.set(key, shape)
    return shape
  }

  async #learnTypes(name: string): Promise<CommandTypes> {
    const key = name.toLowerCase()
    const known = this.#connection.commandTypes.get(key)
    if (known !== undefined) return known
    const types = await this.#run('always', (call) => queryCommand(call, name))
    this.#connection.commandTypes.set(key, { inType: types.inType, outType: types.outType })
    return types
  }
}

interface KnownCommand {
  readonly name: string
  readonly inType: CommandType
}

/** Members of a spec by key and by Tango name. */
class SpecNames {
  readonly #attributes = new Map<string, AttributeShape>()
  readonly #commands = new Map<string, KnownCommand>()

  constructor(spec: DeviceSpec) {
    for (const [key, member] of Object.entries<AttributeSpec>(spec.attributes)) {
      const shape = shapeOf(tangoName(key, member, spec.naming), member)
      this.#attributes.set(shape.name.toLowerCase(), shape)
      this.#attributes.set(`:${key}`, shape)
    }
    for (const [key, member] of Object.entries<CommandSpec>(spec.commands)) {
      const command = { name: tangoName(key, member, spec.naming), inType: member.in ?? 'DevVoid' } as const
      this.#commands.set(command.name.toLowerCase(), command)
      this.#commands.set(`:${key}`, command)
    }
  }

  attribute(name: string): AttributeShape | undefined {
    return this.#attributes.get(`:${name}`) ?? this.#attributes.get(name.toLowerCase())
  }

  command(name: string): KnownCommand | undefined {
    return this.#commands.get(`:${name}`) ?? this.#commands.get(name.toLowerCase())
  }
}

function commandType(code: number): CommandType {
  const name = typeName(code)
  return name === 'DevPipeBlob' || TYPE_CODES[name] !== code ? 'DevVoid' : name
}
