// What imports and exports need of a Tango database, in the same words for a storage of ours and for a live database
// (native or ours) behind its commands: devices and properties to read, and steps to write, all or none.

import { type DatabaseClient, DevFailed, devFailed } from '#tango'
import type { Store } from '../store/store.ts'

/** Who has properties. */
export interface Holder {
  readonly scope: 'device' | 'class'
  readonly name: string
}

/** A device definition. */
export interface DefinedDevice {
  readonly name: string
  readonly server: string
  readonly class: string
  readonly alias: string | undefined
}

/** Properties by name. */
export type PropertyMap = ReadonlyMap<string, readonly string[]>

/** One change of a database; it can be turned round. Empty values mean that the property is not there. */
export type DatabaseStep =
  | {
      readonly kind: 'device'
      readonly name: string
      readonly before: DefinedDevice | undefined
      readonly after: DefinedDevice | undefined
    }
  | {
      readonly kind: 'property'
      readonly holder: Holder
      readonly attribute: string | undefined
      readonly name: string
      readonly before: readonly string[]
      readonly after: readonly string[]
    }

type PropertyStep = DatabaseStep & { readonly kind: 'property' }

/** A database to read from. Names are compared without regard to case. */
export interface DatabaseReader {
  /** `executable/instance` by pattern with `*`, sorted. */
  servers(pattern?: string): Promise<readonly string[]>
  /** All devices of a server, its admin device too. */
  devicesOf(server: string): Promise<readonly DefinedDevice[]>
  /** Names of the devices of a class, in all servers. */
  devicesOfClass(className: string): Promise<readonly string[]>
  device(name: string): Promise<DefinedDevice | undefined>
  deviceOfAlias(alias: string): Promise<string | undefined>
  /** Start-up record of a server; absent when a Starter does not control it. */
  startup(server: string): Promise<{ readonly host: string; readonly level: number } | undefined>
  properties(holder: Holder): Promise<PropertyMap>
  attributeProperties(holder: Holder): Promise<ReadonlyMap<string, PropertyMap>>
  /** Names of free objects by pattern. */
  objects(pattern: string): Promise<readonly string[]>
  objectProperties(object: string): Promise<PropertyMap>
}

/** A database to read from and write to. */
export interface DatabaseView extends DatabaseReader {
  /** Does all steps or, when one fails, none. */
  apply(steps: readonly DatabaseStep[]): Promise<void>
}

/** A storage of ours; the steps are one transaction. */
export function storeDatabase(store: Store): DatabaseView {
  const defined = (row: { name: string; server: string; class: string; alias: string | undefined }): DefinedDevice => ({
    name: row.name,
    server: row.server,
    class: row.class,
    alias: row.alias,
  })
  return {
    servers: async (pattern = '*') => store.devices.distinct('server', { server: pattern }),
    devicesOf: async (server) => store.devices.list({ server }).map(defined),
    devicesOfClass: async (className) => store.devices.list({ class: className }).map(({ name }) => name),
    device: async (name) => {
      const row = store.devices.get(name)
      return row === undefined ? undefined : defined(row)
    },
    deviceOfAlias: async (alias) => store.devices.byAlias(alias)?.name,
    startup: async (server) => {
      const row = store.servers.get(server)
      return row === undefined || row.mode === 0 ? undefined : { host: row.host, level: row.level }
    },
    properties: async ({ scope, name }) => store.properties.all({ scope, owner: name }),
    attributeProperties: async ({ scope, name }) => store.properties.members(`${scope}Attribute`, name),
    objects: async (pattern) => store.properties.owners('object', pattern),
    objectProperties: async (object) => store.properties.all({ scope: 'object', owner: object }),
    apply: async (steps) =>
      store.transaction(() => {
        for (const batch of batches(steps)) applyToStore(store, batch)
      }),
  }
}

/** Property steps of one holder, or one other step: what one call can do. */
interface Batch {
  readonly steps: readonly DatabaseStep[]
  /** Values to write when all steps write properties of the same holder and attribute. */
  readonly values: PropertyMap | undefined
}

function batches(steps: readonly DatabaseStep[]): readonly Batch[] {
  const all: { steps: DatabaseStep[]; values: Map<string, readonly string[]> | undefined }[] = []
  let last: PropertyStep | undefined
  for (const step of steps) {
    const isWrite = step.kind === 'property' && step.after.length > 0
    const open = all.at(-1)
    if (isWrite && last !== undefined && open?.values !== undefined && samePlace(step, last)) {
      open.steps.push(step)
      open.values.set(step.name, step.after)
    } else all.push({ steps: [step], values: isWrite ? new Map([[step.name, step.after]]) : undefined })
    last = isWrite ? step : undefined
  }
  return all
}

function samePlace(a: PropertyStep, b: PropertyStep): boolean {
  return a.holder.scope === b.holder.scope && a.holder.name === b.holder.name && a.attribute === b.attribute
}

function applyToStore(store: Store, { steps, values }: Batch): void {
  const [step] = steps
  if (step === undefined) return
  if (step.kind === 'property') {
    const { holder, attribute, name } = step
    const place =
      attribute === undefined
        ? { scope: holder.scope, owner: holder.name }
        : { scope: `${holder.scope}Attribute` as const, owner: holder.name, member: attribute }
    if (values === undefined) store.properties.delete(place, name)
    else store.properties.putAll(place, values)
    return
  }
  const { name, before, after } = step
  if (after === undefined) {
    store.devices.delete({ name })
    for (const scope of ['device', 'deviceAttribute', 'devicePipe'] as const) store.properties.drop(scope, name)
    store.attributeAliases.deleteDevice(name)
  } else if (moved(before, after)) store.devices.define({ ...after, name })
  else store.devices.setAlias(name, after.alias)
}

function moved(before: DefinedDevice | undefined, after: DefinedDevice): boolean {
  return (
    before === undefined ||
    before.server.toLowerCase() !== after.server.toLowerCase() ||
    before.class.toLowerCase() !== after.class.toLowerCase()
  )
}

/** A database behind its device, native or ours. A step that fails is followed by the undoing of those before it. */
export function liveDatabase(client: DatabaseClient): DatabaseView {
  const device = async (name: string): Promise<DefinedDevice | undefined> => {
    try {
      const { server, class: className } = await client.importDevice(name)
      return { name, server, class: className, alias: await client.deviceAlias(name) }
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
  return {
    servers: async (pattern = '*') => client.serverList(pattern),
    devicesOf: async (server) => {
      const devices = await client.serverDevices(server)
      return each(devices, async ({ name, class: className }) => {
        return { name, server, class: className, alias: await client.deviceAlias(name) }
      })
    },
    devicesOfClass: async (className) => client.deviceList('*', className),
    device,
    deviceOfAlias: async (alias) => {
      try {
        return await client.deviceOfAlias(alias)
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    startup: async (server) => {
      const { controlled, host, level } = await client.serverInfo(server)
      return controlled ? { host, level } : undefined
    },
    properties: async ({ scope, name }) => {
      const names = await (scope === 'device' ? client.devicePropertyList(name) : client.classPropertyList(name))
      if (names.length === 0) return new Map()
      return scope === 'device' ? client.getDeviceProperty(name, names) : client.getClassProperty(name, names)
    },
    attributeProperties: async ({ scope, name }) => {
      const names = await (scope === 'device' ? client.deviceAttributeList(name) : client.classAttributeList(name))
      if (names.length === 0) return new Map()
      return scope === 'device'
        ? client.getDeviceAttributeProperty(name, names)
        : client.getClassAttributeProperty(name, names)
    },
    objects: async (pattern) => client.objects(pattern),
    objectProperties: async (object) => {
      const names = await client.propertyList(object)
      return names.length === 0 ? new Map() : client.getProperty(object, names)
    },
    apply: async (steps) => applyLive(client, steps),
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof DevFailed && (error.has('DB_DeviceNotDefined') || error.has('DB_AliasNotDefined'))
}

async function applyLive(client: DatabaseClient, steps: readonly DatabaseStep[]): Promise<void> {
  const done: DatabaseStep[] = []
  try {
    for (const batch of batches(steps)) {
      // noted first: a batch that broke half-way is undone too
      done.push(...batch.steps)
      await liveBatch(client, batch)
    }
  } catch (cause) {
    const left = await takeBack(client, done.reverse())
    const what = cause instanceof Error ? cause.message : String(cause)
    const state =
      left.length === 0 ? 'nothing has changed' : `these changes could not be taken back: ${left.join(', ')}`
    throw devFailed('Exchange_Failed', `${what}; ${state}`, { cause })
  }
}

/** @returns what could not be taken back */
async function takeBack(client: DatabaseClient, steps: readonly DatabaseStep[]): Promise<readonly string[]> {
  const left: string[] = []
  for (const step of steps) {
    try {
      for (const batch of batches([inverse(step)])) await liveBatch(client, batch)
    } catch {
      // told in the error of the whole
      left.push(step.kind === 'device' ? step.name : `${step.holder.name}->${step.name}`)
    }
  }
  return left
}

/** The step back. */
export function inverse(step: DatabaseStep): DatabaseStep {
  if (step.kind === 'device') return { ...step, before: step.after, after: step.before }
  return { ...step, before: step.after, after: step.before }
}

async function liveBatch(client: DatabaseClient, { steps, values }: Batch): Promise<void> {
  const [step] = steps
  if (step === undefined) return
  if (step.kind === 'property') {
    await (values === undefined ? liveDelete(client, step) : livePut(client, step, Object.fromEntries(values)))
    return
  }
  const { name, before, after } = step
  if (after === undefined) await client.deleteDevice(name)
  else if (moved(before, after)) await client.addDevice({ ...after, name })
  else if (after.alias !== undefined) await client.putDeviceAlias(name, after.alias)
  else if (before?.alias !== undefined) await client.deleteDeviceAlias(before.alias)
}

async function livePut(
  client: DatabaseClient,
  { holder: { scope, name }, attribute }: PropertyStep,
  values: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  if (attribute === undefined) {
    await (scope === 'device' ? client.putDeviceProperty(name, values) : client.putClassProperty(name, values))
  } else if (scope === 'device') await client.putDeviceAttributeProperty(name, { [attribute]: values })
  else await client.putClassAttributeProperty(name, { [attribute]: values })
}

async function liveDelete(
  client: DatabaseClient,
  { holder: { scope, name: owner }, attribute, name }: PropertyStep,
): Promise<void> {
  if (attribute === undefined) {
    await (scope === 'device' ? client.deleteDeviceProperty(owner, [name]) : client.deleteClassProperty(owner, [name]))
  } else if (scope === 'device') await client.deleteDeviceAttributeProperty(owner, attribute, [name])
  else await client.deleteClassAttributeProperty(owner, attribute, [name])
}

/** Calls that may be under way at the same time: more would only wait in the database. */
const PARALLEL = 8

/** Results of `work`, in the order of the items. */
export async function each<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += PARALLEL) {
    results.push(...(await Promise.all(items.slice(at, at + PARALLEL).map(work))))
  }
  return results
}
