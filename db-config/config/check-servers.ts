// Reads the computers of a beamline and its servers: where they run and when they start.

import type { HostEntry, StartupEntry } from './beamline.ts'
import type { Names } from './names.ts'
import { HOST, SERVER } from './rules.ts'
import { didYouMean } from './suggest.ts'
import { called, Fields, type Findings, type Mark, otherPlace, type Tree } from './tree.ts'

/** Highest run level. */
export const MAX_LEVEL = 99

/** Hosts and start-up records of a file. */
export interface Startup {
  readonly hosts: readonly HostEntry[]
  readonly startup: readonly StartupEntry[]
}

/** Reads the fields `hosts` and `servers`; the servers become names. */
export function readServers(top: Fields, names: Names, findings: Findings): Startup {
  const taken = new Map<string, Mark>()
  const hosts = top.list('hosts').map((item): HostEntry => {
    const fields = new Fields(item, called('host', item), ['name', 'description'], findings)
    const name = fields.text('name', HOST)
    if (name !== undefined) {
      const before = taken.get(name.value.toLowerCase())
      if (before === undefined) taken.set(name.value.toLowerCase(), name.at)
      else findings.add(name.at, `host ${name.value} is already named in ${otherPlace(before, name.at)}`)
    }
    return { name: name?.value ?? '', description: fields.text('description', { optional: true })?.value }
  })
  const servers = top.list('servers', {}).map((item) => readServer(item, hosts, names, findings))
  return { hosts, startup: servers.filter((server) => server !== undefined) }
}

/** @returns the start-up record, if the server has one */
function readServer(
  item: Tree,
  hosts: readonly HostEntry[],
  names: Names,
  findings: Findings,
): StartupEntry | undefined {
  // with one computer there is no choice
  const only = hosts.length === 1 ? hosts[0]?.name : undefined
  if (item.kind === 'value') {
    const { value } = item
    if (typeof value !== 'string' || SERVER.pattern?.test.test(value) === false) {
      findings.add(item.at, `servers: ${value ?? 'an empty item'} should be executable/instance`)
    }
    const server = String(value)
    names.defineServer(server, item.at)
    return only === undefined ? undefined : { server, host: only, level: usualLevel(server), controlled: true }
  }
  const fields = new Fields(item, called('server', item), ['name', 'host', 'level', 'controlled'], findings)
  const server = fields.text('name', SERVER)
  if (server !== undefined) names.defineServer(server.value, server.at)
  const host = fields.text('host', { ...HOST, optional: true })
  if (host !== undefined && hosts.length > 0) {
    const known = hosts.find(({ name }) => name.toLowerCase() === host.value.toLowerCase())
    const hint = didYouMean(
      host.value,
      hosts.map(({ name }) => name),
    )
    if (known === undefined) findings.add(host.at, `server ${server?.value}: there is no host ${host.value}; ${hint}`)
  }
  const level = fields.number('level', { optional: true, integer: true })
  if (level !== undefined && (level.value < 0 || level.value > MAX_LEVEL)) {
    findings.add(level.at, `server ${server?.value}: level is ${level.value}, it should be 0 to ${MAX_LEVEL}`)
  }
  const controlled = fields.boolean('controlled')
  const where = host?.value ?? only
  if (server === undefined) return undefined
  if (where === undefined) {
    const lonely = level ?? controlled
    if (lonely !== undefined) findings.add(lonely.at, `server ${server.value}: it has no host; add the field host`)
    return undefined
  }
  return {
    server: server.value,
    host: where,
    level: level?.value ?? usualLevel(server.value),
    controlled: controlled?.value ?? true,
  }
}

/** Controllers before the pool, the pool before the macro server. */
function usualLevel(server: string): number {
  if (/^MacroServer\//i.test(server)) return 3
  return /^Pool\//i.test(server) ? 2 : 1
}
