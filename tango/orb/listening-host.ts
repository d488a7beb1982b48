// Where a server listens unless it is told: as near as its clients allow, because Tango has no authentication.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** Address that only this machine reaches. */
export const LOOPBACK = '127.0.0.1'

/** Wait for the name of the database's host to be resolved. */
const RESOLVE_MS = 3000

/**
 * The address of this machine on the way to the database: loopback for a database on the loopback interface, and when
 * there is none or its host is not known.
 * @param tangoHost `host:port`, or several of them with commas between
 */
export async function hostTowards(tangoHost: string | undefined): Promise<string> {
  for (const entry of (tangoHost ?? '').split(',')) {
    const [, host, port] = /^\s*(?:tango:\/\/)?\[?([^\]\s]+?)\]?:(\d+)\s*$/.exec(entry) ?? []
    if (host === undefined || port === undefined) continue
    const address = await sourceAddress(host, Number(port))
    if (address !== undefined) return address
  }
  return LOOPBACK
}

/** Address from which a packet to `host` would leave; a datagram socket knows it without sending anything. */
async function sourceAddress(host: string, port: number): Promise<string | undefined> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  try {
    const connected = once(socket, 'connect', { signal: AbortSignal.timeout(RESOLVE_MS) })
    socket.connect(port, host)
    await connected
    return socket.address().address
  } catch {
    // unknown host or no way to it: contacting the database says so in its own words
    return undefined
  } finally {
    socket.close()
  }
}
