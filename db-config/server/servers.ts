// Commands of the Database device about servers, hosts and the database itself.

import { devFailed } from '#tango/pure'
import type { Store } from '../store/store.ts'
import { isPattern } from '../store/wildcard.ts'
import { defineAdmin } from './devices.ts'
import {
  type DatabaseFacts,
  type DatabaseHandlers,
  deviceName,
  longStrings,
  needArguments,
  origin,
  wrongArguments,
} from './handlers.ts'

/** Handlers over a store. */
export function serverCommands(store: Store, facts: DatabaseFacts) {
  return {
    dbAddServer(list) {
      needArguments(list, 3, 'server, then device and class of each device', 'AddServer')
      if (list.length % 2 === 0) throw wrongArguments('the last device has no class', 'AddServer')
      const [server = '', ...rest] = list
      const devices = pairs(rest).map(([name, deviceClass]) => ({
        name: deviceName(name, 'AddServer'),
        server,
        class: deviceClass,
      }))
      store.transaction(() => {
        for (const device of devices) store.devices.define(device)
        defineAdmin(store, server, { replace: true })
      })
    },

    dbDeleteServer(server) {
      if (!isServerName(server)) {
        throw serverFailed(
          'DB_IncorrectServerName',
          `${server} is no server name (executable/instance)`,
          'delete_server',
        )
      }
      store.transaction(() => {
        if (store.devices.list({ server }).length === 0) {
          throw serverFailed('DB_IncorrectServerName', `Server ${server} not defined in database !`, 'delete_server')
        }
        store.devices.delete({ server })
        store.devices.delete({ name: `dserver/${server}` })
        store.servers.delete(server)
      })
    },

    dbRenameServer(list) {
      needArguments(list, 2, 'old name, new name', 'db_rename_server')
      const [from = '', to = ''] = list
      if (!isServerName(from) || !isServerName(to)) {
        const wrong = isServerName(from) ? to : from
        throw serverFailed('Db_WrongArgument', `${wrong} is no server name (executable/instance)`, 'rename_server')
      }
      store.transaction(() => {
        if (store.devices.get(`dserver/${to}`) !== undefined) {
          const desc = `Device server process name ${to} is already used`
          throw serverFailed('Db_WrongArgument', desc, 'rename_server')
        }
        if (store.devices.list({ server: from }).length === 0) {
          throw serverFailed('DB_IncorrectServerName', `Server ${from} not defined in database !`, 'rename_server')
        }
        store.devices.renameServer(from, to)
        store.servers.rename(from, to)
      })
    },

    dbGetServerList: (server) => store.devices.distinct('server', { server }),

    dbGetServerNameList(pattern) {
      const servers = store.devices.distinct('server', { server: `${pattern}/*` }).map((server) => half(server, 0))
      return unique(servers)
    },

    dbGetInstanceNameList(executable) {
      return store.devices.distinct('server', { server: `${executable}/*` }).map((server) => half(server, 1))
    },

    dbGetHostList: (host) => store.devices.distinct('host', { host }),
    dbGetHostServerList: (host) => serversOn(host),

    dbGetHostServersInfo(host) {
      return serversOn(host).flatMap((server) => {
        const row = store.servers.get(server)
        return row === undefined ? [server, ' ', ' '] : [server, String(row.mode), String(row.level)]
      })
    },

    dbGetServerInfo(server) {
      const row = store.servers.get(server)
      return row === undefined ? [server, ' ', ' ', ' '] : [server, row.host, String(row.mode), String(row.level)]
    },

    dbPutServerInfo(list) {
      needArguments(list, 4, 'server, host, mode, level', 'db_put_server_info')
      const [name = '', host = '', mode = '', level = ''] = list
      for (const number of [mode, level]) {
        if (!/^\s*-?\d+\s*$/.test(number)) throw wrongArguments(`'${number}' is no number`, 'db_put_server_info')
      }
      store.transaction(() => store.servers.put({ name, host, mode: Number(mode), level: Number(level) }))
    },

    dbDeleteServerInfo(server) {
      store.servers.delete(server)
    },

    dbGetCSDbServerList: () => [facts.address()],

    dbInfo() {
      const devices = store.devices.count()
      const lines = [
        `TANGO Database ${facts.name}`,
        ' ',
        `Running since ${facts.runningSince}`,
        ' ',
        `Devices defined  = ${devices.defined}`,
        `Devices exported  = ${devices.exported}`,
        `Device servers defined  = ${devices.servers}`,
        `Device servers exported  = ${devices.serversUp}`,
        ' ',
      ]
      const counted = [
        ['Device', 'device'],
        ['Class', 'class'],
        ['Device attribute', 'deviceAttribute'],
        ['Class attribute', 'classAttribute'],
        ['Object', 'object'],
      ] as const
      for (const [title, scope] of counted) {
        const { rows, history } = store.properties.count(scope)
        lines.push(`${title} properties defined  = ${rows} [History lgth = ${history}]`)
      }
      return lines
    },

    dbMySqlSelect(query) {
      const { columns, rows } = store.select(query)
      const cells = rows.flat()
      const flags = cells.map((cell) => (cell === undefined ? 0 : 1))
      return longStrings(
        [...flags, rows.length, columns],
        cells.map((cell) => cell ?? ''),
      )
    },

    dbExportEvent(list) {
      needArguments(list, 5, 'channel, IOR, host, pid, version', 'db_export_event')
      const [name = '', ior = '', host = '', pid = '', version = ''] = list
      store.transaction(() =>
        store.events.export(name.toLowerCase(), { ior, host, pid: Number.parseInt(pid, 10) || -1, version }),
      )
    },

    dbImportEvent(asked) {
      const event = store.events.get(asked)
      if (event === undefined) {
        const desc = `event ${asked} not defined in the database !`
        throw devFailed('DB_DeviceNotDefined', desc, { origin: origin('db_import_event') })
      }
      return longStrings(
        [Number(event.exported), event.pid],
        [asked.toLowerCase(), event.ior, event.version, event.host],
      )
    },

    dbUnExportEvent(name) {
      store.events.unexport(name)
    },
  } satisfies Partial<DatabaseHandlers>

  /** Servers of which the admin device is noted on a host; its name may be given without domain. */
  function serversOn(host: string): readonly string[] {
    const patterns = isPattern(host) ? [host] : [host, `${host}.*`]
    const found = patterns.flatMap((pattern) => store.devices.distinct('server', { host: pattern, name: 'dserver/*' }))
    return [...unique(found)].sort((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1))
  }
}

function isServerName(name: string): boolean {
  return /^[^/*]+\/[^/*]+$/.test(name)
}

function half(server: string, index: 0 | 1): string {
  return server.split('/')[index] ?? ''
}

/** Without repetitions, compared without regard to case; order kept. */
function unique(names: readonly string[]): readonly string[] {
  const seen = new Map<string, string>()
  for (const name of names) if (!seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name)
  return [...seen.values()]
}

function pairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: list.length / 2 }, (_, i) => [list[2 * i] ?? '', list[2 * i + 1] ?? ''] as const)
}

function serverFailed(reason: string, desc: string, command: string): Error {
  return devFailed(reason, desc, { origin: origin(`db_${command}`) })
}
