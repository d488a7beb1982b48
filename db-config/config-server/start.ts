// Starts the configuration device beside the database, without costing the start of a facility what only its use needs.

import type { DeviceServer, TangoProcess } from '#tango'
import { BEAMLINE_OBJECT } from '../config/memory.ts'
import { type ServerContent, serversOfStore } from '../config/plain-servers.ts'
import type { Store } from '../store/store.ts'
import type { ConfigurationServices } from './beamline-configuration.ts'

/** Starts `BeamlineConfiguration/1` in the process of the database. */
export async function startConfiguration(
  process: TangoProcess,
  store: Store,
  services: ConfigurationServices,
): Promise<DeviceServer> {
  const { configurationServer } = await import('./beamline-configuration.ts')
  return await configurationServer(process, store, services)
}

/** Servers of the beamline that was applied last, in the order in which its devices need one another. */
export function appliedServers(store: Store): readonly ServerContent[] {
  const devices = store.properties.get({ scope: 'object', owner: BEAMLINE_OBJECT }, 'devices')
  const names = new Set(devices.flatMap((name) => store.devices.get(name)?.server ?? []))
  return serversOfStore(store, [...names])
}
