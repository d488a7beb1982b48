// Tango events on ZeroMQ as bytes: topics, the four frames, payload marker. No sockets.
// Source of truth: cppTango 9 (zmqeventsupplier, zmqeventconsumer) as seen on the wire.

import { CdrError, CdrReader, CdrWriter } from './cdr.ts'
import { latin1Bytes, latin1Decode } from './latin1.ts'
import type { ZmqCallInfo } from './tango-idl.ts'
import { zmqCallInfo } from './tango-idl.ts'

/** Events by the names used in topics and subscriptions. */
export const EVENT_NAMES = [
  'change',
  'quality',
  'periodic',
  'archive',
  'user_event',
  'attr_conf',
  'data_ready',
  'intr_change',
  'pipe',
] as const
export type EventName = (typeof EVENT_NAMES)[number]

/** What a topic says. */
export interface EventTopic {
  /** `host:port` of the database, or of the device server itself without a database. */
  readonly tangoHost: string
  readonly device: string
  /** Attribute or pipe; absent for `intr_change`. */
  readonly member?: string
  readonly event: EventName
  /** Interface level; from 5 on the event name in the topic has the prefix `idl5_`. */
  readonly idl: number
  /** False for a server that runs without a database. */
  readonly database?: boolean
}

/** One received event or heartbeat. */
export interface ReceivedEvent {
  readonly topic: string
  readonly callInfo: ZmqCallInfo
  /** Reader of the payload after its marker; absent in heartbeats. A view of the frame. */
  readonly payload: CdrReader | undefined
}

/** What to send with {@link encodeEvent}. */
export interface OutgoingEvent {
  readonly topic: string
  /** Counter of this topic; wraps at 32 bits. */
  readonly ctr: number
  /** The payload is a DevErrorList. */
  readonly isError?: boolean
  readonly littleEndian?: boolean
}

const UNPREFIXED: ReadonlySet<string> = new Set(['data_ready', 'intr_change', 'pipe'])
const MARKER = 0xdec0dec0
const MARKER_SIZE = 4
/** Pipe events have the marker twice. */
const PIPE_MARKER_SIZE = 8
const NO_OID = new Uint8Array(0)

/** Topic of an event, all lower case: `tango://host:10000/a/b/c/position.idl5_change`. */
export function eventTopic(topic: EventTopic): string {
  const member = topic.member === undefined || topic.event === 'intr_change' ? '' : `/${topic.member}`
  const modifier = topic.database === false ? '#dbase=no' : ''
  const prefix = topic.idl >= 5 && !UNPREFIXED.has(topic.event) ? `idl${topic.idl}_` : ''
  return `tango://${topic.tangoHost}/${topic.device}${member}${modifier}.${prefix}${topic.event}`.toLowerCase()
}

/** Name of a server's heartbeat channel, as the subscription reply carries it. */
export function heartbeatChannel(tangoHost: string, adminDevice: string): string {
  return `tango://${tangoHost}/${adminDevice}`.toLowerCase()
}

/** Topic of a server's heartbeats. */
export function heartbeatTopic(tangoHost: string, adminDevice: string): string {
  return `${heartbeatChannel(tangoHost, adminDevice)}.heartbeat`
}

/** Event name, interface level and the rest of a topic; undefined when it is none. */
export function parseTopic(topic: string): { prefix: string; event: string; idl: number | undefined } | undefined {
  const match = /^(tango:\/\/.+)\.(?:idl(\d+)_)?([a-z_]+)$/i.exec(topic)
  if (match === null) return undefined
  return { prefix: match[1] ?? '', event: match[3] ?? '', idl: match[2] === undefined ? undefined : Number(match[2]) }
}

/** Frames of a heartbeat. */
export function encodeHeartbeat(topic: string, ctr: number): Uint8Array[] {
  return [latin1Bytes(topic), Uint8Array.of(1), encodeCallInfo({ topic, ctr })]
}

/**
 * Frames of an event.
 * @param write adds the payload after its marker
 */
export function encodeEvent(event: OutgoingEvent, write: (w: CdrWriter) => void): Uint8Array[] {
  const littleEndian = event.littleEndian ?? true
  const markerSize = event.topic.endsWith('.pipe') ? PIPE_MARKER_SIZE : MARKER_SIZE
  const w = new CdrWriter({ littleEndian, capacity: 256 })
  for (let at = 0; at < markerSize; at += 4) w.ulong(MARKER)
  w.alignFrom(markerSize)
  write(w)
  return [latin1Bytes(event.topic), Uint8Array.of(littleEndian ? 1 : 0), encodeCallInfo(event), w.written]
}

/**
 * Reads the frames of an event or heartbeat.
 * @throws CdrError for frames that are none
 */
export function decodeEvent(frames: readonly Uint8Array[]): ReceivedEvent {
  const [topicFrame, endianFrame, infoFrame, payloadFrame] = frames
  if (topicFrame === undefined || endianFrame === undefined || infoFrame === undefined) {
    throw new CdrError('bad', `event of ${frames.length} frames instead of 3 or 4`)
  }
  if (endianFrame.length !== 1) throw new CdrError('bad', `byte order frame of ${endianFrame.length} octets`)
  const topic = latin1Decode(topicFrame, 0, topicFrame.length)
  const littleEndian = endianFrame[0] !== 0
  const callInfo = zmqCallInfo.decode(new CdrReader(infoFrame, { littleEndian }))
  if (payloadFrame === undefined) return { topic, callInfo, payload: undefined }
  const offset = topic.endsWith('.pipe') ? PIPE_MARKER_SIZE : MARKER_SIZE
  if (payloadFrame.length < offset) throw new CdrError('need more', 'event payload is shorter than its marker')
  return { topic, callInfo, payload: new CdrReader(payloadFrame, { littleEndian, offset, stable: true }) }
}

function encodeCallInfo(event: OutgoingEvent): Uint8Array {
  const w = new CdrWriter({ littleEndian: event.littleEndian ?? true, capacity: 32 })
  zmqCallInfo.encode(w, {
    version: 1,
    ctr: event.ctr >>> 0,
    methodName: '',
    oid: NO_OID,
    callIsExcept: event.isError ?? false,
  })
  return w.written
}
