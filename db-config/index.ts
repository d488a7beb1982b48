// The door of db-config.

export { type ApplyOptions, applyBeamline, BEAMLINE_OBJECT, type Change } from './config/apply.ts'
export type {
  AxisEntry,
  Beamline,
  ControllerEntry,
  ControllerType,
  DeviceEntry,
  MacroServerEntry,
  MeasurementGroupEntry,
  MotorGroupEntry,
  RecorderEntry,
  SimulatorEntry,
} from './config/beamline.ts'
export { parseBeamline, readBeamlineFile } from './config/beamline-file.ts'
export type { CheckOptions } from './config/check-beamline.ts'
export type { Drivers } from './config/check-controller.ts'
export { DATABASE_DEVICE, DATABASE_SERVER, databaseClass, startDatabase } from './server/database-device.ts'
export { memoryStore } from './store/memory-store.ts'
export { openStore, type SqliteStoreOptions } from './store/sqlite-store.ts'
export type { DeviceFilter, DeviceRow, Place, Scope, Store } from './store/store.ts'
