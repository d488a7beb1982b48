// What is in an event: decoding of payloads, and the synchronous read that makes a subscription's first event.

import { toReading } from '../client/attribute-values.ts'
import { completeConfig } from '../client/old-configs.ts'
import { type Call, getAttributeConfig, readAttributes, toCommandInfo } from '../client/operations.ts'
import type { AttributeConfig } from '../client/proxy-types.ts'
import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { AttributeReading } from '../types/reading.ts'
import { OPERATIONS } from '../wire/operations.ts'
import { devErrorList } from '../wire/tango-basic.ts'
import { attributeConfig3, attributeConfig5 } from '../wire/tango-config.ts'
import { attDataReady, attributeValue4, attributeValue5, type DevCmdInfo2, devIntrChange } from '../wire/tango-idl.ts'
import { parseTopic, type ReceivedEvent } from '../wire/zmq-event.ts'
import type { EventType, InterfaceChange } from './event-types.ts'

/** The part of an event that is the same for all subscribers of its topic. */
export interface EventContent {
  readonly reading?: AttributeReading
  readonly config?: AttributeConfig
  readonly dataReady?: number
  readonly interfaceChange?: InterfaceChange
  readonly error?: DevFailed
}

/** Content of a received event; what cannot be decoded is an error. */
export function decodeContent(event: EventType, received: ReceivedEvent): EventContent {
  try {
    return decode(event, received)
  } catch (cause) {
    return { error: devFailed('API_ZmqFailed', `the ${event} event ${received.topic} cannot be decoded`, { cause }) }
  }
}

/**
 * The first content of a subscription, read from the device; undefined for events that have none.
 * A failed read is an error in the content.
 */
export async function readContent(event: EventType, attribute: string, call: Call): Promise<EventContent | undefined> {
  try {
    return await read(event, attribute, call)
  } catch (error) {
    return { error: toDevFailed(error) }
  }
}

function decode(event: EventType, received: ReceivedEvent): EventContent {
  const { payload, callInfo, topic } = received
  if (payload === undefined) throw devFailed('API_ZmqFailed', 'it has no payload')
  if (callInfo.callIsExcept) return { error: new DevFailed(devErrorList.decode(payload)) }
  const level = parseTopic(topic)?.idl ?? 4
  switch (event) {
    case 'change':
    case 'periodic':
    case 'archive':
    case 'user_event': {
      const value = level >= 5 ? attributeValue5.decode(payload) : attributeValue4.decode(payload)
      return value.errList.length > 0 ? { error: new DevFailed(value.errList) } : { reading: toReading(value) }
    }
    case 'attr_conf':
      return {
        config: level >= 5 ? attributeConfig5.decode(payload) : completeConfig(attributeConfig3.decode(payload)),
      }
    case 'data_ready':
      return { dataReady: attDataReady.decode(payload).ctr }
    case 'intr_change': {
      const change = devIntrChange.decode(payload)
      return { interfaceChange: toInterfaceChange(change.devStarted, change.cmds, change.atts) }
    }
  }
}

async function read(event: EventType, attribute: string, call: Call): Promise<EventContent | undefined> {
  switch (event) {
    case 'change':
    case 'periodic':
    case 'archive':
    case 'user_event': {
      const [value] = await readAttributes(call, [attribute], 'CACHE_DEV')
      if (value === undefined) throw devFailed('API_AttrValueNotSet', `${attribute} was not answered`)
      return { reading: toReading(value) }
    }
    case 'attr_conf': {
      const [config] = await getAttributeConfig(call, [attribute])
      if (config === undefined) throw devFailed('API_AttrNotFound', `${attribute} was not answered`)
      return { config }
    }
    case 'data_ready':
      return undefined
    case 'intr_change': {
      const commands = await call.orb.call(call.target.reference, OPERATIONS.command_list_query_2, [], call.options)
      const attributes = await getAttributeConfig(call, ['All attributes_3'])
      return { interfaceChange: toInterfaceChange(false, commands, attributes) }
    }
  }
}

function toInterfaceChange(
  restarted: boolean,
  commands: readonly DevCmdInfo2[],
  attributes: readonly AttributeConfig[],
): InterfaceChange {
  return { restarted, commands: commands.map(toCommandInfo), attributes }
}
