// The pool: references to elements and groups; names of Sardana's class Pool and the commands our scan engine uses.

import { defineInterface } from '#tango/pure'

const list = { type: 'DevString', format: 'spectrum', max: [4096], pushes: 'unfiltered' } as const

/** Class `Pool`. List attributes hold one JSON object per element; `Elements` is `utf8_json` `{ new: [...] }`. */
export const pool = defineInterface({
  class: 'Pool',
  doc: 'Groups the elements of a beamline.',
  attributes: {
    acqChannelList: list,
    comChannelList: list,
    controllerClassList: list,
    controllerLibList: list,
    controllerList: list,
    elements: { type: 'DevEncoded', pushes: 'unfiltered' },
    expChannelList: list,
    instrumentList: list,
    iORegisterList: { ...list, name: 'IORegisterList' },
    measurementGroupList: list,
    motorGroupList: list,
    motorList: list,
    triggerGateList: list,
  },
  commands: {
    stop: { urgent: true, doc: 'Stops every element.' },
    abort: { urgent: true, doc: 'Aborts every element.' },
    createController: { in: 'DevVarStringArray' },
    createElement: { in: 'DevVarStringArray' },
    createInstrument: { in: 'DevVarStringArray' },
    createMeasurementGroup: { in: 'DevVarStringArray' },
    createMotorGroup: { in: 'DevVarStringArray' },
    deleteElement: { in: 'DevString' },
    renameElement: { in: 'DevVarStringArray' },
    getControllerClassInfo: { in: 'DevString', out: 'DevString' },
    getControllerCode: { in: 'DevVarStringArray', out: 'DevVarStringArray' },
    setControllerCode: { in: 'DevVarStringArray' },
    getFile: { in: 'DevString', out: 'DevVarStringArray' },
    putFile: { in: 'DevVarStringArray' },
    reloadControllerClass: { in: 'DevString' },
    reloadControllerLib: { in: 'DevString' },
    sendToController: { in: 'DevVarStringArray', out: 'DevString' },
    // ours
    reloadElements: {
      urgent: true,
      doc: 'Takes over what has changed in the database; elements that stay are not disturbed.',
    },
    moveTo: {
      in: 'DevVarDoubleStringArray',
      out: 'DevVarDoubleStringArray',
      inDoc: 'svalue: moveables, dvalue: targets',
      outDoc: 'final positions and the reason why each motion ended: normal, stopped, aborted, limit, fault: text',
      longRunning: true,
      doc: 'Moves elements together and replies when all have ended. A closed connection stops them.',
    },
    checkTargets: {
      in: 'DevVarDoubleStringArray',
      inDoc: 'svalue: moveables, dvalue: targets, several rounds one after the other',
      doc: 'Refuses with Motion_LimitExceeded, naming motor, value and limit, when a target is beyond the limits; moves nothing.',
    },
    positions: { in: 'DevVarStringArray', out: 'DevVarDoubleArray', urgent: true, inDoc: 'moveables' },
    stopElements: { in: 'DevVarStringArray', urgent: true, inDoc: 'elements or groups' },
    abortElements: { in: 'DevVarStringArray', urgent: true },
    releaseElements: { in: 'DevVarStringArray', urgent: true },
  },
  properties: {
    controllers: { type: 'DevVarStringArray', default: [], doc: 'Device names of the controllers.' },
    controllerHost: {
      type: 'DevString',
      default: '',
      doc: 'Device that creates controllers; empty: the one in this server.',
    },
    instrumentList: { type: 'DevVarStringArray', default: [], doc: 'Triples class, name, id.' },
    poolPath: { type: 'DevVarStringArray', default: [] },
  },
})
