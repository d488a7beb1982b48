// Operations that tell about a device: its names, state, commands, attribute configuration, histories, pipes.

import { DevFailed } from '../errors/dev-failed.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import type { DevInfo3 } from '../wire/tango-idl.ts'
import { type ConfigProperty, wantedProperties } from './attribute-config.ts'
import { ALL_3 } from './attribute-table.ts'
import { shortHostname } from './database-store.ts'
import type { Client } from './device-lock.ts'
import {
  attributeHistory,
  attributeHistory2,
  attributeHistory3,
  commandHistory,
  commandHistory2,
  newest,
} from './history.ts'
import type { HostedDevice } from './hosted-device.ts'
import { toConfig1, toConfig2, toConfig3 } from './old-values.ts'
import { type Handler, serve } from './operation-handler.ts'
import type { PolledObject } from './polling.ts'

const O = OPERATIONS

/** Names that mean all attributes, and whether with State and Status. */
const WILDCARDS: ReadonlyMap<string, boolean> = new Map([[ALL_3, true]])
const OLD_WILDCARDS: ReadonlyMap<string, boolean> = new Map([
  ['All attributes', false],
  [ALL_3, true],
])

/** Handlers by the name of their operation. */
export const INFO_OPERATIONS: readonly (readonly [string, Handler])[] = [
  serve(O.ping, () => undefined),
  serve(O._get_name, (device) => device.name),
  serve(O._get_description, (device) => device.spec.doc ?? 'A TANGO device'),
  serve(O._get_state, (device) => device.readState()),
  serve(O._get_status, (device) => device.readStatus()),
  serve(O._get_adm_name, (device) => device.server.adminName),
  serve(O.info, info),
  serve(O.info_3, info),
  serve(O.black_box, (device, [count]) => device.blackBox.read(count), 'unnoted'),

  serve(O.command_list_query, (device) => {
    // interface 1 has the display level where newer ones have a tag
    return device.commands.all().map(({ info }) => ({ ...info, cmdTag: info.level === 'EXPERT' ? 1 : 0 }))
  }),
  serve(O.command_list_query_2, (device) => device.commands.all().map(({ info }) => info)),
  serve(O.command_query, (device, [name]) => {
    const { info } = device.commands.get(name, 'DeviceImpl::command_query')
    return { ...info, cmdTag: info.level === 'EXPERT' ? 1 : 0 }
  }),
  serve(O.command_query_2, (device, [name]) => device.commands.get(name, 'Device_2Impl::command_query_2').info),
  serve(O.get_attribute_config, (device, [names]) => configs(device, names, OLD_WILDCARDS).map(toConfig1)),
  serve(O.get_attribute_config_2, (device, [names]) => configs(device, names, OLD_WILDCARDS).map(toConfig2)),
  serve(O.get_attribute_config_3, (device, [names]) => configs(device, names).map(toConfig3)),
  serve(O.get_attribute_config_5, (device, [names]) => configs(device, names)),
  serve(O.set_attribute_config, (device, [wanted], client) => {
    return configure(device, wanted, client, oldProperties, noLabels, 'Device_Impl::set_attribute_config')
  }),
  serve(O.set_attribute_config_3, (device, [wanted], client) => {
    return configure(device, wanted, client, wantedProperties, noLabels, 'Device_Impl::set_attribute_config_3')
  }),
  serve(O.set_attribute_config_4, (device, [wanted], client) => {
    return configure(device, wanted, client, wantedProperties, noLabels, 'Device_Impl::set_attribute_config_4')
  }),
  serve(O.set_attribute_config_5, (device, [wanted], client) => {
    const labels = (config: AttributeConfig5): readonly string[] => config.enumLabels
    return configure(device, wanted, client, wantedProperties, labels, 'Device_Impl::set_attribute_config_5')
  }),

  serve(O.read_attribute_history_2, (device, [name, count]) => {
    const origin = 'Device_2Impl::read_attribute_history_2'
    return attributeHistory2(newest(polled(device, 'attribute', name, origin), count, origin))
  }),
  serve(O.read_attribute_history_3, (device, [name, count]) => {
    const origin = 'Device_3Impl::read_attribute_history_3'
    return attributeHistory3(newest(polled(device, 'attribute', name, origin), count, origin))
  }),
  serve(O.read_attribute_history_4, (device, [name, count]) => {
    const origin = 'Device_4Impl::read_attribute_history_4'
    const records = newest(polled(device, 'attribute', name, origin), count, origin)
    return attributeHistory(device.attributes.get(name).attribute, records)
  }),
  serve(O.read_attribute_history_5, (device, [name, count]) => {
    const origin = 'Device_5Impl::read_attribute_history_5'
    const records = newest(polled(device, 'attribute', name, origin), count, origin)
    return attributeHistory(device.attributes.get(name).attribute, records)
  }),
  serve(O.command_inout_history_2, (device, [name, count]) => {
    const origin = 'Device_2Impl::command_inout_history_2'
    return commandHistory2(newest(polled(device, 'command', name, origin), count, origin))
  }),
  serve(O.command_inout_history_4, (device, [name, count]) => {
    const origin = 'Device_4Impl::command_inout_history_4'
    const records = newest(polled(device, 'command', name, origin), count, origin)
    return commandHistory(device.commands.get(name).outType, records)
  }),

  serve(O.get_pipe_config_5, (_device, [names]) => pipes(names)),
  serve(O.set_pipe_config_5, (_device, [wanted]) => {
    pipes(wanted.map(({ name }) => name))
    return undefined
  }),
  serve(O.read_pipe_5, (_device, [name]) => noPipe(name)),
  serve(O.write_pipe_5, (_device, [value]) => noPipe(value.name)),
  serve(O.write_read_pipe_5, (_device, [value]) => noPipe(value.name)),
]

function configs(device: HostedDevice, names: readonly string[], wildcards = WILDCARDS): AttributeConfig5[] {
  return device.attributes.configured(names, wildcards).map(({ attribute }) => attribute.config.wire())
}

interface WantedConfig {
  readonly name: string
  readonly dataType: number
  readonly writable: string
  readonly dataFormat: string
}

async function configure<C extends WantedConfig>(
  device: HostedDevice,
  wanted: readonly C[],
  client: Client,
  properties: (config: C) => Map<ConfigProperty, string>,
  enumLabels: (config: C) => readonly string[] | undefined,
  origin: string,
): Promise<undefined> {
  device.lock.check(client, origin)
  const entries = wanted.map((config) => ({ config, entry: device.attributes.get(config.name) }))
  for (const { config, entry } of entries) {
    const now = entry.attribute.config.wire()
    if (now.dataFormat === config.dataFormat && now.writable === config.writable) continue
    const desc = `Device ${device.name}-> Attribute : ${now.name}\nIt is not allowed to change the format or the writability of an attribute`
    throw new DevFailed([{ reason: 'API_AttrNotAllowed', severity: 'ERR', desc, origin }])
  }
  for (const { config, entry } of entries) {
    const { attribute, events } = entry
    const change = attribute.config.change(properties(config), enumLabels(config))
    await device.store.changeAttribute(device.name, attribute.name, change)
    events.configurationChanged()
  }
  return undefined
}

function oldProperties(config: {
  readonly description: string
  readonly label: string
  readonly unit: string
  readonly standardUnit: string
  readonly displayUnit: string
  readonly format: string
  readonly minValue: string
  readonly maxValue: string
  readonly minAlarm: string
  readonly maxAlarm: string
}): Map<ConfigProperty, string> {
  return new Map<ConfigProperty, string>([
    ['description', config.description],
    ['label', config.label],
    ['unit', config.unit],
    ['standard_unit', config.standardUnit],
    ['display_unit', config.displayUnit],
    ['format', config.format],
    ['min_value', config.minValue],
    ['max_value', config.maxValue],
    ['min_alarm', config.minAlarm],
    ['max_alarm', config.maxAlarm],
  ])
}

const noLabels = (): undefined => undefined

// information

function info(device: HostedDevice): DevInfo3 {
  return {
    devClass: device.className,
    serverId: device.server.name,
    serverHost: shortHostname(),
    serverVersion: 5,
    docUrl: 'Doc URL = http://www.tango-controls.org',
    devType: 'Uninitialised',
  }
}

function polled(device: HostedDevice, kind: 'attribute' | 'command', name: string, origin: string): PolledObject {
  if (kind === 'attribute') device.attributes.get(name)
  else device.polling.checkPollable(name)
  const object = device.polling.find(kind, name)
  if (object !== undefined) return object
  const [reason, what] = kind === 'attribute' ? ['API_AttrNotPolled', 'Attribute'] : ['API_CmdNotPolled', 'Command']
  throw new DevFailed([{ reason, severity: 'ERR', desc: `${what} ${name.toLowerCase()} not polled`, origin }])
}

function noPipe(name: string): never {
  const origin = 'DeviceClass::get_pipe_by_name'
  throw new DevFailed([{ reason: 'API_PipeNotFound', severity: 'ERR', desc: `${name} pipe not found`, origin }])
}

function pipes(names: readonly string[]): readonly never[] {
  const [name] = names.filter((wanted) => wanted !== 'All pipes')
  return name === undefined ? [] : noPipe(name)
}
