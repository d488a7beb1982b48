// DbGetDataForServerCache: everything a native server asks at its start, as one flat list. The blocks have no lengths,
// so that one element too few shifts all that follows.

import type { Scope, Store } from '../store/store.ts'
import { type DatabaseHandlers, needArguments } from './handlers.ts'
import { writeProperties } from './member-properties.ts'

/** Level of the layouts; native servers expect pipe blocks from 1.9 on. */
export const PROCEDURE_RELEASE = 'release 1.13'

/** Handler over a store. */
export function cacheCommands(store: Store) {
  return {
    dbGetDataForServerCache(list) {
      needArguments(list, 2, 'server, host', 'DbGetDataForServerCache')
      const [server = '', hostAndVersion = ''] = list
      const [host = '', version] = hostAndVersion.split('%%')
      return serverData(store, { server, host, pipes: version !== undefined })
    },
  } satisfies Partial<DatabaseHandlers>
}

interface Query {
  readonly server: string
  readonly host: string
  /** Clients that send their version get the release first, and pipe blocks. */
  readonly pipes: boolean
}

function serverData(store: Store, { server, host, pipes }: Query): readonly string[] {
  const admin = `dserver/${server}`
  const head = [...(pipes ? [PROCEDURE_RELEASE] : []), ...importOf(store, admin)]
  if (store.devices.get(admin) === undefined) return head
  const classes = store.devices.distinct('class', { server }).filter((name) => name.toLowerCase() !== 'dserver')
  const control = store.properties.all({ scope: 'object', owner: 'CtrlSystem' })
  return [
    ...head,
    ...eventOf(store, `notifd/factory/${host}`),
    ...eventOf(store, admin),
    ...block(store, 'class', 'DServer'),
    ...block(store, 'class', 'Default'),
    ...block(store, 'device', admin),
    server,
    String(classes.length),
    ...classes.flatMap((name) => classData(store, { server, host, pipes }, name)),
    'CtrlSystem',
    ...writeProperties(control),
    ...accessControl(store, control),
  ]
}

function classData(store: Store, { server, pipes }: Query, owner: string): readonly string[] {
  const devices = store.devices.list({ server, class: owner }).map((device) => device.name)
  return [
    ...block(store, 'class', owner),
    ...memberBlock(store, 'classAttribute', owner),
    ...(pipes ? memberBlock(store, 'classPipe', owner) : []),
    owner,
    String(devices.length),
    ...devices,
    ...deviceBlocks(store, devices, pipes).flat(),
  ]
}

/** A few queries for all devices: a server may have thousands. */
function deviceBlocks(store: Store, devices: readonly string[], pipes: boolean): readonly (readonly string[])[] {
  const properties = store.properties.allOf('device', devices)
  const attributes = store.properties.membersOf('deviceAttribute', devices)
  const pipeMembers = pipes ? store.properties.membersOf('devicePipe', devices) : []
  return devices.map((name, i) => [
    name,
    ...writeProperties(properties[i] ?? new Map()),
    ...writeMembers(name, attributes[i] ?? new Map()),
    ...(pipes ? writeMembers(name, pipeMembers[i] ?? new Map()) : []),
  ])
}

function block(store: Store, scope: Scope, owner: string): readonly string[] {
  return [owner, ...writeProperties(store.properties.all({ scope, owner }))]
}

function memberBlock(store: Store, scope: Scope, owner: string): readonly string[] {
  return writeMembers(owner, store.properties.members(scope, owner))
}

function writeMembers(
  owner: string,
  members: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
): readonly string[] {
  const blocks = [...members].flatMap(([name, properties]) => [name, ...writeProperties(properties)])
  return [owner, String(members.size), ...blocks]
}

function importOf(store: Store, name: string): readonly string[] {
  const device = store.devices.get(name)
  if (device === undefined) return [name, 'Not Found']
  const { ior, version, server, host, exported, pid } = device
  return [name, ior, version, server, host, exported ? '1' : '0', String(pid ?? 0), device.class]
}

function eventOf(store: Store, name: string): readonly string[] {
  const event = store.events.get(name)
  if (event === undefined) return [name, 'Not Found']
  return [name, event.ior, event.version, event.host, event.exported ? '1' : '0', String(event.pid)]
}

/** Import data of the access control device, when the control system names one in `Services`. */
function accessControl(store: Store, control: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const services = [...control].find(([name]) => name.toLowerCase() === 'services')?.[1] ?? []
  for (const service of services) {
    const device = /^AccessControl\/[^:]*:(.+)$/i.exec(service)?.[1]
    if (device !== undefined) return importOf(store, device)
  }
  return []
}
