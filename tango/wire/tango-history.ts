// Tango's IDL as codec values, fourth part: histories of polled attributes and commands.
// Source of truth: tango.idl, module Tango. Order and run-length rules are those of the device, not of the codec.

import { any } from './any.ts'
import type { Infer } from './codec.ts'
import { boolean, long, sequence, string, struct } from './codec.ts'
import { attrDataFormat, attributeDim, attrQuality, devErrorList, timeVal } from './tango-basic.ts'
import { attributeValue, attributeValue3 } from './tango-idl.ts'

/** Struct DevCmdHistory. */
export const devCmdHistory = struct({ time: timeVal, cmdFailed: boolean, value: any, errors: devErrorList })
export type DevCmdHistory = Infer<typeof devCmdHistory>

/** Struct DevAttrHistory. */
export const devAttrHistory = struct({ attrFailed: boolean, value: attributeValue, errors: devErrorList })
export type DevAttrHistory = Infer<typeof devAttrHistory>

/** Struct DevAttrHistory_3. */
export const devAttrHistory3 = struct({ attrFailed: boolean, value: attributeValue3 })
export type DevAttrHistory3 = Infer<typeof devAttrHistory3>

/** Struct EltInArray: one run, `start` is the index in `dates` of its newest record. */
export const eltInArray = struct({ start: long, nbElt: long })
export type EltInArray = Infer<typeof eltInArray>

const runs = {
  dates: sequence(timeVal),
  value: any,
  quals: sequence(attrQuality),
  qualsArray: sequence(eltInArray),
  rDims: sequence(attributeDim),
  rDimsArray: sequence(eltInArray),
  wDims: sequence(attributeDim),
  wDimsArray: sequence(eltInArray),
  errors: sequence(devErrorList),
  errorsArray: sequence(eltInArray),
}

/** Struct DevAttrHistory_4. */
export const devAttrHistory4 = struct({ name: string, ...runs })
export type DevAttrHistory4 = Infer<typeof devAttrHistory4>

/** Struct DevAttrHistory_5. */
export const devAttrHistory5 = struct({ name: string, dataFormat: attrDataFormat, dataType: long, ...runs })
export type DevAttrHistory5 = Infer<typeof devAttrHistory5>

/** Struct DevCmdHistory_4. */
export const devCmdHistory4 = struct({
  dates: sequence(timeVal),
  value: any,
  dims: sequence(attributeDim),
  dimsArray: sequence(eltInArray),
  errors: sequence(devErrorList),
  errorsArray: sequence(eltInArray),
  cmdType: long,
})
export type DevCmdHistory4 = Infer<typeof devCmdHistory4>
