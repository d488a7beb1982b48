// The contract of a device class as data: server, client, panels, command line and docs read the same value.

import type { DevState } from './dev-state.ts'
import type { AttributeType, CommandType, CommandValues, Image, ScalarValues, SpectrumValues } from './dev-types.ts'
import type { PipeBlob, PipeInput } from './pipe.ts'
import type { Reading } from './reading.ts'

/** One attribute. The key in `attributes` is lowerCamelCase; its Tango name is `name`, else the key with a capital. */
export interface AttributeSpec {
  readonly type: AttributeType
  readonly format?: 'scalar' | 'spectrum' | 'image'
  /** Largest dimensions: `[x]` for a spectrum, `[x, y]` for an image. */
  readonly max?: readonly number[]
  readonly writable?: boolean
  /** Written but never read from the device (Tango's WRITE). */
  readonly writeOnly?: boolean
  /** Read-only, with the set point of the attribute of this Tango name as written part (Tango's READ_WITH_WRITE). */
  readonly readWithWrite?: string
  readonly name?: string
  readonly doc?: string
  readonly label?: string
  readonly unit?: string
  readonly standardUnit?: string
  readonly displayUnit?: string
  readonly displayFormat?: string
  readonly enumLabels?: readonly string[]
  readonly minValue?: number
  readonly maxValue?: number
  readonly minAlarm?: number
  readonly maxAlarm?: number
  readonly minWarning?: number
  readonly maxWarning?: number
  /** ALARM when the value differs by `deltaVal` or more from the set point, `deltaT` ms after it was written. */
  readonly deltaVal?: number
  readonly deltaT?: number
  readonly level?: 'OPERATOR' | 'EXPERT'
  /** States of the device in which the attribute may be read and written; all when absent. */
  readonly states?: readonly DevState[]
  /**
   * The set point is kept in the database and written again at start (Tango's memorized, written at init); with
   * `setPoint` it is shown again, but not written.
   */
  readonly memorized?: boolean | 'setPoint'
  /** Skips the device's queue. */
  readonly urgent?: boolean
  /** The device pushes change events itself: every push is sent (`unfiltered`) or compared with the thresholds first. */
  readonly pushes?: 'unfiltered' | 'filtered'
  /** The device pushes archive events itself, as with `pushes`. */
  readonly pushesArchive?: 'unfiltered' | 'filtered'
  /** The device sends data-ready events (`pushDataReady`). */
  readonly dataReady?: boolean
  /** Default event thresholds. */
  readonly events?: {
    readonly change?: EventThresholds
    readonly periodMs?: number
    readonly archive?: EventThresholds & { readonly periodMs?: number }
  }
  /** Polling period in ms when the device starts. */
  readonly pollingMs?: number
}

/** How much a value must change for an event: by this much, or by this many percent. */
export interface EventThresholds {
  readonly abs?: number
  readonly rel?: number
}

/** One command. The key is lowerCamelCase; its Tango name is `name`, else the key with a capital. */
export interface CommandSpec {
  readonly in?: CommandType
  readonly out?: CommandType
  readonly inDoc?: string
  readonly outDoc?: string
  readonly name?: string
  readonly doc?: string
  readonly level?: 'OPERATOR' | 'EXPERT'
  /** States of the device in which the command is allowed; all when absent. */
  readonly states?: readonly DevState[]
  /** Polling period in ms when the device starts; commands without argument only. */
  readonly pollingMs?: number
  /** Skips the device's queue (`Stop`, `Abort`). */
  readonly urgent?: boolean
  /** Runs beside the queue, several may be pending; replies at the end; a closed connection aborts its signal. */
  readonly longRunning?: boolean
}

/** One pipe. The key is lowerCamelCase; its Tango name is `name`, else the key with a capital. */
export interface PipeSpec {
  readonly writable?: boolean
  readonly name?: string
  readonly doc?: string
  readonly label?: string
  readonly level?: 'OPERATOR' | 'EXPERT'
  /** States of the device in which the pipe may be read and written; all when absent. */
  readonly states?: readonly DevState[]
}

/** One forwarded attribute: all but its name and label comes from the attribute of another device. */
export interface ForwardedSpec {
  readonly name?: string
  readonly label?: string
  /** `domain/family/member/attribute`; the attribute property `__root_att` of the database when absent. */
  readonly root?: string
}

/** Types a property may have; arrays are spectra in the database. */
export type PropertyType =
  | 'DevBoolean'
  | 'DevLong'
  | 'DevDouble'
  | 'DevString'
  | 'DevVarLongArray'
  | 'DevVarDoubleArray'
  | 'DevVarStringArray'

/** One device property. The key is lowerCamelCase; its Tango name is `name`, else the key with a capital. */
export interface PropertySpec {
  readonly type: PropertyType
  readonly default?: string | number | boolean | readonly string[] | readonly number[]
  /** A missing mandatory property puts the device in FAULT. */
  readonly mandatory?: boolean
  readonly name?: string
  readonly doc?: string
  /** Unit of a number, for whoever writes it. */
  readonly unit?: string
  /** Bounds of a number, or of each number of a list; checked where a beamline is described. */
  readonly minValue?: number
  readonly maxValue?: number
  /** The texts that may stand there. */
  readonly oneOf?: readonly string[]
}

/** Everything a device class offers. `State`, `Status` and `Init` exist always and are not declared. */
export interface DeviceSpec {
  /** Tango class name: `Motor`. */
  readonly class: string
  readonly doc?: string
  /** What `info` gives as the type of the device; natively the class does not say it. */
  readonly deviceType?: string
  /** `snake` maps keys to snake_case names instead of capitals. */
  readonly naming?: 'capital' | 'snake'
  readonly attributes: Readonly<Record<string, AttributeSpec>>
  readonly commands: Readonly<Record<string, CommandSpec>>
  readonly properties: Readonly<Record<string, PropertySpec>>
  readonly pipes?: Readonly<Record<string, PipeSpec>>
  readonly forwarded?: Readonly<Record<string, ForwardedSpec>>
}

type Empty = Readonly<Record<never, never>>

/** What `defineInterface` accepts: groups may be left out. */
export interface InterfaceDeclaration {
  readonly class: string
  readonly doc?: string
  readonly deviceType?: string
  readonly naming?: 'capital' | 'snake'
  readonly attributes?: Readonly<Record<string, AttributeSpec>>
  readonly commands?: Readonly<Record<string, CommandSpec>>
  readonly properties?: Readonly<Record<string, PropertySpec>>
  readonly pipes?: Readonly<Record<string, PipeSpec>>
  readonly forwarded?: Readonly<Record<string, ForwardedSpec>>
}

/** The declaration with every group present. */
export type Complete<D extends InterfaceDeclaration> = {
  readonly class: D['class']
  readonly doc?: string
  readonly deviceType?: string
  readonly naming?: 'capital' | 'snake'
  readonly attributes: D extends { readonly attributes: infer A } ? A : Empty
  readonly commands: D extends { readonly commands: infer C } ? C : Empty
  readonly properties: D extends { readonly properties: infer P } ? P : Empty
  readonly pipes: D extends { readonly pipes: infer P } ? P : Empty
  readonly forwarded: D extends { readonly forwarded: infer F } ? F : Empty
}

/** Declares a device interface; literal types are kept, so that servers and proxies are typed from it. */
export function defineInterface<const D extends InterfaceDeclaration>(declaration: D): Complete<D> {
  const empty = { attributes: {}, commands: {}, properties: {}, pipes: {}, forwarded: {} }
  return { ...empty, ...declaration } as unknown as Complete<D>
}

/** Tango name of a key: `limitSwitches` is `LimitSwitches`, or `limit_switches` with `naming: 'snake'`. */
export function tangoName(
  key: string,
  member: { readonly name?: string },
  naming: 'capital' | 'snake' = 'capital',
): string {
  if (member.name !== undefined) return member.name
  if (naming === 'snake') return key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)
  return key.charAt(0).toUpperCase() + key.slice(1)
}

/** Value of an attribute as clients and write handlers see it. */
export type AttributeValue<A extends AttributeSpec> = A extends { readonly format: 'spectrum' }
  ? SpectrumValues[A['type']]
  : A extends { readonly format: 'image' }
    ? Image<SpectrumValues[A['type']]>
    : ScalarValues[A['type']]

type PlainNumbers<Data> = Data extends BigInt64Array | BigUint64Array
  ? readonly bigint[]
  : Data extends ArrayBufferView
    ? readonly number[]
    : never

/** Value that a server handler or a client may supply: plain number arrays are accepted for numeric spectra and images. */
export type AttributeInput<A extends AttributeSpec> = A extends { readonly format: 'spectrum' }
  ? SpectrumValues[A['type']] | PlainNumbers<SpectrumValues[A['type']]>
  : A extends { readonly format: 'image' }
    ? Image<SpectrumValues[A['type']] | PlainNumbers<SpectrumValues[A['type']]>>
    : ScalarValues[A['type']]

/**
 * What a read handler returns. Numeric arrays of 256 KiB and more are sent without a copy: return another array for the
 * next frame, do not fill the same one again.
 */
export type ReadAnswer<A extends AttributeSpec> =
  | AttributeInput<A>
  | Reading<AttributeInput<A>>
  | Promise<AttributeInput<A> | Reading<AttributeInput<A>>>

/** Argument of a command. */
export type CommandArgument<C extends CommandSpec> = C extends { readonly in: infer T extends CommandType }
  ? CommandValues[T]
  : undefined

/** Result of a command. */
export type CommandResult<C extends CommandSpec> = C extends { readonly out: infer T extends CommandType }
  ? CommandValues[T]
  : undefined

interface PropertyValues {
  DevBoolean: boolean
  DevLong: number
  DevDouble: number
  DevString: string
  DevVarLongArray: readonly number[]
  DevVarDoubleArray: readonly number[]
  DevVarStringArray: readonly string[]
}

type PropertyValue<P extends PropertySpec> = P extends { readonly default: unknown } | { readonly mandatory: true }
  ? PropertyValues[P['type']]
  : PropertyValues[P['type']] | undefined

/** Typed properties of a device: one field per key. */
export type PropertiesOf<P extends Readonly<Record<string, PropertySpec>>> = {
  readonly [K in keyof P]: PropertyValue<P[K]>
}

/** What a handler learns about the call it answers. */
export interface CallContext {
  /** Address or host name of the caller; `local` for a device of the same process. */
  readonly host: string
  /** Aborts when the device is deleted, the server stops or (longRunning) the caller's connection closes. */
  readonly signal: AbortSignal
}

type ReadMethods<A extends Readonly<Record<string, AttributeSpec>>> = {
  [K in keyof A & string as A[K] extends { readonly writeOnly: true }
    ? never
    : `read${Capitalize<K>}`]: () => ReadAnswer<A[K]>
}

type WriteMethods<A extends Readonly<Record<string, AttributeSpec>>> = {
  [K in keyof A & string as A[K] extends { readonly writable: true } | { readonly writeOnly: true }
    ? `write${Capitalize<K>}`
    : never]: (value: AttributeValue<A[K]>) => void | Promise<void>
}

type CommandMethods<C extends Readonly<Record<string, CommandSpec>>> = {
  [K in keyof C & string]: (
    argument: CommandArgument<C[K]>,
    call: CallContext,
  ) => Returned<CommandResult<C[K]>> | Promise<Returned<CommandResult<C[K]>>>
}

// biome-ignore lint/suspicious/noConfusingVoidType: a handler without result may return nothing at all
type Returned<R> = R extends undefined ? void : R

type Pipes<S extends DeviceSpec> = S extends { readonly pipes: infer P extends Readonly<Record<string, PipeSpec>> }
  ? P
  : Empty

type ReadPipeMethods<P extends Readonly<Record<string, PipeSpec>>> = {
  [K in keyof P & string as `read${Capitalize<K>}`]: () => PipeInput | Promise<PipeInput>
}

type WritePipeMethods<P extends Readonly<Record<string, PipeSpec>>> = {
  [K in keyof P & string as P[K] extends { readonly writable: true } ? `write${Capitalize<K>}` : never]: (
    blob: PipeBlob,
  ) => void | Promise<void>
}

/** The methods a class must have to serve a spec: `readPosition`, `writePosition`, one per command. */
export type Serves<S extends DeviceSpec> = ReadMethods<S['attributes']> &
  WriteMethods<S['attributes']> &
  CommandMethods<S['commands']> &
  ReadPipeMethods<Pipes<S>> &
  WritePipeMethods<Pipes<S>>
