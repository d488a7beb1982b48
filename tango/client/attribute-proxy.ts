// One attribute of any device, as an object of its own: found by device and name, or by an attribute alias.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { EventQueueOptions, EventStream } from '../events/event-stream.ts'
import type { EventOf, EventType, SubscribeOptions, Subscription } from '../events/event-types.ts'
import type { DevState } from '../types/dev-state.ts'
import type { AttributeInput, AttributeSpec, AttributeValue, DeviceSpec } from '../types/device-spec.ts'
import type { AttributeReading } from '../types/reading.ts'
import type { ClientHost } from './client-host.ts'
import { parseAttributeName } from './device-name.ts'
import { DeviceProxy } from './device-proxy.ts'
import type { AttributeRecord } from './history.ts'
import type { Properties, PropertyRecord } from './property-layout.ts'
import type { AttributeConfig } from './proxy-types.ts'

type ValueOf<A extends AttributeSpec | undefined> = A extends AttributeSpec ? AttributeValue<A> : unknown
type InputOf<A extends AttributeSpec | undefined> = A extends AttributeSpec ? AttributeInput<A> : unknown

interface Place {
  readonly device: DeviceProxy
  readonly attribute: string
}

/** An attribute. Made by `TangoProcess.attribute`; typed when made with the attribute's spec. */
export class AttributeProxy<A extends AttributeSpec | undefined = undefined> {
  /** Name as given: `device/attribute`, an alias, or either behind `tango://host:port/`. */
  readonly name: string
  readonly #host: ClientHost
  readonly #spec: A | undefined
  readonly #parsed: { readonly device: string; readonly attribute: string } | undefined
  #place: Promise<Place> | undefined
  #timeoutMs: number | undefined

  /**
   * For `TangoProcess.attribute`.
   * @throws DevFailed `API_WrongAttributeNameSyntax`
   */
  constructor(host: ClientHost, name: string, spec?: A) {
    this.name = name
    this.#host = host
    this.#spec = spec
    this.#parsed = parse(name)
    // a wrong name is told now
    if (this.#parsed !== undefined) this.#place = Promise.resolve(this.#placeOf(this.#parsed))
  }

  /** How long a call waits for its reply. */
  get timeoutMs(): number | undefined {
    return this.#timeoutMs
  }
  set timeoutMs(ms: number) {
    this.#timeoutMs = ms
    // the look-up of an alias applies it when it is done
    if (this.#parsed !== undefined) this.#place = Promise.resolve(this.#placeOf(this.#parsed))
  }

  /** The device of the attribute. */
  async device(): Promise<DeviceProxy> {
    return (await this.#find()).device
  }

  /** Name of the attribute at its device. */
  async attributeName(): Promise<string> {
    return (await this.#find()).attribute
  }

  async read(): Promise<AttributeReading<ValueOf<A>>> {
    const { device, attribute } = await this.#find()
    // the spec is the device's word for the type of its values; the same below
    return (await device.read(attribute)) as AttributeReading<ValueOf<A>>
  }

  async write(value: InputOf<A>): Promise<void> {
    const { device, attribute } = await this.#find()
    await device.write(attribute, value)
  }

  /** Writes and reads in the same call. */
  async writeRead(value: InputOf<A>): Promise<AttributeReading<ValueOf<A>>> {
    const { device, attribute } = await this.#find()
    return (await device.writeRead(attribute, value)) as AttributeReading<ValueOf<A>>
  }

  /** The last polled readings, oldest first. */
  async history(count = 10): Promise<AttributeRecord<ValueOf<A>>[]> {
    const { device, attribute } = await this.#find()
    return (await device.history(attribute, count)) as AttributeRecord<ValueOf<A>>[]
  }

  async config(): Promise<AttributeConfig> {
    const { device, attribute } = await this.#find()
    const [config] = await device.attributeConfig([attribute])
    if (config === undefined) throw devFailed('API_AttrNotFound', `${this.name} was not answered`)
    return config
  }

  /** Changes some fields of the configuration and leaves the others. */
  async setConfig(changes: Partial<AttributeConfig>): Promise<void> {
    const { device } = await this.#find()
    await device.setAttributeConfig([{ ...(await this.config()), ...changes }])
  }

  /** Polls the attribute, or changes the period. */
  async poll(periodMs: number): Promise<void> {
    const { device, attribute } = await this.#find()
    await device.polling.pollAttribute(attribute, periodMs)
  }

  /** @throws DevFailed `API_PollObjNotFound` when it is not polled */
  async stopPoll(): Promise<void> {
    const { device, attribute } = await this.#find()
    await device.polling.stopAttribute(attribute)
  }

  /** Period in milliseconds; undefined when it is not polled. */
  async pollPeriod(): Promise<number | undefined> {
    const { device, attribute } = await this.#find()
    return device.polling.attributePeriod(attribute)
  }

  async isPolled(): Promise<boolean> {
    return (await this.pollPeriod()) !== undefined
  }

  /** Properties of the attribute in the database. */
  async properties(): Promise<Properties> {
    const { device, attribute } = await this.#find()
    const [database, name] = await device.inDatabase()
    return (await database.getDeviceAttributeProperty(name, [attribute])).get(attribute) ?? new Map()
  }

  async putProperties(properties: PropertyRecord): Promise<void> {
    const { device, attribute } = await this.#find()
    const [database, name] = await device.inDatabase()
    await database.putDeviceAttributeProperty(name, { [attribute]: properties })
  }

  async deleteProperties(names: readonly string[]): Promise<void> {
    const { device, attribute } = await this.#find()
    const [database, name] = await device.inDatabase()
    await database.deleteDeviceAttributeProperty(name, attribute, names)
  }

  /** State of the device. */
  async state(): Promise<DevState> {
    return (await this.device()).state()
  }

  /** Status of the device. */
  async status(): Promise<string> {
    return (await this.device()).status()
  }

  /** Sign of life of the device; duration of the round trip in microseconds. */
  async ping(): Promise<number> {
    return (await this.device()).ping()
  }

  /** Subscribes to an event; see `DeviceProxy.subscribe`. */
  async subscribe(
    event: Exclude<EventType, 'intr_change' | 'pipe'>,
    callback: (event: EventOf<ValueOf<A>>) => void,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    const { device, attribute } = await this.#find()
    return device.subscribe(attribute, event, (news) => callback(news as EventOf<ValueOf<A>>), options)
  }

  /** Subscribes to an event with a queue; see `DeviceProxy.events`. */
  async events(
    event: Exclude<EventType, 'intr_change' | 'pipe'>,
    options: EventQueueOptions & SubscribeOptions = {},
  ): Promise<EventStream<ValueOf<A>>> {
    const { device, attribute } = await this.#find()
    return (await device.events(attribute, event, options)) as EventStream<ValueOf<A>>
  }

  #find(): Promise<Place> {
    this.#place ??= this.#resolve()
    return this.#place
  }

  async #resolve(): Promise<Place> {
    const { tangoHost, alias } = aliasOf(this.name)
    try {
      const found = parse(await this.#host.connections.database(tangoHost).attributeOfAlias(alias))
      if (found === undefined) throw devFailed('API_AttrNotFound', `the alias ${alias} leads to no attribute`)
      const device = tangoHost === undefined ? found.device : `tango://${tangoHost}/${found.device}`
      return this.#placeOf({ device, attribute: found.attribute })
    } catch (error) {
      // the next call tries again
      this.#place = undefined
      throw error
    }
  }

  #placeOf({ device: name, attribute }: { readonly device: string; readonly attribute: string }): Place {
    const device: DeviceProxy =
      this.#spec === undefined
        ? new DeviceProxy(this.#host, name)
        : new DeviceProxy(this.#host, name, specOf(attribute, this.#spec))
    if (this.#timeoutMs !== undefined) device.timeoutMs = this.#timeoutMs
    return { device, attribute }
  }
}

/** A device that has this attribute and nothing else. */
function specOf(attribute: string, spec: AttributeSpec): DeviceSpec {
  return {
    class: '',
    attributes: { [attribute]: { ...spec, name: attribute } },
    commands: {},
    properties: {},
  }
}

/** Device and attribute; undefined for an alias. */
function parse(name: string): { readonly device: string; readonly attribute: string } | undefined {
  if (name.replace(/^tango:\/\/[^/]*\//i, '').includes('/') || name.includes('#')) {
    try {
      return parseAttributeName(name)
    } catch (error) {
      if (error instanceof DevFailed) throw wrongSyntax(name)
      throw error
    }
  }
  if (!/^[^\s/]+$/.test(aliasOf(name).alias)) throw wrongSyntax(name)
  return undefined
}

function aliasOf(name: string): { readonly tangoHost: string | undefined; readonly alias: string } {
  const match = /^tango:\/\/([^/]*)\/(.*)$/i.exec(name)
  return match === null ? { tangoHost: undefined, alias: name } : { tangoHost: match[1], alias: match[2] ?? '' }
}

function wrongSyntax(name: string): DevFailed {
  const hint = 'write domain/family/member/attribute, an alias, or either behind tango://host:port/'
  return devFailed('API_WrongAttributeNameSyntax', `'${name}' is no attribute name: ${hint}`)
}
