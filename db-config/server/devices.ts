// Commands of the Database device about devices: definition, import and export, lists.

import { devFailed } from '#tango/pure'
import type { DeviceColumn, DeviceFilter, DeviceRow, Store } from '../store/store.ts'
import { isPattern } from '../store/wildcard.ts'
import {
  type DatabaseFacts,
  type DatabaseHandlers,
  deviceName,
  fitting,
  integer,
  longStrings,
  needArguments,
  needExactly,
  newDeviceName,
  origin,
} from './handlers.ts'
import { starters } from './starter.ts'

/** Handlers over a store. */
export function deviceCommands(store: Store, facts: DatabaseFacts) {
  const notes = starters(store, facts)
  return {
    dbAddDevice(list) {
      needArguments(list, 3, 'server, device, class', 'AddDevice')
      const [server = '', asked = '', deviceClass = '', alias] = list
      const name = newDeviceName(asked, 'AddDevice')
      fitting('db_add_device', [server, deviceClass, alias ?? ''])
      store.transaction(() => {
        store.devices.define({ name, server, class: deviceClass, alias })
        defineAdmin(store, server, { replace: false })
      })
    },

    dbDeleteDevice(asked) {
      const name = deviceName(asked, 'db_delete_device')
      store.transaction(() => deleteDevice(store, name))
    },

    dbImportDevice(asked) {
      const name = asked.toLowerCase()
      const device = find(store, name)
      if (device === undefined) throw undefinedDevice(name, 'ImportDevice')
      // the name as asked: a client that asked by alias gets the alias
      const texts = [name, device.ior, device.version, device.server, device.host, device.class]
      return longStrings([Number(device.exported), device.pid ?? 0], texts)
    },

    dbExportDevice(list) {
      needArguments(list, 5, 'device, IOR, host, pid, version', 'DbExportDevice')
      const [asked = '', ior = '', host = '', pid = '', version = ''] = list
      const name = asked.toLowerCase()
      const starts = /^dserver\/(?!starter\/)(.+)$/.exec(name)?.[1]
      const previous = starts === undefined || isOwn(name) ? undefined : notes.hostOf(starts)
      const device = store.devices.get(name)
      if (device === undefined) throw undefinedDevice(name, 'ExportDevice')
      const number = pid === 'null' ? -1 : integer(pid, 'the pid', 'db_export_device')
      // nothing is read in it, so that it is one message to a database elsewhere
      store.transaction(() => {
        store.devices.export(name, { ior, host, pid: number, version })
        store.servers.setHost(device.server, host)
      })
      if (previous !== undefined) notes.tell(host, previous)
    },

    dbUnExportDevice(name) {
      store.devices.unexport({ name })
    },

    dbUnExportServer(server) {
      store.devices.unexport({ server })
    },

    dbGetDeviceInfo(asked) {
      const name = asked.toLowerCase()
      const device = find(store, name)
      if (device === undefined) throw undefinedDevice(name, 'GetDeviceInfo')
      return longStrings(
        [Number(device.exported), device.pid ?? -1],
        [
          name,
          device.ior,
          device.version,
          device.server,
          device.host,
          spokenDate(device.started),
          spokenDate(device.stopped),
          device.class,
        ],
      )
    },

    dbGetDeviceList(list) {
      needExactly(list, 2, 'server, class', 'GetDeviceList')
      const [server = '*', deviceClass = '*'] = list
      return names(store, { server, class: deviceClass })
    },

    dbGetDeviceWideList: (name) => names(store, { name }),
    dbGetDeviceExportedList: (nameOrAlias) => names(store, { nameOrAlias, exported: true }),
    dbGetExportdDeviceListForClass: (deviceClass) => names(store, { class: deviceClass, exported: true }),
    dbGetDeviceDomainList: fields('domain'),
    dbGetDeviceFamilyList: fields('family'),
    dbGetDeviceMemberList: fields('member'),
    // the argument is a server, never a pattern
    dbGetDeviceClassList: (server) =>
      isPattern(server) ? [] : store.devices.list({ server }).flatMap((device) => [device.name, device.class]),
    dbGetDeviceServerClassList: (server) => store.devices.distinct('class', { server }),
    dbGetClassList: (deviceClass) => store.devices.distinct('class', { class: deviceClass }),

    dbGetClassForDevice: (name) => classOf(store, name),

    dbGetClassInheritanceForDevice(name) {
      const owner = classOf(store, name)
      return [owner, ...store.properties.get({ scope: 'class', owner }, 'InheritedFrom')]
    },
  } satisfies Partial<DatabaseHandlers>

  function isOwn(admin: string): boolean {
    return admin === `dserver/${store.devices.get(facts.name)?.server ?? ''}`.toLowerCase()
  }

  function fields(column: DeviceColumn): (pattern: string) => readonly string[] {
    return (nameOrAlias) => store.devices.distinct(column, { nameOrAlias })
  }
}

/** Defines the admin device of a server, unless it exists and need not be replaced or the name is no server's. */
export function defineAdmin(store: Store, server: string, { replace }: { readonly replace: boolean }): void {
  const name = `dserver/${server}`
  if (!/^[^/]+\/[^/]+$/.test(server)) return
  if (replace || store.devices.get(name) === undefined) store.devices.define({ name, server, class: 'DServer' })
}

/** Removes a device with all that hangs on it. */
export function deleteDevice(store: Store, name: string): void {
  store.devices.delete({ name })
  for (const scope of ['device', 'deviceAttribute', 'devicePipe'] as const) store.properties.drop(scope, name)
  store.attributeAliases.deleteDevice(name)
}

/** A device by its name, else by its alias. */
function find(store: Store, name: string): DeviceRow | undefined {
  return store.devices.get(name) ?? (name === '' ? undefined : store.devices.byAlias(name))
}

function names(store: Store, filter: DeviceFilter): readonly string[] {
  return store.devices.distinct('name', filter)
}

function classOf(store: Store, name: string): string {
  const device: DeviceRow | undefined = store.devices.get(name)
  if (device !== undefined) return device.class
  throw devFailed('DB_IncorrectArguments', `Class not found for ${name}`, {
    origin: origin('db_get_class_for_device'),
  })
}

function undefinedDevice(name: string, command: string): Error {
  const desc = `device ${name} not defined in the database !`
  return devFailed('DB_DeviceNotDefined', desc, { origin: origin(command) })
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

/** `2026-11-20 08:20:51` as clients show it: `20th November 2026 at 08:20:51`; `?` when never. */
function spokenDate(date: string | undefined): string {
  const match = /^(\d+)-(\d+)-(\d+) (.*)$/.exec(date ?? '')
  if (match === null) return '?'
  const [, year, month, day, time] = match
  const number = Number(day)
  const tens = Math.floor(number / 10) === 1
  const suffix = tens ? 'th' : (['th', 'st', 'nd', 'rd'][number % 10] ?? 'th')
  return `${number}${suffix} ${MONTHS[Number(month) - 1]} ${year} at ${time}`
}
