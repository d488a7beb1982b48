// A reader without bytes: it invents whatever a codec asks for. Decoding with it gives valid values of any operation, so
// that the generator needs no grammar beside the codecs themselves.

import { DEV_STATES } from '../../tango/types/dev-state.ts'
import { CdrReader } from '../../tango/wire/cdr.ts'
import { KIND } from '../../tango/wire/type-code.ts'
import type { Random } from './random.ts'

const NOTHING = new Uint8Array(8)
/** Kinds without parameters that an any may have. */
const SIMPLE_KINDS = [KIND.null, KIND.short, KIND.long, KIND.ushort, KIND.ulong, KIND.float, KIND.double, KIND.boolean]
const MORE_KINDS = [KIND.octet, KIND.longlong, KIND.ulonglong, KIND.string]
const NAMED = ['Short', 'Long', 'Float', 'Double', 'UShort', 'ULong', 'Long64', 'ULong64', 'Boolean', 'String', 'Char']
const TYPE_IDS = [
  ...NAMED.map((name) => `IDL:Tango/DevVar${name}Array:1.0`),
  'IDL:Tango/DevVarLongStringArray:1.0',
  'IDL:Tango/DevVarDoubleStringArray:1.0',
  'IDL:Tango/DevEncoded:1.0',
  'IDL:Tango/DevState:1.0',
]
const DOUBLES = [0, -0, 1, -1.5, Number.NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE, 1e15]
const INTEGERS = [0, 1, 2, 7, 10, 50, 100, 255, 1000, 32767, 65535, 0x7fffffff]

/** Invents values; strings come from `words` most of the time. */
export class InventingReader extends CdrReader {
  readonly #random: Random
  readonly #words: readonly string[]
  #depth = 0
  /** An any's TypeCode is being read: the answers to come. */
  #typeCode: { kind?: number; id?: string } = {}

  constructor(random: Random, words: readonly string[]) {
    super(NOTHING)
    this.#random = random
    this.#words = words
  }

  /** Only the codec of an any aligns by itself. */
  override align(): void {
    if (this.#random.chance(0.4)) this.#typeCode = { kind: this.#random.pick([...SIMPLE_KINDS, ...MORE_KINDS]) }
    else this.#typeCode = { kind: KIND.alias, id: this.#random.pick(TYPE_IDS) }
  }

  override ulong(): number {
    const { kind } = this.#typeCode
    if (kind === undefined)
      return this.#random.chance(0.7) ? this.#random.below(3) : this.#random.below(DEV_STATES.length)
    this.#typeCode = this.#typeCode.id === undefined ? {} : { id: this.#typeCode.id }
    return kind
  }

  override peekUlong(): number {
    if (this.#typeCode.id !== undefined) return 8
    this.#depth += 1
    return this.#random.chance(this.#depth > 20 ? 0.1 : 0.5) ? 1 : 0
  }

  override encapsulation(): CdrReader {
    return this
  }

  override string(): string {
    const { id } = this.#typeCode
    this.#typeCode = {}
    if (id !== undefined) return id
    if (this.#random.chance(0.85)) return this.#random.pick(this.#words)
    const length = this.#random.chance(0.9) ? this.#random.below(20) : this.#random.below(5000)
    return String.fromCharCode(...this.#random.bytes(length))
  }

  override count(): number {
    return this.#random.chance(0.9) ? this.#random.below(4) : this.#random.below(30)
  }

  override octet(): number {
    return this.#random.below(256)
  }

  override boolean(): boolean {
    return this.#random.chance(0.5)
  }

  override short(): number {
    return (this.#integer() << 16) >> 16
  }

  override ushort(): number {
    return this.#integer() & 0xffff
  }

  override long(): number {
    return this.#integer() | 0
  }

  override longlong(): bigint {
    return BigInt.asIntN(64, BigInt(this.#integer()) * BigInt(this.#random.pick([1, -1, 2 ** 32])))
  }

  override ulonglong(): bigint {
    return BigInt.asUintN(64, this.longlong())
  }

  override float(): number {
    return Math.fround(this.double())
  }

  override double(): number {
    return this.#random.chance(0.5) ? this.#random.pick(DOUBLES) : this.#random.word() / 1000 - 1e6
  }

  override octets(): Uint8Array {
    return this.#random.bytes(this.count())
  }

  override booleans(): boolean[] {
    return this.#list(() => this.boolean())
  }

  override strings(): string[] {
    return this.#list(() => this.string())
  }

  override shorts(): Int16Array {
    return Int16Array.from(this.#list(() => this.short()))
  }

  override ushorts(): Uint16Array {
    return Uint16Array.from(this.#list(() => this.ushort()))
  }

  override longs(): Int32Array {
    return Int32Array.from(this.#list(() => this.long()))
  }

  override ulongs(): Uint32Array {
    return Uint32Array.from(this.#list(() => this.#integer()))
  }

  override longlongs(): BigInt64Array {
    return BigInt64Array.from(this.#list(() => this.longlong()))
  }

  override ulonglongs(): BigUint64Array {
    return BigUint64Array.from(this.#list(() => this.ulonglong()))
  }

  override floats(): Float32Array {
    return Float32Array.from(this.#list(() => this.float()))
  }

  override doubles(): Float64Array {
    return Float64Array.from(this.#list(() => this.double()))
  }

  #list<T>(make: () => T): T[] {
    return Array.from({ length: this.count() }, make)
  }

  #integer(): number {
    return this.#random.chance(0.7) ? this.#random.pick(INTEGERS) : this.#random.word()
  }
}
