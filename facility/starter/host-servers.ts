// The servers that the database has for this computer: those that have run here, and those that are meant to.

import type { DatabaseClient, HostedServer } from '#tango'

/** What is asked of the database. */
export type HostDatabase = Pick<DatabaseClient, 'hostServersInfo' | 'select' | 'serverList'>

/**
 * Servers of a computer. The list of the database knows only servers that have run there; the start-up records of the
 * others are in its table `server`, with their names in lower case.
 */
export async function hostServers(database: HostDatabase, host: string): Promise<readonly HostedServer[]> {
  const listed = await database.hostServersInfo(host)
  const known = new Set(listed.map(({ name }) => name.toLowerCase()))
  const meant = (await startupRecords(database, host)).filter(({ name }) => !known.has(name.toLowerCase()))
  if (meant.length === 0) return listed
  const spelled = new Map((await database.serverList()).map((name) => [name.toLowerCase(), name]))
  // a record may outlive the devices of its server
  return [
    ...listed,
    ...meant.flatMap(({ name, controlled, level }) => {
      const server = spelled.get(name.toLowerCase())
      return server === undefined ? [] : [{ name: server, controlled, level }]
    }),
  ]
}

async function startupRecords(database: HostDatabase, host: string): Promise<HostedServer[]> {
  if (!/^[\w.-]+$/.test(host)) return []
  let rows: readonly (readonly (string | undefined)[])[]
  try {
    rows = await database.select(`name, mode, level FROM server WHERE host = '${host}'`)
  } catch {
    return [] // databases without this command have the list alone
  }
  return rows.map(([name = '', mode, level]) => ({ name, controlled: mode === '1', level: Number(level) || 0 }))
}
