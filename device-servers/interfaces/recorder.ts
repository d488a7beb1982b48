// Writes scans to files in a process of its own.

import { defineInterface } from '#tango/pure'

/** Class `Recorder`. */
export const recorder = defineInterface({
  class: 'Recorder',
  doc: 'Follows the scan log and writes files.',
  attributes: {
    scan: { type: 'DevString', pushes: 'unfiltered', doc: 'Id of the scan being written, empty when idle.' },
    file: { type: 'DevString', pushes: 'unfiltered', doc: 'File being written or written last.' },
    pointsWritten: { type: 'DevLong', pushes: 'unfiltered' },
  },
  commands: {
    awaitScan: {
      in: 'DevString',
      out: 'DevString',
      inDoc: 'id of the scan',
      outDoc: 'path of its complete file',
      longRunning: true,
      doc: 'Replies when the scan has its end and all of its points in the file.',
    },
    checkStart: {
      in: 'DevString',
      inDoc: 'path of the file to be written',
      doc: 'Refuses with Data_FolderUnusable when the file could not be written or too little space is left.',
    },
  },
  properties: {
    dataFolder: { type: 'DevString', default: './bandoneon-data' },
    recorders: { type: 'DevVarStringArray', default: ['nexus'], doc: 'File names in data/recorders.' },
    minimumFreeSpace: { type: 'DevDouble', default: 100e6, doc: 'Bytes that must be free when a scan starts.' },
  },
})
