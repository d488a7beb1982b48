// Operations that tell about a device: its names, state, commands, attribute configuration, histories, pipes.

import { DevFailed } from '../errors/dev-failed.ts'
import { TYPE_CODES } from '../types/dev-types.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'
import type { DevInfo3 } from '../wire/tango-idl.ts'
import { ALL_3 } from './attribute-table.ts'
import { type ConfigProperty, oldWantedProperties, wantedProperties } from './config-properties.ts'
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
    return configure(device, wanted, client, oldWantedProperties, noLabels, 'Device_Impl::set_attribute_config')
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
    const { attribute, forwarded } = device.attributes.get(name)
    if (forwarded !== undefined) return forwarded.history(attribute.name, count)
    return attributeHistory(attribute, newest(polled(device, 'attribute', name, origin), count, origin))
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
]

function configs(device: HostedDevice, names: readonly string[], wildcards = WILDCARDS): AttributeConfig5[] {
  return device.attributes.configured(names, wildcards).map(({ attribute }) => attribute.config.wire())
}

/** Members of a configuration that code alone decides, with their names on the wire. */
const HARD_CODED = [
  ['dataType', 'data_type'],
  ['dataFormat', 'data_format'],
  ['writable', 'writable'],
  ['maxDimX', 'max_dim_x'],
  ['maxDimY', 'max_dim_y'],
  ['writableAttrName', 'writable_attr_name'],
  ['level', 'level'],
] as const

function isBuiltIn(key: string): boolean {
  return key === 'state' || key === 'status'
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
    const wrong = HARD_CODED.find(([member]) => {
      const wish: unknown = Reflect.get(config, member)
      if (wish === undefined || wish === now[member]) return false
      // clients before interface 5 see an enumeration as the number that it is
      return !(member === 'dataType' && now.dataType === TYPE_CODES.DevEnum && wish === TYPE_CODES.DevShort)
    })
    if (wrong === undefined || isBuiltIn(entry.attribute.key)) continue
    const desc = `Attribute property ${wrong[1]} is not changeable at run time`
    const where = 'Attribute::check_hard_coded_properties()'
    throw new DevFailed([{ reason: 'API_AttrNotAllowed', severity: 'ERR', desc, origin: where }])
  }
  for (const { config, entry } of entries) {
    const { attribute, events } = entry
    // those of State and Status are fixed; native servers say nothing either
    if (isBuiltIn(attribute.key)) continue
    if (entry.forwarded !== undefined) {
      await entry.forwarded.configure({ ...attribute.config.wire(), ...forwardable(config) })
      continue
    }
    const change = attribute.config.change(properties(config), enumLabels(config))
    await device.store.changeAttribute(device.name, attribute.name, change)
    events.configurationChanged()
  }
  return undefined
}

/** What of a configuration of any interface goes to the root of a forwarded attribute. */
function forwardable(config: WantedConfig): Partial<AttributeConfig5> {
  const { dataType: _, ...rest } = config
  return rest as Partial<AttributeConfig5>
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
    devType: device.spec.deviceType ?? 'Uninitialised',
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
