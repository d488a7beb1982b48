// What a macro is: typed parameters and a run function. Macro files import this through `bandoneon/macroserver`.

import type { ScanResult, StepScanOptions } from './scan/step-scan.ts'

/** An element of a pool as macros see it. */
export interface ElementReference {
  readonly name: string
  /** `tango://host:port/device` */
  readonly fullName: string
  readonly device: string
  readonly type: string
  readonly interfaces: readonly string[]
  /** Pool that it belongs to, as the macro server names it; absent: the only one. */
  readonly pool?: string
}

/** Values of the simple parameter types. */
interface ParameterValues {
  Float: number
  Integer: number
  String: string
  Boolean: boolean
  Any: string
  Motor: ElementReference
  Moveable: ElementReference
  Countable: ElementReference
  ExpChannel: ElementReference
  MeasurementGroup: ElementReference
  MotorGroup: ElementReference
  Controller: ElementReference
  Element: ElementReference
  MacroCode: string
}

/** Names of parameter types, as Sardana's clients know them. */
export type ParameterType = keyof ParameterValues

/** One parameter. With `default` or `optional` it may be left out. */
export interface ParameterSpec {
  readonly type: ParameterType
  readonly doc?: string
  readonly unit?: string
  readonly default?: string | number | boolean
  readonly optional?: true
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
}

/** A group of parameters that may be given several times; only as the last parameter. */
export interface RepeatSpec {
  readonly repeat: Readonly<Record<string, ParameterSpec>>
  readonly doc?: string
  /** Least number of repetitions, 1 by default. */
  readonly min?: number
  readonly max?: number
}

/** Parameters of a macro in their order. */
export type ParameterSpecs = Readonly<Record<string, ParameterSpec | RepeatSpec>>

type ValueOf<P> = P extends { readonly repeat: infer R }
  ? readonly { readonly [K in keyof R]: ValueOf<R[K]> }[]
  : P extends ParameterSpec
    ? P extends { readonly optional: true }
      ? ParameterValues[P['type']] | undefined
      : ParameterValues[P['type']]
    : never

/** Typed arguments of a macro. */
export type ArgumentsOf<P extends ParameterSpecs> = { readonly [K in keyof P]: ValueOf<P[K]> }

/** Variables of the macro environment; values are what JSON can hold. */
export interface MacroEnvironment {
  /** @throws DevFailed `Environment_Undefined` when absent and no fallback is given */
  get(name: string, fallback?: unknown): unknown
  set(name: string, value: unknown): void
  unset(name: string): void
  entries(): ReadonlyMap<string, unknown>
}

/** What a macro asks of the person at the console. */
export interface InputRequest {
  readonly type?: 'Float' | 'Integer' | 'String' | 'Boolean' | readonly string[]
  readonly default?: unknown
  readonly timeoutS?: number
}

/** Everything a macro can do. Moving and counting through it is what makes stop, pause and progress work. */
export interface MacroContext {
  /** Scans the active measurement group over points. */
  stepScan(options: StepScanOptions): Promise<ScanResult>
  /** Moves together and resolves with the final positions when all have ended. */
  move(
    targets: readonly { readonly moveable: ElementReference; readonly position: number }[],
  ): Promise<readonly number[]>
  /** Counts once with a group; values by channel label in display order. */
  count(group: ElementReference, integrationTime: number): Promise<ReadonlyMap<string, number>>
  /** Present positions. */
  positions(moveables: readonly ElementReference[]): Promise<readonly number[]>
  /** Limits of a moveable: `[-Infinity, Infinity]` when unset. */
  limits(moveable: ElementReference): Promise<readonly [number, number]>
  /** Elements of the pools with this interface, sorted by name. */
  elements(interfaceName: string): readonly ElementReference[]
  /** The measurement group of `ActiveMntGrp`. */
  activeMeasurementGroup(): ElementReference
  readonly environment: MacroEnvironment
  /** The macros there are, sorted by name. */
  macros(): readonly { readonly name: string; readonly module: string; readonly doc: string }[]
  /** Runs another macro with text or typed parameters and resolves with its result. */
  run(name: string, ...parameters: readonly (string | number | boolean)[]): Promise<unknown>
  output(...lines: readonly string[]): void
  /** Lines that replace the block shown before them. */
  outputBlock(lines: readonly string[]): void
  info(...lines: readonly string[]): void
  warning(...lines: readonly string[]): void
  error(...lines: readonly string[]): void
  debug(...lines: readonly string[]): void
  /** 0 to 100. */
  progress(percent: number): void
  input(prompt: string, request?: InputRequest): Promise<unknown>
  /** Waits while paused; throws when stopped. Loops call it once per turn. */
  checkPoint(): Promise<void>
  /** Resolves after `seconds`, earlier with an error when stopped. */
  sleep(seconds: number): Promise<void>
  /** Aborts on stop and on abort. */
  readonly signal: AbortSignal
}

/** A macro. */
export interface Macro<P extends ParameterSpecs = ParameterSpecs> {
  readonly kind: 'macro'
  readonly doc: string
  readonly parameters: P
  /** Places where hooks may be attached: `pre-scan`, `pre-move`, `post-acq` ... */
  readonly hooks?: readonly string[]
  readonly result?: { readonly type: ParameterType; readonly doc?: string }
  run(context: MacroContext, values: ArgumentsOf<P>): Promise<unknown> | unknown
}

/** Declares a macro; the types of `run`'s arguments are inferred from `parameters`. */
export function defineMacro<const P extends ParameterSpecs>(macro: Omit<Macro<P>, 'kind'>): Macro<P> {
  return { kind: 'macro', ...macro }
}
