// Admin devices follow from the devices of a server: a database defines them by itself, so that a file need not.

import { type DeviceContent, key } from './content.ts'

/** Leaves out the admin devices that {@link withAdminDevices} brings back exactly. */
export function withoutAdminDevices(devices: readonly DeviceContent[]): readonly DeviceContent[] {
  const needed = devices.filter((device) => !isAdmin(device))
  const implied = new Map(adminsOf(needed).map((device) => [key(device.name), device]))
  return devices.filter((device) => {
    const made = implied.get(key(device.name))
    const { name, server, class: deviceClass, alias } = device
    return (
      made === undefined ||
      made.name !== name ||
      made.server !== server ||
      made.class !== deviceClass ||
      alias !== undefined
    )
  })
}

/** Adds the admin device of every server that has none. */
export function withAdminDevices(devices: readonly DeviceContent[]): readonly DeviceContent[] {
  const known = new Set(devices.map(({ name }) => key(name)))
  return [...devices, ...adminsOf(devices).filter(({ name }) => !known.has(key(name)))]
}

/** Whether a database defines this device together with others. */
export function isAdmin({ name }: Pick<DeviceContent, 'name'>): boolean {
  return /^dserver\//i.test(name)
}

/** One for each server, spelled as in the first of its devices. */
function adminsOf(devices: readonly DeviceContent[]): readonly DeviceContent[] {
  const admins = new Map<string, DeviceContent>()
  for (const { server } of devices)
    if (/^[^/]+\/[^/]+$/.test(server) && !admins.has(key(server)))
      admins.set(key(server), { name: `dserver/${server}`, server, class: 'DServer', alias: undefined })
  return [...admins.values()]
}
