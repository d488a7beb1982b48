// What a controller and its axis devices know of each other. Types and guards only; so neither imports the other's class.

import type { AxisParameters, AxisStatus, CounterDriver, MotorDriver } from '../driver.ts'
import type { Acquisitions } from './acquisitions.ts'
import type { Box } from './box.ts'
import type { AxisType } from './driver-files.ts'
import type { Motions } from './motions.ts'

/** An axis device as its controller sees it. What it is told is true at once for readers; events follow through the controller's queue. */
export interface Axis {
  readonly kind: 'motor' | 'channel'
  /** Tango class of the device. */
  readonly type: AxisType
  readonly axis: number
  /** Device name. */
  readonly name: string
  /** What people call it: the alias of the device. */
  readonly elementName: string
  /** Device name of the controller. */
  readonly controllerName: string
  /** Whether it moves or acquires. */
  isBusy(): boolean
  /** The box answers: apply what it has to know, and show the state. */
  connected(): void | Promise<void>
  /** The box does not answer, or there is none; shows why. */
  lost(reason: string): void
}

/** A motor as its controller sees it. Positions in steps unless named otherwise. */
export interface MotorAxis extends Axis {
  readonly kind: 'motor'
  /** Steps, 0 for none. */
  readonly backlash: number
  /** Time between the end of a motion and the position that counts. */
  readonly settlingMs: number
  /**
   * Steps of a target.
   * @throws DevFailed `Motion_LimitExceeded` naming motor, value and limit
   */
  targetSteps(user: number): number
  /** @throws DevFailed `Motion_LimitExceeded` when the steps are beyond the limits */
  checkSteps(steps: number, what: string): void
  userPosition(steps: number): number
  /** For the expected duration of a motion, when the driver does not tell. */
  readonly parameters: AxisParameters
  /** A motion has started; shows MOVING. */
  started(): void
  /** Where the moving axis is. */
  moved(steps: number): void
  /** A motion has ended; shows the position and then the state. */
  ended(steps: number, status: AxisStatus): void
  /** The status of the resting axis as the box reports it. */
  rests(status: AxisStatus): void
}

/** A counter channel as its controller sees it. */
export interface ChannelAxis extends Axis {
  readonly kind: 'channel'
  readonly integrationTime: number
  /** An acquisition has started; shows MOVING. */
  started(): void
  /** A point is complete; shows the value and then the state. */
  acquired(index: number, value: number): void
  /** An acquisition has ended without value. */
  failed(error: unknown): void
}

/** A controller device as its axes see it. */
export interface ControllerDevice {
  readonly name: string
  readonly id: number
  readonly axisType: AxisType
  /** Takes the axis in; harmless when it is known already. */
  attach(axis: MotorAxis | ChannelAxis): void
  detach(axis: Axis): void
  /** Device name of an axis. */
  axisDevice(axis: number): string | undefined
  /** Device names of all axes. */
  axisDevices(): string[]
  /** @throws DevFailed `API_NotSupported` when the controller is of another type */
  readonly motions: Motions
  /** @throws DevFailed `API_NotSupported` when the controller is of another type */
  readonly acquisitions: Acquisitions
  readonly motorBox: Box<MotorDriver>
  readonly counterBox: Box<CounterDriver>
  /** Why there is no connection; undefined while there is one. */
  readonly trouble: string | undefined
  /** Queue of event pushes, shared by the controller and its axes, which keeps their order. */
  later(push: () => void): void
}

/** Whether a device of the server is an axis. */
export function isAxis(device: object | undefined): device is MotorAxis | ChannelAxis {
  return device !== undefined && 'controllerName' in device && 'axis' in device
}

/** Whether a device of the server is a controller. */
export function isController(device: object | undefined): device is ControllerDevice {
  return device !== undefined && 'attach' in device && 'motions' in device
}
