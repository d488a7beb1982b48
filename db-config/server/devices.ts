// Commands of the Database device about devices: definition, import and export, lists.

import { devFailed } from '#tango/pure'
import type { DeviceColumn, DeviceFilter, DeviceRow, Store } from '../store/store.ts'
import { type DatabaseHandlers, deviceName, integer, longStrings, needArguments, origin } from './handlers.ts'

/** Handlers over a store. */
export function deviceCommands(store: Store) {
  return {
    dbAddDevice(list) {
      needArguments(list, 3, 'server, device, class', 'AddDevice')
      const [server = '', asked = '', deviceClass = '', alias] = list
      const name = deviceName(asked, 'AddDevice')
      store.transaction(() => {
        store.devices.define({ name, server, class: deviceClass, alias })
        defineAdmin(store, server, { replace: false })
      })
    },

    dbDeleteDevice(asked) {
      const name = deviceName(asked, 'db_delete_device')
      store.transaction(() => {
        store.devices.delete({ name })
        for (const scope of ['device', 'deviceAttribute', 'devicePipe'] as const) store.properties.drop(scope, name)
        store.attributeAliases.deleteDevice(name)
      })
    },

    dbImportDevice(asked) {
      const name = asked.toLowerCase()
      const device = store.devices.get(name) ?? store.devices.byAlias(name)
      if (device === undefined) throw undefinedDevice(name, 'ImportDevice')
      // the name as asked: a client that asked by alias gets the alias
      const texts = [name, device.ior, device.version, device.server, device.host, device.class]
      return longStrings([Number(device.exported), device.pid ?? 0], texts)
    },

    dbExportDevice(list) {
      needArguments(list, 5, 'device, IOR, host, pid, version', 'DbExportDevice')
      const [asked = '', ior = '', host = '', pid = '', version = ''] = list
      const name = asked.toLowerCase()
      store.transaction(() => {
        const device = store.devices.get(name)
        if (device === undefined) throw undefinedDevice(name, 'ExportDevice')
        store.devices.export(name, { ior, host, pid: pid === 'null' ? -1 : integer(pid), version })
        store.servers.setHost(device.server, host)
      })
    },

    dbUnExportDevice(name) {
      store.devices.unexport({ name })
    },

    dbUnExportServer(server) {
      store.devices.unexport({ server })
    },

    dbGetDeviceInfo(asked) {
      const device = store.devices.get(asked)
      if (device === undefined) throw undefinedDevice(asked, 'GetDeviceInfo')
      const numbers = device.pid === undefined ? [] : [device.pid]
      return longStrings(
        [Number(device.exported), ...numbers],
        [
          device.name,
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
      needArguments(list, 2, 'server, class', 'DbGetDeviceList')
      const [server = '*', deviceClass = '*'] = list
      return names(store, { server, class: deviceClass })
    },

    dbGetDeviceWideList: (name) => names(store, { name }),
    dbGetDeviceExportedList: (nameOrAlias) => names(store, { nameOrAlias, exported: true }),
    dbGetExportdDeviceListForClass: (deviceClass) => names(store, { class: deviceClass, exported: true }),
    dbGetDeviceDomainList: fields('domain'),
    dbGetDeviceFamilyList: fields('family'),
    dbGetDeviceMemberList: fields('member'),
    dbGetDeviceClassList: (server) => store.devices.list({ server }).flatMap((device) => [device.name, device.class]),
    dbGetDeviceServerClassList: (server) => store.devices.distinct('class', { server }),
    dbGetClassList: (deviceClass) => store.devices.distinct('class', { class: deviceClass }),

    dbGetClassForDevice: (name) => classOf(store, name),

    dbGetClassInheritanceForDevice(name) {
      const owner = classOf(store, name)
      return [owner, ...store.properties.get({ scope: 'class', owner }, 'InheritedFrom')]
    },
  } satisfies Partial<DatabaseHandlers>

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
