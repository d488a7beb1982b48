// Refuses requests in states of the device in which they make no sense (`states` of a spec; is_..._allowed of C++).

import { DevFailed } from '../errors/dev-failed.ts'
import type { DevState } from '../types/dev-state.ts'

/** Throws unless the device is in one of the states; all states are good when there is no list. */
export type StateCheck = (
  states: readonly DevState[] | undefined,
  reason: string,
  origin: string,
  desc: (state: DevState) => string,
) => void

/** A check that looks at the stored state, as native servers do: nothing is read for it. */
export function stateCheck(state: () => DevState): StateCheck {
  return (states, reason, origin, desc) => {
    if (states === undefined) return
    const now = state()
    if (!states.includes(now)) throw new DevFailed([{ reason, severity: 'ERR', desc: desc(now), origin }])
  }
}
