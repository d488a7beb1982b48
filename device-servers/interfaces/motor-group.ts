// Several moveables as one; names of Sardana's class MotorGroup.

import { defineInterface } from '#tango/pure'
import { elementCommands, elementProperties } from './element.ts'

/** Class `MotorGroup`: `Position` holds the positions in the order of the elements. */
export const motorGroup = defineInterface({
  class: 'MotorGroup',
  doc: 'Moveables that move together.',
  attributes: {
    elementList: { type: 'DevString', format: 'spectrum', max: [4096], pushes: 'unfiltered' },
    position: {
      type: 'DevDouble',
      format: 'spectrum',
      max: [4096],
      writable: true,
      pushes: 'unfiltered',
      events: { change: { abs: 1 } },
    },
  },
  commands: {
    ...elementCommands,
    moveTo: {
      in: 'DevVarDoubleArray',
      out: 'DevVarDoubleStringArray',
      outDoc: 'final positions and the reason why each motion ended',
      longRunning: true,
    },
  },
  properties: {
    ...elementProperties,
    elements: { type: 'DevVarStringArray', default: [], doc: 'Ids of the elements.' },
  },
})
