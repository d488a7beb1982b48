// One acquisition of the channels of a group: prepared once, then one call per controller and point; values come back with the reply.

import type { controller } from '#interfaces/controller'
import { type DeviceProxy, type DoubleStringArray, devFailed } from '#tango'
import type { Element } from './elements.ts'
import type { ControllerProxies } from './motion.ts'

/** Channels of an acquisition in display order, grouped by controller. */
export interface AcquisitionPlan {
  readonly channels: readonly Element[]
  readonly parts: readonly AcquisitionPart[]
}

interface AcquisitionPart {
  readonly proxy: DeviceProxy<typeof controller>
  readonly axes: Float64Array
  /** Position of each axis among the channels. */
  readonly index: readonly number[]
  /** Argument of AcquireMany; its first number is the index of the point. */
  readonly argument: Float64Array
}

/** Added to the integration time before an acquisition counts as lost, ms. */
const MARGIN_MS = 5_000

/** Groups channels by controller; made at Prepare. */
export function planAcquisition(channels: readonly Element[], proxies: ControllerProxies): AcquisitionPlan {
  const parts = new Map<string, { axes: number[]; index: number[] }>()
  for (const [i, channel] of channels.entries()) {
    if (channel.type !== 'CTExpChannel' || channel.controller === undefined || channel.axis === undefined)
      throw devFailed('Element_Unknown', `'${channel.name}' is a ${channel.type}, not a channel`)
    const part = parts.get(channel.controller) ?? { axes: [], index: [] }
    part.axes.push(channel.axis)
    part.index.push(i)
    parts.set(channel.controller, part)
  }
  return {
    channels,
    parts: [...parts].map(([device, part]) => ({
      proxy: proxies(device),
      axes: Float64Array.from(part.axes),
      index: part.index,
      argument: Float64Array.from([0, ...part.axes]),
    })),
  }
}

/** Prepares every controller for `starts` points of `integrationTime` seconds. */
export async function prepare(plan: AcquisitionPlan, integrationTime: number, starts: number): Promise<void> {
  await Promise.all(
    plan.parts.map((part) =>
      part.proxy.command('prepareMany', Float64Array.from([integrationTime, starts, ...part.axes])),
    ),
  )
}

/**
 * Acquires point `index` on all controllers together.
 * @returns dvalue: start, end (s since 1970), one value per channel; svalue: one text per channel, empty or `error: ...`
 */
export async function acquire(
  plan: AcquisitionPlan,
  index: number,
  integrationTime: number,
  signal?: AbortSignal,
): Promise<DoubleStringArray> {
  const options = { timeoutMs: integrationTime * 1000 + MARGIN_MS, ...(signal === undefined ? {} : { signal }) }
  const [only] = plan.parts
  if (plan.parts.length === 1 && only !== undefined) return reorder(plan, [await acquirePart(only, index, options)])
  return reorder(plan, await Promise.all(plan.parts.map((part) => acquirePart(part, index, options))))
}

/** Resolves when the last values have been sent to watchers of the channels too: controllers push them after their answers. */
export async function valuesPushed(plan: AcquisitionPlan): Promise<void> {
  // an answer from another process comes after what it pushed before, one from this process may come sooner
  await Promise.allSettled(plan.parts.map((part) => part.proxy.command('stateMany', part.axes)))
  await new Promise((resolve) => setImmediate(resolve))
}

/** Ends a running acquisition on every controller; values so far are delivered. */
export async function stopAcquisition(plan: AcquisitionPlan, how: 'stopMany' | 'abortMany'): Promise<void> {
  const results = await Promise.allSettled(plan.parts.map((part) => part.proxy.command(how, part.axes)))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

async function acquirePart(
  part: AcquisitionPart,
  index: number,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<DoubleStringArray> {
  part.argument[0] = index
  return await part.proxy.command('acquireMany', part.argument, options)
}

function reorder(plan: AcquisitionPlan, results: readonly DoubleStringArray[]): DoubleStringArray {
  const dvalue = new Float64Array(plan.channels.length + 2)
  const svalue = new Array<string>(plan.channels.length).fill('')
  let start = Number.POSITIVE_INFINITY
  let end = 0
  for (const [p, part] of plan.parts.entries()) {
    const result = results[p]
    if (result === undefined) continue
    start = Math.min(start, result.dvalue[0] ?? start)
    end = Math.max(end, result.dvalue[1] ?? end)
    for (const [i, at] of part.index.entries()) {
      dvalue[at + 2] = result.dvalue[i + 2] ?? Number.NaN
      svalue[at] = result.svalue[i] ?? ''
    }
  }
  dvalue[0] = start
  dvalue[1] = end
  return { dvalue, svalue }
}
