// Where the events of one subscription come from: asks the admin device of the server and reads its answer.

import { connect } from 'node:net'
import { type Call, executeCommand, withLevel } from '../client/operations.ts'
import type { DeviceConnection } from '../client/reconnect.ts'
import { devFailed } from '../errors/dev-failed.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import type { LongStringArray } from '../types/dev-types.ts'
import { OPERATIONS } from '../wire/operations.ts'
import { eventTopic, heartbeatChannel } from '../wire/zmq-event.ts'
import type { EventType } from './event-types.ts'
import { LOCAL_ENDPOINT } from './local-events.ts'

/** Where events come from. */
export interface Route {
  readonly topic: string
  /** Name of the server's heartbeat channel; its heartbeats have the suffix `.heartbeat`. */
  readonly channel: string
  /** The device lives in this process: no sockets, no heartbeats. */
  readonly local: boolean
  readonly heartbeat: string
  readonly event: string
}

/** What is subscribed to. */
export interface RouteRequest {
  readonly attribute: string
  readonly event: EventType
}

const TIMEOUT_MS = 3000
/** Wait for a TCP connection when there is a choice of addresses. */
const PROBE_MS = 1000
/** Servers of this library release and later name topic and channel in their answer. */
const RELEASE_WITH_NAMES = 930
/** The fifth argument, the client's interface level, is known to devices of this level. */
const LEVEL_ARGUMENT_SINCE = 5

/** Name of the admin device behind a device, complete for its control system. */
export async function findAdmin(client: OrbClient, connection: DeviceConnection): Promise<string> {
  if (connection.adminName === undefined) {
    const options = { timeoutMs: TIMEOUT_MS }
    const name = await connection.run('always', (target) =>
      client.call(target.reference, OPERATIONS._get_adm_name, [], options),
    )
    connection.adminName = name
  }
  // some servers answer with the control system in front
  const bare = connection.adminName.replace(/^tango:\/\/[^/]*\//i, '').replace(/#.*$/, '')
  return connection.sibling(bare)
}

/**
 * Subscribes at the admin device.
 * @throws DevFailed of the server (`API_AttributePollingNotStarted` ...), with `API_DSFailedRegisteringEvent` on top
 */
export async function requestRoute(
  client: OrbClient,
  connection: DeviceConnection,
  admin: DeviceConnection,
  request: RouteRequest,
): Promise<Route> {
  const { device, level } = await connection.target()
  const base = [device, request.attribute, 'subscribe', request.event]
  const value = level >= LEVEL_ARGUMENT_SINCE ? [...base, '5'] : base
  try {
    const result = await admin.run('always', (target) =>
      executeCommand(callOf(client, target), 'ZmqEventSubscriptionChange', { type: 'DevVarStringArray', value }),
    )
    if (result.type !== 'DevVarLongStringArray') {
      throw devFailed('API_ZmqFailed', `${admin.name} answered a subscription with ${result.type}`)
    }
    return await readAnswer(result.value, connection, device, admin, request)
  } catch (error) {
    const desc = `${connection.name}/${request.attribute}: subscribing to ${request.event} events failed`
    throw withLevel(error, 'API_DSFailedRegisteringEvent', desc, 'EventSubscriber.subscribe')
  }
}

/** Tells the server that subscriptions are still wanted: device, object and event of each. */
export async function confirmRoutes(
  client: OrbClient,
  admin: DeviceConnection,
  triplets: readonly string[],
): Promise<void> {
  await admin.run('always', (target) =>
    executeCommand(callOf(client, target), 'EventConfirmSubscription', { type: 'DevVarStringArray', value: triplets }),
  )
}

function callOf(orb: OrbClient, target: Call['target']): Call {
  return { orb, target, options: { timeoutMs: TIMEOUT_MS } }
}

async function readAnswer(
  answer: LongStringArray,
  connection: DeviceConnection,
  device: string,
  admin: DeviceConnection,
  request: RouteRequest,
): Promise<Route> {
  const { lvalue, svalue } = answer
  const [release = 0, idl = 4] = lvalue
  const named = release >= RELEASE_WITH_NAMES
  const endpoints = named ? svalue.slice(0, -2) : svalue
  if (endpoints.length < 2) {
    throw devFailed('API_ZmqFailed', `${admin.name} answered a subscription without saying where the events are`)
  }
  const { tangoHost } = connection
  const [topic = '', channel = ''] = named
    ? svalue.slice(-2)
    : [
        eventTopic({ tangoHost, device, member: request.attribute, event: request.event, idl }),
        heartbeatChannel(tangoHost, admin.name.replace(/^tango:\/\/[^/]*\//i, '').replace(/#.*$/, '')),
      ]
  if (endpoints[0] === LOCAL_ENDPOINT) return { topic, channel, local: true, heartbeat: '', event: '' }
  const [heartbeat, event] = await reachablePair(endpoints)
  return { topic, channel, local: false, heartbeat, event }
}

/** The first pair of endpoints whose address can be reached; the first one when none can. */
async function reachablePair(endpoints: readonly string[]): Promise<readonly [string, string]> {
  const pairs: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < endpoints.length; i += 2) pairs.push([endpoints[i] ?? '', endpoints[i + 1] ?? ''])
  const [first = ['', '']] = pairs
  if (pairs.length === 1) return first
  const reachable = await Promise.all(pairs.map(([, event]) => probe(event)))
  return pairs[reachable.indexOf(true)] ?? first
}

function probe(endpoint: string): Promise<boolean> {
  const match = /^tcp:\/\/\[?([^\]]+?)\]?:(\d+)$/.exec(endpoint)
  if (match === null) return Promise.resolve(false)
  return new Promise((resolve) => {
    const socket = connect({ host: match[1] ?? '', port: Number(match[2]), timeout: PROBE_MS })
    const done = (reachable: boolean): void => {
      socket.destroy()
      resolve(reachable)
    }
    socket.once('connect', () => done(true))
    socket.once('timeout', () => done(false))
    socket.once('error', () => done(false))
  })
}
