// The commands of one device: look-up by name, check of argument and result, call of the handler.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import { type CommandType, type CommandValues, TYPE_CODES } from '../types/dev-types.ts'
import { type CallContext, type CommandSpec, tangoName } from '../types/device-spec.ts'
import { type AnyValue, VOID } from '../wire/any.ts'
import type { DevCmdInfo2 } from '../wire/tango-idl.ts'
import { VALUE_TYPES } from './attribute-value.ts'
import type { StateCheck } from './state-check.ts'

/** Calls the method of a device that serves a command. */
export type CommandHandler = (argument: unknown, call: CallContext) => unknown

/** A command as it is served. */
export class Command {
  readonly key: string
  readonly name: string
  readonly spec: CommandSpec
  readonly info: DevCmdInfo2
  readonly #in: CommandType
  readonly #out: CommandType
  readonly #handler: CommandHandler
  readonly #checkState: StateCheck | undefined
  /** Added at run time, so it may be removed. */
  readonly dynamic: boolean

  constructor(
    key: string,
    spec: CommandSpec,
    naming: 'capital' | 'snake' | undefined,
    handler: CommandHandler,
    options: { readonly checkState?: StateCheck; readonly dynamic?: boolean } = {},
  ) {
    this.key = key
    this.name = tangoName(key, spec, naming)
    this.spec = spec
    this.#in = spec.in ?? 'DevVoid'
    this.#out = spec.out ?? 'DevVoid'
    this.#handler = handler
    this.#checkState = spec.states === undefined ? undefined : options.checkState
    this.dynamic = options.dynamic ?? false
    this.info = {
      cmdName: this.name,
      level: spec.level ?? 'OPERATOR',
      cmdTag: 0,
      inType: TYPE_CODES[this.#in],
      outType: TYPE_CODES[this.#out],
      inTypeDesc: spec.inDoc ?? 'Uninitialised',
      outTypeDesc: spec.outDoc ?? 'Uninitialised',
    }
  }

  get takesNothing(): boolean {
    return this.#in === 'DevVoid'
  }

  get outType(): CommandType {
    return this.#out
  }

  /**
   * Runs the command; a promise only if its handler returned one.
   * @throws DevFailed `API_CommandNotAllowed`, `API_IncompatibleCmdArgumentType`, or what the handler throws
   */
  execute(argument: AnyValue, call: CallContext): AnyValue | Promise<AnyValue> {
    this.#checkState?.(this.spec.states, 'API_CommandNotAllowed', 'DeviceClass::command_handler', (state) => {
      return `Command ${this.name} not allowed when the device is in ${state} state`
    })
    if (this.#in !== 'DevVoid' && !sameType(this.#in, argument.type)) {
      const desc = `Incompatible command argument type, expected type is : Tango::${this.#in}`
      throw failure('API_IncompatibleCmdArgumentType', desc, 'Command::extract()')
    }
    // an argument that nobody asked for is ignored
    const answer = this.#handler(this.#in === 'DevVoid' ? undefined : argument.value, call)
    return answer instanceof Promise ? this.#settled(answer) : this.result(answer)
  }

  async #settled(answer: Promise<unknown>): Promise<AnyValue> {
    return this.result(await answer)
  }

  /** A result of the handler as it travels. */
  result(answer: unknown): AnyValue {
    if (this.#out === 'DevVoid') return VOID
    try {
      // type and value belong together because `commandResult` has just checked them
      return { type: this.#out, value: commandResult(this.#out, answer) } as AnyValue
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      throw devFailed('Internal_Error', `command ${this.name} returned no ${this.#out}: ${error.message}`)
    }
  }
}

/** All commands of a device. */
export class CommandTable {
  readonly #commands = new Map<string, Command>()

  add(command: Command): void {
    this.#commands.set(command.name.toLowerCase(), command)
  }

  remove(name: string): void {
    this.#commands.delete(name.toLowerCase())
  }

  /** All commands, sorted by name as native servers list them. */
  all(): readonly Command[] {
    return [...this.#commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  find(name: string): Command | undefined {
    return this.#commands.get(name.toLowerCase())
  }

  /** @throws DevFailed `API_CommandNotFound` */
  get(name: string, origin = 'DeviceClass::command_handler'): Command {
    const command = this.find(name)
    if (command === undefined) throw failure('API_CommandNotFound', `Command ${name} not found`, origin)
    return command
  }
}

/** Element types of the array types. */
const ELEMENTS = {
  DevVarBooleanArray: 'DevBoolean',
  DevVarCharArray: 'DevUChar',
  DevVarShortArray: 'DevShort',
  DevVarLongArray: 'DevLong',
  DevVarLong64Array: 'DevLong64',
  DevVarFloatArray: 'DevFloat',
  DevVarDoubleArray: 'DevDouble',
  DevVarUShortArray: 'DevUShort',
  DevVarULongArray: 'DevULong',
  DevVarULong64Array: 'DevULong64',
  DevVarStringArray: 'DevString',
  DevVarStateArray: 'DevState',
  DevVarEncodedArray: 'DevEncoded',
} as const

/**
 * A handler's answer as value of a command type; plain number arrays become typed ones.
 * @throws TypeError when it does not fit
 */
export function commandResult(type: CommandType, answer: unknown): CommandValues[CommandType] {
  switch (type) {
    case 'DevVoid':
      return undefined
    case 'DevVarLongStringArray': {
      const { lvalue, svalue } = pair(answer, 'lvalue')
      return { lvalue: Int32Array.from(VALUE_TYPES.DevLong.many(lvalue) as Int32Array), svalue: strings(svalue) }
    }
    case 'DevVarDoubleStringArray': {
      const { lvalue, svalue } = pair(answer, 'dvalue')
      return { dvalue: Float64Array.from(VALUE_TYPES.DevDouble.many(lvalue) as Float64Array), svalue: strings(svalue) }
    }
    case 'ConstDevString':
      return VALUE_TYPES.DevString.one(answer)[0]
    default:
      if (type in ELEMENTS) {
        // `in` has just shown that it is a key
        return VALUE_TYPES[ELEMENTS[type as keyof typeof ELEMENTS]].many(answer) as CommandValues[CommandType]
      }
      return VALUE_TYPES[type as keyof typeof VALUE_TYPES].one(answer)[0]
  }
}

function strings(value: unknown): readonly string[] {
  return VALUE_TYPES.DevString.many(value) as readonly string[]
}

function pair(answer: unknown, first: 'lvalue' | 'dvalue'): { lvalue: unknown; svalue: unknown } {
  if (typeof answer === 'object' && answer !== null && first in answer && 'svalue' in answer) {
    const numbers: unknown = Reflect.get(answer, first)
    return { lvalue: numbers, svalue: answer.svalue }
  }
  throw new TypeError(`an object { ${first}, svalue } is needed`)
}

function sameType(wanted: CommandType, given: CommandType): boolean {
  if (wanted === given) return true
  if (wanted === 'ConstDevString') return given === 'DevString'
  return wanted === 'DevEnum' && given === 'DevShort'
}

function failure(reason: string, desc: string, origin: string): DevFailed {
  return new DevFailed([{ reason, severity: 'ERR', desc, origin }])
}
