// Channels that acquire together; names and life cycle of Sardana's class MeasurementGroup.

import { defineInterface } from '#tango/pure'
import { elementCommands, elementProperties } from './element.ts'

/** Class `MeasurementGroup`. Classic clients write NbStarts and IntegrationTime, then Prepare, then Start per point; our engine uses Acquire. */
export const measurementGroup = defineInterface({
  class: 'MeasurementGroup',
  doc: 'Channels that acquire together.',
  attributes: {
    acquisitionMode: { type: 'DevString', writable: true, pushes: 'unfiltered' },
    configuration: { type: 'DevString', writable: true, memorized: true, level: 'EXPERT', pushes: 'unfiltered' },
    elementList: { type: 'DevString', format: 'spectrum', max: [4096], pushes: 'unfiltered' },
    integrationTime: { type: 'DevDouble', writable: true, unit: 's', pushes: 'unfiltered' },
    latencyTime: { type: 'DevDouble', level: 'EXPERT', unit: 's', pushes: 'unfiltered' },
    monitorCount: { type: 'DevLong', writable: true, pushes: 'unfiltered' },
    moveable: { type: 'DevString', writable: true, level: 'EXPERT', pushes: 'unfiltered' },
    nbStarts: { type: 'DevLong', writable: true, pushes: 'unfiltered' },
    softwareSynchronizerInitialDomain: { type: 'DevString', writable: true, memorized: true, pushes: 'unfiltered' },
    synchDescription: { type: 'DevString', writable: true, level: 'EXPERT', pushes: 'unfiltered' },
  },
  commands: {
    ...elementCommands,
    prepare: { doc: 'Prepares the channels once for NbStarts points.' },
    start: { doc: 'Starts one prepared point and returns.' },
    acquire: {
      in: 'DevLong',
      out: 'DevVarDoubleStringArray',
      inDoc: 'index of the point',
      outDoc:
        'dvalue: start, end (s since 1970), then one value per enabled channel in display order; svalue: one text per channel, empty, or `error: ...`, or a data reference',
      longRunning: true,
      doc: 'Acquires one prepared point and replies with its values.',
    },
  },
  properties: {
    ...elementProperties,
    elements: { type: 'DevVarStringArray', default: [], doc: 'Ids of channels; other texts are Tango attributes.' },
    timer: { type: 'DevString', default: '', doc: 'Name of the channel that times the group.' },
  },
})
