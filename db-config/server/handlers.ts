// What the parts of the Database device have in common: the type of their handlers and the reading of flat arguments.

import type { dataBase } from '#interfaces/data-base'
import { type CommandArgument, type CommandResult, devFailed, type LongStringArray } from '#tango/pure'
import type { Scope } from '../store/store.ts'

type Commands = (typeof dataBase)['commands']
// biome-ignore lint/suspicious/noConfusingVoidType: it is a return type, chosen by a condition
type Returned<Result> = Result extends undefined ? void : Result

/** One function per command of the Database device. */
export type DatabaseHandlers = {
  readonly [K in keyof Commands]: (argument: CommandArgument<Commands[K]>) => Returned<CommandResult<Commands[K]>>
}

/** What the commands tell about the running device. */
export interface DatabaseFacts {
  /** `sys/database/2` */
  readonly name: string
  /** `host:port` where clients reach the database. */
  address(): string
  /** Local time `YYYY-MM-DD HH:MM:SS`. */
  readonly runningSince: string
  /** Told of each change of a server that the start-up tool of a host shows; returns at once. */
  readonly updateStarters?: (hosts: readonly string[]) => void
}

/** Refuses a list that is too short. @param where command or method that a native error names as its origin */
export function needArguments(list: readonly string[], count: number, what: string, where: string): void {
  if (list.length < count) throw wrongArguments(`${where} needs at least ${count} elements: ${what}`, where)
}

/** Refuses a list that is too short or too long. */
export function needExactly(list: readonly string[], count: number, what: string, where: string): void {
  if (list.length !== count) throw wrongArguments(`${where} needs ${count} elements: ${what}`, where)
}

/** The error for arguments that make no sense. */
export function wrongArguments(desc: string, command: string): Error {
  return devFailed('DB_IncorrectArguments', desc, { origin: origin(command) })
}

/** Origin of an error, in the native spelling. */
export function origin(command: string): string {
  return `DataBase::${command}()`
}

/** Reads a flat list of texts and counts from front to back. */
export class FlatReader {
  readonly #list: readonly string[]
  /** Name of the command, for messages. */
  readonly command: string
  #at = 0

  constructor(list: readonly string[], command: string) {
    this.#list = list
    this.command = command
  }

  /** @throws DevFailed `DB_IncorrectArguments` when the list has ended */
  next(what: string): string {
    const value = this.#list[this.#at]
    if (value === undefined) throw wrongArguments(`${this.command}: ${what} is missing`, this.command)
    this.#at += 1
    return value
  }

  /** A number of things that follow. Like C's `atoi` it ends at the first character that is no digit. */
  count(what: string): number {
    const value = this.next(what)
    const digits = /^\s*\+?(\d+)/.exec(value)?.[1]
    if (digits === undefined) throw wrongArguments(`${this.command}: ${what} is '${value}', no number`, this.command)
    const left = this.#list.length - this.#at
    if (Number(digits) > left) {
      throw wrongArguments(`${this.command}: ${what} is ${value}, but ${left} elements follow`, this.command)
    }
    return Number(digits)
  }

  /** As many texts as announced. */
  values(count: number, what: string): string[] {
    return Array.from({ length: count }, () => this.next(what))
  }

  /** What has not been read. */
  rest(): readonly string[] {
    return this.#list.slice(this.#at)
  }
}

const SCOPE_WORDS: Readonly<Record<Scope, string>> = {
  object: '',
  class: 'Class',
  device: 'Device',
  classAttribute: 'ClassAttribute',
  deviceAttribute: 'DeviceAttribute',
  classPipe: 'ClassPipe',
  devicePipe: 'DevicePipe',
}

/** Name of a property command: `DbGetDevicePropertyList`. */
export function propertyCommand(verb: 'Put' | 'Get' | 'Delete' | 'DeleteAll', scope: Scope, rest = 'Property'): string {
  return `Db${verb}${SCOPE_WORDS[scope]}${rest}`
}

/** Longest name of anything, and longest field of a device name. */
const MAX_NAME = 255
const MAX_FIELD = 85

/**
 * Refuses names that are longer than the columns of the native database, which others may read or import.
 * @throws DevFailed `DB_SQLError`
 */
export function fitting(command: string, names: readonly string[], longest: number = MAX_NAME): void {
  const long = names.find((name) => name.length > longest)
  if (long === undefined) return
  const desc = `'${long.slice(0, 40)}...' has ${long.length} characters, ${longest} are allowed`
  throw devFailed('DB_SQLError', desc, { origin: origin(command) })
}

/**
 * The name of a device that may exist, without `tango:` and `//host/`. As lenient as the native database, so that
 * whatever it has let in can be removed.
 * @throws DevFailed `DB_IncorrectDeviceName` when it has not three fields or holds a `*`
 */
export function deviceName(name: string, command: string): string {
  const bare = name.replace(/^(tango|taco):/, '').replace(/^\/\/[^/]*\//, '')
  if (!/^[^/*]+\/[^/*]*\/[^*]*$/.test(bare)) throw incorrectDevice(name, command)
  return bare
}

/**
 * The name for a new device, without `tango:` and `//host/`.
 * @throws DevFailed `DB_IncorrectDeviceName` when it has not exactly three fields, all of them filled, or holds a `*`
 */
export function newDeviceName(name: string, command: string): string {
  const bare = deviceName(name, command)
  const fields = bare.split('/')
  if (fields.length !== 3 || fields.includes('')) throw incorrectDevice(name, command)
  fitting(`db_add_${command.slice('Add'.length).toLowerCase()}`, fields, MAX_FIELD)
  return bare
}

function incorrectDevice(name: string, command: string): Error {
  const desc = `device name (${name}) syntax error (should be [tango:][//instance/]domain/family/member)`
  return devFailed('DB_IncorrectDeviceName', desc, { origin: origin(command) })
}

/**
 * A number for a column of integers.
 * @throws DevFailed `DB_SQLError`, as from the strict mode of the native database
 */
export function integer(text: string, what: string, command: string): number {
  const value = /^\s*[-+]?\d+\s*$/.test(text) ? Number(text) : Number.NaN
  if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) return value
  throw devFailed('DB_SQLError', `${what} is '${text}', no 32-bit integer`, { origin: origin(command) })
}

/** Numbers and texts of a reply. */
export function longStrings(lvalue: readonly number[], svalue: readonly string[]): LongStringArray {
  return { lvalue: Int32Array.from(lvalue), svalue }
}
