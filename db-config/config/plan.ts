// From changes of the database to what has to happen to running devices, in the order of dependence.

import type { DeviceRow, Store } from '../store/store.ts'
import type { Applied } from './apply.ts'

/**
 * What happens to a device: it comes, goes, is made anew, initialises itself again, or takes over changes without being
 * disturbed (`reload`, pools alone).
 */
export type StepAction = 'create' | 'remove' | 'restart' | 'init' | 'reload'

/** One step. */
export interface Step {
  readonly action: StepAction
  readonly device: string
  readonly class: string
  /** `executable/instance` */
  readonly server: string
}

/** Classes in the order of dependence: later ones use earlier ones. Others come with the first. */
const ORDER: readonly (readonly string[])[] = [
  ['ControllerHost'],
  ['Controller'],
  ['Motor', 'CTExpChannel'],
  ['Pool'],
  ['MotorGroup', 'MeasurementGroup'],
  ['Recorder'],
  ['MacroServer'],
  ['Door'],
]

/** Classes whose coming, going or changing the pools have to hear of. */
const ELEMENTS: readonly string[] = ['Controller', 'Motor', 'CTExpChannel', 'MotorGroup', 'MeasurementGroup']

/** Properties that a running pool takes over without being initialised. */
const RELOADED = /^(Controllers|InstrumentList)$/i

/** Steps that follow changes. The store must hold the changed state: call it in the transaction. */
export function stepsOf(store: Store, { changes, snapshot }: Applied): readonly Step[] {
  const steps: Step[] = []
  let poolsConcerned = false
  const touched = new Set(
    changes.filter(({ kind }) => kind === 'device' || kind === 'alias' || kind === 'property').map(({ of }) => of),
  )
  for (const name of touched) {
    const before = snapshot.rowOf(name)
    const after = store.devices.get(name)
    const row = after ?? before
    if (row === undefined || row.class.toLowerCase() === 'dserver') continue
    if (is(row, ELEMENTS)) poolsConcerned = true
    const stays = before !== undefined && after !== undefined && before.server === after.server
    if (stays) {
      const what = changes.filter(({ of }) => of === name).map((change) => change.what)
      steps.push(step(actionOf(after, what), after))
      continue
    }
    if (before !== undefined) steps.push(step('remove', before))
    if (after !== undefined) steps.push(step('create', after))
  }
  if (poolsConcerned) {
    for (const pool of store.devices.list({ class: 'Pool' })) {
      if (!steps.some(({ device }) => device === pool.name.toLowerCase())) steps.push(step('reload', pool))
    }
  }
  return inOrder(steps)
}

/** Steps that lead back, after the database was put back. */
export function inverse(steps: readonly Step[]): readonly Step[] {
  const actions: Readonly<Partial<Record<StepAction, StepAction>>> = { create: 'remove', remove: 'create' }
  return inOrder(steps.map((s) => ({ ...s, action: actions[s.action] ?? s.action })))
}

/** Lines for people. */
export function stepLine({ action, device, class: deviceClass, server }: Step): string {
  const verbs: Readonly<Record<StepAction, string>> = {
    create: 'created',
    remove: 'removed',
    restart: 'restarted',
    init: 'initialised again',
    reload: 'told of the changes',
  }
  return `${device} (${deviceClass} in ${server}) is ${verbs[action]}`
}

/** Users go before what they use, and come after it. */
function inOrder(steps: readonly Step[]): readonly Step[] {
  const going = steps.filter(({ action }) => action === 'remove').sort((a, b) => rank(b) - rank(a))
  const others = steps.filter(({ action }) => action !== 'remove').sort((a, b) => rank(a) - rank(b))
  return [...going, ...others]
}

function actionOf(row: DeviceRow, what: readonly string[]): StepAction {
  if (is(row, ['MacroServer'])) return 'init'
  if (!is(row, ['Pool'])) return 'restart'
  return what.every((text) => RELOADED.test(text.split('->')[1] ?? '')) ? 'reload' : 'init'
}

function step(action: StepAction, { name, class: deviceClass, server }: DeviceRow): Step {
  return { action, device: name.toLowerCase(), class: deviceClass, server }
}

function is({ class: deviceClass }: Pick<DeviceRow, 'class'>, classes: readonly string[]): boolean {
  return classes.some((name) => name.toLowerCase() === deviceClass.toLowerCase())
}

function rank(s: Step): number {
  return Math.max(
    0,
    ORDER.findIndex((classes) => is(s, classes)),
  )
}
