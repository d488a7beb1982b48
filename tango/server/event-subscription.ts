// What the admin device does when clients subscribe to events: checks, names of topics, the table of who is alive.

import { type DevError, DevFailed } from '../errors/dev-failed.ts'
import { LOCAL_ENDPOINT } from '../events/local-events.ts'
import type { LongStringArray } from '../types/dev-types.ts'
import { EVENT_NAMES, type EventName, heartbeatChannel, heartbeatTopic } from '../wire/zmq-event.ts'
import type { TableEntry } from './attribute-table.ts'
import type { Client } from './device-lock.ts'
import type { HostedDevice } from './hosted-device.ts'
import { interfaceChangeTopic } from './interface-change.ts'

/** Release of the native library whose behaviour is served; clients take the topic from the reply from 930 on. */
export const TANGO_RELEASE = 934
const ZMQ_RELEASE = 434
const IDL_LEVEL = 5
const MULTICAST = [81920, 20000] as const
const ORIGIN = 'DServer::event_subscription'

/** What the subscription needs from the server. */
export interface SubscriptionHost {
  readonly adminName: string
  readonly stopping: boolean
  hosted(name: string): HostedDevice | undefined
}

/**
 * Command ZmqEventSubscriptionChange.
 * @throws DevFailed `API_WrongNumberOfArgs`, `API_ShutdownInProgress`, `API_DeviceNotFound`, `API_AttrNotFound`,
 *   `API_AttributePollingNotStarted`, `API_EventPropertiesNotSet`, `API_AttributeNotDataReadyEnabled`
 */
export async function subscribe(
  host: SubscriptionHost,
  admin: HostedDevice,
  args: readonly string[],
  client: Client,
): Promise<LongStringArray> {
  const publisher = admin.tango.events
  const server = heartbeatTopic(admin.topics.tangoHost, host.adminName)
  if (args.length === 1 && args[0] === 'info') {
    const { heartbeat, event } = await publisher.endpoints(server)
    return { lvalue: Int32Array.of(TANGO_RELEASE), svalue: [`Heartbeat: ${heartbeat}`, `Event: ${event}`] }
  }
  if (args.length < 4) {
    throw failure(
      'API_WrongNumberOfArgs',
      'Not enough input arguments, needs at least 4 i.e. device name, attribute/pipe name, action, event name, <Tango lib release>',
      'DServer::zmq_event_subscription_change',
    )
  }
  if (host.stopping) throw failure('API_ShutdownInProgress', 'The device server is shutting down')
  const [deviceName = '', member = '', , eventText = '', level] = args
  const { topic, others, event, entry } = topicOf(host, deviceName, member, eventText, levelOf(eventText, level), true)
  if (entry?.forwarded !== undefined && event !== 'quality' && event !== 'intr_change' && event !== 'pipe') {
    await entry.forwarded.follow(event)
  }
  const { tangoHost } = admin.topics
  const channel = heartbeatChannel(tangoHost, host.adminName)
  const multicast = event === 'intr_change' || event === 'pipe' ? [0, 0] : MULTICAST
  const lvalue = Int32Array.of(TANGO_RELEASE, IDL_LEVEL, publisher.highWaterMarks.subscriber, ...multicast, ZMQ_RELEASE)
  if (client.caller.transport === 'memory') {
    return { lvalue, svalue: [LOCAL_ENDPOINT, LOCAL_ENDPOINT, topic, channel] }
  }
  const { heartbeat, event: eventEndpoint, alternates } = await publisher.endpoints(server)
  for (const wanted of [topic, ...(others ?? [])]) {
    publisher.subscribe(wanted, server)
    publisher.expect(wanted, server)
  }
  publisher.startHeartbeat(server)
  return { lvalue, svalue: [heartbeat, eventEndpoint, ...alternates, topic, channel] }
}

/**
 * Command EventConfirmSubscription: the subscriptions named live for ten more minutes.
 * @throws DevFailed `API_WrongNumberOfArgs`, `API_DeviceNotFound`, `API_AttrNotFound`
 */
export function confirm(host: SubscriptionHost, admin: HostedDevice, args: readonly string[]): void {
  if (args.length === 0 || args.length % 3 !== 0) {
    const desc = 'Wrong number of input arguments: 3 needed per event: device name, attribute/pipe name and event name'
    throw failure('API_WrongNumberOfArgs', desc, 'DServer::event_confirm_subscription')
  }
  const server = heartbeatTopic(admin.topics.tangoHost, host.adminName)
  for (let i = 0; i < args.length; i += 3) {
    const [deviceName = '', member = '', eventText = ''] = args.slice(i, i + 3)
    const { topic, others } = topicOf(host, deviceName, member, eventText, levelOf(eventText, '0'), false)
    for (const wanted of [topic, ...(others ?? [])]) admin.tango.events.subscribe(wanted, server)
  }
}

/** Interface level of a client: said by itself, or in the event's name; capped at ours. */
function levelOf(eventText: string, said: string | undefined): number {
  const number = Number(said ?? 'none')
  if (Number.isInteger(number) && number > 0) return Math.min(number, IDL_LEVEL)
  const prefix = number === 0 ? /^idl(\d+)_/.exec(eventText)?.[1] : undefined
  return prefix === undefined ? 4 : Math.min(Number(prefix), IDL_LEVEL)
}

function topicOf(
  host: SubscriptionHost,
  deviceName: string,
  member: string,
  eventText: string,
  level: number,
  checked: boolean,
): { topic: string; others?: readonly string[]; event: EventName; entry?: TableEntry } {
  const device = host.hosted(deviceName)
  if (device === undefined) {
    const desc = `Device ${deviceName} not found`
    throw new DevFailed([
      error('API_DeviceNotFound', desc, 'Util::get_device_by_name()'),
      error('API_DeviceNotFound', desc, ORIGIN),
    ])
  }
  const text = eventText.replace(/^idl\d+_/, '').toLowerCase()
  const event = EVENT_NAMES.find((name) => name === text)
  if (event === undefined) {
    throw failure('API_WrongNumberOfArgs', `The event type you sent (${eventText}) is not  valid event type`)
  }
  if (event === 'intr_change') return { topic: interfaceChangeTopic(device), event }
  if (event === 'pipe') return { topic: device.pipes.get(member).topic, event }
  const entry = device.attributes.get(member, 'MultiAttribute::get_attr_ind_by_name')
  if (event === 'data_ready') {
    const [topic, ...others] = entry.events.dataReadyTopics
    if (entry.attribute.spec.dataReady === true) return { topic, others, event, entry }
    const desc = `The attribute ${entry.attribute.name} is not data ready event enabled`
    throw failure('API_AttributeNotDataReadyEnabled', desc)
  }
  if (event === 'quality') throw notPolled(entry)
  if (checked) checkSource(device, entry, event)
  return { topic: entry.events.topic(event, level), event, entry }
}

/** Change, archive and periodic events need polling or a device that pushes. */
function checkSource(device: HostedDevice, entry: TableEntry, event: EventName): void {
  // the root decides for an attribute that is forwarded
  if (event === 'user_event' || event === 'attr_conf' || entry.forwarded !== undefined) return
  if (event === 'change' && entry.pushes !== undefined) return
  if (event === 'archive' && entry.pushesArchive !== undefined) return
  const { attribute } = entry
  if (device.polling.find('attribute', attribute.name) === undefined) throw notPolled(entry)
  if (event === 'periodic') return
  const { config, spec } = attribute
  const plain = ['DevString', 'DevBoolean', 'DevState', 'DevEnum', 'DevEncoded'].includes(spec.type)
  if (plain) return
  const [abs, rel] =
    event === 'change'
      ? (['abs_change', 'rel_change'] as const)
      : (['archive_abs_change', 'archive_rel_change'] as const)
  if (config.threshold(abs) !== undefined || config.threshold(rel) !== undefined) return
  if (event === 'archive' && config.number('archive_period') !== undefined) return
  const names =
    event === 'change' ? 'abs_change or rel_change' : 'archive_abs_change or archive_rel_change or archive_period'
  throw failure('API_EventPropertiesNotSet', `Event properties (${names}) for attribute ${attribute.name} are not set`)
}

function notPolled({ attribute }: TableEntry): DevFailed {
  const desc = `The polling (necessary to send events) for the attribute ${attribute.name} is not started`
  return failure('API_AttributePollingNotStarted', desc)
}

function error(reason: string, desc: string, origin: string): DevError {
  return { reason, severity: 'ERR', desc, origin }
}

function failure(reason: string, desc: string, origin = ORIGIN): DevFailed {
  return new DevFailed([error(reason, desc, origin)])
}
