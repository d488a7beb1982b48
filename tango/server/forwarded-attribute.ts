// Attributes that stand for an attribute of another device (Tango's forwarded attributes): values, configuration,
// histories and events are those of the root attribute; only name and label are their own.

import { attributeType, formatOf } from '../client/attribute-values.ts'
import { type Call, getAttributeConfig, readAttributes, setAttributeConfig } from '../client/operations.ts'
import type { DeviceConnection } from '../client/reconnect.ts'
import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { Subscription, TangoEvent } from '../events/event-types.ts'
import type { AttributeSpec } from '../types/device-spec.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { DevSource } from '../wire/tango-basic.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import type { DevAttrHistory5 } from '../wire/tango-history.ts'
import type { AttributeValue5 } from '../wire/tango-idl.ts'
import { failedValue } from './attribute.ts'
import type { ValueEvent } from './attribute-events.ts'
import type { TableEntry } from './attribute-table.ts'
import type { HostedDevice } from './hosted-device.ts'

/** Wait for the root's device, as native clients do. */
const TIMEOUT_MS = 3000

/** Where the root attribute is. */
export interface RootName {
  /** `domain/family/member`, or with `tango://host:port/` in front. */
  readonly device: string
  readonly attribute: string
}

/** Events that pass through. */
export type ForwardedEvent = ValueEvent | 'attr_conf' | 'data_ready'

/**
 * Reads a property `__root_att`.
 * @throws DevFailed `API_AttrOptProp` saying what is wrong, in the words of native servers
 */
export function parseRoot(text: string | undefined, device: string): RootName {
  const match = /^((?:tango:\/\/[^/]+\/)?[^/]+\/[^/]+\/[^/]+)\/([^/#]+)(#.*)?$/i.exec(text?.trim() ?? '')
  const [, root, attribute, modifier = ''] = match ?? []
  if (root === undefined || attribute === undefined) {
    throw devFailed('API_AttrOptProp', 'Wrong syntax in root attribute definition', { origin: 'FwdAttr' })
  }
  if (root.toLowerCase() === device.toLowerCase()) {
    throw devFailed('API_AttrOptProp', 'Root device is local device', { origin: 'FwdAttr' })
  }
  return { device: root + modifier, attribute }
}

/** The root of one forwarded attribute. */
export class ForwardedAttribute {
  /** As the configuration tells it. */
  readonly rootName: string
  readonly #host: HostedDevice
  readonly #root: RootName
  readonly #connection: DeviceConnection
  readonly #followed = new Map<ForwardedEvent, Promise<Subscription>>()
  #entry: TableEntry | undefined

  constructor(host: HostedDevice, root: RootName) {
    this.#host = host
    this.#root = root
    host.subDevices.add(root.device.toLowerCase())
    this.#connection = host.tango.connections.device(root.device)
    const bare = root.device.replace(/^tango:\/\/[^/]+\//i, '').replace(/#.*$/, '')
    this.rootName = `tango://${this.#connection.tangoHost}/${bare}/${root.attribute}`.toLowerCase()
  }

  /** Device of the root, lower case. */
  get rootDevice(): string {
    return this.#root.device.toLowerCase()
  }

  /** Configuration of the root. @throws DevFailed when it cannot be had */
  async config(): Promise<AttributeConfig5> {
    const [config] = await this.#run((call) => getAttributeConfig(call, [this.#root.attribute]))
    if (config === undefined) throw devFailed('API_AttrNotFound', `${this.rootName} was not answered`)
    return config
  }

  /** The attribute that stands for the root. */
  attach(entry: TableEntry): void {
    this.#entry = entry
    entry.forwarded = this
  }

  /** The value of the root under the name of the attribute; failures are in it. */
  async read(name: string, source: DevSource): Promise<AttributeValue5> {
    try {
      const [value] = await this.#run((call) => readAttributes(call, [this.#root.attribute], source))
      if (value === undefined) throw devFailed('API_AttrValueNotSet', `${this.rootName} was not answered`)
      // the type number is that of interface 5, which older roots do not send
      return { dataType: 0, ...value, name }
    } catch (error) {
      return failedValue(name, toDevFailed(error).errors, this.#host.now())
    }
  }

  /** Writes the root. */
  async write(value: unknown): Promise<void> {
    await this.#host.tango.proxy(this.#root.device).write(this.#root.attribute, value)
  }

  /** Passes a change of the configuration on, all but the label. */
  async configure(wanted: AttributeConfig5): Promise<void> {
    const now = await this.config()
    const { description, unit, standardUnit, displayUnit, format, minValue, maxValue } = wanted
    const { attAlarm, eventProp, enumLabels } = wanted
    const texts = { description, unit, standardUnit, displayUnit, format, minValue, maxValue }
    await this.#run((call) => setAttributeConfig(call, [{ ...now, ...texts, attAlarm, eventProp, enumLabels }]))
    await this.#take(await this.config())
  }

  /** History of the root under the name of the attribute. */
  async history(name: string, count: number): Promise<DevAttrHistory5> {
    const history = await this.#run(({ orb, target, options }) =>
      orb.call(target.reference, OPERATIONS.read_attribute_history_5, [this.#root.attribute, count], options),
    )
    return { ...history, name }
  }

  /** Subscribes to an event of the root, the first time, and passes its events on. @throws DevFailed of the root */
  async follow(event: ForwardedEvent): Promise<void> {
    const known = this.#followed.get(event)
    const subscription = known ?? this.#subscribe(event)
    this.#followed.set(event, subscription)
    try {
      await subscription
    } catch (error) {
      this.#followed.delete(event)
      throw error
    }
  }

  /** Ends all subscriptions. */
  async close(): Promise<void> {
    const all = [...this.#followed.values()]
    this.#followed.clear()
    for (const result of await Promise.allSettled(all)) {
      if (result.status === 'fulfilled') await result.value.close()
    }
  }

  #subscribe(event: ForwardedEvent): Promise<Subscription> {
    const proxy = this.#host.tango.proxy(this.#root.device)
    return proxy.subscribe(this.#root.attribute, event, (news) => void this.#pass(event, news))
  }

  /** Never rejects. */
  async #pass(event: ForwardedEvent, news: TangoEvent): Promise<void> {
    const entry = this.#entry
    // what the subscriber read by itself is no event of the root
    if (entry === undefined || (news.counter === undefined && news.error === undefined)) return
    try {
      if (news.dataReady !== undefined) entry.events.dataReady(news.dataReady)
      else if (news.config !== undefined) await this.#take(news.config)
      else if (event !== 'attr_conf' && event !== 'data_ready') entry.events.forward(event, this.#valueOf(entry, news))
    } catch (error) {
      this.#host.log.warn('an event could not be forwarded', { root: this.rootName, event, error })
    }
  }

  #valueOf({ attribute }: TableEntry, { reading, error }: TangoEvent): AttributeValue5 {
    if (error !== undefined || reading === undefined) return attribute.failed(error ?? new DevFailed([]))
    const { value, quality, time, written } = reading
    return attribute.value({ value, quality, time }, written)
  }

  /** Shows a new configuration of the root and tells subscribers. */
  async #take(config: AttributeConfig5): Promise<void> {
    const entry = this.#entry
    if (entry === undefined) return
    entry.attribute.config.follow(config, this.rootName)
    entry.events.configurationChanged()
  }

  #run<R>(call: (call: Call) => Promise<R>): Promise<R> {
    const options = { timeoutMs: TIMEOUT_MS }
    return this.#connection.run('always', (target) => call({ orb: this.#host.tango.client, target, options }))
  }
}

/** The spec of an attribute that stands for one with this configuration. */
export function forwardedSpec(name: string, label: string | undefined, config: AttributeConfig5): AttributeSpec {
  const format = formatOf(config.dataFormat)
  return {
    type: attributeType(config.dataType, name),
    name,
    level: config.level === 'EXPERT' ? 'EXPERT' : 'OPERATOR',
    ...(format === 'scalar'
      ? {}
      : { format, max: format === 'image' ? [config.maxDimX, config.maxDimY] : [config.maxDimX] }),
    ...(config.writable === 'READ_WRITE' ? { writable: true } : {}),
    ...(config.writable === 'WRITE' ? { writeOnly: true } : {}),
    ...(label === undefined ? {} : { label }),
    enumLabels: config.enumLabels,
    dataReady: true,
  }
}
