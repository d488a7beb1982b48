// The command line of a device server, as native servers take it.

import { devFailed } from '../errors/dev-failed.ts'
import { limitsFrom, type ServerLimits } from '../orb/server-limits.ts'

/** A parsed command line. */
export interface ServerArguments {
  /** Executable name: first half of the server's name. */
  readonly server: string
  readonly instance: string
  /** `tango` with a database, `none` with `-nodb` or `-file`. */
  readonly database: 'tango' | 'none'
  /** Device names of `-dlist`, for the last class. */
  readonly deviceNames: readonly string[]
  /** Resource file of `-file=`. */
  readonly file: string | undefined
  /** 0 to 5, as in `-v4`; `-v` alone is 4. */
  readonly verbosity: number
  /** From `-ORBendPoint giop:tcp:host:port`; what is left empty is absent. */
  readonly host?: string
  readonly port?: number
  /** From the environment and from options such as `-ORBgiopMaxMsgSize`, which win. */
  readonly limits: ServerLimits
}

/** Usage of every server, for the command line tool. */
export const SERVER_USAGE =
  '<server> <instance> [-v[1..5]] [-nodb [-dlist <device>[,<device>...]]] [-file=<path>] [-ORBendPoint giop:tcp:<host>:<port>]'

/**
 * Parses `Server instance [options]`, also `Server/instance`.
 * @param argv without the program itself
 * @param environment for `ORBendPoint`
 * @throws DevFailed `API_InvalidArgs`
 */
export function parseServerArguments(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>> = {},
): ServerArguments {
  const names: string[] = []
  let nodb = false
  let file: string | undefined
  let verbosity = 0
  let deviceNames: readonly string[] = []
  let endPoint = environment.ORBendPoint
  const orbOptions: Record<string, string> = {}
  for (let i = 0; i < argv.length; i += 1) {
    const word = argv[i] ?? ''
    const value = (): string => {
      i += 1
      const next = argv[i]
      if (next === undefined) throw wrong(`${word} needs a value`)
      return next
    }
    if (word === '-nodb' || word === '--nodb') nodb = true
    else if (word === '-dlist' || word === '--dlist') deviceNames = value().split(',').map(checkedDeviceName)
    else if (word.startsWith('-file=')) file = word.slice('-file='.length)
    else if (/^-v[0-5]?$/.test(word)) verbosity = word === '-v' ? 4 : Number(word.slice(2))
    else if (word === '-ORBendPoint' || word === '--ORBendPoint') endPoint = value()
    else if (word.startsWith('-ORB')) orbOptions[word.slice(1)] = value()
    else if (word.startsWith('-')) throw wrong(`${word} is no option of a device server`)
    else names.push(word)
  }
  const [server, instance, more] = names.length === 1 ? (names[0] ?? '').split('/') : names
  if (server === undefined || server === '' || instance === undefined || instance === '' || more !== undefined) {
    throw wrong('name the server and its instance')
  }
  if (server.length + instance.length + 1 > 255) throw wrong('the name of the server is longer than 255 characters')
  if (deviceNames.length > 0 && !nodb) throw wrong('-dlist goes with -nodb only')
  return {
    server,
    instance,
    database: nodb || file !== undefined ? 'none' : 'tango',
    deviceNames,
    file,
    verbosity,
    limits: limitsFrom({ ...environment, ...orbOptions }),
    ...(endPoint === undefined ? {} : parseEndPoint(endPoint)),
  }
}

function parseEndPoint(text: string): { host?: string; port?: number } {
  const match = /^giop:tcp:(\[[^\]]*\]|[^:]*):(\d*)$/.exec(text)
  const [, host, port] = match ?? []
  if (host === undefined || port === undefined || Number(port) > 65535) {
    throw wrong(`${text} is no end point; write giop:tcp:<host>:<port>, where host or port may be empty`)
  }
  return { ...(host === '' ? {} : { host }), ...(port === '' ? {} : { port: Number(port) }) }
}

function checkedDeviceName(name: string): string {
  if (!/^[^/\s]+\/[^/\s]+\/[^/\s]+$/.test(name)) throw wrong(`${name} is no device name such as domain/family/member`)
  return name
}

function wrong(what: string): Error {
  return devFailed('API_InvalidArgs', `${what}; usage: ${SERVER_USAGE}`, { origin: 'parseServerArguments' })
}
