// What every pool element offers beside its own members; source of names: Sardana's Tango classes.

/** Commands of every element: `stop` ramps down, `abort` ends at once, `release` frees an element whose operation hangs. */
export const elementCommands = {
  stop: { urgent: true, doc: 'Ends the operation in an orderly way; safe to call twice.' },
  abort: { urgent: true, doc: 'Ends the operation at once.' },
  release: { urgent: true, doc: 'Gives up an operation that does not end.' },
  restore: { doc: 'Writes the memorized values to the hardware again.' },
} as const

/** Properties of every element. */
export const elementProperties = {
  id: { type: 'DevLong', default: 0, doc: 'Number of the element, unique in its pool.' },
  instrument: { type: 'DevString', default: '', doc: 'Path of the instrument that it belongs to: /slits/front.' },
  instrumentId: { type: 'DevLong', default: 0, name: 'Instrument_id', doc: 'Id of that instrument in the pool.' },
} as const

/** Properties of elements that are an axis of a controller. */
export const axisProperties = {
  ...elementProperties,
  axis: { type: 'DevLong', mandatory: true, doc: 'Axis of the controller.' },
  ctrlId: { type: 'DevLong', default: 0, name: 'Ctrl_id', doc: 'Id of the controller.' },
  controller: { type: 'DevString', default: '', doc: 'Device name of the controller.' },
} as const
