// Where the events of one subscription come from: asks the admin device of the server and reads its answer.

import { connect } from 'node:net'
import { bareName } from '../client/admin-device.ts'
import { type Call, executeCommand, withLevel } from '../client/operations.ts'
import type { DeviceConnection } from '../client/reconnect.ts'
import { devFailed } from '../errors/dev-failed.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import type { LongStringArray } from '../types/dev-types.ts'
import { eventTopic, heartbeatChannel } from '../wire/zmq-event.ts'
import type { EventType } from './event-types.ts'
import { LOCAL_ENDPOINT } from './local-events.ts'

/** Where events come from. */
export interface Route {
  /** Topic; several when an old server does not say how it spells the control system. */
  readonly topics: readonly [string, ...string[]]
  /** Name of the server's heartbeat channel in the same spellings; its heartbeats have the suffix `.heartbeat`. */
  readonly channels: readonly [string, ...string[]]
  /** Interface level in which the events come. */
  readonly level: number
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
/** Highest interface level that is spoken here. */
const HIGHEST_LEVEL = 5
/** The fifth argument, the client's interface level, is known to devices of this level. */
const LEVEL_ARGUMENT_SINCE = 5
/** What servers take a client for that does not say its level. */
const LEVEL_WITHOUT_ARGUMENT = 4

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
  const asked = (await connection.target()).level >= LEVEL_ARGUMENT_SINCE ? HIGHEST_LEVEL : LEVEL_WITHOUT_ARGUMENT
  const level = Math.min(idl, asked)
  const { topics, channels } = named
    ? { topics: [svalue.at(-2) ?? ''] as const, channels: [svalue.at(-1) ?? ''] as const }
    : spellings(connection, device, admin, { ...request, level })
  if (endpoints[0] === LOCAL_ENDPOINT) return { topics, channels, level, local: true, heartbeat: '', event: '' }
  const { reference } = await admin.target()
  const [heartbeat, event] = await reachablePair(endpoints, reference.host)
  return { topics, channels, level, local: false, heartbeat, event }
}

/** Names as old servers build them, with each database of the control system: which one is theirs is not known. */
function spellings(
  connection: DeviceConnection,
  device: string,
  admin: DeviceConnection,
  request: RouteRequest & { readonly level: number },
): Pick<Route, 'topics' | 'channels'> {
  const { attribute: member, event, level: idl } = request
  const [first = '', ...others] = connection.tangoHost.split(',').map((entry) => entry.trim())
  const topicOf = (tangoHost: string): string =>
    eventTopic({ tangoHost, device, member, event, idl, database: connection.database })
  const channelOf = (tangoHost: string): string => heartbeatChannel(tangoHost, bareName(admin.name))
  return {
    topics: [topicOf(first), ...others.map(topicOf)],
    channels: [channelOf(first), ...others.map(channelOf)],
  }
}

/**
 * The first pair of endpoints whose address can be reached. When none can, the server does not know its own address as
 * we see it: its ports at the address of its admin device; else the first pair.
 */
async function reachablePair(endpoints: readonly string[], adminHost: string): Promise<readonly [string, string]> {
  const pairs: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < endpoints.length; i += 2) pairs.push([endpoints[i] ?? '', endpoints[i + 1] ?? ''])
  const [first = ['', '']] = pairs
  // where calls are answered, events come from as well
  const sameHost = pairs.find(([, event]) => hostOf(event) === adminHost)
  if (sameHost !== undefined) return sameHost
  const moved = [atHost(first[0], adminHost), atHost(first[1], adminHost)] as const
  const candidates = [...pairs, moved]
  const reachable = await Promise.all(candidates.map(([, event]) => probe(event)))
  return candidates[reachable.indexOf(true)] ?? first
}

function hostOf(endpoint: string): string | undefined {
  return ENDPOINT.exec(endpoint)?.[1]
}

function atHost(endpoint: string, host: string): string {
  const port = ENDPOINT.exec(endpoint)?.[2] ?? ''
  return `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const ENDPOINT = /^tcp:\/\/\[?([^\]]+?)\]?:(\d+)$/

function probe(endpoint: string): Promise<boolean> {
  const match = ENDPOINT.exec(endpoint)
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
