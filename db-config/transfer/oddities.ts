// What a database holds to no purpose: leftovers that servers do not mind, but people should know.

import { type DatabaseContent, key } from './content.ts'

/** Examples named of each kind. */
const MAX_NAMED = 5

/** One sentence per kind of leftover; none in a tidy database. */
export function oddities(content: DatabaseContent): readonly string[] {
  const devices = new Set(content.devices.map(({ name }) => key(name)))
  const servers = new Set(content.devices.map(({ server }) => key(server)))
  // admin devices need no line of their own
  for (const { server } of content.devices) devices.add(key(`dserver/${server}`))
  const lost = new Set<string>()
  for (const { scope, owner } of content.properties)
    if (scope.startsWith('device') && !devices.has(key(owner))) lost.add(owner)
  const aliases = content.attributeAliases.filter(
    ({ attribute }) => !devices.has(key(attribute.slice(0, attribute.lastIndexOf('/')))),
  )
  const entries = content.servers.filter(({ name }) => !servers.has(key(name)))
  const services = content.properties
    .filter(({ scope, owner, name }) => scope === 'object' && key(owner, name) === key('CtrlSystem', 'Services'))
    .flatMap(({ values }) => values)
    .filter((line) => !devices.has(key(line.slice(line.indexOf(':') + 1))))
  return [
    ...told('properties of devices that are not defined', [...lost]),
    ...told(
      'attribute aliases of devices that are not defined',
      aliases.map(({ alias, attribute }) => `${alias} (${attribute})`),
    ),
    ...told(
      'start-up entries of servers without devices',
      entries.map(({ name }) => name),
    ),
    ...told('services whose device is not defined', services),
  ]
}

function told(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return []
  const rest = names.length > MAX_NAMED ? `, and ${names.length - MAX_NAMED} more` : ''
  return [`${what}: ${names.slice(0, MAX_NAMED).join(', ')}${rest}`]
}
