// The door of the composition room, for the command line.

export { CLASS_FOLDERS, installation, loadClass, packagedBeamline, programFile } from './catalogue.ts'
export { authorHere, beamlineFileSchema, checkFiles, dumpDatabase } from './configuration.ts'
export { DataFolder, type RunDescription, readRunDescription } from './data-folder.ts'
export { backupDatabaseFile, checkDatabaseFile, databaseTransfer } from './database-tools.ts'
export { exportDsconfigFile, exportSardana, importBeamline, importDsconfigFile } from './exchange.ts'
export { Facility, type LauncherOptions } from './launcher.ts'
export { type ServeOptions, serve } from './serve.ts'
