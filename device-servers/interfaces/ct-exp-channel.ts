// One counter or timer channel; names and semantics of Sardana's class CTExpChannel.

import { defineInterface } from '#tango/pure'
import { axisProperties, elementCommands } from './element.ts'

/** Class `CTExpChannel`. */
export const ctExpChannel = defineInterface({
  class: 'CTExpChannel',
  doc: 'One counter or timer channel.',
  attributes: {
    value: { type: 'DevDouble', pushes: 'unfiltered', events: { change: { abs: 1 } }, doc: 'Last or live value.' },
    valueBuffer: { type: 'DevEncoded', pushes: 'unfiltered', doc: '`{ index, value }` of new points; events only.' },
    integrationTime: { type: 'DevDouble', writable: true, unit: 's', pushes: 'unfiltered' },
    timer: { type: 'DevString', writable: true, memorized: true, pushes: 'unfiltered' },
    shape: { type: 'DevLong64', format: 'spectrum', max: [2] },
    instrument: { type: 'DevString', writable: true, level: 'EXPERT' },
    simulationMode: { type: 'DevBoolean', writable: true },
  },
  commands: {
    ...elementCommands,
    start: { doc: 'Acquires one point of IntegrationTime with this channel alone.' },
  },
  properties: axisProperties,
})
