// Every operation of Tango's interfaces Device to Device_5, and those that each CORBA object has, as values.
// Source of truth: tango.idl, interfaces; CORBA 3.3 part 2, 8.3 for the implicit ones.

import { any } from './any.ts'
import type { Codec, Infer, InferAll } from './codec.ts'
import { atMost, boolean, long, nothing, sequence, string, strings, tuple } from './codec.ts'
import { clntIdent, devSource, devState } from './tango-basic.ts'
import { attributeConfigs, attributeConfigs2, attributeConfigs3, attributeConfigs5 } from './tango-config.ts'
import {
  devAttrHistory,
  devAttrHistory3,
  devAttrHistory4,
  devAttrHistory5,
  devCmdHistory,
  devCmdHistory4,
} from './tango-history.ts'
import {
  attributeValues,
  attributeValues3,
  attributeValues4,
  attributeValues5,
  devCmdInfo,
  devCmdInfo2,
  devInfo,
  devInfo3,
  devPipeData,
  pipeConfig,
} from './tango-idl.ts'

/** User exceptions of Tango's IDL. */
export type RaisedException = 'DevFailed' | 'MultiDevFailed'

/** One operation: how to write and read its arguments and its result. */
export interface Operation<In extends readonly unknown[], Out> {
  /** Name on the wire. */
  readonly name: string
  readonly in: Codec<In>
  readonly out: Codec<Out>
  readonly raises: readonly RaisedException[]
}

/** Arguments of an operation: `Arguments<typeof OPERATIONS.read_attributes_5>`. */
export type Arguments<O> = O extends Operation<infer In, unknown> ? In : never

/** Result of an operation. */
export type Result<O> = O extends { readonly out: infer C } ? Infer<C> : never

/** Repository ids of the interfaces that a Tango 9 device implements, best first. */
export const DEVICE_REPOSITORY_IDS = [
  'IDL:Tango/Device_5:1.0',
  'IDL:Tango/Device_4:1.0',
  'IDL:Tango/Device_3:1.0',
  'IDL:Tango/Device_2:1.0',
  'IDL:Tango/Device:1.0',
] as const

/** Repository ids of the user exceptions. */
export const EXCEPTION_IDS = {
  DevFailed: 'IDL:Tango/DevFailed:1.0',
  MultiDevFailed: 'IDL:Tango/MultiDevFailed:1.0',
} as const

/**
 * Attributes or pipes of one request. No device has so many; the answer to a request for more would be many times its
 * size and keep the server from its other clients.
 */
const MAX_NAMED = 10_000
const names = atMost(MAX_NAMED, strings)
const toWrite = atMost(MAX_NAMED, attributeValues)
const toWrite4 = atMost(MAX_NAMED, attributeValues4)
const toSet = atMost(MAX_NAMED, attributeConfigs)
const toSet3 = atMost(MAX_NAMED, attributeConfigs3)
const toSet5 = atMost(MAX_NAMED, attributeConfigs5)
const pipeConfigs = atMost(MAX_NAMED, sequence(pipeConfig))

const FAILS = ['DevFailed'] as const
const FAILS_MULTI = ['DevFailed', 'MultiDevFailed'] as const
const NEVER = [] as const

function operation<const C extends readonly Codec<unknown>[], Out>(
  name: string,
  args: C,
  out: Codec<Out>,
  raises: readonly RaisedException[] = FAILS,
): Operation<InferAll<C>, Out> {
  return { name, in: tuple(args), out, raises }
}

/** All operations by their wire names. */
export const OPERATIONS = {
  _is_a: operation('_is_a', [string], boolean, NEVER),
  _non_existent: operation('_non_existent', [], boolean, NEVER),

  command_inout: operation('command_inout', [string, any], any),
  get_attribute_config: operation('get_attribute_config', [names], attributeConfigs),
  set_attribute_config: operation('set_attribute_config', [toSet], nothing),
  read_attributes: operation('read_attributes', [names], attributeValues),
  write_attributes: operation('write_attributes', [toWrite], nothing),
  ping: operation('ping', [], nothing),
  black_box: operation('black_box', [long], strings),
  info: operation('info', [], devInfo),
  command_list_query: operation('command_list_query', [], sequence(devCmdInfo)),
  command_query: operation('command_query', [string], devCmdInfo),
  _get_name: operation('_get_name', [], string, NEVER),
  _get_description: operation('_get_description', [], string, NEVER),
  _get_state: operation('_get_state', [], devState, NEVER),
  _get_status: operation('_get_status', [], string, NEVER),
  _get_adm_name: operation('_get_adm_name', [], string, NEVER),

  command_inout_2: operation('command_inout_2', [string, any, devSource], any),
  read_attributes_2: operation('read_attributes_2', [names, devSource], attributeValues),
  get_attribute_config_2: operation('get_attribute_config_2', [names], attributeConfigs2),
  command_list_query_2: operation('command_list_query_2', [], sequence(devCmdInfo2)),
  command_query_2: operation('command_query_2', [string], devCmdInfo2),
  command_inout_history_2: operation('command_inout_history_2', [string, long], sequence(devCmdHistory)),
  read_attribute_history_2: operation('read_attribute_history_2', [string, long], sequence(devAttrHistory)),

  read_attributes_3: operation('read_attributes_3', [names, devSource], attributeValues3),
  write_attributes_3: operation('write_attributes_3', [toWrite], nothing, FAILS_MULTI),
  read_attribute_history_3: operation('read_attribute_history_3', [string, long], sequence(devAttrHistory3)),
  info_3: operation('info_3', [], devInfo3),
  get_attribute_config_3: operation('get_attribute_config_3', [names], attributeConfigs3),
  set_attribute_config_3: operation('set_attribute_config_3', [toSet3], nothing),

  read_attribute_history_4: operation('read_attribute_history_4', [string, long], devAttrHistory4),
  command_inout_history_4: operation('command_inout_history_4', [string, long], devCmdHistory4),
  command_inout_4: operation('command_inout_4', [string, any, devSource, clntIdent], any),
  read_attributes_4: operation('read_attributes_4', [names, devSource, clntIdent], attributeValues4),
  write_attributes_4: operation('write_attributes_4', [toWrite4, clntIdent], nothing, FAILS_MULTI),
  set_attribute_config_4: operation('set_attribute_config_4', [toSet3, clntIdent], nothing),
  write_read_attributes_4: operation('write_read_attributes_4', [toWrite4, clntIdent], attributeValues4, FAILS_MULTI),

  get_attribute_config_5: operation('get_attribute_config_5', [names], attributeConfigs5),
  set_attribute_config_5: operation('set_attribute_config_5', [toSet5, clntIdent], nothing),
  read_attributes_5: operation('read_attributes_5', [names, devSource, clntIdent], attributeValues5),
  write_read_attributes_5: operation(
    'write_read_attributes_5',
    [toWrite4, names, clntIdent],
    attributeValues5,
    FAILS_MULTI,
  ),
  read_attribute_history_5: operation('read_attribute_history_5', [string, long], devAttrHistory5),
  get_pipe_config_5: operation('get_pipe_config_5', [names], sequence(pipeConfig)),
  set_pipe_config_5: operation('set_pipe_config_5', [pipeConfigs, clntIdent], nothing),
  read_pipe_5: operation('read_pipe_5', [string, clntIdent], devPipeData),
  write_pipe_5: operation('write_pipe_5', [devPipeData, clntIdent], nothing),
  write_read_pipe_5: operation('write_read_pipe_5', [devPipeData, clntIdent], devPipeData),
}

/** Wire name of a known operation. */
export type OperationName = keyof typeof OPERATIONS
