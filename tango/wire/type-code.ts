// CORBA TypeCodes as a small tree: the kinds that Tango's types need, written exactly and read tolerantly.
// Source of truth: CORBA 3.3 part 2, 9.3.5.1.

import type { CdrReader, CdrWriter } from './cdr.ts'
import { CdrError } from './cdr.ts'

/** Numbers of the kinds (TCKind). */
export const KIND = {
  null: 0,
  void: 1,
  short: 2,
  long: 3,
  ushort: 4,
  ulong: 5,
  float: 6,
  double: 7,
  boolean: 8,
  char: 9,
  octet: 10,
  any: 11,
  struct: 15,
  enum: 17,
  string: 18,
  sequence: 19,
  alias: 21,
  longlong: 23,
  ulonglong: 24,
} as const

/** A type described at run time; which fields exist depends on the kind. */
export interface TypeCode {
  readonly kind: number
  /** Repository id of an alias, struct or enum. */
  readonly id?: string
  readonly name?: string
  /** What an alias stands for; absent, like the members below, when the reader knew the id. */
  readonly content?: TypeCode
  /** Members of a struct. */
  readonly members?: readonly { readonly name: string; readonly type: TypeCode }[]
  /** Labels of an enum. */
  readonly labels?: readonly string[]
  /** Element of a sequence. */
  readonly element?: TypeCode
}

/** Nesting deeper than this is an attack or a mistake: Tango needs six levels. */
const MAX_DEPTH = 32
/** Members of all structs and labels of all enums in one TypeCode. */
const MAX_PARTS = 1000
/** Octets of one TypeCode: with it nobody can have a long name read again and again by indirections. */
const MAX_SIZE = 16 * 1024
const INDIRECTION = 0xffffffff

/** Writes a TypeCode at the next multiple of four. */
export function writeTypeCode(w: CdrWriter, typeCode: TypeCode): void {
  const { kind, id, element } = typeCode
  w.ulong(kind)
  if (id !== undefined) {
    w.encapsulation(() => writeNamed(w, id, typeCode))
  } else if (element !== undefined) {
    w.encapsulation(() => {
      writeTypeCode(w, element)
      w.ulong(0)
    })
  } else if (kind === KIND.string) w.ulong(0)
}

/**
 * Reads a TypeCode.
 * @param isKnown whether a repository id says all: then the contents are skipped
 * @throws CdrError `bad` for kinds that Tango does not use and for cycles
 */
export function readTypeCode(r: CdrReader, isKnown: (id: string) => boolean): TypeCode {
  return new TypeCodeReader(isKnown).read(r, 0)
}

function writeNamed(w: CdrWriter, id: string, typeCode: TypeCode): void {
  w.string(id)
  w.string(typeCode.name ?? '')
  if (typeCode.content !== undefined) writeTypeCode(w, typeCode.content)
  if (typeCode.labels !== undefined) w.strings(typeCode.labels)
  if (typeCode.members === undefined) return
  w.ulong(typeCode.members.length)
  for (const member of typeCode.members) {
    w.string(member.name)
    writeTypeCode(w, member.type)
  }
}

class TypeCodeReader {
  readonly #isKnown: (id: string) => boolean
  #parts = 0

  constructor(isKnown: (id: string) => boolean) {
    this.#isKnown = isKnown
  }

  read(r: CdrReader, depth: number): TypeCode {
    if (depth > MAX_DEPTH) throw new CdrError('bad', `TypeCode nested deeper than ${MAX_DEPTH}`)
    const kind = r.ulong()
    switch (kind) {
      case INDIRECTION:
        return this.#indirect(r, depth)
      case KIND.string:
        r.ulong()
        return { kind }
      case KIND.sequence: {
        const inner = contents(r)
        return { kind, element: this.read(inner, depth + 1) }
      }
      case KIND.alias:
      case KIND.struct:
      case KIND.enum:
        return this.#named(kind, contents(r), depth)
      default:
        if (kind > KIND.ulonglong || (kind > KIND.any && kind < KIND.longlong)) {
          throw new CdrError('bad', `TypeCode kind ${kind} is not used by Tango`)
        }
        return { kind }
    }
  }

  #named(kind: number, r: CdrReader, depth: number): TypeCode {
    const id = r.string()
    if (this.#isKnown(id)) return { kind, id, name: '' }
    const name = r.string()
    if (kind === KIND.alias) return { kind, id, name, content: this.read(r, depth + 1) }
    const count = r.count(4)
    this.#parts += count
    if (this.#parts > MAX_PARTS) throw new CdrError('bad', `TypeCode with more than ${MAX_PARTS} members`)
    if (kind === KIND.enum) {
      const labels: string[] = []
      for (let i = 0; i < count; i += 1) labels.push(r.string())
      return { kind, id, name, labels }
    }
    const members: { name: string; type: TypeCode }[] = []
    for (let i = 0; i < count; i += 1) members.push({ name: r.string(), type: this.read(r, depth + 1) })
    return { kind, id, name, members }
  }

  /** A reference to a TypeCode earlier in the same message: a negative offset from the offset itself. */
  #indirect(r: CdrReader, depth: number): TypeCode {
    const at = r.position
    const target = at + r.long()
    if (target < 0 || target > at - 8) throw new CdrError('bad', `TypeCode indirection at ${at} to ${target}`)
    this.#parts += 1
    if (this.#parts > MAX_PARTS) throw new CdrError('bad', 'too many TypeCode indirections')
    return this.read(r.at(target, at - 4), depth + 1)
  }
}

function contents(r: CdrReader): CdrReader {
  const size = r.peekUlong()
  if (size > MAX_SIZE) throw new CdrError('bad', `TypeCode of ${size} octets`)
  return r.encapsulation()
}
