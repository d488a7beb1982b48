// Which hosts' Starter devices are to look at their servers again, because a start, a removal or a start-up record has
// changed what they show. The native database tells them likewise.

import { devFailed } from '#tango/pure'
import type { Store } from '../store/store.ts'
import { type DatabaseFacts, origin } from './handlers.ts'

/** Notes for the Starters of the hosts of a control system. */
export interface Starters {
  /**
   * Host of the admin device of a server, where it runs or has run last.
   * @throws DevFailed `DB_DeviceNotDefined`, unless the Starters are not to be told
   */
  hostOf(server: string): string | undefined
  tell(...hosts: readonly (string | undefined)[]): void
}

/** Host in a database of what has never run. */
const NOWHERE = 'nada'

/** Notes over a store. Whether they are wanted is read each time, so that no restart is needed. */
export function starters(store: Store, facts: DatabaseFacts): Starters {
  const wanted = (): boolean => {
    const [value] = store.properties.get({ scope: 'object', owner: 'Default' }, 'FireToStarter')
    return value?.toLowerCase() !== 'false'
  }
  return {
    hostOf(server) {
      if (!wanted()) return undefined
      const device = store.devices.get(`dserver/${server}`)
      if (device !== undefined) return device.host
      throw devFailed('DB_DeviceNotDefined', `No host found for device 'dserver/${server}'`, {
        origin: origin('db_get_device_host'),
      })
    },

    tell(...hosts) {
      const known = hosts.filter((host) => host !== undefined && host !== '' && host !== NOWHERE)
      const different = new Set(known.filter((host) => host !== undefined))
      if (different.size > 0 && wanted()) facts.updateStarters?.([...different])
    },
  }
}

/** Name of the Starter device of a host: its first label, in the domain that class `Starter` names. */
export function starterDevice(store: Store, host: string): string {
  const domains = store.properties.get({ scope: 'class', owner: 'Starter' }, 'Domain')
  const domain = domains.length === 1 && domains[0] !== undefined && domains[0] !== '' ? domains[0] : 'tango'
  return `${domain}/admin/${host.split('.')[0] ?? host}`
}
