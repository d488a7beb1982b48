// Attribute configuration of older interfaces in the form of interface 5, and back.

import type { AttributeConfig as AttributeConfig1, AttributeConfig2, AttributeConfig3 } from '../wire/tango-config.ts'
import type { AttributeConfig } from './proxy-types.ts'

const UNSET = 'Not specified'

/** Configuration of interface 3 with the later fields at their defaults. */
export function completeConfig(config: AttributeConfig3): AttributeConfig {
  return { ...config, memorized: false, memInit: false, rootAttrName: UNSET, enumLabels: [] }
}

/** Configuration of interface 2 with the later fields at their defaults. */
export function fromConfig2(config: AttributeConfig2): AttributeConfig {
  const { minAlarm, maxAlarm, ...rest } = config
  const attAlarm = { ...NO_ALARM, minAlarm, maxAlarm }
  return completeConfig({ ...rest, attAlarm, eventProp: NO_EVENTS, sysExtensions: [] })
}

/** What interfaces 1 and 2 know of a configuration. */
export function toConfig1(config: AttributeConfig): AttributeConfig1 {
  const { attAlarm, ...rest } = config
  return { ...rest, minAlarm: attAlarm.minAlarm, maxAlarm: attAlarm.maxAlarm }
}

const NO_ALARM: AttributeConfig['attAlarm'] = {
  minAlarm: UNSET,
  maxAlarm: UNSET,
  minWarning: UNSET,
  maxWarning: UNSET,
  deltaT: UNSET,
  deltaVal: UNSET,
  extensions: [],
}

const NO_EVENTS: AttributeConfig['eventProp'] = {
  chEvent: { relChange: UNSET, absChange: UNSET, extensions: [] },
  perEvent: { period: '1000', extensions: [] },
  archEvent: { relChange: UNSET, absChange: UNSET, period: UNSET, extensions: [] },
}
