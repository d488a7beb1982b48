// A Sardana system as a beamline of ours: controllers get drivers, memorized values become first values, and what has
// no place here goes to the report.

import type { Draft, DraftAxis, DraftController, DraftDevice, DraftGroup, DraftInstrument } from './draft.ts'
import { type ControllerOptions, kebab, resolveController } from './known-controllers.ts'
import type { ExchangeReport } from './report.ts'
import { axisFields } from './sardana-axis.ts'
import {
  type SardanaController,
  type SardanaElement,
  type SardanaGroup,
  type SardanaMacroServer,
  type SardanaPool,
  type SardanaSystem,
  usualElementDevice,
} from './sardana-model.ts'

/** Options of imports from Sardana. */
export interface SardanaOptions extends ControllerOptions {
  /** Name of the beamline; default that of the first pool. */
  readonly name?: string | undefined
}

/** Types of controllers that we have. */
const TYPES: Readonly<Record<string, 'motor' | 'counter'>> = { Motor: 'motor', CTExpChannel: 'counter' }

/** Channel options that say what is so anyhow. */
const USUAL_OPTIONS: Readonly<Record<string, string>> = {
  enabled: 'true',
  output: 'true',
  synchronizer: 'software',
  synchronization: 'Trigger',
  data_type: 'float64',
  plot_type: '0',
  plot_axes: '[]',
  data_units: '',
  nexus_path: '',
}

/** Properties of Sardana's own loops, which ours do not have. */
const LOOPS = /^(MotionLoop|AcqLoop)_/i

/** Makes the draft; `origin` is what the first comment says. */
export function sardanaDraft(
  system: SardanaSystem,
  origin: string,
  options: SardanaOptions,
  report: ExchangeReport,
): Draft {
  const [pool, ...others] = system.pools
  const [macroServer, ...otherServers] = system.macroServers
  for (const { name, place } of others) {
    report.changed(place, `pool ${name}: a beamline has one pool; its elements join pool ${pool?.name}`)
  }
  for (const { name, place } of otherServers) {
    report.lost(place, `macro server ${name}: a beamline has one macro server; give it a beamline file of its own`)
  }
  const poolDevice = pool === undefined ? undefined : deviceOf(pool, 'Pool', report)
  const macroDevice = macroServer === undefined ? undefined : deviceOf(macroServer, 'MacroServer', report)
  const controllers = system.pools.flatMap((entry) =>
    entry.controllers.map((controller) => {
      const server = controller.server ?? (entry === pool ? undefined : `Controllers/${entry.name}`)
      return draftController(controller, server, options, report)
    }),
  )
  for (const entry of system.pools) reportPool(entry, report)
  const { ours } = system
  const recorders = ours?.recorders ?? []
  const name = options.name ?? pool?.name ?? macroServer?.name ?? 'beamline'
  const doors = macroServer === undefined ? [] : draftDoors(macroServer, macroDevice)
  const used = [
    ...controllers.filter(({ active }) => active).map(({ server }) => server),
    poolDevice?.server,
    macroDevice?.server,
    ...doors.map(({ server }) => server),
    ...recorders.map(({ server }) => server),
  ]
  const recorder = { server: `Recorder/${name}`, device: `recorder/${name}/1`.toLowerCase(), alias: undefined }
  const added = macroServer !== undefined && ours === undefined
  if (added) report.note(recorder.device, 'a recorder is added: scan files are written by a server of its own here')
  return {
    name,
    comments: [`Made from ${origin}. Look through what the report of the import names before you apply it.`],
    servers: unique([...used, added ? recorder.server : undefined]),
    pool: poolDevice,
    controllers,
    measurementGroups: system.pools.flatMap((entry) => entry.groups.map((group) => draftGroup(group, report))),
    motorGroups: system.pools.flatMap((entry) =>
      entry.motorGroups.map(
        ({ name: group, place, motors }): DraftGroup => ({
          name: group,
          place,
          members: motors,
          timer: undefined,
          comments: [],
          active: true,
        }),
      ),
    ),
    macroServer: draftMacroServer(macroServer, macroDevice, ours !== undefined, report),
    doors,
    recorders: added ? [{ ...recorder, recorders: [] }] : recorders,
    instruments: draftInstruments(system.pools, report),
    sessions: (ours?.sessions ?? []).map((session) => ({
      ...session,
      include: session.include.length === 0 && session.extends.length === 0 ? undefined : session.include,
      comments: [],
      active: true,
    })),
  }
}

/** One of a kind with its device; a combined server is divided, because ours are started by kind. */
function deviceOf(
  entry: Pick<SardanaPool, 'name' | 'place' | 'server' | 'device' | 'alias'>,
  kind: 'Pool' | 'MacroServer',
  report: ExchangeReport,
): DraftDevice {
  const [executable = '', instance = ''] = entry.server.split('/')
  const server = `${kind}/${instance}`
  if (executable !== kind) {
    report.changed(entry.place, `${entry.device} runs in the server ${server} instead of ${entry.server}`)
  }
  return { server, device: entry.device, alias: entry.alias }
}

function draftController(
  controller: SardanaController,
  server: string | undefined,
  options: SardanaOptions,
  report: ExchangeReport,
): DraftController {
  const { name, place, class: className, library, roles, elements } = controller
  const type = TYPES[controller.type]
  for (const { name: attribute, place: at } of controller.attributes) {
    report.lost(at, `${name}: there is no place for the controller's attribute ${attribute}`)
  }
  const description = controller.description === undefined ? [] : controller.description.trim().split('\n')
  const described = `Sardana ${controller.type} controller ${className}${library === undefined ? '' : ` of ${library}`}`
  if (type === undefined) {
    report.lost(place, `${name}: there are no controllers of type ${controller.type} yet; kept as a comment`)
    for (const element of elements) reportElement(element, report)
    const rolesText = roles.map(([role, element]) => `${role}: ${element}`).join(', ')
    return {
      name,
      place,
      server,
      type: kebab(controller.type),
      driver: kebab(className),
      properties: Object.fromEntries(controller.properties.map(({ name: key, values }) => [key, values])),
      axes: elements.map((element) => ({ name: element.name, axis: element.axis, fields: {} })),
      comments: [...description, `not yet possible: ${described}`, ...(roles.length === 0 ? [] : [`of ${rolesText}`])],
      active: false,
    }
  }
  const axes = elements.map((element): DraftAxis => {
    const device = element.device?.toLowerCase()
    const usual = usualElementDevice(controller.type, name, element.axis)
    if (device !== undefined && device !== usual) {
      report.changed(element.place, `${element.name} is the device ${usual} here, not ${device}; the name stays`)
    }
    for (const property of element.properties) {
      const what = `property ${property.name} (${property.values.join(', ')})`
      report.lost(property.place, `${element.name}: there is no place for ${what}`)
    }
    if (element.description !== undefined) {
      report.lost(element.place, `${element.name}: there is no place for its description "${element.description}"`)
    }
    return { name: element.name, axis: element.axis, fields: axisFields(element, type, report) }
  })
  const resolved = resolveController(
    { name, place, class: className, described, type, properties: controller.properties, axes },
    options,
    report,
  )
  return { name, place, server, type, ...resolved, comments: [...description, ...resolved.comments] }
}

/** What an element has that its comment has not. */
function reportElement({ name, place, attributes, properties }: SardanaElement, report: ExchangeReport): void {
  for (const attribute of attributes) {
    const values = [...attribute.config].map(([key, value]) => `${key} ${value}`).join(', ')
    report.lost(attribute.place, `there is no place for ${name}: ${attribute.name}: ${values}`)
  }
  for (const property of properties) {
    report.lost(property.place, `there is no place for ${name}: ${property.name} (${property.values.join(', ')})`)
  }
  report.lost(place, `${name}: kept as a comment with its controller`)
}

function draftGroup({ name, place, description, channels, timer }: SardanaGroup, report: ExchangeReport): DraftGroup {
  const enabled = channels.filter(({ options }) => options.get('enabled')?.toLowerCase() !== 'false')
  const timers = new Set(channels.map(({ options }) => options.get('timer')).filter((entry) => entry !== undefined))
  const [first, ...more] = timers
  for (const channel of channels) {
    if (!enabled.includes(channel)) {
      report.changed(channel.place, `${name}: ${channel.name} is disabled there; left out of the group here`)
    }
    for (const [option, value] of channel.options) {
      if (option === 'timer' || option === 'enabled') continue
      if (USUAL_OPTIONS[option]?.toLowerCase() === value.toLowerCase()) continue
      if (option === 'monitor' && timers.has(value)) continue
      report.lost(channel.place, `${name}: ${channel.name}: there is no place for ${option}: ${value}`)
    }
  }
  if (more.length > 0) {
    const others = more.join(', ')
    report.changed(place, `${name}: a group has one timer here, ${first}; each controller had its own, also ${others}`)
  }
  return {
    name,
    place,
    members: enabled.map((channel) => channel.name),
    timer: timer ?? first,
    comments: description === undefined ? [] : description.trim().split('\n'),
    active: true,
  }
}

function draftInstruments(pools: readonly SardanaPool[], report: ExchangeReport): readonly DraftInstrument[] {
  const elements = pools.flatMap((pool) => pool.controllers.flatMap((controller) => controller.elements))
  const described = pools.flatMap((pool) => pool.instruments)
  const drafts = described.map((instrument): DraftInstrument => {
    const name = instrumentPath(instrument.name)
    const isClass = /^NX\w+$/.test(instrument.class)
    if (name !== instrument.name) report.changed(instrument.place, `instrument ${instrument.name} is called ${name}`)
    if (!isClass) {
      report.changed(
        instrument.place,
        `instrument ${name}: ${instrument.class} is no NeXus class; NXcollection instead`,
      )
    }
    const own = elements.filter((element) => element.instrument?.toLowerCase() === instrument.name.toLowerCase())
    return {
      name,
      place: instrument.place,
      class: isClass ? instrument.class : 'NXcollection',
      description: undefined,
      elements: own.map((element) => element.name),
      comments: [],
      active: true,
    }
  })
  for (const { name, instrument, place } of elements) {
    if (instrument === undefined) continue
    if (described.some((entry) => entry.name.toLowerCase() === instrument.toLowerCase())) continue
    report.lost(place, `${name}: there is no instrument ${instrument}`)
  }
  return drafts
}

function instrumentPath(name: string): string {
  const parts = name.split('/').filter((part) => part !== '')
  return `/${parts.map((part) => part.replace(/[^\w.-]/g, '_')).join('/')}`
}

function reportPool({ name, properties }: SardanaPool, report: ExchangeReport): void {
  for (const property of properties) {
    const what = `pool ${name}: ${property.name} (${property.values.join(', ')})`
    if (LOOPS.test(property.name)) report.note(property.place, `${what} is not needed: the loops here are others`)
    else report.lost(property.place, `there is no place for ${what}`)
  }
}

function draftMacroServer(
  entry: SardanaMacroServer | undefined,
  device: DraftDevice | undefined,
  isOurs: boolean,
  report: ExchangeReport,
): Draft['macroServer'] {
  if (entry === undefined || device === undefined) return undefined
  for (const property of entry.properties) {
    const what = `${property.name} (${property.values.join(', ')})`
    report.lost(property.place, `macro server ${entry.name}: there is no place for ${what}`)
  }
  const environment: Record<string, unknown> = {}
  for (const [name, value] of entry.environment) {
    if (/^[A-Za-z_]\w*(\.\w+)*$/.test(name)) environment[name] = value
    else report.lost(entry.place, `environment variable ${name}: a name has letters, digits and _`)
  }
  if (isOurs) return { ...device, macroPath: entry.macroPath, environment }
  if (entry.macroPath.length > 0) {
    const path = entry.macroPath.join(', ')
    report.lost(entry.place, `macro server ${entry.name}: the Python macros in ${path} are to be written anew`)
  }
  return { ...device, macroPath: [], environment }
}

function draftDoors({ doors }: SardanaMacroServer, device: DraftDevice | undefined): readonly DraftDevice[] {
  return doors.map((door) => ({
    server: device?.server ?? door.server ?? '',
    device: door.device,
    alias: door.alias,
  }))
}

function unique(names: readonly (string | undefined)[]): readonly string[] {
  const servers = new Map<string, string>()
  for (const name of names) {
    if (name !== undefined && !servers.has(name.toLowerCase())) servers.set(name.toLowerCase(), name)
  }
  return [...servers.values()]
}
