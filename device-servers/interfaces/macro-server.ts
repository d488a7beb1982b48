// The macro server: macros, environment, doors; names of Sardana's class MacroServer.

import { defineInterface } from '#tango/pure'

/** Class `MacroServer`. `Elements` is `utf8_json`, `Environment` is `pickle`. */
export const macroServer = defineInterface({
  class: 'MacroServer',
  doc: 'Finds macros and keeps the environment.',
  attributes: {
    doorList: { type: 'DevString', format: 'spectrum', max: [256], pushes: 'unfiltered' },
    elements: { type: 'DevEncoded', pushes: 'unfiltered' },
    environment: { type: 'DevEncoded', writable: true, pushes: 'unfiltered' },
    macroLibList: { type: 'DevString', format: 'spectrum', max: [1024], pushes: 'unfiltered' },
    macroList: { type: 'DevString', format: 'spectrum', max: [4096], pushes: 'unfiltered' },
    typeList: { type: 'DevString', format: 'spectrum', max: [256], pushes: 'unfiltered' },
  },
  commands: {
    getMacroCode: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    getMacroInfo: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    reloadMacro: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    reloadMacroLib: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    setMacroCode: { in: 'DevVarStringArray' },
    // ours
    nextScanId: {
      out: 'DevLong',
      urgent: true,
      doc: 'A scan number that nobody else gets, for scans outside of the doors.',
    },
    giveBackScanId: { in: 'DevLong', urgent: true, doc: 'Takes a number back that was not used.' },
  },
  properties: {
    poolNames: { type: 'DevVarStringArray', default: [], doc: 'Pools: device names or aliases.' },
    macroPath: { type: 'DevVarStringArray', default: [], doc: 'Folders with macro files, searched first.' },
    recorders: { type: 'DevVarStringArray', default: [], doc: 'Recorder devices that confirm a scan.' },
    environment: { type: 'DevVarStringArray', default: [], doc: 'First values of variables: name=JSON.' },
    dataFolder: { type: 'DevString', default: './bandoneon-data', doc: 'Scan log, environment and default ScanDir.' },
  },
})
