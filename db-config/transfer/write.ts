// Carries out the steps of a transfer on a live database, ours or a native one, with its standard commands.

import type { DatabaseClient, DeviceProxy } from '#tango'
import { devFailed } from '#tango/pure'
import type { TransferStep } from './compare.ts'
import { type PropertyContent, sorted } from './content.ts'

/** Calls under way at a time: a native database works on several. */
const PARALLEL = 4

/** Values of one call. */
const VALUES_PER_CALL = 2000

/** What is needed beside the database. */
export interface TransferTarget {
  readonly database: DatabaseClient
  /** The access control service of the database, for its rules; undefined when there is none. */
  readonly accessControl: DeviceProxy | undefined
}

type Kind = TransferStep['kind']
type StepOf<K extends Kind> = Extract<TransferStep, { readonly kind: K }>

/** Steps that may go side by side, in the order of execution. */
const STAGES: readonly (readonly Kind[])[] = [
  ['remove device alias', 'remove attribute alias'],
  ['remove property', 'remove server'],
  ['remove device'],
  ['define device'],
  ['device alias'],
  ['server', 'property', 'attribute alias', 'rule'],
  // last, so that nobody is locked out between
  ['remove rule'],
]

/**
 * Executes the steps. A transfer that broke off may simply be made again: it goes on where it ended.
 * @throws DevFailed of the first call that fails; `Transfer_Incomplete` for rules without a service that takes them
 */
export async function writeSteps(target: TransferTarget, steps: readonly TransferStep[]): Promise<void> {
  if (target.accessControl === undefined && steps.some(({ kind }) => kind === 'rule' || kind === 'remove rule'))
    throw devFailed(
      'Transfer_Incomplete',
      'the file has rules of access control, but no device sys/access_control/1 runs in the control system: ' +
        'start TangoAccessControl/1, or leave the rules out',
    )
  for (const stage of STAGES) {
    const due = steps.filter(({ kind }) => stage.includes(kind))
    // a native database that defines two devices of a server at a time may make two admin devices
    await allOf(calls(target, due), stage.includes('define device') ? 1 : PARALLEL)
  }
}

/** Calls for the steps of a stage; properties of one owner go together. */
function* calls(target: TransferTarget, steps: readonly TransferStep[]): Generator<() => Promise<unknown>> {
  const { database, accessControl } = target
  for (const step of steps)
    if (step.kind !== 'property' && step.kind !== 'remove property') yield () => single(database, accessControl, step)
  for (const group of groups(steps)) yield () => putProperties(database, group)
  for (const step of steps) if (step.kind === 'remove property') yield () => removeProperty(database, step.property)
}

async function single(
  database: DatabaseClient,
  accessControl: DeviceProxy | undefined,
  step: Exclude<TransferStep, StepOf<'property' | 'remove property'>>,
): Promise<void> {
  switch (step.kind) {
    case 'remove device alias':
      return database.deleteDeviceAlias(step.alias)
    case 'remove attribute alias':
      return database.deleteAttributeAlias(step.alias)
    case 'remove device':
      return database.deleteDevice(step.device.name)
    case 'remove server':
      return database.deleteServerInfo(step.server.name)
    case 'define device':
      return database.addDevice({ ...step.device, alias: undefined })
    case 'device alias':
      return database.putDeviceAlias(step.device, step.alias)
    case 'server': {
      const { name, host, mode, level } = step.server
      return database.putServerInfo({ name, host, level, mode, controlled: mode === 1 })
    }
    case 'attribute alias':
      return database.putAttributeAlias(step.attribute, step.alias)
    case 'rule':
    case 'remove rule': {
      const { user, address, device = '', rights = '' } = step.rule
      const verb = step.kind === 'rule' ? 'Add' : 'Remove'
      const words = address === undefined ? [user, device, rights] : [user, address]
      await accessControl?.command(`${verb}${address === undefined ? 'Device' : 'Address'}ForUser`, words)
    }
  }
}

/** New values of one owner: what fits into one call. */
type Group = readonly PropertyContent[]

function* groups(steps: readonly TransferStep[]): Generator<Group> {
  const due = steps.flatMap((step) => (step.kind === 'property' ? [step.property] : []))
  const byOwner = sorted(due, ({ scope, owner }) => `${scope}\0${owner}`)
  let group: PropertyContent[] = []
  let values = 0
  for (const property of byOwner) {
    const [first] = group
    const other = first !== undefined && (first.scope !== property.scope || first.owner !== property.owner)
    if (other || values + property.values.length > VALUES_PER_CALL) {
      if (group.length > 0) yield group
      group = []
      values = 0
    }
    group.push(property)
    values += property.values.length
  }
  if (group.length > 0) yield group
}

async function putProperties(database: DatabaseClient, group: Group): Promise<void> {
  const [first] = group
  if (first === undefined) return
  const { scope, owner } = first
  const plain = Object.fromEntries(group.map(({ name, values }) => [name, values]))
  switch (scope) {
    case 'object':
      return database.putProperty(owner, plain)
    case 'class':
      return database.putClassProperty(owner, plain)
    case 'device':
      return database.putDeviceProperty(owner, plain)
    case 'classAttribute':
      return database.putClassAttributeProperty(owner, byMember(group))
    case 'deviceAttribute':
      return database.putDeviceAttributeProperty(owner, byMember(group))
    case 'classPipe':
      return database.putClassPipeProperty(owner, byMember(group))
    case 'devicePipe':
      return database.putDevicePipeProperty(owner, byMember(group))
  }
}

function byMember(group: Group): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> {
  const members = new Map<string, [string, readonly string[]][]>()
  for (const { member = '', name, values } of group)
    members.set(member, [...(members.get(member) ?? []), [name, values]])
  return Object.fromEntries([...members].map(([member, properties]) => [member, Object.fromEntries(properties)]))
}

async function removeProperty(
  database: DatabaseClient,
  { scope, owner, member = '', name }: PropertyContent,
): Promise<void> {
  switch (scope) {
    case 'object':
      return database.deleteProperty(owner, [name])
    case 'class':
      return database.deleteClassProperty(owner, [name])
    case 'device':
      return database.deleteDeviceProperty(owner, [name])
    case 'classAttribute':
      return database.deleteClassAttributeProperty(owner, member, [name])
    case 'deviceAttribute':
      return database.deleteDeviceAttributeProperty(owner, member, [name])
    case 'classPipe':
      return database.deleteClassPipeProperty(owner, member, [name])
    case 'devicePipe':
      return database.deleteDevicePipeProperty(owner, member, [name])
  }
}

/** Makes all calls, several at a time; after a failure no more are begun. */
async function allOf(due: Iterable<() => Promise<unknown>>, parallel: number): Promise<void> {
  const queue = due[Symbol.iterator]()
  let failed = false
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true && !failed; next = queue.next()) {
      try {
        await next.value()
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const endings = await Promise.allSettled(Array.from({ length: parallel }, worker))
  const failure = endings.find((ending) => ending.status === 'rejected')
  if (failure !== undefined) throw failure.reason
}
