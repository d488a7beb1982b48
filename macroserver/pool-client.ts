// Motion and acquisition over Tango: the pool, its measurement groups and the motors' configuration, as a ScanSystem.

import { measurementGroup } from '#interfaces/measurement-group'
import { motor } from '#interfaces/motor'
import { pool as poolInterface } from '#interfaces/pool'
import { type DeviceProxy, type DoubleStringArray, decodeEncoded, devFailed, type TangoProcess } from '#tango'
import type { ElementReference } from './macro.ts'
import type { GroupChannel, PreparedGroup, ScanSystem } from './scan/scan-system.ts'

/** How long a motion or a point may last at most, ms: the pool's own deadlines are shorter and say more. */
const LONGEST_CALL_MS = 24 * 3600 * 1000
/** Points whose targets are checked in one call. */
const CHECK_ROUNDS = 2000

/** The pools of a macro server, as macros and scans use them. */
export class PoolClient implements ScanSystem {
  readonly #tango: TangoProcess
  readonly #pools: readonly DeviceProxy<typeof poolInterface>[]
  readonly #motors = new Map<string, DeviceProxy<typeof motor>>()
  readonly #groups = new Map<string, DeviceProxy<typeof measurementGroup>>()
  #elements = new Map<string, ElementReference>()
  #byFullName = new Map<string, ElementReference>()
  #sorted: readonly ElementReference[] = []
  #unreachable: readonly string[] = []
  #prepared: { key: string; group: PreparedGroup } | undefined

  /** @param pools device names or aliases */
  constructor(tango: TangoProcess, pools: string | readonly string[]) {
    this.#tango = tango
    this.#pools = (typeof pools === 'string' ? [pools] : pools).map((name) => tango.proxy(name, poolInterface))
  }

  /** Reads the elements and connects; called once before macros run, and again when elements have changed. */
  async load(): Promise<void> {
    const lists = await Promise.all(
      this.#pools.map(async (pool) => {
        const reading = await pool.read('elements')
        const value = reading.value === undefined ? undefined : decodeEncoded(reading.value)
        const list = isRecord(value) && Array.isArray(value.new) ? value.new : []
        return list.flatMap((item) => elementReference(item, pool.name) ?? [])
      }),
    )
    this.setElements(lists.flat())
  }

  /** Takes over elements that somebody else has read. */
  setElements(elements: readonly ElementReference[], unreachable: readonly string[] = []): void {
    this.#elements = new Map(elements.map((e) => [e.name.toLowerCase(), e]))
    this.#byFullName = new Map(
      elements.flatMap((e) => [[e.fullName.toLowerCase(), e] as const, [e.device, e] as const]),
    )
    this.#sorted = [...elements].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
    this.#unreachable = unreachable
    this.#prepared = undefined
  }

  /** Pools whose elements are not known because they do not answer. */
  get unreachable(): readonly string[] {
    return this.#unreachable
  }

  /** Connects to the pools and opens what scans use first. */
  async warmUp(): Promise<void> {
    await Promise.allSettled(this.#pools.map((pool) => pool.ping()))
  }

  /** Elements sorted by name, of one interface when given. */
  elements(interfaceName?: string): readonly ElementReference[] {
    return interfaceName === undefined ? this.#sorted : this.#sorted.filter((e) => e.interfaces.includes(interfaceName))
  }

  /** Element by alias, device or full name, compared without case. */
  find(name: string): ElementReference | undefined {
    const key = name.toLowerCase()
    return this.#elements.get(key) ?? this.#byFullName.get(key)
  }

  async checkTargets(moveables: readonly ElementReference[], rounds: Iterable<readonly number[]>): Promise<void> {
    const pool = this.#poolOf(moveables)
    const names = moveables.map((m) => m.name)
    let targets: number[] = []
    const flush = async () => {
      if (targets.length === 0) return
      await pool.command('checkTargets', { svalue: names, dvalue: Float64Array.from(targets) })
      targets = []
    }
    for (const round of rounds) {
      targets.push(...round)
      if (targets.length >= CHECK_ROUNDS * names.length) await flush()
    }
    await flush()
  }

  async moveTo(
    moveables: readonly ElementReference[],
    targets: readonly number[],
    abort: AbortSignal,
  ): Promise<DoubleStringArray> {
    return await this.#poolOf(moveables).command(
      'moveTo',
      { svalue: moveables.map((m) => m.name), dvalue: Float64Array.from(targets) },
      { timeoutMs: LONGEST_CALL_MS, signal: abort },
    )
  }

  async positions(moveables: readonly ElementReference[]): Promise<readonly number[]> {
    if (moveables.length === 0) return []
    return [
      ...(await this.#poolOf(moveables).command(
        'positions',
        moveables.map((m) => m.name),
      )),
    ]
  }

  async units(moveables: readonly ElementReference[]): Promise<readonly string[]> {
    return await Promise.all(moveables.map(async (m) => (await this.#positionConfig(m)).unit))
  }

  /** Limits of a moveable; infinite where unset. */
  async limits(moveable: ElementReference): Promise<readonly [number, number]> {
    const config = await this.#positionConfig(moveable)
    return [limit(config.minValue, Number.NEGATIVE_INFINITY), limit(config.maxValue, Number.POSITIVE_INFINITY)]
  }

  /** Dial positions, for `wm`. */
  async dials(moveables: readonly ElementReference[]): Promise<readonly number[]> {
    return await Promise.all(
      moveables.map(async (m) => {
        const reading = await this.#motor(m.device).read('dialPosition')
        return reading.value ?? Number.NaN
      }),
    )
  }

  async prepareGroup(group: ElementReference, integrationTime: number, points: number): Promise<PreparedGroup> {
    const proxy = this.#group(group.device)
    // sent together: a device takes the requests of a connection in their order
    const [, configuration] = await Promise.all([
      proxy.writeMany({ integrationTime, nbStarts: points }),
      proxy.read('configuration'),
      proxy.command('prepare'),
    ])
    const text = configuration.value ?? ''
    const key = `${group.device}\n${text}`
    if (this.#prepared?.key !== key) {
      const acquire = (index: number, abort: AbortSignal) =>
        proxy.command('acquire', index, { timeoutMs: LONGEST_CALL_MS, signal: abort })
      this.#prepared = { key, group: { channels: channelsOf(text), acquire } }
    }
    return this.#prepared.group
  }

  async stop(elements: readonly ElementReference[]): Promise<void> {
    await this.#endElements('stopElements', elements)
  }
  async abort(elements: readonly ElementReference[]): Promise<void> {
    await this.#endElements('abortElements', elements)
  }
  async release(elements: readonly ElementReference[]): Promise<void> {
    await this.#endElements('releaseElements', elements)
  }

  /** Sends the names to each pool that has some of them; all are tried. */
  async #endElements(
    command: 'stopElements' | 'abortElements' | 'releaseElements',
    elements: readonly ElementReference[],
  ): Promise<void> {
    const pools = new Set(elements.map((e) => e.pool))
    const calls = [...pools].map((name) => {
      const members = elements.filter((e) => e.pool === name)
      return this.#poolOf(members).command(
        command,
        members.map((e) => e.name),
      )
    })
    for (const result of await Promise.allSettled(calls)) if (result.status === 'rejected') throw result.reason
  }

  /** The pool that has all of these elements. */
  #poolOf(elements: readonly ElementReference[]): DeviceProxy<typeof poolInterface> {
    const name = elements[0]?.pool
    const pool = name === undefined ? this.#pools[0] : this.#pools.find((p) => p.name === name)
    if (pool === undefined)
      throw devFailed('Element_Unknown', 'no pool is configured: set the property PoolNames of the macro server')
    if (elements.some((e) => e.pool !== name))
      throw devFailed(
        'API_NotSupportedFeature',
        `${elements.map((e) => e.name).join(', ')} belong to several pools and cannot move together`,
      )
    return pool
  }

  #motor(device: string): DeviceProxy<typeof motor> {
    const known = this.#motors.get(device)
    if (known !== undefined) return known
    const proxy = this.#tango.proxy(device, motor)
    this.#motors.set(device, proxy)
    return proxy
  }

  #group(device: string): DeviceProxy<typeof measurementGroup> {
    const known = this.#groups.get(device)
    if (known !== undefined) return known
    const proxy = this.#tango.proxy(device, measurementGroup)
    this.#groups.set(device, proxy)
    return proxy
  }

  async #positionConfig(moveable: ElementReference) {
    const [config] = await this.#motor(moveable.device).attributeConfig(['position'])
    if (config === undefined) throw devFailed('API_AttrNotFound', `${moveable.name} has no attribute Position`)
    return config
  }
}

function limit(text: string, unset: number): number {
  const value = Number.parseFloat(text)
  return Number.isNaN(value) ? unset : value
}

/**
 * One entry of `Elements` as a reference; undefined for what is no element.
 * @param pool name of the pool as the macro server knows it
 */
export function elementReference(item: unknown, pool: string): ElementReference | undefined {
  if (!isRecord(item)) return undefined
  const { name, full_name, type, interfaces } = item
  if (typeof name !== 'string' || typeof full_name !== 'string' || typeof type !== 'string') return undefined
  // the pool itself, drivers and their files stand in the same list
  if (type === 'Pool' || type === 'ControllerClass' || type === 'ControllerLibrary') return undefined
  return {
    name,
    fullName: full_name,
    device: full_name.replace(/^tango:\/\/[^/]+\//, '').toLowerCase(),
    type,
    interfaces: Array.isArray(interfaces) ? interfaces.map(String) : [type],
    pool,
  }
}

/** Enabled channels of a configuration document in display order. */
function channelsOf(text: string): GroupChannel[] {
  const document: unknown = JSON.parse(text)
  const controllers = isRecord(document) && isRecord(document.controllers) ? Object.values(document.controllers) : []
  return controllers
    .flatMap((c) => (isRecord(c) && isRecord(c.channels) ? Object.values(c.channels) : []))
    .filter(isRecord)
    .filter((c) => c.enabled !== false)
    .sort((a, b) => Number(a.index) - Number(b.index))
    .map((c) => ({
      name: String(c.name),
      fullName: String(c.full_name),
      label: String(c.label ?? c.name),
      unit: typeof c.data_units === 'string' ? c.data_units : '',
      plot: c.plot_type === 1,
    }))
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
