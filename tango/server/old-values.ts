// Attribute values and configurations between interface 5 and the older ones that some clients still use.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import { type AnyValue, VOID } from '../wire/any.ts'
import type { AttributeConfig, AttributeConfig2, AttributeConfig3, AttributeConfig5 } from '../wire/tango-config.ts'
import type {
  AttributeValue1,
  AttributeValue3,
  AttributeValue4,
  AttributeValue5,
  AttrValUnion,
} from '../wire/tango-idl.ts'
import type { WriteRequest } from './attribute-table.ts'
import { VALUE_TYPES } from './attribute-value.ts'

/** Arms of the union by the array types that stand for them in an any. */
const KIND_OF_ARRAY: ReadonlyMap<string, AttrValUnion['kind']> = new Map(
  Object.values(VALUE_TYPES).map(({ arrayName, kind }) => [arrayName, kind]),
)
const ARRAY_OF_KIND: ReadonlyMap<AttrValUnion['kind'], string> = new Map(
  Object.values(VALUE_TYPES).map(({ arrayName, kind }) => [kind, arrayName]),
)
/** Type code of DevEnum and of DevShort, as which clients before interface 5 see it. */
const [ENUM_TYPE, SHORT_TYPE] = [29, 2]

/** A value as interface 4 has it. */
export function toValue4(value: AttributeValue5): AttributeValue4 {
  return value
}

/** A value as interface 3 has it. */
export function toValue3(value: AttributeValue5): AttributeValue3 {
  const { quality, time, name, rDim, wDim, errList } = value
  if (value.value.kind === 'ATT_ENCODED') {
    const desc = 'The DevEncoded data type is available only for device implementing IDL 4 and above'
    const origin = 'Device_3Impl::read_attributes_no_except'
    const error = devFailed('API_NotSupportedFeature', desc, { origin })
    return { value: VOID, quality, time, name, rDim, wDim, errList: error.errors }
  }
  return { value: toAny(value.value), quality, time, name, rDim, wDim, errList }
}

/**
 * A value as interfaces 1 and 2 have it.
 * @throws DevFailed when reading failed, or `API_NotSupportedFeature`
 */
export function readValue1(value: AttributeValue5): AttributeValue1 {
  if (value.errList.length > 0) throw new DevFailed(value.errList)
  const array = value.dataFormat === 'SPECTRUM' || value.dataFormat === 'IMAGE'
  if ((array && value.wDim.dimX > 0) || value.value.kind === 'ATT_ENCODED') {
    const desc = `Client too old to get data for attribute ${value.name}.\nPlease, use a client linked with Tango V5 and a device inheriting from Device_3Impl`
    throw devFailed('API_NotSupportedFeature', desc, { origin: 'DeviceImpl::read_attributes' })
  }
  return toValue1(value)
}

/** A value as interfaces 1 and 2 have it, whatever is in it. */
export function toValue1(value: AttributeValue5): AttributeValue1 {
  const { quality, time, name, rDim } = value
  return { value: toAny(value.value), quality, time, name, dimX: rDim.dimX, dimY: rDim.dimY }
}

/** A write request of interfaces 1 and 3. */
export function requestOfValue1(value: AttributeValue1): WriteRequest {
  return { name: value.name, value: toUnion(value.value), dimX: value.dimX, dimY: value.dimY }
}

/** A write request of interface 4. */
export function requestOfValue4(value: AttributeValue4): WriteRequest {
  return { name: value.name, value: value.value, dimX: value.wDim.dimX, dimY: value.wDim.dimY }
}

/** A configuration as interface 3 has it. */
export function toConfig3(config: AttributeConfig5): AttributeConfig3 {
  return { ...config, dataType: config.dataType === ENUM_TYPE ? (SHORT_TYPE ?? 2) : config.dataType }
}

/** A configuration as interface 2 has it. */
export function toConfig2(config: AttributeConfig5): AttributeConfig2 {
  return { ...toConfig1(config), level: config.level }
}

/** A configuration as interface 1 has it. */
export function toConfig1(config: AttributeConfig5): AttributeConfig {
  const { minAlarm, maxAlarm } = config.attAlarm
  return { ...toConfig3(config), minAlarm, maxAlarm }
}

function toAny(union: AttrValUnion): AnyValue {
  if (union.kind === 'ATT_NO_DATA') return VOID
  if (union.kind === 'DEVICE_STATE') return { type: 'DevState', value: union.value }
  // the table pairs arm and array type
  return { type: ARRAY_OF_KIND.get(union.kind), value: union.value } as unknown as AnyValue
}

function toUnion(any: AnyValue): AttrValUnion {
  const kind = KIND_OF_ARRAY.get(any.type)
  if (kind !== undefined) return { kind, value: any.value } as unknown as AttrValUnion
  const scalar = Object.entries(VALUE_TYPES).find(([name]) => name === any.type)?.[1]
  if (scalar === undefined) return { kind: 'ATT_NO_DATA', value: undefined }
  return { kind: scalar.kind, value: scalar.one(any.value) } as unknown as AttrValUnion
}
