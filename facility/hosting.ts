// Which servers of a configuration are the launcher's, and which of them have a process of their own in every layout.

import type { ServerContent } from '#db-config'
import { launchedServers } from './launched-servers.ts'
import type { AppliedServer } from './messages.ts'

/** How the launcher serves each of some servers; those that are none of its own are in the list too. */
export async function hostingOf(contents: readonly ServerContent[]): Promise<readonly AppliedServer[]> {
  const ours = new Set(await launchedServers(contents))
  return contents.map(({ name, classes }) => {
    if (!ours.has(name)) return { name }
    return { name, wanted: classes.includes('Recorder') ? 'apart' : 'usual' }
  })
}
