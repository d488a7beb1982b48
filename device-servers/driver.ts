// What a driver is: a plain object that talks to one box. Drivers know steps and raw values; the elements add units, signs and limits.

import type { PropertiesOf, PropertySpec } from '#tango/pure'
import type { Line, LineOptions } from './line.ts'

/** What a driver is given when it connects. */
export interface DriverContext {
  /** Opens a text line to the box; it reconnects by itself and every question has a time-out. */
  openLine(host: string, port: number, options?: LineOptions): Promise<Line>
  /** ms, monotonic. */
  now(): number
  /** Resolves after `ms`; with sub-millisecond accuracy at the end. Rejects when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>
  readonly log: {
    info(message: string, fields?: Record<string, unknown>): void
    warn(message: string, fields?: Record<string, unknown>): void
  }
}

/** State of one motor axis as the box reports it. */
export interface AxisStatus {
  readonly state: 'ON' | 'MOVING' | 'ALARM' | 'FAULT' | 'DISABLE'
  readonly home: boolean
  readonly upper: boolean
  readonly lower: boolean
  /** Why the last motion ended. */
  readonly stop?: 'normal' | 'stopped' | 'aborted' | 'limit' | 'fault'
  readonly text?: string
}

/** One target, in steps. */
export interface AxisMove {
  readonly axis: number
  readonly target: number
}

/** Axis parameters in steps and seconds; a driver ignores what its box does not have. */
export interface AxisParameters {
  /** steps/s */
  readonly velocity?: number
  /** s to reach the velocity */
  readonly acceleration?: number
  readonly deceleration?: number
  /** steps/s */
  readonly baseRate?: number
}

/** A connected motor box. */
export interface MotorDriver {
  readonly axes: readonly number[]
  /** One status per axis asked for, in order. */
  status(axes: readonly number[]): Promise<readonly AxisStatus[]> | readonly AxisStatus[]
  /** Positions in steps, in order. */
  position(axes: readonly number[]): Promise<readonly number[]> | readonly number[]
  /** Starts all moves together; refuses as a whole. Resolves once they have started, with the expected duration of each in ms when known. */
  start(moves: readonly AxisMove[]): Promise<readonly number[] | undefined> | readonly number[] | undefined
  stop(axes: readonly number[]): Promise<void> | void
  abort(axes: readonly number[]): Promise<void> | void
  definePosition?(axis: number, steps: number): Promise<void> | void
  parameters?(axis: number): Promise<AxisParameters> | AxisParameters
  setParameters?(axis: number, parameters: AxisParameters): Promise<void> | void
  power?(axis: number): Promise<boolean> | boolean
  setPower?(axis: number, on: boolean): Promise<void> | void
  /** Passes a text to the box. */
  send?(text: string): Promise<string>
  close(): Promise<void> | void
}

/** A connected box of counters. */
export interface CounterDriver {
  readonly axes: readonly number[]
  /** Once per scan, before the first point. */
  prepare(axes: readonly number[], integrationTime: number, starts: number): Promise<void> | void
  /** Acquires one point and resolves with one value per axis asked for; ends early with what there is when the signal aborts. */
  acquire(
    axes: readonly number[],
    integrationTime: number,
    index: number,
    signal: AbortSignal,
  ): Promise<readonly number[]>
  /** Live values, for displays. */
  read?(axes: readonly number[]): Promise<readonly number[]> | readonly number[]
  send?(text: string): Promise<string>
  close(): Promise<void> | void
}

/** A motor driver as a file declares it. */
export interface MotorControllerDefinition<
  P extends Readonly<Record<string, PropertySpec>> = Readonly<Record<string, PropertySpec>>,
> {
  readonly kind: 'motor'
  readonly doc: string
  readonly properties: P
  connect(properties: PropertiesOf<P>, context: DriverContext): Promise<MotorDriver>
}

/** A counter driver as a file declares it. */
export interface CounterControllerDefinition<
  P extends Readonly<Record<string, PropertySpec>> = Readonly<Record<string, PropertySpec>>,
> {
  readonly kind: 'counter'
  readonly doc: string
  readonly properties: P
  connect(properties: PropertiesOf<P>, context: DriverContext): Promise<CounterDriver>
}

/** Any driver file's default export. */
export type ControllerDefinition = MotorControllerDefinition | CounterControllerDefinition

/** Declares a motor driver; property types are inferred. */
export function defineMotorController<const P extends Readonly<Record<string, PropertySpec>>>(
  definition: Omit<MotorControllerDefinition<P>, 'kind'>,
): MotorControllerDefinition<P> {
  return { kind: 'motor', ...definition }
}

/** Declares a driver of counters; property types are inferred. */
export function defineCounterController<const P extends Readonly<Record<string, PropertySpec>>>(
  definition: Omit<CounterControllerDefinition<P>, 'kind'>,
): CounterControllerDefinition<P> {
  return { kind: 'counter', ...definition }
}
