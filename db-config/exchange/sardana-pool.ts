// Reads a Sardana system from a Tango database, native or ours: pools, controllers, elements, groups, macro servers and
// doors as Sardana keeps them in device properties. References are numbers (up to 3.3) or names (since 3.4).

import { type DatabaseReader, each } from './database-view.ts'
import { first, others, type PoolDevice, readDevice, reportRest } from './pool-device.ts'
import { type ExchangeReport, unreadable } from './report.ts'
import { readDatabaseMacroServers, readOwnParts } from './sardana-database.ts'
import { readGroup } from './sardana-group.ts'
import {
  type OwnParts,
  SARDANA_TYPES,
  type SardanaAttribute,
  type SardanaController,
  type SardanaElement,
  type SardanaInstrument,
  type SardanaPool,
  type SardanaSystem,
  usualElementDevice,
} from './sardana-model.ts'

/** Options of {@link readSardanaPool}. */
export interface PoolOptions {
  /** Devices or aliases of the pools to read; default all. */
  readonly pools?: readonly string[] | undefined
}

/** Properties of elements that say who they are, or hold what other fields say. */
const ELEMENT_PROPERTIES = [
  'axis',
  'ctrl_id',
  'id',
  'instrument_id',
  'instrument',
  'controller',
  'description',
  'elements',
]

/** Properties of controllers of the same kind. */
const CONTROLLER_PROPERTIES = ['type', 'klass', 'library', 'id', 'role_ids', 'physical_roles', 'description']

/** Properties of groups that are read, or say who they are. */
const GROUP_PROPERTIES = ['id', 'elements', 'timer', 'configuration']

/** Defaults that servers write for every element. */
const USUAL_PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  sleep_bef_last_read: ['0'],
  _acceleration: ['-1', '-1.0'],
  _deceleration: ['-1', '-1.0'],
  _velocity: ['-1', '-1.0'],
  _base_rate: ['-1', '-1.0'],
  force_hw_read: ['False', 'false', '0'],
  driftcorrection: ['None', ''],
}

/**
 * Reads the system.
 * @throws DevFailed `Exchange_Invalid` when there is no pool, or none of that name
 */
export async function readSardanaPool(
  database: DatabaseReader,
  options: PoolOptions,
  report: ExchangeReport,
): Promise<SardanaSystem> {
  const names = await poolNames(database, options.pools)
  const pools: SardanaPool[] = []
  for (const name of names) pools.push(await new PoolReader(database, report).read(name))
  const ours = await ownParts(database, pools)
  const scope = { isRestricted: options.pools !== undefined, isOurs: ours !== undefined }
  const macroServers = await readDatabaseMacroServers(database, pools, scope, report)
  return { pools, macroServers, ...(ours === undefined ? {} : { ours }) }
}

async function poolNames(database: DatabaseReader, asked: readonly string[] | undefined): Promise<readonly string[]> {
  const all = await database.devicesOfClass('Pool')
  if (asked === undefined) {
    if (all.length === 0) throw unreadable(['the database has no device of class Pool'])
    return all
  }
  return Promise.all(
    asked.map(async (name) => {
      const device = name.includes('/') ? name : await database.deviceOfAlias(name)
      const found = all.find((pool) => pool.toLowerCase() === device?.toLowerCase())
      if (found !== undefined) return found
      throw unreadable([`the database has no pool ${name}; it has ${all.join(', ') || 'none'}`])
    }),
  )
}

/** Ours are known by the hosts of controllers beside the pool. */
async function ownParts(database: DatabaseReader, pools: readonly SardanaPool[]): Promise<OwnParts | undefined> {
  const hosts = await database.devicesOfClass('ControllerHost')
  if (hosts.length === 0 || pools.length === 0) return undefined
  return readOwnParts(database)
}

class PoolReader {
  readonly #database: DatabaseReader
  readonly #report: ExchangeReport
  #devices: readonly PoolDevice[] = []
  #instruments: readonly (SardanaInstrument & { readonly id: string })[] = []

  constructor(database: DatabaseReader, report: ExchangeReport) {
    this.#database = database
    this.#report = report
  }

  async read(name: string): Promise<SardanaPool> {
    const defined = await this.#database.device(name)
    if (defined === undefined) throw unreadable([`the database has no device ${name}`])
    const pool = await readDevice(this.#database, defined)
    const listed = pool.properties.get('controllers')?.values
    this.#devices = await this.#readDevices(pool, listed)
    this.#instruments = readInstruments(pool)
    const order = listed?.map((device) => device.toLowerCase())
    // in the order of the list, or of creation
    const rank = (device: PoolDevice): number =>
      order?.indexOf(device.name.toLowerCase()) ?? Number(first(device, 'id') ?? 0)
    const controllers = this.#of('Controller')
      .filter((device) => order === undefined || order.includes(device.name.toLowerCase()))
      .sort((a, b) => rank(a) - rank(b))
    const read = controllers.map((device) => this.#controller(device, pool.server))
    this.#reportLost(read)
    reportRest(pool, [...pool.properties.keys()], [], this.#report)
    for (const group of this.#of('MotorGroup')) reportRest(group, GROUP_PROPERTIES, ['position'], this.#report)
    for (const group of this.#of('MeasurementGroup')) {
      reportRest(group, GROUP_PROPERTIES, ['configuration'], this.#report)
    }
    await this.#reportStartup(pool.server)
    const find = (reference: string): string | undefined => this.#nameOf(reference)
    return {
      name: pool.server.split('/')[1] ?? name,
      place: name,
      server: pool.server,
      device: pool.name,
      alias: pool.alias,
      properties: others(pool, ['controllers', 'instrumentlist', 'id', 'version']),
      instruments: this.#instruments,
      controllers: read,
      groups: this.#of('MeasurementGroup').map((device) => readGroup(device, find, this.#report)),
      motorGroups: this.#of('MotorGroup').map((device) => ({
        name: device.alias ?? device.name,
        place: device.name,
        motors: (device.properties.get('elements')?.values ?? []).map((reference) => find(reference) ?? reference),
      })),
    }
  }

  async #reportStartup(server: string): Promise<void> {
    const startup = await this.#database.startup(server)
    if (startup === undefined) return
    const { host, level } = startup
    this.#report.lost(
      server,
      `it is started on ${host} at level ${level}; say so under hosts and servers if you want that`,
    )
  }

  /** The pool's server, and in our layout those of its controllers. */
  async #readDevices(pool: PoolDevice, controllers: readonly string[] | undefined): Promise<readonly PoolDevice[]> {
    const servers = new Map([[pool.server.toLowerCase(), pool.server]])
    for (const controller of controllers ?? []) {
      const device = await this.#database.device(controller)
      if (device === undefined) this.#report.lost(`${pool.name}->Controllers`, `there is no device ${controller}`)
      else servers.set(device.server.toLowerCase(), device.server)
    }
    const lists = await each([...servers.values()], async (server) => this.#database.devicesOf(server))
    const wanted = new Set([
      'controller',
      'measurementgroup',
      'motorgroup',
      ...SARDANA_TYPES.map((t) => t.toLowerCase()),
    ])
    return each(
      lists.flat().filter((device) => wanted.has(device.class.toLowerCase())),
      async (device) => readDevice(this.#database, device),
    )
  }

  #of(className: string): readonly PoolDevice[] {
    return this.#devices.filter((device) => device.class.toLowerCase() === className.toLowerCase())
  }

  #controller(device: PoolDevice, poolServer: string): SardanaController {
    const name = device.alias ?? device.name.split('/')[2] ?? device.name
    const type = first(device, 'type') ?? ''
    const elements = this.#devices.filter(
      (element) => SARDANA_TYPES.includes(element.class) && this.#belongs(element, device, name),
    )
    const className = first(device, 'klass') ?? ''
    const connection = device.properties.get('connection')
    if (connection !== undefined) {
      const address = 'its address is that of the last start; a simulator has to be described in the beamline file'
      this.#report.changed(
        connection.place,
        `${name} is connected to the simulator ${connection.values[0]}; ${address}`,
      )
    }
    return {
      name,
      place: device.name,
      type,
      class: className,
      library: first(device, 'library'),
      device: device.name,
      server: device.server.toLowerCase() === poolServer.toLowerCase() ? undefined : device.server,
      description: device.properties.get('description')?.values.join('\n'),
      properties: others(device, [...CONTROLLER_PROPERTIES, 'connection']),
      attributes: attributesOf(device),
      roles: this.#roles(device),
      elements: elements.map((element) => this.#element(element, type, name)).sort((a, b) => a.axis - b.axis),
    }
  }

  #belongs(element: PoolDevice, controller: PoolDevice, name: string): boolean {
    const device = first(element, 'controller')
    if (device !== undefined) return device.toLowerCase() === controller.name.toLowerCase()
    const reference = first(element, 'ctrl_id')?.toLowerCase()
    return reference !== undefined && [first(controller, 'id'), name.toLowerCase()].includes(reference)
  }

  #element(device: PoolDevice, type: string, controller: string): SardanaElement {
    const name = device.alias ?? device.name
    const axis = Number(first(device, 'axis') ?? Number.NaN)
    if (!Number.isInteger(axis)) throw unreadable([`${device.name}->Axis should be a whole number`])
    const isUsual = device.name.toLowerCase() === usualElementDevice(type, controller, axis)
    const properties = others(device, ELEMENT_PROPERTIES).filter((property) => {
      const usual = USUAL_PROPERTIES[property.name.toLowerCase()]
      return usual === undefined || !usual.includes(property.values.join(','))
    })
    return {
      name,
      place: device.name,
      axis,
      device: isUsual ? undefined : device.name,
      instrument: this.#instrument(device),
      description: device.properties.get('description')?.values.join('\n'),
      attributes: attributesOf(device),
      properties,
    }
  }

  #instrument(device: PoolDevice): string | undefined {
    const reference = first(device, 'instrument') ?? first(device, 'instrument_id')
    // 0 is the number of nothing
    if (reference === undefined || reference === '' || reference === '0') return undefined
    const found = this.#instruments.find(
      ({ id, name }) => id === reference || name.toLowerCase() === reference.toLowerCase(),
    )
    if (found === undefined) {
      this.#report.lost(device.name, `${device.alias ?? device.name}: there is no instrument ${reference}`)
    }
    return found?.name
  }

  /** Names since 3.4; before only numbers without their roles. */
  #roles(device: PoolDevice): readonly (readonly [string, string])[] {
    const named = device.properties.get('physical_roles')?.values
    if (named !== undefined) {
      return named.flatMap((role, index) => (index % 2 === 0 ? [[role, named[index + 1] ?? ''] as const] : []))
    }
    const ids = device.properties.get('role_ids')?.values ?? []
    return ids.map((id, index) => [`role ${index + 1}`, this.#nameOf(id) ?? id] as const)
  }

  /** Name of the element that a number, name or device stands for. */
  #nameOf(reference: string): string | undefined {
    const key = reference.toLowerCase()
    const device = this.#devices.find(
      (entry) => first(entry, 'id') === key || entry.alias?.toLowerCase() === key || entry.name.toLowerCase() === key,
    )
    return device === undefined ? undefined : (device.alias ?? device.name)
  }

  #reportLost(controllers: readonly SardanaController[]): void {
    const known = new Set(controllers.flatMap(({ elements }) => elements.map(({ place }) => place)))
    for (const device of this.#devices) {
      if (!SARDANA_TYPES.includes(device.class) || known.has(device.name)) continue
      this.#report.lost(
        device.name,
        `${device.alias ?? device.name}: its controller ${first(device, 'ctrl_id')} is not there`,
      )
    }
  }
}

/** Class, name and, before 3.4, number. */
function readInstruments(pool: PoolDevice): readonly (SardanaInstrument & { readonly id: string })[] {
  const place = `${pool.name}->InstrumentList`
  const list = pool.properties.get('instrumentlist')?.values ?? []
  const isNumbered = list.length % 3 === 0 && list.every((item, index) => index % 3 !== 2 || /^\d+$/.test(item))
  const step = isNumbered ? 3 : 2
  return list.flatMap((className, index) => {
    if (index % step !== 0) return []
    return [{ class: className, name: list[index + 1] ?? '', id: isNumbered ? (list[index + 2] ?? '') : '', place }]
  })
}

function attributesOf(device: PoolDevice): readonly SardanaAttribute[] {
  return [...device.attributes].flatMap(([name, properties]) => {
    const config = [...properties].flatMap(([key, values]) => {
      // the time of the last write says nothing about the value
      if (key === '__value_ts') return []
      return [[key === '__value' ? 'value' : key, values.join(',')] as const]
    })
    return config.length === 0 ? [] : [{ name, place: `${device.name}/${name}`, config: new Map(config) }]
  })
}
