// DbGetDataForServerCache: everything a native server asks at its start, as one flat list. The blocks have no lengths,
// so that one element too few shifts all that follows.

import type { DeviceRow, Store } from '../store/store.ts'
import { type DatabaseHandlers, needExactly } from './handlers.ts'
import { writeProperties } from './member-properties.ts'

/** Level of the layouts; native servers expect pipe blocks from 1.9 on. */
export const PROCEDURE_RELEASE = 'release 1.13'

/** Tango version that brought pipes. */
const PIPE_VERSION = 9

/** Handler over a store. */
export function cacheCommands(store: Store) {
  return {
    dbGetDataForServerCache(list) {
      needExactly(list, 2, 'server, host', 'DbGetDataForServerCache')
      const [server = '', hostAndVersion = ''] = list
      const [host = '', version = ''] = hostAndVersion.split('%%')
      return serverData(store, { server, host, pipes: Number.parseFloat(version) >= PIPE_VERSION })
    },
  } satisfies Partial<DatabaseHandlers>
}

interface Query {
  readonly server: string
  readonly host: string
  /** Clients that know pipes get the release first, and pipe blocks. */
  readonly pipes: boolean
}

function serverData(store: Store, { server, host, pipes }: Query): readonly string[] {
  const admin = `dserver/${server}`
  const release = pipes ? [PROCEDURE_RELEASE] : []
  const adminRow = store.devices.get(admin)
  if (adminRow === undefined) return [...release, admin, 'Not Found']
  const classes = byClass(store.devices.list({ server }))
  const owners = [...classes.keys()]
  // few queries for everything: a server may have thousands of devices, and the database may be elsewhere
  const [ofDServer, ofDefault, ofAdmin, control, ...ofClasses] = store.properties.allEach([
    { scope: 'class', owner: 'DServer' },
    { scope: 'class', owner: 'Default' },
    { scope: 'device', owner: admin },
    { scope: 'object', owner: 'CtrlSystem' },
    ...owners.map((owner) => ({ scope: 'class' as const, owner })),
  ])
  const attributes = store.properties.membersOf('classAttribute', owners)
  const pipesOf = pipes ? store.properties.membersOf('classPipe', owners) : []
  const blocks = deviceBlocks(store, [...classes.values()].flat(), pipes)
  return [
    ...release,
    ...importOf(admin, adminRow),
    ...eventOf(store, `notifd/factory/${host}`),
    ...eventOf(store, admin),
    'DServer',
    ...writeProperties(ofDServer ?? new Map()),
    'Default',
    ...writeProperties(ofDefault ?? new Map()),
    admin,
    ...writeProperties(ofAdmin ?? new Map()),
    server,
    String(owners.length),
    ...[...classes].flatMap(([owner, devices], i) => [
      owner,
      ...writeProperties(ofClasses[i] ?? new Map()),
      ...writeMembers(owner, attributes[i] ?? new Map()),
      ...(pipes ? writeMembers(owner, pipesOf[i] ?? new Map()) : []),
      owner,
      String(devices.length),
      ...devices,
      ...devices.flatMap((name) => blocks.get(name) ?? []),
    ]),
    'CtrlSystem',
    ...writeProperties(control ?? new Map()),
    ...accessControl(store, control ?? new Map()),
  ]
}

/** Names of devices by class, both sorted; the admin device left out. */
function byClass(devices: readonly DeviceRow[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, { readonly spelling: string; readonly names: string[] }>()
  for (const device of devices) {
    const key = device.class.toUpperCase()
    if (key === 'DSERVER') continue
    const known = found.get(key)
    if (known === undefined) found.set(key, { spelling: device.class, names: [device.name] })
    else known.names.push(device.name)
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1))
  return new Map(sorted.map(([, { spelling, names }]) => [spelling, names]))
}

function deviceBlocks(
  store: Store,
  devices: readonly string[],
  pipes: boolean,
): ReadonlyMap<string, readonly string[]> {
  const properties = store.properties.allOf('device', devices)
  const attributes = store.properties.membersOf('deviceAttribute', devices)
  const pipeMembers = pipes ? store.properties.membersOf('devicePipe', devices) : []
  const blocks = devices.map((name, i): [string, readonly string[]] => [
    name,
    [
      name,
      ...writeProperties(properties[i] ?? new Map()),
      ...writeMembers(name, attributes[i] ?? new Map()),
      ...(pipes ? writeMembers(name, pipeMembers[i] ?? new Map()) : []),
    ],
  ])
  return new Map(blocks)
}

function writeMembers(
  owner: string,
  members: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
): readonly string[] {
  const blocks = [...members].flatMap(([name, properties]) => [name, ...writeProperties(properties)])
  return [owner, String(members.size), ...blocks]
}

function importOf(name: string, device: DeviceRow | undefined): readonly string[] {
  if (device === undefined) return [name, 'Not Found']
  const { ior, version, server, host, exported, pid } = device
  return [name, ior, version, server, host, exported ? '1' : '0', String(pid ?? 0), device.class]
}

function eventOf(store: Store, name: string): readonly string[] {
  // a host may be noted without its domain
  const [short = name] = name.split('.')
  const event = store.events.get(name) ?? (short === name ? undefined : store.events.get(short))
  if (event === undefined) return [name, 'Not Found']
  return [name, event.ior, event.version, event.host, event.exported ? '1' : '0', String(event.pid)]
}

/** Import data of the access control device, when the control system names one in `Services`. */
function accessControl(store: Store, control: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const services = [...control].find(([name]) => name.toLowerCase() === 'services')?.[1] ?? []
  for (const service of services) {
    const device = /^AccessControl\/[^:]*:(.+)$/i.exec(service)?.[1]
    if (device !== undefined) return importOf(device, store.devices.get(device))
  }
  return []
}
