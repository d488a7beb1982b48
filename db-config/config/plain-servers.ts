// Who starts a server: the launcher serves what belongs to the control system itself; servers that have nothing but plain
// devices may be programs of others.

import type { Store } from '../store/store.ts'
import type { Beamline } from './beamline.ts'
import { isOfBeamline } from './plain-devices.ts'
import { wishOf } from './wish.ts'

/** A server as whoever starts it sees it. */
export interface ServerContent {
  /** `executable/instance` */
  readonly name: string
  /** Classes of its devices. */
  readonly classes: readonly string[]
  /** Whether a Starter may start and stop it. */
  readonly controlled: boolean
}

/** Servers of a beamline file, in its order. */
export function serversOfBeamline(beamline: Beamline): readonly ServerContent[] {
  const devices = wishOf(beamline, { idOf: () => 0, boxes: {}, dataFolder: undefined })
  return beamline.servers.map((name) => {
    const key = name.toLowerCase()
    const own = devices.filter(({ server }) => server.toLowerCase() === key)
    const record = beamline.startup.find(({ server }) => server.toLowerCase() === key)
    return { name, classes: classesOf(own), controlled: record?.controlled === true }
  })
}

/** Servers as a database has them. */
export function serversOfStore(store: Store, names: readonly string[]): readonly ServerContent[] {
  return names.map((name) => {
    const rows = store.devices.list({ server: name }).filter((row) => row.class.toLowerCase() !== 'dserver')
    return { name, classes: classesOf(rows), controlled: (store.servers.get(name)?.mode ?? 0) !== 0 }
  })
}

/**
 * Whether the launcher serves a server. One with nothing but plain devices is left to a Starter if that may start it, and
 * to people if a class is not known here.
 * @param serves whether this installation has a class
 */
export function isLaunched({ classes, controlled }: ServerContent, serves: (className: string) => boolean): boolean {
  return classes.some(isOfBeamline) || (!controlled && classes.every(serves))
}

function classesOf(devices: readonly { readonly class: string }[]): readonly string[] {
  return [...new Set(devices.map((device) => device.class))]
}
