// What a motion's or acquisition's reply means, and how stop and abort reach the elements that take part.

import { type DevFailed, type DoubleStringArray, devFailed } from '#tango/pure'
import type { ElementReference } from '../macro.ts'
import type { ScanControl, ScanSystem } from './scan-system.ts'

/** The signals of a {@link ScanControl}. */
export type EndSignals = Pick<ScanControl, 'stop' | 'abort'>

/** `Scan_Aborted` or `Scan_Stopped` when that was asked for. */
export function endOf({ stop, abort }: EndSignals): DevFailed | undefined {
  if (abort.aborted) return devFailed('Scan_Aborted', 'aborted')
  if (stop.aborted) return devFailed('Scan_Stopped', 'stopped')
  return undefined
}

/** @throws DevFailed `Scan_Stopped`, `Scan_Aborted` */
export function throwIfEnded(signals: EndSignals): void {
  if (signals.abort.aborted || signals.stop.aborted) throw endOf(signals)
}

/** Passes stop and abort on to the elements, once each; the calls that wait for them report what happened. */
export function linkStops(
  system: Pick<ScanSystem, 'stop' | 'abort'>,
  signals: EndSignals,
  involved: readonly ElementReference[],
): () => void {
  const onStop = () => void system.stop(involved).catch(() => undefined)
  const onAbort = () => void system.abort(involved).catch(() => undefined)
  signals.stop.addEventListener('abort', onStop, { once: true })
  signals.abort.addEventListener('abort', onAbort, { once: true })
  return () => {
    signals.stop.removeEventListener('abort', onStop)
    signals.abort.removeEventListener('abort', onAbort)
  }
}

/** @throws DevFailed `Motion_Failed` naming the first moveable that did not get there */
export function refuseIncompleteMotion(
  moveables: readonly ElementReference[],
  targets: readonly number[],
  moved: DoubleStringArray,
): void {
  for (let i = 0; i < moveables.length; i++) {
    const reason = moved.svalue[i] ?? 'fault: no answer'
    if (reason === 'normal') continue
    throw devFailed(
      'Motion_Failed',
      `${moveables[i]?.name}: the motion to ${targets[i]} ended at ${moved.dvalue[i]} (${reason})`,
    )
  }
}

/** @throws DevFailed `Controller_DriverFailed` naming the first channel that failed */
export function refuseFailedChannels(labels: readonly string[], acquired: DoubleStringArray): void {
  for (let i = 0; i < acquired.svalue.length; i++) {
    const text = acquired.svalue[i] ?? ''
    if (text.startsWith('error:')) throw devFailed('Controller_DriverFailed', `${labels[i]}: ${text.slice(6).trim()}`)
  }
}
