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
}

/** Refuses a list that is too short. */
export function needArguments(list: readonly string[], count: number, what: string, command: string): void {
  if (list.length < count) {
    throw wrongArguments(`${command} needs at least ${count} elements: ${what}`, command)
  }
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

  count(what: string): number {
    const value = this.next(what)
    if (!/^\s*\d+\s*$/.test(value))
      throw wrongArguments(`${this.command}: ${what} is '${value}', no number`, this.command)
    const left = this.#list.length - this.#at
    if (Number(value) > left) {
      throw wrongArguments(`${this.command}: ${what} is ${value}, but ${left} elements follow`, this.command)
    }
    return Number(value)
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

/**
 * A device name without `tango:` and `//host/`.
 * @throws DevFailed `DB_IncorrectDeviceName` when it has not three fields or holds a `*`
 */
export function deviceName(name: string, command: string): string {
  const bare = name.replace(/^(tango|taco):/i, '').replace(/^\/\/[^/]*\//, '')
  if (!/^[^/*]+\/[^/*]+\/[^/*]+$/.test(bare)) {
    const desc = `device name (${name}) syntax error (should be [tango:][//instance/]domain/family/member)`
    throw devFailed('DB_IncorrectDeviceName', desc, { origin: origin(command) })
  }
  return bare
}

/** A number as C's atoi reads it, within 32 bits. */
export function integer(text: string): number {
  const value = Number.parseInt(text, 10)
  return Number.isNaN(value) ? 0 : Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1)
}

/** Numbers and texts of a reply. */
export function longStrings(lvalue: readonly number[], svalue: readonly string[]): LongStringArray {
  return { lvalue: Int32Array.from(lvalue), svalue }
}
