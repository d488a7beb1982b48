// One box (or one dummy) with its axes, served by a controller host; the pool talks to it for many axes at once.

import { defineInterface } from '#tango/pure'
import { elementCommands } from './element.ts'

/**
 * Class `Controller`. Sardana's names, and the commands for many axes that our pool uses.
 * Arguments carry axis numbers as doubles where they stand beside positions. Positions are user positions (unit of the axis).
 */
export const controller = defineInterface({
  class: 'Controller',
  doc: 'A controller box and its axes.',
  attributes: {
    elementList: {
      type: 'DevString',
      format: 'spectrum',
      max: [4096],
      pushes: 'unfiltered',
      doc: 'Names of the axes.',
    },
    logLevel: { type: 'DevLong', writable: true, level: 'EXPERT', memorized: true },
    description: { type: 'DevString', doc: 'JSON: `{ name, type, driver, axes: [{ axis, name, device }] }`.' },
  },
  commands: {
    ...elementCommands,
    createElement: { in: 'DevVarStringArray', inDoc: 'axis, name (, device name)' },
    deleteElement: { in: 'DevString', inDoc: 'name of the element' },
    sendToController: { in: 'DevString', out: 'DevString', doc: 'Passes a text to the box and returns its answer.' },
    // motors
    checkMany: {
      in: 'DevVarDoubleArray',
      inDoc: 'axis, target, axis, target ...; an axis may stand several times',
      doc: 'Refuses with Motion_LimitExceeded what startMany would refuse; moves nothing.',
    },
    startMany: {
      in: 'DevVarDoubleArray',
      out: 'DevVarDoubleArray',
      inDoc: 'axis, target, axis, target ...',
      outDoc: 'expected end of each motion, s since 1970, in the order of the argument',
      doc: 'Checks every target, then starts all axes; refuses as a whole, before anything moves.',
    },
    awaitMany: {
      in: 'DevVarDoubleArray',
      out: 'DevVarDoubleStringArray',
      inDoc: 'axes',
      outDoc: 'final user position and reason of each axis: normal, stopped, aborted, limit, fault: text',
      longRunning: true,
      doc: 'Replies when every axis has ended its motion.',
    },
    stateMany: {
      in: 'DevVarDoubleArray',
      out: 'DevVarStringArray',
      urgent: true,
      inDoc: 'axes',
      outDoc: 'state names',
    },
    positionMany: {
      in: 'DevVarDoubleArray',
      out: 'DevVarDoubleArray',
      urgent: true,
      inDoc: 'axes',
      outDoc: 'user positions',
    },
    stopMany: { in: 'DevVarDoubleArray', urgent: true, inDoc: 'axes' },
    abortMany: { in: 'DevVarDoubleArray', urgent: true, inDoc: 'axes' },
    // channels
    prepareMany: {
      in: 'DevVarDoubleArray',
      inDoc: 'integration time in s, number of starts, axes ...',
      doc: 'Prepares an acquisition of the named axes, once for all its points.',
    },
    acquireMany: {
      in: 'DevVarDoubleArray',
      out: 'DevVarDoubleStringArray',
      inDoc: 'index of the point, axes ...',
      outDoc:
        'dvalue: start, end (s since 1970), then one value per axis; svalue: one text per axis, empty or its error',
      longRunning: true,
      doc: 'Acquires one point and replies with its values.',
    },
  },
  properties: {
    id: { type: 'DevLong', default: 0 },
    type: { type: 'DevString', mandatory: true, doc: 'Motor or CTExpChannel.' },
    klass: { type: 'DevString', mandatory: true, doc: 'File name of the driver, e.g. `icepap`.' },
    library: { type: 'DevString', default: '' },
    pluginPath: { type: 'DevVarStringArray', default: [], doc: 'Folders with drivers, searched first.' },
  },
})
