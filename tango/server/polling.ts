// Polling of one device: timers that read attributes and run commands, the cache and history that come of it, and the
// events of polled attributes.

import { every } from '../clock.ts'
import { DevFailed, toDevFailed } from '../errors/dev-failed.ts'
import { type AnyValue, VOID } from '../wire/any.ts'
import type { DevSource } from '../wire/tango-basic.ts'
import type { AttributeValue5 } from '../wire/tango-idl.ts'
import { type Attribute, failedValue } from './attribute.ts'
import type { ConfigChange } from './config-properties.ts'
import type { OwnPolling, PollInput } from './device.ts'
import type { HostedDevice } from './hosted-device.ts'
import { MIN_PERIOD_MS, PollingSettings } from './polling-settings.ts'

/** What can be polled. */
export type PolledKind = 'attribute' | 'command'

/** One result of polling. */
export interface PollRecord {
  /** Seconds since 1970. */
  readonly time: number
  /** When it came, on the monotonic clock. */
  readonly at: number
  /** How long the reading took. */
  readonly neededMs: number
  /** Value of an attribute, with its errors if it failed. */
  readonly value?: AttributeValue5
  /** Result of a command. */
  readonly result?: AnyValue
  readonly errors: DevFailed['errors']
}

/** One polled attribute or command. */
export interface PolledObject {
  readonly kind: PolledKind
  readonly name: string
  periodMs: number
  readonly depth: number
  /** Oldest first. */
  readonly records: PollRecord[]
}

interface Entry extends PolledObject {
  stop: () => void
  busy: boolean
}

const PROPERTIES = { attribute: 'polled_attr', command: 'polled_cmd' } as const
const OFF_PROPERTIES = { attribute: 'non_auto_polled_attr', command: 'non_auto_polled_cmd' } as const

/** Polled objects of one device. */
export class DevicePolling {
  readonly #device: HostedDevice
  readonly #entries = new Map<string, Entry>()
  readonly #settings: PollingSettings
  /** What the class polls and the user has switched off, by kind. */
  readonly #off: Readonly<Record<PolledKind, Set<string>>> = { attribute: new Set(), command: new Set() }
  #running = true

  /** Polling as the device itself rules it. */
  readonly control: OwnPolling = {
    start: (kind, name, periodMs) => {
      if (this.find(kind, name) === undefined) this.add(kind, name, periodMs)
      else this.update(kind, name, periodMs)
    },
    stop: (kind, name) => void this.remove(kind, name),
    period: (kind, name) => this.find(kind, name)?.periodMs,
    trigger: async (kind, name) => {
      const entry = this.#get(kind, name)
      if (entry.periodMs !== 0) {
        const desc = `Polling for ${kind} ${entry.name} is not externally triggered`
        throw failure('API_NotSupported', desc, `Util::trigger_${kind === 'command' ? 'cmd' : 'attr'}_polling`)
      }
      await this.#poll(entry)
    },
    fill: (kind, name, records) => {
      if (this.#entries.size === 0) {
        const origin = `Util::fill_${kind === 'command' ? 'cmd' : 'attr'}_polling_buffer`
        throw failure('API_DeviceNotPolled', `Device ${this.#device.name} is not polled`, origin)
      }
      const entry = this.#get(kind, name)
      for (const record of records) this.#fill(entry, record)
    },
  }

  constructor(device: HostedDevice) {
    this.#device = device
    this.#settings = new PollingSettings(() => device.storedProperties)
  }

  /** All polled objects: commands, then attributes. */
  objects(): readonly PolledObject[] {
    const all = [...this.#entries.values()]
    return [...all.filter(({ kind }) => kind === 'command'), ...all.filter(({ kind }) => kind === 'attribute')]
  }

  /** The polled object of a name in any case. */
  find(kind: PolledKind, name: string): PolledObject | undefined {
    return this.#entries.get(key(kind, name))
  }

  /** Begins what is stored in `polled_attr` and `polled_cmd`, else what the spec asks for. */
  startStored(): void {
    for (const kind of ['command', 'attribute'] as const) {
      const stored = this.#device.storedProperties.get(PROPERTIES[kind])
      if (stored === undefined) continue
      for (let i = 0; i + 1 < stored.length; i += 2) {
        try {
          if (!this.#entries.has(key(kind, stored[i] ?? ''))) this.#begin(kind, stored[i] ?? '', Number(stored[i + 1]))
        } catch (error) {
          this.#device.log.warn('stored polling is wrong', { kind, name: stored[i], error })
        }
      }
    }
    for (const kind of ['command', 'attribute'] as const) {
      for (const name of this.#settings.off(kind)) this.#off[kind].add(name)
      for (const { name, periodMs } of this.#declared(kind)) {
        if (this.#off[kind].has(name.toLowerCase()) || this.#entries.has(key(kind, name))) continue
        try {
          this.#begin(kind, name, periodMs)
        } catch (error) {
          this.#device.log.warn('the polling that the class declares is wrong', { kind, name, periodMs, error })
        }
      }
    }
  }

  /** What the class wants to be polled. */
  #declared(kind: PolledKind): { readonly name: string; readonly periodMs: number }[] {
    const { attributes, commands } = this.#device
    // what nobody has asked for yet need not be made to learn that it is not polled
    const polled = Object.values(this.#device.spec.attributes).some(({ pollingMs }) => pollingMs !== undefined)
    const all =
      kind === 'attribute'
        ? Array.from(polled ? attributes.all() : attributes.made(), ({ attribute: { name, spec } }) => ({
            name,
            periodMs: spec.pollingMs,
          }))
        : commands.all().map(({ name, spec }) => ({ name, periodMs: spec.pollingMs }))
    return all.flatMap(({ name, periodMs }) => (periodMs === undefined ? [] : [{ name, periodMs }]))
  }

  /**
   * Begins to poll.
   * @throws DevFailed `API_AlreadyPolled`, `API_NotSupported`, `API_AttrNotFound`, `API_CommandNotFound`,
   *   `API_IncompatibleCmdArgumentType`
   */
  add(kind: PolledKind, name: string, periodMs: number): void {
    if (this.#entries.has(key(kind, name))) {
      const what = kind === 'command' ? 'Command' : 'Attribute'
      throw failure('API_AlreadyPolled', `${what} ${name.toLowerCase()} already polled`, 'DServer::add_obj_polling')
    }
    const declared = this.#checked(kind, name)
    this.#settings.checkPeriod(kind, declared, periodMs, 'DServer::add_obj_polling')
    this.#begin(kind, name, periodMs)
  }

  /** Changes a period. @throws DevFailed `API_PollObjNotFound`, `API_NotSupported`, `API_MethodArgument` */
  update(kind: PolledKind, name: string, periodMs: number): void {
    const entry = this.#get(kind, name)
    this.#settings.checkPeriod(kind, entry.name, periodMs, 'DServer::upd_obj_polling')
    entry.periodMs = periodMs
    entry.stop()
    entry.stop = this.#running ? this.#schedule(entry, false) : () => {}
  }

  /** Ends polling of an object; @returns whether it was polled */
  remove(kind: PolledKind, name: string): boolean {
    const entry = this.#entries.get(key(kind, name))
    entry?.stop()
    return this.#entries.delete(key(kind, name))
  }

  /** Ends polling of an object. @throws DevFailed `API_DeviceNotPolled`, `API_PollObjNotFound` */
  end(kind: PolledKind, name: string): void {
    if (this.#entries.size === 0) {
      throw failure('API_DeviceNotPolled', `Device ${this.#device.name} is not polled`, 'DServer::rem_obj_polling')
    }
    this.#get(kind, name)
    this.remove(kind, name)
  }

  /**
   * Refuses commands that cannot be polled.
   * @throws DevFailed `API_CommandNotFound`, `API_IncompatibleCmdArgumentType`
   */
  checkPollable(command: string): void {
    const origin = 'DeviceImpl::check_command_exists'
    if (this.#device.commands.get(command, origin).takesNothing) return
    const desc = `Command ${command.toLowerCase()} cannot be polled because it needs input value`
    throw failure('API_IncompatibleCmdArgumentType', desc, origin)
  }

  /** Suspends all timers (admin command StopPolling). */
  suspend(): void {
    this.#running = false
    for (const entry of this.#entries.values()) entry.stop()
  }

  /** Resumes all timers. */
  resume(): void {
    if (this.#running) return
    this.#running = true
    for (const entry of this.#entries.values()) entry.stop = this.#schedule(entry)
  }

  /** Ends everything. */
  stop(): void {
    for (const entry of this.#entries.values()) entry.stop()
    this.#entries.clear()
  }

  /** What the database has to remember of a kind now. */
  stored(kind: PolledKind): ConfigChange {
    const ofKind = this.objects().filter((object) => object.kind === kind)
    const polled = ofKind.flatMap(({ name, periodMs }) => [name.toLowerCase(), String(periodMs)])
    const declared = this.#declared(kind).map(({ name }) => name.toLowerCase())
    const off = declared.filter((name) => !this.#entries.has(key(kind, name)))
    const before = this.#off[kind]
    const put = new Map<string, readonly string[]>()
    const remove: string[] = []
    if (polled.length > 0) put.set(PROPERTIES[kind], polled)
    else remove.push(PROPERTIES[kind])
    if (off.length > 0) put.set(OFF_PROPERTIES[kind], off)
    else if (before.size > 0) remove.push(OFF_PROPERTIES[kind])
    before.clear()
    for (const name of off) before.add(name)
    return { put, remove }
  }

  /**
   * A value from the cache.
   * @returns `undefined` when the device has to be asked
   */
  cached(attribute: Attribute, source: DevSource): AttributeValue5 | undefined {
    if (this.#entries.size === 0 && source !== 'CACHE') return undefined
    const entry = this.#entries.get(key('attribute', attribute.name))
    const found = entry === undefined ? undefined : this.#fresh(entry)
    if (found?.value !== undefined) return found.value
    if (source !== 'CACHE') return undefined
    const time = this.#device.now()
    const problem = entry === undefined ? notPolled(attribute.name) : noData(entry)
    return failedValue(attribute.name, problem.errors, time)
  }

  /**
   * The result of a polled command from the cache.
   * @returns `undefined` when the device has to be asked
   * @throws DevFailed when the device may not be asked and there is none, or the polled call failed
   */
  cachedCommand(name: string, source: DevSource): AnyValue | undefined {
    if (source === 'DEV' || (this.#entries.size === 0 && source !== 'CACHE')) return undefined
    const entry = this.#entries.get(key('command', name))
    const found = entry === undefined ? undefined : this.#fresh(entry)
    if (found !== undefined) {
      if (found.errors.length > 0) throw new DevFailed(found.errors)
      return found.result
    }
    if (source !== 'CACHE') return undefined
    if (entry !== undefined) throw noData(entry)
    throw failure('API_CmdNotPolled', `Command ${name} not polled`, 'Device_2Impl::command_inout')
  }

  #fresh(entry: Entry): PollRecord | undefined {
    const record = entry.records.at(-1)
    if (record === undefined) return undefined
    const age = this.#device.monotonic() - record.at
    // what is triggered from outside is never too old, nor is anything while polling is suspended
    if (entry.periodMs === 0 || !this.#running) return record
    return age > this.#settings.oldFactor * Math.max(entry.periodMs, MIN_PERIOD_MS) ? undefined : record
  }

  #get(kind: PolledKind, name: string): Entry {
    const entry = this.#entries.get(key(kind, name))
    if (entry !== undefined) return entry
    const desc = `${name.toLowerCase()} not found in list of polled object`
    throw failure('API_PollObjNotFound', desc, 'DeviceImpl::get_polled_obj_by_type_name')
  }

  /** Name as declared. @throws DevFailed when it cannot be polled */
  #checked(kind: PolledKind, name: string): string {
    if (kind === 'command') {
      this.checkPollable(name)
      const command = this.#device.commands.get(name)
      if (command.key !== 'init') return command.name
      throw failure('API_NotSupported', "It's not possible to poll the Init command!", 'DServer::add_obj_polling')
    }
    this.#checkAttribute(name)
    return this.#device.attributes.get(name).attribute.name
  }

  /** The shortest periods of the properties bind clients, not what is stored or declared. */
  #begin(kind: PolledKind, name: string, periodMs: number): void {
    const declared = this.#checked(kind, name)
    if (!(periodMs === 0 || periodMs >= MIN_PERIOD_MS)) {
      const desc = `${periodMs} is below the min authorized period (${MIN_PERIOD_MS} mS)`
      throw failure('API_NotSupported', desc, 'DServer::add_obj_polling')
    }
    const entry: Entry = {
      kind,
      name: declared,
      periodMs,
      depth: this.#settings.depth(kind, declared),
      records: [],
      busy: false,
      stop: () => {},
    }
    this.#entries.set(key(kind, name), entry)
    if (this.#running) entry.stop = this.#schedule(entry)
  }

  #checkAttribute(name: string): void {
    const { attribute, forwarded } = this.#device.attributes.get(name, 'MultiAttribute::get_attr_by_name')
    if (forwarded === undefined) return
    const desc = `Attribute ${attribute.name} is a forwarded attribute.\nIt is not supported to poll a forwarded attribute`
    throw failure('API_NotSupportedFeature', desc, 'DServer::add_obj_polling')
  }

  /** @param atOnce the first time now; else when the period has gone by */
  #schedule(entry: Entry, atOnce = true): () => void {
    // period 0 means that something else triggers it
    if (entry.periodMs === 0) return () => {}
    const { clock } = this.#device
    const poll = (): void => void this.#poll(entry)
    const cancelFirst = atOnce ? clock.setTimer(0, poll) : undefined
    const stop = every(clock, entry.periodMs, poll)
    return () => {
      cancelFirst?.()
      stop()
    }
  }

  /** Never rejects. A reading that is still under way is not overtaken. */
  async #poll(entry: Entry): Promise<void> {
    if (entry.busy) return
    entry.busy = true
    try {
      if (entry.kind === 'attribute') await this.#pollAttribute(entry)
      else await this.#pollCommand(entry)
    } catch (error) {
      this.#device.logDefect(`polling ${entry.name}`, error)
    } finally {
      entry.busy = false
    }
  }

  async #pollAttribute(entry: Entry): Promise<void> {
    const found = this.#device.attributes.find(entry.name)
    if (found === undefined) return
    const { attribute } = found
    const detail = ` (${attribute.name}) from device`
    this.#device.blackBox.note(this.#device.now(), 'read_attributes_5', detail, 'polling', undefined)
    let start = 0
    const read = (): AttributeValue5 | Promise<AttributeValue5> => {
      start = this.#device.monotonic()
      return attribute.read()
    }
    const work = attribute.spec.urgent === true ? read() : this.#device.queue.run(`polling ${attribute.name}`, read)
    const value = detached(await work)
    this.#record(entry, start, { value, errors: value.errList })
    found.events.polled(value, found.pushes !== undefined, found.pushesArchive !== undefined)
  }

  async #pollCommand(entry: Entry): Promise<void> {
    const command = this.#device.commands.get(entry.name)
    const call = { host: 'polling', signal: this.#device.signal }
    const detail = ` (cmd = ${command.name}) from device`
    this.#device.blackBox.note(this.#device.now(), 'command_inout_4', detail, 'polling', undefined)
    let start = 0
    const run = (): AnyValue | Promise<AnyValue> => {
      start = this.#device.monotonic()
      return command.execute(VOID, call)
    }
    try {
      const result = await this.#device.queue.run(`polling ${command.name}`, run)
      this.#record(entry, start, { result, errors: [] })
    } catch (error) {
      this.#record(entry, start, { errors: toDevFailed(error).errors })
    }
  }

  #fill(entry: Entry, { value, written, quality = 'VALID', error, time = this.#device.now() }: PollInput): void {
    const at = this.#device.monotonic()
    if (entry.kind === 'command') {
      const result = error === undefined ? this.#device.commands.get(entry.name).result(value) : undefined
      this.#keep(entry, {
        time,
        at,
        neededMs: 0,
        ...(result === undefined ? {} : { result }),
        errors: error?.errors ?? [],
      })
      return
    }
    const { attribute } = this.#device.attributes.get(entry.name)
    const reading = { value, quality, time }
    const wire =
      error === undefined ? attribute.value(reading, written) : failedValue(attribute.name, error.errors, time)
    this.#keep(entry, { time, at, neededMs: 0, value: wire, errors: wire.errList })
  }

  #record(entry: Entry, start: number, outcome: Pick<PollRecord, 'value' | 'result' | 'errors'>): void {
    const at = this.#device.monotonic()
    this.#keep(entry, { time: this.#device.now(), at, neededMs: at - start, ...outcome })
  }

  #keep(entry: Entry, record: PollRecord): void {
    entry.records.push(record)
    if (entry.records.length > entry.depth) entry.records.shift()
  }
}

/** The value with an array of its own: a handler may return the same one each time. */
function detached(value: AttributeValue5): AttributeValue5 {
  const union = value.value
  if (union.kind === 'DEVICE_STATE' || union.kind === 'ATT_NO_DATA') return value
  // a slice has the type of what it is taken from
  return { ...value, value: { kind: union.kind, value: union.value.slice() } as typeof union }
}

function key(kind: PolledKind, name: string): string {
  return `${kind}/${name.toLowerCase()}`
}

function notPolled(name: string): DevFailed {
  return failure('API_AttrNotPolled', `Attribute ${name} not polled`, 'Device_3Impl::read_attributes_from_cache')
}

function noData(entry: Entry): DevFailed {
  const what = entry.kind === 'attribute' ? 'attribute' : 'command'
  return entry.records.length === 0
    ? failure('API_NoDataYet', `No data available in cache for ${what} ${entry.name}`, 'PollObj::get_last_attr_value')
    : failure('API_NotUpdatedAnyMore', `Data in cache for ${what} ${entry.name} not updated any more`, 'PollObj')
}

function failure(reason: string, desc: string, origin: string): DevFailed {
  return new DevFailed([{ reason, severity: 'ERR', desc, origin }])
}
