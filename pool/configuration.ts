// Configuration of a measurement group: Sardana's JSON document, parsed, checked and printed.

import { devFailed } from '#tango'
import type { Element, ElementTable } from './elements.ts'

/** One channel of the configuration; unknown keys of clients are kept. */
export interface ChannelConfiguration {
  readonly index: number
  readonly name: string
  readonly full_name: string
  readonly source: string
  readonly label: string
  readonly enabled: boolean
  readonly output: boolean
  readonly plot_type: 0 | 1 | 2
  readonly plot_axes: readonly string[]
  readonly conditioning: string
  readonly normalization: number
  readonly ndim: number
  readonly _controller_name: string
  readonly [key: string]: unknown
}

/** Channels of one controller. */
export interface ControllerConfiguration {
  readonly synchronizer?: string
  readonly synchronization?: number
  readonly timer?: string
  readonly monitor?: string
  readonly channels: Readonly<Record<string, ChannelConfiguration>>
  readonly [key: string]: unknown
}

/** The whole document. Keys of `controllers` and `channels` are full names. */
export interface GroupConfiguration {
  readonly label: string
  readonly description: string
  readonly timer: string
  readonly monitor: string
  readonly controllers: Readonly<Record<string, ControllerConfiguration>>
  readonly [key: string]: unknown
}

/** The configuration a new group starts with: every channel enabled, in the order given, plotted against the moveable. */
export function defaultConfiguration(
  label: string,
  channels: readonly Element[],
  table: ElementTable,
  timer?: Element,
): GroupConfiguration {
  const controllers: Record<
    string,
    {
      channels: Record<string, ChannelConfiguration>
      timer: string
      monitor: string
      synchronizer: string
      synchronization: number
    }
  > = {}
  for (const [index, channel] of channels.entries()) {
    const controller = table.get(channel.controller ?? '')
    controllers[controller.fullName] ??= {
      synchronizer: 'software',
      synchronization: 0,
      timer: channel.fullName,
      monitor: channel.fullName,
      channels: {},
    }
    const entry = controllers[controller.fullName]
    if (entry !== undefined) entry.channels[channel.fullName] = channelConfiguration(channel, controller, index)
  }
  const main = timer ?? channels[0]
  return {
    label,
    description: `Measurement group ${label}`,
    timer: main?.fullName ?? '',
    monitor: main?.fullName ?? '',
    controllers,
  }
}

function channelConfiguration(channel: Element, controller: Element, index: number): ChannelConfiguration {
  return {
    index,
    name: channel.name,
    full_name: channel.fullName,
    source: `${channel.fullName}/Value`,
    label: channel.name,
    enabled: true,
    output: true,
    plot_type: 1,
    plot_axes: ['<mov>'],
    conditioning: '',
    normalization: 0,
    ndim: 0,
    data_type: 'float64',
    data_units: '',
    _controller_name: controller.fullName,
  }
}

/**
 * Parses a document that a client wrote.
 * @throws DevFailed `MeasurementGroup_Configuration` naming what is missing
 */
export function parseConfiguration(text: string): GroupConfiguration {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    // no cause: clients show the first error of the stack
    throw wrong(`the text is no JSON: ${error instanceof Error ? error.message : error}`)
  }
  if (!isRecord(value)) throw wrong('the document must be an object')
  const controllers = value.controllers
  if (!isRecord(controllers)) throw wrong("'controllers' is missing")
  const checked: Record<string, ControllerConfiguration> = {}
  for (const [name, controller] of Object.entries(controllers)) {
    if (!isRecord(controller) || !isRecord(controller.channels)) throw wrong(`controller '${name}' has no 'channels'`)
    const channels: Record<string, ChannelConfiguration> = {}
    for (const [channel, entry] of Object.entries(controller.channels)) {
      if (!isRecord(entry)) throw wrong(`channel '${channel}' must be an object`)
      channels[channel] = checkedChannel(channel, entry)
    }
    checked[name] = { ...controller, channels }
  }
  return {
    ...value,
    label: textOf(value.label),
    description: textOf(value.description),
    timer: textOf(value.timer),
    monitor: textOf(value.monitor),
    controllers: checked,
  }
}

function checkedChannel(fullName: string, entry: Readonly<Record<string, unknown>>): ChannelConfiguration {
  const { index } = entry
  if (typeof index !== 'number') throw wrong(`channel '${fullName}' needs a number 'index'`)
  const plot = entry.plot_type === 1 || entry.plot_type === 2 ? entry.plot_type : 0
  return {
    ...entry,
    index,
    name: textOf(entry.name),
    full_name: textOf(entry.full_name) || fullName,
    source: textOf(entry.source),
    label: textOf(entry.label) || textOf(entry.name),
    enabled: entry.enabled !== false,
    output: entry.output !== false,
    plot_type: plot,
    plot_axes: Array.isArray(entry.plot_axes) ? entry.plot_axes.map(String) : [],
    conditioning: textOf(entry.conditioning),
    normalization: typeof entry.normalization === 'number' ? entry.normalization : 0,
    ndim: typeof entry.ndim === 'number' ? entry.ndim : 0,
    _controller_name: textOf(entry._controller_name),
  }
}

/** Channels in display order. */
export function channelsOf(configuration: GroupConfiguration): readonly ChannelConfiguration[] {
  return Object.values(configuration.controllers)
    .flatMap((c) => Object.values(c.channels))
    .sort((a, b) => a.index - b.index)
}

/** The configuration with the present names of its channels: an element may have been renamed since it was written. */
export function withPresentNames(configuration: GroupConfiguration, table: ElementTable): GroupConfiguration {
  const renamed = (channel: ChannelConfiguration): ChannelConfiguration => {
    const name = table.find(channel.full_name)?.name ?? channel.name
    return name === channel.name
      ? channel
      : { ...channel, name, label: channel.label === channel.name ? name : channel.label }
  }
  const controllers = Object.entries(configuration.controllers).map(([key, controller]) => {
    const channels = Object.entries(controller.channels).map(([id, channel]) => [id, renamed(channel)] as const)
    return [key, { ...controller, channels: Object.fromEntries(channels) }] as const
  })
  return { ...configuration, controllers: Object.fromEntries(controllers) }
}

function wrong(what: string) {
  return devFailed('MeasurementGroup_Configuration', `configuration of the measurement group: ${what}`)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
