// What proxies, database client and event subscriber need from the process they live in. An interface, so that these
// files do not import their maker.

import type { Clock } from '../clock.ts'
import type { LocalEvents } from '../events/local-events.ts'
import type { EventSubscriber } from '../events/subscriber.ts'
import type { Logger } from '../log.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import type { DeviceConnections } from './connections.ts'
import type { LockKeeper } from './lock-keeper.ts'

/** The client half of a process. */
export interface ClientHost {
  readonly client: OrbClient
  readonly clock: Clock
  readonly log: Logger
  /** `host:port` of the database, or several with commas. */
  readonly tangoHost: string | undefined
  /** Devices that this process has talked to. */
  readonly connections: DeviceConnections
  /** A process with devices of its own is trusted: access control is for users. */
  readonly servesDevices?: boolean
  /** Locks that this process holds. */
  readonly locks: LockKeeper
  readonly subscriber: EventSubscriber
  readonly localEvents: LocalEvents
}
