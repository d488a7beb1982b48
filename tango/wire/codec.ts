// Codecs as values: a struct, sequence, union or enum is built from its parts, its TypeScript type is inferred.

import type { CdrReader, CdrWriter } from './cdr.ts'
import { CdrError } from './cdr.ts'

/** Writes and reads one type of value. */
export interface Codec<T> {
  encode(w: CdrWriter, value: T): void
  decode(r: CdrReader): T
  /** Octets that a value takes at least, without padding. */
  readonly minSize: number
}

/** The value type of a codec: `Infer<typeof timeVal>`. */
export type Infer<C> = C extends Codec<infer T> ? T : never

type Fields = Readonly<Record<string, Codec<unknown>>>

function primitive<T>(
  minSize: number,
  encode: (w: CdrWriter, value: T) => void,
  decode: (r: CdrReader) => T,
): Codec<T> {
  return { minSize, encode, decode }
}

/** Nothing: no octets, value `undefined`. */
export const nothing: Codec<undefined> = primitive(
  0,
  () => undefined,
  () => undefined,
)
export const boolean: Codec<boolean> = primitive(
  1,
  (w, v) => w.boolean(v),
  (r) => r.boolean(),
)
export const octet: Codec<number> = primitive(
  1,
  (w, v) => w.octet(v),
  (r) => r.octet(),
)
export const short: Codec<number> = primitive(
  2,
  (w, v) => w.short(v),
  (r) => r.short(),
)
export const ushort: Codec<number> = primitive(
  2,
  (w, v) => w.ushort(v),
  (r) => r.ushort(),
)
export const long: Codec<number> = primitive(
  4,
  (w, v) => w.long(v),
  (r) => r.long(),
)
export const ulong: Codec<number> = primitive(
  4,
  (w, v) => w.ulong(v),
  (r) => r.ulong(),
)
export const longlong: Codec<bigint> = primitive(
  8,
  (w, v) => w.longlong(v),
  (r) => r.longlong(),
)
export const ulonglong: Codec<bigint> = primitive(
  8,
  (w, v) => w.ulonglong(v),
  (r) => r.ulonglong(),
)
export const float: Codec<number> = primitive(
  4,
  (w, v) => w.float(v),
  (r) => r.float(),
)
export const double: Codec<number> = primitive(
  8,
  (w, v) => w.double(v),
  (r) => r.double(),
)
export const string: Codec<string> = primitive(
  4,
  (w, v) => w.string(v),
  (r) => r.string(),
)

export const octets: Codec<Uint8Array> = primitive(
  4,
  (w, v) => w.octets(v),
  (r) => r.octets(),
)
export const booleans: Codec<readonly boolean[]> = primitive(
  4,
  (w, v) => w.booleans(v),
  (r) => r.booleans(),
)
export const shorts: Codec<Int16Array> = primitive(
  4,
  (w, v) => w.shorts(v),
  (r) => r.shorts(),
)
export const ushorts: Codec<Uint16Array> = primitive(
  4,
  (w, v) => w.ushorts(v),
  (r) => r.ushorts(),
)
export const longs: Codec<Int32Array> = primitive(
  4,
  (w, v) => w.longs(v),
  (r) => r.longs(),
)
export const ulongs: Codec<Uint32Array> = primitive(
  4,
  (w, v) => w.ulongs(v),
  (r) => r.ulongs(),
)
export const longlongs: Codec<BigInt64Array> = primitive(
  4,
  (w, v) => w.longlongs(v),
  (r) => r.longlongs(),
)
export const ulonglongs: Codec<BigUint64Array> = primitive(
  4,
  (w, v) => w.ulonglongs(v),
  (r) => r.ulonglongs(),
)
export const floats: Codec<Float32Array> = primitive(
  4,
  (w, v) => w.floats(v),
  (r) => r.floats(),
)
export const doubles: Codec<Float64Array> = primitive(
  4,
  (w, v) => w.doubles(v),
  (r) => r.doubles(),
)
export const strings: Codec<readonly string[]> = primitive(
  4,
  (w, v) => w.strings(v),
  (r) => r.strings(),
)

/** Members in wire order. */
export function struct<F extends Fields>(fields: F): Codec<{ readonly [K in keyof F]: Infer<F[K]> }> {
  const names = Object.keys(fields)
  const codecs = Object.values(fields)
  type Value = { readonly [K in keyof F]: Infer<F[K]> }
  return {
    minSize: codecs.reduce((sum, codec) => sum + codec.minSize, 0),
    encode(w, value) {
      // The loop goes over names and codecs of the same object, which the type system cannot follow.
      const members = value as Readonly<Record<string, unknown>>
      for (let i = 0; i < codecs.length; i += 1) codecs[i]?.encode(w, members[names[i] ?? ''])
    },
    decode(r) {
      const members: Record<string, unknown> = {}
      for (let i = 0; i < codecs.length; i += 1) members[names[i] ?? ''] = codecs[i]?.decode(r)
      return members as Value
    },
  }
}

/** Values of a list of codecs. */
export type InferAll<C extends readonly Codec<unknown>[]> = { readonly [K in keyof C]: Infer<C[K]> }

/** Several values one after the other: the arguments of an operation. */
export function tuple<const C extends readonly Codec<unknown>[]>(codecs: C): Codec<InferAll<C>> {
  return {
    minSize: codecs.reduce((sum, codec) => sum + codec.minSize, 0),
    encode(w, value) {
      for (let i = 0; i < codecs.length; i += 1) codecs[i]?.encode(w, value[i])
    },
    decode(r) {
      const values: unknown[] = []
      for (const codec of codecs) values.push(codec.decode(r))
      // As above: one value per codec, in their order.
      return values as unknown as InferAll<C>
    },
  }
}

/** Any number of elements; numbers have the faster `doubles`, `longs` ... */
export function sequence<T>(element: Codec<T>): Codec<readonly T[]> {
  // An element of no size at all would make the count unlimited.
  const minSize = Math.max(1, element.minSize)
  return {
    minSize: 4,
    encode(w, values) {
      w.ulong(values.length)
      for (const value of values) element.encode(w, value)
    },
    decode(r) {
      const count = r.count(minSize)
      const values: T[] = []
      for (let i = 0; i < count; i += 1) values.push(element.decode(r))
      return values
    },
  }
}

/** A sequence that is refused when it has more elements: what a client may ask for in one request. */
export function atMost<T>(max: number, codec: Codec<T>): Codec<T> {
  return {
    minSize: codec.minSize,
    encode: (w, value) => codec.encode(w, value),
    decode(r) {
      const count = r.peekUlong()
      if (count > max) throw new CdrError('bad', `${count} elements where ${max} are the limit`)
      return codec.decode(r)
    },
  }
}

/**
 * A sequence of a type that contains itself.
 * @param element makes the element's codec when there is an element
 * @param allowed false where nesting ends: then only an empty sequence can be coded
 */
export function lazySequence<T>(element: () => Codec<T>, allowed: boolean): Codec<readonly T[]> {
  let made: Codec<readonly T[]> | undefined
  const codec = (): Codec<readonly T[]> => {
    if (!allowed) throw new CdrError('bad', 'nested too deeply')
    made ??= sequence(element())
    return made
  }
  return {
    minSize: 4,
    encode(w, values) {
      if (values.length === 0) w.ulong(0)
      else codec().encode(w, values)
    },
    decode(r) {
      // Peeks at the count, so that codecs are made only as deep as the value goes.
      if (r.peekUlong() !== 0) return codec().decode(r)
      r.ulong()
      return []
    },
  }
}

/** One of `labels`; the wire number is its index. */
export function enumeration<const L extends readonly string[]>(labels: L): Codec<L[number]> {
  return {
    minSize: 4,
    encode(w, value) {
      const index = labels.indexOf(value)
      if (index < 0) throw new CdrError('bad', `${String(value)} is none of ${labels.join(', ')}`)
      w.ulong(index)
    },
    decode(r) {
      const index = r.ulong()
      const label = labels[index]
      if (label === undefined) throw new CdrError('bad', `${index} is no index of ${labels.join(', ')}`)
      return label
    },
  }
}

/** Value of a {@link union}. */
export type Union<A extends Fields> = {
  [K in keyof A & string]: { readonly kind: K; readonly value: Infer<A[K]> }
}[keyof A & string]

/** One of `arms`, told apart by `kind`; the wire discriminator is the position of the arm. */
export function union<A extends Fields>(arms: A): Codec<Union<A>> {
  const kinds = Object.keys(arms)
  const codecs = Object.values(arms)
  return {
    minSize: 4 + Math.min(...codecs.map((codec) => codec.minSize)),
    encode(w, value) {
      const index = kinds.indexOf(value.kind)
      const codec = codecs[index]
      if (codec === undefined) throw new CdrError('bad', `${value.kind} is none of ${kinds.join(', ')}`)
      w.ulong(index)
      codec.encode(w, value.value)
    },
    decode(r) {
      const index = r.ulong()
      const codec = codecs[index]
      if (codec === undefined) throw new CdrError('bad', `${index} is no arm of ${kinds.join(', ')}`)
      // Kind and value come from the same arm, which the type system cannot follow.
      return { kind: kinds[index], value: codec.decode(r) } as Union<A>
    },
  }
}
