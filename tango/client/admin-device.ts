// The admin device behind a device: found once, asked for polling, logging, locks and events.

import type { OrbClient } from '../orb/orb-client.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { DeviceConnection } from './reconnect.ts'

const TIMEOUT_MS = 3000

/** Name of the admin device behind a device, complete for its control system. */
export async function findAdmin(client: OrbClient, connection: DeviceConnection): Promise<string> {
  if (connection.adminName === undefined) {
    const options = { timeoutMs: TIMEOUT_MS }
    const name = await connection.run('always', (target) =>
      client.call(target.reference, OPERATIONS._get_adm_name, [], options),
    )
    connection.adminName = name
  }
  return connection.sibling(bareName(connection.adminName))
}

/** Device name without control system and modifier; some servers answer with them. */
export function bareName(name: string): string {
  return name.replace(/^tango:\/\/[^/]*\//i, '').replace(/#.*$/, '')
}
