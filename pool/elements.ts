// The elements a pool knows: alias, device, interfaces, controller and axis. The database is their source of truth.

import { type DatabaseClient, DevFailed, devFailed } from '#tango'
import { className } from './controller-classes.ts'

/** Tango classes that can be elements. */
export type ElementType = 'Controller' | 'Motor' | 'CTExpChannel' | 'MotorGroup' | 'MeasurementGroup' | 'Instrument'

/** One element. */
export interface Element {
  readonly id: number
  /** Alias, unique in the pool. */
  readonly name: string
  /** Device name in lower case. */
  readonly device: string
  /** `tango://host:port/device`. */
  readonly fullName: string
  readonly type: ElementType
  /** Device of the controller, for axes. */
  readonly controller?: string
  readonly axis?: number
  /** Driver and kind, for controllers; the NeXus class of an instrument. */
  readonly klass?: string
  readonly mainType?: string
  /** Names of the members, for groups. */
  readonly elements?: readonly string[]
}

const COMMON = ['PoolElement', 'Element', 'PoolObject', 'Object']

/** Interfaces of each type, as macro parameters name them. */
export const INTERFACES: Readonly<Record<ElementType, readonly string[]>> = {
  Controller: ['Controller', ...COMMON],
  Motor: ['Motor', 'Moveable', 'Acquirable', ...COMMON],
  CTExpChannel: ['CTExpChannel', 'ExpChannel', 'Countable', 'Acquirable', ...COMMON],
  MotorGroup: ['MotorGroup', ...COMMON],
  MeasurementGroup: ['MeasurementGroup', 'Countable', ...COMMON],
  Instrument: ['Instrument', ...COMMON],
}

/** Elements by name, device, full name and id; names are compared without case. */
export class ElementTable {
  #byKey = new Map<string, Element>()
  #byId = new Map<number, Element>()

  /** Elements in order of creation. */
  all(): readonly Element[] {
    return [...this.#byId.values()]
  }

  ofType(...types: readonly ElementType[]): readonly Element[] {
    return this.all().filter((e) => types.includes(e.type))
  }

  add(element: Element): void {
    this.#byId.set(element.id, element)
    for (const key of keysOf(element)) this.#byKey.set(key, element)
  }

  remove(element: Element): void {
    this.#byId.delete(element.id)
    for (const key of keysOf(element)) this.#byKey.delete(key)
  }

  clear(): void {
    this.#byId.clear()
    this.#byKey.clear()
  }

  byId(id: number): Element | undefined {
    return this.#byId.get(id)
  }

  find(name: string): Element | undefined {
    return this.#byKey.get(name.toLowerCase())
  }

  /** @throws DevFailed `Element_Unknown` with the names that come near */
  get(name: string): Element {
    const element = this.find(name)
    if (element !== undefined) return element
    const near = this.all()
      .map((e) => e.name)
      .filter((n) => n.slice(0, 3).toLowerCase() === name.slice(0, 3).toLowerCase())
      .slice(0, 5)
    throw devFailed(
      'Element_Unknown',
      `no element '${name}' in the pool${near.length > 0 ? `; there are ${near.join(', ')}` : ''}`,
    )
  }

  nextId(): number {
    return Math.max(0, ...this.#byId.keys()) + 1
  }
}

function keysOf(element: Element): string[] {
  return [element.name, element.device, element.fullName].map((k) => k.toLowerCase())
}

/** Reads the controllers of a pool with their axes from the database, also when their servers are not running. */
export async function readControllers(
  database: DatabaseClient,
  tangoHost: string,
  controllerDevices: readonly string[],
): Promise<Element[]> {
  const controllers = await Promise.all(controllerDevices.map((device) => readController(database, tangoHost, device)))
  const servers = [...new Set(controllers.map((c) => c.server))]
  const axes = await Promise.all(servers.map((server) => readAxes(database, tangoHost, server)))
  const known = new Set(controllers.map((c) => c.element.device))
  const ours = axes.flat().filter((a) => a.controller !== undefined && known.has(a.controller))
  return [...controllers.map((c) => c.element), ...ours].sort((a, b) => a.id - b.id)
}

async function readController(database: DatabaseClient, tangoHost: string, name: string) {
  const device = name.toLowerCase()
  const [imported, properties, alias] = await Promise.all([
    database.importDevice(device),
    database.getDeviceProperty(device, ['Id', 'Type', 'Klass']),
    aliasOf(database, device),
  ])
  const element: Element = {
    ...identity(tangoHost, device, alias, properties),
    type: 'Controller',
    klass: properties.get('Klass')?.[0] ?? '',
    mainType: properties.get('Type')?.[0] ?? '',
  }
  return { server: imported.server, element }
}

/** Axes of a server: one query where the database takes queries, a few calls for each axis otherwise. */
async function readAxes(database: DatabaseClient, tangoHost: string, server: string): Promise<Element[]> {
  try {
    if (/^[\w./-]+$/.test(server)) return await selectAxes(database, tangoHost, server)
  } catch (error) {
    if (!(error instanceof DevFailed)) throw error // else the single calls say what is wrong, or work
  }
  return await askAxes(database, tangoHost, server)
}

async function selectAxes(database: DatabaseClient, tangoHost: string, server: string): Promise<Element[]> {
  const rows = await database.select(
    `device.name, device.alias, device.class, property_device.name, property_device.value
     FROM device, property_device WHERE device.server = '${server}' AND device.class IN ('Motor', 'CTExpChannel')
     AND property_device.device = device.name AND property_device.name IN ('Id', 'Axis', 'Controller')
     ORDER BY device.name`,
  )
  const axes = new Map<string, { alias: string; type: string; properties: Map<string, readonly string[]> }>()
  for (const [name = '', alias = '', type = '', property = '', value = ''] of rows) {
    const device = name.toLowerCase()
    const axis = axes.get(device) ?? { alias, type: type.toLowerCase(), properties: new Map() }
    axis.properties.set(propertyKey(property), [value])
    axes.set(device, axis)
  }
  return Array.from(axes, ([device, { alias, type, properties }]) =>
    axisElement(
      type === 'motor' ? 'Motor' : 'CTExpChannel',
      identity(tangoHost, device, alias === '' ? undefined : alias, properties),
      properties,
    ),
  )
}

/** Names of properties compare without case. */
function propertyKey(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1).toLowerCase()}`
}

async function askAxes(database: DatabaseClient, tangoHost: string, server: string): Promise<Element[]> {
  const types = ['Motor', 'CTExpChannel'] as const
  const lists = await Promise.all(types.map((type) => database.deviceList(server, type)))
  const wanted = types.flatMap((type, i) => (lists[i] ?? []).map((device) => ({ type, device: device.toLowerCase() })))
  return await Promise.all(
    wanted.map(async ({ type, device }) => {
      const [properties, alias] = await Promise.all([
        database.getDeviceProperty(device, ['Id', 'Axis', 'Controller']),
        aliasOf(database, device),
      ])
      return axisElement(type, identity(tangoHost, device, alias, properties), properties)
    }),
  )
}

function axisElement(
  type: 'Motor' | 'CTExpChannel',
  who: Pick<Element, 'id' | 'name' | 'device' | 'fullName'>,
  properties: ReadonlyMap<string, readonly string[]>,
): Element {
  return {
    ...who,
    type,
    controller: (properties.get('Controller')?.[0] ?? '').toLowerCase(),
    axis: Number(properties.get('Axis')?.[0] ?? 0),
  }
}

function identity(
  tangoHost: string,
  device: string,
  alias: string | undefined,
  properties: ReadonlyMap<string, readonly string[]>,
) {
  return {
    id: Number(properties.get('Id')?.[0] ?? 0),
    name: alias ?? device,
    device,
    fullName: `tango://${tangoHost}/${device}`,
  }
}

async function aliasOf(database: DatabaseClient, device: string): Promise<string | undefined> {
  return await database.deviceAlias(device)
}

/** Instruments of the property `InstrumentList`: triples class, path, id. They are no devices; the path names them. */
export function readInstruments(list: readonly string[]): Element[] {
  const found: Element[] = []
  for (let i = 0; i + 2 < list.length; i += 3) {
    const [klass = '', name = '', id = ''] = list.slice(i, i + 3)
    found.push({ id: Number(id), name, device: name.toLowerCase(), fullName: name, type: 'Instrument', klass })
  }
  return found
}

/** Full name of the attribute that an axis is read by. */
export function sourceOf(axis: Element): string {
  return `${axis.fullName}/${axis.type === 'Motor' ? 'Position' : 'Value'}`
}

/** One entry of `Pool.Elements`: what Sardana's clients expect of each element. */
export function describeElement(element: Element, table: ElementTable, poolAlias: string): Record<string, unknown> {
  const common = {
    pool: poolAlias,
    name: element.name,
    full_name: element.fullName,
    type: element.type,
    manager: poolAlias,
    parent: poolAlias,
    interfaces: INTERFACES[element.type],
    id: element.id,
  }
  switch (element.type) {
    case 'Controller':
      return {
        ...common,
        parent: className(element.klass ?? ''),
        module: className(element.klass ?? ''),
        klass: className(element.klass ?? ''),
        language: 'TypeScript',
        file_name: element.klass,
        types: [element.mainType],
        main_type: element.mainType,
      }
    case 'Motor':
    case 'CTExpChannel': {
      const controller = element.controller === undefined ? undefined : table.find(element.controller)
      return {
        ...common,
        parent: controller?.name ?? poolAlias,
        controller: controller?.fullName ?? element.controller,
        axis: element.axis,
        source: sourceOf(element),
      }
    }
    case 'MotorGroup':
    case 'MeasurementGroup':
      return { ...common, elements: element.elements ?? [], physical_elements: element.elements ?? [] }
    case 'Instrument': {
      const parent = element.name.slice(0, element.name.lastIndexOf('/'))
      return { ...common, klass: element.klass, parent_instrument: parent === '' ? null : parent }
    }
  }
}

/** The pool's own entry in its `Elements`: clients that create and delete elements look for it there. */
export function describePool(fullName: string, poolAlias: string): Record<string, unknown> {
  return {
    pool: poolAlias,
    name: poolAlias,
    full_name: fullName,
    type: 'Pool',
    manager: poolAlias,
    parent: null,
    interfaces: ['Pool', ...COMMON],
    id: 0,
  }
}
