// The door of db-config.

export {
  ACCESS_CONTROL_DEVICE,
  ACCESS_CONTROL_SERVER,
  accessControlClass,
  startAccessControl,
} from './access-control/access-control-device.ts'
export { allowedCommands } from './access-control/allowed-commands.ts'
export { accessRules } from './access-control/commands.ts'
export { type AccessAnswer, type AccessQuestion, type AccessRules, accessOf } from './access-control/rights.ts'
export { type ApplyOptions, applyBeamline } from './config/apply.ts'
export { applyAtStart } from './config/apply-revision.ts'
export type {
  AxisEntry,
  Beamline,
  ControllerEntry,
  ControllerType,
  DeviceEntry,
  HostEntry,
  InstrumentEntry,
  MacroServerEntry,
  MeasurementGroupEntry,
  MotorGroupEntry,
  PlainDeviceEntry,
  RecorderEntry,
  SessionEntry,
  SimulatorEntry,
  StartupEntry,
} from './config/beamline.ts'
export {
  accepted,
  type CheckedBeamline,
  checkTree,
  parseBeamline,
  readBeamlineFile,
} from './config/beamline-file.ts'
export type { CheckOptions } from './config/check-beamline.ts'
export type { Drivers } from './config/check-controller.ts'
export type { DriverDescription } from './config/check-properties.ts'
export { contentOfDatabase } from './config/content.ts'
export { rootFile, type SourceDocument } from './config/documents.ts'
export { dumpBeamline } from './config/dump.ts'
export { driversNamed, type LoadedTree, loadTree } from './config/include.ts'
export { isLaunched, type ServerContent, serversOfBeamline, serversOfStore } from './config/plain-servers.ts'
export { beamlineSchema } from './config/schema.ts'
export type { JsonSchema } from './config/schema-parts.ts'
export { asciiJson } from './config/text.ts'
export { documentsDiff } from './config/text-diff.ts'
export { type Finding, findingLine } from './config/tree.ts'
export { type DocumentEdit, type DocumentPath, editDocument } from './config/yaml-edit.ts'
export type { ConfigurationServices } from './config-server/beamline-configuration.ts'
export { appliedServers, startConfiguration } from './config-server/start.ts'
export * from './exchange/index.ts'
export { DATABASE_DEVICE, DATABASE_SERVER, databaseClass, startDatabase } from './server/database-device.ts'
export { memoryStore } from './store/memory-store.ts'
export { addressText, isMysqlUrl, mysqlUrlOf, parseMysqlUrl } from './store/mysql-address.ts'
export { type OpenStoreOptions, openStore } from './store/open-store.ts'
export { verifyFile } from './store/sqlite-integrity.ts'
export type { SqliteStoreOptions } from './store/sqlite-store.ts'
export type { DeviceFilter, DeviceRow, Place, Scope, Store } from './store/store.ts'
export { compareContents, stepLine, type TransferStep } from './transfer/compare.ts'
export type { DatabaseContent } from './transfer/content.ts'
export { oddities } from './transfer/oddities.ts'
export { parseText } from './transfer/parse.ts'
export { readContent } from './transfer/read.ts'
export { formatText, writeText } from './transfer/text.ts'
export { planImport, runImport } from './transfer/transfer.ts'
