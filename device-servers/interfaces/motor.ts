// One moveable axis; names and semantics of Sardana's class Motor.

import { defineInterface } from '#tango/pure'
import { axisProperties, elementCommands } from './element.ts'

/** Class `Motor`. Positions in the user unit of the axis, velocity in unit/s, acceleration and deceleration as times in s. */
export const motor = defineInterface({
  class: 'Motor',
  doc: 'One axis of a motor controller.',
  attributes: {
    position: {
      type: 'DevDouble',
      writable: true,
      pushes: 'unfiltered',
      events: { change: { abs: 1 } },
      doc: 'Writing starts a motion and returns; limits are min_value and max_value.',
    },
    dialPosition: { type: 'DevDouble', level: 'EXPERT', pushes: 'unfiltered', events: { change: { abs: 5 } } },
    limitSwitches: {
      type: 'DevBoolean',
      format: 'spectrum',
      max: [3],
      name: 'Limit_switches',
      pushes: 'unfiltered',
      doc: 'home, upper, lower',
    },
    // before the speeds: memorized values are set again in this order
    stepPerUnit: {
      type: 'DevDouble',
      writable: true,
      memorized: true,
      pushes: 'unfiltered',
      level: 'EXPERT',
      name: 'Step_per_unit',
    },
    velocity: { type: 'DevDouble', writable: true, memorized: true, pushes: 'unfiltered' },
    acceleration: { type: 'DevDouble', writable: true, memorized: true, pushes: 'unfiltered', unit: 's' },
    deceleration: { type: 'DevDouble', writable: true, memorized: true, pushes: 'unfiltered', unit: 's' },
    baseRate: { type: 'DevDouble', writable: true, memorized: true, pushes: 'unfiltered', name: 'Base_rate' },
    sign: { type: 'DevShort', writable: true, memorized: true, pushes: 'unfiltered', level: 'EXPERT' },
    offset: { type: 'DevDouble', writable: true, memorized: true, pushes: 'unfiltered', level: 'EXPERT' },
    backlash: {
      type: 'DevLong',
      writable: true,
      memorized: true,
      pushes: 'unfiltered',
      level: 'EXPERT',
      doc: 'Steps; not applied when 0.',
    },
    power: { type: 'DevBoolean', writable: true, level: 'EXPERT' },
    instrument: { type: 'DevString', writable: true, level: 'EXPERT' },
    simulationMode: { type: 'DevBoolean', writable: true },
  },
  commands: {
    ...elementCommands,
    definePosition: { in: 'DevDouble', doc: 'Declares the present position.' },
    moveRelative: { in: 'DevDouble' },
    saveConfig: {},
  },
  properties: {
    ...axisProperties,
    sleepBefLastRead: { type: 'DevLong', default: 0, name: 'Sleep_bef_last_read', doc: 'ms' },
  },
})
