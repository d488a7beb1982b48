// Types of what a device proxy takes and gives, inferred from a device's spec where there is one.

import type { DoubleStringArray, LongStringArray, TangoType } from '../types/dev-types.ts'
import type {
  AttributeInput,
  AttributeSpec,
  AttributeValue,
  CommandArgument,
  CommandResult,
  CommandSpec,
  DeviceSpec,
} from '../types/device-spec.ts'
import type { AttributeConfig5 } from '../wire/tango-config.ts'

/** Keys of a spec; none when the spec is not known at compile time. */
type KeysOf<Group> = string extends keyof Group ? never : keyof Group & string

/** Attribute key of the spec, or any Tango name. */
export type AttributeName<S extends DeviceSpec> = KeysOf<S['attributes']> | (string & {})

/** Command key of the spec, or any Tango name. */
export type CommandName<S extends DeviceSpec> = KeysOf<S['commands']> | (string & {})

type SpecOf<Group, K extends string> = K extends KeysOf<Group> ? Group[K & keyof Group] : undefined

/** Value of an attribute: typed for keys of the spec, unknown otherwise. */
export type ValueOf<S extends DeviceSpec, K extends string> =
  SpecOf<S['attributes'], K> extends infer A extends AttributeSpec ? AttributeValue<A> : unknown

/** What may be written to an attribute. */
export type InputOf<S extends DeviceSpec, K extends string> =
  SpecOf<S['attributes'], K> extends infer A extends AttributeSpec ? AttributeInput<A> : unknown

/** Result of a command. */
export type ResultOf<S extends DeviceSpec, K extends string> =
  SpecOf<S['commands'], K> extends infer C extends CommandSpec ? CommandResult<C> : unknown

/** Plain lists are accepted where the wire has typed arrays. */
type Loose<T> = T extends LongStringArray
  ? LongStringArray | { readonly lvalue?: Int32Array | readonly number[]; readonly svalue?: readonly string[] }
  : T extends DoubleStringArray
    ? DoubleStringArray | { readonly dvalue?: Float64Array | readonly number[]; readonly svalue?: readonly string[] }
    : T extends BigInt64Array | BigUint64Array
      ? T | readonly bigint[]
      : T extends ArrayBufferView
        ? T | readonly number[]
        : T

type ArgumentOf<S extends DeviceSpec, K extends string> =
  SpecOf<S['commands'], K> extends infer C extends CommandSpec ? Loose<CommandArgument<C>> : unknown

/** Options of one command. */
export interface CommandOptions {
  /** How long to wait for the reply; the proxy's `timeoutMs` when absent. */
  readonly timeoutMs?: number
  /** Stops waiting; the device works on unless it watches its callers (long-running commands do). */
  readonly signal?: AbortSignal
}

/** Argument and options of a command; the argument may be left out only if there is none. */
export type CommandRest<S extends DeviceSpec, K extends string> =
  undefined extends ArgumentOf<S, K>
    ? [argument?: ArgumentOf<S, K>, options?: CommandOptions]
    : [argument: ArgumentOf<S, K>, options?: CommandOptions]

/** Configuration of an attribute; fields that a device of an older interface lacks have their defaults. */
export type AttributeConfig = AttributeConfig5

/** A command as its device declares it. */
export interface CommandInfo {
  readonly name: string
  readonly level: 'OPERATOR' | 'EXPERT' | 'DL_UNKNOWN'
  readonly inType: TangoType
  readonly outType: TangoType
  readonly inDoc: string
  readonly outDoc: string
}

/** What a device says of itself. */
export interface DeviceInfo {
  readonly class: string
  /** `Pool/demo1`. */
  readonly server: string
  readonly host: string
  /** Interface level, 5 for Tango 9. */
  readonly idl: number
  readonly docUrl: string
  readonly type: string
}

/** Where values come from: hardware, polling cache, or cache with the hardware as fall-back (the default). */
export type ReadSource = 'DEV' | 'CACHE' | 'CACHE_DEV'

/**
 * When a call is sent again after its device was lost and found again: `safe`, the default, repeats reads always and
 * writes and commands only if they were certainly not executed; `always` repeats everything, `never` nothing.
 */
export type Reconnection = 'safe' | 'always' | 'never'

/** A pipe as its device declares it. */
export interface PipeInfo {
  readonly name: string
  readonly description: string
  readonly label: string
  readonly level: 'OPERATOR' | 'EXPERT' | 'DL_UNKNOWN'
  readonly writable: boolean
}
