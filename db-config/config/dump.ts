// A database's content as a beamline file: what a running system is, users' settings and elements made at run time
// included. Applied to the same database the file changes nothing. What the file cannot say is told in notes.

import { tangoName } from '#tango/pure'
import { yamlText } from '../exchange/yaml-text.ts'
import type { Beamline, ControllerType } from './beamline.ts'
import { type Drivers, MOTOR_SETTINGS } from './check-controller.ts'
import { CONTROLLER_PROPERTIES } from './check-properties.ts'
import type { Content, ContentDevice, ContentValues } from './content.ts'
import { dumpPlainDevice } from './dump-devices.ts'
import { type Fields, plainValue, simulatorFields, some, someFields, variables } from './dump-values.ts'
import { BEAMLINE_OBJECT, ownedOf, remainderOf } from './memory.ts'
import { isOfBeamline, isOfLaterVersion, isOfSystem } from './plain-devices.ts'
import { axisDevice, controllerDevice, INSTRUMENT_OBJECT, SESSION_OBJECT } from './wish.ts'

/** A beamline file and what it does not say. */
export interface Dump {
  readonly text: string
  /** What the database has and the file cannot say, one sentence each. */
  readonly notes: readonly string[]
}

/** Options of {@link dumpBeamline}. */
export interface DumpOptions {
  /** Drivers that exist: tells properties of drivers from those of tools. */
  readonly drivers?: Drivers | undefined
}

/** Properties that Tango and its tools keep with any device. */
const TOOLS =
  /^(polled_|min_poll|non_auto_polled|poll_|cmd_|attr_|blackbox|logging_|current_logging|doc_url|__|loglevel)/i
/** Properties that the program sets. */
const OURS: readonly string[] = ['type', 'klass', 'library', 'id', 'connection']

/** Describes a database. */
export function dumpBeamline(content: Content, options: DumpOptions = {}): Dump {
  const dumper = new Dumper(content, options)
  const sections = dumper.sections()
  const text = sections.map((section) => yamlText(escaped(section)).trimEnd()).join('\n\n')
  const notes = dumper.notes.map((note) => `# Not in this file: ${note}`)
  return { text: `${[...notes, text].join('\n')}\n`, notes: dumper.notes }
}

class Dumper {
  readonly notes: string[] = []
  readonly #content: Content
  readonly #options: DumpOptions
  readonly #devices: readonly ContentDevice[]
  readonly #aliasById: ReadonlyMap<string, string>
  readonly #owned: ReadonlyMap<string, readonly string[]>
  /** Servers of what is described. */
  readonly #servers = new Set<string>()
  readonly #elements = new Map<string, ControllerType>()

  constructor(content: Content, options: DumpOptions) {
    this.#content = content
    this.#options = options
    const memory: ContentValues = content.objects.get(BEAMLINE_OBJECT) ?? new Map()
    this.#owned = ownedOf(memory.get('owned') ?? [])
    // the order of the last file, then what came later
    const order = new Map((memory.get('devices') ?? []).map((name, index) => [name, index]))
    // a plain device may have a property of this name too
    const idOf = (device: ContentDevice): string | undefined =>
      isOfBeamline(device.class) ? device.properties.get('id')?.[0] : undefined
    const place = (device: ContentDevice): number =>
      order.get(device.name.toLowerCase()) ?? order.size + Number(idOf(device) ?? 0)
    this.#devices = [...content.devices].sort((a, b) => place(a) - place(b))
    this.#aliasById = new Map(
      this.#devices.flatMap((device) => {
        const id = idOf(device)
        return id === undefined ? [] : [[id, device.alias ?? device.name] as const]
      }),
    )
  }

  sections(): readonly Fields[] {
    const memory: ContentValues = this.#content.objects.get(BEAMLINE_OBJECT) ?? new Map()
    const { simulators, world, hosts } = remainderOf((key) => memory.get(key) ?? [])
    const pool = this.#single('Pool')
    const controllers = this.#controllers(pool, new Set(simulators.map(({ name }) => name)))
    const motorGroups = this.#groups('MotorGroup', pool).flatMap((device) => this.#motorGroup(device))
    const measurementGroups = this.#groups('MeasurementGroup', pool).flatMap((device) => this.#measurementGroup(device))
    const macroServer = this.#single('MacroServer')
    const doors = this.#doors(macroServer)
    const recorders = this.#ofClass('Recorder').map((device) => ({
      ...this.#named(device),
      recorders: some(device.properties.get('recorders')),
    }))
    for (const { server } of this.#ofClass('ControllerHost')) if (/^Controllers\//i.test(server)) this.#use(server)
    // before the servers, which are those of what is described
    const devices = this.#plainDevices()
    const poolFields = pool === undefined ? undefined : this.#named(pool)
    const macroServerFields = macroServer === undefined ? undefined : this.#macroServer(macroServer)
    const sections: readonly Fields[] = [
      { version: 1, name: memory.get('name')?.[0] ?? 'beamline' },
      { simulators: someFields(Object.fromEntries(simulators.map(simulatorFields))) },
      { world: someFields(world) },
      ...this.#serverSections(hosts),
      { devices: some(devices) },
      { pool: poolFields },
      { controllers: some(controllers) },
      { motorGroups: some(motorGroups) },
      { measurementGroups: some(measurementGroups) },
      { instruments: some(this.#objects(INSTRUMENT_OBJECT).map((values) => this.#instrument(values))) },
      { macroServer: macroServerFields },
      { doors: some(doors) },
      { recorders: some(recorders) },
      { sessions: some(this.#objects(SESSION_OBJECT).map(session)) },
    ]
    return sections.filter((section) => Object.values(section).some((value) => value !== undefined))
  }

  #serverSections(hosts: Beamline['hosts']): readonly Fields[] {
    const records = new Map(this.#content.servers.map((record) => [record.name.toLowerCase(), record]))
    const servers = [...this.#servers].map((name) => {
      const record = records.get(name.toLowerCase())
      if (record === undefined || record.host === '') return name
      const { host, level, controlled } = record
      return { name, host, level, controlled: controlled ? undefined : false }
    })
    const known = new Set(hosts.map(({ name }) => name.toLowerCase()))
    const more = servers.flatMap((server) =>
      typeof server === 'string' || known.size === 0 || known.has(server.host.toLowerCase()) ? [] : [server.host],
    )
    const all = [...hosts, ...[...new Set(more)].map((name) => ({ name }))]
    // a single computer would be that of every server
    const implied = all.length === 1 && servers.some((server) => typeof server === 'string')
    return [{ hosts: implied ? undefined : some(all) }, { servers }]
  }

  /** What neither the other sections nor the control system itself has. */
  #plainDevices(): readonly Fields[] {
    const others = this.#devices.filter((device) => !isOfBeamline(device.class) && !isOfSystem(device))
    return others.flatMap((device): readonly Fields[] => {
      if (isOfLaterVersion(device.class)) return this.#skip(device, 'this version cannot describe devices of its class')
      const { fields, problem, notes } = dumpPlainDevice(device, this.#owned.get(device.name.toLowerCase()) ?? [])
      if (fields === undefined) return this.#skip(device, problem)
      this.notes.push(...notes)
      this.#use(device.server)
      return [fields]
    })
  }

  #controllers(pool: ContentDevice | undefined, simulators: ReadonlySet<string>): readonly Fields[] {
    return this.#ofClass('Controller').flatMap((device): readonly Fields[] => {
      const { properties } = device
      const name = device.alias ?? device.name.split('/').at(-1) ?? ''
      const driver = properties.get('klass')?.[0] ?? ''
      const type = typeOf(properties.get('type')?.[0])
      if (type === undefined) {
        return this.#skip(device, `controllers of type ${properties.get('type')?.[0] ?? '?'} are not known`)
      }
      const entry = { name, driver, type, axes: [], server: '', simulator: undefined, properties: {} }
      if (controllerDevice(entry) !== device.name.toLowerCase()) {
        return this.#skip(device, `a controller ${name} of driver ${driver} is called ${controllerDevice(entry)}`)
      }
      this.#use(device.server)
      const simulator = properties.get('connection')?.find((box) => simulators.has(box))
      return [
        {
          name,
          server: device.server === pool?.server ? undefined : device.server,
          type,
          driver,
          simulator,
          properties: someFields(this.#driverProperties(device, { type, driver, simulator })),
          axes: this.#axes(device, { name, type }),
        },
      ]
    })
  }

  #driverProperties(
    { name, properties, propertyNames }: ContentDevice,
    { type, driver, simulator }: { type: ControllerType; driver: string; simulator: string | undefined },
  ): Fields {
    const known = this.#options.drivers?.[type]?.find((entry) => typeof entry !== 'string' && entry.name === driver)
    const specs =
      known === undefined || typeof known === 'string' ? undefined : { ...CONTROLLER_PROPERTIES, ...known.properties }
    const own =
      specs === undefined ? undefined : Object.entries(specs).map(([key, spec]) => tangoName(key, spec).toLowerCase())
    const owned = (this.#owned.get(name.toLowerCase()) ?? []).map((property) => property.toLowerCase())
    const fields: Fields = {}
    for (const property of propertyNames) {
      const key = property.toLowerCase()
      if (OURS.includes(key) || (simulator !== undefined && /^(host|port)$/.test(key))) continue
      if (!owned.includes(key) && (TOOLS.test(key) || own?.includes(key) === false)) continue
      fields[`${property.charAt(0).toLowerCase()}${property.slice(1)}`] = plainValue(properties.get(key) ?? [])
    }
    return fields
  }

  #axes(controller: ContentDevice, { name, type }: { name: string; type: ControllerType }): readonly Fields[] {
    const wanted = type === 'motor' ? 'motor' : 'ctexpchannel'
    const axes = this.#devices.filter(
      (device) =>
        device.class.toLowerCase() === wanted &&
        device.properties.get('controller')?.[0]?.toLowerCase() === controller.name.toLowerCase(),
    )
    return axes
      .flatMap((device): readonly (Fields & { readonly axis: number })[] => {
        const axis = Number(device.properties.get('axis')?.[0] ?? 0)
        const element = device.alias
        if (element === undefined) return this.#skip(device, 'it has no alias')
        const entry = { name: element, axis, unit: undefined, limits: undefined, settings: {} }
        const usual = axisDevice(
          { name, type, driver: '', server: '', simulator: undefined, properties: {}, axes: [] },
          entry,
        )
        if (usual !== device.name.toLowerCase()) return this.#skip(device, `axis ${axis} of ${name} is called ${usual}`)
        this.#elements.set(element, type)
        return [{ name: element, axis, ...this.#settings(device, type) }]
      })
      .sort((a, b) => a.axis - b.axis)
  }

  #settings({ name, attributes }: ContentDevice, type: ControllerType): Fields {
    const text = (attribute: string, property: string): string | undefined =>
      attributes.get(attribute.toLowerCase())?.get(property)?.[0]
    const number = (attribute: string, property: string): number | undefined => {
      const found = text(attribute, property)
      return found === undefined || found.trim() === '' || !Number.isFinite(Number(found)) ? undefined : Number(found)
    }
    if (type === 'counter') return { unit: text('Value', 'unit') }
    const [low, high] = [number('Position', 'min_value'), number('Position', 'max_value')]
    const both = low !== undefined && high !== undefined && low < high
    if (!both && (low ?? high) !== undefined) this.notes.push(`${name} has one limit alone: ${low ?? high}`)
    const settings = Object.entries(MOTOR_SETTINGS).map(([key, attribute]) => {
      const found = number(attribute, '__value')
      const wrong =
        (/^(velocity|acceleration|deceleration)$/.test(key) && !((found ?? 1) > 0)) ||
        (key === 'stepsPerUnit' && found === 0)
      return [key, wrong ? undefined : found] as const
    })
    return { unit: text('Position', 'unit'), limits: both ? [low, high] : undefined, ...Object.fromEntries(settings) }
  }

  #groups(deviceClass: string, pool: ContentDevice | undefined): readonly ContentDevice[] {
    const prefix = deviceClass === 'MotorGroup' ? 'mg' : 'mntgrp'
    const owner = pool?.alias ?? pool?.name.replaceAll('/', '_')
    return this.#ofClass(deviceClass).filter((device) => {
      const usual = `${prefix}/${owner}/${device.alias}`.toLowerCase()
      const fits = usual === device.name.toLowerCase() && device.server === pool?.server
      if (!fits) this.#skip(device, `a group of this pool is called ${usual}`)
      return fits
    })
  }

  #motorGroup(device: ContentDevice): readonly Fields[] {
    const motors = this.#members(device, 'motor')
    if (motors.length === 0) return this.#skip(device, 'none of its motors is there any more')
    return [{ name: device.alias, motors }]
  }

  #measurementGroup(device: ContentDevice): readonly Fields[] {
    const channels = this.#members(device, 'counter')
    const first = channels.find((channel) => !channel.includes('/'))
    if (first === undefined) return this.#skip(device, 'none of its channels is there any more')
    const timer = device.properties.get('timer')?.[0]
    return [
      { name: device.alias, channels, timer: timer === first || !channels.includes(timer ?? '') ? undefined : timer },
    ]
  }

  /** Names of a group's members; attributes of other devices keep theirs. */
  #members({ name, properties }: ContentDevice, type: ControllerType): readonly string[] {
    return (properties.get('elements') ?? []).flatMap((member) => {
      const element = this.#aliasById.get(member) ?? member
      if (element.includes('/') || this.#elements.get(element) === type) return [element]
      this.notes.push(`${name} has the member ${member}, which is not there any more`)
      return []
    })
  }

  #macroServer(device: ContentDevice): Fields {
    return {
      ...this.#named(device),
      macroPath: some(device.properties.get('macropath')),
      environment: someFields(variables(device.properties.get('environment'))),
    }
  }

  #doors(macroServer: ContentDevice | undefined): readonly Fields[] {
    return this.#ofClass('Door').flatMap((device): readonly Fields[] => {
      if (device.properties.get('macroservername')?.[0]?.toLowerCase() !== macroServer?.name.toLowerCase()) {
        return this.#skip(device, 'it belongs to another macro server')
      }
      const { server, ...rest } = this.#named(device)
      return [{ server: server === macroServer?.server ? undefined : server, ...rest }]
    })
  }

  #instrument(values: ReadonlyMap<string, readonly string[]>): Fields {
    return {
      name: values.get('path')?.[0],
      class: values.get('class')?.[0],
      description: values.get('description')?.[0],
      elements: some((values.get('elements') ?? []).filter((name) => this.#elements.has(name))),
    }
  }

  #objects(prefix: string): readonly ReadonlyMap<string, readonly string[]>[] {
    return [...this.#content.objects].filter(([name]) => name.startsWith(prefix)).map(([, values]) => values)
  }

  #named({ server, name, alias }: ContentDevice): Fields & { readonly server: string } {
    this.#use(server)
    return { server, device: name, alias }
  }

  #single(deviceClass: string): ContentDevice | undefined {
    const [first, ...more] = this.#ofClass(deviceClass)
    for (const device of more) this.#skip(device, `a beamline has one ${deviceClass}`)
    return first
  }

  #ofClass(deviceClass: string): readonly ContentDevice[] {
    return this.#devices.filter((device) => device.class.toLowerCase() === deviceClass.toLowerCase())
  }

  #use(server: string): void {
    this.#servers.add(server)
  }

  #skip(device: ContentDevice, why: string): readonly never[] {
    this.notes.push(`${device.name} (${device.class} in ${device.server}): ${why}`)
    return []
  }
}

function typeOf(text: string | undefined): ControllerType | undefined {
  if (text === 'Motor') return 'motor'
  return text === 'CTExpChannel' ? 'counter' : undefined
}

function session(values: ReadonlyMap<string, readonly string[]>): Fields {
  const list = (key: string): readonly string[] | undefined => some(values.get(key))
  return {
    name: values.get('name')?.[0],
    description: values.get('description')?.[0],
    extends: list('extends'),
    include: list('include'),
    exclude: list('exclude'),
    defaults: someFields(variables(values.get('defaults'))),
    metadata: list('metadata'),
    techniques: someFields(variables(values.get('techniques'))),
    macroPath: list('macropath'),
    setup: values.get('setup')?.[0],
  }
}

/** Without fields that are not there, and with what would be taken for a variable as text. */
function escaped(given: unknown): unknown {
  if (typeof given === 'string') return given.replaceAll('${', () => '$${')
  if (Array.isArray(given)) return given.map(escaped)
  if (typeof given !== 'object' || given === null) return given
  const entries = Object.entries(given).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [key, escaped(item)]))
}
