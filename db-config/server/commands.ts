// All commands of the Database device over one store.

import type { Store } from '../store/store.ts'
import { aliasCommands } from './aliases.ts'
import { cacheCommands } from './cache.ts'
import { deviceCommands } from './devices.ts'
import type { DatabaseFacts, DatabaseHandlers } from './handlers.ts'
import { memberPropertyCommands } from './member-properties.ts'
import { propertyCommands } from './properties.ts'
import { serverCommands } from './servers.ts'

/** One function per command; `resetTimingValues` belongs to the device. */
export function databaseCommands(store: Store, facts: DatabaseFacts): Omit<DatabaseHandlers, 'resetTimingValues'> {
  return {
    ...deviceCommands(store, facts),
    ...serverCommands(store, facts),
    ...propertyCommands(store),
    ...memberPropertyCommands(store),
    ...aliasCommands(store),
    ...cacheCommands(store),
  }
}
