// The door for macro authors.

export { jsonOrText as environmentValue } from './environment.ts'
export { type Macros, type MacrosOptions, openMacros } from './library-mode.ts'
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
export { ctime } from './scan/record-data.ts'
export type { ScanResult, StepScanOptions } from './scan/step-scan.ts'
export { textTable } from './text-table.ts'
