// The door of the importers and exporters, within db-config.

export { type BlissOptions, importBliss } from './bliss.ts'
export {
  type DatabaseReader,
  type DatabaseStep,
  type DatabaseView,
  inverse,
  liveDatabase,
  storeDatabase,
} from './database-view.ts'
export {
  type DsConfig,
  type DsDevice,
  type DsHolder,
  type DsServer,
  exportDsconfig,
  importDsconfig,
} from './dsconfig.ts'
export { type DsDumpOptions, dumpDsconfig } from './dsconfig-dump.ts'
export { type DsPlan, type DsPlanOptions, planDsconfig } from './dsconfig-plan.ts'
export type { ControllerOptions, UnknownDrivers } from './known-controllers.ts'
export { knownControllers } from './known-controllers.ts'
export {
  type ExchangeDocument,
  type ExchangeFinding,
  type ExportResult,
  type FindingKind,
  formatFinding,
  type ImportResult,
} from './report.ts'
export {
  dumpSardanaYaml,
  exportSardanaYaml,
  importSardanaPool,
  importSardanaYaml,
  type SardanaYamlOptions,
} from './sardana.ts'
export type { SardanaOptions } from './sardana-draft.ts'
export type { PoolOptions } from './sardana-pool.ts'
