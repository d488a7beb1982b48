// Starts and stops single logical servers in a process that goes on serving the others.

import { type DeviceServer, type TangoProcess, toDevFailed } from '#tango'
import { loadClass } from './catalogue.ts'
import type { ChangeServerMessage, ServerChangedMessage } from './messages.ts'

/** Starts a logical server in a process. */
export async function startLogicalServer(tango: TangoProcess, name: string): Promise<DeviceServer> {
  const [server = '', instance = ''] = name.split('/')
  return await tango.startServer({ server, instance, classes: (className) => loadClass(className) })
}

/** Does what the launcher orders, and reports it. What is so already counts as done. Never rejects. */
export async function changeServer(tango: TangoProcess, order: ChangeServerMessage): Promise<ServerChangedMessage> {
  const answer = { kind: 'server-changed', server: order.server } as const
  const wanted = order.server.toLowerCase()
  const running = tango.servers.find(({ name }) => name.toLowerCase() === wanted)
  try {
    if (order.kind === 'stop-server') await running?.stop()
    else if (running === undefined) await startLogicalServer(tango, order.server)
    return answer
  } catch (error) {
    return { ...answer, errors: toDevFailed(error).errors }
  }
}
