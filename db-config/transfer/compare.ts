// What must be done to a database so that it holds what a file says.

import { isAdmin, withAdminDevices } from './admin-devices.ts'
import {
  type AccessContent,
  type AttributeAliasContent,
  accessKey,
  type DatabaseContent,
  type DeviceContent,
  key,
  type PropertyContent,
  propertyKey,
  type ServerContent,
} from './content.ts'

/** One step, in the order of execution. */
export type TransferStep =
  | { readonly kind: 'remove device alias'; readonly alias: string; readonly device: string }
  | { readonly kind: 'remove attribute alias'; readonly alias: string; readonly attribute: string }
  | { readonly kind: 'remove device'; readonly device: DeviceContent }
  | { readonly kind: 'remove server'; readonly server: ServerContent }
  | { readonly kind: 'remove property'; readonly property: PropertyContent }
  | { readonly kind: 'remove rule'; readonly rule: AccessContent }
  | { readonly kind: 'define device'; readonly device: DeviceContent; readonly before: DeviceContent | undefined }
  | { readonly kind: 'device alias'; readonly alias: string; readonly device: string }
  | { readonly kind: 'server'; readonly server: ServerContent; readonly before: ServerContent | undefined }
  | { readonly kind: 'property'; readonly property: PropertyContent; readonly before: PropertyContent | undefined }
  | { readonly kind: 'attribute alias'; readonly alias: string; readonly attribute: string }
  | { readonly kind: 'rule'; readonly rule: AccessContent }

/** Options of {@link compareContents}. */
export interface CompareOptions {
  /** Whether what the file does not name is removed. */
  readonly replace: boolean
}

/**
 * Servers that belong to a database itself: they are never removed, and only their own database may define them, since
 * defining a running device anew makes it unreachable until its server starts again.
 */
const OWN_SERVERS = /^(DataBaseds|TangoAccessControl|BeamlineConfiguration)\//i

/** Steps from what is to what should be; none when it is so already. */
export function compareContents(
  present: DatabaseContent,
  wanted: DatabaseContent,
  { replace }: CompareOptions,
): readonly TransferStep[] {
  const devices = new Map(present.devices.map((device) => [key(device.name), device]))
  const complete = withAdminDevices(wanted.devices)
  const wantedDevices = new Map(complete.map((device) => [key(device.name), device]))
  const removed = replace ? present.devices.filter((d) => !wantedDevices.has(key(d.name)) && !isOwn(d)) : []
  const gone = new Set(removed.map(({ name }) => key(name)))
  const listed = new Set(wanted.devices.map(({ name }) => key(name)))
  const defined = complete.filter((device) => {
    const before = devices.get(key(device.name))
    // the database makes a new one itself
    if (before === undefined) return !isAdmin(device) || listed.has(key(device.name))
    return !sameDefinition(before, device) && !isOwn(before)
  })
  return [
    ...deviceAliasRemovals(present, wantedDevices, replace),
    ...attributeAliasRemovals(present, wanted, replace),
    ...(replace ? removals(present, wanted, gone) : []),
    ...removed.map((device): TransferStep => ({ kind: 'remove device', device })),
    ...defined.map(
      (device): TransferStep => ({
        kind: 'define device',
        device,
        before: devices.get(key(device.name)),
      }),
    ),
    ...deviceAliases(devices, wanted, new Set(defined.map(({ name }) => key(name))), replace),
    ...servers(present, wanted),
    ...properties(present, wanted),
    ...attributeAliases(present, wanted),
    ...rules(present, wanted),
  ]
}

/** A step as a line for people: `+` new, `~` changed, `-` removed. */
export function stepLine(step: TransferStep): string {
  switch (step.kind) {
    case 'remove device alias':
      return `- alias ${step.alias} of device ${step.device}`
    case 'remove attribute alias':
      return `- alias ${step.alias} of attribute ${step.attribute}`
    case 'remove device':
      return `- device ${step.device.name} (${step.device.server}, ${step.device.class}) with its properties`
    case 'remove server':
      return `- start-up entry of server ${step.server.name}`
    case 'remove property':
      return `- ${title(step.property)}`
    case 'remove rule':
      return `- ${ruleTitle(step.rule)}`
    case 'define device': {
      const { device, before } = step
      const is = `${device.server}, ${device.class}`
      return before === undefined
        ? `+ device ${device.name} (${is})`
        : `~ device ${device.name} (${before.server}, ${before.class} -> ${is})`
    }
    case 'device alias':
      return `+ alias ${step.alias} of device ${step.device}`
    case 'server': {
      const { server, before } = step
      return `${before === undefined ? '+' : '~'} start-up entry of server ${server.name} (host '${server.host}', controlled ${server.mode}, level ${server.level})`
    }
    case 'property':
      return step.before === undefined
        ? `+ ${title(step.property)} = ${shown(step.property.values)}`
        : `~ ${title(step.property)} = ${shown(step.before.values)} -> ${shown(step.property.values)}`
    case 'attribute alias':
      return `+ alias ${step.alias} of attribute ${step.attribute}`
    case 'rule':
      return `+ ${ruleTitle(step.rule)}`
  }
}

function isOwn({ server }: DeviceContent): boolean {
  return OWN_SERVERS.test(server)
}

/** Without regard to spelling: for that no running device shall become unreachable. */
function sameDefinition(a: DeviceContent, b: DeviceContent): boolean {
  return key(a.name, a.server, a.class) === key(b.name, b.server, b.class)
}

function* deviceAliasRemovals(
  present: DatabaseContent,
  wanted: ReadonlyMap<string, DeviceContent>,
  replace: boolean,
): Generator<TransferStep> {
  const holders = new Map<string, string>()
  for (const { name, alias } of wanted.values()) if (alias !== undefined) holders.set(key(alias), key(name))
  for (const { name, alias } of present.devices) {
    if (alias === undefined) continue
    const holder = holders.get(key(alias))
    const other = wanted.get(key(name))
    const changes = other?.alias !== undefined && other.alias !== alias
    const unwanted = replace && holder === undefined && other !== undefined
    if ((holder !== undefined && holder !== key(name)) || changes || unwanted)
      yield { kind: 'remove device alias', alias, device: name }
  }
}

function* attributeAliasRemovals(
  present: DatabaseContent,
  wanted: DatabaseContent,
  replace: boolean,
): Generator<TransferStep> {
  const byAlias = new Map(wanted.attributeAliases.map((a) => [key(a.alias), a]))
  const byAttribute = new Map(wanted.attributeAliases.map((a) => [key(a.attribute), a]))
  for (const entry of present.attributeAliases) {
    const here = byAlias.get(key(entry.alias))
    const there = byAttribute.get(key(entry.attribute))
    if (here !== undefined && sameAttributeAlias(here, entry)) continue
    if (replace || here !== undefined || there !== undefined) yield { kind: 'remove attribute alias', ...entry }
  }
}

function* removals(
  present: DatabaseContent,
  wanted: DatabaseContent,
  gone: ReadonlySet<string>,
): Generator<TransferStep> {
  const properties = new Set(wanted.properties.map(propertyKey))
  for (const property of present.properties) {
    // they go with their device
    if (property.scope.startsWith('device') && gone.has(key(property.owner))) continue
    if (!properties.has(propertyKey(property))) yield { kind: 'remove property', property }
  }
  const servers = new Set(wanted.servers.map(({ name }) => key(name)))
  for (const server of present.servers) if (!servers.has(key(server.name))) yield { kind: 'remove server', server }
  const rules = new Set(wanted.access.map(accessKey))
  for (const rule of present.access) if (!rules.has(accessKey(rule))) yield { kind: 'remove rule', rule }
}

function* deviceAliases(
  present: ReadonlyMap<string, DeviceContent>,
  wanted: DatabaseContent,
  defined: ReadonlySet<string>,
  replace: boolean,
): Generator<TransferStep> {
  const taken = new Set(wanted.devices.flatMap(({ alias }) => (alias === undefined ? [] : [key(alias)])))
  for (const { name, alias } of wanted.devices) {
    const before = present.get(key(name))?.alias
    // a device that is defined anew loses its alias
    const lost = before !== undefined && defined.has(key(name)) && !replace && !taken.has(key(before))
    const due = alias ?? (lost ? before : undefined)
    if (due !== undefined && (due !== before || defined.has(key(name))))
      yield { kind: 'device alias', alias: due, device: name }
  }
}

function* servers(present: DatabaseContent, wanted: DatabaseContent): Generator<TransferStep> {
  const known = new Map(present.servers.map((server) => [key(server.name), server]))
  for (const server of wanted.servers) {
    const before = known.get(key(server.name))
    if (before === undefined || !sameServer(before, server)) yield { kind: 'server', server, before }
  }
}

function* properties(present: DatabaseContent, wanted: DatabaseContent): Generator<TransferStep> {
  const known = new Map(present.properties.map((property) => [propertyKey(property), property]))
  for (const property of wanted.properties) {
    const before = known.get(propertyKey(property))
    if (before === undefined || !sameProperty(before, property)) yield { kind: 'property', property, before }
  }
}

function* attributeAliases(present: DatabaseContent, wanted: DatabaseContent): Generator<TransferStep> {
  const known = new Map(present.attributeAliases.map((entry) => [key(entry.alias), entry]))
  for (const entry of wanted.attributeAliases) {
    const before = known.get(key(entry.alias))
    if (before === undefined || !sameAttributeAlias(before, entry)) yield { kind: 'attribute alias', ...entry }
  }
}

function* rules(present: DatabaseContent, wanted: DatabaseContent): Generator<TransferStep> {
  const known = new Set(present.access.map(accessKey))
  for (const rule of wanted.access) if (!known.has(accessKey(rule))) yield { kind: 'rule', rule }
}

/** Without regard to the spelling of the name, which native databases do not keep. */
function sameServer(a: ServerContent, b: ServerContent): boolean {
  return a.host === b.host && a.mode === b.mode && a.level === b.level
}

function sameAttributeAlias(a: AttributeAliasContent, b: AttributeAliasContent): boolean {
  return a.alias === b.alias && a.attribute === b.attribute
}

/** The spelling of the owner is that of the device, which other steps change. */
function sameProperty(a: PropertyContent, b: PropertyContent): boolean {
  return (
    a.name === b.name &&
    a.member === b.member &&
    a.values.length === b.values.length &&
    a.values.every((value, i) => value === b.values[i])
  )
}

function title({ scope, owner, member, name }: PropertyContent): string {
  const kind = scope === 'object' ? 'object' : scope.startsWith('class') ? 'class' : 'device'
  return `property ${name} of ${kind} ${owner}${member === undefined ? '' : `, ${member}`}`
}

function ruleTitle({ user, address, device, rights }: AccessContent): string {
  return address === undefined ? `user ${user} may ${rights} ${device}` : `user ${user} from ${address}`
}

function shown(values: readonly string[]): string {
  const text = JSON.stringify(values)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
