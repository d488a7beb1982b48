// Tango's IDL as codec values, third part: attribute configuration of each interface level.
// Source of truth: tango.idl, module Tango. All limits travel as text.

import type { Infer } from './codec.ts'
import { boolean, long, sequence, string, strings, struct } from './codec.ts'
import { attrDataFormat, attrWriteType, dispLevel } from './tango-basic.ts'

/** Struct ChangeEventProp. */
export const changeEventProp = struct({ relChange: string, absChange: string, extensions: strings })
/** Struct PeriodicEventProp. */
export const periodicEventProp = struct({ period: string, extensions: strings })
/** Struct ArchiveEventProp. */
export const archiveEventProp = struct({ relChange: string, absChange: string, period: string, extensions: strings })

/** Struct EventProperties. */
export const eventProperties = struct({
  chEvent: changeEventProp,
  perEvent: periodicEventProp,
  archEvent: archiveEventProp,
})
export type EventProperties = Infer<typeof eventProperties>

/** Struct AttributeAlarm. */
export const attributeAlarm = struct({
  minAlarm: string,
  maxAlarm: string,
  minWarning: string,
  maxWarning: string,
  deltaT: string,
  deltaVal: string,
  extensions: strings,
})
export type AttributeAlarm = Infer<typeof attributeAlarm>

const identity = { name: string, writable: attrWriteType, dataFormat: attrDataFormat, dataType: long }
const dimensions = { maxDimX: long, maxDimY: long }
const texts = {
  description: string,
  label: string,
  unit: string,
  standardUnit: string,
  displayUnit: string,
  format: string,
}
const limits = { minValue: string, maxValue: string }
const alarms = { minAlarm: string, maxAlarm: string }
const tail = { attAlarm: attributeAlarm, eventProp: eventProperties, extensions: strings, sysExtensions: strings }

/** Struct AttributeConfig. */
export const attributeConfig = struct({
  ...identity,
  ...dimensions,
  ...texts,
  ...limits,
  ...alarms,
  writableAttrName: string,
  extensions: strings,
})
export type AttributeConfig = Infer<typeof attributeConfig>

/** Struct AttributeConfig_2. */
export const attributeConfig2 = struct({
  ...identity,
  ...dimensions,
  ...texts,
  ...limits,
  ...alarms,
  writableAttrName: string,
  level: dispLevel,
  extensions: strings,
})
export type AttributeConfig2 = Infer<typeof attributeConfig2>

/** Struct AttributeConfig_3. */
export const attributeConfig3 = struct({
  ...identity,
  ...dimensions,
  ...texts,
  ...limits,
  writableAttrName: string,
  level: dispLevel,
  ...tail,
})
export type AttributeConfig3 = Infer<typeof attributeConfig3>

/** Struct AttributeConfig_5. */
export const attributeConfig5 = struct({
  ...identity,
  memorized: boolean,
  memInit: boolean,
  ...dimensions,
  ...texts,
  ...limits,
  writableAttrName: string,
  level: dispLevel,
  rootAttrName: string,
  enumLabels: strings,
  ...tail,
})
export type AttributeConfig5 = Infer<typeof attributeConfig5>

export const attributeConfigs = sequence(attributeConfig)
export const attributeConfigs2 = sequence(attributeConfig2)
export const attributeConfigs3 = sequence(attributeConfig3)
export const attributeConfigs5 = sequence(attributeConfig5)
