// What a user may do with a device, decided from the rules of access control as the native class TangoAccessControl does.
// Pure: the Tango device answers with it, and whoever enforces rights (a gateway for browsers) calls it.

import type { AccessAddress, AccessDevice } from '../store/store.ts'

/** All rules, or those of one user and of `*`. */
export interface AccessRules {
  readonly addresses: readonly AccessAddress[]
  readonly devices: readonly AccessDevice[]
}

/** Who wants to do something with what. */
export interface AccessQuestion {
  readonly user: string
  /** IPv4 addresses of the user's machine; one that is allowed is enough. */
  readonly addresses: readonly string[]
  /** `domain/family/member` */
  readonly device: string
}

/** Reading is always possible. */
export type AccessAnswer = 'read' | 'write'

/**
 * Whether a user may write to a device, execute all of its commands and change its configuration, or only read.
 * - Addresses: the rules of the user, or of `*` when the user has none, must fit one of the addresses.
 * - Devices: of the user's rules that fit the device, one that says `read` beats the others; without such rules the
 *   rules of `*` decide in the same way; without those too it is `read`.
 */
export function accessOf(rules: AccessRules, question: AccessQuestion): AccessAnswer {
  return nativeAccessOf(rules, question) === 'write' ? 'write' : 'read'
}

/**
 * The same in the words of the native service: `unknown` when no rule fits the device, and a single fitting rule of the
 * user verbatim. Clients take everything but `write` for `read`.
 */
export function nativeAccessOf(rules: AccessRules, { user, addresses, device }: AccessQuestion): string {
  const isOwn = (rule: { readonly user: string }): boolean => sameName(rule.user, user)
  const isEverybody = (rule: { readonly user: string }): boolean => rule.user === '*'
  const ownAddresses = rules.addresses.filter(isOwn)
  const allowedFrom = ownAddresses.length > 0 ? ownAddresses : rules.addresses.filter(isEverybody)
  if (!addresses.some((address) => allowedFrom.some((rule) => fitsAddress(rule.address, address)))) return 'read'

  const known = rules.devices.filter((rule) => isOwn(rule) || isEverybody(rule))
  if (known.length === 0) return 'read'
  const fitting = known.filter((rule) => fitsDevice(rule.device, device))
  // a user that the rule spells in another case counts as everybody, as in the native service
  const own = fitting.filter((rule) => rule.user === user)
  const others = fitting.filter((rule) => rule.user !== user)
  const [first] = own
  if (own.length === 1 && first !== undefined) return first.rights
  if (own.length > 1) return strictest(own)
  if (others.length > 1) return strictest(others)
  if (others.length === 1) return others[0]?.rights === 'write' ? 'write' : 'read'
  return 'unknown'
}

/** Whether an address fits: equal, or with `*` for the last one, two, three or all bytes. */
export function fitsAddress(mask: string, address: string): boolean {
  const [a, b, c] = pieces(address, '.')
  const masks = ['*.*.*.*', `${a}.*.*.*`, `${a}.${b}.*.*`, `${a}.${b}.${c}.*`, address]
  return masks.some((candidate) => sameName(candidate, mask))
}

/**
 * Whether a device fits a pattern, field by field. The first `*` of a field stands for any text, within a field for one
 * character at least; a second one stands for itself.
 */
export function fitsDevice(pattern: string, device: string): boolean {
  const wanted = pieces(pattern.toLowerCase(), '/')
  const fields = pieces(device.toLowerCase(), '/')
  return wanted.every((field, i) => fitsField(field, fields[i] ?? ''))
}

function fitsField(pattern: string, field: string): boolean {
  const star = pattern.indexOf('*')
  if (pattern === '*') return true
  if (star < 0) return pattern === field
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)]
  const between = head === '' || tail === '' ? 0 : 1
  return field.length >= head.length + between + tail.length && field.startsWith(head) && field.endsWith(tail)
}

function strictest(rules: readonly AccessDevice[]): AccessAnswer {
  return rules.some(({ rights }) => rights === 'read') ? 'read' : 'write'
}

/**
 * Three fields. Where separators are missing the native service takes the text from its beginning again, so that `x`
 * has the fields x, x, x; a fourth field belongs to the third of a device and is left out of an address.
 */
function pieces(text: string, separator: '.' | '/'): readonly [string, string, string] {
  const first = text.indexOf(separator)
  const start = first + 1
  const second = text.indexOf(separator, start)
  const rest = second + 1
  const third = separator === '.' ? text.indexOf(separator, rest) : -1
  const part = (from: number, to: number): string => text.slice(from, to < 0 ? undefined : to)
  return [part(0, first), part(start, second), part(rest, third)]
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
