// Reads one measurement group from a database: its elements, and its memorized configuration, a JSON document.

import type { PoolDevice } from './pool-device.ts'
import type { ExchangeReport } from './report.ts'
import type { SardanaChannel, SardanaGroup } from './sardana-model.ts'

/** Descriptions that nobody has written. */
const USUAL_DESCRIPTION = /^(General purpose measurement|Measurement group )/

/** Kinds of synchronization by their number. */
const SYNCHRONIZATION = ['Trigger', 'Gate', 'Start'] as const

/** Keys of a channel that are made from others, or that nobody has set. */
const MADE_KEYS = [
  ...['index', 'name', 'label', 'full_name', 'source', 'ndim', '_controller_name', 'shape', 'instrument'],
  ...['conditioning', 'normalization'],
]

/** @param find name of the element that a number, name or device stands for */
export function readGroup(
  device: PoolDevice,
  find: (reference: string) => string | undefined,
  report: ExchangeReport,
): SardanaGroup {
  const name = device.alias ?? device.name
  const elements = device.properties.get('elements')?.values ?? []
  const configuration = readConfiguration(device, report)
  const nameOf = (reference: string): string => {
    const local = reference.replace(/^tango:\/\/[^/]+\//i, '')
    return find(local) ?? local
  }
  const members = elements.map(nameOf)
  if (configuration === undefined) {
    const timer = device.properties.get('timer')?.values[0]
    const channels = members.map((member): SardanaChannel => ({ name: member, place: device.name, options: new Map() }))
    return { name, place: device.name, description: undefined, channels, timer: timer && nameOf(timer) }
  }
  const configured = channelsOf(configuration, device, nameOf)
  const byName = new Map(configured.map((channel) => [channel.name.toLowerCase(), channel]))
  // elements that the configuration has not are synchronizers
  const synchronizers = new Set(configured.map(({ options }) => options.get('synchronizer')?.toLowerCase()))
  const channels = members.flatMap((member) => {
    const channel = byName.get(member.toLowerCase())
    byName.delete(member.toLowerCase())
    if (channel !== undefined) return [channel]
    return synchronizers.has(member.toLowerCase()) ? [] : [{ name: member, place: device.name, options: new Map() }]
  })
  const description = textOf(configuration.description)
  const timer = textOf(configuration.timer)
  return {
    name,
    place: device.name,
    description: description === undefined || USUAL_DESCRIPTION.test(description) ? undefined : description,
    channels: [...channels, ...byName.values()],
    timer: timer === undefined || timer === '' ? undefined : nameOf(timer),
  }
}

function readConfiguration(device: PoolDevice, report: ExchangeReport): Record<string, unknown> | undefined {
  const attribute = [...device.attributes].find(([name]) => name.toLowerCase() === 'configuration')?.[1]
  const text = attribute?.get('__value')?.join('')
  if (text === undefined || text === '') return undefined
  const place = `${device.name}/Configuration->__value`
  try {
    const parsed: unknown = JSON.parse(text)
    if (isRecord(parsed)) return parsed
    report.lost(place, 'the configuration is no JSON object; the elements are taken in their order')
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    report.lost(place, `the configuration cannot be read (${what}); the elements are taken in their order`)
  }
  return undefined
}

function channelsOf(
  configuration: Readonly<Record<string, unknown>>,
  device: PoolDevice,
  nameOf: (reference: string) => string,
): readonly SardanaChannel[] {
  const place = `${device.name}/Configuration->__value`
  const found: { readonly index: number; readonly channel: SardanaChannel }[] = []
  for (const controller of Object.values(record(configuration.controllers))) {
    const shared = new Map<string, string>()
    for (const key of ['timer', 'monitor', 'synchronizer'] as const) {
      const text = textOf(record(controller)[key])
      if (text !== undefined && text !== '') shared.set(key, text === 'software' ? text : nameOf(text))
    }
    const kind = record(controller).synchronization
    if (typeof kind === 'number') shared.set('synchronization', SYNCHRONIZATION[kind] ?? String(kind))
    for (const [fullName, channel] of Object.entries(record(record(controller).channels))) {
      const options = new Map(shared)
      for (const [key, value] of Object.entries(record(channel))) {
        if (MADE_KEYS.includes(key) || value === null) continue
        options.set(key, typeof value === 'string' ? value : JSON.stringify(value))
      }
      const index = record(channel).index
      const name = nameOf(fullName)
      found.push({ index: typeof index === 'number' ? index : found.length, channel: { name, place, options } })
    }
  }
  return found.sort((a, b) => a.index - b.index).map(({ channel }) => channel)
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {}
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
