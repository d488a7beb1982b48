// Reads the golden bytes and compares decoded values with what the files say.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

/** One recorded GIOP message. */
export interface GoldenMessage {
  readonly giop?: string
  readonly little_endian: boolean
  readonly hex: string
  readonly body_offset: number
  readonly pad: readonly number[]
  readonly request_id: number
  readonly response_flags?: number
  readonly object_key?: string
  readonly service_contexts?: readonly (readonly [number, string])[]
  readonly args?: Readonly<Record<string, unknown>>
  readonly status?: string
  readonly result?: unknown
  readonly exception?: string
  readonly value?: unknown
  readonly fragments?: readonly string[]
  readonly locate_status?: number
}

/** One entry of a file. */
export interface GoldenVector {
  readonly id: string
  readonly operation?: string
  readonly request?: GoldenMessage
  readonly reply?: GoldenMessage
  readonly message?: GoldenMessage
  readonly topic?: string
  readonly frames?: readonly string[]
  readonly call_info?: Readonly<Record<string, unknown>>
  readonly payload_type?: string
  readonly payload?: unknown
  readonly payload_pad?: readonly number[]
}

/** Files with calls; `tango-events` holds events. */
export const CALL_FILES = [
  'tango-giop',
  'tango-client-connect',
  'tango-device-basic',
  'tango-commands',
  'tango-attributes-read',
  'tango-attributes-write',
  'tango-attribute-config',
  'tango-history-blackbox',
  'tango-pipes',
  'tango-admin',
  'tango-database',
  'tango-server-startup',
  'tango-lifecycle',
  'tango-no-database',
  'tango-fragments',
  'tango-legacy-and-errors',
] as const

/** Entries of one file. */
export function goldenVectors(file: string): readonly GoldenVector[] {
  const url = new URL(`../../../test/interop/golden/${file}.json`, import.meta.url)
  const content: { vectors: (GoldenVector | string)[] } = JSON.parse(readFileSync(url, 'utf8'))
  return content.vectors.filter((vector) => typeof vector !== 'string')
}

/** Octets of hexadecimal digits, in memory of their own. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}

/** Hexadecimal digits of octets. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The octets with those at `pad` set to zero. */
export function masked(bytes: Uint8Array, pad: readonly number[]): string {
  const copy = new Uint8Array(bytes)
  for (const at of pad) copy[at] = 0
  return toHex(copy)
}

/** Field names of ours that are not the IDL's in lowerCamelCase. */
const RENAMED: Readonly<Record<string, readonly string[]>> = {
  tv_sec: ['sec'],
  tv_usec: ['usec'],
  tv_nsec: ['nsec'],
  encoded_format: ['format'],
  encoded_data: ['data'],
  index_in_call: ['index'],
  err_list: ['errList', 'errors'],
  MainClass: ['mainClass'],
}

/** Names of basic TypeCodes in the files. */
const BASIC_TYPES: Readonly<Record<string, string>> = {
  void: 'DevVoid',
  boolean: 'DevBoolean',
  short: 'DevShort',
  long: 'DevLong',
  float: 'DevFloat',
  double: 'DevDouble',
  'unsigned short': 'DevUShort',
  'unsigned long': 'DevULong',
  string: 'DevString',
  octet: 'DevUChar',
  'long long': 'DevLong64',
  'unsigned long long': 'DevULong64',
  'sequence<long>': 'DevVarLongArray',
}

/** Fails unless a decoded value is what a file says: same members, same elements, nothing more. */
export function assertGolden(actual: unknown, expected: unknown, path: string): void {
  if (Array.isArray(expected)) assertElements(actual, expected, path)
  else if (typeof expected === 'object' && expected !== null) assertMembers(actual, { ...expected }, path)
  else assert.ok(sameScalar(actual, expected), `${path}: ${String(actual)} instead of ${String(expected)}`)
}

/** Members of any struct; the named ones tell any, union and client identification apart. */
interface Members {
  readonly [name: string]: unknown
  readonly tc?: unknown
  readonly v?: unknown
  readonly type?: unknown
  readonly value?: unknown
  readonly kind?: unknown
  readonly language?: unknown
  readonly pid?: unknown
  readonly CPP?: unknown
  readonly JAVA?: unknown
}

function sameScalar(actual: unknown, expected: unknown): boolean {
  if (actual instanceof Uint8Array) return `hex:${toHex(actual)}` === expected
  if (actual === undefined) return expected === null || expected === undefined
  if (typeof actual === 'bigint') return actual.toString() === String(expected)
  if (typeof actual === 'number' && typeof expected === 'string') return String(actual) === spelled(expected)
  if (typeof actual === 'string' && expected === `ATTR_${actual}`) return true
  return Object.is(actual, expected) || actual === expected
}

function spelled(text: string): string {
  if (/^-?inf/i.test(text)) return text.startsWith('-') ? '-Infinity' : 'Infinity'
  return /^nan$/i.test(text) ? 'NaN' : text
}

function assertElements(actual: unknown, expected: readonly unknown[], path: string): void {
  assert.ok(Array.isArray(actual) || ArrayBuffer.isView(actual), `${path} is no array`)
  const elements: unknown[] = Array.from(actual as ArrayLike<unknown>)
  assert.equal(elements.length, expected.length, `${path}: number of elements`)
  expected.forEach((element, i) => {
    assertGolden(elements[i], element, `${path}[${i}]`)
  })
}

function assertMembers(actual: unknown, expected: Members, path: string): void {
  assert.ok(typeof actual === 'object' && actual !== null, `${path} is no object`)
  const members: Members = { ...actual }
  if ('tc' in expected) {
    const tc = String(expected.tc)
    assert.equal(members.type, BASIC_TYPES[tc] ?? tc, `${path}: type in any`)
    assertGolden(members.value, expected.v, `${path}.v`)
    return
  }
  if ('kind' in members) {
    const kind = String(members.kind)
    assert.deepEqual(Object.keys(expected), [kind], `${path}: arm`)
    if (kind !== 'ATT_NO_DATA') assertGolden(members.value, expected[kind], `${path}.${kind}`)
    return
  }
  if ('language' in members) {
    if (members.language === 'CPP') assert.equal(members.pid, expected.CPP, path)
    else {
      const { language: _, ...java } = members
      assertGolden(java, expected.JAVA, path)
    }
    return
  }
  const names = Object.keys(expected)
  for (const name of names) {
    const ours = (RENAMED[name] ?? []).find((candidate) => candidate in members) ?? camel(name)
    assert.ok(ours in members, `${path} has no ${ours}`)
    assertGolden(members[ours], expected[name], `${path}.${name}`)
  }
  assert.equal(Object.keys(members).length, names.length, `${path}: number of members`)
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}
