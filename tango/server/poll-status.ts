// The text of the admin command DevPollStatus for one polled object; clients parse it, so words and order are fixed.

import type { PolledObject } from './polling.ts'

/** Status of a polled object. @param now of the monotonic clock */
export function pollStatus(object: PolledObject, now: number): string {
  const attribute = object.kind === 'attribute'
  const { records } = object
  const lines = [
    `Polled ${object.kind} name = ${object.name}`,
    object.periodMs === 0 ? 'Polling externally triggered' : `Polling period (mS) = ${object.periodMs}`,
    `Polling ring buffer depth = ${object.depth}`,
  ]
  const last = records.at(-1)
  if (last === undefined) return [...lines, 'No data recorded yet'].join('\n')
  const what = attribute ? 'attribute reading' : 'command execution'
  lines.push(`Time needed for the last ${what} (mS) = ${last.neededMs.toFixed(3)}`)
  lines.push(`Data not updated since ${Math.round(now - last.at)} mS`)
  const deltas = records.slice(-5).map(({ at }, i, recent) => Math.round(at - (recent[i - 1]?.at ?? at)))
  if (deltas.length > 1) lines.push(`Delta between last records (in mS) = ${deltas.slice(1).reverse().join(', ')}`)
  if (last.errors.length > 0) {
    lines.push(`Last ${attribute ? 'attribute read' : 'command execution'} FAILED :`)
    for (const { reason, desc, origin } of last.errors)
      lines.push(`\tReason = ${reason}`, `\tDesc = ${desc}`, `\tOrigin = ${origin}`)
  }
  return lines.join('\n')
}
