// The door of the composition room, for the command line.

export { CLASS_FOLDERS, installation, loadClass, packagedBeamline, programFile } from './catalogue.ts'
export { DataFolder, type RunDescription, readRunDescription } from './data-folder.ts'
export { Facility, type LauncherOptions } from './launcher.ts'
export { type ServeOptions, serve } from './serve.ts'
