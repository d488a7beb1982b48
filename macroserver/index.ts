// The door for macro authors.

export type {
  ArgumentsOf,
  ElementReference,
  InputRequest,
  Macro,
  MacroContext,
  MacroEnvironment,
  ParameterSpec,
  ParameterSpecs,
  ParameterType,
  RepeatSpec,
} from './macro.ts'
export { defineMacro } from './macro.ts'
export { motionTable } from './motion-table.ts'
export { line, type MeshAxis, mesh, type ScanPath } from './scan/points.ts'
export type { ScanResult, StepScanOptions } from './scan/step-scan.ts'
