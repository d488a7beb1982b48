// Calls of Tango's interfaces 1 to 5 in one form: the operation is chosen by the level of the device.

import { type DevError, DevFailed, devFailed, MultiDevFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { CallOptions, OrbClient } from '../orb/orb-client.ts'
import { type TangoType, TYPE_CODES } from '../types/dev-types.ts'
import type { AnyValue } from '../wire/any.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { ClntIdent } from '../wire/tango-basic.ts'
import type { AttributeValue4, DevCmdInfo2 } from '../wire/tango-idl.ts'
import { fromValue1, fromValue3, toValue1 } from './attribute-values.ts'
import { completeConfig, fromConfig2, toConfig1 } from './old-configs.ts'
import type { AttributeConfig, CommandInfo, DeviceInfo, ReadSource } from './proxy-types.ts'
import type { Target } from './reconnect.ts'

/** Who we are to locks and black boxes. */
export const CLIENT_IDENT: ClntIdent = { language: 'CPP', pid: process.pid }

/** Argument of {@link getAttributeConfig} that means all, on devices from interface 2 on. */
export const ALL_ATTRIBUTES = 'All attributes_3'

/** One call: through which ORB, to whom, how long. */
export interface Call {
  readonly orb: OrbClient
  readonly target: Target
  readonly options: CallOptions
}

/** Executes a command. */
export function executeCommand(
  call: Call,
  name: string,
  argument: AnyValue,
  source: ReadSource = 'CACHE_DEV',
): Promise<AnyValue> {
  const { orb, target, options } = call
  if (target.level >= 4) {
    return orb.call(target.reference, OPERATIONS.command_inout_4, [name, argument, source, CLIENT_IDENT], options)
  }
  return target.level >= 2
    ? orb.call(target.reference, OPERATIONS.command_inout_2, [name, argument, source], options)
    : orb.call(target.reference, OPERATIONS.command_inout, [name, argument], options)
}

/** Reads attributes; failed ones have an `errList`, but devices before interface 3 fail as a whole. */
export async function readAttributes(
  call: Call,
  names: readonly string[],
  source: ReadSource,
): Promise<readonly AttributeValue4[]> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 5) return orb.call(reference, OPERATIONS.read_attributes_5, [names, source, CLIENT_IDENT], options)
  if (level === 4) return orb.call(reference, OPERATIONS.read_attributes_4, [names, source, CLIENT_IDENT], options)
  if (level === 3) {
    const values = await orb.call(reference, OPERATIONS.read_attributes_3, [names, source], options)
    return values.map(fromValue3)
  }
  const values =
    level === 2
      ? await orb.call(reference, OPERATIONS.read_attributes_2, [names, source], options)
      : await orb.call(reference, OPERATIONS.read_attributes, [names], options)
  return values.map(fromValue1)
}

/** Writes attributes. */
export function writeAttributes(call: Call, values: readonly AttributeValue4[]): Promise<undefined> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 4) return orb.call(reference, OPERATIONS.write_attributes_4, [values, CLIENT_IDENT], options)
  const operation = level === 3 ? OPERATIONS.write_attributes_3 : OPERATIONS.write_attributes
  return orb.call(reference, operation, [values.map(toValue1)], options)
}

/**
 * Writes attributes and reads attributes in one call, during which nobody else can write.
 * @throws DevFailed `API_NotSupported` for devices before interface 4, and before 5 when other names are read
 */
export async function writeReadAttributes(
  call: Call,
  values: readonly AttributeValue4[],
  names: readonly string[],
): Promise<readonly AttributeValue4[]> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 5) {
    return orb.call(reference, OPERATIONS.write_read_attributes_5, [values, names, CLIENT_IDENT], options)
  }
  const same = names.length === values.length && names.every((name, i) => sameName(name, values[i]?.name))
  if (level < 4 || !same) throw notSupported(target, same ? 'write_read_attributes' : 'reading others than it writes')
  return orb.call(reference, OPERATIONS.write_read_attributes_4, [values, CLIENT_IDENT], options)
}

/** Configuration of attributes; {@link ALL_ATTRIBUTES} gives all. */
export async function getAttributeConfig(call: Call, names: readonly string[]): Promise<readonly AttributeConfig[]> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 5) return orb.call(reference, OPERATIONS.get_attribute_config_5, [names], options)
  if (level >= 3) {
    const configs = await orb.call(reference, OPERATIONS.get_attribute_config_3, [names], options)
    return configs.map(completeConfig)
  }
  if (level === 2) {
    const configs = await orb.call(reference, OPERATIONS.get_attribute_config_2, [names], options)
    return configs.map(fromConfig2)
  }
  const configs = await orb.call(reference, OPERATIONS.get_attribute_config, [names], options)
  return configs.map((config) => fromConfig2({ ...config, level: 'OPERATOR' }))
}

/** Changes the configuration of attributes. */
export function setAttributeConfig(call: Call, configs: readonly AttributeConfig[]): Promise<undefined> {
  const { orb, target, options } = call
  const { reference, level } = target
  if (level >= 5) return orb.call(reference, OPERATIONS.set_attribute_config_5, [configs, CLIENT_IDENT], options)
  if (level === 4) return orb.call(reference, OPERATIONS.set_attribute_config_4, [configs, CLIENT_IDENT], options)
  if (level === 3) return orb.call(reference, OPERATIONS.set_attribute_config_3, [configs], options)
  return orb.call(reference, OPERATIONS.set_attribute_config, [configs.map(toConfig1)], options)
}

/** All commands of a device. */
export async function listCommands(call: Call): Promise<readonly CommandInfo[]> {
  const { orb, target, options } = call
  if (target.level >= 2) {
    const list = await orb.call(target.reference, OPERATIONS.command_list_query_2, [], options)
    return list.map(toCommandInfo)
  }
  const list = await orb.call(target.reference, OPERATIONS.command_list_query, [], options)
  return list.map((info) => toCommandInfo({ ...info, level: info.cmdTag === 1 ? 'EXPERT' : 'OPERATOR' }))
}

/** Class, server and interface of a device. */
export async function readInfo(call: Call): Promise<DeviceInfo> {
  const { orb, target, options } = call
  const info =
    target.level >= 3
      ? await orb.call(target.reference, OPERATIONS.info_3, [], options)
      : { ...(await orb.call(target.reference, OPERATIONS.info, [], options)), devType: 'Uninitialised' }
  return {
    class: info.devClass,
    server: info.serverId,
    host: info.serverHost,
    idl: info.serverVersion,
    docUrl: info.docUrl,
    type: info.devType,
  }
}

/** Types and descriptions of a command. */
export async function queryCommand(call: Call, name: string): Promise<DevCmdInfo2> {
  const { orb, target, options } = call
  if (target.level >= 2) return orb.call(target.reference, OPERATIONS.command_query_2, [name], options)
  const info = await orb.call(target.reference, OPERATIONS.command_query, [name], options)
  return { ...info, level: info.cmdTag === 1 ? 'EXPERT' : 'OPERATOR' }
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

/** Error for an operation that the interface of a device lacks. */
export function notSupported(target: Target, what: string): DevFailed {
  return devFailed('API_NotSupported', `${target.device} speaks interface ${target.level} of Tango, without ${what}`)
}

function sameName(a: string, b: string | undefined): boolean {
  return a.toLowerCase() === b?.toLowerCase()
}
