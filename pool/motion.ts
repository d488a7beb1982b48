// One motion of several axes: split by controller, start together, wait for the end, stop all when one fails.
// Completion is the reply of the controllers' AwaitMany; events are for those who watch.

import type { controller } from '#interfaces/controller'
import { type DeviceProxy, type DoubleStringArray, devFailed } from '#tango'
import type { Element } from './elements.ts'

/** Opens (and caches) the proxy of a controller device. */
export type ControllerProxies = (device: string) => DeviceProxy<typeof controller>

/** The axes of a motion, in the order of the caller, grouped by controller. */
export interface MotionPlan {
  readonly elements: readonly Element[]
  readonly parts: readonly MotionPart[]
}

interface MotionPart {
  readonly proxy: DeviceProxy<typeof controller>
  readonly device: string
  readonly axes: Float64Array
  /** Position of each axis in the caller's list. */
  readonly index: readonly number[]
}

/** Added to the expected duration before a motion counts as lost, ms. */
const MARGIN_MS = 10_000

/** Groups moveables by controller; made once and used for many motions. */
export function planMotion(elements: readonly Element[], proxies: ControllerProxies): MotionPlan {
  const parts = new Map<string, { axes: number[]; index: number[] }>()
  const seen = new Set<string>()
  for (const [i, element] of elements.entries()) {
    if (element.type !== 'Motor' || element.controller === undefined || element.axis === undefined)
      throw devFailed('Element_Unknown', `'${element.name}' is a ${element.type}, not a moveable`)
    if (seen.has(element.device)) throw devFailed('API_InvalidArgs', `'${element.name}' stands twice in one motion`)
    seen.add(element.device)
    const part = parts.get(element.controller) ?? { axes: [], index: [] }
    part.axes.push(element.axis)
    part.index.push(i)
    parts.set(element.controller, part)
  }
  return {
    elements,
    parts: [...parts].map(([device, part]) => ({
      proxy: proxies(device),
      device,
      axes: Float64Array.from(part.axes),
      index: part.index,
    })),
  }
}

/**
 * Moves to `targets` (user positions in the order of the plan) and resolves when every axis has ended.
 * @param signal stops all axes when it aborts; the result then says `stopped`
 * @param started called once every axis has started
 * @returns final positions, and for each axis `normal`, `stopped`, `aborted`, `limit` or `fault: text`
 * @throws DevFailed before anything moves when a target is refused; after stopping all when a controller fails on the way
 */
export async function move(
  plan: MotionPlan,
  targets: ArrayLike<number>,
  signal?: AbortSignal,
  started?: () => void,
): Promise<DoubleStringArray> {
  if (targets.length !== plan.elements.length)
    throw devFailed('API_InvalidArgs', `${targets.length} targets for ${plan.elements.length} moveables`)
  if (plan.parts.length > 1) await check(plan, targets)
  const stopAll = () => void stop(plan).catch(() => undefined) // seen by the waiting calls below
  signal?.addEventListener('abort', stopAll, { once: true })
  try {
    const [only] = plan.parts
    if (plan.parts.length === 1 && only !== undefined) {
      const ends = await only.proxy.command('startMany', pairs(only, targets))
      started?.()
      return reorder(plan, [await awaitPart(only, ends)])
    }
    const ends = await startAll(plan, targets)
    started?.()
    const results = await Promise.allSettled(
      plan.parts.map(async (part, i) => {
        try {
          const result = await awaitPart(part, ends[i] ?? new Float64Array())
          if (result.svalue.some((reason) => reason !== 'normal')) stopAll() // together, or not at all
          return result
        } catch (error) {
          stopAll()
          throw error
        }
      }),
    )
    return reorder(plan, results.map(valueOrThrow))
  } finally {
    signal?.removeEventListener('abort', stopAll)
  }
}

/** Refuses targets beyond limits; `targets` holds one or more rounds of the plan's axes. Moves nothing. */
export async function check(plan: MotionPlan, targets: ArrayLike<number>): Promise<void> {
  const width = plan.elements.length
  if (width === 0 || targets.length % width !== 0)
    throw devFailed('API_InvalidArgs', `${targets.length} targets for ${width} moveables`)
  const rounds = targets.length / width
  await Promise.all(
    plan.parts.map(async (part) => {
      const argument = new Float64Array(rounds * part.axes.length * 2)
      let at = 0
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < part.axes.length; i++) {
          argument[at++] = part.axes[i] ?? 0
          argument[at++] = targets[round * width + (part.index[i] ?? 0)] ?? Number.NaN
        }
      }
      await part.proxy.command('checkMany', argument)
    }),
  )
}

/** User positions in the order of the plan. */
export async function positions(plan: MotionPlan): Promise<Float64Array> {
  const found = await Promise.all(plan.parts.map((part) => part.proxy.command('positionMany', part.axes)))
  const result = new Float64Array(plan.elements.length)
  for (const [p, part] of plan.parts.entries()) {
    for (const [i, at] of part.index.entries()) result[at] = found[p]?.[i] ?? Number.NaN
  }
  return result
}

/** States in the order of the plan. */
export async function states(plan: MotionPlan): Promise<string[]> {
  const found = await Promise.all(plan.parts.map((part) => part.proxy.command('stateMany', part.axes)))
  const result = new Array<string>(plan.elements.length).fill('UNKNOWN')
  for (const [p, part] of plan.parts.entries()) {
    for (const [i, at] of part.index.entries()) result[at] = found[p]?.[i] ?? 'UNKNOWN'
  }
  return result
}

/** Stops every axis of the plan; tries all, then throws the first failure. */
export async function stop(plan: MotionPlan): Promise<void> {
  await everyPart(plan, 'stopMany')
}

/** Ends every motion of the plan at once. */
export async function abort(plan: MotionPlan): Promise<void> {
  await everyPart(plan, 'abortMany')
}

async function everyPart(plan: MotionPlan, command: 'stopMany' | 'abortMany'): Promise<void> {
  const results = await Promise.allSettled(plan.parts.map((part) => part.proxy.command(command, part.axes)))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function startAll(plan: MotionPlan, targets: ArrayLike<number>): Promise<Float64Array[]> {
  const started = await Promise.allSettled(
    plan.parts.map((part) => part.proxy.command('startMany', pairs(part, targets))),
  )
  const failure = started.find((s) => s.status === 'rejected')
  if (failure !== undefined) {
    await stop(plan).catch(() => undefined) // the failure to start says more
    throw failure.reason
  }
  return started.map(valueOrThrow)
}

async function awaitPart(part: MotionPart, ends: Float64Array): Promise<DoubleStringArray> {
  let last = 0
  for (const end of ends) if (end > last) last = end
  const left = last > 0 ? Math.max(0, last * 1000 - Date.now()) : 0
  return await part.proxy.command('awaitMany', part.axes, { timeoutMs: 2 * left + MARGIN_MS })
}

function pairs(part: MotionPart, targets: ArrayLike<number>): Float64Array {
  const argument = new Float64Array(part.axes.length * 2)
  for (let i = 0; i < part.axes.length; i++) {
    argument[2 * i] = part.axes[i] ?? 0
    argument[2 * i + 1] = targets[part.index[i] ?? 0] ?? Number.NaN
  }
  return argument
}

function reorder(plan: MotionPlan, results: readonly DoubleStringArray[]): DoubleStringArray {
  const dvalue = new Float64Array(plan.elements.length)
  const svalue = new Array<string>(plan.elements.length).fill('')
  for (const [p, part] of plan.parts.entries()) {
    for (const [i, at] of part.index.entries()) {
      dvalue[at] = results[p]?.dvalue[i] ?? Number.NaN
      svalue[at] = results[p]?.svalue[i] ?? 'fault: no answer'
    }
  }
  return { dvalue, svalue }
}

function valueOrThrow<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason
  return result.value
}
