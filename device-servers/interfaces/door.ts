// One place from which macros are run; names of Sardana's class Door.

import { defineInterface } from '#tango/pure'

const lines = { type: 'DevString', format: 'spectrum', max: [512], pushes: 'unfiltered' } as const

/** Class `Door`. ON: idle; RUNNING; STANDBY: paused; ALARM: the last macro failed. */
export const door = defineInterface({
  class: 'Door',
  doc: 'Runs one macro at a time, in a process of its own.',
  attributes: {
    critical: lines,
    error: lines,
    warning: lines,
    info: lines,
    output: lines,
    debug: lines,
    result: lines,
    input: { type: 'DevString', writable: true, pushes: 'unfiltered' },
    macroStatus: { type: 'DevEncoded', pushes: 'unfiltered' },
    recordData: { type: 'DevEncoded', pushes: 'unfiltered' },
  },
  commands: {
    runMacro: {
      in: 'DevVarStringArray',
      out: 'DevVarStringArray',
      inDoc: 'XML, or name and parameters',
      outDoc: 'XML with ids',
    },
    simulateMacro: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    getMacroEnv: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    stopMacro: { urgent: true, doc: 'Ends the macro in an orderly way.' },
    abortMacro: { urgent: true, doc: 'Ends the macro at once.' },
    releaseMacro: { urgent: true, doc: 'Ends the process of the macro when nothing else helps.' },
    pauseMacro: { urgent: true },
    resumeMacro: { urgent: true },
  },
  properties: {
    id: { type: 'DevLong', default: 0 },
    maxMsgBufferSize: { type: 'DevLong', default: 512 },
    macroServerName: { type: 'DevString', default: '' },
  },
})
