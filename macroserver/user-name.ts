// Who runs this process.

import { userInfo } from 'node:os'

/** Name of the user; the environment's word where the system has no entry for it, as in some containers. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? 'unknown'
  }
}
