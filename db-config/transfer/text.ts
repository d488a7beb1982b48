// The file of `bandoneon db export`: JSON lines, one per fact and one per value of a property, sorted, so that two files
// can be compared with diff and a line can be mended by hand.

import { withoutAdminDevices } from './admin-devices.ts'
import {
  type AccessContent,
  type AttributeAliasContent,
  type DatabaseContent,
  type DeviceContent,
  inOrder,
  type PropertyContent,
  SCOPES,
  type ServerContent,
} from './content.ts'

/** First line of a file. */
export const HEADER = { format: 'tango-database', version: 1 } as const

/** The file as text, its lines in pieces. */
export function* writeText(content: DatabaseContent): Generator<string> {
  const { servers, devices, attributeAliases, properties, access } = inOrder(content)
  yield line(HEADER)
  for (const server of servers) yield line(serverRecord(server))
  for (const device of withoutAdminDevices(devices)) yield line(deviceRecord(device))
  for (const alias of attributeAliases) yield line(aliasRecord(alias))
  for (const rule of access) yield line(accessRecord(rule))
  for (const property of properties) {
    const record = propertyRecord(property)
    for (const value of property.values) yield line({ ...record, value })
  }
}

/** The file as one text. */
export function formatText(content: DatabaseContent): string {
  return [...writeText(content)].join('')
}

function line(record: object): string {
  return `${JSON.stringify(record)}\n`
}

function serverRecord({ name, host, mode, level }: ServerContent): object {
  return { server: name, host, controlled: mode, level }
}

function deviceRecord({ name, server, class: deviceClass, alias }: DeviceContent): object {
  return { device: name, server, class: deviceClass, ...(alias === undefined ? {} : { alias }) }
}

function aliasRecord({ alias, attribute }: AttributeAliasContent): object {
  return { attributeAlias: alias, attribute }
}

function accessRecord({ user, address, device, rights }: AccessContent): object {
  return { user, ...(address === undefined ? { device, rights } : { address }) }
}

function propertyRecord({ scope, owner, member, name }: PropertyContent): object {
  const kind = SCOPES.find((candidate) => candidate.scope === scope)
  if (kind === undefined) throw new Error(`unreachable: scope ${scope}`)
  return {
    [kind.owner]: owner,
    ...(kind.member === undefined ? {} : { [kind.member]: member }),
    property: name,
  }
}
