// What a Tango database holds, as plain values: the common form of a live database and of a file.

import type { Scope } from '../store/store.ts'

/** A device. */
export interface DeviceContent {
  readonly name: string
  /** `executable/instance` */
  readonly server: string
  readonly class: string
  readonly alias: string | undefined
}

/** How a start-up tool treats a server. */
export interface ServerContent {
  readonly name: string
  readonly host: string
  readonly mode: number
  readonly level: number
}

/** An alias of `device/attribute`. */
export interface AttributeAliasContent {
  readonly alias: string
  readonly attribute: string
}

/** One property with its values, of which there is at least one. */
export interface PropertyContent {
  readonly scope: Scope
  /** Free object, class or device. */
  readonly owner: string
  /** Attribute or pipe. */
  readonly member: string | undefined
  readonly name: string
  readonly values: readonly string[]
}

/** A rule of access control: an address, or rights to devices. */
export interface AccessContent {
  readonly user: string
  readonly address?: string
  readonly device?: string
  readonly rights?: string
}

/** Everything but what changes by itself: who runs where, histories, dates. Each list is sorted and free of doubles. */
export interface DatabaseContent {
  readonly servers: readonly ServerContent[]
  readonly devices: readonly DeviceContent[]
  readonly attributeAliases: readonly AttributeAliasContent[]
  readonly properties: readonly PropertyContent[]
  readonly access: readonly AccessContent[]
}

/** Scopes in the order of a file: what belongs to whom. */
export const SCOPES: readonly { readonly scope: Scope; readonly owner: OwnerKind; readonly member?: MemberKind }[] = [
  { scope: 'object', owner: 'object' },
  { scope: 'class', owner: 'class' },
  { scope: 'classAttribute', owner: 'class', member: 'attribute' },
  { scope: 'classPipe', owner: 'class', member: 'pipe' },
  { scope: 'device', owner: 'device' },
  { scope: 'deviceAttribute', owner: 'device', member: 'attribute' },
  { scope: 'devicePipe', owner: 'device', member: 'pipe' },
]

/** What has properties. */
export type OwnerKind = 'object' | 'class' | 'device'
/** What of an owner has properties. */
export type MemberKind = 'attribute' | 'pipe'

/** Names without regard to case, as Tango compares them. */
export function key(...names: readonly (string | undefined)[]): string {
  return names.map((name) => name?.toLowerCase() ?? '').join('\0')
}

/** Key of a property among all. */
export function propertyKey({ scope, owner, member, name }: Omit<PropertyContent, 'values'>): string {
  return key(scope, owner, member, name)
}

/** Key of a rule among all; a user's addresses come before the devices. */
export function accessKey({ user, address, device, rights }: AccessContent): string {
  return key(user, device, rights, address)
}

/** Sorts by keys; the order does not depend on the language of the machine. */
export function sorted<T>(items: Iterable<T>, keyOf: (item: T) => string): T[] {
  const keyed = Array.from(items, (item) => ({ item, at: keyOf(item) }))
  keyed.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  return keyed.map(({ item }) => item)
}

/** The content in the order of a file. */
export function inOrder(content: DatabaseContent): DatabaseContent {
  const ranks = new Map(SCOPES.map(({ scope }, rank) => [scope, rank]))
  return {
    servers: sorted(content.servers, ({ name }) => key(name)),
    devices: sorted(content.devices, ({ name }) => key(name)),
    attributeAliases: sorted(content.attributeAliases, ({ alias }) => key(alias)),
    properties: sorted(content.properties, ({ scope, owner, member, name }) => {
      const rank = ranks.get(scope) ?? 0
      // all of a device stands together: its own properties, then those of its attributes and pipes
      const group = rank === 0 ? 0 : rank <= 3 ? 1 : 2
      return `${group}${key(owner)}\0${rank}${key(member, name)}`
    }),
    access: sorted(content.access, accessKey),
  }
}

/** Content of nothing. */
export const EMPTY: DatabaseContent = { servers: [], devices: [], attributeAliases: [], properties: [], access: [] }
