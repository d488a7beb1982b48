// Calls of Tango's interfaces 3 to 5 in one form: the operation is chosen by the level of the device.

import { type DevError, DevFailed, devFailed, MultiDevFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { CallOptions, OrbClient } from '../orb/orb-client.ts'
import { type TangoType, TYPE_CODES } from '../types/dev-types.ts'
import type { AnyValue } from '../wire/any.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { ClntIdent } from '../wire/tango-basic.ts'
import type { AttributeConfig3 } from '../wire/tango-config.ts'
import type { AttributeValue4, DevCmdInfo2 } from '../wire/tango-idl.ts'
import { fromValue3, toValue1 } from './attribute-values.ts'
import type { AttributeConfig, CommandInfo, ReadSource } from './proxy-types.ts'
import type { Target } from './reconnect.ts'

/** Who we are to locks and black boxes. */
export const CLIENT_IDENT: ClntIdent = { language: 'CPP', pid: process.pid }

/** One call: through which ORB, to whom, how long. */
export interface Call {
  readonly orb: OrbClient
  readonly target: Target
  readonly options: CallOptions
}

/** Executes a command. */
export function executeCommand(call: Call, name: string, argument: AnyValue): Promise<AnyValue> {
  const { orb, target, options } = call
  if (target.level >= 4) {
    return orb.call(target.reference, OPERATIONS.command_inout_4, [name, argument, 'CACHE_DEV', CLIENT_IDENT], options)
  }
  return target.level >= 2
    ? orb.call(target.reference, OPERATIONS.command_inout_2, [name, argument, 'CACHE_DEV'], options)
    : orb.call(target.reference, OPERATIONS.command_inout, [name, argument], options)
}

/** Reads attributes; failed ones have an `errList`. */
export async function readAttributes(
  call: Call,
  names: readonly string[],
  source: ReadSource,
): Promise<readonly AttributeValue4[]> {
  const { orb, target, options } = call
  if (target.level >= 5) {
    return orb.call(target.reference, OPERATIONS.read_attributes_5, [names, source, CLIENT_IDENT], options)
  }
  if (target.level === 4) {
    return orb.call(target.reference, OPERATIONS.read_attributes_4, [names, source, CLIENT_IDENT], options)
  }
  needsInterface3(target)
  const values = await orb.call(target.reference, OPERATIONS.read_attributes_3, [names, source], options)
  return values.map(fromValue3)
}

/** Writes attributes. */
export function writeAttributes(call: Call, values: readonly AttributeValue4[]): Promise<undefined> {
  const { orb, target, options } = call
  if (target.level >= 4) {
    return orb.call(target.reference, OPERATIONS.write_attributes_4, [values, CLIENT_IDENT], options)
  }
  needsInterface3(target)
  return orb.call(target.reference, OPERATIONS.write_attributes_3, [values.map(toValue1)], options)
}

/** Configuration of attributes; `All attributes_3` gives all. */
export async function getAttributeConfig(call: Call, names: readonly string[]): Promise<readonly AttributeConfig[]> {
  const { orb, target, options } = call
  if (target.level >= 5) return orb.call(target.reference, OPERATIONS.get_attribute_config_5, [names], options)
  needsInterface3(target)
  const configs = await orb.call(target.reference, OPERATIONS.get_attribute_config_3, [names], options)
  return configs.map(completeConfig)
}

/** Changes the configuration of attributes. */
export function setAttributeConfig(call: Call, configs: readonly AttributeConfig[]): Promise<undefined> {
  const { orb, target, options } = call
  if (target.level >= 5) {
    return orb.call(target.reference, OPERATIONS.set_attribute_config_5, [configs, CLIENT_IDENT], options)
  }
  if (target.level === 4) {
    return orb.call(target.reference, OPERATIONS.set_attribute_config_4, [configs, CLIENT_IDENT], options)
  }
  needsInterface3(target)
  return orb.call(target.reference, OPERATIONS.set_attribute_config_3, [configs], options)
}

/** Types and descriptions of a command. */
export function queryCommand(call: Call, name: string): Promise<DevCmdInfo2> {
  return call.orb.call(call.target.reference, OPERATIONS.command_query_2, [name], call.options)
}

/** Configuration of interface 3 with the later fields at their defaults. */
export function completeConfig(config: AttributeConfig3): AttributeConfig {
  return { ...config, memorized: false, memInit: false, rootAttrName: 'Not specified', enumLabels: [] }
}

/** A command as users see it. */
export function toCommandInfo(info: DevCmdInfo2): CommandInfo {
  return {
    name: info.cmdName,
    level: info.level,
    inType: typeName(info.inType),
    outType: typeName(info.outType),
    inDoc: info.inTypeDesc,
    outDoc: info.outTypeDesc,
  }
}

/** Name of a type from its wire number. */
export function typeName(code: number): TangoType {
  return TYPE_NAMES.get(code) ?? 'DevVoid'
}

const TYPE_NAMES: ReadonlyMap<number, TangoType> = new Map(
  // the keys of a constant object are its declared names
  Object.entries(TYPE_CODES).map(([name, code]) => [code, name as TangoType]),
)

/** Adds one level that names the device to an error; a MultiDevFailed of one attribute becomes plain. */
export function withLevel(error: unknown, reason: string, desc: string, origin: string): DevFailed {
  const level: DevError = { reason, severity: 'ERR', desc, origin }
  if (error instanceof MultiDevFailed) {
    const [first] = error.failures
    if (error.failures.length !== 1 || first === undefined) return error
    return new DevFailed([...first.errors, level])
  }
  return new DevFailed([...toDevFailed(error).errors, level])
}

function needsInterface3(target: Target): void {
  if (target.level >= 3) return
  throw devFailed(
    'API_NotSupported',
    `${target.device} speaks only interface ${target.level} of Tango; attributes of devices before interface 3 are not supported`,
  )
}
