// Creates controllers and axes at run time in its own server; the pool asks it over Tango.

import { defineInterface } from '#tango/pure'

/** Class `ControllerHost`: one per server `Controllers/<instance>`, and one embedded in each pool's server. */
export const controllerHost = defineInterface({
  class: 'ControllerHost',
  doc: 'Creates and deletes controllers and their axes in its server.',
  attributes: {
    controllerList: {
      type: 'DevString',
      format: 'spectrum',
      max: [1024],
      doc: 'Device names of the controllers here.',
    },
    driverList: { type: 'DevString', format: 'spectrum', max: [1024], doc: 'Drivers that can be loaded, `type/name`.' },
  },
  commands: {
    createController: {
      in: 'DevVarStringArray',
      out: 'DevString',
      inDoc: 'type, driver, name, id, property, value, ...',
      outDoc: 'device name',
    },
    createElement: {
      in: 'DevVarStringArray',
      out: 'DevString',
      inDoc: 'controller device, axis, name, id (, device)',
      outDoc: 'device name',
    },
    deleteElement: { in: 'DevString', inDoc: 'device name of an axis or of a controller without axes' },
  },
  properties: {
    pluginPath: { type: 'DevVarStringArray', default: [], doc: 'Folders with drivers, searched first.' },
  },
})
