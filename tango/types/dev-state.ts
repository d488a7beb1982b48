// The 14 states of a Tango device, in wire order (Tango IDL, enum DevState).

/** Names in the order of their wire numbers: `DEV_STATES[6] === 'MOVING'`. */
export const DEV_STATES = [
  'ON',
  'OFF',
  'CLOSE',
  'OPEN',
  'INSERT',
  'EXTRACT',
  'MOVING',
  'STANDBY',
  'FAULT',
  'INIT',
  'RUNNING',
  'ALARM',
  'DISABLE',
  'UNKNOWN',
] as const

/** State of a Tango device. */
export type DevState = (typeof DEV_STATES)[number]
