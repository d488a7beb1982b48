// Counters of BLISS: cards with channels, simulated ones, and Tango attributes that are counted.

import { textOf } from './bliss-motors.ts'
import type { BlissObject } from './bliss-tree.ts'
import type { DraftAxis, DraftController } from './draft.ts'
import { type ControllerOptions, type ForeignProperty, resolveController } from './known-controllers.ts'
import type { ExchangeReport } from './report.ts'
import { type ForeignEntry, type ForeignTree, lineOfForeign } from './yaml-text.ts'

/** Classes that are one counter each. */
const SIMULATED = ['simulation_diode', 'simulationcounter', 'simulation_counter', 'simulated_counter']

/** Classes that read attributes of Tango devices. */
const TANGO_COUNTERS = ['tango_attr_as_counter', 'tangoattrascounter', 'tangoattrcountercontroller']

/** Lists of a card that hold its channels. */
const CHANNEL_LISTS = ['channels', 'counters', 'timer']

/** Names of a channel, as different plug-ins have them. */
const CHANNEL_NAMES = ['counter name', 'counter_name', 'name']

/** Fields that say the number of a channel. */
const CHANNEL_NUMBERS = ['address', 'channel']

/** What counters become. */
export interface BlissCounters {
  readonly controllers: readonly DraftController[]
  /** Name, `controller:counter` or controller to the channels of a measurement group, all in lower case. */
  readonly channels: ReadonlyMap<string, readonly string[]>
}

/** Whether an object counts. */
export function isCounter({ class: className = '', fields }: BlissObject): boolean {
  const name = className.toLowerCase()
  if (SIMULATED.includes(name) || TANGO_COUNTERS.includes(name)) return true
  return CHANNEL_LISTS.some((key) => {
    const value = fields.get(key)?.value
    return value?.kind === 'list' && value.items.some((item) => channelName(item) !== undefined)
  })
}

/** Reads the counters. */
export function blissCounters(
  objects: readonly BlissObject[],
  options: ControllerOptions,
  report: ExchangeReport,
): BlissCounters {
  const channels = new Map<string, readonly string[]>()
  const kind = (object: BlissObject): string => object.class?.toLowerCase() ?? ''
  const simulated = objects.filter((object) => SIMULATED.includes(kind(object)))
  const tango = objects.filter((object) => TANGO_COUNTERS.includes(kind(object)))
  const cards = objects.filter((object) => !simulated.includes(object) && !tango.includes(object))
  for (const object of tango) readTango(object, channels, report)
  const controllers = cards.map((object) => readCard(object, options, channels, report))
  if (simulated.length > 0) controllers.push(readSimulated(simulated, channels, report))
  return { controllers, channels }
}

function readCard(
  object: BlissObject,
  options: ControllerOptions,
  channels: Map<string, readonly string[]>,
  report: ExchangeReport,
): DraftController {
  const name = object.name ?? object.class ?? 'counters'
  const className = object.class ?? 'unknown'
  const axes: DraftAxis[] = []
  const properties: ForeignProperty[] = []
  for (const entry of object.fields.values()) {
    if (CHANNEL_LISTS.includes(entry.key)) readChannels(entry, name, axes, report)
    else if (entry.key !== 'package' && entry.key !== 'module') properties.push(...propertyOf(entry, name, report))
  }
  for (const { name: channel } of axes) {
    channels.set(channel.toLowerCase(), [channel])
    channels.set(`${name}:${channel}`.toLowerCase(), [channel])
  }
  channels.set(
    name.toLowerCase(),
    axes.map((axis) => axis.name),
  )
  const resolved = resolveController(
    {
      name,
      place: object.place,
      class: className,
      described: `BLISS counter controller ${className}`,
      type: 'counter',
      properties,
      axes,
    },
    options,
    report,
  )
  return { name, place: object.place, server: undefined, type: 'counter', ...resolved }
}

function readChannels(
  { key, value }: ForeignEntry,
  controller: string,
  axes: DraftAxis[],
  report: ExchangeReport,
): void {
  for (const item of value.kind === 'list' ? value.items : [value]) {
    const name = channelName(item)
    if (item.kind !== 'map' || name === undefined) {
      report.lost(item.place, `${controller}: ${key} ${lineOfForeign(item)} has no counter name; left out`)
      continue
    }
    const number = CHANNEL_NUMBERS.map((field) => Number(textOf(item, field) ?? Number.NaN)).find(Number.isInteger)
    const taken = new Set(axes.map(({ axis }) => axis))
    const next = Array.from({ length: axes.length + 1 }, (_, index) => index + 1).find((free) => !taken.has(free)) ?? 1
    const axis = number !== undefined && !taken.has(number) ? number : next
    if (number === undefined) report.note(item.place, `${name}: it has no number there; it is axis ${axis} here`)
    else if (axis !== number) report.changed(item.place, `${name}: ${number} is already taken; it is axis ${axis} here`)
    const unit = textOf(item, 'unit')
    for (const { key: field, place, value: inner } of item.entries) {
      if ([...CHANNEL_NAMES, ...CHANNEL_NUMBERS, 'unit'].includes(field)) continue
      report.lost(place, `${name}: there is no place for ${field}: ${lineOfForeign(inner)}`)
    }
    axes.push({ name, axis, fields: unit === undefined ? {} : { unit } })
  }
}

function propertyOf(
  { key, place, value }: ForeignEntry,
  name: string,
  report: ExchangeReport,
): readonly ForeignProperty[] {
  if (value.kind === 'map' || (value.kind === 'list' && value.items.some((item) => item.kind !== 'value'))) {
    report.lost(place, `${name}: there is no place for ${key}: ${lineOfForeign(value)}`)
    return []
  }
  const values = value.kind === 'list' ? value.items.map(lineOfForeign) : [lineOfForeign(value)]
  // a property name has no blanks
  return [{ name: key.replace(/\W+/g, '_'), place, values }]
}

/** Attributes are channels by their Tango name; no controller is needed. */
function readTango(object: BlissObject, channels: Map<string, readonly string[]>, report: ExchangeReport): void {
  const own = object.name ?? 'tango counters'
  const device = (object.fields.get('uri') ?? object.fields.get('tango_uri'))?.value
  const list = object.fields.get('counters')?.value
  const items = list?.kind === 'list' ? list.items : []
  const all: string[] = []
  for (const item of items) {
    const name = channelName(item) ?? textOf(item, 'attr_name')
    const attribute = textOf(item, 'attr_name')
    if (name === undefined || attribute === undefined || device === undefined) {
      report.lost(item.place, `${own}: a counter needs uri, counter_name and attr_name; left out`)
      continue
    }
    const channel = `${lineOfForeign(device)}/${attribute}`
    report.changed(item.place, `${name} is called ${channel} in measurement groups`)
    channels.set(name.toLowerCase(), [channel])
    channels.set(`${own}:${name}`.toLowerCase(), [channel])
    all.push(channel)
    if (item.kind !== 'map') continue
    for (const { key, place, value } of item.entries) {
      if ([...CHANNEL_NAMES, 'attr_name'].includes(key)) continue
      report.lost(place, `${name}: there is no place for ${key}: ${lineOfForeign(value)}`)
    }
  }
  channels.set(own.toLowerCase(), all)
  for (const { key, place, value } of object.fields.values()) {
    if (['uri', 'tango_uri', 'counters', 'module', 'package'].includes(key)) continue
    report.lost(place, `${own}: there is no place for ${key}: ${lineOfForeign(value)}`)
  }
}

/** Each is an object of its own there; here they are the channels of one dummy. */
function readSimulated(
  objects: readonly BlissObject[],
  channels: Map<string, readonly string[]>,
  report: ExchangeReport,
): DraftController {
  const axes = objects.map((object, index): DraftAxis => {
    const name = object.name ?? `simulated_${index + 1}`
    channels.set(name.toLowerCase(), [name])
    channels.set(`simulation_diode_sampling_controller:${name}`.toLowerCase(), [name])
    for (const { key, place, value } of object.fields.values()) {
      if (key === 'module' || key === 'package') continue
      report.lost(place, `${name}: the dummy has no ${key}: ${lineOfForeign(value)}`)
    }
    return { name, axis: index + 1, fields: {} }
  })
  const place = objects[0]?.place ?? ''
  report.changed(place, `${axes.map(({ name }) => name).join(', ')}: channels of one dummy counter here`)
  return {
    name: 'simulated_counters',
    place,
    server: undefined,
    type: 'counter',
    driver: 'dummy-counter',
    properties: { axisCount: axes.length },
    axes,
    comments: ['simulated counters of BLISS'],
    active: true,
  }
}

function channelName(item: ForeignTree): string | undefined {
  for (const key of CHANNEL_NAMES) {
    const name = textOf(item, key)
    if (name !== undefined) return name
  }
  return undefined
}
