// A port to listen on: the wanted one if it can be had, or any free one.

import { createServer } from 'node:net'
import { devFailed } from '#tango/pure'

/**
 * Checks that a port can be had on loopback; 0 finds a free one.
 * @throws DevFailed `API_CantConnectToDatabase` when it is in use
 */
export async function freePort(wanted: number): Promise<number> {
  return await new Promise<number>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? devFailed(
              'API_CantConnectToDatabase',
              `port ${wanted} is in use; stop what uses it or choose another with --port`,
            )
          : devFailed('API_CantConnectToDatabase', `port ${wanted} cannot be used: ${error.message}`),
      ),
    )
    probe.listen(wanted, '127.0.0.1', () => {
      const address = probe.address()
      const port = typeof address === 'object' && address !== null ? address.port : wanted
      probe.close(() => resolve(port))
    })
  })
}
