// What is in an event: decoding of payloads, and the synchronous read that makes a subscription's first event.

import { fromValue3, toReading } from '../client/attribute-values.ts'
import { completeConfig } from '../client/old-configs.ts'
import {
  ALL_ATTRIBUTES,
  type Call,
  getAttributeConfig,
  listCommands,
  readAttributes,
  toCommandInfo,
} from '../client/operations.ts'
import { readPipe } from '../client/pipe-control.ts'
import { toPipeReading } from '../client/pipe-values.ts'
import type { AttributeConfig } from '../client/proxy-types.ts'
import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { PipeReading } from '../types/pipe.ts'
import type { AttributeReading } from '../types/reading.ts'
import type { CdrReader } from '../wire/cdr.ts'
import { devErrorList } from '../wire/tango-basic.ts'
import { attributeConfig3, attributeConfig5 } from '../wire/tango-config.ts'
import {
  type AttributeValue4,
  attDataReady,
  attributeValue3,
  attributeValue4,
  attributeValue5,
  devIntrChange,
  devPipeData,
} from '../wire/tango-idl.ts'
import { parseTopic, type ReceivedEvent } from '../wire/zmq-event.ts'
import type { EventType, InterfaceChange } from './event-types.ts'

/** The part of an event that is the same for all subscribers of its topic. */
export interface EventContent {
  readonly reading?: AttributeReading
  readonly config?: AttributeConfig
  readonly dataReady?: number
  readonly pipe?: PipeReading
  readonly interfaceChange?: InterfaceChange
  readonly error?: DevFailed
}

/**
 * Content of a received event; what cannot be decoded is an error.
 * @param level interface level of the device, for topics that do not say one
 */
export function decodeContent(event: EventType, received: ReceivedEvent, level: number): EventContent {
  try {
    return decode(event, received, parseTopic(received.topic)?.idl ?? Math.min(level, 4))
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

function decode(event: EventType, received: ReceivedEvent, level: number): EventContent {
  const { payload, callInfo } = received
  if (payload === undefined) throw devFailed('API_ZmqFailed', 'it has no payload')
  if (callInfo.callIsExcept) return { error: new DevFailed(devErrorList.decode(payload)) }
  switch (event) {
    case 'change':
    case 'periodic':
    case 'archive':
    case 'user_event': {
      const value = decodeValue(payload, level)
      return value.errList.length > 0 ? { error: new DevFailed(value.errList) } : { reading: toReading(value) }
    }
    case 'attr_conf':
      return {
        config: level >= 5 ? attributeConfig5.decode(payload) : completeConfig(attributeConfig3.decode(payload)),
      }
    case 'data_ready':
      return { dataReady: attDataReady.decode(payload).ctr }
    case 'intr_change': {
      const { devStarted, cmds, atts } = devIntrChange.decode(payload)
      return { interfaceChange: { restarted: devStarted, commands: cmds.map(toCommandInfo), attributes: atts } }
    }
    case 'pipe':
      return { pipe: toPipeReading(devPipeData.decode(payload)) }
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
      const commands = await listCommands(call)
      const attributes = await getAttributeConfig(call, [ALL_ATTRIBUTES])
      return { interfaceChange: { restarted: false, commands, attributes } }
    }
    case 'pipe':
      return { pipe: await readPipe(call, attribute) }
  }
}

function decodeValue(payload: CdrReader, level: number): AttributeValue4 {
  if (level >= 5) return attributeValue5.decode(payload)
  return level === 4 ? attributeValue4.decode(payload) : fromValue3(attributeValue3.decode(payload))
}
