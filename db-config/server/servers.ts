// Commands of the Database device about servers, hosts and the database itself.

import { parseReference } from '#tango'
import { devFailed } from '#tango/pure'
import type { DeviceRow, Store } from '../store/store.ts'
import { defineAdmin, deleteDevice } from './devices.ts'
import {
  type DatabaseFacts,
  type DatabaseHandlers,
  fitting,
  integer,
  longStrings,
  needArguments,
  newDeviceName,
  origin,
  wrongArguments,
} from './handlers.ts'
import { selectCommand } from './select.ts'
import { starters } from './starter.ts'

/** Handlers over a store. */
export function serverCommands(store: Store, facts: DatabaseFacts) {
  const notes = starters(store, facts)
  return {
    dbAddServer(list) {
      needArguments(list, 3, 'server, then device and class of each device', 'AddServer')
      if (list.length % 2 === 0) throw wrongArguments('the last device has no class', 'AddServer')
      const [server = '', ...rest] = list
      const devices = pairs(rest).map(([name, deviceClass]) => ({
        name: newDeviceName(name, 'AddServer'),
        server,
        class: deviceClass,
      }))
      fitting('db_add_server', [server, ...devices.map((device) => device.class)])
      store.transaction(() => {
        for (const device of devices) store.devices.define(device)
        defineAdmin(store, server, { replace: true })
      })
    },

    dbDeleteServer(server) {
      if (!server.includes('/') || /[*%]/.test(server)) {
        const desc = `'${server}' is no server name (executable/instance)`
        throw serverFailed('DB_IncorrectServerName', desc, 'delete_server')
      }
      const host = store.transaction(() => {
        const admin = definedServer(server)
        for (const { name } of store.devices.list({ server })) deleteDevice(store, name)
        deleteDevice(store, admin.name)
        return admin.host
      })
      notes.tell(host)
    },

    dbRenameServer(list) {
      if (list.length !== 2) {
        throw serverFailed('DB_WrongArgNUmber', 'two elements are needed: old name, new name', 'rename_server')
      }
      const [from = '', to = ''] = list
      const wrong = [from, to].find((name) => !name.includes('/'))
      if (wrong !== undefined) {
        throw serverFailed('Db_WrongArgument', `'${wrong}' is no server name (executable/instance)`, 'rename_server')
      }
      fitting('db_rename_server', [to])
      const host = store.transaction(() => {
        if (store.devices.get(`dserver/${to}`) !== undefined) {
          const desc = `Device server process name ${to} is already used`
          throw serverFailed('Db_WrongArgument', desc, 'rename_server')
        }
        const admin = definedServer(from)
        store.devices.renameServer(from, to)
        store.servers.rename(from, to.toLowerCase())
        return admin.host
      })
      notes.tell(host)
    },

    dbGetServerList: (server) => store.devices.distinct('server', { server }),

    dbGetServerNameList(pattern) {
      const servers = store.devices.distinct('server', { server: pattern })
      return unique(servers.filter((server) => server.includes('/')).map((server) => server.split('/')[0] ?? ''))
    },

    dbGetInstanceNameList(executable) {
      const servers = store.devices.distinct('server', { server: `${executable}/*` })
      return servers.map((server) => server.slice(server.indexOf('/') + 1))
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
      const [asked = '', host = '', mode = '', level = ''] = list
      const name = asked.toLowerCase()
      // without a host the record is of a server that is no longer controlled where it has run
      const previous = host === '' ? notes.hostOf(name) : undefined
      const row = {
        name,
        host,
        mode: integer(mode, 'the mode', 'db_put_server_info'),
        level: integer(level, 'the level', 'db_put_server_info'),
      }
      fitting('db_put_server_info', [name, host])
      store.transaction(() => store.servers.put(row))
      notes.tell(host === '' ? previous : host)
    },

    dbDeleteServerInfo(server) {
      store.servers.delete(server)
    },

    dbGetCSDbServerList() {
      const others = store.devices
        .list({ name: 'sys/database/*', exported: true })
        .filter(({ name }) => name !== facts.name)
      return unique([facts.address(), ...others.map(({ name, ior }) => addressOf(name, ior))])
    },

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

    dbMySqlSelect: selectCommand(store),

    dbExportEvent(list) {
      needArguments(list, 5, 'channel, IOR, host, pid, version', 'db_export_event')
      const [name = '', ior = '', host = '', pid = '', version = ''] = list
      const number = integer(pid, 'the pid', 'db_export_event')
      fitting('db_export_event', [name, host])
      store.transaction(() => store.events.export(name.toLowerCase(), { ior, host, pid: number, version }))
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

  /** The admin device of a server. */
  function definedServer(server: string): DeviceRow {
    const admin = store.devices.get(`dserver/${server}`)
    if (admin !== undefined) return admin
    // the native database names this origin whatever was to be done with the server
    throw serverFailed('DB_IncorrectServerName', `Server ${server} not defined in database !`, 'delete_server')
  }

  /** Servers of which the admin device is noted on a host; its name may be given without domain. */
  function serversOn(host: string): readonly string[] {
    const found = [host, `${host}.*`].flatMap((pattern) =>
      store.devices.distinct('server', { host: pattern, name: 'dserver/*' }),
    )
    return [...unique(found)].sort((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1))
  }
}

/** Where a running database is reached, `host:port`. */
function addressOf(device: string, ior: string): string {
  try {
    const { host, port } = parseReference(ior)
    return `${host}:${port}`
  } catch {
    throw devFailed('DB_WrongIORForDbServer', `the reference of database ${device} is damaged: '${ior}'`, {
      origin: origin('db_get_csdb_server_list'),
    })
  }
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
