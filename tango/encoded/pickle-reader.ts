// Reads Python pickles of protocols 0 to 5 that hold plain data only: None, bool, int, float, str, bytes, list, tuple,
// dict, set. Anything that would import or call something in Python is refused, so foreign bytes can do no harm.

import { devFailed } from '../errors/dev-failed.ts'
import { decodeUtf8 } from './utf8.ts'

/**
 * Value of a pickle: dicts with text keys become plain objects, other dicts `Map`; lists and tuples arrays; sets `Set`;
 * bytes `Uint8Array` (a view); ints beyond 2^53 `bigint`; None `null`.
 * @throws DevFailed `API_InvalidArgs` when the bytes are damaged or hold anything but plain data
 */
export function decodePickle(bytes: Uint8Array): unknown {
  return new Unpickler(bytes).read()
}

/** Marks the start of a group of values on the stack. */
const MARK = Symbol('mark')

/** The two harmless globals that older protocols need for plain data. */
class Callable {
  readonly name: 'set' | 'dict' | 'bytes'

  constructor(name: 'set' | 'dict' | 'bytes') {
    this.name = name
  }
}

const CALLABLES: Readonly<Record<string, 'set' | 'dict' | 'bytes'>> = {
  'builtins set': 'set',
  'builtins frozenset': 'set',
  '__builtin__ set': 'set',
  '__builtin__ frozenset': 'set',
  'collections OrderedDict': 'dict',
  '_codecs encode': 'bytes',
}

class Unpickler {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #stack: unknown[] = []
  readonly #memo = new Map<number, unknown>()
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(): unknown {
    for (;;) {
      const start = this.#at
      const opcode = this.#byte()
      if (opcode === 0x2e) return toPlain(this.#pop(), new Map())
      if (!this.#scalar(opcode) && !this.#container(opcode)) {
        throw damaged(`opcode 0x${opcode.toString(16)} at byte ${start} is no plain data`)
      }
    }
  }

  /** Numbers, texts and the bookkeeping around them. */
  #scalar(opcode: number): boolean {
    switch (opcode) {
      case 0x80: {
        const protocol = this.#byte()
        if (protocol > 5) throw damaged(`protocol ${protocol} is not known`)
        return true
      }
      case 0x95: // FRAME: only a hint
        this.#take(8)
        return true
      case 0x4e:
        return this.#push(null)
      case 0x88:
        return this.#push(true)
      case 0x89:
        return this.#push(false)
      case 0x49: // INT
        return this.#push(decimalInteger(this.#line()))
      case 0x4c: // LONG
        return this.#push(decimalInteger(this.#line().replace(/L$/, '')))
      case 0x4a:
        return this.#push(this.#fixed(4).getInt32(0, true))
      case 0x4b:
        return this.#push(this.#byte())
      case 0x4d:
        return this.#push(this.#fixed(2).getUint16(0, true))
      case 0x8a:
        return this.#push(longInteger(this.#take(this.#byte())))
      case 0x8b:
        return this.#push(longInteger(this.#take(this.#fixed(4).getUint32(0, true))))
      case 0x46: // FLOAT
        return this.#push(decimalFloat(this.#line()))
      case 0x47:
        return this.#push(this.#fixed(8).getFloat64(0, false))
      case 0x53: // STRING: quoted repr of Python 2
        return this.#push(unquote(this.#line()))
      case 0x54:
        return this.#push(latin1(this.#take(this.#fixed(4).getUint32(0, true))))
      case 0x55:
        return this.#push(latin1(this.#take(this.#byte())))
      case 0x56: // UNICODE
        return this.#push(rawUnicode(this.#line()))
      case 0x58:
        return this.#push(this.#text(this.#fixed(4).getUint32(0, true)))
      case 0x8c:
        return this.#push(this.#text(this.#byte()))
      case 0x8d:
        return this.#push(this.#text(this.#count64()))
      case 0x42:
        return this.#push(this.#take(this.#fixed(4).getUint32(0, true)))
      case 0x43:
        return this.#push(this.#take(this.#byte()))
      case 0x8e:
      case 0x96: // BYTEARRAY8
        return this.#push(this.#take(this.#count64()))
      case 0x30:
        this.#pop()
        return true
      case 0x31:
        this.#group()
        return true
      case 0x32: // DUP
        return this.#push(this.#top())
      case 0x28:
        return this.#push(MARK)
      case 0x70: // PUT
        return this.#remember(Number(this.#line()))
      case 0x71:
        return this.#remember(this.#byte())
      case 0x72:
        return this.#remember(this.#fixed(4).getUint32(0, true))
      case 0x94:
        return this.#remember(this.#memo.size)
      case 0x67: // GET
        return this.#recall(Number(this.#line()))
      case 0x68:
        return this.#recall(this.#byte())
      case 0x6a:
        return this.#recall(this.#fixed(4).getUint32(0, true))
      default:
        return false
    }
  }

  /** Lists, tuples, dicts, sets and the few allowed calls. */
  #container(opcode: number): boolean {
    switch (opcode) {
      case 0x5d:
        return this.#push([])
      case 0x6c: // LIST
        return this.#push(this.#group())
      case 0x61: {
        const item = this.#pop()
        this.#list().push(item)
        return true
      }
      case 0x65: {
        const items = this.#group()
        const list = this.#list()
        for (const item of items) list.push(item)
        return true
      }
      case 0x29:
        return this.#push([])
      case 0x74:
        return this.#push(this.#group())
      case 0x85:
        return this.#push([this.#pop()])
      case 0x86: {
        const second = this.#pop()
        return this.#push([this.#pop(), second])
      }
      case 0x87: {
        const third = this.#pop()
        const second = this.#pop()
        return this.#push([this.#pop(), second, third])
      }
      case 0x7d:
        return this.#push(new Map())
      case 0x64: {
        // DICT
        const items = this.#group()
        const dict = new Map<unknown, unknown>()
        setItems(dict, items)
        return this.#push(dict)
      }
      case 0x73: {
        const value = this.#pop()
        const key = this.#pop()
        setItems(this.#dict(), [key, value])
        return true
      }
      case 0x75: {
        const items = this.#group()
        setItems(this.#dict(), items)
        return true
      }
      case 0x8f:
        return this.#push(new Set())
      case 0x90: {
        const items = this.#group()
        const set = this.#top()
        if (!(set instanceof Set)) throw damaged('ADDITEMS without a set')
        for (const item of items) set.add(item)
        return true
      }
      case 0x91: // FROZENSET
        return this.#push(new Set(this.#group()))
      case 0x63: {
        const module = this.#line()
        return this.#push(callable(`${module} ${this.#line()}`))
      }
      case 0x93: {
        const name = this.#pop()
        return this.#push(callable(`${String(this.#pop())} ${String(name)}`))
      }
      case 0x52: {
        const args = this.#pop()
        return this.#push(reduce(this.#pop(), args))
      }
      default:
        return false
    }
  }

  #push(value: unknown): true {
    this.#stack.push(value)
    return true
  }

  #pop(): unknown {
    const value = this.#top()
    this.#stack.pop()
    return value
  }

  #top(): unknown {
    const value = this.#stack.at(-1)
    if (this.#stack.length === 0 || value === MARK) throw damaged('a value is missing')
    return value
  }

  #list(): unknown[] {
    const list = this.#top()
    if (!Array.isArray(list)) throw damaged('APPEND without a list')
    return list
  }

  #dict(): Map<unknown, unknown> {
    const dict = this.#top()
    if (!(dict instanceof Map)) throw damaged('SETITEM without a dict')
    return dict
  }

  /** Everything above the last mark, which goes too. */
  #group(): unknown[] {
    const mark = this.#stack.lastIndexOf(MARK)
    if (mark < 0) throw damaged('a mark is missing')
    const items = this.#stack.splice(mark + 1)
    this.#stack.pop()
    return items
  }

  #remember(index: number): true {
    this.#memo.set(index, this.#top())
    return true
  }

  #recall(index: number): true {
    if (!this.#memo.has(index)) throw damaged(`nothing is remembered under ${index}`)
    return this.#push(this.#memo.get(index))
  }

  #byte(): number {
    const value = this.#bytes[this.#at]
    if (value === undefined) throw damaged('it ends too early')
    this.#at += 1
    return value
  }

  #take(count: number): Uint8Array {
    if (count > this.#bytes.length - this.#at) throw damaged('it ends too early')
    this.#at += count
    return this.#bytes.subarray(this.#at - count, this.#at)
  }

  #fixed(count: number): DataView {
    this.#take(count)
    return new DataView(this.#view.buffer, this.#view.byteOffset + this.#at - count, count)
  }

  #count64(): number {
    const count = this.#fixed(8).getBigUint64(0, true)
    return count > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(count)
  }

  #text(count: number): string {
    const bytes = this.#take(count)
    try {
      return decodeUtf8(bytes)
    } catch {
      throw damaged('a text is not UTF-8')
    }
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at)
    if (end < 0) throw damaged('it ends too early')
    const line = latin1(this.#bytes.subarray(this.#at, end))
    this.#at = end + 1
    return line
  }
}

function callable(name: string): Callable {
  const known = Object.hasOwn(CALLABLES, name) ? CALLABLES[name] : undefined
  if (known === undefined) throw damaged(`it holds the Python object ${name}; only plain data is read`)
  return new Callable(known)
}

function reduce(what: unknown, args: unknown): unknown {
  if (!(what instanceof Callable) || !Array.isArray(args)) throw damaged('a call of something that is not plain data')
  const first: unknown = args[0]
  switch (what.name) {
    case 'set':
      if (args.length === 0) return new Set()
      if (args.length === 1 && Array.isArray(first)) return new Set(first)
      break
    case 'dict':
      if (args.length === 0) return new Map()
      if (
        args.length === 1 &&
        Array.isArray(first) &&
        first.every((pair) => Array.isArray(pair) && pair.length === 2)
      ) {
        return new Map(first)
      }
      break
    case 'bytes':
      if (typeof first === 'string' && args[1] === 'latin1') {
        return Uint8Array.from(first, (character) => character.charCodeAt(0))
      }
      break
  }
  throw damaged(`arguments of ${what.name} are wrong`)
}

function setItems(dict: Map<unknown, unknown>, items: readonly unknown[]): void {
  if (items.length % 2 !== 0) throw damaged('a key has no value')
  for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1])
}

const MAX_DEPTH = 500

/** Turns dicts with text keys into objects; shared and cyclic parts stay shared. */
function toPlain(value: unknown, done: Map<object, unknown>, depth = 0): unknown {
  if (value instanceof Callable) throw damaged('it holds a Python function')
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  if (depth > MAX_DEPTH) throw damaged(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (done.has(value)) return done.get(value)
  if (Array.isArray(value)) {
    done.set(value, value)
    for (let i = 0; i < value.length; i++) value[i] = toPlain(value[i], done, depth + 1)
    return value
  }
  if (value instanceof Set) {
    const set = new Set<unknown>()
    done.set(value, set)
    for (const item of value) set.add(toPlain(item, done, depth + 1))
    return set
  }
  if (!(value instanceof Map)) return value
  if (![...value.keys()].every((key) => typeof key === 'string')) {
    const map = new Map<unknown, unknown>()
    done.set(value, map)
    for (const [key, member] of value) map.set(toPlain(key, done, depth + 1), toPlain(member, done, depth + 1))
    return map
  }
  const object = {}
  done.set(value, object)
  for (const [key, member] of value) {
    // defined, not assigned: a key `__proto__` must be a member like any other
    Object.defineProperty(object, String(key), {
      value: toPlain(member, done, depth + 1),
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  return object
}

function decimalInteger(line: string): number | bigint | boolean {
  if (line === '00') return false
  if (line === '01') return true
  if (!/^[+-]?\d+$/.test(line)) throw damaged(`${line} is no integer`)
  return shortest(BigInt(line))
}

function decimalFloat(line: string): number {
  const special: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, '-inf': -Infinity }
  const value = special[line.toLowerCase()] ?? (line.trim() === '' ? NaN : Number(line))
  if (Number.isNaN(value) && line.toLowerCase() !== 'nan') throw damaged(`${line} is no number`)
  return value
}

function longInteger(bytes: Uint8Array): number | bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0)
  return shortest(bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, value))
}

function shortest(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function latin1(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

/** Text of Python 2's `repr`: quotes around, backslash escapes inside. */
function unquote(line: string): string {
  const inner = /^(['"])(.*)\1$/s.exec(line)?.[2]
  if (inner === undefined) throw damaged('a string has no quotes')
  const named: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' }
  return inner.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_all, hex: string | undefined, letter: string | undefined) =>
    hex === undefined ? (named[letter ?? ''] ?? `\\${letter ?? ''}`) : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/** Text in Python's raw-unicode-escape: only `\u` and `\U` are special. */
function rawUnicode(line: string): string {
  return line.replace(/\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g, (_all, four?: string, eight?: string) =>
    String.fromCodePoint(Number.parseInt(four ?? eight ?? '', 16)),
  )
}

function damaged(what: string): Error {
  return devFailed('API_InvalidArgs', `the pickle cannot be read: ${what}`)
}
