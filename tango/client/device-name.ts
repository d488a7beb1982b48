// Names of devices and control systems as users write them (reference: cppTango's naming rules).

import { devFailed } from '../errors/dev-failed.ts'

/** One machine and port. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/**
 * Where a name leads. `database`: ask the database of `tangoHost` (undefined: nobody said which) for a device or alias.
 * `direct`: the device server itself listens at `host:port`, there is no database (`#dbase=no`).
 */
export type DeviceAddress =
  | {
      readonly kind: 'database'
      readonly device: string
      readonly alias: boolean
      readonly tangoHost: string | undefined
    }
  | { readonly kind: 'direct'; readonly device: string; readonly host: string; readonly port: number }

/**
 * Reads `domain/family/member`, an alias, `tango://host:port/...` and `...#dbase=no`. The spelling is kept; compare
 * with {@link addressKey}.
 * @param tangoHost control system of names that do not say one
 * @throws DevFailed `API_WrongDeviceNameSyntax`, `API_UnsupportedDBaseModifier`
 */
export function parseDeviceName(text: string, tangoHost?: string): DeviceAddress {
  const hash = text.indexOf('#')
  const modifier = hash < 0 ? '' : text.slice(hash + 1).toLowerCase()
  if (modifier !== '' && modifier !== 'dbase=yes' && modifier !== 'dbase=no') {
    throw devFailed('API_UnsupportedDBaseModifier', `${text}: after # only dbase=yes and dbase=no are known`)
  }
  const { authority, path } = splitAuthority(hash < 0 ? text : text.slice(0, hash), text)
  const fields = path.split('/')
  if (
    !/^[^\s#]+$/.test(path) ||
    fields.includes('') ||
    path.includes('->') ||
    (fields.length !== 3 && fields.length !== 1)
  ) {
    throw wrongSyntax(text)
  }
  if (modifier === 'dbase=no') {
    if (authority === undefined) throw wrongSyntax(text, 'a device without database needs tango://host:port/ in front')
    if (fields.length !== 3) throw wrongSyntax(text, 'an alias needs a database')
    return { kind: 'direct', device: path, ...parseHostPort(authority) }
  }
  // several databases of one control system may stand there, as in TANGO_HOST
  if (authority !== undefined) parseTangoHost(authority)
  return { kind: 'database', device: path, alias: fields.length === 1, tangoHost: authority ?? tangoHost }
}

/** Text that is equal for all spellings of one device; aliases differ from the names behind them. */
export function addressKey(address: DeviceAddress): string {
  const device = address.device.toLowerCase()
  return address.kind === 'direct'
    ? `tango://${address.host.toLowerCase()}:${address.port}/${device}#dbase=no`
    : `tango://${(address.tangoHost ?? '').toLowerCase()}/${device}`
}

/**
 * Splits `device/attribute`, with or without `tango://host:port/` in front and `#dbase=no` behind.
 * @returns the device name with its ornaments, and the attribute
 * @throws DevFailed `API_WrongDeviceNameSyntax` when there are not four fields (or alias and attribute)
 */
export function parseAttributeName(text: string): { readonly device: string; readonly attribute: string } {
  const hash = text.indexOf('#')
  const modifier = hash < 0 ? '' : text.slice(hash)
  const base = hash < 0 ? text : text.slice(0, hash)
  const slash = base.lastIndexOf('/')
  const device = base.slice(0, slash)
  const attribute = base.slice(slash + 1)
  const path = /^tango:\/\//i.test(device) ? device.replace(/^tango:\/\/[^/]*\/?/i, '') : device
  const fields = path.split('/').length
  if (slash < 1 || attribute === '' || path === '' || (fields !== 3 && fields !== 1)) {
    throw wrongSyntax(text, 'an attribute is written device/attribute')
  }
  return { device: device + modifier, attribute }
}

/**
 * Reads `host:port`.
 * @throws DevFailed `API_WrongDeviceNameSyntax`
 */
export function parseHostPort(text: string): HostPort {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  const host = match?.[1]?.replace(/^\[|\]$/g, '')
  if (host === undefined || !(port > 0 && port < 65536)) {
    throw devFailed('API_WrongDeviceNameSyntax', `'${text}' is no host:port of a control system`)
  }
  return { host, port }
}

/**
 * The databases of a TANGO_HOST text, `host:port` or several with commas: fall-backs of one control system.
 * @throws DevFailed `API_WrongDeviceNameSyntax`
 */
export function parseTangoHost(text: string): readonly HostPort[] {
  return text.split(',').map((entry) => parseHostPort(entry.trim()))
}

function splitAuthority(base: string, text: string): { authority: string | undefined; path: string } {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(base)
  if (scheme === null) return { authority: undefined, path: base.replace(/^tango:(?!\/\/)/i, '') }
  if (scheme[1]?.toLowerCase() !== 'tango') throw wrongSyntax(text, 'the only scheme is tango://')
  const rest = base.slice(scheme[0].length)
  const slash = rest.indexOf('/')
  // `tango://d/f/m` without a host is not accepted by native clients either
  const authority = rest.slice(0, Math.max(slash, 0))
  if (!authority.includes(':')) throw wrongSyntax(text, 'after tango:// comes host:port')
  return { authority, path: rest.slice(slash + 1) }
}

function wrongSyntax(
  text: string,
  hint = 'write domain/family/member, an alias, or tango://host:port/domain/family/member',
): Error {
  return devFailed('API_WrongDeviceNameSyntax', `'${text}' is no device name: ${hint}`)
}
