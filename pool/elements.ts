// The elements a pool knows: alias, device, interfaces, controller and axis. The database is their source of truth.

import { type DatabaseClient, devFailed } from '#tango'

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
  /** Driver and kind, for controllers. */
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

async function readAxes(database: DatabaseClient, tangoHost: string, server: string): Promise<Element[]> {
  const types = ['Motor', 'CTExpChannel'] as const
  const lists = await Promise.all(types.map((type) => database.deviceList(server, type)))
  const wanted = types.flatMap((type, i) => (lists[i] ?? []).map((device) => ({ type, device: device.toLowerCase() })))
  return await Promise.all(
    wanted.map(async ({ type, device }) => {
      const [properties, alias] = await Promise.all([
        database.getDeviceProperty(device, ['Id', 'Axis', 'Controller']),
        aliasOf(database, device),
      ])
      return {
        ...identity(tangoHost, device, alias, properties),
        type,
        controller: (properties.get('Controller')?.[0] ?? '').toLowerCase(),
        axis: Number(properties.get('Axis')?.[0] ?? 0),
      }
    }),
  )
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
        module: element.klass,
        klass: element.klass,
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
        controller: controller?.fullName ?? element.controller,
        axis: element.axis,
        source: `${element.fullName}/${element.type === 'Motor' ? 'Position' : 'Value'}`,
        instrument: '',
      }
    }
    case 'MotorGroup':
    case 'MeasurementGroup':
      return { ...common, elements: element.elements ?? [], physical_elements: element.elements ?? [] }
    case 'Instrument':
      return common
  }
}
