// The door for driver authors, and for whoever runs drivers without devices.

export type {
  AxisMove,
  AxisParameters,
  AxisStatus,
  ControllerDefinition,
  CounterControllerDefinition,
  CounterDriver,
  DriverContext,
  MotorControllerDefinition,
  MotorDriver,
} from './driver.ts'
export { defineCounterController, defineMotorController } from './driver.ts'
export { rampedDurationMs } from './elements/scale.ts'
export type { AskOptions, ConnectionCallback, Line, LineContext, LineOptions } from './line.ts'
export { openLine } from './line.ts'
export type { Answer, ScriptedBox, TestDriverContext } from './testing.ts'
export { driverContext, scriptedBox } from './testing.ts'
